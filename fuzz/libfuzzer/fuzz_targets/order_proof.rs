//! libFuzzer over `order_proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::proofs::order_proof(input);
});
