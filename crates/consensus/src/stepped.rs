//! A validator that is stepped: for simulations, in which a seed decides what happens when.
//!
//! Core of the engine, host, ledger, signing record and codec are those of [`crate::ClusterRoot`]; what is left out is what makes a
//! run different each time: threads, sockets, clocks. Whoever steps it carries packets and keeps the timers.
//!
//! ```text
//!   packet, timer, reply --> Stepped --> Out: packets for all others, timers, whom a fetched block convicts
//! ```

mod forge;
mod hands;
mod log;
mod packet;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use malachite_app::app::consensus::{Input, Params, State, process};
use malachite_core::{ThresholdParam, ThresholdParams, ValidatorSet as _, ValueOrigin, ValuePayload};
use parclose_crypto::SigningKey;
use parclose_root::{Block, CommitCertificate, DealState, Genesis, RootTransaction, TagState};
use parclose_store::SharedCache;
use parclose_types::{DealId, Height, PublicKey, Sequence, Tag};

pub use self::forge::{with_blocks, with_signatures};
pub use self::log::EngineLog;
pub use self::packet::{Packet, Place};
use crate::cluster::{Host, OnOrdered, RootAnswer, RootRelay, Shared, Timing};
use crate::engine::{Address, Guard, Nonces, RootContext, Signer, Verifier};
use crate::ledger::Ledger;
use crate::root_chain::{FinalEvent, RootUnavailable};
use hands::{Hands, Inner};
use packet::Fetched;

/// Heights for which the engine keeps what it hears early, and how much of each: as `cluster/start.rs` configures it.
const QUEUE: (usize, usize) = (10, 2048);
/// Messages that are kept while the engine has not begun.
const EARLY_MAX: usize = 1024;

/// What a simulation breaks on purpose, to see whether anybody notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planted {
    /// more than half of the votes decide
    pub half_is_enough: bool,
    /// signatures leave without a record of them
    pub no_record: bool,
}

/// Everything that a stepped validator needs.
pub struct SteppedOptions {
    /// the chain's genesis
    pub genesis: Genesis,
    /// its database's place on the medium
    pub directory: PathBuf,
    /// the medium
    pub cache: SharedCache,
    /// the engine's log, which outlives it
    pub log: EngineLog,
    /// by which it votes; `None` follows
    pub key: Option<SigningKey>,
    /// whether the validator was just made and never ran
    pub is_new: bool,
    /// where its random nonces begin: others for each start
    pub nonces: [u8; 32],
    /// how long it waits
    pub timing: Timing,
    /// carries transactions
    pub relay: Arc<dyn RootRelay>,
    /// what is broken on purpose
    pub planted: Planted,
}

impl std::fmt::Debug for SteppedOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SteppedOptions").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// Names a timer. A second one of the same name replaces the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    kind: u8,
    number: u64,
}

impl Timer {
    /// Whether the engine has set it, and not its host.
    #[must_use]
    pub fn is_of_engine(&self) -> bool {
        hands::timeout(*self).is_some()
    }
}

/// What a validator wants of whoever steps it, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// to be brought to all others
    Publish(Packet),
    /// to be told after a time
    Set(Timer, Duration),
    /// not to be told any more
    Cancel(Timer),
    /// none of the engine's timers is to be told any more
    CancelAll,
    /// whoever sent a fetched block has cheated
    Blame(PublicKey),
}

/// One validator of a simulation.
pub struct Stepped {
    consensus: Option<Box<State<RootContext>>>,
    hands: Hands,
    early: Vec<Inner>,
    /// blocks that were fetched, for the heights to come, as the engine's fetching keeps them
    fetched: VecDeque<(PublicKey, Fetched)>,
    planted: Planted,
    signer: Option<Signer>,
    guard: Option<Arc<Guard>>,
    timing: Timing,
    shared: Arc<Shared>,
    passed: u64,
}

type Outcome = Result<(), RootUnavailable>;

impl Stepped {
    /// Opens its ledger and its signing record.
    pub fn open(options: SteppedOptions) -> Result<Self, RootUnavailable> {
        let SteppedOptions { genesis, directory, cache, log, key, is_new, nonces, timing, relay, planted } =
            options;
        let network = genesis.network();
        let own = key.as_ref().map(SigningKey::public);
        let ledger = Arc::new(Ledger::open(directory, genesis, &cache)?);
        let signer = match key {
            None => None,
            Some(key) => {
                let guard = Arc::new(Guard::open(ledger.clone(), is_new, Nonces::seeded(nonces))?);
                Some(Signer { network, key: Arc::new(key), guard })
            }
        };
        let guard = signer.as_ref().map(|signer| signer.guard.clone());
        let shared = Arc::new(Shared::new(ledger, relay, own, Box::new(|_| {}))?);
        let verifier = Verifier::of(network);
        let host =
            || Host::new(shared.clone(), (None, guard.clone()), timing, tokio::sync::mpsc::channel(1).0);
        let hands = Hands::new(host(), verifier, log);
        Ok(Self {
            consensus: None,
            hands,
            early: Vec::new(),
            fetched: VecDeque::new(),
            planted,
            signer,
            guard,
            timing,
            shared,
            passed: 0,
        })
    }

