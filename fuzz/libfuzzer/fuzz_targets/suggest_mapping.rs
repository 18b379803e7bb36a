//! libFuzzer over `suggest_mapping`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::tables::suggest_mapping(input);
});
