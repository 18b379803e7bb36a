//! libFuzzer over `disclosure_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::proofs::disclosure_json(input);
});
