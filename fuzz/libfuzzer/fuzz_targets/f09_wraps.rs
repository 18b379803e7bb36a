//! libFuzzer over the suite `f09_wraps`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::wraps::run(input);
});
