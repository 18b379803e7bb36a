//! A home: the directory of a whole consortium in one process, for development and demonstrations.
//!
//! ```text
//!   HOME/LOCK                              held while a command works
//!   HOME/home.json                         network, members, regulator
//!   HOME/passphrase                        opens its key files; for development only, may be absent
//!   HOME/genesis.json                      what receipts are verified against
//!   HOME/validator.key   HOME/root/        the embedded validator
//!   HOME/members/NAME/member.key           that member's master
//!   HOME/members/NAME/genesis.json         its own copy
//!   HOME/members/NAME/channels/CH/channel.json, db/
//!   HOME/regulator/regulator.key           view keys are wrapped to it
//! ```
//!
//! A member's directory is complete: its views are made from it alone, with the passphrase of its key. Members do not read each
//! other's directories; only the commands that found a channel touch several.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod error;

use std::fs::File;
use std::path::{Path, PathBuf};

use parclose_root::genesis::GENESIS_BYTES_MAX;
use parclose_root::{Genesis, OpenChannel, RootTransaction};
use parclose_types::{ChannelId, Tag, limits};
use serde::{Deserialize, Serialize};

use crate::bounded::{read_bytes, read_text};
use crate::unlock::Unlock;
pub use error::{HomeError, Shut};

/// A home directory, held exclusively.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    file: HomeFile,
    unlock: Unlock,
    _lock: File,
}

/// `home.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeFile {
    /// format of this file
    pub schema: String,
    /// members, in the order of their founding
    pub members: Vec<MemberCard>,
    /// name of the regulator's directory
    pub regulator: String,
}

/// What everybody in the consortium knows of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberCard {
    /// name
    pub name: String,
    /// ISO 17442 identifier
    pub lei: String,
    /// identity key, hex
    pub identity: String,
}

/// `channel.json` in a member's directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelCard {
    /// local name
    pub name: String,
    /// template
    pub template: String,
    /// the channel's id: known to its members only
    pub channel: ChannelId,
    /// its tag on the root chain
    pub tag: Tag,
}

/// `joining.json`: a channel that this member has asked to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// the channel
    pub card: ChannelCard,
    /// members whose nodes are asked for its setup
    pub hosts: Vec<String>,
}

/// One file of a home: 512 members with their names fit.
const HOME_FILE_BYTES_MAX: usize = 1 << 20;
/// Schema of `home.json`.
pub const SCHEMA: &str = "parclose.home/1";

impl HomeFile {
    /// Reads its bytes; `path` names them in an error.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, HomeError> {
        let file: Self = parse_json(path, bytes)?;
        if file.schema == SCHEMA { Ok(file) } else { Err(broken(path, "another format")) }
    }
}

impl Home {
    /// Opens a home and holds it until dropped.
    ///
    /// # Rules
    ///
    /// > HOM-01: one command works in a home at a time.
    /// > HOM-02: a home is a directory with a `home.json`.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let named = path.display().to_string();
        if !path.join("home.json").is_file() {
            return Err(HomeError::Absent { path: named });
        }
        let lock = lock(path)?;
        let home_json = path.join("home.json");
        let bytes = read_bytes(&home_json, HOME_FILE_BYTES_MAX);
        let file = HomeFile::parse(&home_json, &bytes.map_err(|e| broken(&home_json, &e.to_string()))?)?;
        Ok(Self { path: path.to_owned(), file, unlock: Unlock::of_home(path), _lock: lock })
    }

    /// With another passphrase for its key files than that of a development home.
    #[must_use]
    pub fn with_unlock(self, unlock: Unlock) -> Self {
        Self { unlock, ..self }
    }

    /// What opens its key files.
    #[must_use]
    pub fn unlock(&self) -> &Unlock {
        &self.unlock
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its members.
    #[must_use]
    pub fn members(&self) -> &[MemberCard] {
        &self.file.members
    }

    /// A member's card.
    ///
    /// # Rules
    ///
    /// > HOM-05: a member is who `home.json` names, by exactly that name.
    pub fn member(&self, name: &str) -> Result<&MemberCard, HomeError> {
        let found = self.file.members.iter().find(|member| member.name == name);
        found.ok_or_else(|| HomeError::NoMember { name: name.into() })
    }

    /// A member's own directory.
    pub fn member_directory(&self, name: &str) -> Result<MemberDirectory, HomeError> {
        self.member(name)?;
        Ok(MemberDirectory::at(&self.path.join("members").join(name), &self.unlock))
    }

    /// The regulator's directory.
    #[must_use]
    pub fn regulator_directory(&self) -> PathBuf {
        self.path.join(&self.file.regulator)
    }

    /// The genesis that receipts are verified against.
    pub fn genesis(&self) -> Result<Genesis, HomeError> {
        read_genesis(&self.path.join("genesis.json"))
    }
}

