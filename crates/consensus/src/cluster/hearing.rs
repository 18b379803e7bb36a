//! Whether this node hears what the others publish, or only fetches what they have decided.
//!
//! Two engines tell each other what they want to hear once, on the first connection of those that they have at a time. A node
//! that comes back before the others have noticed that it was gone, because no packet has told them, meets them on a second
//! one and is told nothing: it fetches every height, and its votes reach nobody. Once the others have given the dead
//! connection up, a meeting that begins anew mends it.

use std::time::Duration;

use tokio::time::Instant;

/// How long nothing is heard before it is called anew.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many heights were fetched meanwhile: a chain that stands has nobody who proposes.
const FETCHED_MIN: u32 = 3;

/// What was heard, and what was fetched since.
#[derive(Debug)]
pub(super) struct Hearing {
    since: Instant,
    fetched: u32,
}

impl Hearing {
    pub(super) fn from(now: Instant) -> Self {
        Self { since: now, fetched: 0 }
    }

    /// A part of a proposal has come.
    pub(super) fn heard(&mut self, now: Instant) {
        *self = Self::from(now);
    }

    /// A height was fetched, as one that is decided.
    pub(super) fn fetched(&mut self) {
        self.fetched = self.fetched.saturating_add(1);
    }

    /// Whether the others are to be called anew. It is asked for once in that time.
    ///
    /// # Rules
    ///
    /// > CON-27: a node that in half a minute has fetched three heights and heard no proposal hangs up on the other engines and calls them anew.
    pub(super) fn is_deaf(&mut self, now: Instant) -> bool {
        let is_deaf = self.fetched >= FETCHED_MIN && now.duration_since(self.since) >= PATIENCE;
        if is_deaf {
            *self = Self::from(now);
        }
        is_deaf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_27_who_fetches_and_hears_nothing_calls_anew() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut hearing = Hearing::from(begun);
        (0..2).for_each(|_| hearing.fetched());
        assert!(!hearing.is_deaf(after(60)), "the chain may stand");
        hearing.fetched();
        assert!(!hearing.is_deaf(after(29)), "a proposal may be late");
        assert!(hearing.is_deaf(after(30)));
        (0..3).for_each(|_| hearing.fetched());
        assert!(!hearing.is_deaf(after(59)), "they are called once in that time");
        hearing.heard(after(59));
        (0..3).for_each(|_| hearing.fetched());
        assert!(!hearing.is_deaf(after(88)), "something was heard");
        assert!(hearing.is_deaf(after(89)));
    }
}
