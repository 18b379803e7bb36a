//! libFuzzer over the suite `f03_mutation`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::mutation::run(input);
});
