//! Why a reader does not sign that it has opened a transaction.

use parclose_transaction::NotAuthentic;
use parclose_types::{Failure, Fault, Malformed};

/// Why a reader does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningRefused {
    /// its bytes, or the sealed part is not the one that it commits to
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// its signature, its scope, its time
    #[error(transparent)]
    NotAuthentic(#[from] NotAuthentic),
    /// OPN-06: asked by another than its author and sponsor
    #[error("the transaction is not of whoever asks")]
    NotItsAuthor,
    /// OPN-04: nothing in it is to be opened by this member
    #[error("nothing in the transaction is to be opened by this member")]
    NoReader,
    /// OPN-05: the secret of the set is not here
    #[error("the secret of the audience of field {field} is not here yet")]
    NoSecret {
        /// field number
        field: u32,
    },
    /// OPN-05: a field does not open
    #[error("field {field} does not open to what the transaction says")]
    Unreadable {
        /// field number
        field: u32,
    },
}

impl OpeningRefused {
    /// Whether it may be otherwise once this member has executed more of the log.
    #[must_use]
    pub fn is_for_now(&self) -> bool {
        match self {
            Self::NoSecret { .. } => true,
            Self::NotAuthentic(refused) => match refused {
                NotAuthentic::Scope(_) | NotAuthentic::NotMember | NotAuthentic::ExpiryTooFar { .. } => true,
                NotAuthentic::Epoch { sealed, current } => sealed > current,
                _ => false,
            },
            _ => false,
        }
    }
}

impl Failure for OpeningRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(e) => e.code(),
            Self::NotAuthentic(e) => e.code(),
            _ => "NOT_OPENED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(e) => e.rule(),
            Self::NotAuthentic(e) => e.rule(),
            Self::NotItsAuthor => "OPN-06",
            Self::NoReader => "OPN-04",
            Self::NoSecret { .. } | Self::Unreadable { .. } => "OPN-05",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Malformed(e) => e.fix(),
            Self::NotAuthentic(e) => e.fix(),
            Self::NoSecret { .. } => "ask again once the reader has acknowledged the secret".into(),
            _ => "look at the author's node".into(),
        }
    }
}
