//! Evidence as a file: what validators have signed twice, and the changes of the validators that a judge needs.
//!
//! Whoever has the genesis judges it without a node: each accused key must have been a validator of its height, and
//! must have signed two messages there that exclude each other.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_root::{ChangeInvalid, Genesis, OrderProof, Trust};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Failure, Fault, Height, Malformed, PublicKey, decode, encode};

use crate::cluster::{Equivocation, Offence};

/// Why evidence convicts nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceInvalid {
    /// Not the canonical encoding of evidence.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// ROO-35 to ROO-61: the changes of the validators do not lead to the height.
    #[error(transparent)]
    Changes(#[from] ChangeInvalid),
    /// CON-21: somebody who was no validator.
    #[error("`{validator}` is no validator of height {height}")]
    Stranger {
        /// height of the messages
        height: Height,
        /// the accused
        validator: PublicKey,
    },
    /// CON-16: two messages that do not exclude each other, or are not signed.
    #[error("what `{validator}` has signed at height {height} does not exclude each other")]
    NoConflict {
        /// height of the messages
        height: Height,
        /// the accused
        validator: PublicKey,
    },
    /// CON-22: evidence of nothing.
    #[error("the evidence names no validator")]
    Empty,
}

impl Failure for EvidenceInvalid {
    fn code(&self) -> &'static str {
        "EVIDENCE_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::Changes(reason) => reason.rule(),
            Self::Stranger { .. } => "CON-21",
            Self::NoConflict { .. } => "CON-16",
            Self::Empty => "CON-22",
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
            Self::Changes(reason) => return reason.fix(),
            Self::Stranger { .. } => {
                "get evidence that carries every change of the validators up to its height"
            }
            _ => "hold nobody responsible for this; ask whoever has it for the evidence as it was exported",
        }
        .into()
    }
}

/// What validators are accused of, about which nothing has been checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Evidence {
    /// the accusations, ascending by height
    pub found: Vec<Equivocation>,
    /// every change of the validators, in their order
    pub changes: Vec<OrderProof>,
}

impl Evidence {
    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("evidence", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Judges every accusation by the genesis.
    ///
    /// # Rules
    ///
    /// As in [`Equivocation::convicts`] (CON-16, CON-21), in [`Trust::follow`] (ROO-60, ROO-61), and:
    ///
    /// > CON-22: evidence convicts somebody, and every accusation in it holds.
    pub fn verify(&self, genesis: &Genesis) -> Result<Vec<Offence>, EvidenceInvalid> {
        let mut trust = Trust::of(genesis);
        trust.follow_all(&self.changes)?;
        if self.found.is_empty() {
            return Err(EvidenceInvalid::Empty);
        }
        self.found.iter().map(|equivocation| equivocation.convicts(&trust)).collect()
    }
}
