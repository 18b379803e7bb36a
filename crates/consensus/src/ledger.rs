//! The root chain's directory with its state: what is final, and how it is read.
//!
//! Whoever decides on blocks, an embedded validator or the BFT engine, hands them in with their
//! certificates; everything of a block is written in one atomic batch and synced before any reader can
//! see it, and the state in memory moves on only after that. Readers of events take no lock and wait for
//! no disk sync.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use parclose_crypto::merkle::ProvingList;
use parclose_crypto::state_tree::StateProof;
use parclose_root::{
    Block, Cause, Checkpoint, ClaimProof, CommitCertificate, DealProof, DealState, Genesis, LogEntry,
    OrderProof, Prepared, RestoredRows, RootReject, RootState, RootTransaction, Standing, TagProof, TagState,
    ValidatorSet, Validators,
};
use parclose_store::{ClearRows, Database, DatabaseOptions, Durability, SharedCache};
use parclose_types::{DealId, Height, NetworkId, PublicKey, Sequence, Tag, ValueHash, decode, encode};

use crate::cluster::{Equivocation, Pair};
use crate::root_chain::{FinalEvent, RootUnavailable};
use crate::tables::{
    CAUSES, CLAIMS, DEALS, ENTRIES, EVIDENCE, HEAD, HEADERS, HeaderRow, LOG, Place, TAGS, TRANSACTIONS,
    UNDECIDED, UndecidedRow, VALIDATORS, put_block,
};

/// The kind of database that the directory holds.
const KIND: &str = "root";
/// Blocks are small and synced one by one.
const WRITE_BUFFER_BYTES: usize = 2 << 20;

/// Every final block of a network, in one directory.
pub(crate) struct Ledger {
    genesis: Genesis,
    network: NetworkId,
    database: Database,
    state: Mutex<RootState>,
    /// the last height that is final and synced
    head: AtomicU64,
}

impl Ledger {
    /// Opens the chain in a directory, or starts it there.
    ///
    /// # Rules
    ///
    /// > CON-02: the last block on the disk is certified by the validators of its height.
    pub(crate) fn open(
        path: impl AsRef<Path>,
        genesis: Genesis,
        cache: &SharedCache,
    ) -> Result<Self, RootUnavailable> {
        let network = genesis.network();
        let options = DatabaseOptions {
            kind: KIND,
            owner_id: network.0,
            cache: cache.clone(),
            write_buffer_bytes: WRITE_BUFFER_BYTES,
        };
        let database = Database::open(path, &options, Arc::new(ClearRows))?;
        let state = restore(&database, &genesis)?;
        let head = AtomicU64::new(state.head().height.0);
        Ok(Self { genesis, network, database, state: Mutex::new(state), head })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn network(&self) -> NetworkId {
        self.network
    }

    pub(crate) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    pub(crate) fn head(&self) -> Height {
        Height(self.head.load(Ordering::Acquire))
    }

    /// The state, for the one who makes the next block.
    ///
    /// # Rules
    ///
    /// > CON-04: after a panic in the middle of a block no further block is made, because the disk may be ahead of the memory.
    pub(crate) fn state(&self) -> Result<MutexGuard<'_, RootState>, RootUnavailable> {
        self.state.lock().map_err(|_| RootUnavailable::Stopped)
    }

    /// Writes a block, then moves the state on to it, then shows it.
    ///
    /// # Rules
    ///
    /// > CON-05: all rows of a block are written in one atomic batch, synced before the block is visible.
    pub(crate) fn make_final(
        &self,
        state: &mut RootState,
        prepared: Prepared,
        certificate: CommitCertificate,
        durability: Durability,
    ) -> Result<(), RootUnavailable> {
        let mut batch = self.database.batch();
        put_block(&mut batch, &prepared, certificate);
        self.database.commit(batch, durability)?;
        step(state, prepared);
        self.show(state);
        Ok(())
    }

