//! The seam to the network that carries root transactions between nodes.

/// How a transaction travels: to one validator that takes it in, and from there to all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// from its submitter to a validator
    HandedIn,
    /// from that validator to the others
    Spread,
}

/// Carries root transactions. What is lost is handed in again.
pub trait RootRelay: Send + Sync {
    /// Hands a transaction to one other validator, chosen at random among those that can be reached, so
    /// that whoever watches a validator's connections does not learn who submits what (R40). `false` if none
    /// can be reached.
    fn hand_in(&self, transaction: &[u8]) -> bool;

    /// Passes a transaction on to all other validators that can be reached.
    fn spread(&self, transaction: &[u8]);
}

/// What a validator says to a transaction that it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootAnswer {
    /// it waits for its block
    Taken,
    /// it waits already
    Known,
    /// no room now
    Full,
    /// it cannot be ordered
    Refused {
        /// the broken rule
        rule: &'static str,
    },
}

/// For a validator that has no others.
#[derive(Clone, Copy, Debug)]
pub struct NoRelay;

impl RootRelay for NoRelay {
    fn hand_in(&self, _: &[u8]) -> bool {
        false
    }

    fn spread(&self, _: &[u8]) {}
}
