//! libFuzzer over `receipt_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::proofs::receipt_json(input);
});
