//! One validator inside the process: the whole root chain, without a network.
//!
//! It has more than two thirds of the votes, so its own precommit makes a certificate. Everything of a
//! block is written in one atomic batch and synced before any caller can see the block; the state in
//! memory moves on only after that. Readers of events take no lock and wait for no disk sync.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use parclose_crypto::SigningKey;
use parclose_crypto::merkle::ProvingList;
use parclose_root::{
    CommitCertificate, Genesis, LogEntry, OrderProof, Prepared, RestoredRows, RootReject, RootState,
    RootTransaction, TagProof, TagState,
};
use parclose_store::{Batch, ClearRows, Database, DatabaseOptions, Durability, SharedCache};
use parclose_types::{Height, NetworkId, Sequence, Tag, encode};

use crate::root_chain::{Committed, FinalEvent, RootChain, RootUnavailable};
use crate::tables::{ENTRIES, HEAD, HEADERS, HeaderRow, LOG, Place, TAGS, TRANSACTIONS, put_block};

/// The kind of database that the directory holds.
const KIND: &str = "root";
/// Blocks are small and synced one by one.
const WRITE_BUFFER_BYTES: usize = 2 << 20;
/// Empty blocks that [`RootChain::advance`] gathers into one batch.
const BLOCKS_PER_BATCH: u64 = 512;

/// The root chain of a network with one deciding validator, in one directory.
pub struct EmbeddedRoot {
    genesis: Genesis,
    network: NetworkId,
    key: SigningKey,
    database: Database,
    state: Mutex<RootState>,
    /// the last height that is final and synced
    head: AtomicU64,
}

impl EmbeddedRoot {
    /// Opens the chain in a directory, or starts it there.
    ///
    /// # Rules
    ///
    /// > CON-01: the embedded validator has more than two thirds of the votes of the genesis.
    /// > CON-02: the last block on the disk is certified by the validators of the genesis.
    pub fn open(
        path: impl AsRef<Path>,
        genesis: Genesis,
        key: SigningKey,
        cache: &SharedCache,
    ) -> Result<Self, RootUnavailable> {
        if !decides_alone(&genesis, &key) {
            return Err(RootUnavailable::NotTheValidator);
        }
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
        Ok(Self { genesis, network, key, database, state: Mutex::new(state), head })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The state, for the one who makes the next block.
    ///
    /// # Rules
    ///
    /// > CON-04: after a panic in the middle of a block no further block is made, because the disk may be ahead of the memory.
    fn state(&self) -> Result<MutexGuard<'_, RootState>, RootUnavailable> {
        self.state.lock().map_err(|_| RootUnavailable::Stopped)
    }

    /// Signs a block and puts its rows.
    fn put_signed(&self, batch: &mut Batch, prepared: &Prepared) {
        let header = &prepared.block().header;
        let certificate = CommitCertificate::of_one(&self.network, header.height, header.hash(), &self.key);
        put_block(batch, prepared, certificate);
    }

    /// Writes a block, then moves the state on to it, then shows it.
    ///
    /// # Rules
    ///
    /// > CON-05: all rows of a block are written in one atomic batch, synced before the block is visible.
    fn make_final(
        &self,
        state: &mut RootState,
        prepared: Prepared,
        durability: Durability,
    ) -> Result<(), RootUnavailable> {
        let mut batch = self.database.batch();
        self.put_signed(&mut batch, &prepared);
        self.database.commit(batch, durability)?;
        step(state, prepared);
        self.show(state);
        Ok(())
    }

    fn show(&self, state: &RootState) {
        self.head.store(state.head().height.0, Ordering::Release);
    }

    /// Makes empty blocks on a copy of the state, which takes the state's place when all are synced.
    ///
    /// # Rules
    ///
    /// > CON-06: empty blocks up to a height are synced once, at the end, and visible only then.
    fn make_empty(&self, state: &mut RootState, to: Height) -> Result<(), RootUnavailable> {
        let mut ahead = state.clone();
        let mut batch = self.database.batch();
        while ahead.head().height < to {
            let (prepared, _) = ahead.prepare([]);
            self.put_signed(&mut batch, &prepared);
            step(&mut ahead, prepared);
            if ahead.head().height.0.is_multiple_of(BLOCKS_PER_BATCH) {
                let full = std::mem::replace(&mut batch, self.database.batch());
                self.database.commit(full, Durability::Buffered)?;
            }
        }
        self.database.commit(batch, Durability::Synced)?;
        *state = ahead;
        self.show(state);
        Ok(())
    }

