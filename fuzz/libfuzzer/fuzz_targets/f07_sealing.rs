//! libFuzzer over the suite `f07_sealing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::sealing::run(input);
});
