//! libFuzzer over the suite `f05_policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::policy::run(input);
});
