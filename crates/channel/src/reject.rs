//! Why a transaction is refused: one variant for each stage.

use parclose_access::Denied;
use parclose_transaction::NotAuthentic;
use parclose_types::{Failure, Fault, Malformed, PublicKey};

use crate::claims::TagConflict;
use crate::erasure::ErasureRefused;
use crate::governance::ActRefused;
use crate::life::LifeConflict;
use crate::locks::LockRefused;
use crate::obligations::ObligationRefused;

/// Why a transaction is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reject {
    /// decode
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// authenticate
    #[error(transparent)]
    NotAuthentic(#[from] NotAuthentic),
    /// authorize: the schema
    #[error(transparent)]
    OffSchema(#[from] OffSchema),
    /// authorize: the policy
    #[error(transparent)]
    Denied(#[from] Denied),
    /// prove
    #[error(transparent)]
    NotProven(#[from] NotProven),
    /// prove: notes, owners, issuers, balances, ranges
    #[error(transparent)]
    Movement(#[from] parclose_amounts::Invalid),
    /// prove: what a note is to be held for
    #[error(transparent)]
    Lock(#[from] LockRefused),
    /// prove: who owes whom
    #[error(transparent)]
    Obligation(#[from] ObligationRefused),
    /// admit
    #[error(transparent)]
    Stale(#[from] Stale),
    /// authorize, admit: lives of records
    #[error(transparent)]
    Life(#[from] LifeConflict),
    /// authorize, admit: keyed tags
    #[error(transparent)]
    Tag(#[from] TagConflict),
    /// admit: erasures, and what is erased
    #[error(transparent)]
    Erasure(#[from] ErasureRefused),
    /// admit: an act
    #[error(transparent)]
    Act(#[from] ActRefused),
}

/// A transaction does not fit the channel's schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OffSchema {
    /// SCH-01: no such record type or field
    #[error("the definition has no {what} {id}")]
    Unknown {
        /// record type or field
        what: &'static str,
        /// its number
        id: u32,
    },
    /// SCH-02: parties are not exactly the slots, or do not hold their roles
    #[error("the parties are not one member with the right role for each slot")]
    Parties,
    /// SCH-03: a field is sealed for another audience than the schema says
    #[error("field {field} is sealed for another audience than the schema says")]
    Audience {
        /// field number
        field: u32,
    },
    /// SCH-04: the author does not belong to an audience that it seals for
    #[error("the author does not belong to the audience of field {field}")]
    Writer {
        /// field number
        field: u32,
    },
    /// SCH-06: the audience's secret is not active
    #[error("the secret of the audience of field {field} is not active in this generation")]
    NotDealt {
        /// field number
        field: u32,
    },
    /// SCH-07: what movements make and the records that stand for it do not match
    #[error("what movements make and the records that stand for it do not match one by one")]
    Unpaired,
    /// OPN-03: no reader of a set has signed that it has opened the transaction
    #[error("no reader of field {field} has signed that it has opened the transaction")]
    Unopened {
        /// field number
        field: u32,
    },
    /// OPN-04: somebody has signed whom nothing asks
    #[error("{reader} has signed that it has opened the transaction, which nothing asks of it")]
    NoReader {
        /// pseudonym
        reader: PublicKey,
    },
    /// SCH-05: a new record lacks a required field
    #[error("a new record needs field {field}")]
    Required {
        /// field number
        field: u32,
    },
}

/// A commitment or a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// AMT-01: a field commitment is zero, or stands twice
    #[error("a field commitment is zero or stands twice")]
    Form,
}

/// A transaction does not fit the state that it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// STA-03: the transaction already has a verdict
    #[error("the transaction already has a verdict")]
    Repeated,
    /// STA-04: the record is not at the version that this one follows
    #[error("the record is at version {current}, which version {wanted} does not follow")]
    Version {
        /// version in the state, 0 for none
        current: u64,
        /// version that the operation makes
        wanted: u64,
    },
    /// STA-05: a new record's id is taken
    #[error("the record exists already")]
    Exists,
    /// STA-06: an update changes type or parties
    #[error("an update cannot change the type or the parties of a record")]
    Shape,
    /// STA-07: the salt was used before in this epoch
    #[error("the salt was used before")]
    Salt,
}

impl Failure for Reject {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(e) => e.code(),
            Self::NotAuthentic(e) => e.code(),
            Self::OffSchema(OffSchema::Unopened { .. } | OffSchema::NoReader { .. }) => "NOT_OPENED",
            Self::OffSchema(_) => "OFF_SCHEMA",
            Self::Denied(e) => e.code(),
            Self::NotProven(_) => "NOT_PROVEN",
            Self::Stale(Stale::Repeated) => "ALREADY_DECIDED",
            Self::Stale(_) => "STALE",
            Self::Act(e) => e.code(),
            Self::Movement(e) => e.code(),
            Self::Lock(e) => e.code(),
            Self::Obligation(e) => e.code(),
            Self::Life(e) => e.code(),
            Self::Tag(e) => e.code(),
            Self::Erasure(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(e) => e.rule(),
            Self::NotAuthentic(e) => e.rule(),
            Self::Denied(e) => e.rule(),
            Self::Act(e) => e.rule(),
            Self::Movement(e) => e.rule(),
            Self::Lock(e) => e.rule(),
            Self::Obligation(e) => e.rule(),
            Self::Life(e) => e.rule(),
            Self::Tag(e) => e.rule(),
            Self::Erasure(e) => e.rule(),
            Self::OffSchema(OffSchema::Unknown { .. }) => "SCH-01",
            Self::OffSchema(OffSchema::Parties) => "SCH-02",
            Self::OffSchema(OffSchema::Audience { .. }) => "SCH-03",
            Self::OffSchema(OffSchema::Writer { .. }) => "SCH-04",
            Self::OffSchema(OffSchema::Required { .. }) => "SCH-05",
            Self::OffSchema(OffSchema::NotDealt { .. }) => "SCH-06",
            Self::OffSchema(OffSchema::Unpaired) => "SCH-07",
            Self::OffSchema(OffSchema::Unopened { .. }) => "OPN-03",
            Self::OffSchema(OffSchema::NoReader { .. }) => "OPN-04",
            Self::NotProven(NotProven::Form) => "AMT-01",
            Self::Stale(Stale::Repeated) => "STA-03",
            Self::Stale(Stale::Version { .. }) => "STA-04",
            Self::Stale(Stale::Exists) => "STA-05",
            Self::Stale(Stale::Shape) => "STA-06",
            Self::Stale(Stale::Salt) => "STA-07",
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
            Self::Malformed(e) => e.fix(),
            Self::NotAuthentic(e) => e.fix(),
            Self::Denied(e) => e.fix(),
            Self::Act(e) => e.fix(),
            Self::Movement(e) => e.fix(),
            Self::Lock(e) => e.fix(),
            Self::Obligation(e) => e.fix(),
            Self::Life(e) => e.fix(),
            Self::Tag(e) => e.fix(),
            Self::Erasure(e) => e.fix(),
            Self::OffSchema(OffSchema::Unopened { .. } | OffSchema::NoReader { .. }) => {
                "submit it to a node, which asks one reader of each set".into()
            }
            Self::OffSchema(_) => "compare with `parclose channel show`".into(),
            Self::NotProven(_) => "build the transaction again".into(),
            Self::Stale(Stale::Exists) => "the record is there: update it, or use another id".into(),
            Self::Stale(_) => "read the record's current version and try again".into(),
        }
    }
}
