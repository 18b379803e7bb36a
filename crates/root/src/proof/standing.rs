//! Proofs of how a deal stands, and of who holds a claim: also that it is not there.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::state_tree::{Change, StateProof};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{DealId, Height, Malformed, NetworkId, Tag, decode, encode};

use super::ProofInvalid;
use crate::claim;
use crate::commit::CommitCertificate;
use crate::deal::{Deal, DealOutcome};
use crate::deals::{self, DEAL_KEPT, DealState};
use crate::header::Header;
use crate::trust::Trust;

/// A leaf of the state tree, present or absent, under a header that the validators have signed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Standing {
    /// path from the leaf to the header's state root
    pub proof: StateProof,
    /// header of the block
    pub header: Header,
    /// the validators' signatures under it
    pub certificate: CommitCertificate,
}

impl Standing {
    /// The height of a header that is certified, and whether the leaf is in its state root.
    fn verify_under(&self, trust: &Trust, (key, value): &Change) -> Result<(Height, bool), ProofInvalid> {
        trust.committed(&self.header, &self.certificate)?;
        let proven = self.proof.verify(&self.header.state_root, key, value.as_ref());
        Ok((self.header.height, proven.is_ok()))
    }
}

/// Proof of how a deal stands after a block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DealProof {
    /// the deal
    pub deal: DealId,
    /// its state; `None` if it was never opened, or is forgotten
    pub state: Option<DealState>,
    /// where that stands
    pub standing: Standing,
}

/// How a deal stands, verified. Only [`DealProof::verify_under`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedDeal {
    network: NetworkId,
    height: Height,
    deal: DealId,
    state: Option<DealState>,
}

impl DealProof {
    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("deal proof", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Verifies every step from the validators to the deal's state, offline.
    ///
    /// # Rules
    ///
    /// As in [`Trust`] (ROO-39 to ROO-41, ROO-62), in [`CommitCertificate::verify`] (ROO-35 to ROO-38), and:
    ///
    /// > ROO-88: the deal's state, or that there is none, is what stands in the header's state root.
    pub fn verify_under(&self, trust: &Trust) -> Result<VerifiedDeal, ProofInvalid> {
        let leaf = deals::leaf(&self.deal, self.state.as_ref());
        let (height, holds) = self.standing.verify_under(trust, &leaf)?;
        if !holds {
            return Err(ProofInvalid::OtherStanding { height });
        }
        Ok(VerifiedDeal { network: *trust.network(), height, deal: self.deal, state: self.state.clone() })
    }
}

impl VerifiedDeal {
    /// Height after whose block the state holds.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// The deal.
    #[must_use]
    pub fn deal(&self) -> &DealId {
        &self.deal
    }

    /// Its state; `None` if there was none at this height.
    #[must_use]
    pub fn state(&self) -> Option<&DealState> {
        self.state.as_ref()
    }

    /// Whether this shows that the deal is aborted, or was never opened and cannot be any more: in short, that
    /// no block of this network ever commits it. `false` says nothing.
    ///
    /// # Rules
    ///
    /// > ROO-90: a deal is shown never to be committed by its abort, or by its absence at a height from the last before its `allocate_before` up to 1023 after its `settle_before`.
    #[must_use]
    pub fn is_never_committed(&self, deal: &Deal) -> bool {
        if deal.check().is_err() || deal.id(&self.network) != self.deal {
            return false;
        }
        let next = Height(self.height.0.saturating_add(1));
        let forgotten = Height(deal.settle_before.0.saturating_add(DEAL_KEPT));
        match &self.state {
            Some(state) => state.outcome() == Some(DealOutcome::Abort),
            None => next >= deal.allocate_before && self.height < forgotten,
        }
    }
}

/// Proof of who holds a claim after a block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClaimProof {
    /// the claim
    pub claim: [u8; 32],
    /// who holds it; `None` if nobody does
    pub holder: Option<Tag>,
    /// where that stands
    pub standing: Standing,
}

/// Who holds a claim, verified. Only [`ClaimProof::verify_under`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedClaim {
    height: Height,
    claim: [u8; 32],
    holder: Option<Tag>,
}

impl ClaimProof {
    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("claim proof", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Verifies every step from the validators to the claim's holder, offline.
    ///
    /// # Rules
    ///
    /// As in [`DealProof::verify_under`] (ROO-35 to ROO-41, ROO-62), and:
    ///
    /// > ROO-89: the claim's holder, or that there is none, is what stands in the header's state root.
    pub fn verify_under(&self, trust: &Trust) -> Result<VerifiedClaim, ProofInvalid> {
        let leaf = claim::leaf(&self.claim, self.holder.as_ref());
        let (height, holds) = self.standing.verify_under(trust, &leaf)?;
        if !holds {
            return Err(ProofInvalid::OtherHolder { height });
        }
        Ok(VerifiedClaim { height, claim: self.claim, holder: self.holder })
    }
}

impl VerifiedClaim {
    /// Height after whose block this holds.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// The claim.
    #[must_use]
    pub fn claim(&self) -> &[u8; 32] {
        &self.claim
    }

    /// Who holds it.
    #[must_use]
    pub fn holder(&self) -> Option<&Tag> {
        self.holder.as_ref()
    }
}

#[cfg(test)]
mod tests;
