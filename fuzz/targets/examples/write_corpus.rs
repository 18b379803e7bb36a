//! Writes the corpus again, after a format has changed: `cargo run --locked -p parclose-fuzz-targets --example write_corpus`.

fn main() -> std::io::Result<()> {
    parclose_fuzz_targets::seeds::write_corpus()
}
