//! Virtual time: what is to happen, in its order.

use std::collections::BTreeMap;
use std::time::Duration;

/// Events by their time; those of one time in the order in which they were put in.
#[derive(Debug)]
pub struct Queue<E> {
    now: Duration,
    put: u64,
    due: BTreeMap<(Duration, u64), E>,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { now: Duration::ZERO, put: 0, due: BTreeMap::new() }
    }
}

impl<E> Queue<E> {
    /// The time of the event that was taken last.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Puts an event in, to happen after a time.
    pub fn after(&mut self, time: Duration, event: E) {
        self.put = self.put.saturating_add(1);
        self.due.insert((self.now.saturating_add(time), self.put), event);
    }

    /// Takes the next event.
    pub fn take(&mut self) -> Option<E> {
        let ((when, _), event) = self.due.pop_first()?;
        self.now = when;
        Some(event)
    }

    /// Events that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}
