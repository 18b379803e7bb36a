//! libFuzzer over the suite `f06_changes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::changes::run(input);
});
