//! What the proposer of a round proposes: a header's hash. The block follows in parts.

use malachite_core::Round;
use parclose_types::{NetworkId, enc, labels};

use super::context::RootContext;
use super::height::EngineHeight;
use super::members::Address;
use super::value::Value;

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: Value,
    /// the round in which more than two thirds prevoted the value already, if it is proposed again
    pub(crate) pol_round: Round,
    pub(crate) address: Address,
}

impl Proposal {
    /// What is signed.
    ///
    /// # Rules
    ///
    /// > CON-10: a proposal signs network, height, round, value, the round it was prevoted in before or none, and its proposer.
    pub(crate) fn signing_bytes(&self, network: &NetworkId) -> Vec<u8> {
        let round = self.round.as_u32().unwrap_or(u32::MAX).to_be_bytes();
        let before = self.pol_round.as_u32().map(u32::to_be_bytes);
        let before: &[u8] = before.as_ref().map_or(&[], |bytes| bytes);
        let height = self.height.0.to_be_bytes();
        let value = self.value.0;
        enc(
            labels::PROPOSAL,
            &[network.as_ref(), &height, &round, value.as_ref(), before, self.address.0.as_ref()],
        )
    }
}

impl malachite_core::Proposal<RootContext> for Proposal {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }
}
