//! libFuzzer over `archive_changed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::archive::archive_changed(input);
});
