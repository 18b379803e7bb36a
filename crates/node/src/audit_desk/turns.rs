//! Whose turn it is: one export of a channel at a time, and of a grant one in each pause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use parclose_types::{Tag, TransactionDigest};

use super::DeskRefused;

/// Only grants that stand come here, so it holds no more than there are.
#[derive(Debug)]
pub(super) struct Turns {
    pause: Duration,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    /// channels of which an export is made or sent
    channels: BTreeSet<Tag>,
    /// when an export for a grant was begun last
    begun: BTreeMap<TransactionDigest, Instant>,
}

/// A channel's turn: it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    tag: Tag,
    taken: Arc<Mutex<Taken>>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a pause between answers changes no state that members agree on"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

impl Turns {
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, taken: Arc::default() }
    }

    /// A try counts, whatever becomes of it: it is work all the same.
    pub(super) fn take(&self, tag: Tag, grant: TransactionDigest, now: Instant) -> Result<Turn, DeskRefused> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = taken.begun.get(&grant) {
            let left = self.pause.saturating_sub(now.saturating_duration_since(*begun));
            if !left.is_zero() {
                return Err(DeskRefused::TooSoon { seconds: left.as_secs().saturating_add(1) });
            }
        }
        if !taken.channels.insert(tag) {
            return Err(DeskRefused::NotNow);
        }
        taken.begun.insert(grant, now);
        Ok(Turn { tag, taken: self.taken.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).channels.remove(&self.tag);
    }
}
