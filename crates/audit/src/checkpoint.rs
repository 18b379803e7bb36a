//! The file form of a checkpoint: JSON that a person can compare, around the bytes that prove it.
//!
//! ```text
//!   node --head, validators, all changes--> file --verify, from the genesis--> kept as trusted
//!                                                                                   |
//!                          receipt, export --verify, from the file-->  no key of before it counts
//! ```
//!
//! A file carries every change of the validators since the genesis, so whoever gets one verifies it first.
//! Afterwards the file itself is what is trusted: whoever can change it can make anything true.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_root::{ChangeInvalid, Checkpoint, Genesis, OrderProof, ProofInvalid, Trust, changes_up_to};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Digest, Failure, Fault, Height, Malformed, NetworkId, ValueHash, decode, encode, hex};
use serde::{Deserialize, Serialize};

use crate::readable;

/// The `schema` member of a checkpoint file.
const SCHEMA: &str = "parclose.checkpoint/1";
/// The hex of the largest checkpoint, and room for the other members.
const FILE_BYTES_MAX: usize = 2 * RECEIPT_BYTES_MAX + 4096;

/// Why a checkpoint is not to be begun with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointInvalid {
    /// The bytes are not the canonical encoding of a checkpoint.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// ROO-35 to ROO-41, ROO-63: the block or its validators are not proven.
    #[error(transparent)]
    Block(#[from] ProofInvalid),
    /// ROO-60, ROO-61 and what they rest on: the changes do not lead to its block.
    #[error(transparent)]
    Changes(#[from] ChangeInvalid),
    /// CHK-01: not the JSON form of a checkpoint.
    #[error("not a checkpoint file: {reason}")]
    File {
        /// what the parser says
        reason: String,
    },
    /// CHK-02: a readable member says what the bytes do not prove.
    #[error("the member `{member}` of the file is not what its bytes prove")]
    Readable {
        /// name of the member
        member: String,
    },
    /// CHK-03: a checkpoint of another network.
    #[error("the checkpoint is of network `{found}`, the genesis of `{expected}`")]
    Foreign {
        /// network of the genesis
        expected: NetworkId,
        /// network of the checkpoint
        found: NetworkId,
    },
}

impl Failure for CheckpointInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "CHECKPOINT_OF_ANOTHER_NETWORK",
            _ => "CHECKPOINT_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::Block(reason) => reason.rule(),
            Self::Changes(reason) => reason.rule(),
            Self::File { .. } => "CHK-01",
            Self::Readable { .. } => "CHK-02",
            Self::Foreign { .. } => "CHK-03",
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
            Self::Foreign { .. } => "use the checkpoint and the genesis of one network",
            Self::Readable { .. } => "do not rely on this file: somebody has changed what it says",
            _ => "do not begin with this checkpoint; verify with the genesis, and have a new one made",
        }
        .into()
    }
}

/// A checkpoint with the changes that lead to it, about which nothing has been checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ProvenCheckpoint {
    /// the block and its validators
    pub checkpoint: Checkpoint,
    /// the changes of the validators before it, in their order
    pub changes: Vec<OrderProof>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointFile {
    schema: String,
    network: NetworkId,
    height: Height,
    block: ValueHash,
    validators: Digest,
    changes: u64,
    bytes: String,
}

impl CheckpointFile {
    fn of(checkpoint: &Checkpoint, bytes: String) -> Self {
        let Checkpoint { header, validators, .. } = checkpoint;
        Self {
            schema: SCHEMA.into(),
            network: header.network,
            height: header.height,
            block: header.hash(),
            validators: header.next_validators,
            changes: validators.changes.0,
            bytes,
        }
    }
}

impl ProvenCheckpoint {
    /// Takes up a block, and of all changes those that lead to it.
    #[must_use]
    pub fn new(checkpoint: Checkpoint, changes: Vec<OrderProof>) -> Self {
        let changes = changes_up_to(changes, checkpoint.header.height);
        Self { checkpoint, changes }
    }

    /// Verifies it from the genesis: only then it is to be kept as trusted.
    ///
    /// # Rules
    ///
    /// As in [`Trust::follow`] (ROO-51 to ROO-61), [`Checkpoint::verify_under`] (ROO-35 to ROO-41, ROO-63), and:
    ///
    /// > CHK-03: a checkpoint and a genesis that are given together are of one network.
    pub fn verify(&self, genesis: &Genesis) -> Result<Trust, CheckpointInvalid> {
        self.is_of(genesis)?;
        let mut trust = Trust::of(genesis);
        trust.follow_all(&self.changes)?;
        Ok(self.checkpoint.verify_under(&trust)?)
    }

    /// What its reader trusts who has verified it before. Its parts are compared with each other, and with the
    /// genesis if there is one; where the changes lead is not looked at again.
    pub fn trusted(&self, genesis: Option<&Genesis>) -> Result<Trust, CheckpointInvalid> {
        genesis.map_or(Ok(()), |genesis| self.is_of(genesis))?;
        Ok(self.checkpoint.trusted()?)
    }

    fn is_of(&self, genesis: &Genesis) -> Result<(), CheckpointInvalid> {
        let (expected, found) = (genesis.network(), self.checkpoint.header.network);
        if expected == found { Ok(()) } else { Err(CheckpointInvalid::Foreign { expected, found }) }
    }

    /// Writes the file form; a checkpoint that does not verify has none.
    pub fn to_json(&self, genesis: &Genesis) -> Result<String, CheckpointInvalid> {
        self.verify(genesis)?;
        Ok(readable::print(&CheckpointFile::of(&self.checkpoint, hex::encode(&encode(self)))))
    }

    /// Reads the file form; nothing is proven by that.
    ///
    /// # Rules
    ///
    /// > CHK-01: a checkpoint file is JSON with exactly the members of its schema, within its limit, its bytes in lower-case hex.
    /// > CHK-02: every readable member of a checkpoint file is what its bytes say.
    pub fn from_json(text: &str) -> Result<Self, CheckpointInvalid> {
        let not_a_file = |reason| CheckpointInvalid::File { reason };
        let file: CheckpointFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
        if file.schema != SCHEMA {
            return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
        }
        let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
        let proven: Self = decode("checkpoint", &bytes, RECEIPT_BYTES_MAX)?;
        match readable::differing(&file, &CheckpointFile::of(&proven.checkpoint, file.bytes.clone())) {
            Some(member) => Err(CheckpointInvalid::Readable { member }),
            None => Ok(proven),
        }
    }
}

#[cfg(test)]
mod tests;
