//! Unpacks a suite's inputs into a folder, a file for each: `unpack f05_policy FOLDER`.

use std::path::Path;

use parclose_fuzz_targets::packs;
use parclose_fuzz_targets::suites::suite;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(std::io::Error::other("a suite and a folder are needed"));
    };
    let suite = suite(&name).ok_or_else(|| std::io::Error::other(format!("there is no suite `{name}`")))?;
    packs::unpack(suite, Path::new(&folder))
}
