//! libFuzzer over the suite `f04_row_keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::row_keys::run(input);
});
