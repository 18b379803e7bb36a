//! Builds the engine around the host, and takes both down again.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use libp2p::multiaddr::Protocol;
use malachite_app::app::config::{
    ConsensusConfig, DiscoveryConfig, NodeConfig, P2pConfig, PubSubProtocol, ValuePayload, ValueSyncConfig,
};
use malachite_app::app::net::Multiaddr;
use malachite_app::app::types::Keypair;
use malachite_app::app::types::codec::Codec;
use malachite_app::{
    Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity, RequestContext,
    SyncContext, WalContext,
};
use malachite_signing::Signer as _;
use parclose_store::StoreError;
use parclose_types::{Failure, PublicKey};
use tokio::sync::watch;
use tokio::time::Instant;

use super::host::Host;
use crate::engine::{Address, EngineCodec, RootContext, Signer, Verifier};
use crate::root_chain::RootUnavailable;

/// How often what is not final is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often a start is tried before the last time.
const STARTS_MAX: usize = 20;
/// What is read of one message that is published: a part in its envelope fits twice.
const PUBLISHED_BYTES_MAX: ByteSize = ByteSize::kib(256);
/// How long the engine's parts are waited for when the node stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Everything that the engine needs of this node.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) moniker: String,
    pub(crate) keypair: Keypair,
    pub(crate) listen: Multiaddr,
    pub(crate) peers: Vec<Multiaddr>,
    pub(crate) wal: PathBuf,
    pub(crate) verifier: Verifier,
    /// the key that a follower is known by; it has no votes
    pub(crate) address: PublicKey,
}

/// By this address the engine takes a node for none of the validators: it follows.
pub(crate) const NOBODY: PublicKey = PublicKey([0; 32]);

impl Parts {
    /// By whose address the engine knows this node: it expects votes of a validator, and of nobody else.
    pub(crate) fn known_as(self, signer: Option<&Signer>) -> Self {
        Self { address: signer.map_or(NOBODY, |signer| signer.key.public()), ..self }
    }
}

/// The engine's configuration.
pub(crate) struct Configured {
    moniker: String,
    pub(crate) consensus: ConsensusConfig,
    pub(crate) value_sync: ValueSyncConfig,
}

impl NodeConfig for Configured {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.value_sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.value_sync
    }
}

/// A permissioned network: the listed peers and nobody else, and no discovery.
///
/// # Rules
///
/// > CON-26: a message that is published among engines is at most 256 KiB; a longer one is neither read nor passed on.
pub(crate) fn configured(parts: &Parts) -> Configured {
    let connections = parts.peers.len().saturating_mul(2).saturating_add(8);
    let discovery = DiscoveryConfig {
        enabled: false,
        max_connections_per_ip: connections,
        num_inbound_peers: connections,
        num_outbound_peers: connections,
        ..DiscoveryConfig::default()
    };
    let p2p = P2pConfig {
        listen_addr: parts.listen.clone(),
        persistent_peers: parts.peers.clone(),
        persistent_peers_only: true,
        discovery,
        protocol: PubSubProtocol::default(),
        pubsub_max_size: PUBLISHED_BYTES_MAX,
        ..P2pConfig::default()
    };
    let consensus = ConsensusConfig {
        enabled: true,
        p2p,
        // Without parts the engine takes every value for valid, without asking.
        value_payload: ValuePayload::ProposalAndParts,
        queue_per_height_capacity: 2048,
        ..ConsensusConfig::default()
    };
    let value_sync = ValueSyncConfig {
        status_update_interval: Duration::from_millis(500),
        request_timeout: Duration::from_secs(5),
        max_response_size: ByteSize::mib(10),
        batch_size: 20,
        ..ValueSyncConfig::default()
    };
    Configured { moniker: parts.moniker.clone(), consensus, value_sync }
}

fn failed(reason: impl std::fmt::Display) -> RootUnavailable {
    RootUnavailable::Engine { reason: reason.to_string() }
}

/// Why a run of the engine is over.
pub(crate) enum Ended {
    /// its node was told to stop, or its disk failed
    Stopped(Option<RootUnavailable>),
    /// it ended by itself, and the disk of its log takes writes
    Engine(RootUnavailable),
    /// its validator has sat out long enough: it is to be started again, with its votes
    MayVote,
}

/// Starts the engine, some times if need be: one that has just ended in this process gives its log and its
/// port back a little later.
pub(crate) async fn engine_patiently(
    parts: Parts,
    signer: Option<Signer>,
) -> Result<(Channels<RootContext>, EngineHandle), RootUnavailable> {
    for _ in 0..STARTS_MAX {
        match engine(parts.clone(), signer.clone()).await {
            Ok(running) => return Ok(running),
            Err(reason) => tracing::debug!(%reason, "the engine did not start yet"),
        }
        tokio::time::sleep(TICK).await;
    }
    engine(parts, signer).await
}

