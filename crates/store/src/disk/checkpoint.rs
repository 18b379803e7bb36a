//! A directory as it stands between two commits, beside the one in use: what an archive is made of.
//!
//! RocksDB links its sorted files, which never change, and copies the rest, so a checkpoint costs time
//! and space only for what the two come to differ in.

use std::path::Path;

use rocksdb::checkpoint::Checkpoint;

use super::{Backing, Disk, operating_system_text};
use crate::error::StoreError;

impl Disk {
    /// Makes a checkpoint in `to`.
    ///
    /// # Rules
    ///
    /// > STO-19: a checkpoint is made only where nothing is, and holds every commit before it and none after it.
    pub(crate) fn checkpoint(&self, to: &Path) -> Result<(), StoreError> {
        if to.symlink_metadata().is_ok() {
            return Err(StoreError::CheckpointExists { path: to.display().to_string() });
        }
        // What fails here is a failed write; what fails below leaves this directory as it was.
        self.sync()?;
        self.flush()?;
        let _writing = self.writable()?;
        let db = match &self.backing {
            Backing::Files(db) => db,
            Backing::Memory(volume) => return volume.copy(to),
        };
        let made = Checkpoint::new(db).and_then(|checkpoint| checkpoint.create_checkpoint(to));
        made.map_err(|e| StoreError::io("make a checkpoint", &operating_system_text(&e)))
    }
}
