//! libFuzzer over `csv_import`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::tables::csv_import(input);
});
