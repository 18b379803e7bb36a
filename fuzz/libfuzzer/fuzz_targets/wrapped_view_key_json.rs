//! libFuzzer over `wrapped_view_key_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::proofs::wrapped_view_key_json(input);
});
