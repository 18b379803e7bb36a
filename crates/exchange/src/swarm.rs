//! The network between nodes of their own: libp2p, over TCP with Noise and Yamux.
//!
//! ```text
//!   connection   both nodes are in the address book, by their libp2p identities
//!   nonce        a number of the called node
//!   prove        channel, pseudonym, signature over this meeting --> the called node's places, signed
//!   frame        between two proven pseudonyms, one after the other
//! ```
//!
//! One protocol name serves all channels (R40), and a node that is no member of a channel is never told its
//! tag: only the nodes of its members are called about it.

mod codec;
mod pace;
mod peer;
mod proof;
mod sending;
mod shared;
mod task;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, noise, tcp, yamux};
use parclose_types::{NetworkId, PublicKey, Tag};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::network::{Credentials, Network};
use crate::transport::{Inbox, Transport, Unreachable};
use codec::Canonical;
use peer::Peer;
pub use shared::Traffic;
use shared::{Counters, Seat, Shared};
use task::{Behaviour, Order, Task};
pub use wire::OfferReply;
use wire::{ASK_BYTES_MAX, OFFER_BYTES_MAX, Offer, REPLY_BYTES_MAX};

/// Between members, for all channels.
const MEMBERS: StreamProtocol = StreamProtocol::new("/parclose/channel/1");
/// Root transactions, to and between validators.
const OFFERS: StreamProtocol = StreamProtocol::new("/parclose/root-transaction/1");
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests of one connection at a time.
const STREAMS_MAX: usize = 64;

/// Is told what a validator said to an offer; `None` if it could not be reached.
pub type OnOffered = Box<dyn FnOnce(Option<OfferReply>) + Send>;

/// Takes in root transactions that other nodes offer.
pub trait RootInbox: Send + Sync {
    /// A transaction from the node of a name; `is_handed_in` if that node is its submitter.
    fn offered(&self, from: &str, transaction: &[u8], is_handed_in: bool) -> OfferReply;
}

/// Why a network does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkRefused {
    /// NET-09: an address is no address, or cannot be listened on.
    #[error("cannot listen on `{address}`: {reason}")]
    Listen {
        /// the address
        address: String,
        /// what the system says
        reason: String,
    },
    /// The system gives no runtime.
    #[error("the network cannot run: {reason}")]
    System {
        /// what it says
        reason: String,
    },
}

impl parclose_types::Failure for NetworkRefused {
    fn code(&self) -> &'static str {
        "NETWORK_NOT_STARTED"
    }

    fn rule(&self) -> &'static str {
        "NET-09"
    }

    fn fault(&self) -> parclose_types::Fault {
        parclose_types::Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "set exchange.listen to a free address of this machine: /ip4/ADDRESS/tcp/PORT".into()
    }
}

/// A node of the address book.
#[derive(Clone, Debug)]
pub struct Contact {
    /// its libp2p identity
    pub peer: PeerId,
    /// where it listens
    pub addresses: Vec<Multiaddr>,
}

/// What a node brings to the network.
pub struct SwarmOptions {
    /// its network
    pub network: NetworkId,
    /// its libp2p identity
    pub keypair: Keypair,
    /// where it listens
    pub listen: Multiaddr,
    /// all other nodes, by name
    pub book: BTreeMap<String, Contact>,
    /// takes in root transactions; `None` for a node that orders none
    pub root: Option<Arc<dyn RootInbox>>,
}

impl std::fmt::Debug for SwarmOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SwarmOptions({}, {:?})", self.listen, self.book)
    }
}

