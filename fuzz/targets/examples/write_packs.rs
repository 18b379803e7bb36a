//! Makes the packs of all suites anew, or of the one that is named.

fn main() -> std::io::Result<()> {
    parclose_fuzz_targets::packs::write(std::env::args().nth(1).as_deref())
}
