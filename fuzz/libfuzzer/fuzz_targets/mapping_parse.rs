//! libFuzzer over `mapping_parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::texts::mapping_parse(input);
});
