//! libFuzzer over the suite `f12_balance`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::balance::run(input);
});
