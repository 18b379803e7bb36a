use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::cluster::Hop;
use crate::fixtures::{Channel, genesis_of, key};
use parclose_store::hazmat::{Medium, on_medium};

/// Keeps what it is to carry, once it carries anything.
#[derive(Default)]
struct Kept {
    kept: Mutex<Vec<Vec<u8>>>,
    carries: AtomicBool,
}

impl RootRelay for Kept {
    fn hand_in(&self, transaction: &[u8]) -> bool {
        self.kept.lock().unwrap().push(transaction.to_vec());
        self.carries.load(Ordering::Acquire)
    }

    fn spread(&self, _: &[u8]) {}
}

/// Four validators that hear each other at once; a timer rings when nothing else is left to do.
struct Four {
    nodes: Vec<Stepped>,
    relay: Arc<Kept>,
    packets: Vec<(usize, Packet)>,
    /// everything that was ever sent
    sent: Vec<(usize, Packet)>,
    timers: BTreeMap<(Duration, usize, Timer), ()>,
    now: Duration,
}

impl Four {
    fn new() -> Self {
        let relay = Arc::new(Kept::default());
        let nodes = (0..4).map(|at| Self::open(at, true, relay.clone())).collect();
        let (packets, sent, timers, now) = (Vec::new(), Vec::new(), BTreeMap::new(), Duration::ZERO);
        let mut four = Self { nodes, relay, packets, sent, timers, now };
        for at in 0..4 {
            four.nodes[at].start().unwrap();
            four.take(at);
        }
        four
    }

    /// One of them, with nothing on its disk.
    fn open(at: usize, is_new: bool, relay: Arc<Kept>) -> Stepped {
        let medium = Medium::default();
        let options = SteppedOptions {
            genesis: genesis_of(&[(1, 1), (2, 1), (3, 1), (4, 1)], 0),
            directory: "/db".into(),
            cache: on_medium(&medium),
            log: EngineLog::on(&medium),
            key: Some(key(u8::try_from(at).unwrap() + 1)),
            is_new,
            nonces: [u8::from(is_new); 32],
            timing: Timing::default(),
            relay,
            planted: Planted::default(),
        };
        Stepped::open(options).unwrap()
    }

    /// It loses its disk, and is started again.
    fn wipe(&mut self, at: usize) {
        self.nodes[at] = Self::open(at, false, self.relay.clone());
        self.timers.retain(|(_, of, _), ()| *of != at);
        self.nodes[at].start().unwrap();
        self.take(at);
    }

    fn take(&mut self, at: usize) {
        for out in self.nodes[at].take_out() {
            match out {
                Out::Publish(packet) => {
                    self.sent.push((at, packet.clone()));
                    self.packets.push((at, packet));
                }
                Out::Set(timer, after) => drop(self.timers.insert((self.now + after, at, timer), ())),
                Out::Cancel(timer) => self.timers.retain(|(_, of, known), ()| (*of, *known) != (at, timer)),
                Out::CancelAll => self.timers.retain(|(_, of, known), ()| *of != at || !known.is_of_engine()),
                Out::Blame(_) => panic!("nobody cheats"),
            }
        }
    }

    fn run_to(&mut self, height: Height) {
        while self.nodes.iter().any(|node| node.head() < height) {
            if self.packets.is_empty() {
                let ((when, at, timer), ()) = self.timers.pop_first().unwrap();
                self.now = when;
                self.nodes[at].ring(timer).unwrap();
                self.take(at);
                continue;
            }
            let (from, packet) = self.packets.remove(0);
            let name = key(u8::try_from(from).unwrap() + 1).public();
            for at in (0..4).filter(|at| *at != from) {
                self.nodes[at].hear(&name, &packet).unwrap();
                self.take(at);
            }
        }
    }
}

#[test]
fn four_stepped_validators_decide_the_same_blocks_and_order_what_is_submitted() {
    let mut four = Four::new();
    four.run_to(Height(3));
    let channel = Channel::new(four.nodes[0].shared.ledger.network(), 40);
    four.nodes[2].submit(channel.open(), Box::new(|_| {})).unwrap();
    four.take(2);
    four.run_to(Height(8));
    for height in 1..=8 {
        let blocks: Vec<_> =
            four.nodes.iter().map(|node| node.block(Height(height)).unwrap().unwrap().0).collect();
        assert!(blocks.iter().all(|block| block.header == blocks[0].header), "height {height}");
    }
    assert!(four.nodes.iter().all(|node| node.tag_state(&channel.tag).unwrap().is_some()));
}

#[test]
fn con_13_old_messages_do_not_make_a_validator_without_a_record_vote() {
    let mut four = Four::new();
    four.run_to(Height(4));
    let old = four.sent.clone();
    four.packets.clear();
    four.relay.carries.store(true, Ordering::Release);
    four.wipe(3);
    // It begins, and somebody plays to it once more what was sent before, its own blocks and votes too.
    four.nodes[3].ring(Timer { kind: u8::MAX, number: 1 }).unwrap();
    for (from, packet) in &old {
        let name = key(u8::try_from(*from).unwrap() + 1).public();
        four.nodes[3].hear(&name, packet).unwrap();
        four.take(3);
    }
    assert!(four.nodes[3].head() >= Height(2), "it takes them for new ones");
    assert!(four.nodes[3].sits_out(), "and signs nothing all the same");
    let marks = std::mem::take(&mut *four.relay.kept.lock().unwrap());
    assert_eq!(marks.len(), 1);
    four.relay.carries.store(false, Ordering::Release);
    // Once its mark is in a block, that block is a new one.
    four.nodes[0].offered("d", &marks[0], Hop::HandedIn).unwrap();
    four.take(0);
    let head = four.nodes[0].head();
    let next = Height(four.nodes[3].head().0 + 1);
    let reply = four.nodes[0].serve(next, head).unwrap();
    four.nodes[3].fetched(&key(1).public(), &reply).unwrap();
    four.take(3);
    assert!(four.nodes[3].sits_out());
    four.run_to(Height(head.0 + 3));
    assert!(!four.nodes[3].sits_out());
    four.run_to(Height(head.0 + 9));
}

#[test]
fn who_is_behind_fetches_and_blames_whoever_sends_what_is_not_certified() {
    let mut four = Four::new();
    four.run_to(Height(3));
    let mut late = Four::new();
    let reply = four.nodes[0].serve(Height(1), Height(3)).unwrap();
    let from = key(1).public();
    let at = late.nodes.last_mut().unwrap();
    at.ring(Timer { kind: u8::MAX, number: 1 }).unwrap();
    let thin = with_signatures(&reply, |signatures| signatures.truncate(2)).unwrap();
    let other = with_blocks(&reply, |block| block[40] ^= 1).unwrap();
    for forged in [thin, other, vec![7; 9]] {
        at.take_out();
        at.fetched(&from, &forged).unwrap();
        assert!(at.take_out().contains(&Out::Blame(from)));
        assert_eq!(at.head(), Height(0));
    }
    at.fetched(&from, &reply).unwrap();
    assert!(at.head() >= Height(1));
    assert!(!at.take_out().contains(&Out::Blame(from)));
}
