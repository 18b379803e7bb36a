//! Why an erasure is refused: a variant is a broken rule.

use parclose_types::{Failure, Fault};

/// Why an erasure is refused, or what an erased record takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErasureRefused {
    /// ERA-01: no such record
    #[error("there is no such record")]
    NoRecord,
    /// ERA-01: amounts open with its fields, or notes of it can be spent
    #[error("the record has a part in value: amounts open with its fields, or notes of it can be spent")]
    Value,
    /// ERA-01: no reason, or one that is no line of text
    #[error("an erasure gives its reason: a line of text")]
    Reason,
    /// ERA-02: not one who may ask
    #[error("the member has not made the record, and does not read every field of it")]
    NotEntitled,
    /// ERA-02: it has asked for it before
    #[error("the member has asked for this erasure already")]
    Asked,
    /// ERA-04: it is erased
    #[error("the record is erased")]
    Gone,
    /// ERA-13: of a generation that goes on, or is still to come
    #[error("it belongs to a generation that has not ended")]
    NotEnded,
    /// ERA-13: something that counts rests on what was sealed then
    #[error("a note, an asset, an account or a key that is in use rests on what was sealed then")]
    Rests,
    /// ERA-14: not one who may ask
    #[error("the member belongs to no set of readers of that generation")]
    NoReader,
    /// ERA-09: nothing to confirm, or a second time
    #[error("there is no such erasure in force that the member has not confirmed")]
    NotToConfirm,
}

impl Failure for ErasureRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::Asked | Self::NotToConfirm => "STALE",
            Self::Gone => "RECORD_ERASED",
            _ => "ERASURE_REFUSED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NoRecord | Self::Value | Self::Reason => "ERA-01",
            Self::NotEntitled | Self::Asked => "ERA-02",
            Self::NotEnded | Self::Rests => "ERA-13",
            Self::NoReader => "ERA-14",
            Self::Gone => "ERA-04",
            Self::NotToConfirm => "ERA-09",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::NoRecord => "parclose record list".into(),
            Self::Value => "amounts stay: they prove that nothing came from nowhere".into(),
            Self::Reason => "say why: 1 to 256 bytes that every member may read for good".into(),
            Self::NotEntitled => "ask a member that made the record, or reads all of it".into(),
            Self::Asked => "wait for the approval of another member that may ask".into(),
            Self::Gone => "write a new record".into(),
            Self::NotEnded => "renew the channel's keys first: parclose channel propose --rekey".into(),
            Self::Rests => "spend, settle or write anew what is in use, then ask again".into(),
            Self::NoReader => "ask a member that can read something of that generation".into(),
            Self::NotToConfirm => "nothing is to be done".into(),
        }
    }
}
