//! The root chain of several validators: the BFT engine, hosted in this process.
//!
//! One validator or many are the same code. A node whose key is not among the validators follows: it has every
//! block with its certificate, and no vote. It votes from the height on whose validators name it, and follows
//! again once they do not; nothing is started anew for that.

mod evidence;
mod hearing;
mod host;
mod outbox;
mod pool;
mod relay;
mod shared;
mod start;
mod streams;
mod timing;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use malachite_app::app::net::Multiaddr;
use malachite_app::app::types::Keypair;
use parclose_crypto::SigningKey;
use parclose_root::{
    Checkpoint, ClaimProof, DealProof, DealState, Genesis, OrderProof, RootTransaction, TagProof, TagState,
    ValidatorSet, Validators,
};
use parclose_store::SharedCache;
use parclose_types::{DealId, Height, NetworkId, Sequence, Tag};
use tokio::sync::watch;

use crate::engine::{Guard, Nonces, Signer, Verifier};
use crate::evidence::Evidence;
use crate::ledger::Ledger;
use crate::root_chain::{Committed, FinalEvent, RootChain, RootUnavailable};

pub(crate) use evidence::Pair;
pub use evidence::{Equivocation, Offence};
use hearing::Hearing;
pub(crate) use host::Host;
pub use pool::{OnOrdered, Ordered};
pub use relay::{Hop, NoRelay, RootAnswer, RootRelay};
pub use shared::OnHead;
pub(crate) use shared::Shared;
pub(crate) use start::NOBODY;
pub use timing::Timing;

/// How long the next block is waited for by those who wait at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a node brings to its root chain.
pub struct ClusterOptions {
    /// the directory of the chain; the engine's log stands beside the database
    pub directory: PathBuf,
    /// the network's genesis
    pub genesis: Genesis,
    /// the name by which logs and metrics know this node
    pub moniker: String,
    /// the node's libp2p identity (Ed25519)
    pub node_key: Keypair,
    /// where the engine listens, a multiaddress
    pub listen: String,
    /// the engines of all other nodes, multiaddresses with `/p2p/`
    pub peers: Vec<String>,
    /// a validator's key; a node without one follows, and so does one whose key has no vote yet, or no more
    pub validator: Option<SigningKey>,
    /// whether the validator was just made: only then an empty record of signatures is taken for complete
    pub is_new: bool,
    /// waiting times
    pub timing: Timing,
    /// carries root transactions to other nodes
    pub relay: Arc<dyn RootRelay>,
    /// is told every new head
    pub on_head: OnHead,
    /// block cache of the database
    pub cache: SharedCache,
}

impl std::fmt::Debug for ClusterOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterOptions")
            .field("directory", &self.directory)
            .field("moniker", &self.moniker)
            .field("listen", &self.listen)
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

/// How a node's root chain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterStatus {
    /// the last final height
    pub head: Height,
    /// whether this node votes at the next height
    pub is_validator: bool,
    /// whether it keeps its votes back, because its record of signatures is lost
    pub sits_out: bool,
    /// transactions that wait for their block here
    pub pooled: usize,
    /// why it has stopped, if it has
    pub stopped: Option<RootUnavailable>,
}