    fn header_row(&self, height: Height) -> Result<HeaderRow, RootUnavailable> {
        present(self.database.get(&HEADERS, &height)?, height)
    }

    fn final_event(&self, place: Place) -> Result<FinalEvent, RootUnavailable> {
        let (height, _) = place;
        let entry = present(self.database.get(&ENTRIES, &place)?, height)?;
        let transaction = present(self.database.get(&TRANSACTIONS, &place)?, height)?;
        Ok(FinalEvent { height, entry, transaction })
    }

    /// All entries of a block.
    fn entries(&self, height: Height) -> Result<Vec<LogEntry>, RootUnavailable> {
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
}

impl RootChain for EmbeddedRoot {
    fn network(&self) -> NetworkId {
        self.network
    }

    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Height {
        Height(self.head.load(Ordering::Acquire))
    }

    fn commit(&self, candidates: Vec<RootTransaction>) -> Result<Committed, RootUnavailable> {
        let mut state = self.state()?;
        let (prepared, rejected) = state.prepare(candidates);
        let height = prepared.block().header.height;
        let outcomes = outcomes(&prepared.rows().entries, &rejected);
        self.make_final(&mut state, prepared, Durability::Synced)?;
        Ok(Committed { height, outcomes })
    }

    fn advance(&self, to: Height) -> Result<Height, RootUnavailable> {
        let mut state = self.state()?;
        let missing = to.0.saturating_sub(state.head().height.0);
        match missing {
            0 => {}
            1 => {
                let (prepared, _) = state.prepare([]);
                self.make_final(&mut state, prepared, Durability::Synced)?;
            }
            _ => self.make_empty(&mut state, to)?,
        }
        Ok(state.head().height)
    }

    fn events(&self, tag: &Tag, from: Sequence, limit: usize) -> Result<Vec<FinalEvent>, RootUnavailable> {
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

    fn prove(&self, tag: &Tag, sequence: Sequence) -> Result<Option<OrderProof>, RootUnavailable> {
        let Some(place) = self.database.get(&LOG, &(*tag, sequence))? else {
            return Ok(None);
        };
        let FinalEvent { height, entry, transaction } = self.final_event(place)?;
        let list = ProvingList::new(self.entries(height)?.iter().map(encode));
        let inclusion = present(list.prove(place.1.into()), height)?;
        let HeaderRow { header, certificate } = self.header_row(height)?;
        Ok(Some(OrderProof { entry, transaction: transaction.encode(), inclusion, header, certificate }))
    }

    fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable> {
        Ok(self.database.get(&TAGS, tag)?)
    }

    fn prove_tag(&self, tag: &Tag) -> Result<Option<TagProof>, RootUnavailable> {
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
}

impl std::fmt::Debug for EmbeddedRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let head = self.head.load(Ordering::Acquire);
        f.debug_struct("EmbeddedRoot")
            .field("network", &self.network)
            .field("head", &head)
            .finish_non_exhaustive()
    }
}

/// Whether one key makes a certificate of this genesis.
fn decides_alone(genesis: &Genesis, key: &SigningKey) -> bool {
    let validators = genesis.validators();
    let power = validators.power_of(&key.public()).map_or(0, u128::from);
    power * 3 > validators.total_power() * 2
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
    certificate
        .verify(&genesis.network(), genesis.validators())
        .map_err(|reason| RootUnavailable::Uncertified { height, reason })?;
    let mut tags = BTreeMap::new();
    database.visit(&TAGS, &Tag([0; 32]), |tag, state| {
        tags.insert(tag, state);
        ControlFlow::Continue(())
    })?;
    let rows = RestoredRows { head: header, history: last.history, tags };
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

fn step(state: &mut RootState, prepared: Prepared) {
    state.commit(prepared).map(drop).expect("the block was prepared from this state, under its lock");
}

/// Entries and refusals, put back into the order of the candidates.
fn outcomes(entries: &[LogEntry], rejected: &[(usize, RootReject)]) -> Vec<Result<LogEntry, RootReject>> {
    let (mut entries, mut rejected) = (entries.iter(), rejected.iter().peekable());
    let mut outcomes = Vec::with_capacity(entries.len() + rejected.len());
    loop {
        match rejected.next_if(|(index, _)| *index == outcomes.len()) {
            Some((_, reason)) => outcomes.push(Err(*reason)),
            None => match entries.next() {
                Some(entry) => outcomes.push(Ok(*entry)),
                None => return outcomes,
            },
        }
    }
}

#[cfg(test)]
mod tests;
