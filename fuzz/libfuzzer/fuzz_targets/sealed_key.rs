//! libFuzzer over `sealed_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::key_files::sealed_key(input);
});