/// A node's root chain.
pub struct ClusterRoot {
    shared: Arc<Shared>,
    guard: Option<Arc<Guard>>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

fn unusable(what: &str, reason: impl std::fmt::Display) -> RootUnavailable {
    RootUnavailable::Engine { reason: format!("{what}: {reason}") }
}

fn address(text: &str) -> Result<Multiaddr, RootUnavailable> {
    text.parse().map_err(|reason| unusable(text, reason))
}

/// The database and the engine's log in the chain's directory.
fn directories(directory: &Path) -> Result<(PathBuf, PathBuf), RootUnavailable> {
    let log = directory.join("log");
    std::fs::create_dir_all(&log).map_err(|reason| unusable("the chain's directory", reason))?;
    Ok((directory.join("db"), log.join("consensus.wal")))
}

impl ClusterRoot {
    /// Opens the chain and starts the engine; returns when it runs.
    ///
    /// # Rules
    ///
    /// > CON-18: a node whose engine does not start, or has ended, says so and takes no transaction.
    pub fn start(options: ClusterOptions) -> Result<Self, RootUnavailable> {
        let ClusterOptions { directory, genesis, validator, is_new, timing, relay, on_head, .. } = options;
        let (database, wal) = directories(&directory)?;
        let network = genesis.network();
        let own = validator.as_ref().map(SigningKey::public);
        let ledger = Arc::new(Ledger::open(database, genesis, &options.cache)?);
        let signer = match validator {
            None => None,
            Some(key) => {
                let guard = Arc::new(Guard::open(ledger.clone(), is_new, Nonces::System)?);
                Some(Signer { network, key: Arc::new(key), guard })
            }
        };
        let guard = signer.as_ref().map(|signer| signer.guard.clone());
        let shared = Arc::new(Shared::new(ledger, relay, own, on_head)?);
        let parts = start::Parts {
            moniker: options.moniker,
            keypair: options.node_key,
            listen: address(&options.listen)?,
            peers: options.peers.iter().map(|peer| address(peer)).collect::<Result<_, _>>()?,
            wal,
            verifier: Verifier::of(network),
            address: start::NOBODY,
        };
        let (stop, stopped) = watch::channel(false);
        let task = launch(parts, shared.clone(), signer, timing, stopped)?;
        Ok(Self { shared, guard, stop, task: Mutex::new(Some(task)) })
    }

    /// Submits a root transaction; `done` is told when it is final, or will never be.
    pub fn submit(&self, transaction: RootTransaction, done: OnOrdered) {
        self.shared.submit(transaction, done);
    }

