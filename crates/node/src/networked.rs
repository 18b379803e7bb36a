//! A member's node as one of many: its rooms stand on a cluster of validators and on the network between
//! members.
//!
//! ```text
//!   rooms --frames--> exchange ===TCP=== the other members' nodes
//!     |                  ^ offers of root transactions
//!     +--anchors--> root chain ===TCP=== the other nodes' engines
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use parclose_consensus::{ClusterOptions, ClusterRoot, Hop, RootAnswer, RootRelay, RootUnavailable, Timing};
use parclose_exchange::{Contact, OfferReply, RootInbox, SwarmNetwork, SwarmOptions, Traffic};
use parclose_root::Genesis;
use parclose_types::PublicKey;
use rand_core::Rng;

use crate::address_book::AddressBook;
use crate::ceremony::NodeCard;
use crate::config::NodeConfig;
use crate::consortium::{Consortium, ConsortiumStatus, Ground};
use crate::home::{Home, HomeError, broken};
use crate::links::Links;
use crate::node_home;
use crate::node_key::peer_of;
use crate::randomness::generator;
use crate::root_task::RootHandle;
use crate::status::{NodeStatus, Reach, Report};
use crate::{RoomHandle, key_file};

/// How long the first height is waited with, so that the other validators can be connected.
const GATHER: Duration = Duration::from_millis(700);

/// A running node.
#[derive(Debug)]
pub struct Networked {
    consortium: Arc<Consortium>,
    cluster: Arc<ClusterRoot>,
    swarm: Arc<SwarmNetwork>,
    heartbeat: Duration,
    known: Known,
    links: Option<Links>,
}

/// Whom a node should be connected to.
#[derive(Clone, Debug)]
struct Known {
    /// the other nodes that may vote, by the keys with which they would
    voters: Voters,
    /// all nodes, itself among them
    nodes: u64,
}

/// Names of nodes by their validator keys. Which of them vote is said by the root chain, height by height.
type Voters = BTreeMap<PublicKey, String>;

/// What the other nodes are to this one.
struct Others {
    /// for the network between members
    contacts: BTreeMap<String, Contact>,
    /// for the root chain's network, by name
    engines: BTreeMap<String, (Multiaddr, PeerId)>,
    /// those that may vote
    voters: Voters,
}

impl Networked {
    /// Opens a node's home and starts everything in it.
    pub fn open(home: Home, config: &NodeConfig) -> Result<Self, HomeError> {
        let card = node_home::read_card(home.path()).map_err(|e| told(home.path(), &e))?;
        let book = node_home::read_address_book(home.path()).map_err(|e| told(home.path(), &e))?;
        book.check_against(&home.genesis()?).map_err(|e| told(home.path(), &e))?;
        let links = Links::of(home.path())?;
        let others = Others::of(&book, &card)?.through(links.as_ref())?;
        let known = Known { voters: others.voters.clone(), nodes: count(book.cards().len()) };
        let mut started = None;
        let consortium = Consortium::open_on(home, config.awake_max, |home, cache, on_head| {
            let (cluster, swarm) = start(home, config, others, (cache.clone(), on_head))?;
            let (cluster, swarm) = started.insert((cluster, swarm)).clone();
            let handle = RootHandle::from(cluster.clone());
            Ok(Ground { root: cluster, handle, task: None, network: swarm })
        })?;
        let started = started.ok_or(RootUnavailable::Stopped)?;
        let (cluster, swarm) = started;
        let heartbeat = config.consensus.heartbeat;
        let consortium = Arc::new(consortium);
        consortium.admit_on_heads();
        Ok(Self { consortium, cluster, swarm, heartbeat, known, links })
    }

    /// Its side of the consortium.
    #[must_use]
    pub fn consortium(&self) -> &Arc<Consortium> {
        &self.consortium
    }

    /// Its root chain.
    #[must_use]
    pub fn root(&self) -> &Arc<ClusterRoot> {
        &self.cluster
    }

    /// Its place in the network between members.
    #[must_use]
    pub fn network(&self) -> &Arc<SwarmNetwork> {
        &self.swarm
    }

    /// Its member's room in a channel.
    pub fn room(&self, channel: &str) -> Result<RoomHandle, HomeError> {
        let member = self.consortium.home().members().first();
        let member = member.ok_or(HomeError::ChannelNotFound)?;
        self.consortium.room(&member.name, channel)
    }

