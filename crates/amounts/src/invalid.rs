//! Why an operation is refused, stage by stage.

use parclose_types::{Failure, Fault, NoteId, ObligationId};

use crate::proof::NotProven;

/// An operation is not of the form of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misshapen {
    /// VAL-10: too few or too many notes.
    #[error("{inputs} notes spent and {amounts} amounts made are not what this kind of operation has")]
    Count {
        /// notes spent
        inputs: usize,
        /// amounts made, a redeemed one among them
        amounts: usize,
    },
    /// VAL-11: the notes that are spent are not in ascending order.
    #[error("the notes that are spent are not in strictly ascending order")]
    Order,
    /// VAL-26: too few or too many obligations.
    #[error("{ended} obligations taken and {made} made are not what this kind of operation has")]
    Obligations {
        /// obligations taken
        ended: usize,
        /// obligations made
        made: usize,
    },
    /// VAL-27: an obligation is taken twice, or out of order.
    #[error("the obligations that are taken are not in strictly ascending order")]
    ObligationOrder,
    /// VAL-28: somebody owes itself, or owes and is owed after a netting.
    #[error("a member owes itself, or both owes and is owed by one netting")]
    Sides,
}

/// Notes may not be spent, or made, by whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSpendable {
    /// VAL-12: the channel has no such asset.
    #[error("the asset is not known to the channel")]
    UnknownAsset,
    /// VAL-13: the note is spent, or never was.
    #[error("note `{note}` is not among the unspent notes")]
    NotUnspent {
        /// which
        note: NoteId,
    },
    /// VAL-14: the note is of another asset.
    #[error("note `{note}` is of another asset")]
    OtherAsset {
        /// which
        note: NoteId,
    },
    /// VAL-15: the key revealed is not the owner's.
    #[error("the key given for note `{note}` is not the one that it was made for")]
    NotTheOwner {
        /// which
        note: NoteId,
    },
    /// VAL-16: an owner has not signed.
    #[error("a signature of an owner is missing or does not verify")]
    OwnerSignature,
    /// VAL-17: the issuer has not signed.
    #[error("the signature of the asset's issuer does not verify")]
    IssuerSignature,
}

/// Obligations may not be netted, or paid, so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOwed {
    /// VAL-29: the obligation was netted or paid, or never was.
    #[error("obligation `{obligation}` is not among those that are owed")]
    Unknown {
        /// which
        obligation: ObligationId,
    },
    /// VAL-30: the obligation is in another asset, or due on another day.
    #[error("obligation `{obligation}` is in another asset, or due on another day")]
    Other {
        /// which
        obligation: ObligationId,
    },
    /// VAL-33: the note is not what was owed.
    #[error("the first note that the payment makes is not the one that was owed")]
    OtherNote,
}

/// Why an operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// its form
    #[error(transparent)]
    Shape(#[from] Misshapen),
    /// its notes, owners or issuer
    #[error(transparent)]
    Spend(#[from] NotSpendable),
    /// its obligations
    #[error(transparent)]
    Owed(#[from] NotOwed),
    /// its proofs
    #[error(transparent)]
    Proof(#[from] NotProven),
}

impl Failure for Misshapen {
    fn code(&self) -> &'static str {
        "OPERATION_MISSHAPEN"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Count { .. } => "VAL-10",
            Self::Order => "VAL-11",
            Self::Obligations { .. } => "VAL-26",
            Self::ObligationOrder => "VAL-27",
            Self::Sides => "VAL-28",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "split the operation, or order what it takes, as specs/13-amounts.md says".into()
    }
}

impl Failure for NotSpendable {
    fn code(&self) -> &'static str {
        "NOTE_NOT_SPENDABLE"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownAsset => "VAL-12",
            Self::NotUnspent { .. } => "VAL-13",
            Self::OtherAsset { .. } => "VAL-14",
            Self::NotTheOwner { .. } => "VAL-15",
            Self::OwnerSignature => "VAL-16",
            Self::IssuerSignature => "VAL-17",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "look up which notes are unspent, and sign with their owner keys for this very transaction".into()
    }
}

impl Failure for NotOwed {
    fn code(&self) -> &'static str {
        "OBLIGATION_NOT_OWED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "VAL-29",
            Self::Other { .. } => "VAL-30",
            Self::OtherNote => "VAL-33",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "look up what is owed: it may be netted or paid by now".into()
    }
}

impl Invalid {
    fn inner(&self) -> &dyn Failure {
        match self {
            Self::Shape(error) => error,
            Self::Spend(error) => error,
            Self::Owed(error) => error,
            Self::Proof(error) => error,
        }
    }
}

impl Failure for Invalid {
    fn code(&self) -> &'static str {
        self.inner().code()
    }

    fn rule(&self) -> &'static str {
        self.inner().rule()
    }

    fn fault(&self) -> Fault {
        self.inner().fault()
    }

    fn definite(&self) -> bool {
        self.inner().definite()
    }

    fn fix(&self) -> String {
        self.inner().fix()
    }
}
