//! `channel verify`: every row, the state tree, the verdict log and every batch are computed again.
//!
//! Verifies values, not only roots: a row that was swapped, edited or put back to an older value is
//! found even when whoever did it holds this node's storage key, because the state root that the
//! members endorsed and the root chain ordered does not follow from it.

use std::collections::BTreeMap;

use parclose_crypto::merkle::Frontier;
use parclose_crypto::state_tree::{self, Change, memory::MemoryNodes};
use parclose_transaction::UnverifiedTransaction;
use parclose_types::{Digest, RecordId, Sequence, StateRoot, encode};

use crate::batch::Batch;
use crate::channel::Channel;
use crate::commit::governed::stored_leaves;
use crate::commit::{head_key, head_leaf, record_key, record_leaf};
use crate::erasure::erasure_change;
use crate::error::ChannelError;
use crate::setup::GENERATION;
use crate::tables::{
    ALL, EventOutcome, EventRow, GENERATIONS, HeadLeaf, PERMANENT, RECORDS, RecordRow, SALTS, TRANSACTIONS,
    Verdict,
};

/// What was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// rows opened and decoded
    pub rows: u64,
    /// events
    pub events: u64,
    /// records under the state root
    pub records: u64,
    /// notes that are not spent, under the state root
    pub notes: u64,
    /// verdicts in the log
    pub verdicts: u64,
    /// sealed parts that correspond to their leaves, or what is left of them
    pub sealed: u64,
    /// batches of which something is missing here that the log does not erase
    pub withheld: u64,
    /// the state root
    pub root: StateRoot,
}

impl Channel {
    /// Verifies the whole store; `chain_of` gives the root chain's hash chain after an event.
    ///
    /// # Rules
    ///
    /// > CHA-04: rows, state tree, verdict log and batches agree with the state root, recomputed from the rows.
    /// > CHA-05: every executed event is the one that the root chain has at its sequence.
    pub fn verify(&self, chain_of: impl Fn(Sequence) -> Option<Digest>) -> Result<Verified, ChannelError> {
        let counted = self.store.verify_rows(ALL)?;
        let Some(head) = self.head.as_ref() else {
            return Err(ChannelError::Unknown { what: "state before the opening" });
        };
        let last = Sequence(head.next.0 - 1);
        let wrong = |what| ChannelError::Inconsistent { what, sequence: last };
        self.verify_setup().map_err(|_| wrong("the setup"))?;
        let records = self.all_records()?;
        self.verify_tree(&records, last, head.root).map_err(|_| wrong("a record"))?;
        self.check_tree(head.next)?;
        let verdicts = self.verify_verdicts(last)?;
        if head.verdicts != verdicts {
            return Err(wrong("the verdict log"));
        }
        self.verify_lookups(last)?;
        let (events, sealed) = self.verify_events(&chain_of)?;
        if events != head.next.0 {
            return Err(wrong("the event log"));
        }
        Ok(Verified {
            rows: counted.rows,
            events,
            records: records.len() as u64,
            notes: self.count_notes()?,
            verdicts: verdicts.len(),
            sealed,
            withheld: self.withheld()?.len() as u64,
            root: head.root,
        })
    }

    /// The founding holds, and is that of the first generation in the state.
    fn verify_setup(&self) -> Result<(), ChannelError> {
        self.setup.check()?;
        let first = self.store.get(&GENERATIONS, &GENERATION)?;
        let same = first.is_some_and(|row| row.config == self.setup.config);
        if same { Ok(()) } else { Err(ChannelError::Unknown { what: "first generation" }) }
    }

    fn count_notes(&self) -> Result<u64, ChannelError> {
        let mut notes = 0;
        self.store.for_each(&crate::value::NOTES, |_, _| notes += 1)?;
        Ok(notes)
    }

    fn all_records(&self) -> Result<BTreeMap<RecordId, RecordRow>, ChannelError> {
        let mut records = BTreeMap::new();
        self.store.for_each(&RECORDS, |_, row: RecordRow| {
            records.insert(row.record, row);
        })?;
        // Two rows that changed places give the same tree, and execution would meet one for the other.
        for (record, row) in &records {
            if self.store.get(&RECORDS, record)?.as_ref() != Some(row) {
                return Err(ChannelError::Unknown { what: "record at its place" });
            }
        }
        Ok(records)
    }

    /// The state tree does not depend on history, so all rows at once give the same root.
    fn verify_tree(
        &self,
        records: &BTreeMap<RecordId, RecordRow>,
        last: Sequence,
        root: StateRoot,
    ) -> Result<(), ChannelError> {
        let head = self.event(last)?.ok_or(ChannelError::Unknown { what: "event" })?.head;
        let mut changes: Vec<Change> =
            records.values().map(|row| (record_key(&row.record), Some(record_leaf(row)))).collect();
        changes.push((head_key(), Some(head_leaf(&head))));
        changes.extend(stored_leaves(&self.store)?);
        let misplaced = ChannelError::Inconsistent { what: "a note", sequence: last };
        changes.extend(crate::value::stored_leaves(&self.store)?.ok_or(misplaced)?);
        let misplaced = ChannelError::Inconsistent { what: "a claim", sequence: last };
        changes.extend(crate::claims::stored_leaves(&self.store)?.ok_or(misplaced)?);
        changes.extend(self.erasures()?.iter().map(erasure_change));
        let computed = state_tree::update(&MemoryNodes::default(), 0, &changes)?.root;
        if computed == root {
            Ok(())
        } else {
            Err(ChannelError::Inconsistent { what: "a record", sequence: last })
        }
    }

