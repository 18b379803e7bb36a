//! What the endorsers of a channel sign: the statement behind an anchor, and the one behind a close.
//!
//! Both name the network, the tag and the generation, so that no signature counts anywhere else.

use parclose_crypto::SigningKey;
use parclose_types::labels;
use parclose_types::{ChannelCommitment, Generation, Height, NetworkId, Sequence, Tag, enc};

use crate::anchor::Anchor;
use crate::certificate::{Certificate, Endorsement};

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

/// What an endorser signs to close a channel (R28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseStatement {
    /// the consortium's network
    pub network: NetworkId,
    /// the channel
    pub tag: Tag,
    /// the generation whose keys sign
    pub generation: Generation,
    /// the last event that counts; anchors after it are void
    pub last_sequence: Sequence,
}

impl CloseStatement {
    /// The signed bytes: `enc(CLOSE, network, tag, generation, last sequence)`.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        enc(
            labels::CLOSE,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.generation.0.to_be_bytes(),
                &self.last_sequence.0.to_be_bytes(),
            ],
        )
    }

    /// Signs.
    #[must_use]
    pub fn endorse(&self, key: &SigningKey) -> Endorsement {
        (key.public(), key.sign(&self.signing_bytes()))
    }
}
