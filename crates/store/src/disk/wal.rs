//! The ledger of the write-ahead log: how much of each log file is known to be on the disk.
//!
//! RocksDB syncs every log that is still needed before a synced write returns, and no write can slip in
//! between (the caller holds the write lock). So after each synced commit the ledger is simply the
//! length of every log file. Between two of them it stays, while the files grow.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::StoreError;

/// A file of the directory.
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// Whether a file is a write-ahead log (`000012.log`; `LOG` is RocksDB's diary).
pub(super) fn is_log(name: &str) -> bool {
    name.ends_with(".log")
}

/// The wanted files of a directory, sorted by name; logs therefore from old to new.
pub(super) fn files(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<File>, StoreError> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|e| StoreError::io("list a store directory", &e))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !wanted(&name) {
            continue;
        }
        match entry.metadata() {
            Ok(of) if of.is_dir() => {}
            Ok(of) => files.push(File { name, bytes: of.len() }),
            // RocksDB deletes obsolete files in the background.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(StoreError::io("measure a store file", &e)),
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Log file -> bytes that loss of power cannot take.
#[derive(Default)]
pub(super) struct SyncedWals(BTreeMap<String, u64>);

impl SyncedWals {
    /// Takes the present lengths as synced; to be called under the write lock, right after a sync.
    pub(super) fn measure(path: &Path) -> Result<Self, StoreError> {
        let logs = files(path, is_log)?;
        Ok(Self(logs.into_iter().map(|log| (log.name, log.bytes)).collect()))
    }

    /// The length known to be synced; zero for a log that no sync has covered.
    pub(super) fn bytes_of(&self, log: &str) -> u64 {
        self.0.get(log).copied().unwrap_or(0)
    }
}
