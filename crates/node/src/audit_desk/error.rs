//! Why a sealed export is not made or not opened.

use std::path::Path;

use parclose_types::{Failure, Fault};

use crate::sealed::StreamError;

/// A sealed export that is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedExportError {
    /// DSK-07: sealed to somebody else, or for something else
    #[error("the export was sealed to another key, for another tag or grant, or its beginning is damaged")]
    OtherKey,
    /// DSK-08: not as it was sealed
    #[error("the sealed export is not whole: {0}")]
    Damaged(String),
    /// DSK-08: a file cannot be read or written, or is there already
    #[error("`{path}`: {reason}")]
    Io {
        /// file
        path: String,
        /// what the system says
        reason: String,
    },
}

impl SealedExportError {
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), reason: error.to_string() }
    }
}

impl From<StreamError> for SealedExportError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::OtherKey | StreamError::NotARecipient => Self::OtherKey,
            StreamError::Io { path, reason } => Self::Io { path, reason },
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl Failure for SealedExportError {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherKey => "EXPORT_OTHER_KEY",
            Self::Damaged(_) => "EXPORT_DAMAGED",
            Self::Io { .. } => "EXPORT_FILE",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::OtherKey => "DSK-07",
            Self::Damaged(_) | Self::Io { .. } => "DSK-08",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::OtherKey | Self::Damaged(_) => Fault::Peer,
            Self::Io { .. } => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::OtherKey => {
                "give the key of the grant's grantee, and the tag and the grant that it is of".into()
            }
            Self::Damaged(_) => "ask again; if it is so again, ask another member".into(),
            Self::Io { .. } => "check the path and its permissions; nothing is written over".into(),
        }
    }
}
