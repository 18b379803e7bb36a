//! Which rooms have their stores open: a few, those that were used last.
//!
//! An open store costs memory and files whether anybody writes or not, and a member may have hundreds of
//! channels. When more rooms are awake than should be, those used longest ago are asked to rest; who has
//! something to do goes on, and rests when that is done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::RoomHandle;

/// Rooms that may be awake at a time, in the whole process.
pub const AWAKE_MAX: usize = 16;

/// The rooms that are awake.
#[derive(Clone, Debug)]
pub struct Awake {
    max: usize,
    rooms: Arc<Mutex<Used>>,
}

#[derive(Debug, Default)]
struct Used {
    /// counts uses
    now: u64,
    next: u64,
    /// when each was used last, and the way to it
    rooms: BTreeMap<u64, (u64, RoomHandle)>,
}

/// One room's place among them.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    of: Awake,
}

impl Awake {
    /// So many may be awake.
    #[must_use]
    pub fn at_most(max: usize) -> Self {
        Self { max: max.max(1), rooms: Arc::default() }
    }

    /// A room wakes; those used longest ago are asked whether they should rest.
    pub(super) fn wakes(&self, room: RoomHandle) -> Place {
        let mut used = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        (used.now, used.next) = (used.now + 1, used.next + 1);
        let (now, number) = (used.now, used.next);
        used.rooms.insert(number, (now, room));
        let mut by_use: Vec<(u64, RoomHandle)> = used.rooms.values().cloned().collect();
        drop(used);
        by_use.sort_by_key(|(last, _)| *last);
        for (_, room) in by_use.iter().take(by_use.len().saturating_sub(self.max)) {
            room.rest();
        }
        Place { number, of: self.clone() }
    }

    /// Rooms that are awake now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).rooms.len()
    }
}

impl Place {
    /// Whether more are awake than should be, and this one was used longest ago.
    ///
    /// # Rules
    ///
    /// > NOD-18: of more than so many open stores those used longest ago are closed as soon as nothing needs them.
    pub(super) fn should_rest(&self) -> bool {
        let used = self.of.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let over = used.rooms.len().saturating_sub(self.of.max);
        let Some((own, _)) = used.rooms.get(&self.number).filter(|_| over > 0) else { return false };
        used.rooms.values().filter(|(last, _)| last < own).count() < over
    }

    /// The room is used.
    pub(super) fn used(&self) {
        let mut used = self.of.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        used.now += 1;
        let now = used.now;
        if let Some((last, _)) = used.rooms.get_mut(&self.number) {
            *last = now;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.rooms.lock().unwrap_or_else(PoisonError::into_inner).rooms.remove(&self.number);
    }
}
