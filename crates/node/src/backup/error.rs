//! Why an archive is not made, not opened or not put back: the broken rule.

use std::path::Path;

use parclose_channel::ChannelError;
use parclose_types::{Failure, Fault};

use super::VERSION;
use crate::home::HomeError;
use crate::key_file::KeyFileError;
use crate::sealed::StreamError;

/// An archive that is of no use, or that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// BAK-01: something else
    #[error("it is no archive of a channel")]
    NotAnArchive,
    /// BAK-01: another form
    #[error("the archive has version {found}, this program reads version {supported}")]
    Version {
        /// version found
        found: u8,
        /// version known
        supported: u8,
    },
    /// BAK-02: sealed to somebody else, or its wrap was changed
    #[error("the archive was sealed to another key, or its beginning is damaged")]
    OtherKey,
    /// BAK-03: not as it was sealed, or not where
    #[error("the archive is damaged in its chunk {index}")]
    Chunk {
        /// from 0
        index: u64,
    },
    /// BAK-04: bytes are missing, or there are more
    #[error("the archive is cut off, or something was put at its end")]
    CutOff,
    /// BAK-05: no manifest
    #[error("the archive's manifest is refused: {0}")]
    Manifest(&'static str),
    /// BAK-06: a name that must not be
    #[error("the archive's manifest names something else than a channel and the files of a database")]
    Name,
    /// BAK-07: sizes that do not fit
    #[error("the sizes in the archive's manifest are not those of the archive")]
    Sizes,
    /// BAK-08: another content
    #[error("the file `{file}` is not the one that the archive's manifest names")]
    Content {
        /// its name
        file: String,
    },
    /// BAK-09: another store
    #[error("the store is not the one that the archive's manifest describes")]
    OtherState,
    /// BAK-10: of another network
    #[error("the archive is of another network")]
    OtherNetwork,
    /// BAK-11: a file cannot be read or written, or is there already
    #[error("`{path}`: {reason}")]
    Io {
        /// file
        path: String,
        /// what the system says
        reason: String,
    },
    /// BAK-12: a channel is there
    #[error("`{path}` is there already")]
    Occupied {
        /// folder
        path: String,
    },
    /// BAK-13: no key to seal to
    #[error("the recipient is not an X-Wing public key")]
    NotARecipient,
    /// BAK-14: nothing in it yet
    #[error("the channel has executed nothing yet")]
    Empty,
    /// NOD-02: the room is gone
    #[error("the room has stopped")]
    Stopped,
    /// a key file
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// a home
    #[error(transparent)]
    Home(#[from] HomeError),
    /// a channel's store
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl BackupError {
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), reason: error.to_string() }
    }

    fn inner(&self) -> Option<&dyn Failure> {
        match self {
            Self::Key(e) => Some(e),
            Self::Home(e) => Some(e),
            Self::Channel(e) => Some(e),
            _ => None,
        }
    }
}

/// What an archive is as a stream.
///
/// # Rules
///
/// > BAK-01: an archive begins with the magic bytes and the version that this program reads.
/// > BAK-02: an archive opens with the key that it was sealed to and with no other.
/// > BAK-03: a chunk opens only as it was sealed and where it was sealed: changed, moved, doubled or left out, it ends the reading.
/// > BAK-04: an archive consists of whole chunks and ends with its last one, neither before nor after.
impl From<StreamError> for BackupError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::OtherForm => Self::NotAnArchive,
            StreamError::Version { found } => Self::Version { found, supported: VERSION },
            StreamError::OtherKey => Self::OtherKey,
            StreamError::Chunk { index } => Self::Chunk { index },
            StreamError::CutOff => Self::CutOff,
            StreamError::Sizes => Self::Sizes,
            StreamError::NotARecipient => Self::NotARecipient,
            StreamError::Io { path, reason } => Self::Io { path, reason },
        }
    }
}

impl Failure for BackupError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAnArchive | Self::Version { .. } => "NOT_A_BACKUP",
            Self::OtherKey => "BACKUP_OTHER_KEY",
            Self::Chunk { .. } | Self::CutOff => "BACKUP_DAMAGED",
            Self::Manifest(_) | Self::Name | Self::Sizes | Self::Content { .. } => "BACKUP_INVALID",
            Self::OtherState => "BACKUP_OTHER_STATE",
            Self::OtherNetwork => "BACKUP_OF_ANOTHER_NETWORK",
            Self::Io { .. } => "BACKUP_FILE",
            Self::Occupied { .. } => "CHANNEL_EXISTS",
            Self::NotARecipient => "NOT_A_RECIPIENT",
            Self::Empty => "NOTHING_TO_BACK_UP",
            Self::Stopped => "OUTCOME_UNKNOWN",
            Self::Key(_) | Self::Home(_) | Self::Channel(_) => {
                self.inner().map_or("BACKUP_FILE", Failure::code)
            }
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotAnArchive | Self::Version { .. } => "BAK-01",
            Self::OtherKey => "BAK-02",
            Self::Chunk { .. } => "BAK-03",
            Self::CutOff => "BAK-04",
            Self::Manifest(_) => "BAK-05",
            Self::Name => "BAK-06",
            Self::Sizes => "BAK-07",
            Self::Content { .. } => "BAK-08",
            Self::OtherState => "BAK-09",
            Self::OtherNetwork => "BAK-10",
            Self::Io { .. } => "BAK-11",
            Self::Occupied { .. } => "BAK-12",
            Self::NotARecipient => "BAK-13",
            Self::Empty => "BAK-14",
            Self::Stopped => "NOD-02",
            Self::Key(_) | Self::Home(_) | Self::Channel(_) => self.inner().map_or("BAK-11", Failure::rule),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotAnArchive | Self::Version { .. } | Self::OtherKey | Self::NotARecipient => Fault::Sender,
            Self::OtherNetwork | Self::Io { .. } | Self::Occupied { .. } | Self::Empty => Fault::Sender,
            Self::Stopped => Fault::Bug,
            _ => self.inner().map_or(Fault::Operator, Failure::fault),
        }
    }

    fn definite(&self) -> bool {
        self.inner().is_none_or(Failure::definite)
    }

    fn fix(&self) -> String {
        match self {
            Self::NotAnArchive => "give a file that `parclose backup create` made".into(),
            Self::Version { .. } => format!("use the program that made it; this one reads version {VERSION}"),
            Self::OtherKey => "give the key file that it was sealed to: --with KEYFILE".into(),
            Self::Chunk { .. } | Self::CutOff => "take another copy of the archive".into(),
            Self::Manifest(_) | Self::Name | Self::Sizes | Self::Content { .. } | Self::OtherState => {
                "do not use it: it is not as `parclose backup create` makes them; take another archive".into()
            }
            Self::OtherNetwork => "give the --home of the archive's network".into(),
            Self::Io { .. } => "check the path and its permissions; nothing is written over".into(),
            Self::Occupied { .. } => "move the folder away, then restore".into(),
            Self::NotARecipient => "give a member's or a regulator's key file, or a public key in hex".into(),
            Self::Empty => "make the archive once the channel has been opened".into(),
            Self::Stopped => "run the command again".into(),
            Self::Key(_) | Self::Home(_) | Self::Channel(_) => {
                self.inner().map_or_else(String::new, Failure::fix)
            }
        }
    }
}
