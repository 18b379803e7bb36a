//! For tests and demonstrations only: crashes, and what an intruder with the disk can do.
//!
//! Nothing here weakens a running node. The copies show a directory as it would be after a crash, and
//! leave the original alone. The changes of single rows need the directory closed and go through
//! RocksDB itself, so that its own checksums stay right and only the cipher can notice.

use std::ops::ControlFlow;
use std::path::Path;

use crate::disk::{Change, Disk, Durability, Loss, SharedCache};
pub use crate::disk::{Image, Lies, Medium, Moment, Refusal, Row};
use crate::error::StoreError;
use crate::tables::Database;

const TAMPER_CACHE_BYTES: usize = 1 << 20;
const TAMPER_WRITE_BUFFER_BYTES: usize = 256 << 10;

/// For a simulation: every database that is opened with the result lies on a disk in memory, under the path that it is given.
#[must_use]
pub fn on_medium(medium: &Medium) -> SharedCache {
    SharedCache::on(medium)
}

/// Copies a database as a machine would find it after loss of power now: every log cut to its synced
/// length. `to` must be empty or absent.
pub fn copy_after_power_loss(database: &Database, to: &Path) -> Result<(), StoreError> {
    copy_after_power_loss_keeping(database, to, 0)
}

/// As [`copy_after_power_loss`], but the first `unsynced_bytes_kept` unsynced bytes, oldest first, had
/// reached the disk. For sweeps over every place where a write can tear.
pub fn copy_after_power_loss_keeping(
    database: &Database,
    to: &Path,
    unsynced_bytes_kept: u64,
) -> Result<(), StoreError> {
    database.disk().copy(to, Loss::Power { kept: unsynced_bytes_kept })
}

/// Copies a database as it stands, which is what the end of the process leaves.
pub fn copy_after_kill(database: &Database, to: &Path) -> Result<(), StoreError> {
    database.disk().copy(to, Loss::Process)
}

/// Bytes of the write-ahead log that no sync has covered yet.
pub fn unsynced_bytes(database: &Database) -> Result<u64, StoreError> {
    database.disk().unsynced_bytes()
}

/// Every row of a closed directory as stored, the two rows of the store itself included.
pub fn raw_rows(path: &Path) -> Result<Vec<Row>, StoreError> {
    let disk = Disk::open_read_only(path, &SharedCache::new(TAMPER_CACHE_BYTES))?;
    let mut rows = Vec::new();
    disk.rows(&[], None, |row_key, value| {
        rows.push((row_key.to_vec(), value.to_vec()));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// Sets a row of a closed directory to these bytes.
pub fn put_raw(path: &Path, row_key: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
    change(path, |_| Ok(vec![(row_key.to_vec(), Some(bytes.to_vec()))]))
}

/// Removes a row of a closed directory.
pub fn delete_raw(path: &Path, row_key: &[u8]) -> Result<(), StoreError> {
    change(path, |_| Ok(vec![(row_key.to_vec(), None)]))
}

/// Exchanges the stored values of two rows of a closed directory.
pub fn swap_values(path: &Path, a: &[u8], b: &[u8]) -> Result<(), StoreError> {
    change(path, |disk| Ok(vec![(a.to_vec(), disk.get(b)?), (b.to_vec(), disk.get(a)?)]))
}

fn change(
    path: &Path,
    changes: impl FnOnce(&Disk) -> Result<Vec<Change>, StoreError>,
) -> Result<(), StoreError> {
    if !path.join("CURRENT").is_file() {
        return Err(StoreError::Absent { path: path.display().to_string() });
    }
    let disk = Disk::open(path, &SharedCache::new(TAMPER_CACHE_BYTES), TAMPER_WRITE_BUFFER_BYTES)?;
    disk.write(changes(&disk)?, 0, Durability::Synced)
}

#[cfg(test)]
mod tests;