/// Whether the engine can listen: it only logs that it cannot, and goes on alone.
fn probe(listen: &Multiaddr) -> Result<(), RootUnavailable> {
    let mut parts = listen.iter();
    let host = match parts.next() {
        Some(Protocol::Ip4(host)) => std::net::IpAddr::from(host),
        Some(Protocol::Ip6(host)) => host.into(),
        _ => return Ok(()),
    };
    let Some(Protocol::Tcp(port)) = parts.next() else { return Ok(()) };
    std::net::TcpListener::bind((host, port)).map(drop).map_err(|e| failed(format!("`{listen}`: {e}")))
}

/// Starts the engine: with votes, if there is somebody to sign them.
async fn engine(
    parts: Parts,
    signer: Option<Signer>,
) -> Result<(Channels<RootContext>, EngineHandle), RootUnavailable> {
    probe(&parts.listen)?;
    let config = configured(&parts);
    let Parts { moniker, keypair, wal, verifier, address, .. } = parts;
    let named = Address(address);
    let identity = match &signer {
        Some(signer) => {
            let peer = keypair.public().to_peer_id().to_bytes();
            let proof = signer.sign_validator_proof(address.0.to_vec(), peer).await.map_err(failed)?;
            let proof = EngineCodec.encode(&proof).map_err(failed)?;
            NetworkIdentity::new_validator(moniker, keypair, named.to_string(), proof)
        }
        None => NetworkIdentity::new(moniker, keypair, None),
    };
    let consensus = match signer {
        Some(signer) => ConsensusContext::new_validator(named, Box::new(verifier), Box::new(signer)),
        None => ConsensusContext::new_full_node(named, Box::new(verifier)),
    };
    EngineBuilder::new(RootContext, config)
        .with_default_wal(WalContext::new(wal, EngineCodec))
        .with_default_network(NetworkContext::new(identity, EngineCodec))
        .with_default_sync(SyncContext::new(EngineCodec))
        .with_default_consensus(consensus)
        .with_default_request(RequestContext::new(100))
        .build()
        .await
        .map_err(failed)
}

/// Why an engine has ended that nobody has stopped. One whose log takes no writes signs nothing any more and is gone;
/// it does not say why.
///
/// # Rules
///
/// > CON-24: when the engine ends and its log's disk takes no writes, the disk is named as the reason.
pub(crate) fn ended(wal: &Path, what: &str) -> Ended {
    match probe_disk(wal) {
        Ok(()) => Ended::Engine(failed(what)),
        Err(reason) => {
            let path = wal.display().to_string();
            Ended::Stopped(Some(StoreError::WriteFailed { path, reason: reason.to_string() }.into()))
        }
    }
}

/// Writes a page beside the log, synced, and takes it away again.
fn probe_disk(wal: &Path) -> std::io::Result<()> {
    let probe = wal.with_extension("probe");
    let written = File::create(&probe).and_then(|mut file| {
        file.write_all(&[0; 4096])?;
        file.sync_all()
    });
    // What could not be written may not be there.
    let _ = std::fs::remove_file(&probe);
    written
}

/// Runs the host until it is told to stop, its disk fails, or the engine ends; then takes the engine down.
pub(crate) async fn run(
    mut channels: Channels<RootContext>,
    engine: EngineHandle,
    mut host: Host,
    wal: &Path,
    mut stop: watch::Receiver<bool>,
) -> Ended {
    let shared = host.shared.clone();
    let EngineHandle { actor, handle } = engine;
    let mut handle = std::pin::pin!(handle);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut has_ended = false;
    let ended = loop {
        let until = host.held_until();
        let held = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = channels.consensus.recv() => match message {
                None => break ended(wal, "it has closed its channel"),
                Some(message) => match host.answer(message).await {
                    Err(reason) => {
                        tracing::error!(rule = reason.rule(), %reason, "the root chain stops");
                        break Ended::Stopped(Some(reason));
                    }
                    Ok(()) if host.may_vote_now() => break Ended::MayVote,
                    Ok(()) => {}
                },
            },
            () = shared.changed.notified() => if let Err(reason) = host.release_if_wanted() {
                break Ended::Stopped(Some(reason));
            },
            () = held => if let Err(reason) = host.release() {
                break Ended::Stopped(Some(reason));
            },
            _ = ticks.tick() => shared.tick(),
            _ = stop.changed() => break Ended::Stopped(None),
            _ = &mut handle => {
                has_ended = true;
                break ended(wal, "it has ended");
            }
        }
    };
    drop(host);
    drop(channels);
    let patience = Some(STOP_PATIENCE);
    if !has_ended {
        actor.get_cell().stop_children_and_wait(None, patience).await;
        let _ = actor.stop_and_wait(None, patience).await;
        let _ = tokio::time::timeout_at(Instant::now() + STOP_PATIENCE, &mut handle).await;
    }
    ended
}

/// The thread of a host, which owns its runtime.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, RootUnavailable> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("root-engine")
        .enable_all()
        .build()
        .map_err(failed)
}
