//! libFuzzer over the suite `f10_two_keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::two_keys::run(input);
});
