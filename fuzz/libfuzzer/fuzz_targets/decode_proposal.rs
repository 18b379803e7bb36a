//! libFuzzer over `decode_proposal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::ledger::decode_proposal(input);
});
