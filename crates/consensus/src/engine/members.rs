//! The validators of a height, as the engine counts their votes.

use std::sync::Arc;

use parclose_root::ValidatorSet;
use parclose_types::PublicKey;

use super::context::RootContext;

/// A validator, by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(pub(crate) PublicKey);

impl malachite_core::Address for Address {}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A validator with its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    address: Address,
    power: u64,
}

impl malachite_core::Validator<RootContext> for Member {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.address.0
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// The validators of a height, ascending by key; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Members {
    first: Member,
    all: Arc<[Member]>,
}

impl Members {
    /// `None` for a set without validators, which no genesis has.
    pub(crate) fn of(set: &ValidatorSet) -> Option<Self> {
        let member = |v: &parclose_root::Validator| Member { address: Address(v.key), power: v.power };
        let all: Arc<[Member]> = set.validators().iter().map(member).collect();
        Some(Self { first: *all.first()?, all })
    }

    /// The one whose turn it is when everybody has one turn after the other.
    pub(crate) fn at_turn(&self, turn: u64) -> &Member {
        let index = turn.checked_rem(self.all.len() as u64).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.all.get(index)).unwrap_or(&self.first)
    }
}

impl malachite_core::ValidatorSet<RootContext> for Members {
    fn count(&self) -> usize {
        self.all.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.all.iter().fold(0, |sum, member| sum.saturating_add(member.power))
    }

    fn get_by_address(&self, address: &Address) -> Option<&Member> {
        let index = self.all.binary_search_by(|member| member.address.cmp(address)).ok()?;
        self.all.get(index)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.all.get(index)
    }
}
