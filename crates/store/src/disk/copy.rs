//! Copies of a directory as a restarted machine would find it.
//!
//! Deletions of files are held up and the manifest is copied first: every sorted file and log that it
//! names is then still there to be copied. What RocksDB adds meanwhile is not in that manifest and is
//! discarded on opening, as after a real crash. What vanishes meanwhile was given up before the manifest
//! was copied, which therefore does not name it.

use std::fs;
use std::io;
use std::path::Path;

use super::{Backing, Disk, Writing, wal};
use crate::error::StoreError;

/// What the crash takes from the write-ahead log.
#[derive(Clone, Copy)]
pub(crate) enum Loss {
    /// The process ends: nothing that it wrote is lost.
    Process,
    /// The power fails: unsynced bytes are lost, but for this many at the front of them.
    Power {
        /// unsynced bytes that happened to reach the disk, oldest first
        kept: u64,
    },
}

impl Disk {
    /// Copies the directory to `to`, which must not exist or be empty.
    pub(crate) fn copy(&self, to: &Path, loss: Loss) -> Result<(), StoreError> {
        let Backing::Files(db) = &self.backing else {
            return Err(StoreError::io(
                "copy a store",
                &"it is in memory, whose medium is copied as a whole",
            ));
        };
        let writing = self.lock();
        db.disable_file_deletions().map_err(|e| self.read_error(&e))?;
        let copied = copy_files(&self.path, to, &writing, loss);
        db.enable_file_deletions().map_err(|e| self.read_error(&e))?;
        copied
    }

    /// Bytes of the write-ahead log that no sync has covered.
    pub(crate) fn unsynced_bytes(&self) -> Result<u64, StoreError> {
        let writing = self.lock();
        let logs = wal::files(&self.path, wal::is_log)?.into_iter();
        Ok(logs.map(|log| log.bytes.saturating_sub(writing.synced.bytes_of(&log.name))).sum())
    }
}

fn copy_files(from: &Path, to: &Path, writing: &Writing, loss: Loss) -> Result<(), StoreError> {
    let occupied = to.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(StoreError::io("copy a store", &"the target is not empty"));
    }
    copy_in_order(from, to, writing, loss)
}

fn copy_in_order(from: &Path, to: &Path, writing: &Writing, loss: Loss) -> Result<(), StoreError> {
    let failed = |e: io::Error| StoreError::io("copy a store", &e);
    fs::create_dir_all(to).map_err(failed)?;
    let current = fs::read_to_string(from.join("CURRENT")).map_err(failed)?;
    let manifest = current.trim_end();
    fs::write(to.join("CURRENT"), &current).map_err(failed)?;
    fs::copy(from.join(manifest), to.join(manifest)).map_err(failed)?;

    let mut kept = match loss {
        Loss::Process => None,
        Loss::Power { kept } => Some(kept),
    };
    for file in wal::files(from, |_| true)? {
        // Closing any handle of the lock file would release the lock that RocksDB holds on it.
        if file.name == "LOCK" || file.name == "CURRENT" || file.name == manifest {
            continue;
        }
        let (source, target) = (from.join(&file.name), to.join(&file.name));
        let copied = match &mut kept {
            Some(kept) if wal::is_log(&file.name) => {
                let synced = writing.synced.bytes_of(&file.name).min(file.bytes);
                let lucky = (*kept).min(file.bytes - synced);
                *kept -= lucky;
                copy_front(&source, &target, synced + lucky)
            }
            _ => fs::copy(source, target).map(drop),
        };
        copied.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(failed(e)) })?;
    }
    Ok(())
}

/// Copies the first `bytes` of a file; of nothing, nothing remains, not even the directory entry.
fn copy_front(from: &Path, to: &Path, bytes: u64) -> io::Result<()> {
    if bytes > 0 {
        fs::copy(from, to)?;
        fs::File::options().write(true).open(to)?.set_len(bytes)?;
    }
    Ok(())
}
