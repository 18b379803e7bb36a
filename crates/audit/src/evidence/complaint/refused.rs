//! Why a reader has nothing to complain of.

use parclose_channel::ChannelError;
use parclose_types::{Failure, Fault};

use crate::disclosure::NotDisclosed;
use crate::evidence::EvidenceInvalid;

/// Why no key is revealed.
#[derive(Debug, thiserror::Error)]
pub enum NotComplained {
    /// there is no such field here, or its key is not here
    #[error(transparent)]
    Field(#[from] NotDisclosed),
    /// it would convict nobody
    #[error("the key of the field would convict nobody: {0}")]
    Proves(#[from] EvidenceInvalid),
    /// it opens as it should
    #[error("the field opens, to a value of its type and as it was committed to")]
    Opens,
    /// who has written it is no member that is known here
    #[error("the author of the transaction is no member of its generation")]
    NoAuthor,
}

impl From<ChannelError> for NotComplained {
    fn from(error: ChannelError) -> Self {
        Self::Field(error.into())
    }
}

impl Failure for NotComplained {
    fn code(&self) -> &'static str {
        match self {
            Self::Field(reason) => reason.code(),
            Self::Proves(_) | Self::Opens | Self::NoAuthor => "NO_COMPLAINT",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Field(reason) => reason.rule(),
            Self::Proves(_) | Self::Opens | Self::NoAuthor => "MIS-18",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Field(reason) => reason.fault(),
            Self::Proves(_) | Self::Opens | Self::NoAuthor => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Field(reason) => return reason.fix(),
            Self::Opens => "nothing: there is nothing to complain of",
            Self::Proves(_) | Self::NoAuthor => {
                "ask the author for the field again; what cannot be shown to others convicts nobody"
            }
        }
        .into()
    }
}
