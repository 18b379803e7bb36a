//! `parclose-simulate`: many seeds, or one again.
fn main() {}
