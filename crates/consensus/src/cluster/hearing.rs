//! Whether this node hears the validators that it is connected with, and what it does if it does not.
//!
//! The engine closes no connection because nobody answers on it: its pings are for measuring, and a system gives a connection up
//! after a quarter of an hour of sending in vain. Two engines tell each other once what they want to hear, on the first
//! connection of those that they have at a time. So a validator that goes without a word, for its machine loses its power or
//! its address, and is back before that, meets the others on a second connection and is told nothing: it fetches every height,
//! and its votes reach nobody. Those who do not hear it hang up on it: on every connection, the dead one too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use libp2p::multiaddr::Protocol;
use malachite_app::NetworkRequest;
use malachite_app::app::net::Multiaddr;
use parclose_types::PublicKey;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::engine::Heard;

/// How often this is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Nobody is hung up on for being silent for less.
const PATIENCE_MIN: Duration = Duration::from_secs(30);
/// So many heartbeats: each is a height, with a vote of everybody.
const HEARTBEATS: u32 = 3;
/// How often the pause doubles while nothing is heard: 16 minutes, by default.
const DOUBLINGS_MAX: u32 = 5;

/// A validator that this node is connected with.
#[derive(Debug)]
struct Silence {
    since: Instant,
    calls: u32,
}

/// The validators that this node is connected with, and how long each has been silent.
#[derive(Debug)]
pub(super) struct Hearing {
    heard: Arc<Heard>,
    patience: Duration,
    silences: BTreeMap<PublicKey, Silence>,
}

impl Hearing {
    pub(super) fn of(heard: Arc<Heard>, heartbeat: Duration) -> Self {
        let patience = PATIENCE_MIN.max(heartbeat.saturating_mul(HEARTBEATS));
        Self { heard, patience, silences: BTreeMap::new() }
    }

    /// Which of these, with whom there is a connection, are to be called anew. So a connection that nobody answers is open for
    /// half a minute, or three heartbeats, and a look.
    ///
    /// # Rules
    ///
    /// > CON-27: a node hangs up on a validator of which it has heard nothing new for half a minute or three heartbeats, and calls it anew; the pause doubles each time, up to five times.
    fn silent(&mut self, connected: &[PublicKey], now: Instant) -> Vec<PublicKey> {
        self.silences.retain(|validator, _| connected.contains(validator));
        connected.iter().filter(|validator| self.is_silent(validator, now)).copied().collect()
    }

    fn is_silent(&mut self, validator: &PublicKey, now: Instant) -> bool {
        let silence = self.silences.entry(*validator).or_insert(Silence { since: now, calls: 0 });
        if let Some(last) = self.heard.last(validator).filter(|last| *last > silence.since) {
            *silence = Silence { since: last, calls: 0 };
        }
        let pause = self.patience.saturating_mul(1 << silence.calls.min(DOUBLINGS_MAX));
        let is_silent = now.duration_since(silence.since) >= pause;
        if is_silent {
            *silence = Silence { since: now, calls: silence.calls.saturating_add(1) };
        }
        is_silent
    }
}

/// Looks at it until it is ended.
pub(super) async fn watch(requests: mpsc::Sender<NetworkRequest>, mut hearing: Hearing) {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let Ok(Some(known)) = NetworkRequest::dump_state(&requests).await else { continue };
        // Whoever is none of the validators now has no address among theirs.
        let validators = known.peers.iter().filter(|(_, peer)| peer.consensus_address.is_some());
        let connected: BTreeMap<_, _> = validators
            .filter_map(|(id, peer)| Some((key(peer.consensus_public_key.as_deref()?)?, *id)))
            .collect();
        let keys: Vec<_> = connected.keys().copied().collect();
        for silent in hearing.silent(&keys, Instant::now()) {
            let of = |address: &&Multiaddr| match address.iter().last() {
                Some(Protocol::P2p(id)) => connected.get(&silent) == Some(&id),
                _ => false,
            };
            if let Some(address) = known.persistent_peer_addrs.iter().find(of) {
                tracing::warn!(%address, "a validator is connected and silent: it is called anew");
                call_anew(&requests, address).await;
            }
        }
    }
}

fn key(bytes: &[u8]) -> Option<PublicKey> {
    bytes.try_into().ok().map(PublicKey)
}

/// Hangs up on an engine, and calls it anew.
async fn call_anew(requests: &mpsc::Sender<NetworkRequest>, address: &Multiaddr) {
    // Whoever is taken out of the list is hung up on. If it cannot be done the engine is about to end.
    let _ = NetworkRequest::remove_persistent_peer(requests, address.clone()).await;
    let _ = NetworkRequest::add_persistent_peer(requests, address.clone()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: [PublicKey; 2] = [PublicKey([1; 32]), PublicKey([2; 32])];

    /// Somebody who heeds two others, of whom one is heard every ten seconds; when the other was to be called anew.
    fn calls(heartbeat: Duration, until: u64, heard_at: &[u64]) -> Vec<u64> {
        let (begun, heard) = (Instant::now(), Arc::new(Heard::default()));
        let mut hearing = Hearing::of(heard.clone(), heartbeat);
        let mut calls = Vec::new();
        for second in 0..until {
            let now = begun + Duration::from_secs(second);
            if second % 10 == 0 {
                heard.note(&OTHERS[1], now);
            }
            if heard_at.contains(&second) {
                heard.note(&OTHERS[0], now);
            }
            let silent = hearing.silent(&OTHERS, now);
            assert!(!silent.contains(&OTHERS[1]), "it was heard");
            calls.extend(silent.iter().map(|_| second));
        }
        calls
    }

    #[test]
    fn con_27_a_silent_validator_is_called_anew_after_pauses_that_double() {
        let second = Duration::from_secs(1);
        assert_eq!(calls(second, 30, &[]), [0; 0], "half a minute is not over");
        assert_eq!(calls(second, 1000, &[]), [30, 90, 210, 450, 930]);
        assert_eq!(calls(second, 7000, &[]), [30, 90, 210, 450, 930, 1890, 2850, 3810, 4770, 5730, 6690]);
        assert_eq!(calls(second, 200, &[29, 100]), [59, 130, 190], "it begins anew with what is heard");
        assert_eq!(calls(20 * second, 200, &[]), [60, 180], "three heartbeats");
    }

    #[test]
    fn con_27_time_without_a_connection_does_not_count() {
        let (begun, heard) = (Instant::now(), Arc::new(Heard::default()));
        let mut hearing = Hearing::of(heard, Duration::from_secs(1));
        let mut silent = |connected: &[PublicKey], second| {
            !hearing.silent(connected, begun + Duration::from_secs(second)).is_empty()
        };
        assert!(!silent(&OTHERS, 0));
        assert!(!silent(&[], 20));
        assert!(!silent(&OTHERS, 40));
        assert!(!silent(&OTHERS, 69));
        assert!(silent(&OTHERS, 70));
    }
}
