//! libFuzzer over `joiner_setup`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::governance::joiner_setup(input);
});
