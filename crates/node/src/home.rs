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

use std::fs::File;
use std::path::{Path, PathBuf};

use parclose_channel::{ChannelError, SuccessorRefused};
use parclose_root::{Genesis, GenesisInvalid};
use parclose_types::{ChannelId, Failure, Fault, Tag};
use serde::{Deserialize, Serialize};

use crate::key_file::KeyFileError;
use crate::passphrase_file::PassphraseError;
use crate::unlock::Unlock;

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

/// Schema of `home.json`.
pub const SCHEMA: &str = "parclose.home/1";

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// HOM-01: another command works in it
    #[error("another command is working in `{path}`")]
    InUse {
        /// home
        path: String,
    },
    /// HOM-02: no home there
    #[error("there is no home in `{path}`")]
    Absent {
        /// home
        path: String,
    },
    /// HOM-03: already one there
    #[error("`{path}` exists already")]
    Exists {
        /// home
        path: String,
    },
    /// HOM-04: a file is missing or not of its form
    #[error("`{path}`: {reason}")]
    Broken {
        /// file
        path: String,
        /// what is wrong
        reason: String,
    },
    /// HOM-05: no such member
    #[error("there is no member `{name}`")]
    NoMember {
        /// name
        name: String,
    },
    /// HOM-06: no such channel, or not one of this member's: the same answer for both
    #[error("no such channel")]
    ChannelNotFound,
    /// HOM-07: no such template
    #[error("there is no template `{name}`")]
    NoTemplate {
        /// name
        name: String,
    },
    /// HOM-10: not a name of a channel
    #[error("`{name}` is not a channel name")]
    ChannelName {
        /// the name
        name: String,
    },
    /// HOM-08: an invitation to another network, or to a channel of the same name
    #[error("this is not an invitation to a channel of this network")]
    OtherInvitation,
    /// HOM-08: one channel of a name
    #[error("there is another channel `{name}` already")]
    NameTaken {
        /// the name
        name: String,
    },
    /// HOM-09: a card whose words are not its entry's
    #[error("this is no card of somebody who would join, or it was changed")]
    OtherCard,
    /// a key file
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// the passphrase of a development home
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// genesis.json
    #[error(transparent)]
    Genesis(#[from] GenesisInvalid),
    /// a channel
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// a successor of a channel
    #[error(transparent)]
    Successor(#[from] SuccessorRefused),
    /// the root chain
    #[error(transparent)]
    Root(#[from] parclose_consensus::RootUnavailable),
}

impl Failure for HomeError {
    fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "HOME_IN_USE",
            Self::Absent { .. } => "HOME_NOT_FOUND",
            Self::Exists { .. } => "HOME_EXISTS",
            Self::Broken { .. } => "HOME_BROKEN",
            Self::NoMember { .. } => "MEMBER_NOT_FOUND",
            Self::ChannelNotFound => "CHANNEL_NOT_FOUND",
            Self::NoTemplate { .. } => "TEMPLATE_NOT_FOUND",
            Self::ChannelName { .. } => "CHANNEL_NAME",
            Self::OtherInvitation => "INVITATION_INVALID",
            Self::NameTaken { .. } => "CHANNEL_NAME_TAKEN",
            Self::OtherCard => "CARD_INVALID",
            Self::Key(e) => e.code(),
            Self::Passphrase(e) => e.code(),
            Self::Genesis(e) => e.code(),
            Self::Channel(e) => e.code(),
            Self::Successor(e) => e.code(),
            Self::Root(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "HOM-01",
            Self::Absent { .. } => "HOM-02",
            Self::Exists { .. } => "HOM-03",
            Self::Broken { .. } => "HOM-04",
            Self::NoMember { .. } => "HOM-05",
            Self::ChannelNotFound => "HOM-06",
            Self::NoTemplate { .. } => "HOM-07",
            Self::ChannelName { .. } => "HOM-10",
            Self::OtherInvitation | Self::NameTaken { .. } => "HOM-08",
            Self::OtherCard => "HOM-09",
            Self::Key(e) => e.rule(),
            Self::Passphrase(e) => e.rule(),
            Self::Genesis(e) => e.rule(),
            Self::Channel(e) => e.rule(),
            Self::Successor(e) => e.rule(),
            Self::Root(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Key(e) => e.fault(),
            Self::Passphrase(e) => e.fault(),
            Self::Genesis(e) => e.fault(),
            Self::Channel(e) => e.fault(),
            Self::Successor(e) => e.fault(),
            Self::Root(e) => e.fault(),
            Self::Broken { .. } => Fault::Operator,
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Channel(e) => e.definite(),
            Self::Successor(e) => e.definite(),
            Self::Root(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::InUse { .. } => "wait for it to end, or give another --home".into(),
            Self::Absent { .. } => "make one: parclose dev up".into(),
            Self::Exists { .. } => "remove it, or give another --home".into(),
            Self::Broken { .. } => "restore the file, or make a new home: parclose dev up --home DIR".into(),
            Self::NoMember { .. } => "parclose member list".into(),
            Self::ChannelNotFound => "parclose channel list --as MEMBER".into(),
            Self::NoTemplate { .. } => "give a folder of channels/, or its path".into(),
            Self::ChannelName { .. } => "use a-z, 0-9 and `-`, at most 64 of them".into(),
            Self::OtherInvitation => {
                "ask a member of the channel for a new one: parclose channel invite".into()
            }
            Self::NameTaken { .. } => "ask for an invitation under another name".into(),
            Self::OtherCard => "ask for a new one: parclose channel join".into(),
            Self::Key(e) => e.fix(),
            Self::Passphrase(e) => e.fix(),
            Self::Genesis(e) => e.fix(),
            Self::Channel(e) => e.fix(),
            Self::Successor(e) => e.fix(),
            Self::Root(e) => e.fix(),
        }
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
        let file: HomeFile = read_json(&path.join("home.json"))?;
        if file.schema != SCHEMA {
            return Err(broken(&path.join("home.json"), "another format"));
        }
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
    let text = std::fs::read_to_string(path).map_err(|e| broken(path, &e.to_string()))?;
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

    fn cards(&self, file: &str) -> Result<Vec<ChannelCard>, HomeError> {
        let folder = self.path.join("channels");
        let entries = std::fs::read_dir(&folder).map_err(|e| broken(&folder, &e.to_string()))?;
        let mut cards = Vec::new();
        for entry in entries {
            let card = entry.map_err(|e| broken(&folder, &e.to_string()))?.path().join(file);
            if card.exists() {
                cards.push(read_json::<ChannelCard>(&card)?);
            }
        }
        cards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cards)
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
    pub fn joining(&self) -> Result<Vec<ChannelCard>, HomeError> {
        let own = self.channels()?;
        let mut waiting = self.cards("joining.json")?;
        waiting.retain(|card| !own.contains(card));
        Ok(waiting)
    }

    /// Remembers that this member has asked to join a channel.
    pub(crate) fn add_joining(&self, card: &ChannelCard) -> Result<(), HomeError> {
        let folder = self.path.join("channels").join(&card.name);
        std::fs::create_dir_all(&folder).map_err(|e| broken(&folder, &e.to_string()))?;
        write_json(&folder.join("joining.json"), card)
    }

    /// It was let in: the channel is one of its own.
    pub(crate) fn joined(&self, card: &ChannelCard) -> Result<(), HomeError> {
        self.add_channel(card)?;
        let waiting = self.path.join("channels").join(&card.name).join("joining.json");
        std::fs::remove_file(&waiting).map_err(|e| broken(&waiting, &e.to_string()))
    }

    /// Writes a new channel's card.
    pub fn add_channel(&self, card: &ChannelCard) -> Result<(), HomeError> {
        let folder = self.path.join("channels").join(&card.name);
        std::fs::create_dir_all(&folder).map_err(|e| broken(&folder, &e.to_string()))?;
        write_json(&folder.join("channel.json"), card)
    }

    /// Removes a channel: its card first, so that what is left when this is cut off is no channel.
    pub(crate) fn remove_channel(&self, card: &ChannelCard) -> Result<(), HomeError> {
        let folder = self.path.join("channels").join(&card.name);
        let removed =
            std::fs::remove_file(folder.join("channel.json")).and_then(|()| std::fs::remove_dir_all(&folder));
        removed.map_err(|e| broken(&folder, &e.to_string()))
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
    let lock = lock.map_err(|e| broken(&file, &e.to_string()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(HomeError::InUse { path: path.display().to_string() }),
        Err(std::fs::TryLockError::Error(e)) => Err(broken(&file, &e.to_string())),
    }
}

pub(crate) fn broken(path: &Path, reason: &str) -> HomeError {
    HomeError::Broken { path: path.display().to_string(), reason: reason.into() }
}

/// # Rules
///
/// > HOM-04: a file of a home has exactly its form; anything else is an error that names the file.
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, HomeError> {
    let text = std::fs::read_to_string(path).map_err(|e| broken(path, &e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| broken(path, &e.to_string()))
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
    written.map_err(|e| broken(path, &e.to_string()))
}

#[cfg(test)]
mod tests;
