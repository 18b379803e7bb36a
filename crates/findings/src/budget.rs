//! How long a suite may run, and from which seed.

use std::time::{Duration, Instant};

/// A suite runs at least once through what it must cover, and goes on from there until the time is used.
///
/// Time ends a run and decides nothing else: what a suite does at its `n`-th execution follows from the seed.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// seed of everything that a suite draws at random
    pub seed: u64,
    from: Instant,
    limit: Duration,
}

impl Budget {
    /// From now on, for so long.
    #[expect(clippy::disallowed_methods, reason = "ends a run of tests; decides nothing")]
    pub fn new(seed: u64, limit: Duration) -> Self {
        Self { seed, from: Instant::now(), limit }
    }

    /// Whether time is left.
    pub fn is_left(&self) -> bool {
        self.used() < self.limit
    }

    /// A part of the time, from now on, with the same seed.
    #[must_use]
    pub fn part(&self, of: u32) -> Self {
        Self::new(self.seed, self.limit.checked_div(of).unwrap_or_default())
    }

    /// The time that there is in all.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Time since the start.
    pub fn used(&self) -> Duration {
        self.from.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends() {
        assert!(Budget::new(1, Duration::from_secs(3600)).is_left());
        assert!(!Budget::new(1, Duration::ZERO).is_left());
    }
}
