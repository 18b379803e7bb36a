//! libFuzzer over the suite `f18_recovery`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::recovery::run(input);
});