/// Reads a genesis file.
pub fn read_genesis(path: &Path) -> Result<Genesis, HomeError> {
    let text = read_text(path, GENESIS_BYTES_MAX).map_err(|e| broken(path, &e.to_string()))?;
    Ok(Genesis::from_json(&text)?)
}

/// One member's directory: everything that this member has.
#[derive(Clone, Debug)]
pub struct MemberDirectory {
    path: PathBuf,
    unlock: Unlock,
}

impl MemberDirectory {
    /// The directory at a path, with what opens its key file.
    #[must_use]
    pub fn at(path: &Path, unlock: &Unlock) -> Self {
        Self { path: path.to_owned(), unlock: unlock.clone() }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The member's key file.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path.join("member.key")
    }

    /// What opens the member's key file.
    #[must_use]
    pub fn unlock(&self) -> &Unlock {
        &self.unlock
    }

    /// A channel's database directory.
    #[must_use]
    pub fn database(&self, channel: &str) -> PathBuf {
        self.path.join("channels").join(channel).join("db")
    }

    /// The channels that this member belongs to, by name. A folder without a card is a founding that
    /// was cut off: it is no channel.
    pub fn channels(&self) -> Result<Vec<ChannelCard>, HomeError> {
        self.cards("channel.json")
    }

    fn cards<T: for<'de> Deserialize<'de>>(&self, file: &str) -> Result<Vec<T>, HomeError> {
        let folder = self.path.join("channels");
        let entries = std::fs::read_dir(&folder).map_err(|e| broken(&folder, &e.to_string()))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(|e| broken(&folder, &e.to_string()))?.path().join(file));
        }
        // Each folder is called as its channel is.
        paths.sort();
        paths.iter().filter(|path| path.exists()).map(|path| read_json(path)).collect()
    }

    /// One of this member's channels.
    ///
    /// # Rules
    ///
    /// > HOM-06: a channel that does not exist and a channel of others give one and the same answer.
    pub fn channel(&self, name: &str) -> Result<ChannelCard, HomeError> {
        self.channels()?.into_iter().find(|card| card.name == name).ok_or(HomeError::ChannelNotFound)
    }

    /// Channels that this member has asked to join, and is not let into yet.
    pub fn joining(&self) -> Result<Vec<Waiting>, HomeError> {
        let own = self.channels()?;
        let mut waiting: Vec<Waiting> = self.cards("joining.json")?;
        waiting.retain(|waiting| !own.contains(&waiting.card));
        Ok(waiting)
    }

    /// Remembers that this member has asked to join a channel.
    pub(crate) fn add_joining(&self, waiting: &Waiting) -> Result<(), HomeError> {
        let folder = self.path.join("channels").join(&waiting.card.name);
        std::fs::create_dir_all(&folder).map_err(|e| not_written(&folder, &e))?;
        write_json(&folder.join("joining.json"), waiting)
    }

    /// It was let in: the channel is one of its own.
    pub(crate) fn joined(&self, card: &ChannelCard) -> Result<(), HomeError> {
        self.add_channel(card)?;
        let waiting = self.path.join("channels").join(&card.name).join("joining.json");
        std::fs::remove_file(&waiting).map_err(|e| not_written(&waiting, &e))
    }

    /// Writes a new channel's card.
    pub fn add_channel(&self, card: &ChannelCard) -> Result<(), HomeError> {
        let folder = self.path.join("channels").join(&card.name);
        std::fs::create_dir_all(&folder).map_err(|e| not_written(&folder, &e))?;
        write_json(&folder.join("channel.json"), card)
    }

    /// Keeps the opening of a channel that was founded together with other nodes, until it is ordered.
    pub fn keep_opening(&self, card: &ChannelCard, opening: &OpenChannel) -> Result<(), HomeError> {
        let path = self.opening_file(card);
        let transaction = RootTransaction::OpenChannel(opening.clone());
        std::fs::write(&path, transaction.encode()).map_err(|e| not_written(&path, &e))
    }

    /// The opening that was kept, if there is one.
    pub(crate) fn opening(&self, card: &ChannelCard) -> Result<Option<OpenChannel>, HomeError> {
        let path = self.opening_file(card);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = read_bytes(&path, limits::ROOT_TRANSACTION_BYTES_MAX);
        let bytes = bytes.map_err(|e| broken(&path, &e.to_string()))?;
        match RootTransaction::decode(&bytes) {
            Ok(RootTransaction::OpenChannel(opening)) => Ok(Some(opening)),
            _ => Err(broken(&path, "not the opening of a channel")),
        }
    }

    /// It is ordered, or was never needed.
    pub(crate) fn forget_opening(&self, card: &ChannelCard) {
        for file in [self.opening_file(card), self.founding_file(&card.name)] {
            let _ = std::fs::remove_file(file);
        }
    }

    /// What this member has entered of a channel that is being founded.
    pub(crate) fn founding_file(&self, channel: &str) -> PathBuf {
        self.path.join("channels").join(channel).join("founding.json")
    }

    fn opening_file(&self, card: &ChannelCard) -> PathBuf {
        self.path.join("channels").join(&card.name).join("opening")
    }

    /// Removes a channel: its card first, so that what is left when this is cut off is no channel.
    pub(crate) fn remove_channel(&self, card: &ChannelCard) -> Result<(), HomeError> {
        let folder = self.path.join("channels").join(&card.name);
        let removed =
            std::fs::remove_file(folder.join("channel.json")).and_then(|()| std::fs::remove_dir_all(&folder));
        removed.map_err(|e| not_written(&folder, &e))
    }
}

