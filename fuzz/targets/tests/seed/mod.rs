//! Where the mutants of a test begin: elsewhere for each commit, so that time finds more; always there for one, so that a
//! failure comes back.

use std::process::Command;

/// A number that takes the place of the commit's.
const VARIABLE: &str = "PARCLOSE_FUZZ_SEED";
/// Where there is no checkout.
const WITHOUT_COMMIT: u64 = 1;

/// What the variable says, else the first bytes of the commit's id, else a constant.
pub(crate) fn seed() -> u64 {
    said().or_else(of_commit).unwrap_or(WITHOUT_COMMIT)
}

fn said() -> Option<u64> {
    let text = std::env::var_os(VARIABLE)?.into_string().expect("a seed is a number");
    Some(text.parse().expect("a seed is a number"))
}

fn of_commit() -> Option<u64> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(folder).output().ok()?;
    let id = output.status.success().then_some(output.stdout)?;
    u64::from_str_radix(std::str::from_utf8(id.get(..8)?).ok()?, 16).ok()
}
