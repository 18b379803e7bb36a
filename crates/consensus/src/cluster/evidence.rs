//! Validators that signed two things which exclude each other: proof that anybody can check.

use borsh::{BorshDeserialize, BorshSerialize};
use malachite_app::app::consensus::MisbehaviorEvidence;
use malachite_app::app::types::SignedConsensusMsg;
use malachite_app::app::types::codec::Codec;
use parclose_root::Trust;
use parclose_types::{Height, PublicKey};

use crate::engine::{EngineCodec, RootContext, Step, conflict};
use crate::evidence::EvidenceInvalid;

/// Two messages of one validator for one height and round, both signed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Pair {
    first: Vec<u8>,
    second: Vec<u8>,
}

/// What a validator is accused of; [`Self::convicts`] tells whether rightly.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Equivocation {
    /// the height
    pub height: Height,
    /// the validator
    pub validator: PublicKey,
    pub(crate) pair: Pair,
}

/// Where a validator has signed two messages. Only [`Equivocation::convicts`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offence {
    /// the validator
    pub validator: PublicKey,
    /// the height
    pub height: Height,
    /// the round
    pub round: u32,
    /// `proposal`, `prevote` or `precommit`
    pub step: &'static str,
}

impl Equivocation {
    /// Whether both messages are signed by a validator of the height, for one round and step, and differ.
    ///
    /// # Rules
    ///
    /// > CON-16: evidence convicts a validator by two messages of one height, round and step, for different values, both with its signature.
    /// > CON-21: evidence convicts only a key that is a validator of its height.
    pub fn convicts(&self, trust: &Trust) -> Result<Offence, EvidenceInvalid> {
        let (height, validator) = (self.height, self.validator);
        let known = height >= trust.begun() && trust.validators(height).power_of(&validator).is_some();
        if !known {
            return Err(EvidenceInvalid::Stranger { height, validator });
        }
        let read = |bytes: &[u8]| EngineCodec.decode(bytes.to_vec().into()).ok();
        let (first, second): (Option<SignedConsensusMsg<RootContext>>, _) =
            (read(&self.pair.first), read(&self.pair.second));
        let no_conflict = EvidenceInvalid::NoConflict { height, validator };
        let (Some(first), Some(second)) = (first, second) else { return Err(no_conflict) };
        if !conflict(trust.network(), &validator, height, &first, &second) {
            return Err(no_conflict);
        }
        let (round, step) = match &first {
            SignedConsensusMsg::Proposal(proposal) => (proposal.message.round, "proposal"),
            SignedConsensusMsg::Vote(vote) => match vote.message.step {
                Step::Prevote => (vote.message.round, "prevote"),
                Step::Precommit => (vote.message.round, "precommit"),
            },
        };
        Ok(Offence { validator, height, round: round.as_u32().unwrap_or_default(), step })
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
