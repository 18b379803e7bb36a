//! libFuzzer over `definition_parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::texts::definition_parse(input);
});
