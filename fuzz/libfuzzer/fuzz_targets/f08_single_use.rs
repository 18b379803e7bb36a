//! libFuzzer over the suite `f08_single_use`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::single_use::run(input);
});
