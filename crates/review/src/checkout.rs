//! What is reviewed.

use std::path::PathBuf;
use std::process::Command;

/// The folder of the checkout that this program was built from.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The commit, with `-dirty` when files differ from it; `unknown` where no Git tells it.
pub(crate) fn name() -> String {
    let told = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=40"])
        .current_dir(folder())
        .output();
    let told = told.ok().filter(|output| output.status.success());
    let name = told.and_then(|output| String::from_utf8(output.stdout).ok());
    name.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}
