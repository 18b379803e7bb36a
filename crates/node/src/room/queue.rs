//! Submissions of a room that have no verdict yet: bounded, so that who submits faster than the channel writes is
//! told at the door, and nothing that was taken in is given up for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Far more than fill the batch that is under way and the next ones.
const PLACES: usize = 1 << 14;

/// The places of a room.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue(Arc<AtomicUsize>);

/// The place of one submission, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Taken(Arc<AtomicUsize>);

impl Queue {
    /// # Rules
    ///
    /// > NOD-31: at most 16,384 submissions wait for their verdict in a room; one more is refused before anything is done for it.
    pub(super) fn enter(&self) -> Option<Taken> {
        let with = |taken: usize| (taken < PLACES).then_some(taken.saturating_add(1));
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, with).ok()?;
        Some(Taken(self.0.clone()))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nod_31_a_room_takes_in_so_many_submissions_and_more_once_some_are_answered() {
        let queue = Queue::default();
        let mut taken: Vec<_> = (0..PLACES).map(|_| queue.enter().unwrap()).collect();
        assert!(queue.enter().is_none(), "it is full");
        taken.pop();
        let last = queue.enter();
        assert!(last.is_some() && queue.enter().is_none());
        drop((taken, last));
        assert!(queue.enter().is_some());
    }
}
