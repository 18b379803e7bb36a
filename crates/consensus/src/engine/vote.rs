//! Votes, and the bytes that a validator signs under each.

use malachite_core::{NilOrVal, Round, SignedExtension, VoteType};
use parclose_root::precommit_bytes;
use parclose_types::{NetworkId, ValueHash, enc, labels};

use super::context::RootContext;
use super::height::EngineHeight;
use super::members::Address;

/// Which of the two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// the first
    Prevote,
    /// the second: more than two thirds of them for a value make it final
    Precommit,
}

/// A validator's vote for a value, or for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) step: Step,
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<ValueHash>,
    pub(crate) address: Address,
}

impl Vote {
    /// What is signed. A precommit for a value has the bytes that certificates are verified over.
    ///
    /// # Rules
    ///
    /// > CON-09: a vote signs network, step, height, round, value or none, and its validator.
    pub(crate) fn signing_bytes(&self, network: &NetworkId) -> Vec<u8> {
        let round = self.round.as_u32().unwrap_or(u32::MAX);
        if let (Step::Precommit, NilOrVal::Val(value)) = (self.step, &self.value) {
            return precommit_bytes(network, self.height.into(), round, value, &self.address.0);
        }
        let step = match self.step {
            Step::Prevote => [0],
            Step::Precommit => [1],
        };
        let value: &[u8] = match &self.value {
            NilOrVal::Nil => &[],
            NilOrVal::Val(value) => value.as_ref(),
        };
        let (height, round) = (self.height.0.to_be_bytes(), round.to_be_bytes());
        enc(labels::VOTE, &[network.as_ref(), &step, &height, &round, value, self.address.0.as_ref()])
    }
}

impl malachite_core::Vote<RootContext> for Vote {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<ValueHash> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<ValueHash> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        match self.step {
            Step::Prevote => VoteType::Prevote,
            Step::Precommit => VoteType::Precommit,
        }
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }

    // Votes carry no extensions: the policy is "disabled" at every height.
    fn extension(&self) -> Option<&SignedExtension<RootContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<RootContext>> {
        None
    }

    fn extend(self, _: SignedExtension<RootContext>) -> Self {
        self
    }
}
