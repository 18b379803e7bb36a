//! Real engines on loopback sockets, in one process: agreement, faults, recovery.

#![allow(clippy::disallowed_methods, reason = "tests wait for engines and sockets, up to a bound")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Weak;
use std::time::Instant;

use parclose_root::{Trust, validators_tag};
use parclose_types::Failure;
use tempfile::TempDir;

use self::ports::free_ports;
use super::*;
use crate::fixtures::{Channel, change_of, genesis_of, key};

mod faults;
mod flooding;
mod hostile;
mod hosting;
mod orders;
#[path = "../../../../tests/tests/support/ports.rs"]
mod ports;
mod turnover;

/// How long anything may take on a loaded machine.
const LONG: Duration = Duration::from_secs(120);

/// Waits for a condition.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

type Nodes = Arc<Mutex<BTreeMap<usize, Weak<ClusterRoot>>>>;

/// Carries transactions between the nodes of a test.
struct Carried {
    own: usize,
    validators: usize,
    nodes: Nodes,
}

impl Carried {
    fn offer(&self, to: usize, transaction: &[u8], hop: Hop) -> bool {
        let node = self.nodes.lock().unwrap().get(&to).and_then(Weak::upgrade);
        node.is_some_and(|node| {
            let answer = node.offered(&format!("node-{}", self.own), transaction, hop);
            matches!(answer, RootAnswer::Taken | RootAnswer::Known)
        })
    }
}

impl RootRelay for Carried {
    fn hand_in(&self, transaction: &[u8]) -> bool {
        let others = (1..=self.validators).map(|step| (self.own + step) % self.validators);
        others.filter(|other| *other != self.own).any(|other| self.offer(other, transaction, Hop::HandedIn))
    }

    fn spread(&self, transaction: &[u8]) {
        for other in (0..self.validators).filter(|other| *other != self.own) {
            self.offer(other, transaction, Hop::Spread);
        }
    }
}

/// Validators with their directories, each of which runs or does not.
struct Cluster {
    folder: TempDir,
    genesis: Genesis,
    ports: Vec<u16>,
    validators: usize,
    /// nodes after the validators that have a validator's key
    candidates: usize,
    nodes: Nodes,
    running: BTreeMap<usize, Arc<ClusterRoot>>,
    timing: Timing,
}

fn validator_number(node: usize) -> u8 {
    200 + u8::try_from(node).unwrap()
}

fn node_seed(node: usize) -> [u8; 32] {
    [10 + u8::try_from(node).unwrap(); 32]
}

fn peer_address(node: usize, port: u16) -> String {
    let mut seed = node_seed(node);
    let peer = Keypair::ed25519_from_bytes(&mut seed).unwrap().public().to_peer_id();
    format!("/ip4/127.0.0.1/tcp/{port}/p2p/{peer}")
}

impl Cluster {
    /// So many validators, and as many followers beside them; nobody runs yet.
    fn new(validators: usize, followers: usize) -> Self {
        let powers: Vec<_> = (0..validators).map(|node| (validator_number(node), 1)).collect();
        let timing = Timing {
            propose: Duration::from_millis(800),
            vote: Duration::from_millis(300),
            round: Duration::from_millis(300),
            heartbeat: Duration::from_millis(400),
            gather: Duration::from_millis(500),
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            genesis: genesis_of(&powers, 7),
            ports: free_ports(u16::try_from(validators + followers).unwrap()).collect(),
            validators,
            candidates: 0,
            nodes: Nodes::default(),
            running: BTreeMap::new(),
            timing,
        }
    }

    fn all_running(validators: usize, followers: usize) -> Self {
        let mut cluster = Self::new(validators, followers);
        for node in 0..cluster.ports.len() {
            cluster.start(node, true);
        }
        cluster
    }

    fn keyed(&self) -> usize {
        self.validators + self.candidates
    }

    fn directory(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("node-{node}"))
    }

    fn options(&self, node: usize, is_new: bool) -> ClusterOptions {
        let peers = (0..self.ports.len()).filter(|other| *other != node);
        ClusterOptions {
            directory: self.directory(node),
            genesis: self.genesis.clone(),
            moniker: format!("node-{node}-{}", self.ports[node]),
            node_key: Keypair::ed25519_from_bytes(node_seed(node)).unwrap(),
            listen: format!("/ip4/127.0.0.1/tcp/{}", self.ports[node]),
            peers: peers.map(|other| peer_address(other, self.ports[other])).collect(),
            validator: (node < self.keyed()).then(|| key(validator_number(node))),
            is_new,
            timing: self.timing,
            relay: Arc::new(Carried { own: node, validators: self.keyed(), nodes: self.nodes.clone() }),
            on_head: Box::new(|_| {}),
            cache: SharedCache::new(4 << 20),
        }
    }

    fn start(&mut self, node: usize, is_new: bool) {
        let started = ClusterRoot::start(self.options(node, is_new)).unwrap();
        let started = Arc::new(started);
        self.nodes.lock().unwrap().insert(node, Arc::downgrade(&started));
        self.running.insert(node, started);
    }

    fn stop(&mut self, node: usize) {
        self.nodes.lock().unwrap().remove(&node);
        let stopped = self.running.remove(&node).unwrap();
        stopped.stop();
    }

    fn node(&self, node: usize) -> &ClusterRoot {
        &self.running[&node]
    }

    fn heads(&self) -> Vec<Height> {
        self.running.values().map(|node| node.head()).collect()
    }

    /// Waits until everybody who runs is at a height or beyond.
    fn reach(&self, height: Height) {
        eventually(&format!("everybody reaches {height}: {:?}", self.heads()), || {
            self.heads().iter().all(|head| *head >= height)
        });
    }

    /// Hands a transaction in at a node, and waits until it is final there.
    fn order(&self, node: usize, transaction: RootTransaction) -> parclose_root::LogEntry {
        let committed = self.node(node).commit(vec![transaction]).unwrap();
        committed.outcomes[0].unwrap().unwrap()
    }

    /// What a verifier of the genesis and of all changes trusts.
    fn trust(&self) -> Trust {
        let mut trust = Trust::of(&self.genesis);
        let node = self.running.values().next().unwrap();
        trust.follow_all(&node.prove_changes().unwrap()).unwrap();
        trust
    }

    /// No two nodes have different blocks at a height, and every certificate holds.
    fn agree(&self) {
        let (least, trust) = (self.heads().into_iter().min().unwrap(), self.trust());
        for height in (1..=least.0).map(Height) {
            let headers: Vec<_> = self
                .running
                .values()
                .map(|node| node.shared.ledger.header_row(height).unwrap())
                .map(|row| {
                    row.certificate.verify(trust.network(), trust.validators(height)).unwrap();
                    assert_eq!(row.certificate.value, row.header.hash());
                    row.header
                })
                .collect();
            assert!(headers.windows(2).all(|two| two[0] == two[1]), "a fork at {height}");
        }
    }

    fn channel(&self, number: u8) -> Channel {
        Channel::new(self.genesis.network(), number)
    }
}
