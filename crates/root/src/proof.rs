//! Proofs that need no node: that an event has its place in a log, what a tag's state is, how a deal stands and
//! who holds a claim.
//!
//! Trust comes from the genesis alone, never from a key inside the proof. Each step has its own error,
//! in the order in which a reader would ask: is it our network, are these our validators, did they
//! sign, is it in what they signed. Where the validators have changed since the genesis, [`Trust`] follows
//! the changes first.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle::Inclusion;
use parclose_crypto::state_tree::StateProof;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Failure, Fault, Height, Malformed, NetworkId, Tag, decode, encode};

use crate::commit::{CommitCertificate, NotCommitted};
use crate::genesis::Genesis;
use crate::header::Header;
use crate::state::verify_tag;
use crate::tag::{LogEntry, TagState};
use crate::transaction::RootTransaction;
use crate::trust::Trust;

mod standing;

pub use standing::{ClaimProof, DealProof, Standing, VerifiedClaim, VerifiedDeal};

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofInvalid {
    /// Not the canonical encoding of a proof, or of the transaction in it.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// ROO-39: a header of another network.
    #[error("the header is of network `{found}`, the genesis of `{expected}`")]
    OtherNetwork {
        /// network of the genesis
        expected: NetworkId,
        /// network of the header
        found: NetworkId,
    },
    /// ROO-40: other validators than those of the genesis and of the changes that are known.
    #[error("the header at height {height} names other validators than the genesis and the changes since")]
    OtherValidators {
        /// height of the header
        height: Height,
    },
    /// ROO-62: a header of before the checkpoint, or another one at its height.
    #[error("the header at height {height} lies before the checkpoint at height {checkpoint}, or beside it")]
    BeforeCheckpoint {
        /// height of the checkpoint
        checkpoint: Height,
        /// height of the header
        height: Height,
    },
    /// ROO-41: a certificate of another block.
    #[error("the certificate is for another block than the header at height {height}")]
    OtherBlock {
        /// height of the header
        height: Height,
    },
    /// ROO-35 to ROO-38: the certificate does not commit the block.
    #[error(transparent)]
    NotCommitted(#[from] NotCommitted),
    /// ROO-42: the event is not in the block.
    #[error("the event is not among those of the block at height {height}")]
    NotIncluded {
        /// height of the header
        height: Height,
    },
    /// ROO-43: a transaction that the event does not name.
    #[error("the transaction is not the one that the event at sequence {sequence} names")]
    OtherTransaction {
        /// sequence of the event
        sequence: u64,
    },
    /// ROO-45: the tag's state is not in the header's state root.
    #[error("the state of tag `{tag}` is not in the state at height {height}")]
    OtherState {
        /// the tag
        tag: Tag,
        /// height of the header
        height: Height,
    },
    /// ROO-88: the deal does not stand so in the header's state root.
    #[error("the deal does not stand so in the state at height {height}")]
    OtherStanding {
        /// height of the header
        height: Height,
    },
    /// ROO-89: the claim is not held so in the header's state root.
    #[error("the claim is not held so in the state at height {height}")]
    OtherHolder {
        /// height of the header
        height: Height,
    },
    /// ROO-63: the validators are not in the header's state root.
    #[error("the validators are not in the state at height {height}")]
    OtherValidatorState {
        /// height of the header
        height: Height,
    },
}

impl Failure for ProofInvalid {
    fn code(&self) -> &'static str {
        "RECEIPT_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::OtherNetwork { .. } => "ROO-39",
            Self::OtherValidators { .. } => "ROO-40",
            Self::OtherBlock { .. } => "ROO-41",
            Self::NotCommitted(reason) => reason.rule(),
            Self::NotIncluded { .. } => "ROO-42",
            Self::OtherTransaction { .. } => "ROO-43",
            Self::OtherState { .. } => "ROO-45",
            Self::BeforeCheckpoint { .. } => "ROO-62",
            Self::OtherValidatorState { .. } => "ROO-63",
            Self::OtherStanding { .. } => "ROO-88",
            Self::OtherHolder { .. } => "ROO-89",
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
            Self::OtherNetwork { .. } => "verify with the genesis file of the network that this proof is from",
            Self::OtherValidators { .. } => {
                "verify with the genesis file of the network that this proof is from; if its validators have changed, get a proof that carries the changes"
            }
            Self::BeforeCheckpoint { .. } => {
                "verify with the genesis file, or with a checkpoint of before this block"
            }
            _ => "do not rely on this proof; ask a member of the channel for a new one",
        }
        .into()
    }
}

