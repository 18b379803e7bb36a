//! libFuzzer over the suite `f13_scopes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::scopes::run(input);
});