    /// Starts the engine: with votes, unless it does not know what it has signed.
    pub fn start(&mut self) -> Outcome {
        let no_record = self.planted.no_record;
        let votes = self.signer.clone().filter(|signer| no_record || !signer.guard.sits_out());
        self.consensus = None;
        self.hands.begin(self.shared.clone(), (votes, self.guard.clone()), self.timing, no_record)?;
        self.settle()
    }

    /// Takes in what another validator has published.
    pub fn hear(&mut self, from: &PublicKey, packet: &Packet) -> Outcome {
        if let Some(inner) = packet.inner(from) {
            self.hands.inbox.push_back(inner);
        }
        self.settle()
    }

    /// A timer is over.
    pub fn ring(&mut self, timer: Timer) -> Outcome {
        match hands::timeout(timer) {
            Some(timeout) => {
                self.hands.inbox.push_back(Inner::Engine(Box::new(Input::TimeoutElapsed(timeout))))
            }
            None => self.hands.let_go(timer)?,
        }
        self.settle()
    }

    /// Time has passed: what was submitted and is not final is looked at.
    pub fn tick(&mut self) -> Outcome {
        self.shared.tick();
        self.hands.wanted()?;
        self.settle()
    }

    /// Takes in a reply to [`Self::serve`] of another validator, about the next height and those after it.
    pub fn fetched(&mut self, from: &PublicKey, response: &[u8]) -> Outcome {
        let Some(values) = packet::response(response) else {
            self.hands.out.push(Out::Blame(*from));
            return Ok(());
        };
        self.fetched = values.into_iter().map(|value| (*from, value)).collect();
        self.settle()
    }

    /// Final blocks from a height on, as they are sent to whoever is behind.
    pub fn serve(&mut self, from: Height, to: Height) -> Result<Vec<u8>, RootUnavailable> {
        self.hands.serve(from, to)
    }

