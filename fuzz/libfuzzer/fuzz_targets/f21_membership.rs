//! libFuzzer over the suite `f21_membership`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::membership::run(input);
});
