//! Prints the bill of materials of `parclose` as CycloneDX JSON.

use std::io::Write;
use std::path::Path;

use parclose_supply::complaints::lock;
use parclose_supply::tree::Tree;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let checkout = Path::new(".");
    let bill = parclose_supply::bill::of(&Tree::read(checkout)?, &lock(checkout)?, "parclose-cli");
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&bill)?)?;
    Ok(())
}
