//! The consortium that is attacked: founded once by the real code, and copied for each attack.

use std::path::{Path, PathBuf};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tempfile::TempDir;

use crate::attack::Failed;
use crate::stage::{CASH, Chain, Room, Stage, TRADE};

/// A consortium at rest: all stores are closed.
#[derive(Debug)]
pub struct Ground {
    folder: PathBuf,
    /// removed with it; `None` for a folder that is kept
    temporary: Option<TempDir>,
    seed: u64,
    chain: Chain,
    rooms: Vec<Room>,
}

impl Ground {
    /// Founds it in an empty folder: three members with a room of statements and a room of cash, on a root chain of
    /// four validators. What is drawn at random follows from the seed, but for the salts of rows at rest. What
    /// attacks leave is kept.
    pub fn found(folder: &Path, seed: u64) -> Result<Self, Failed> {
        let mut stage = Stage::found(&folder.join("ground"), rng(seed, "ground"))?;
        stage.add_room(TRADE)?;
        stage.add_room(CASH)?;
        stage.furnish()?;
        let (chain, rooms) = stage.at_rest();
        Ok(Self { folder: folder.to_owned(), temporary: None, seed, chain, rooms })
    }

    /// Founds it in a folder that goes with it.
    pub fn temporary(seed: u64) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let ground = Self::found(folder.path(), seed)?;
        Ok(Self { temporary: Some(folder), ..ground })
    }

    /// Whether what attacks leave is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// A copy for one attack, with some of its rooms opened.
    pub(crate) fn stage(&self, name: &str, rooms: &[&str]) -> Result<Stage, Failed> {
        let folder = self.folder.join(name);
        let mut stage = Stage::on(&folder, self.chain.clone(), rng(self.seed, name))?;
        for room in self.rooms.iter().filter(|room| rooms.contains(&room.name)) {
            stage.take_copy(room)?;
        }
        Ok(stage)
    }
}

/// Random numbers of one use, from the seed and the use's name.
pub(crate) fn rng(seed: u64, name: &str) -> ChaCha20Rng {
    let drawn = parclose_crypto::hash::sha256(&[&seed.to_be_bytes(), name.as_bytes()].concat());
    ChaCha20Rng::from_seed(drawn)
}
