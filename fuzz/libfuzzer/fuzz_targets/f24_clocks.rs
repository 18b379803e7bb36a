//! libFuzzer over the suite `f24_clocks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::suites::clocks::run(input);
});
