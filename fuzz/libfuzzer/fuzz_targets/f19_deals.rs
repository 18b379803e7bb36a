//! libFuzzer over the suite `f19_deals`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::deals::run(input);
});
