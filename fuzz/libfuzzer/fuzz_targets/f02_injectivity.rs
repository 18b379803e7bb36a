//! libFuzzer over the suite `f02_injectivity`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::injectivity::run(input);
});
