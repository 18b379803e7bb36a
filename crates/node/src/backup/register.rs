//! Archives that a member has made: a line for each, so that an erasure can name what it does not reach.
//!
//! It says where an archive was written and how far its store was, and holds no key. An archive that was moved or copied since
//! is known by where it was written.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Manifest;

/// The register's file in a member's directory.
const FILE: &str = "backups.jsonl";

/// An archive that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptBackup {
    /// where it was written
    pub file: String,
    /// the channel's tag, in hex
    pub tag: String,
    /// events that its store had executed
    pub events: u64,
    /// height of the last of them
    pub height: u64,
}

/// Adds a line for an archive, synced.
pub fn keep(directory: &Path, out: &Path, made: &Manifest) -> io::Result<()> {
    let whole = std::fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let (tag, events, height) = (made.tag.to_string(), made.next.0, made.height.0);
    let kept = KeptBackup { file: whole.display().to_string(), tag, events, height };
    let mut line = serde_json::to_string(&kept)?;
    line.push('\n');
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join(FILE))?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// The archives that a member has made, the oldest first.
pub fn listed(directory: &Path) -> io::Result<Vec<KeptBackup>> {
    match std::fs::read_to_string(directory.join(FILE)) {
        Ok(text) => text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}
