//! libFuzzer over `movement`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    parclose_fuzz_targets::value::movement(input);
});