    /// Takes in what another node offers.
    #[must_use]
    pub fn offered(&self, from: &str, transaction: &[u8], hop: Hop) -> RootAnswer {
        self.shared.offered(from, transaction, hop)
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> ClusterStatus {
        ClusterStatus {
            head: self.shared.ledger.head(),
            is_validator: self.shared.votes(),
            sits_out: self.guard.as_ref().is_some_and(|guard| guard.sits_out()),
            pooled: self.shared.pooled(),
            stopped: self.shared.why_stopped(),
        }
    }

    /// Who votes at the next height.
    pub fn voters(&self) -> Result<ValidatorSet, RootUnavailable> {
        self.shared.ledger.next_validators()
    }

    /// How often this node has found a validator out.
    pub fn offences(&self) -> Result<usize, RootUnavailable> {
        Ok(self.shared.ledger.evidence()?.len())
    }

    /// Ends the engine and waits for it. What was handed in and is not final stays unknown to its submitter.
    pub fn stop(&self) {
        let _ = self.stop.send(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            let _ = task.join();
        }
    }
}

/// The thread of the host; it reports whether the engine has started before it goes on.
fn launch(
    parts: start::Parts,
    shared: Arc<Shared>,
    signer: Option<Signer>,
    timing: Timing,
    stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, RootUnavailable> {
    let runtime = start::runtime()?;
    let (started, wait) = mpsc::channel();
    let task = std::thread::Builder::new().name("root".into()).spawn(move || {
        let reason = runtime.block_on(async {
            let (wal, heard) = (parts.wal.clone(), parts.verifier.heard.clone());
            let guard = signer.as_ref().map(|signer| signer.guard.clone());
            loop {
                // Who does not know what it has signed follows, and votes when that cannot matter any more.
                let votes = signer.clone().filter(|signer| !signer.guard.sits_out());
                let parts = parts.clone().known_as(votes.as_ref());
                let (channels, engine) = match start::engine_patiently(parts, votes.clone()).await {
                    Ok(running) => running,
                    Err(reason) => {
                        let _ = started.send(Err(reason.clone()));
                        break Some(reason);
                    }
                };
                let _ = started.send(Ok(()));
                let voted = votes.is_some();
                let hands = (votes, guard.clone());
                let network = channels.network.clone();
                let host = Host::new(shared.clone(), hands, timing, network);
                let hearing = Hearing::of(heard.clone(), timing.heartbeat);
                let watch = tokio::spawn(hearing::watch(channels.net_requests.clone(), hearing));
                let ended = start::run(channels, engine, host, &wal, stopped.clone()).await;
                watch.abort();
                match ended {
                    start::Ended::MayVote => {}
                    // It was asked for a second signature, or its log does not replay as it was written: the height goes by
                    // without it.
                    start::Ended::Engine(reason) if voted => {
                        tracing::error!(%reason, "the engine has ended: its validator passes a height");
                        if let Some(guard) = &guard {
                            guard.pass(shared.next_height());
                        }
                    }
                    start::Ended::Engine(reason) => break Some(reason),
                    start::Ended::Stopped(reason) => break reason,
                }
            }
        });
        shared.stop(reason);
        runtime.shutdown_timeout(Duration::from_secs(1));
    });
    let task = task.map_err(|reason| unusable("a thread", reason))?;
    match wait.recv().unwrap_or(Err(RootUnavailable::Stopped)) {
        Ok(()) => Ok(task),
        Err(reason) => {
            // Only then is the directory free for another attempt.
            let _ = task.join();
            Err(reason)
        }
    }
}

impl RootChain for ClusterRoot {
    fn network(&self) -> NetworkId {
        self.shared.ledger.network()
    }

    fn genesis(&self) -> &Genesis {
        self.shared.ledger.genesis()
    }

    fn head(&self) -> Height {
        self.shared.ledger.head()
    }

    /// # Rules
    ///
    /// > CON-19: a node of a cluster is level with the chain once a height was decided that it did not have to fetch.
    fn is_current(&self) -> bool {
        self.shared.is_current()
    }

    fn commit(&self, candidates: Vec<RootTransaction>) -> Result<Committed, RootUnavailable> {
        let mut waiting = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let (told, wait) = mpsc::channel();
            self.submit(candidate, Box::new(move |ordered| drop(told.send(ordered))));
            waiting.push(wait);
        }
        if waiting.is_empty() {
            let next = Height(self.head().0.saturating_add(1));
            return Ok(Committed { height: self.advance(next)?, outcomes: Vec::new() });
        }
        let outcome = |wait: mpsc::Receiver<Ordered>| wait.recv().unwrap_or(Err(RootUnavailable::Stopped));
        let outcomes = waiting.into_iter().map(outcome).collect::<Result<Vec<_>, _>>()?;
        Ok(Committed { height: self.head(), outcomes })
    }

    /// # Rules
    ///
    /// > CON-17: who waits for a height is told when no block at all is decided for half a minute.
    fn advance(&self, to: Height) -> Result<Height, RootUnavailable> {
        self.shared.advance(to, PATIENCE)
    }

    fn events(&self, tag: &Tag, from: Sequence, limit: usize) -> Result<Vec<FinalEvent>, RootUnavailable> {
        self.shared.ledger.events(tag, from, limit)
    }

    fn prove(&self, tag: &Tag, sequence: Sequence) -> Result<Option<OrderProof>, RootUnavailable> {
        self.shared.ledger.prove(tag, sequence)
    }

    fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable> {
        self.shared.ledger.tag_state(tag)
    }

    fn prove_tag(&self, tag: &Tag) -> Result<Option<TagProof>, RootUnavailable> {
        self.shared.ledger.prove_tag(tag)
    }

    fn deal(&self, deal: &DealId) -> Result<Option<DealState>, RootUnavailable> {
        self.shared.ledger.deal(deal)
    }

    fn prove_deal(&self, deal: &DealId) -> Result<Option<DealProof>, RootUnavailable> {
        self.shared.ledger.prove_deal(deal)
    }

    fn claim(&self, claim: &[u8; 32]) -> Result<Option<Tag>, RootUnavailable> {
        self.shared.ledger.claim(claim)
    }

    fn prove_claim(&self, claim: &[u8; 32]) -> Result<Option<ClaimProof>, RootUnavailable> {
        self.shared.ledger.prove_claim(claim)
    }

    fn validators(&self) -> Result<Validators, RootUnavailable> {
        self.shared.ledger.validators()
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, RootUnavailable> {
        self.shared.ledger.checkpoint()
    }

    fn evidence(&self) -> Result<Evidence, RootUnavailable> {
        Ok(Evidence { found: self.shared.ledger.evidence()?, changes: self.prove_changes()? })
    }
}

impl Drop for ClusterRoot {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for ClusterRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterRoot").field("status", &self.status()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
