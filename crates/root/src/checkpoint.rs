//! Checkpoints: a block that a verifier trusts from now on, with the validators in its state.
//!
//! Who has verified one from the genesis keeps it, and later begins there: what validators of before it
//! sign with keys that have leaked since then does not count any more. A checkpoint says which validators
//! sign the blocks after it, and how many changes lie before it; both are proven under its state root.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::state_tree::StateProof;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Malformed, decode, encode};

use crate::commit::CommitCertificate;
use crate::header::Header;
use crate::proof::ProofInvalid;
use crate::trust::Trust;
use crate::validators::Validators;

/// A block with the validators in the state after it, about which nothing has been checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Checkpoint {
    /// who votes after the block, and how many changes there were
    pub validators: Validators,
    /// path from them to the header's state root
    pub proof: StateProof,
    /// header of the block
    pub header: Header,
    /// the validators' signatures under it
    pub certificate: CommitCertificate,
}

impl Checkpoint {
    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("checkpoint", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// What a verifier trusts from this block on, given what it has trusted so far: this is how a checkpoint is
    /// made, and how a newer one takes the place of an older.
    pub fn verify_under(&self, trust: &Trust) -> Result<Trust, ProofInvalid> {
        trust.committed(&self.header, &self.certificate)?;
        self.in_state()?;
        Ok(Trust::after(&self.header, &self.validators))
    }

    /// What a verifier trusts that has verified this very checkpoint before. Only its parts are compared.
    ///
    /// # Rules
    ///
    /// As in [`CommitCertificate::verify`] (ROO-35 to ROO-38), ROO-40, ROO-41, and:
    ///
    /// > ROO-63: the validators of a checkpoint are those in its header's state root.
    pub fn trusted(&self) -> Result<Trust, ProofInvalid> {
        self.in_state()?;
        let trust = Trust::after(&self.header, &self.validators);
        trust.committed(&self.header, &self.certificate)?;
        Ok(trust)
    }

    fn in_state(&self) -> Result<(), ProofInvalid> {
        let (key, value) = self.validators.leaf();
        self.proof
            .verify(&self.header.state_root, &key, value.as_ref())
            .map_err(|_| ProofInvalid::OtherValidatorState { height: self.header.height })
    }
}

#[cfg(test)]
mod tests;
