//! libFuzzer over the suite `f01_formats`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::formats::run(input);
});
