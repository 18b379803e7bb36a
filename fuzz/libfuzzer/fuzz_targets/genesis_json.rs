//! libFuzzer over `genesis_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::proofs::genesis_json(input);
});
