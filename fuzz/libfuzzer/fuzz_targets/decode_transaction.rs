//! libFuzzer over `decode_transaction`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::ledger::decode_transaction(input);
});
