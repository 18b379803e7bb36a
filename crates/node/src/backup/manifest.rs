//! What an archive holds: whose store of which channel, in what state, in which files.

use std::collections::BTreeSet;
use std::path::Path;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::limits::{BACKUP_FILES_MAX, BACKUP_MANIFEST_BYTES_MAX, NAME_BYTES_MAX};
use parclose_types::{ChannelId, Height, NetworkId, Sequence, StateRoot, Tag, decode, encode};

use super::{BackupError, files};
use crate::home::{ChannelCard, check_channel_name};

/// The first thing in the sealed part of an archive.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Manifest {
    /// network
    pub network: NetworkId,
    /// the channel
    pub channel: ChannelId,
    /// its tag on the root chain
    pub tag: Tag,
    /// its name in the member's home
    pub name: String,
    /// its template
    pub template: String,
    /// the event that would be executed next
    pub next: Sequence,
    /// height of the last event
    pub height: Height,
    /// state after it
    pub root: StateRoot,
    /// files of the database, ascending by name
    pub files: Vec<FileEntry>,
}

/// A file of the database.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FileEntry {
    /// its name
    pub name: String,
    /// its size
    pub bytes: u64,
    /// its SHA-256
    pub hash: [u8; 32],
}

/// Length of the manifest, before it.
pub(super) const LENGTH_BYTES: usize = 4;

impl Manifest {
    pub(super) fn of(
        card: &ChannelCard,
        network: NetworkId,
        (next, height, root): (Sequence, Height, StateRoot),
        database: &Path,
    ) -> Result<Self, BackupError> {
        let ChannelCard { name, template, channel, tag } = card.clone();
        let files = files::entries(database)?;
        let manifest = Self { network, channel, tag, name, template, next, height, root, files };
        manifest.check()?;
        Ok(manifest)
    }

    /// Its length and its bytes.
    pub(super) fn framed(&self) -> Vec<u8> {
        let bytes = encode(self);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), bytes.as_slice()].concat()
    }

    /// Reads one; nothing else of the archive is looked at before.
    ///
    /// # Rules
    ///
    /// > BAK-05: a manifest is canonical, at most 1 MiB, with at most 8192 files.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BackupError> {
        let manifest: Self = decode("manifest", bytes, BACKUP_MANIFEST_BYTES_MAX)
            .map_err(|_| BackupError::Manifest("it is not canonical"))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), BackupError> {
        if self.files.len() > BACKUP_FILES_MAX || encode(self).len() > BACKUP_MANIFEST_BYTES_MAX {
            return Err(BackupError::Manifest("it is too large"));
        }
        self.check_names()
    }

    /// # Rules
    ///
    /// > BAK-06: a manifest names its channel and the files of a database, each by a plain name and once, and nothing else.
    fn check_names(&self) -> Result<(), BackupError> {
        check_channel_name(&self.name).map_err(|_| BackupError::Name)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let template =
            (1..=NAME_BYTES_MAX).contains(&self.template.len()) && self.template.chars().all(plain);
        let known: BTreeSet<&str> = self
            .files
            .iter()
            .map(|file| file.name.as_str())
            .filter(|name| files::is_of_database(name))
            .collect();
        let sorted = self.files.is_sorted_by(|a, b| a.name < b.name);
        let whole = known.len() == self.files.len() && sorted && known.contains("CURRENT");
        if template && whole { Ok(()) } else { Err(BackupError::Name) }
    }

    /// Checks its sizes against the content that is there.
    ///
    /// # Rules
    ///
    /// > BAK-07: the files of a manifest fill the archive up to the zeros of its last chunk.
    pub(super) fn check_sizes(&self, manifest_bytes: usize, content: u64) -> Result<(), BackupError> {
        let framed = (LENGTH_BYTES + manifest_bytes) as u64;
        let sum = self.files.iter().try_fold(framed, |sum, file| sum.checked_add(file.bytes));
        let full = sum.map(|sum| sum.div_ceil(crate::sealed::CHUNK_BYTES as u64));
        let chunks = content / crate::sealed::CHUNK_BYTES as u64;
        if full == Some(chunks) { Ok(()) } else { Err(BackupError::Sizes) }
    }

    /// The card that the member's home keeps of the channel.
    #[must_use]
    pub fn card(&self) -> ChannelCard {
        let Self { name, template, channel, tag, .. } = self.clone();
        ChannelCard { name, template, channel, tag }
    }

    /// Bytes of the database's files.
    #[must_use]
    pub fn database_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}