/// A node's place in the network.
pub struct SwarmNetwork {
    shared: Arc<Shared>,
    orders: UnboundedSender<Order>,
    listens: Multiaddr,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl SwarmNetwork {
    /// Starts to listen, and to call the other nodes.
    ///
    /// # Rules
    ///
    /// > NET-09: a node that cannot listen where it should does not start.
    pub fn start(options: SwarmOptions) -> Result<Self, NetworkRefused> {
        let system = |reason: std::io::Error| NetworkRefused::System { reason: reason.to_string() };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("exchange")
            .enable_all()
            .build()
            .map_err(system)?;
        let (shared, (orders, inbox)) = (Arc::new(Shared::default()), unbounded_channel());
        let (started, wait) = mpsc::channel();
        let state = shared.clone();
        let thread = std::thread::Builder::new().name("exchange".into()).spawn(move || {
            runtime.block_on(async {
                match listening(options, state).await {
                    Err(refused) => drop(started.send(Err(refused))),
                    Ok((task, listens)) => {
                        let _ = started.send(Ok(listens));
                        task.run(inbox).await;
                    }
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        let task = Mutex::new(Some(thread.map_err(system)?));
        let stopped = || NetworkRefused::System { reason: "its thread has ended".into() };
        let listens = wait.recv().map_err(|_| stopped())??;
        Ok(Self { shared, orders, listens, task })
    }

    /// Where it listens: with port 0 in the options, the port that the system gave.
    #[must_use]
    pub fn listens(&self) -> &Multiaddr {
        &self.listens
    }

    /// The nodes that are connected, by name.
    #[must_use]
    pub fn connected(&self) -> Vec<String> {
        self.shared.state().connected.iter().cloned().collect()
    }

    /// Whether frames can go from one pseudonym to another.
    #[must_use]
    pub fn is_proven(&self, tag: &Tag, from: &PublicKey, to: &PublicKey) -> bool {
        self.shared.state().routes.contains_key(&(*tag, *from, *to))
    }

    /// Offers a root transaction to a node.
    pub fn offer(&self, to: &str, transaction: Vec<u8>, is_handed_in: bool, done: OnOffered) {
        let offer = Offer { is_handed_in, transaction };
        if let Err(refused) = self.orders.send(Order::Offer(to.into(), offer, done))
            && let Order::Offer(_, _, done) = refused.0
        {
            done(None);
        }
    }

    /// Cuts the connection to a node and takes no other, until it is allowed again: a partition on purpose.
    pub fn block(&self, name: &str, is_blocked: bool) {
        let _ = self.orders.send(Order::Block(name.into(), is_blocked));
    }

    /// How often what happened.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.shared.traffic()
    }

    /// Ends it, and waits.
    pub fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = task.join();
        }
    }
}

/// A swarm that listens, with the address that it has.
async fn listening(options: SwarmOptions, shared: Arc<Shared>) -> Result<(Task, Multiaddr), NetworkRefused> {
    let SwarmOptions { network, keypair, listen, book, root } = options;
    let own = keypair.public().to_peer_id();
    let mut swarm = swarm(keypair).map_err(|reason| NetworkRefused::System { reason })?;
    let refused = |reason: String| NetworkRefused::Listen { address: listen.to_string(), reason };
    swarm.listen_on(listen.clone()).map_err(|e| refused(e.to_string()))?;
    let listens = loop {
        match futures::StreamExt::select_next_some(&mut swarm).await {
            SwarmEvent::NewListenAddr { address, .. } => break address,
            SwarmEvent::ListenerError { error, .. } => return Err(refused(error.to_string())),
            SwarmEvent::ListenerClosed { reason, .. } => return Err(refused(format!("{reason:?}"))),
            _ => {}
        }
    };
    let peers = book.into_iter().map(|(name, at)| (at.peer, Peer::new(name, at.addresses))).collect();
    Ok((Task::new((network, own), swarm, shared, peers, root), listens))
}

fn swarm(keypair: Keypair) -> Result<Swarm<Behaviour>, String> {
    let config = || {
        request_response::Config::default()
            .with_request_timeout(PATIENCE)
            .with_max_concurrent_streams(STREAMS_MAX)
    };
    let members = Canonical::new(ASK_BYTES_MAX, REPLY_BYTES_MAX);
    let offers = Canonical::new(OFFER_BYTES_MAX, REPLY_BYTES_MAX);
    let full = ProtocolSupport::Full;
    let behaviour = Behaviour {
        members: request_response::Behaviour::with_codec(members, [(MEMBERS, full.clone())], config()),
        offers: request_response::Behaviour::with_codec(offers, [(OFFERS, full)], config()),
    };
    let built = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        // No setting of Yamux is touched: any would select its older line.
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|e| e.to_string())?
        .with_behaviour(|_| behaviour)
        .map_err(|e| e.to_string())?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)));
    Ok(built.build())
}

impl Network for SwarmNetwork {
    fn connect(&self, credentials: Credentials, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport> {
        let (tag, from) = (credentials.tag, credentials.own());
        self.shared.state().seats.insert((tag, from), Seat { credentials, inbox });
        let _ = self.orders.send(Order::Seats);
        Arc::new(Way { tag, from, shared: self.shared.clone(), orders: self.orders.clone() })
    }

    fn disconnect(&self, member: &PublicKey) {
        self.shared.state().seats.retain(|(_, own), _| own != member);
        let _ = self.orders.send(Order::Seats);
    }
}

impl Drop for SwarmNetwork {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for SwarmNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SwarmNetwork({})", self.listens)
    }
}

/// A member's way out.
struct Way {
    tag: Tag,
    from: PublicKey,
    shared: Arc<Shared>,
    orders: UnboundedSender<Order>,
}

impl Transport for Way {
    fn send(&self, to: &PublicKey, frame: Vec<u8>) -> Result<(), Unreachable> {
        let (line, bytes) = ((self.tag, self.from, *to), frame.len());
        let Some(peer) = self.shared.reserve(&line, bytes) else {
            Counters::add(&self.shared.counters.dropped, 1);
            return Err(Unreachable);
        };
        self.orders.send(Order::Frame(peer, line, frame)).map_err(|_| Unreachable)
    }
}

#[cfg(test)]
mod tests;
