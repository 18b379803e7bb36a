//! What the callers of a network and its task have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libp2p::PeerId;
use parclose_types::{PublicKey, Tag};

use crate::network::Credentials;
use crate::transport::Inbox;

/// Bytes that wait for one node at most: who is slow holds up nobody else.
pub(super) const QUEUED_BYTES_MAX: usize = 16 << 20;

/// A member's place in a channel.
pub(super) type Place = (Tag, PublicKey);

pub(super) struct Seat {
    pub(super) credentials: Credentials,
    pub(super) inbox: Arc<dyn Inbox>,
}

/// Where a frame goes: channel, from, to.
pub(super) type Line = (Tag, PublicKey, PublicKey);

#[derive(Default)]
pub(super) struct State {
    pub(super) seats: BTreeMap<Place, Seat>,
    /// lines over which frames can go now, each with the node at its other end
    pub(super) routes: BTreeMap<Line, PeerId>,
    /// bytes that wait for each node
    pub(super) queued: BTreeMap<PeerId, usize>,
    /// names of the nodes that are connected
    pub(super) connected: BTreeSet<String>,
}

/// How often what happened.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) frames_in: AtomicU64,
    pub(super) frames_out: AtomicU64,
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) unproven: AtomicU64,
    pub(super) strangers: AtomicU64,
    pub(super) throttled: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Ordering::Relaxed);
    }
}

/// How often what happened, since the node started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// frames that arrived
    pub frames_in: u64,
    /// frames that were taken by their receivers
    pub frames_out: u64,
    /// bytes of frames that arrived
    pub bytes_in: u64,
    /// bytes of frames that were taken by their receivers
    pub bytes_out: u64,
    /// frames that found no room or no way
    pub dropped: u64,
    /// proofs and frames that were refused
    pub unproven: u64,
    /// connections of nodes that are not in the address book
    pub strangers: u64,
    /// requests beyond a node's share
    pub throttled: u64,
}

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) counters: Counters,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node at the other end of a line, with room for so many bytes.
    ///
    /// # Rules
    ///
    /// > NET-03: at most 16 MiB wait for one node; what finds no room or no proven way is not sent, and its sender is told.
    pub(super) fn reserve(&self, line: &Line, bytes: usize) -> Option<PeerId> {
        let mut state = self.state();
        let peer = *state.routes.get(line)?;
        let queued = state.queued.entry(peer).or_default();
        let after = queued.saturating_add(bytes);
        if after > QUEUED_BYTES_MAX {
            return None;
        }
        *queued = after;
        Some(peer)
    }

    pub(super) fn release(&self, peer: &PeerId, bytes: usize) {
        if let Some(queued) = self.state().queued.get_mut(peer) {
            *queued = queued.saturating_sub(bytes);
        }
    }

    pub(super) fn traffic(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Traffic {
            frames_in: read(&counters.frames_in),
            frames_out: read(&counters.frames_out),
            bytes_in: read(&counters.bytes_in),
            bytes_out: read(&counters.bytes_out),
            dropped: read(&counters.dropped),
            unproven: read(&counters.unproven),
            strangers: read(&counters.strangers),
            throttled: read(&counters.throttled),
        }
    }
}