    /// As [`Self::make_final`], for a block that was voted on: what was proposed for its height goes with it.
    pub(crate) fn make_decided(
        &self,
        state: &mut RootState,
        prepared: Prepared,
        certificate: CommitCertificate,
    ) -> Result<(), RootUnavailable> {
        let height = certificate.height;
        let mut batch = self.database.batch();
        put_block(&mut batch, &prepared, certificate);
        for (value, _) in self.undecided(height)? {
            batch.delete(&UNDECIDED, &(height, value));
        }
        self.database.commit(batch, Durability::Synced)?;
        step(state, prepared);
        self.show(state);
        Ok(())
    }

    /// The blocks that were proposed for a height, and not decided.
    pub(crate) fn undecided(
        &self,
        height: Height,
    ) -> Result<Vec<(ValueHash, UndecidedRow)>, RootUnavailable> {
        let mut found = Vec::new();
        self.database.visit(&UNDECIDED, &(height, ValueHash([0; 32])), |(at, value), row| {
            if at != height {
                return ControlFlow::Break(());
            }
            found.push((value, row));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Keeps a proposed block, synced.
    pub(crate) fn keep_undecided(
        &self,
        height: Height,
        value: ValueHash,
        row: &UndecidedRow,
    ) -> Result<(), RootUnavailable> {
        let mut batch = self.database.batch();
        batch.put(&UNDECIDED, &(height, value), row);
        Ok(self.database.commit(batch, Durability::Synced)?)
    }

    /// A kept block, checked against the head again: after a restart nothing is remembered.
    pub(crate) fn check_undecided(
        &self,
        height: Height,
        value: &ValueHash,
    ) -> Result<Prepared, RootUnavailable> {
        let row = present(self.database.get(&UNDECIDED, &(height, *value))?, height)?;
        let block: Option<Block> = decode("block", &row.block, row.block.len()).ok();
        let block = present(block, height)?;
        present(self.state()?.check(&block).ok(), height)
    }

    /// Keeps what convicts a validator; of one height the first.
    pub(crate) fn keep_evidence(
        &self,
        height: Height,
        validator: PublicKey,
        pair: Pair,
    ) -> Result<(), RootUnavailable> {
        let mut batch = self.database.batch();
        batch.put(&EVIDENCE, &(height, validator), &pair);
        Ok(self.database.commit(batch, Durability::Synced)?)
    }

    /// All evidence, ascending by height.
    pub(crate) fn evidence(&self) -> Result<Vec<Equivocation>, RootUnavailable> {
        let mut found = Vec::new();
        self.database.visit(&EVIDENCE, &(Height(0), PublicKey([0; 32])), |(height, validator), pair| {
            found.push(Equivocation { height, validator, pair });
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Who votes, and who will.
    pub(crate) fn validators(&self) -> Result<Validators, RootUnavailable> {
        Ok(self.state()?.validators().clone())
    }

    /// Who signs the next height.
    pub(crate) fn next_validators(&self) -> Result<ValidatorSet, RootUnavailable> {
        let state = self.state()?;
        let next = Height(state.head().height.0.saturating_add(1));
        Ok(state.validators().at(next).clone())
    }

    /// The head as a checkpoint; `None` at height 0, which nobody signs.
    pub(crate) fn checkpoint(&self) -> Result<Option<Checkpoint>, RootUnavailable> {
        let (height, validators, proof) = {
            let state = self.state()?;
            (state.head().height, state.validators().clone(), state.prove_validators())
        };
        if height == Height(0) {
            return Ok(None);
        }
        let HeaderRow { header, certificate } = self.header_row(height)?;
        Ok(Some(Checkpoint { validators, proof, header, certificate }))
    }

    pub(crate) fn show(&self, state: &RootState) {
        self.head.store(state.head().height.0, Ordering::Release);
    }

    pub(crate) fn header_row(&self, height: Height) -> Result<HeaderRow, RootUnavailable> {
        present(self.database.get(&HEADERS, &height)?, height)
    }

    /// A final block with its certificate; `None` above the head.
    pub(crate) fn block(
        &self,
        height: Height,
    ) -> Result<Option<(Block, CommitCertificate)>, RootUnavailable> {
        if height > self.head() || height.0 == 0 {
            return Ok(None);
        }
        let HeaderRow { header, certificate } = self.header_row(height)?;
        let mut transactions = Vec::new();
        self.database.visit(&TRANSACTIONS, &(height, 0), |(at, _), transaction| {
            if at != height {
                return ControlFlow::Break(());
            }
            transactions.push(transaction);
            ControlFlow::Continue(())
        })?;
        Ok(Some((Block { header, transactions }, certificate)))
    }

    fn final_event(&self, place: Place) -> Result<FinalEvent, RootUnavailable> {
        let (height, _) = place;
        let entry = present(self.database.get(&ENTRIES, &place)?, height)?;
        let cause = self.database.get(&CAUSES, &place)?.unwrap_or(Cause::Transaction(place.1));
        let transaction = match cause {
            Cause::Transaction(index) => {
                present(self.database.get(&TRANSACTIONS, &(height, index))?, height)?
            }
            Cause::Decision(decision) => RootTransaction::Decision(decision),
        };
        Ok(FinalEvent { height, entry, transaction })
    }

    /// All entries of a block.
    pub(crate) fn entries(&self, height: Height) -> Result<Vec<LogEntry>, RootUnavailable> {
        let mut entries = Vec::new();
        self.database.visit(&ENTRIES, &(height, 0), |(at, _), entry| {
            if at != height {
                return ControlFlow::Break(());
            }
            entries.push(entry);
            ControlFlow::Continue(())
        })?;
        Ok(entries)
    }

    pub(crate) fn events(
        &self,
        tag: &Tag,
        from: Sequence,
        limit: usize,
    ) -> Result<Vec<FinalEvent>, RootUnavailable> {
        let mut places: Vec<Place> = Vec::new();
        self.database.visit(&LOG, &(*tag, from), |(other, _), place| {
            if other != *tag || places.len() >= limit {
                return ControlFlow::Break(());
            }
            places.push(place);
            ControlFlow::Continue(())
        })?;
        places.into_iter().map(|place| self.final_event(place)).collect()
    }

    pub(crate) fn prove(&self, tag: &Tag, sequence: Sequence) -> Result<Option<OrderProof>, RootUnavailable> {
        let Some(place) = self.database.get(&LOG, &(*tag, sequence))? else {
            return Ok(None);
        };
        let FinalEvent { height, entry, transaction } = self.final_event(place)?;
        let list = ProvingList::new(self.entries(height)?.iter().map(encode));
        let inclusion = present(list.prove(place.1.into()), height)?;
        let HeaderRow { header, certificate } = self.header_row(height)?;
        Ok(Some(OrderProof { entry, transaction: transaction.encode(), inclusion, header, certificate }))
    }

    pub(crate) fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable> {
        Ok(self.database.get(&TAGS, tag)?)
    }

    pub(crate) fn prove_tag(&self, tag: &Tag) -> Result<Option<TagProof>, RootUnavailable> {
        let (height, found, proof) = {
            let state = self.state()?;
            (state.head().height, state.tag(tag).cloned(), state.prove_tag(tag))
        };
        let Some(state) = found else {
            return Ok(None);
        };
        let HeaderRow { header, certificate } = self.header_row(height)?;
        Ok(Some(TagProof { tag: *tag, state, proof, header, certificate }))
    }

    pub(crate) fn deal(&self, deal: &DealId) -> Result<Option<DealState>, RootUnavailable> {
        Ok(self.database.get(&DEALS, deal)?)
    }

    pub(crate) fn prove_deal(&self, deal: &DealId) -> Result<Option<DealProof>, RootUnavailable> {
        let (height, state, proof) = {
            let state = self.state()?;
            (state.head().height, state.deal(deal).cloned(), state.prove_deal(deal))
        };
        let standing = self.standing(height, proof)?;
        Ok(standing.map(|standing| DealProof { deal: *deal, state, standing }))
    }

    pub(crate) fn claim(&self, claim: &[u8; 32]) -> Result<Option<Tag>, RootUnavailable> {
        Ok(self.database.get(&CLAIMS, claim)?)
    }

    pub(crate) fn prove_claim(&self, claim: &[u8; 32]) -> Result<Option<ClaimProof>, RootUnavailable> {
        let (height, holder, proof) = {
            let state = self.state()?;
            (state.head().height, state.claim(claim).copied(), state.prove_claim(claim))
        };
        let standing = self.standing(height, proof)?;
        Ok(standing.map(|standing| ClaimProof { claim: *claim, holder, standing }))
    }

    /// A proof with the header that it leads to; `None` at height 0, which nobody signs.
    fn standing(&self, height: Height, proof: StateProof) -> Result<Option<Standing>, RootUnavailable> {
        if height == Height(0) {
            return Ok(None);
        }
        let HeaderRow { header, certificate } = self.header_row(height)?;
        Ok(Some(Standing { proof, header, certificate }))
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger")
            .field("network", &self.network)
            .field("head", &self.head())
            .finish_non_exhaustive()
    }
}

/// The state of the rows of a directory, or the state of the genesis if there are none.
fn restore(database: &Database, genesis: &Genesis) -> Result<RootState, RootUnavailable> {
    let Some(last) = database.get(&HEAD, &())? else {
        return Ok(RootState::new(genesis.clone()));
    };
    let height = last.height;
    let HeaderRow { header, certificate } = present(database.get(&HEADERS, &height)?, height)?;
    if header.height != height || certificate.height != height || certificate.value != header.hash() {
        return Err(RootUnavailable::Inconsistent { height });
    }
    let validators = database.get(&VALIDATORS, &())?.unwrap_or_else(|| Validators::of(genesis));
    certificate
        .verify(&genesis.network(), validators.at(height))
        .map_err(|reason| RootUnavailable::Uncertified { height, reason })?;
    let mut tags = BTreeMap::new();
    database.visit(&TAGS, &Tag([0; 32]), |tag, state| {
        tags.insert(tag, state);
        ControlFlow::Continue(())
    })?;
    let (mut deals, mut claims) = (BTreeMap::new(), BTreeMap::new());
    database.visit(&DEALS, &DealId([0; 32]), |deal, state| {
        deals.insert(deal, state);
        ControlFlow::Continue(())
    })?;
    database.visit(&CLAIMS, &[0; 32], |claim, holder| {
        claims.insert(claim, holder);
        ControlFlow::Continue(())
    })?;
    let rows = RestoredRows { head: header, history: last.history, validators, tags, deals, claims };
    Ok(RootState::restore(genesis.clone(), rows)?)
}

/// A row that another row of the same block refers to.
///
/// # Rules
///
/// > CON-03: the rows of a block are there together; one that is missing is an error, never an absent event.
fn present<T>(row: Option<T>, height: Height) -> Result<T, RootUnavailable> {
    row.ok_or(RootUnavailable::Inconsistent { height })
}

pub(crate) fn step(state: &mut RootState, prepared: Prepared) {
    state.commit(prepared).map(drop).expect("the block was prepared from this state, under its lock");
}

/// Entries and refusals, put back into the order of the candidates.
pub(crate) fn outcomes(
    placed: Vec<Option<LogEntry>>,
    rejected: &[(usize, RootReject)],
) -> Vec<Result<Option<LogEntry>, RootReject>> {
    let (mut placed, mut rejected) = (placed.into_iter(), rejected.iter().peekable());
    let mut outcomes = Vec::with_capacity(placed.len() + rejected.len());
    loop {
        match rejected.next_if(|(index, _)| *index == outcomes.len()) {
            Some((_, reason)) => outcomes.push(Err(*reason)),
            None => match placed.next() {
                Some(entry) => outcomes.push(Ok(entry)),
                None => return outcomes,
            },
        }
    }
}
