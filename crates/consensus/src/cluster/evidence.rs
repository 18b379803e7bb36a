//! Validators that signed two things which exclude each other: proof that anybody can check.

use borsh::{BorshDeserialize, BorshSerialize};
use malachite_app::app::consensus::MisbehaviorEvidence;
use malachite_app::app::types::SignedConsensusMsg;
use malachite_app::app::types::codec::Codec;
use parclose_types::{Height, NetworkId, PublicKey, decode, encode};

use crate::engine::{EngineCodec, RootContext, conflict};

/// Two signed messages of one validator, in the engine's encoding.
const PAIR_BYTES_MAX: usize = 8 << 10;

/// Two messages of one validator for one height and round, both signed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Pair {
    first: Vec<u8>,
    second: Vec<u8>,
}

/// What a validator is convicted of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivocation {
    /// the height
    pub height: Height,
    /// the validator
    pub validator: PublicKey,
    pub(crate) pair: Pair,
}

impl Equivocation {
    /// Whether both messages are signed by the validator, for one height, round and step, and differ.
    ///
    /// # Rules
    ///
    /// > CON-16: evidence convicts a validator by two messages of one height, round and step, for different values, both with its signature.
    #[must_use]
    pub fn convicts(&self, network: &NetworkId) -> bool {
        let read = |bytes: &[u8]| EngineCodec.decode(bytes.to_vec().into()).ok();
        let (first, second): (Option<SignedConsensusMsg<RootContext>>, _) =
            (read(&self.pair.first), read(&self.pair.second));
        let (Some(first), Some(second)) = (first, second) else { return false };
        conflict(network, &self.validator, self.height, &first, &second)
    }

    /// The evidence as bytes, for a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&(self.height, self.validator, &self.pair))
    }

    /// Reads such bytes; nothing about them is checked but their form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, parclose_types::Malformed> {
        let (height, validator, pair) = decode("evidence", bytes, PAIR_BYTES_MAX)?;
        Ok(Self { height, validator, pair })
    }
}

/// The first pair of each validator that the engine has found out.
pub(crate) fn pairs(evidence: &MisbehaviorEvidence<RootContext>) -> Vec<(PublicKey, Pair)> {
    let written = |message: SignedConsensusMsg<RootContext>| {
        Codec::<SignedConsensusMsg<RootContext>>::encode(&EngineCodec, &message).map(|bytes| bytes.to_vec())
    };
    let mut found = Vec::new();
    for (address, pairs) in evidence.votes.iter() {
        if let Some((first, second)) = pairs.first() {
            let (first, second) = (
                written(SignedConsensusMsg::Vote(first.clone())),
                written(SignedConsensusMsg::Vote(second.clone())),
            );
            if let (Ok(first), Ok(second)) = (first, second) {
                found.push((address.0, Pair { first, second }));
            }
        }
    }
    for (address, pairs) in evidence.proposals.iter() {
        if let Some((first, second)) = pairs.first() {
            let (first, second) = (
                written(SignedConsensusMsg::Proposal(first.clone())),
                written(SignedConsensusMsg::Proposal(second.clone())),
            );
            if let (Ok(first), Ok(second)) = (first, second) {
                found.push((address.0, Pair { first, second }));
            }
        }
    }
    found
}
