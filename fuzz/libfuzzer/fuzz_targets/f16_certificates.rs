//! libFuzzer over the suite `f16_certificates`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::certificates::run(input);
});
