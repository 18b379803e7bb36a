//! libFuzzer over `csv_layouts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::tables::csv_layouts(input);
});
