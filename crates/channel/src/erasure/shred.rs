//! Shredding: what this member's store still holds of what is erased goes, rows first and then the files under them.

use std::collections::BTreeSet;

use parclose_store::{Batch, Durability};
use parclose_transaction::{Act, ErasedPart, ErasureTarget, Reach, SealedPart, UnverifiedTransaction};

use super::keys::has_keys;
use super::{ERASED_PARTS, ERASURES, ErasureRow, TO_SHRED, row_key, stored};
use crate::batch;
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::tables::{INDEX, INDEXED, PERMANENT, PRUNABLE};

/// Parts that are looked at in one read, and written in one commit.
const PARTS_AT_ONCE: usize = 1024;

impl Channel {
    /// Carries out every erasure in force of which this store still holds something; whether there was one. A crash on the way
    /// leaves it to be carried out again: what has to be shredded is noted with the event that demands it.
    ///
    /// Every stored transaction is looked at, whatever became of it: applied, refused, or never ordered.
    ///
    /// # Rules
    ///
    /// > ERA-06: once an erasure is in force, the sealed fields of every transaction stored here that names the record go, whatever became of it, with the member's index; then the files that held them are written anew without them.
    pub fn carry_out_erasures(&mut self) -> Result<bool, ChannelError> {
        let mut targets = Vec::new();
        self.store.for_each(&TO_SHRED, |_, target| targets.push(target))?;
        if targets.is_empty() {
            return Ok(false);
        }
        let targets: BTreeSet<ErasureTarget> = targets.into_iter().collect();
        let reach = self.reach_of(&targets)?;
        self.shred_parts(&reach)?;
        let with_keys = targets.iter().any(has_keys);
        if with_keys {
            self.puncture_keys(&reach)?;
        }
        // It names texts by pseudonyms and is made anew from what is left, when somebody asks.
        self.store.clear(&INDEX)?;
        self.store.clear(&INDEXED)?;
        self.store.sync()?;
        self.store.shred(&PRUNABLE, None)?;
        self.store.shred(&ERASED_PARTS, None)?;
        self.store.shred(&INDEX, None)?;
        if with_keys {
            self.shred_keys()?;
        }
        let mut batch = self.store.batch();
        for target in &targets {
            batch.delete(&TO_SHRED, &row_key(target));
        }
        self.store.commit(batch, Durability::Synced)?;
        Ok(true)
    }

    /// What this member has carried out and not confirmed yet.
    pub(crate) fn confirmations_due(&self) -> Result<Vec<Act>, ChannelError> {
        let mut waits = false;
        self.store.for_each(&TO_SHRED, |_, _| waits = true)?;
        if waits || self.erased.is_empty() {
            return Ok(Vec::new());
        }
        let (own, mut due) = (self.own_id(), Vec::new());
        for target in &self.erased {
            let row = self.store.get(&ERASURES, &row_key(target))?;
            if row.is_some_and(|row| !row.is_confirmed_by(&own)) {
                due.push(Act::Erased { target: *target });
            }
        }
        Ok(due)
    }

    /// All erasures, the oldest first.
    pub fn erasures(&self) -> Result<Vec<ErasureRow>, ChannelError> {
        stored(&self.store)
    }

    /// What is left of a sealed part of which something is erased, by its place here.
    pub fn remains(&self, place: (u64, u32)) -> Result<Option<ErasedPart>, ChannelError> {
        Ok(self.store.get(&ERASED_PARTS, &place)?)
    }

    pub(super) fn shred_parts(&self, reach: &Reach<'_>) -> Result<(), ChannelError> {
        let mut from = (0, 0);
        loop {
            let rows = self.store.scan(&PERMANENT, &from, PARTS_AT_ONCE)?;
            let Some(((number, index), _)) = rows.last() else { return Ok(()) };
            from = (*number, index.saturating_add(1));
            let mut batch = self.store.batch();
            for (place, permanent) in &rows {
                // A part that is no transaction is of a void batch: see specs/18-erasure.md.
                if let Ok(transaction) = UnverifiedTransaction::decode(permanent) {
                    self.shred_part(*place, &transaction, reach, &mut batch)?;
                }
            }
            self.store.commit(batch, Durability::Synced)?;
        }
    }

    fn shred_part(
        &self,
        place: (u64, u32),
        transaction: &UnverifiedTransaction,
        reach: &Reach<'_>,
        batch: &mut Batch,
    ) -> Result<(), ChannelError> {
        let body = transaction.claimed_body();
        if !reach.touches(body) {
            return Ok(());
        }
        if let Some(mut part) = self.left_of(place)?
            && part.shred(body, reach)
        {
            batch.put(&ERASED_PARTS, &place, &part);
            batch.delete(&PRUNABLE, &place);
        }
        Ok(())
    }

    /// What is left of a sealed part here, or the whole of it as one of which nothing is erased.
    pub(super) fn left_of(&self, place: (u64, u32)) -> Result<Option<ErasedPart>, ChannelError> {
        if let Some(part) = self.store.get(&ERASED_PARTS, &place)? {
            return Ok(Some(part));
        }
        let Some(bytes) = self.store.get(&PRUNABLE, &place)? else { return Ok(None) };
        let sealed: Option<SealedPart> = parclose_types::decode("sealed part", &bytes, bytes.len()).ok();
        Ok(sealed.map(|sealed| ErasedPart::of_whole(&bytes, sealed)))
    }

    /// Notes in a batch of rows what a batch of transactions brings of what is erased already.
    pub(crate) fn note_erased(&self, parts: &batch::Batch, rows: &mut Batch) -> Result<(), ChannelError> {
        if self.erased.is_empty() {
            return Ok(());
        }
        let reach = self.reach()?;
        for permanent in &parts.permanent {
            let Ok(transaction) = UnverifiedTransaction::decode(permanent) else { continue };
            for target in reach.targets_of(transaction.claimed_body()) {
                rows.put(&TO_SHRED, &row_key(&target), &target);
            }
        }
        Ok(())
    }
}
