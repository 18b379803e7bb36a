//! How long a validator waits. Timers pace, heights decide: no outcome depends on them (R33).

use std::time::Duration;

use malachite_core::LinearTimeouts;

/// Waiting times of a validator; all validators should have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// for a proposal, before the round is given up
    pub propose: Duration,
    /// for the votes of the others, after more than two thirds disagree
    pub vote: Duration,
    /// what each further round of a height adds to both
    pub round: Duration,
    /// until an empty block is made
    pub heartbeat: Duration,
    /// for peers, before the first height is begun
    pub gather: Duration,
}

impl Default for Timing {
    /// For validators in one data centre, or on one machine.
    fn default() -> Self {
        Self {
            propose: Duration::from_millis(500),
            vote: Duration::from_millis(200),
            round: Duration::from_millis(200),
            heartbeat: Duration::from_secs(2),
            gather: Duration::from_millis(700),
        }
    }
}

impl Timing {
    pub(crate) fn timeouts(&self) -> LinearTimeouts {
        LinearTimeouts {
            propose: self.propose,
            propose_delta: self.round,
            prevote: self.vote,
            prevote_delta: self.round,
            precommit: self.vote,
            precommit_delta: self.round,
            rebroadcast: Duration::from_secs(1),
            max_timeout: Duration::from_secs(10),
        }
    }
}