    /// What it wants, since it was asked last.
    pub fn take_out(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.hands.out)
    }

    /// Submits a root transaction; `done` is told when it is final, or will never be.
    pub fn submit(&mut self, transaction: RootTransaction, done: OnOrdered) -> Outcome {
        self.shared.submit(transaction, done);
        self.hands.wanted()?;
        self.settle()
    }

    /// Takes in what another node offers.
    pub fn offered(
        &mut self,
        from: &str,
        transaction: &[u8],
        hop: crate::cluster::Hop,
    ) -> Result<RootAnswer, RootUnavailable> {
        let answer = self.shared.offered(from, transaction, hop);
        self.hands.wanted()?;
        self.settle()?;
        Ok(answer)
    }

    /// The last final height.
    #[must_use]
    pub fn head(&self) -> Height {
        self.shared.ledger.head()
    }

    /// Whether it signs nothing because its record is lost.
    #[must_use]
    pub fn sits_out(&self) -> bool {
        self.guard.as_ref().is_some_and(|guard| guard.sits_out())
    }

    /// How often its engine has ended by itself, so that it passes a height.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// Transactions that wait for their block here.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.shared.pooled()
    }

    /// Height and round that the engine is in; `None` before it has begun.
    #[must_use]
    pub fn round(&self) -> Option<(u64, i64)> {
        self.consensus.as_ref().map(|state| (state.height().0, state.round().as_i64()))
    }

    /// A final block with its certificate; `None` above the head.
    pub fn block(&self, height: Height) -> Result<Option<(Block, CommitCertificate)>, RootUnavailable> {
        self.shared.ledger.block(height)
    }

    /// The events of a tag's log from a sequence on, ascending.
    pub fn events(
        &self,
        tag: &Tag,
        from: Sequence,
        limit: usize,
    ) -> Result<Vec<FinalEvent>, RootUnavailable> {
        self.shared.ledger.events(tag, from, limit)
    }

    /// The state of a tag; `None` if it is not open.
    pub fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable> {
        self.shared.ledger.tag_state(tag)
    }

    /// A deal; `None` if it was never opened, or is forgotten.
    pub fn deal(&self, deal: &DealId) -> Result<Option<DealState>, RootUnavailable> {
        self.shared.ledger.deal(deal)
    }

    /// Validators that it has found out.
    pub fn evidence(&self) -> Result<Vec<crate::cluster::Equivocation>, RootUnavailable> {
        self.shared.ledger.evidence()
    }

    /// Handles what has come in, and what comes of it, until nothing is left.
    fn settle(&mut self) -> Outcome {
        let voted = self.hands.has_votes();
        match self.settled() {
            // As the host of a cluster does: the height goes by without it.
            Err(RootUnavailable::Engine { .. }) if voted => {
                self.passed = self.passed.saturating_add(1);
                if let Some(guard) = &self.guard {
                    guard.pass(self.shared.next_height());
                }
                self.hands.inbox.clear();
                self.hands.replays = false;
                self.start()
            }
            settled => settled,
        }
    }

    fn settled(&mut self) -> Outcome {
        loop {
            while let Some(inner) = self.hands.inbox.pop_front() {
                self.handle(inner)?;
            }
            if !self.take_fetched()? {
                break;
            }
        }
        if self.hands.may_vote_now() {
            return self.start();
        }
        Ok(())
    }

    fn handle(&mut self, inner: Inner) -> Outcome {
        match inner {
            Inner::Start(height, params) => self.begin_height(height, &params),
            Inner::Part(peer, part) => self.hands.part(peer, part),
            early if self.consensus.is_none() => {
                if self.early.len() < EARLY_MAX {
                    self.early.push(early);
                }
                Ok(())
            }
            Inner::Engine(input) => self.process(*input),
            Inner::Proposed(value, origin) => self.process(Input::ProposedValue(*value, origin)),
        }
    }

    /// Gives the engine the fetched block of its height, if there is one; whether it did.
    fn take_fetched(&mut self) -> Result<bool, RootUnavailable> {
        let Some(height) = self.consensus.as_ref().map(|state| state.height()) else { return Ok(false) };
        let next = Height(self.head().0.saturating_add(1));
        self.fetched.retain(|(_, value)| value.height() >= height);
        let is_next = |(_, value): &mut (PublicKey, Fetched)| value.height() == height && height.0 == next.0;
        let Some((from, value)) = self.fetched.pop_front_if(is_next) else { return Ok(false) };
        let Some(peer) = packet::peer_id(&from) else { return Ok(false) };
        self.hands.fetched_from = Some(from);
        let processed = self.process(Input::SyncValueResponse(value.of(peer)));
        self.hands.fetched_from = None;
        processed.map(|()| true)
    }

    /// As the engine begins a height: what its log holds of it comes first.
    fn begin_height(&mut self, height: crate::engine::EngineHeight, params: &hands::HeightParams) -> Outcome {
        let address = Address(self.hands.address());
        if self.consensus.is_none() {
            let engine_params = Params {
                address,
                threshold_params: self.thresholds(),
                value_payload: ValuePayload::ProposalAndParts,
                enabled: true,
            };
            let (queue, per_height) = QUEUE;
            let set = params.validator_set.clone();
            let state = State::new(RootContext, height, set, engine_params, queue, per_height);
            self.consensus = Some(Box::new(state));
        }
        let votes = params.validator_set.get_by_address(&address).is_some();
        let entries = self.hands.begin_height(height, params, votes)?;
        let policy = params.vote_extension_policy;
        self.process(Input::StartHeight(
            height,
            params.validator_set.clone(),
            false,
            params.target_time,
            policy,
        ))?;
        self.replay(entries)?;
        self.hands.inbox.extend(self.early.drain(..));
        Ok(())
    }

    fn replay(&mut self, entries: Vec<Input<RootContext>>) -> Outcome {
        if entries.is_empty() {
            return Ok(());
        }
        if let Some(state) = &mut self.consensus {
            state.record_recovered_own_precommit_extensions(entries.iter());
            state.index_wal_entries(entries.iter());
        }
        self.hands.replays = true;
        for entry in entries {
            self.process(entry)?;
        }
        self.hands.replays = false;
        if let Some(state) = &mut self.consensus {
            state.reset_entries_index();
        }
        Ok(())
    }

    fn thresholds(&self) -> ThresholdParams {
        let ThresholdParams { quorum, honest } = ThresholdParams::default();
        let quorum = if self.planted.half_is_enough { ThresholdParam::new(1, 2) } else { quorum };
        ThresholdParams { quorum, honest }
    }

    /// Gives one input to the engine's core, and does what it wants.
    fn process(&mut self, input: Input<RootContext>) -> Outcome {
        let Some(state) = self.consensus.as_deref_mut() else { return Ok(()) };
        let metrics = self.hands.metrics.clone();
        let hands = &mut self.hands;
        let processed: Result<(), hands::EngineError> = process!(
            input: input,
            state: state,
            metrics: &metrics,
            with: effect => hands.act(effect)
        );
        if let Some(reason) = hands.failed.take() {
            return Err(reason);
        }
        processed.map_err(|reason| RootUnavailable::Engine { reason: reason.to_string() })
    }
}

impl std::fmt::Debug for Stepped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stepped")
            .field("head", &self.head())
            .field("round", &self.round())
            .finish_non_exhaustive()
    }
}

/// Where a block came from that nobody had to be asked for.
const FROM_PEERS: ValueOrigin = ValueOrigin::Consensus;

#[cfg(test)]
mod tests;
