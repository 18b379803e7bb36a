//! Nodes with sockets of this machine, for attacks on the network.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::{Multiaddr, PeerId};
use parclose_exchange::Network;
use parclose_exchange::network::Credentials;
use parclose_exchange::swarm::{Contact, SwarmNetwork, SwarmOptions};
use parclose_exchange::transport::{Inbox, Transport};
use parclose_findings::Budget;
use parclose_types::{NetworkId, PublicKey};

use super::*;

/// How long sockets are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const NETWORK: NetworkId = NetworkId([1; 32]);

/// A node's identity in the network.
pub(super) struct NodeKey {
    name: String,
    pub(super) pair: Keypair,
}

impl NodeKey {
    pub(super) fn of(number: u8) -> Self {
        let pair = Keypair::ed25519_from_bytes([number; 32]).expect("32 bytes are a key");
        Self { name: format!("node-{number}"), pair }
    }

    pub(super) fn peer(&self) -> PeerId {
        self.pair.public().to_peer_id()
    }
}

/// A running node.
pub(super) struct Node {
    pub(super) network: SwarmNetwork,
}

impl Node {
    /// Listens on a free port; knows others, some of them with an address.
    pub(super) fn start(own: &NodeKey, book: &[(&NodeKey, Option<&Multiaddr>)]) -> Result<Self, Failed> {
        let contact = |(key, at): &(&NodeKey, Option<&Multiaddr>)| {
            let addresses = at.iter().map(|at| (*at).clone()).collect();
            (key.name.clone(), Contact { peer: key.peer(), addresses })
        };
        let network = SwarmNetwork::start(SwarmOptions {
            network: NETWORK,
            keypair: own.pair.clone(),
            listen: "/ip4/127.0.0.1/tcp/0".parse()?,
            book: book.iter().map(contact).collect(),
            root: None,
        })?;
        Ok(Self { network })
    }

    pub(super) fn listens(&self) -> &Multiaddr {
        self.network.listens()
    }

    /// A member's place in its room, with whoever may speak to it.
    pub(super) fn seat(
        &self,
        own: &Channel,
        peers: &[&Channel],
        hosts: &[&NodeKey],
    ) -> (Arc<Kept>, Arc<dyn Transport>) {
        let kept = Arc::new(Kept::default());
        let config = own.config();
        let credentials = Credentials {
            tag: own.tag(),
            key: Arc::new(own.pseudonym_in(config.generation)),
            peers: peers.iter().map(|peer| peer.pseudonym().public()).collect(),
            hosts: hosts.iter().map(|host| host.name.clone()).collect(),
        };
        let way = self.network.connect(credentials, kept.clone());
        (kept, way)
    }
}

/// What has arrived.
#[derive(Default)]
pub(super) struct Kept(Mutex<Vec<Vec<u8>>>);

impl Kept {
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Inbox for Kept {
    fn deliver(&self, _: PublicKey, frame: Vec<u8>) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
        true
    }
}

/// Waits for something that sockets bring.
pub(super) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), Failed> {
    let patience = Budget::new(0, PATIENCE);
    while !is_so() {
        if !patience.is_left() {
            return Err(format!("{what}: not within {} seconds", PATIENCE.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
