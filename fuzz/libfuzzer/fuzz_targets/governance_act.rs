//! libFuzzer over `governance_act`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::governance::governance_act(input);
});
