//! libFuzzer over the suite `f23_bombs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::bombs::run(input);
});
