use std::collections::BTreeMap;

use super::*;
use crate::cluster::NoRelay;
use crate::fixtures::{Channel, genesis_of, key};
use parclose_store::hazmat::{Medium, on_medium};

/// Four validators that hear each other at once; a timer rings when nothing else is left to do.
struct Four {
    nodes: Vec<Stepped>,
    packets: Vec<(usize, Packet)>,
    timers: BTreeMap<(Duration, usize, Timer), ()>,
    now: Duration,
}

impl Four {
    fn new() -> Self {
        let genesis = genesis_of(&[(1, 1), (2, 1), (3, 1), (4, 1)], 0);
        let open = |number: u8| {
            let medium = Medium::default();
            let options = SteppedOptions {
                genesis: genesis.clone(),
                directory: "/db".into(),
                cache: on_medium(&medium),
                log: EngineLog::on(&medium),
                key: Some(key(number)),
                is_new: true,
                timing: Timing::default(),
                relay: Arc::new(NoRelay),
                planted: Planted::default(),
            };
            Stepped::open(options).unwrap()
        };
        let nodes = (1..=4).map(open).collect();
        let mut four = Self { nodes, packets: Vec::new(), timers: BTreeMap::new(), now: Duration::ZERO };
        for at in 0..4 {
            four.nodes[at].start().unwrap();
            four.take(at);
        }
        four
    }

    fn take(&mut self, at: usize) {
        for out in self.nodes[at].take_out() {
            match out {
                Out::Publish(packet) => self.packets.push((at, packet)),
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
