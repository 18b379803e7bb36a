//! A folder for work that is not finished: it goes when its owner does, unless it has become something.

use std::path::{Path, PathBuf};

use parclose_types::hex;
use rand_core::Rng;

use super::BackupError;
use crate::randomness::generator;

/// A new folder with a name that nobody else uses.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one inside a folder. On the disk of a store its files can be linked, not copied.
    pub fn within(folder: &Path) -> Result<Self, BackupError> {
        let mut random = [0_u8; 8];
        generator().fill_bytes(&mut random);
        let path = folder.join(format!("unfinished-{}", hex::encode(&random)));
        std::fs::create_dir(&path).map_err(|e| BackupError::io(&path, &e))?;
        Ok(Self(path))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Gone already when it was renamed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
