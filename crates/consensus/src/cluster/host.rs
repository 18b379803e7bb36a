//! The application under the engine: it builds, checks, keeps and commits blocks when the engine says so.
//!
//! ```text
//!   GetValue       pool -> prepare -> undecided row, synced -> header hash to the engine, parts to all
//!   part           gather -> proposer's signature -> check -> undecided row, synced -> header hash
//!   Decided        undecided row -> one synced batch with the certificate -> callers are told
//!   Finalized      hold until a block is wanted -> next height
//! ```
//!
//! The engine's log holds hashes only. So a block is on the disk before its hash is handed to the engine
//! (CON-08): after a crash the engine may decide it at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use malachite_app::AppMsg;
use malachite_app::NetworkMsg;
use malachite_app::app::consensus::MisbehaviorEvidence;
use malachite_app::app::engine::host::{HeightParams, Next, SyncedValueOutcome};
use malachite_app::app::engine::util::streaming::StreamContent;
use malachite_app::app::types::streaming::{StreamId, StreamMessage};
use malachite_app::app::types::sync::RawDecidedValue;
use malachite_app::app::types::{LocallyProposedValue, ProposedValue};
use malachite_core::{Round, Validity};
use parclose_root::{Block, OpenDeal, Prepared, RootTransaction};
use parclose_types::{Digest, Height, PublicKey, ValueHash, decode, encode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::evidence;
use super::shared::Shared;
use super::streams::{BLOCK_BYTES_MAX, Gathered, Streams, split};
use super::timing::Timing;
use crate::engine::{
    Address, EngineHeight, Guard, Members, Part, RootContext, Signer, Value, from_engine,
    parts_signing_bytes, to_engine,
};
use crate::ledger::Ledger;
use crate::root_chain::RootUnavailable;
use crate::tables::{UNDECIDED, UndecidedRow};

/// Transactions of a block that this validator builds.
const BUILD_COUNT_MAX: usize = parclose_types::limits::ROOT_BLOCK_TRANSACTIONS_MAX;
/// Bytes of a block that this validator builds: small enough to be checked within a round.
const BUILD_BYTES_MAX: usize = 1 << 20;
/// Bytes of one reply to whoever is behind.
const SERVED_BYTES_MAX: usize = 4 << 20;

type Parts = mpsc::Sender<NetworkMsg<RootContext>>;
type Params = HeightParams<RootContext>;

/// A reply that is kept back while the chain is idle.
enum Held {
    Ready(oneshot::Sender<(EngineHeight, Params)>),
    Next(oneshot::Sender<Next<RootContext>>),
}

pub(crate) struct Host {
    pub(crate) shared: Arc<Shared>,
    signer: Option<Signer>,
    guard: Option<Arc<Guard>>,
    timing: Timing,
    parts: Parts,
    streams: Streams,
    /// blocks after the head, checked
    checked: BTreeMap<ValueHash, Prepared>,
    held: Option<(Held, Instant)>,
    /// number of the last stream of parts, which begins at random: who has gathered half of one from before this start must not
    /// take parts of another for its rest
    published: u64,
    /// the last height that came as a decided value
    synced: EngineHeight,
    /// the latest height that somebody has proposed for
    latest: EngineHeight,
}

type Outcome = Result<(), RootUnavailable>;

impl Host {
    pub(crate) fn new(
        shared: Arc<Shared>,
        (signer, guard): (Option<Signer>, Option<Arc<Guard>>),
        timing: Timing,
        parts: Parts,
    ) -> Self {
        let drawn = guard.as_ref().and_then(|guard| guard.nonce());
        let published = drawn.and_then(|nonce| nonce.first_chunk().copied()).map_or(0, u64::from_be_bytes);
        Self {
            shared,
            guard,
            signer,
            timing,
            parts,
            streams: Streams::default(),
            checked: BTreeMap::new(),
            held: None,
            published,
            synced: EngineHeight(0),
            latest: EngineHeight(0),
        }
    }

    fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    fn next_height(&self) -> EngineHeight {
        EngineHeight(self.ledger().head().0.saturating_add(1))
    }

    /// Who votes at the next height, which the state before it says.
    fn members(&self) -> Result<Members, RootUnavailable> {
        Members::of(&self.ledger().next_validators()?).ok_or(RootUnavailable::NotTheValidator)
    }

    fn params(&self) -> Result<Params, RootUnavailable> {
        Ok(HeightParams::new(self.members()?, self.timing.timeouts(), None))
    }

    /// Whether a validator that sat out has sat out long enough.
    pub(crate) fn may_vote_now(&self) -> bool {
        self.signer.is_none() && self.guard.as_ref().is_some_and(|guard| !guard.sits_out())
    }

    /// When a held reply is let go at the latest.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.held.as_ref().map(|(_, until)| *until)
    }

    /// Lets a held reply go, if a block is wanted. The first one waits for peers in any case.
    pub(crate) fn release_if_wanted(&mut self) -> Outcome {
        if matches!(self.held, Some((Held::Next(_), _))) && self.shared.is_wanted() {
            self.release()?;
        }
        Ok(())
    }

    /// Goes on at once from a height that had to be fetched, if others are known to be further: who holds as long as
    /// they do stays behind them.
    ///
    /// # Rules
    ///
    /// > CON-23: a node that fetches heights does not wait between them while it knows of later ones.
    fn release_if_behind(&mut self, height: EngineHeight) -> Outcome {
        if self.synced >= height && self.next_height() <= self.latest {
            self.release()?;
        }
        Ok(())
    }

    /// Begins the next height, with its validators.
    pub(crate) fn release(&mut self) -> Outcome {
        let (height, params) = (self.next_height(), self.params()?);
        match self.held.take() {
            Some((Held::Ready(reply), _)) => drop(reply.send((height, params))),
            Some((Held::Next(reply), _)) => drop(reply.send(Next::Start(height, params))),
            None => {}
        }
        Ok(())
    }

    fn hold(&mut self, held: Held, duration: Duration) {
        self.held = Some((held, Instant::now() + duration));
    }

    /// Answers one message of the engine.
    pub(crate) async fn answer(&mut self, message: AppMsg<RootContext>) -> Outcome {
        match message {
            AppMsg::ConsensusReady { reply } => {
                let alone = malachite_core::ValidatorSet::count(&self.members()?) == 1;
                let gather = if alone { Duration::ZERO } else { self.timing.gather };
                self.hold(Held::Ready(reply), gather);
            }
            AppMsg::StartedRound { height, round, proposer, reply_value, .. } => {
                self.build_ahead(height, round, &proposer)?;
                let _ = reply_value.send(self.undecided(height, round)?);
            }
            AppMsg::GetValue { height, round, reply, .. } => self.propose(height, round, reply).await?,
            AppMsg::ExtendVote { reply, .. } => drop(reply.send(None)),
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let fine = extensions.into_iter().map(|(address, ())| (address, Ok(())));
                let _ = reply.send(fine.collect());
            }
            AppMsg::RestreamProposal { height, value_id, .. } => self.publish_again(height, value_id).await?,
            AppMsg::GetHistoryMinHeight { reply } => drop(reply.send(EngineHeight(1))),
            AppMsg::ReceivedProposalPart { from, published_by, part, reply } => {
                let publisher = published_by.unwrap_or(from).to_bytes();
                let _ = reply.send(self.part(publisher, part)?);
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.decided(&from_engine(&certificate))?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { certificate, evidence, reply, .. } => {
                let height = certificate.height;
                self.finalized(height, &evidence)?;
                self.hold(Held::Next(reply), self.timing.heartbeat);
                self.release_if_behind(height)?;
                self.release_if_wanted()?;
            }
            AppMsg::GetDecidedValues { range, reply } => {
                let _ = reply.send(self.serve(*range.start(), *range.end())?);
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let _ = reply.send(self.synced(height, round, proposer, &value_bytes)?);
            }
        }
        Ok(())
    }

    /// The blocks of a round that this validator has on its disk.
    fn undecided(
        &self,
        height: EngineHeight,
        round: Round,
    ) -> Result<Vec<ProposedValue<RootContext>>, RootUnavailable> {
        let mut values = Vec::new();
        for (value, row) in self.ledger().undecided(height.into())? {
            if round == Round::new(row.round) {
                values.push(proposed(height, row.round, row.proposer, value, Validity::Valid));
            }
        }
        Ok(values)
    }

    /// Builds this validator's block as its round begins, so that the engine hears of it as of anybody's before it is asked to
    /// propose it. What an engine is told only as its own proposal it does not hold against the proposals of others that name
    /// the same block, and when its log is replayed it does: its votes would come out otherwise (malachite 0.8.2).
    fn build_ahead(&mut self, height: EngineHeight, round: Round, proposer: &Address) -> Outcome {
        let (Some(signer), Some(number)) = (self.signer.clone(), round.as_u32()) else { return Ok(()) };
        if height == self.next_height() && proposer.0 == signer.key.public() {
            self.own_block(&signer, height, number)?;
        }
        Ok(())
    }

    /// Builds a block, or takes the one that was built for this round before.
    ///
    /// # Rules
    ///
    /// > CON-08: a validator has the block of every hash that it hands to the engine synced on its disk first, and hands in one block of its own for a height and round.
    fn own_block(
        &mut self,
        signer: &Signer,
        height: EngineHeight,
        round: u32,
    ) -> Result<(ValueHash, UndecidedRow), RootUnavailable> {
        let own = signer.key.public();
        let before = self.ledger().undecided(height.into())?;
        let mine = before.into_iter().find(|(_, row)| (row.round, row.proposer) == (round, own));
        match mine {
            Some(built) => Ok(built),
            None => self.build(signer, height, round),
        }
    }

    /// Proposes this validator's block of a round.
    async fn propose(
        &mut self,
        height: EngineHeight,
        round: Round,
        reply: oneshot::Sender<LocallyProposedValue<RootContext>>,
    ) -> Outcome {
        let (Some(signer), Some(number)) = (self.signer.clone(), round.as_u32()) else { return Ok(()) };
        if height != self.next_height() {
            return Ok(());
        }
        let (value, row) = self.own_block(&signer, height, number)?;
        let _ = reply.send(LocallyProposedValue::new(height, round, Value(value)));
        self.publish(height, &row).await;
        Ok(())
    }

    fn build(
        &mut self,
        signer: &Signer,
        height: EngineHeight,
        round: u32,
    ) -> Result<(ValueHash, UndecidedRow), RootUnavailable> {
        let candidates = self.shared.candidates(BUILD_COUNT_MAX, BUILD_BYTES_MAX);
        let digests: Vec<Digest> = candidates.iter().map(|(digest, _)| *digest).collect();
        let (prepared, rejected) = {
            let state = self.ledger().state()?;
            state.prepare(candidates.into_iter().map(|(_, transaction)| transaction))
        };
        let lasting = rejected.iter().filter(|(_, reason)| !reason.is_for_now());
        let gone: Vec<Digest> = lasting.filter_map(|(index, _)| digests.get(*index).copied()).collect();
        self.shared.drop_candidates(&gone);
        let value = prepared.block().header.hash();
        let signed = parts_signing_bytes(&signer.network, height, round, &value);
        let row = UndecidedRow {
            round,
            proposer: signer.key.public(),
            signature: Some(signer.key.sign(&signed)),
            block: encode(prepared.block()),
        };
        self.keep(height, value, &row, prepared)?;
        Ok((value, row))
    }

    fn keep(
        &mut self,
        height: EngineHeight,
        value: ValueHash,
        row: &UndecidedRow,
        prepared: Prepared,
    ) -> Outcome {
        self.ledger().keep_undecided(height.into(), value, row)?;
        self.checked.insert(value, prepared);
        Ok(())
    }

    async fn publish(&mut self, height: EngineHeight, row: &UndecidedRow) {
        let Some(signature) = row.signature else { return };
        let (round, proposer) = (row.round, row.proposer);
        let gathered = Gathered { height, round, proposer, block: row.block.clone(), signature };
        self.published = self.published.wrapping_add(1);
        let stream = [&height.0.to_be_bytes()[..], &self.published.to_be_bytes()].concat();
        let stream = StreamId::new(Bytes::from(stream));
        let contents = split(&gathered).into_iter().map(StreamContent::Data).chain([StreamContent::Fin]);
        for (sequence, content) in (0..).zip(contents) {
            let message = StreamMessage::new(stream.clone(), sequence, content);
            // A closed channel means that the engine has ended, which its handle tells.
            let _ = self.parts.send(NetworkMsg::PublishProposalPart(message)).await;
        }
    }

    async fn publish_again(&mut self, height: EngineHeight, value: ValueHash) -> Outcome {
        let row = self.ledger().database().get(&UNDECIDED, &(height.into(), value))?;
        if let Some(row) = row {
            self.publish(height, &row).await;
        }
        Ok(())
    }

    /// Takes in a part of somebody's block.
    fn part(
        &mut self,
        publisher: Vec<u8>,
        message: StreamMessage<Part>,
    ) -> Result<Option<ProposedValue<RootContext>>, RootUnavailable> {
        let stream = message.stream_id.to_bytes();
        let sequence = message.sequence;
        let whole = self.streams.take(publisher, stream, sequence, message.content.into_data());
        let Some(gathered) = whole else { return Ok(None) };
        // Unproven, but all that it can do is to have this node not wait.
        self.latest = self.latest.max(gathered.height);
        if gathered.height != self.next_height() {
            return Ok(None);
        }
        // Somebody has work for the next height: it begins here too.
        self.release()?;
        self.received(gathered)
    }

    /// # Rules
    ///
    /// > CON-15: a block counts as proposed only with the signature of the validator whose turn it was, and only if it follows from the head.
    fn received(
        &mut self,
        gathered: Gathered,
    ) -> Result<Option<ProposedValue<RootContext>>, RootUnavailable> {
        let Gathered { height, round, proposer, block, signature } = gathered;
        // Only the next height comes as far as this, so its validators are known.
        let members = self.members()?;
        let turn =
            malachite_core::Context::select_proposer(&RootContext, &members, height, Round::new(round));
        if malachite_core::Validator::address(turn) != &Address(proposer) {
            return Ok(None);
        }
        let Ok(decoded) = decode::<Block>("block", &block, BLOCK_BYTES_MAX) else { return Ok(None) };
        let value = decoded.header.hash();
        let signed = parts_signing_bytes(&self.ledger().network(), height, round, &value);
        if parclose_crypto::verify(&proposer, &signed, &signature).is_err() {
            return Ok(None);
        }
        let checked = self.ledger().state()?.check(&decoded);
        let Ok(prepared) = checked else {
            tracing::warn!(%height, round, %proposer, "a proposed block does not follow from the head");
            return Ok(Some(proposed(height, round, proposer, value, Validity::Invalid)));
        };
        let row = UndecidedRow { round, proposer, signature: Some(signature), block };
        self.keep(height, value, &row, prepared)?;
        Ok(Some(proposed(height, round, proposer, value, Validity::Valid)))
    }

    /// Commits what was decided. May come again after a restart.
    fn decided(&mut self, certificate: &parclose_root::CommitCertificate) -> Outcome {
        let height = certificate.height;
        if height <= self.ledger().head() {
            return Ok(());
        }
        let prepared = match self.checked.remove(&certificate.value) {
            Some(prepared) => prepared,
            None => self.ledger().check_undecided(height, &certificate.value)?,
        };
        let placed = prepared.placed();
        let transactions = prepared.block().transactions.clone();
        {
            let mut state = self.ledger().state()?;
            self.ledger().make_decided(&mut state, prepared, certificate.clone())?;
        }
        if let Some(guard) = &self.guard {
            guard.decided(height)?;
        }
        self.checked.clear();
        self.streams.clear();
        self.shared.take_turn()?;
        self.shared.ordered(&placed, &transactions);
        if self.synced < EngineHeight::from(height) {
            self.shared.has_caught_up();
            self.mark_the_present();
        }
        Ok(())
    }

    /// Who has lost its record asks for what tells it that a height is a new one (CON-13). That it was not fetched says
    /// nothing: the votes may be old ones that somebody kept.
    fn mark_the_present(&self) {
        if let Some(deal) = self.guard.as_ref().and_then(|guard| guard.wants_mark()) {
            // Whether it is ordered is seen in the state.
            self.shared.submit(RootTransaction::OpenDeal(OpenDeal { deal }), Box::new(|_| {}));
        }
    }

    fn finalized(&self, height: EngineHeight, evidence: &MisbehaviorEvidence<RootContext>) -> Outcome {
        for (validator, pair) in evidence::pairs(evidence) {
            tracing::warn!(%height, %validator, "a validator signed two messages that exclude each other");
            self.ledger().keep_evidence(height.into(), validator, pair)?;
        }
        Ok(())
    }

    /// Final blocks for whoever is behind, from a height on without a gap.
    fn serve(
        &self,
        from: EngineHeight,
        to: EngineHeight,
    ) -> Result<Vec<RawDecidedValue<RootContext>>, RootUnavailable> {
        let (mut values, mut bytes) = (Vec::new(), 0_usize);
        for height in from.0..=to.0.min(self.ledger().head().0) {
            let Some((block, certificate)) = self.ledger().block(Height(height))? else { break };
            let block = encode(&block);
            bytes = bytes.saturating_add(block.len());
            if bytes > SERVED_BYTES_MAX && !values.is_empty() {
                break;
            }
            values.push(RawDecidedValue::new(block.into(), to_engine(&certificate)));
        }
        Ok(values)
    }

    /// Checks a block that more than two thirds have decided already; the engine has verified that.
    fn synced(
        &mut self,
        height: EngineHeight,
        round: Round,
        proposer: Address,
        bytes: &Bytes,
    ) -> Result<SyncedValueOutcome<RootContext>, RootUnavailable> {
        if height != self.next_height() {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        let Ok(block) = decode::<Block>("block", bytes, BLOCK_BYTES_MAX) else {
            return Ok(SyncedValueOutcome::PeerFault);
        };
        let value = block.header.hash();
        let checked = self.ledger().state()?.check(&block);
        let Ok(prepared) = checked else { return Ok(SyncedValueOutcome::PeerFault) };
        let number = round.as_u32().unwrap_or_default();
        let row =
            UndecidedRow { round: number, proposer: proposer.0, signature: None, block: bytes.to_vec() };
        self.keep(height, value, &row, prepared)?;
        self.synced = height;
        let verdict = proposed(height, number, proposer.0, value, Validity::Valid);
        Ok(SyncedValueOutcome::Verdict(verdict))
    }
}

fn proposed(
    height: EngineHeight,
    round: u32,
    proposer: PublicKey,
    value: ValueHash,
    validity: Validity,
) -> ProposedValue<RootContext> {
    ProposedValue {
        height,
        round: Round::new(round),
        valid_round: Round::Nil,
        proposer: Address(proposer),
        value: Value(value),
        validity,
    }
}
