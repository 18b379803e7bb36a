//! What the task knows of one node of the address book.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use libp2p::Multiaddr;
use tokio::time::Instant;

use super::pace::Pace;
use super::shared::{Line, Place};
use super::wire::Nonce;

/// Numbers given to one node that it has not used yet.
const NONCES_MAX: usize = 64;
/// Bytes that one node may send in a second, on the average and at once.
const BYTES_PER_SECOND: u64 = 32 << 20;
/// Requests that one node may make in a second, on the average and at once.
const ASKS_PER_SECOND: u64 = 4096;
/// The first and the longest pause before a node is called again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How long a refused proof is not tried again.
const PROOF_PAUSE: Duration = Duration::from_secs(1);

/// How far a proof of this node's is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attempt {
    /// it is on its way
    Asked,
    /// it was made, and holds as long as the connection
    Done,
    /// it was refused or lost
    Again(Instant),
}

/// Frames on one line, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) frames: VecDeque<Vec<u8>>,
    /// bytes of the frame that has been sent and is not answered
    pub(super) under_way: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) addresses: Vec<Multiaddr>,
    pub(super) connections: usize,
    pub(super) is_blocked: bool,
    pub(super) call_at: Instant,
    pause: Duration,
    pub(super) attempts: BTreeMap<Place, Attempt>,
    /// lines over which its frames are taken
    pub(super) proven: BTreeSet<Line>,
    pub(super) queues: BTreeMap<Line, Queue>,
    given: VecDeque<Nonce>,
    share: (Instant, u64, u64),
    /// how fast it is sent to
    pub(super) pace: Pace,
    /// lines whose next frame waits for its time
    pub(super) paced: BTreeSet<Line>,
    /// when there is time for one
    pub(super) paced_until: Instant,
}

impl Peer {
    pub(super) fn new(name: String, addresses: Vec<Multiaddr>) -> Self {
        let now = Instant::now();
        Self {
            name,
            addresses,
            connections: 0,
            is_blocked: false,
            call_at: now,
            pause: PAUSES.0,
            attempts: BTreeMap::new(),
            proven: BTreeSet::new(),
            queues: BTreeMap::new(),
            given: VecDeque::new(),
            share: (now, 0, 0),
            pace: Pace::from(now),
            paced: BTreeSet::new(),
            paced_until: now,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.connections > 0 && !self.is_blocked
    }

    /// It did not answer: it is called again, each time later.
    pub(super) fn call_later(&mut self) {
        self.call_at = after(self.pause);
        self.pause = self.pause.saturating_mul(2).min(PAUSES.1);
    }

    pub(super) fn called(&mut self) {
        self.pause = PAUSES.0;
    }

    pub(super) fn prove_later(&mut self, place: Place) {
        self.attempts.insert(place, Attempt::Again(after(PROOF_PAUSE)));
    }

    /// Whether a proof is due for a place.
    pub(super) fn wants_proof(&self, place: &Place) -> bool {
        match self.attempts.get(place) {
            None => true,
            Some(Attempt::Again(at)) => *at <= Instant::now(),
            Some(Attempt::Asked | Attempt::Done) => false,
        }
    }

    /// Remembers a number that was given to it.
    pub(super) fn give(&mut self, nonce: Nonce) {
        if self.given.len() >= NONCES_MAX {
            self.given.pop_front();
        }
        self.given.push_back(nonce);
    }

    /// Whether a number was given to it and not used; it is used now.
    ///
    /// # Rules
    ///
    /// > NET-04: a number proves one thing once, on the connection on which it was given.
    pub(super) fn uses(&mut self, nonce: &Nonce) -> bool {
        let at = self.given.iter().position(|given| given == nonce);
        at.and_then(|at| self.given.remove(at)).is_some()
    }

    /// The connection is gone, and everything with it that was proven on it. Gives the bytes that waited.
    pub(super) fn forget(&mut self) -> usize {
        self.attempts.clear();
        self.proven.clear();
        self.given.clear();
        self.paced.clear();
        let queues = std::mem::take(&mut self.queues);
        queues.into_values().map(|queue| queue.bytes()).sum()
    }

    /// Whether one more request is within its share.
    ///
    /// # Rules
    ///
    /// > NET-05: one node is heard for at most 32 MiB and 4096 requests a second; beyond that its requests are not answered.
    pub(super) fn may_ask(&mut self, bytes: usize) -> bool {
        let now = Instant::now();
        if now.duration_since(self.share.0) >= Duration::from_secs(1) {
            self.share = (now, 0, 0);
        }
        self.share.1 = self.share.1.saturating_add(1);
        self.share.2 = self.share.2.saturating_add(bytes as u64);
        self.share.1 <= ASKS_PER_SECOND && self.share.2 <= BYTES_PER_SECOND
    }
}

/// A time from now; now, if there is no such time.
fn after(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now)
}

impl Queue {
    pub(super) fn bytes(&self) -> usize {
        self.frames.iter().map(Vec::len).sum::<usize>().saturating_add(self.under_way.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_04_a_number_is_used_once_and_not_after_the_connection() {
        let mut peer = Peer::new("a".into(), Vec::new());
        assert!(!peer.uses(&[1; 32]), "it was never given");
        peer.give([1; 32]);
        assert!(peer.uses(&[1; 32]));
        assert!(!peer.uses(&[1; 32]));
        peer.give([2; 32]);
        peer.forget();
        assert!(!peer.uses(&[2; 32]));
        (0..=NONCES_MAX).for_each(|at| peer.give([u8::try_from(at).unwrap(); 32]));
        assert!(!peer.uses(&[0; 32]), "the oldest make room");
        assert!(peer.uses(&[1; 32]));
    }

    #[test]
    fn net_05_a_node_has_its_share_and_no_more() {
        let mut peer = Peer::new("a".into(), Vec::new());
        let quarter = usize::try_from(BYTES_PER_SECOND / 4).unwrap();
        assert!((0..4).all(|_| peer.may_ask(quarter)));
        assert!(!peer.may_ask(1), "too many bytes");
        let mut peer = Peer::new("b".into(), Vec::new());
        assert!((0..ASKS_PER_SECOND).all(|_| peer.may_ask(0)));
        assert!(!peer.may_ask(0), "too many requests");
        peer.share.0 -= Duration::from_secs(2);
        assert!(peer.may_ask(1), "the next second is another");
    }
}
