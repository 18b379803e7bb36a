//! libFuzzer over `archive_content`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::archive::archive_content(input);
});