    /// How often what happened on the network between members.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.swarm.traffic()
    }

    /// The way to ask how it is.
    #[must_use]
    pub fn status(&self) -> NetworkedStatus {
        NetworkedStatus {
            consortium: self.consortium.status(),
            cluster: Arc::downgrade(&self.cluster),
            swarm: Arc::downgrade(&self.swarm),
            heartbeat: self.heartbeat,
            known: self.known.clone(),
        }
    }

    /// Ends it: the rooms first, then the engine, then the network.
    pub fn stop(self) {
        let Self { consortium, cluster, swarm, links, .. } = self;
        consortium.stop_rooms();
        cluster.stop();
        swarm.stop();
        if let Some(links) = links {
            links.stop();
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn told(home: &Path, error: &dyn std::fmt::Display) -> HomeError {
    broken(home, &error.to_string())
}

impl Others {
    fn of(book: &AddressBook, own: &NodeCard) -> Result<Self, HomeError> {
        let mut others = Self { contacts: BTreeMap::new(), engines: BTreeMap::new(), voters: Voters::new() };
        for card in book.cards() {
            let claims = card.claims();
            if claims.member == own.claims().member {
                continue;
            }
            let unknown = || broken(Path::new("consortium.json"), "a node's key is none");
            let peer: PeerId = peer_of(&claims.node).ok_or_else(unknown)?;
            let addresses: Vec<Multiaddr> = vec![claims.exchange.multiaddr().clone()];
            let engine = claims.consensus.multiaddr().clone();
            others.engines.insert(claims.member.clone(), (engine, peer));
            others.contacts.insert(claims.member.clone(), Contact { peer, addresses });
            if let Some(key) = claims.validator {
                others.voters.insert(key, claims.member.clone());
            }
        }
        Ok(others)
    }

    /// The same nodes, called over links that can be cut, where there are such.
    fn through(mut self, links: Option<&Links>) -> Result<Self, HomeError> {
        let Some(links) = links else { return Ok(self) };
        let failed = |e: std::io::Error| broken(Path::new("links.json"), &e.to_string());
        for (name, (engine, _)) in &mut self.engines {
            *engine = links.through(name, engine).map_err(failed)?;
        }
        for (name, contact) in &mut self.contacts {
            for address in &mut contact.addresses {
                *address = links.through(name, address).map_err(failed)?;
            }
        }
        Ok(self)
    }
}

type Watching = (parclose_store::SharedCache, crate::consortium::OnHead);

fn start(
    home: &Home,
    config: &NodeConfig,
    others: Others,
    (cache, on_head): Watching,
) -> Result<(Arc<ClusterRoot>, Arc<SwarmNetwork>), HomeError> {
    let (path, genesis) = (home.path(), home.genesis()?);
    let Others { contacts, engines, voters } = others;
    let node_key = key_file::node(&node_home::node_key(path), home.unlock())?;
    let relay = Arc::new(Relay { swarm: OnceLock::new(), cluster: OnceLock::new(), voters });
    let inbox = Arc::new(Inbox::default());
    let swarm = Arc::new(SwarmNetwork::start(SwarmOptions {
        network: genesis.network(),
        keypair: node_key.keypair(),
        listen: config.exchange_listen.multiaddr().clone(),
        book: contacts,
        root: Some(inbox.clone()),
    })?);
    let options = ClusterOptions {
        directory: config.root_directory.clone(),
        moniker: moniker(home, &genesis),
        node_key: node_key.keypair(),
        listen: config.consensus.listen.multiaddr().to_string(),
        peers: engines.into_values().map(|(at, peer)| at.with(Protocol::P2p(peer)).to_string()).collect(),
        validator: validator(home)?,
        is_new: node_home::never_voted(path).exists(),
        timing: Timing {
            propose: config.consensus.propose,
            vote: config.consensus.vote,
            round: config.consensus.round,
            heartbeat: config.consensus.heartbeat,
            gather: GATHER,
        },
        relay: relay.clone(),
        on_head,
        genesis,
        cache,
    };
    let cluster = Arc::new(ClusterRoot::start(options)?);
    // Its record of signatures has begun: from now on one that is missing is lost.
    let _ = std::fs::remove_file(node_home::never_voted(path));
    let _ = relay.swarm.set(Arc::downgrade(&swarm));
    let _ = relay.cluster.set(Arc::downgrade(&cluster));
    let _ = inbox.0.set(Arc::downgrade(&cluster));
    Ok((cluster, swarm))
}

fn validator(home: &Home) -> Result<Option<parclose_crypto::SigningKey>, HomeError> {
    let file = node_home::validator_key(home.path());
    if !file.exists() {
        return Ok(None);
    }
    Ok(Some(key_file::validator(&file, home.unlock())?))
}

/// Names a node in the logs and metrics of its own process, where several networks may run.
fn moniker(home: &Home, genesis: &Genesis) -> String {
    let member = home.members().first().map_or("node", |member| member.name.as_str());
    format!("{member}-{:.8}", genesis.network().to_string())
}

/// Root transactions on their way out.
struct Relay {
    swarm: OnceLock<Weak<SwarmNetwork>>,
    cluster: OnceLock<Weak<ClusterRoot>>,
    voters: Voters,
}

impl Relay {
    /// Those that vote at the next height and can be reached.
    fn up(&self) -> Option<(Arc<SwarmNetwork>, Vec<String>)> {
        let (swarm, cluster) = (self.swarm.get()?.upgrade()?, self.cluster.get()?.upgrade()?);
        let (connected, votes) = (swarm.connected(), cluster.voters().ok()?);
        let named = votes.validators().iter().filter_map(|validator| self.voters.get(&validator.key));
        let up = named.filter(|name| connected.contains(name)).cloned().collect();
        Some((swarm, up))
    }
}

impl RootRelay for Relay {
    fn hand_in(&self, transaction: &[u8]) -> bool {
        let Some((swarm, up)) = self.up() else { return false };
        let Some(chosen) = generator().next_u64().checked_rem(count(up.len())) else { return false };
        let Some(name) = usize::try_from(chosen).ok().and_then(|at| up.get(at)) else { return false };
        // Whatever it answers: what is not final after a while is handed in again, to another.
        swarm.offer(name, transaction.to_vec(), true, Box::new(|_| {}));
        true
    }

    fn spread(&self, transaction: &[u8]) {
        let Some((swarm, up)) = self.up() else { return };
        for name in up {
            swarm.offer(&name, transaction.to_vec(), false, Box::new(|_| {}));
        }
    }
}

/// Root transactions on their way in.
#[derive(Default)]
struct Inbox(OnceLock<Weak<ClusterRoot>>);

impl RootInbox for Inbox {
    fn offered(&self, from: &str, transaction: &[u8], is_handed_in: bool) -> OfferReply {
        let hop = if is_handed_in { Hop::HandedIn } else { Hop::Spread };
        let cluster = self.0.get().and_then(Weak::upgrade);
        let answer = cluster.map_or(RootAnswer::Full, |cluster| cluster.offered(from, transaction, hop));
        match answer {
            RootAnswer::Taken => OfferReply::Taken,
            RootAnswer::Known => OfferReply::Known,
            RootAnswer::Full => OfferReply::Full,
            RootAnswer::Refused { rule } => OfferReply::Refused(rule.to_owned()),
        }
    }
}

/// The way to ask a node how it is.
#[derive(Debug)]
pub struct NetworkedStatus {
    consortium: ConsortiumStatus,
    cluster: Weak<ClusterRoot>,
    swarm: Weak<SwarmNetwork>,
    heartbeat: Duration,
    known: Known,
}

impl NodeStatus for NetworkedStatus {
    fn report(&self) -> Report {
        use parclose_types::Failure;
        let swarm = self.swarm.upgrade();
        let connected = swarm.as_ref().map_or_else(Vec::new, |swarm| swarm.connected());
        let Known { voters, nodes } = &self.known;
        let cluster = self.cluster.upgrade();
        let votes = cluster.as_ref().and_then(|cluster| cluster.voters().ok());
        let votes = votes.iter().flat_map(|set| set.validators());
        // A node is known to be up by its place in the network between members; its engine has its own connections.
        let mut validators = Reach { reached: 0, known: 0 };
        let status = cluster.as_ref().map(|cluster| cluster.status());
        let own = status.as_ref().is_some_and(|status| status.is_validator);
        for validator in votes {
            validators.known = validators.known.saturating_add(1);
            let is_up = voters.get(&validator.key).is_some_and(|name| connected.contains(name));
            validators.reached = validators.reached.saturating_add(is_up.into());
        }
        validators.reached = validators.reached.saturating_add(own.into());
        let peers = Reach { reached: count(connected.len()).saturating_add(1), known: *nodes };
        let stopped = status.map_or(Some(RootUnavailable::Stopped), |status| status.stopped);
        let stopped = stopped.map(|reason| reason.rule());
        let offences = cluster.as_ref().and_then(|cluster| cluster.offences().ok()).map_or(0, count);
        let report = self.consortium.report();
        Report {
            heartbeat: Some(self.heartbeat),
            stopped: stopped.or(report.stopped),
            offences,
            validators,
            peers,
            traffic: swarm.map(|swarm| swarm.traffic()),
            ..report
        }
    }
}

#[cfg(test)]
mod tests;
