//! libFuzzer over `key_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::key_files::key_file(input);
});
