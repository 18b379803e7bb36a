//! What validators send each other, as the bytes that the engine's codec makes.

use bytes::Bytes;
use malachite_app::app::consensus::{Input, LivenessMsg};
use malachite_app::app::types::codec::Codec;
use malachite_app::app::types::streaming::StreamMessage;
use malachite_app::app::types::sync::{RawDecidedValue, Response};
use malachite_app::app::types::{PeerId, SignedConsensusMsg};
use malachite_core::{NilOrVal, ValueResponse};
use parclose_types::{Height, PublicKey, ValueHash};

use super::hands::Inner;
use crate::engine::{EngineCodec, EngineHeight, Part, RootContext, Step};

/// A message to all other validators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// a vote or a proposal
    Consensus(Bytes),
    /// a vote again, or a certificate
    Liveness(Bytes),
    /// a part of a block
    Part(Bytes),
}

/// For what somebody has signed, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// who
    pub validator: PublicKey,
    /// the height
    pub height: Height,
    /// the round
    pub round: u32,
    /// 0 a proposal, 1 a prevote, 2 a precommit
    pub step: u8,
    /// the value; `None` is a vote for none
    pub value: Option<ValueHash>,
}

impl Packet {
    /// What somebody has signed in it, if it is a vote or a proposal.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Consensus(bytes) => match EngineCodec.decode(bytes.clone()).ok()? {
                SignedConsensusMsg::Vote(vote) => Some(vote_place(&vote)),
                SignedConsensusMsg::Proposal(proposal) => Some(Place {
                    validator: proposal.message.address.0,
                    height: proposal.message.height.into(),
                    round: proposal.message.round.as_u32()?,
                    step: 0,
                    value: Some(proposal.message.value.0),
                }),
            },
            Self::Liveness(bytes) => match EngineCodec.decode(bytes.clone()).ok()? {
                LivenessMsg::<RootContext>::Vote(vote) => Some(vote_place(&vote)),
                _ => None,
            },
            Self::Part(_) => None,
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Consensus(bytes) | Self::Liveness(bytes) | Self::Part(bytes) => bytes,
        }
    }

    /// The same kind of message with other bytes.
    #[must_use]
    pub fn with(&self, bytes: Vec<u8>) -> Self {
        match self {
            Self::Consensus(_) => Self::Consensus(bytes.into()),
            Self::Liveness(_) => Self::Liveness(bytes.into()),
            Self::Part(_) => Self::Part(bytes.into()),
        }
    }

    /// What the engine makes of it; `None` if it does not decode.
    pub(super) fn inner(&self, from: &PublicKey) -> Option<Inner> {
        let input = match self {
            Self::Consensus(bytes) => match EngineCodec.decode(bytes.clone()).ok()? {
                SignedConsensusMsg::Vote(vote) => Input::Vote(vote),
                SignedConsensusMsg::Proposal(proposal) => Input::Proposal(proposal),
            },
            Self::Liveness(bytes) => match EngineCodec.decode(bytes.clone()).ok()? {
                LivenessMsg::Vote(vote) => Input::Vote(vote),
                LivenessMsg::PolkaCertificate(certificate) => Input::PolkaCertificate(certificate),
                LivenessMsg::SkipRoundCertificate(certificate) => Input::RoundCertificate(certificate),
            },
            Self::Part(bytes) => {
                let part: StreamMessage<Part> = EngineCodec.decode(bytes.clone()).ok()?;
                return Some(Inner::Part(peer_id(from)?, part));
            }
        };
        Some(Inner::Engine(Box::new(input)))
    }
}

fn vote_place(vote: &malachite_core::SignedVote<RootContext>) -> Place {
    Place {
        validator: vote.message.address.0,
        height: vote.message.height.into(),
        round: vote.message.round.as_u32().unwrap_or(u32::MAX),
        step: match vote.message.step {
            Step::Prevote => 1,
            Step::Precommit => 2,
        },
        value: match vote.message.value {
            NilOrVal::Val(value) => Some(value),
            NilOrVal::Nil => None,
        },
    }
}

/// By what the engine's network would know somebody: a multihash of the key, as if it were a SHA-256.
pub(super) fn peer_id(key: &PublicKey) -> Option<PeerId> {
    PeerId::from_bytes(&[&[0x12, 32][..], &key.0].concat()).ok()
}

/// One decided block of a reply.
pub(super) struct Fetched(RawDecidedValue<RootContext>);

impl Fetched {
    pub(super) fn height(&self) -> EngineHeight {
        self.0.certificate.height
    }

    pub(super) fn of(self, peer: PeerId) -> ValueResponse<RootContext> {
        ValueResponse::new(peer, self.0.value_bytes, self.0.certificate)
    }
}

/// The blocks of a reply; `None` if it does not decode.
pub(super) fn response(bytes: &[u8]) -> Option<Vec<Fetched>> {
    let Response::ValueResponse(response) = EngineCodec.decode(Bytes::copy_from_slice(bytes)).ok()?;
    Some(response.values.into_iter().map(Fetched).collect())
}