/// Proof that an event has its place in a tag's log.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OrderProof {
    /// the event
    pub entry: LogEntry,
    /// canonical bytes of the root transaction
    pub transaction: Vec<u8>,
    /// path from the event to the header's events root
    pub inclusion: Inclusion,
    /// header of the block
    pub header: Header,
    /// the validators' signatures under it
    pub certificate: CommitCertificate,
}

/// An event of a tag's log, verified. Only [`OrderProof::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEvent {
    network: NetworkId,
    height: Height,
    entry: LogEntry,
    transaction: RootTransaction,
}

impl OrderProof {
    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("order proof", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// As [`Self::verify_under`], for a network whose validators have not changed before this block.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedEvent, ProofInvalid> {
        self.verify_under(&Trust::of(genesis))
    }

    /// Verifies every step from the validators to the transaction, offline.
    ///
    /// # Rules
    ///
    /// As in [`Trust`] (ROO-39 to ROO-41, ROO-62), in [`CommitCertificate::verify`] (ROO-35 to ROO-38), and:
    ///
    /// > ROO-42: the event is included in the header's events root, in a tree of the header's event count.
    /// > ROO-43: the transaction is the one whose digest the event names, of the event's kind and tag; a decision names no tag.
    pub fn verify_under(&self, trust: &Trust) -> Result<VerifiedEvent, ProofInvalid> {
        trust.committed(&self.header, &self.certificate)?;
        let network = *trust.network();
        self.included()?;
        let transaction = RootTransaction::decode(&self.transaction)?;
        let entry = self.entry;
        if !transaction.is_of(&entry, &network) {
            return Err(ProofInvalid::OtherTransaction { sequence: entry.sequence.0 });
        }
        Ok(VerifiedEvent { network, height: self.header.height, entry, transaction })
    }

    fn included(&self) -> Result<(), ProofInvalid> {
        let height = self.header.height;
        if self.inclusion.length != u64::from(self.header.event_count) {
            return Err(ProofInvalid::NotIncluded { height });
        }
        self.inclusion
            .verify(&self.header.events_root.0, &encode(&self.entry))
            .map_err(|_| ProofInvalid::NotIncluded { height })
    }
}

impl VerifiedEvent {
    /// The network in whose chain the event stands.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// Height of the block.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// Tag, sequence, kind and hash chain.
    #[must_use]
    pub fn entry(&self) -> &LogEntry {
        &self.entry
    }

    /// What was ordered.
    #[must_use]
    pub fn transaction(&self) -> &RootTransaction {
        &self.transaction
    }
}

/// Proof of a tag's state after a block: how many events its log has, and their hash chain.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TagProof {
    /// the channel
    pub tag: Tag,
    /// its state
    pub state: TagState,
    /// path from the state to the header's state root
    pub proof: StateProof,
    /// header of the block
    pub header: Header,
    /// the validators' signatures under it
    pub certificate: CommitCertificate,
}

/// A tag's state, verified. Only [`TagProof::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTag {
    height: Height,
    tag: Tag,
    state: TagState,
}

impl TagProof {
    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("tag proof", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// As [`Self::verify_under`], for a network whose validators have not changed before this block.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedTag, ProofInvalid> {
        self.verify_under(&Trust::of(genesis))
    }

    /// Verifies every step from the validators to the tag's state, offline.
    ///
    /// # Rules
    ///
    /// As in [`OrderProof::verify_under`] (ROO-35 to ROO-41, ROO-62), and:
    ///
    /// > ROO-45: the tag's state is the one in the header's state root.
    pub fn verify_under(&self, trust: &Trust) -> Result<VerifiedTag, ProofInvalid> {
        trust.committed(&self.header, &self.certificate)?;
        let (tag, height) = (self.tag, self.header.height);
        if !verify_tag(&self.proof, &self.header.state_root, &tag, &self.state) {
            return Err(ProofInvalid::OtherState { tag, height });
        }
        Ok(VerifiedTag { height, tag, state: self.state.clone() })
    }
}

impl VerifiedTag {
    /// Height after whose block the state holds.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// The channel.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> &TagState {
        &self.state
    }
}

#[cfg(test)]
mod tests;
