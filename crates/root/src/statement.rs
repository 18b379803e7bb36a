//! What the endorsers of a channel sign: the statements behind an anchor, a rotation and a close.
//!
//! All name the network, the tag and the generation, so that no signature counts anywhere else.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::SigningKey;
use parclose_types::{
    ChannelCommitment, Digest, Generation, Height, NetworkId, Sequence, Tag, enc, encode, labels,
};

use crate::anchor::Anchor;
use crate::certificate::{Certificate, Endorsement};
use crate::keys::GenerationKeys;
use crate::rotate::Rotate;

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
