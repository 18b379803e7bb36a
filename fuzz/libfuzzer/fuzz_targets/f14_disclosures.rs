//! libFuzzer over the suite `f14_disclosures`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::disclosures::run(input);
});
