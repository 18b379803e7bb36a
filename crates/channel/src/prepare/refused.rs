//! Why a prepare is not signed or approved.

use parclose_types::{Failure, Fault, Height};

use crate::error::ChannelError;

/// Why a member does not sign or approve a prepare.
#[derive(Debug, thiserror::Error)]
pub enum PrepareRefused {
    /// LOC-08: no such lock is open here, or not yet
    #[error("no lock of that leg is open here")]
    NoLock,
    /// LOC-08: the lock is another one
    #[error("the open lock of that leg is another one than the prepare says")]
    OtherLock,
    /// LOC-08: the last height lies too far ahead, or has passed
    #[error("the last height {last_height} is not within the time of the lock")]
    Window {
        /// last height of the statement
        last_height: Height,
    },
    /// LOC-09: the receiver cannot open what is held for it
    #[error("what is held does not open to what it commits to")]
    NotOpened,
    /// LOC-09: it would not be the receiver's
    #[error("what is held would not belong to an account of this member")]
    NotOwn,
    /// LOC-09: asset, amount or heights are not as agreed
    #[error("what is held is not what was agreed to")]
    OtherTerms,
    /// the store failed
    #[error(transparent)]
    Broken(#[from] ChannelError),
}

impl Failure for PrepareRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::NoLock | Self::OtherLock | Self::Window { .. } => "ENDORSEMENT_REFUSED",
            Self::NotOpened | Self::NotOwn | Self::OtherTerms => "LEG_MISMATCH",
            Self::Broken(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NoLock | Self::OtherLock | Self::Window { .. } => "LOC-08",
            Self::NotOpened | Self::NotOwn | Self::OtherTerms => "LOC-09",
            Self::Broken(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Broken(e) => e.fault(),
            _ => Fault::Peer,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::NoLock | Self::OtherLock | Self::Window { .. } => {
                "wait until the member has executed the lock; it is asked again".into()
            }
            Self::NotOpened | Self::NotOwn | Self::OtherTerms => {
                "do not settle: the deal lapses, and everybody gets back what is held".into()
            }
            Self::Broken(e) => e.fix(),
        }
    }
}
