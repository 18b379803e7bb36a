//! Why a payment cannot be drafted.

use parclose_transaction::definition::ValueRole;
use parclose_types::{Failure, Fault};

use crate::claims::TagConflict;
use crate::error::ChannelError;
use crate::life::LifeConflict;

/// Why a payment cannot be drafted. Never says how much there is.
#[derive(Debug, thiserror::Error)]
pub enum CannotPay {
    /// VAL-21: the notes that can be spent are not worth so much
    #[error("the notes that can be spent at once are not worth so much")]
    NotEnough,
    /// VAL-21: a payment of nothing
    #[error("a payment of nothing is none")]
    Nothing,
    /// RCV-08: the terms of what is split do not allow pieces so small
    #[error("a slice would become smaller than the smallest piece that its terms allow")]
    TooSmall,
    /// RCV-02: what is to become one is on different terms
    #[error("the notes that it takes are on different terms")]
    TermsDiffer,
    /// VAL-22: nobody knows the key of whoever is paid
    #[error("who is paid has no account in this channel")]
    NoAccount,
    /// VAL-22: the channel is not for payments
    #[error("the channel's definition has no record type for `{role}`")]
    NoValue {
        /// what it lacks
        role: ValueRole,
    },
    /// VAL-29: nothing that this member can open is owed under that name
    #[error("no such obligation is there that this member can open and pay")]
    NotOwed,
    /// VAL-26: fewer than two obligations, or more left than one netting makes
    #[error(
        "{obligations} obligations of that asset and day open here: one netting takes at least two, and makes at most 63"
    )]
    NothingToNet {
        /// how many open
        obligations: usize,
    },
    /// it is not the time for the step that comes with it
    #[error(transparent)]
    Life(#[from] LifeConflict),
    /// it cannot be claimed, or is not
    #[error(transparent)]
    Tag(#[from] TagConflict),
    /// the channel cannot be read
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl Failure for CannotPay {
    fn code(&self) -> &'static str {
        match self {
            Self::NotEnough | Self::Nothing => "INSUFFICIENT_VALUE",
            Self::TooSmall => "PIECE_TOO_SMALL",
            Self::TermsDiffer => "TERMS_DIFFER",
            Self::NoAccount | Self::NoValue { .. } => "NO_ACCOUNT",
            Self::NotOwed | Self::NothingToNet { .. } => "OBLIGATION_NOT_OWED",
            Self::Life(error) => error.code(),
            Self::Tag(error) => error.code(),
            Self::Channel(error) => error.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotEnough | Self::Nothing => "VAL-21",
            Self::TooSmall => "RCV-08",
            Self::TermsDiffer => "RCV-02",
            Self::NoAccount | Self::NoValue { .. } => "VAL-22",
            Self::NotOwed => "VAL-29",
            Self::NothingToNet { .. } => "VAL-26",
            Self::Life(error) => error.rule(),
            Self::Tag(error) => error.rule(),
            Self::Channel(error) => error.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Channel(error) => error.fault(),
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Channel(error) => error.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::NotEnough => {
                "compare with `parclose asset balance`; what other payments have set aside is free again once they are refused"
            }
            Self::Nothing => "pay at least one of the asset's smallest units",
            Self::TermsDiffer => "give no more than the largest of one kind at a time",
            Self::TooSmall => "take the whole slice, or leave more of it; `parclose receivable show` tells the smallest piece",
            Self::NoAccount => "who is to be paid opens an account first: parclose asset open",
            Self::NotOwed => "look up what is owed: it may be netted or paid by now, or not be payable",
            Self::NothingToNet { .. } => "wait until more is owed on that day, and look whether this member is its agent",
            Self::NoValue { .. } => "use a channel of a template for value, such as dvp-cash",
            Self::Life(error) => return error.fix(),
            Self::Tag(error) => return error.fix(),
            Self::Channel(error) => return error.fix(),
        }
        .into()
    }
}
