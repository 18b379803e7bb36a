//! What the endorsers of a channel sign: the statements behind an anchor, a rotation and a close, behind what
//! a channel says of a deal, and behind a claim.
//!
//! All name the network, the tag and the generation, so that no signature counts anywhere else.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::SigningKey;
use parclose_types::{
    ChannelCommitment, DealId, Digest, Generation, Height, NetworkId, Sequence, SignatureBytes, Tag, enc,
    encode, labels,
};

use crate::anchor::Anchor;
use crate::certificate::{Certificate, Endorsement};
use crate::claim::{ClaimTag, ReleaseTag};
use crate::keys::GenerationKeys;
use crate::prepare::{Prepare, Refuse};
use crate::rotate::Rotate;
use crate::transaction::RootTransaction;

/// What an endorser signs of a batch (R3). It must have stored the batch durably, and have executed the
/// log up to `attested` with the state root that the commitment covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// the consortium's network
    pub network: NetworkId,
    /// the channel
    pub tag: Tag,
    /// the generation whose keys sign
    pub generation: Generation,
    /// commitment to the batch and to the state after `attested`
    pub commitment: ChannelCommitment,
    /// sequence of the event whose state after it the commitment covers
    pub attested: Sequence,
    /// last root height at which the anchor may be ordered
    pub last_height: Height,
}

impl Statement {
    /// The signed bytes: `enc(ENDORSE, network, tag, generation, commitment, attested, last height)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        enc(
            labels::ENDORSE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                self.commitment.as_ref(),
                &self.attested.0.to_be_bytes(),
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// Signs.
    #[must_use]
    pub fn endorse(&self, key: &SigningKey) -> Endorsement {
        (key.public(), key.sign(&self.signing_bytes()))
    }

    /// The anchor that this statement becomes with its certificate.
    #[must_use]
    pub fn anchor(&self, certificate: Certificate) -> Anchor {
        Anchor {
            tag: self.tag,
            generation: self.generation,
            commitment: self.commitment,
            attested: self.attested,
            last_height: self.last_height,
            certificate,
        }
    }
}

/// What an endorser of the current or the next generation signs to hand the tag on (R17). It must have
/// executed the log up to `executed`, and found the decision that the commitment covers in its state.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RotateStatement {
    /// the consortium's network
    pub network: NetworkId,
    /// the channel
    pub tag: Tag,
    /// the generation that ends
    pub generation: Generation,
    /// who endorses next
    pub next: GenerationKeys,
    /// hiding commitment to the channel's record of what was decided
    pub commitment: Digest,
    /// sequence of an event after which the decision stands in the state
    pub executed: Sequence,
    /// last root height at which the rotation may be ordered
    pub last_height: Height,
}

impl RotateStatement {
    /// The signed bytes: `enc(ROTATE, network, tag, generation, borsh(next keys), commitment, executed, last height)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        enc(
            labels::ROTATE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                &encode(&self.next),
                self.commitment.as_ref(),
                &self.executed.0.to_be_bytes(),
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// The rotation that this statement becomes with both certificates.
    #[must_use]
    pub fn rotate(self, certificate: Certificate, next_certificate: Certificate) -> Rotate {
        Rotate {
            tag: self.tag,
            generation: self.generation,
            next: self.next,
            commitment: self.commitment,
            executed: self.executed,
            last_height: self.last_height,
            certificate,
            next_certificate,
        }
    }
}

/// What an endorser signs to close a channel (R28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CloseStatement {
    /// the consortium's network
    pub network: NetworkId,
    /// the channel
    pub tag: Tag,
    /// the generation whose keys sign
    pub generation: Generation,
    /// the last event of its log
    pub last_sequence: Sequence,
    /// last root height at which the close may be ordered
    pub last_height: Height,
}

impl CloseStatement {
    /// The signed bytes: `enc(CLOSE, network, tag, generation, last sequence, last height)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        enc(
            labels::CLOSE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                &self.last_sequence.0.to_be_bytes(),
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// Signs.
    #[must_use]
    pub fn endorse(&self, key: &SigningKey) -> Endorsement {
        (key.public(), key.sign(&self.signing_bytes()))
    }
}

/// What an endorser signs of a leg that is ready (R20). It must have executed the log up to `lock`, and found
/// there a lock for this deal and leg with this outcome commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PrepareStatement {
    /// the consortium's network
    pub network: NetworkId,
    /// the leg's channel
    pub tag: Tag,
    /// the generation whose keys sign
    pub generation: Generation,
    /// the deal
    pub deal: DealId,
    /// index of the leg in the deal
    pub leg: u8,
    /// blinded commitment to both outcomes, which the lock has fixed
    pub outcome: [u8; 32],
    /// sequence of the event that executed the lock
    pub lock: Sequence,
    /// last root height at which the prepare may be ordered
    pub last_height: Height,
}