/// A channel's name is also the name of its folder.
///
/// # Rules
///
/// > HOM-10: a channel is named with a-z, 0-9 and `-`, at most 64 of them.
pub fn check_channel_name(name: &str) -> Result<(), HomeError> {
    let plain = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if (1..=parclose_types::limits::NAME_BYTES_MAX).contains(&name.len()) && plain {
        return Ok(());
    }
    Err(HomeError::ChannelName { name: name.into() })
}

/// Takes the lock of a home.
pub(crate) fn lock(path: &Path) -> Result<File, HomeError> {
    let file = path.join("LOCK");
    let lock = File::options().create(true).append(true).open(&file);
    let lock = lock.map_err(|e| not_written(&file, &e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(HomeError::InUse { path: path.display().to_string() }),
        Err(std::fs::TryLockError::Error(e)) => Err(broken(&file, &e.to_string())),
    }
}

pub(crate) fn broken(path: &Path, reason: &str) -> HomeError {
    HomeError::Broken { path: path.display().to_string(), reason: reason.into() }
}

/// Why a file of a home could not be written.
///
/// # Rules
///
/// > HOM-11: a home on a disk that is full or read-only is told to be that, and not to be broken.
pub(crate) fn not_written(path: &Path, error: &std::io::Error) -> HomeError {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    if matches!(error.kind(), QuotaExceeded | ReadOnlyFilesystem | StorageFull) {
        return HomeError::Unwritable { path: path.display().to_string(), reason: error.to_string() };
    }
    broken(path, &error.to_string())
}

/// # Rules
///
/// > HOM-04: a file of a home has exactly its form; anything else is an error that names the file.
pub fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, HomeError> {
    let bytes = read_bytes(path, HOME_FILE_BYTES_MAX).map_err(|e| broken(path, &e.to_string()))?;
    parse_json(path, &bytes)
}

fn parse_json<T: for<'de> Deserialize<'de>>(path: &Path, bytes: &[u8]) -> Result<T, HomeError> {
    if bytes.len() > HOME_FILE_BYTES_MAX {
        return Err(broken(path, "too large"));
    }
    serde_json::from_slice(bytes).map_err(|e| broken(path, &e.to_string()))
}

/// Writes a small JSON file, synced: it is there whole or not at all.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), HomeError> {
    use std::io::Write;
    let text = serde_json::to_string_pretty(value).map_err(|e| broken(path, &e.to_string()))?;
    let unfinished = path.with_extension("json.new");
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    });
    written.map_err(|e| not_written(path, &e))
}

#[cfg(test)]
mod tests;
