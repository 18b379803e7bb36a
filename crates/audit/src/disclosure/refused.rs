//! Why a member discloses nothing.

use parclose_amounts::NotStated;
use parclose_channel::ChannelError;
use parclose_types::{Failure, Fault, Height};

/// Why a member cannot disclose a field.
#[derive(Debug, thiserror::Error)]
pub enum NotDisclosed {
    /// this member's store failed, or lacks what it should hold
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// no such record or field is there, or its sealed part is not
    #[error("the record has no such field here")]
    NoField,
    /// this member cannot open it, so it cannot disclose it
    #[error("this member cannot open the field")]
    Sealed,
    /// no state is attested, or the root chain's node does not show what follows it
    #[error("no state of the channel is proven to be attested here")]
    NoState,
    /// the newest attested state is older
    #[error("a value can be shown as of height {} at most, not as of {} yet", newest.0, asked.0)]
    NotYet {
        /// the height that was asked for
        asked: Height,
        /// the newest that can be shown
        newest: Height,
    },
    /// the state in which it could be shown is not the one in which it is held
    #[error("the record has changed after height {}, the newest as of which anything can be shown", newest.0)]
    Changed {
        /// the newest that can be shown
        newest: Height,
    },
    /// another value, or none, was there
    #[error("what the field is now was written at height {}, after {}", from.0, asked.0)]
    WrittenLater {
        /// the height that was asked for
        asked: Height,
        /// that of the transaction
        from: Height,
    },
    /// nothing is committed to by the field, so nothing is proven of it
    #[error("the field is no amount to which its transaction commits")]
    NoAmount,
    /// a sum is of one asset, and of records that were written by one definition
    #[error("the records are of different assets, or were written by different definitions")]
    Different,
    /// what is to be said of the amounts cannot be proven
    #[error(transparent)]
    NotStated(#[from] NotStated),
}

impl Failure for NotDisclosed {
    fn code(&self) -> &'static str {
        match self {
            Self::Channel(error) => error.code(),
            Self::NotStated(reason) => reason.code(),
            Self::NoState | Self::NotYet { .. } | Self::Changed { .. } => "NOT_YET_ATTESTED",
            Self::NoField | Self::Sealed | Self::NoAmount | Self::Different | Self::WrittenLater { .. } => {
                "NOT_DISCLOSED"
            }
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Channel(error) => error.rule(),
            Self::NotStated(reason) => reason.rule(),
            Self::NoField | Self::Sealed => "DIS-12",
            Self::NoAmount | Self::Different => "DIS-14",
            Self::NoState | Self::Changed { .. } => "DIS-17",
            Self::NotYet { .. } | Self::WrittenLater { .. } => "DIS-21",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Channel(error) => error.fault(),
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Channel(error) => return error.fix(),
            Self::NoField => "look the record and its fields up: parclose record show",
            Self::Sealed => "ask a member that reads the field",
            Self::NotStated(reason) => return reason.fix(),
            Self::NoState | Self::NotYet { .. } | Self::Changed { .. } => {
                "wait for the next batch of this channel, or submit one"
            }
            Self::WrittenLater { .. } => "ask as of the height at which it was written, or a later one",
            Self::NoAmount => "disclose the field itself: parclose disclose field",
            Self::Different => "state one sum for each asset and each version of the definition",
        }
        .into()
    }
}