impl PrepareStatement {
    /// The signed bytes: `enc(PREPARE, network, tag, generation, deal, leg, outcome, lock, last height)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        enc(
            labels::PREPARE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                self.deal.as_ref(),
                &[self.leg],
                &self.outcome,
                &self.lock.0.to_be_bytes(),
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// What the leg's approver signs: `enc(APPROVE_PREPARE, network, tag, deal, leg, outcome, lock)`. Neither
    /// generation nor last height: its word holds when the channel has to certify anew.
    #[must_use]
    pub fn approval_bytes(&self) -> Vec<u8> {
        enc(
            labels::APPROVE_PREPARE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                self.deal.as_ref(),
                &[self.leg],
                &self.outcome,
                &self.lock.0.to_be_bytes(),
            ],
        )
    }

    /// Signs.
    #[must_use]
    pub fn endorse(&self, key: &SigningKey) -> Endorsement {
        (key.public(), key.sign(&self.signing_bytes()))
    }

    /// Signs as the leg's approver.
    #[must_use]
    pub fn approve(&self, key: &SigningKey) -> SignatureBytes {
        key.sign(&self.approval_bytes())
    }

    /// The prepare that this statement becomes.
    #[must_use]
    pub fn prepare(&self, approval: Option<SignatureBytes>, certificate: Certificate) -> Prepare {
        let Self { tag, generation, deal, leg, outcome, lock, last_height, .. } = *self;
        Prepare { tag, generation, deal, leg, outcome, lock, last_height, approval, certificate }
    }
}

/// What an endorser signs of a leg that will not be ready (R24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RefuseStatement {
    /// the consortium's network
    pub network: NetworkId,
    /// the leg's channel
    pub tag: Tag,
    /// the generation whose keys sign
    pub generation: Generation,
    /// the deal
    pub deal: DealId,
    /// index of the leg in the deal
    pub leg: u8,
    /// last root height at which the refusal may be ordered
    pub last_height: Height,
}

impl RefuseStatement {
    /// The signed bytes: `enc(REFUSE, network, tag, generation, deal, leg, last height)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        enc(
            labels::REFUSE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                self.deal.as_ref(),
                &[self.leg],
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// What the leg's approver signs, so that the endorsers refuse: `enc(APPROVE_REFUSE, network, tag, deal, leg)`. It
    /// goes to them and not to the root chain; as an approval does, it holds when the channel has to certify anew.
    #[must_use]
    pub fn approval_bytes(&self) -> Vec<u8> {
        enc(
            labels::APPROVE_REFUSE,
            &[self.network.as_ref(), self.tag.as_ref(), self.deal.as_ref(), &[self.leg]],
        )
    }

    /// Signs.
    #[must_use]
    pub fn endorse(&self, key: &SigningKey) -> Endorsement {
        (key.public(), key.sign(&self.signing_bytes()))
    }

    /// The refusal that this statement becomes.
    #[must_use]
    pub fn refuse(&self, certificate: Certificate) -> Refuse {
        let Self { tag, generation, deal, leg, last_height, .. } = *self;
        Refuse { tag, generation, deal, leg, last_height, certificate }
    }
}

/// Whether 32 bytes are taken or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ClaimAct {
    /// taken
    Claim,
    /// given back
    Release,
}

/// What an endorser signs to take 32 bytes or to give them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClaimStatement {
    /// which of the two
    pub act: ClaimAct,
    /// the consortium's network
    pub network: NetworkId,
    /// the channel
    pub tag: Tag,
    /// the generation whose keys sign
    pub generation: Generation,
    /// what is taken or given back
    pub claim: [u8; 32],
    /// last root height at which this may be ordered
    pub last_height: Height,
}

impl ClaimStatement {
    /// The signed bytes: `enc(CLAIM_TAG or RELEASE_TAG, network, tag, generation, claim, last height)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        let label = match self.act {
            ClaimAct::Claim => labels::CLAIM_TAG,
            ClaimAct::Release => labels::RELEASE_TAG,
        };
        enc(
            label,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                &self.claim,
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// Signs.
    #[must_use]
    pub fn endorse(&self, key: &SigningKey) -> Endorsement {
        (key.public(), key.sign(&self.signing_bytes()))
    }

    /// What this statement becomes.
    #[must_use]
    pub fn certified(&self, certificate: Certificate) -> RootTransaction {
        let Self { tag, generation, claim, last_height, .. } = *self;
        match self.act {
            ClaimAct::Claim => {
                RootTransaction::ClaimTag(ClaimTag { tag, generation, claim, last_height, certificate })
            }
            ClaimAct::Release => {
                RootTransaction::ReleaseTag(ReleaseTag { tag, generation, claim, last_height, certificate })
            }
        }
    }
}