    fn verify_verdicts(&self, last: Sequence) -> Result<Frontier, ChannelError> {
        let mut frontier = Frontier::default();
        let mut in_order = true;
        self.visit_verdicts(0, |at, row| {
            in_order &= at == frontier.len();
            frontier.push(&encode(&row));
            std::ops::ControlFlow::Continue(())
        })?;
        let event = self.event(last)?.ok_or(ChannelError::Unknown { what: "event" })?;
        let expected = HeadLeaf { sequence: last, verdicts: frontier.len(), verdicts_root: frontier.root() };
        if in_order && event.head == expected {
            Ok(frontier)
        } else {
            Err(ChannelError::Inconsistent { what: "the verdict log", sequence: last })
        }
    }

    /// What execution looks up follows from the verdict log: where each transaction stands, and the salts
    /// of those that took effect. One row too few would let a transaction in again, one too many keep
    /// another out.
    fn verify_lookups(&self, last: Sequence) -> Result<(), ChannelError> {
        let wrong = || ChannelError::Inconsistent { what: "a transaction's row", sequence: last };
        let verdicts = self.verdicts(0, usize::MAX)?;
        let mut salts = 0_usize;
        for (at, verdict) in &verdicts {
            let row = self.store.get(&TRANSACTIONS, &verdict.transaction)?.ok_or_else(wrong)?;
            let stands = (row.transaction, row.sequence, row.index, row.verdict);
            if stands != (verdict.transaction, verdict.sequence, verdict.index, *at) {
                return Err(wrong());
            }
            if verdict.verdict == Verdict::Applied {
                let permanent = self.store.get(&PERMANENT, &(row.batch, row.index))?.ok_or_else(wrong)?;
                let decoded = UnverifiedTransaction::decode(&permanent).map_err(|_| wrong())?;
                let body = decoded.claimed_body();
                if decoded.digest() != verdict.transaction
                    || !self.store.contains(&SALTS, &(body.epoch, body.salt_digest))?
                {
                    return Err(wrong());
                }
                salts += 1;
            }
        }
        let (mut known_transactions, mut known_salts) = (0, 0);
        self.store.for_each(&TRANSACTIONS, |_, _| known_transactions += 1)?;
        self.store.for_each(&SALTS, |_, ()| known_salts += 1)?;
        if (known_transactions, known_salts) == (verdicts.len(), salts) { Ok(()) } else { Err(wrong()) }
    }

    fn verify_events(
        &self,
        chain_of: &impl Fn(Sequence) -> Option<Digest>,
    ) -> Result<(u64, u64), ChannelError> {
        let (mut count, mut sealed) = (0, 0);
        for (sequence, event) in self.events(Sequence(0), usize::MAX)? {
            if chain_of(sequence) != Some(event.entry.chain) || sequence.0 != count {
                return Err(ChannelError::NotOfRoot { sequence });
            }
            if event.head_proof.verify(&event.root, &head_key(), Some(&head_leaf(&event.head))).is_err() {
                return Err(ChannelError::Inconsistent { what: "an event", sequence });
            }
            sealed += self.verify_batch(sequence, &event)?;
            count += 1;
        }
        Ok((count, sealed))
    }

    fn verify_batch(&self, sequence: Sequence, event: &EventRow) -> Result<u64, ChannelError> {
        let EventOutcome::Executed { commitment, .. } = &event.outcome else { return Ok(0) };
        let wrong = || ChannelError::Inconsistent { what: "a batch", sequence };
        let stored = self.stored_batch(commitment)?.ok_or_else(wrong)?;
        if !stored.erased.is_empty() {
            let checked = stored.check().map_err(|_| wrong())?;
            return if stored.commitment() == *commitment { Ok(checked.len() as u64) } else { Err(wrong()) };
        }
        let proposal = stored.whole().ok_or_else(wrong)?;
        if proposal.commitment() != *commitment {
            return Err(wrong());
        }
        let Batch { permanent, prunable, .. } = &proposal.batch;
        proposal.batch.check_form().map_err(|_| wrong())?;
        for (permanent, prunable) in permanent.iter().zip(prunable) {
            let decoded = UnverifiedTransaction::decode(permanent).map_err(|_| wrong())?;
            decoded.check_sealed(prunable).map_err(|_| wrong())?;
        }
        Ok(prunable.len() as u64)
    }
}

#[cfg(test)]
mod tests;
