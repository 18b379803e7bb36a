//! Hostile vectors: for each rule that refuses outside bytes a good value with one fault in it.
//!
//! ```text
//!   a good value --one fault, put in by hand--> bytes --entrance--> exactly this rule
//!        \----------------------------------------> entrance --> accepted
//! ```
//!
//! The good values are those of the honest world and the shipped templates; faults are put in by the modules
//! below, with signatures and proofs made anew where the fault is behind them. The files in `fuzz/vectors` hold
//! the good value, and of each vector where it differs. [`write_vectors`] makes them again after a format has
//! changed; a test replays them, and holds that they are those that are made today.

mod archives;
mod audit;
mod bundles;
mod deals;
mod file;
mod ledger;
mod receipts;
mod root;
mod tables;
mod texts;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use file::{Change, File, Shown, Stored};

/// A good value with one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// where it enters
    pub entrance: &'static str,
    /// the rule that it breaks
    pub rule: &'static str,
    /// the rule that refuses it, where another one is behind the door first
    pub reported: &'static str,
    /// the fault, in words
    pub fault: &'static str,
    /// the value without the fault
    pub good: Vec<u8>,
    /// the value with it
    pub bad: Vec<u8>,
}

impl Vector {
    /// A fault that is reported by the rule that it breaks.
    fn new(
        entrance: &'static str,
        rule: &'static str,
        fault: &'static str,
        good: &[u8],
        bad: Vec<u8>,
    ) -> Self {
        Self { entrance, rule, reported: rule, fault, good: good.to_vec(), bad }
    }

    /// The same, where a rule before it refuses the form as a whole.
    fn reported(self, reported: &'static str) -> Self {
        Self { reported, ..self }
    }
}

/// A text with one piece of it replaced.
///
/// # Panics
///
/// If the piece is not in it: then the fault would not be there.
fn replaced(text: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(text.contains(from), "`{from}` is not in the good value");
    text.replacen(from, to, 1).into_bytes()
}

/// All vectors, in the order of their entrances.
#[must_use]
pub fn all() -> Vec<Vector> {
    let parts = [
        wire::vectors(),
        ledger::vectors(),
        root::vectors(),
        deals::vectors(),
        audit::vectors(),
        receipts::vectors(),
        bundles::vectors(),
        texts::vectors(),
        tables::vectors(),
        archives::vectors(),
    ];
    parts.concat()
}

/// The folder of the vectors, with a file for each entrance.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// The files, by their names.
#[must_use]
pub fn files() -> BTreeMap<String, String> {
    let mut of_entrance: BTreeMap<&str, Vec<Vector>> = BTreeMap::new();
    for vector in all() {
        of_entrance.entry(vector.entrance).or_default().push(vector);
    }
    let written = |(entrance, vectors): (&str, Vec<Vector>)| {
        (format!("{entrance}.json"), File::of(entrance, &vectors).to_json())
    };
    of_entrance.into_iter().map(written).collect()
}

/// Writes every file.
///
/// # Errors
///
/// What the file system says.
pub fn write_vectors() -> std::io::Result<()> {
    std::fs::create_dir_all(folder())?;
    for (name, text) in files() {
        std::fs::write(folder().join(name), text)?;
    }
    Ok(())
}
