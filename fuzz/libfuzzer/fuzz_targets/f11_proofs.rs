//! libFuzzer over the suite `f11_proofs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::proofs::run(input);
});
