//! Writes the hostile vectors again, after a format has changed: `cargo run --locked -p parclose-fuzz-targets --example write_vectors`.

fn main() -> std::io::Result<()> {
    parclose_fuzz_targets::vectors::write_vectors()
}
