//! The engine's view of the root chain: which types it votes with, and whose turn it is.

use malachite_core::{Context, LinearTimeouts, NilOrVal, Round};
use parclose_types::ValueHash;

use super::height::EngineHeight;
use super::members::{Address, Member, Members};
use super::part::Part;
use super::proposal::Proposal;
use super::scheme::StrictEd25519;
use super::value::Value;
use super::vote::{Step, Vote};

/// The root chain as a consensus problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RootContext;

impl Context for RootContext {
    type Address = Address;
    type Height = EngineHeight;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = LinearTimeouts;
    type Value = Value;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = StrictEd25519;

    /// # Rules
    ///
    /// > CON-07: the proposer of height h and round r is the validator at index (h + r) modulo their number, in ascending order of their keys.
    fn select_proposer<'a>(&self, set: &'a Members, height: EngineHeight, round: Round) -> &'a Member {
        let turn = height.0.wrapping_add(u64::from(round.as_u32().unwrap_or_default()));
        set.at_turn(turn)
    }

    fn new_proposal(
        &self,
        height: EngineHeight,
        round: Round,
        value: Value,
        pol_round: Round,
        address: Address,
    ) -> Proposal {
        Proposal { height, round, value, pol_round, address }
    }

    fn new_prevote(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<ValueHash>,
        address: Address,
    ) -> Vote {
        Vote { step: Step::Prevote, height, round, value, address }
    }

    fn new_precommit(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<ValueHash>,
        address: Address,
    ) -> Vote {
        Vote { step: Step::Precommit, height, round, value, address }
    }
}
