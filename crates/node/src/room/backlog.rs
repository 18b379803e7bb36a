//! Frames that a room has not looked at: bounded, so that who sends faster than it works fills no memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of frames that wait for one room: a few of the largest messages.
const BYTES_MAX: usize = 16 << 20;

/// How many bytes of frames wait for a room.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog(Arc<AtomicUsize>);

impl Backlog {
    /// Whether a frame finds room; it counts from now on if it does.
    ///
    /// # Rules
    ///
    /// > NOD-24: at most 16 MiB of frames wait for one room; what finds no room is dropped, and asked for again by whoever needs it.
    pub(super) fn takes(&self, bytes: usize) -> bool {
        let with = |waiting: usize| waiting.checked_add(bytes).filter(|all| *all <= BYTES_MAX);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, with).is_ok()
    }

    /// A frame is taken out.
    pub(super) fn is_done(&self, bytes: usize) {
        let without = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, without);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nod_24_frames_wait_up_to_a_bound_and_find_room_again() {
        let backlog = Backlog::default();
        let mebibyte = 1 << 20;
        assert!((0..16).all(|_| backlog.takes(mebibyte)));
        assert!(!backlog.takes(1), "it is full");
        assert!(!backlog.takes(usize::MAX));
        backlog.is_done(mebibyte);
        assert!(backlog.takes(mebibyte));
        assert!(!backlog.takes(1));
    }
}
