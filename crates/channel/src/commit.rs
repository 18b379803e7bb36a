//! The commit: one atomic synced write per event, and with it the new state root.
//!
//! Rows, state tree, verdict log, event and head go together or not at all; a crash before the write
//! leaves the state before the event, and the event is executed again from the stored batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use parclose_crypto::state_tree::{self, Change, Update};
use parclose_root::RootTransaction;
use parclose_store::{Batch, Durability};
use parclose_transaction::FieldEntry;
use parclose_transaction::definition::ValueRole;
use parclose_types::{Epoch, Height, RecordId, Sequence, TransactionDigest, encode};

use crate::channel::Channel;
use crate::claims::{ClaimsWritten, claim_change, put_claims};
use crate::erasure::{ErasuresWritten, erasure_change, put_erasures};
use crate::error::ChannelError;
use crate::execute::FinalEvent;
use crate::field_proof::RecordLeaf;
use crate::governance::Governance;
use crate::locks::LOCKS;
use crate::obligations::OBLIGATIONS;
use crate::tables::{
    EVENTS, EventOutcome, EventRow, HEAD, Head, HeadLeaf, ONLY, RECORDS, RecordRow, SALTS, SECRETS, SHARED,
    TRANSACTIONS, TransactionRow, UNWRAP, Verdict, VerdictRow,
};
use crate::tree::{StoredNodes, Updated, drop_replaced, put_update};
use crate::turnover::Received;
use crate::value::{NOTES, SUPPLIES, ValueWritten};
use crate::verdicts;

pub(crate) mod governed;

/// What an event writes, besides itself.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) records: BTreeMap<RecordId, RecordRow>,
    pub(crate) verdicts: Vec<VerdictRow>,
    pub(crate) transactions: Vec<TransactionRow>,
    pub(crate) salts: BTreeSet<(Epoch, [u8; 32])>,
    pub(crate) value: ValueWritten,
    pub(crate) claims: ClaimsWritten,
    pub(crate) erasures: ErasuresWritten,
    /// how the channel stands after it, if it has changed that
    pub(crate) governance: Option<Governance>,
    /// what this member got of others: outside the state
    pub(crate) received: Received,
}

impl Written {
    /// What an event writes that changes the channel and holds no transactions.
    pub(crate) fn governed(governance: Governance) -> Self {
        Self { governance: Some(governance), ..Self::default() }
    }

    pub(crate) fn push(
        &mut self,
        sequence: Sequence,
        (batch, index): (u64, u32),
        transaction: TransactionDigest,
        expiry: Height,
        verdict: Verdict,
    ) {
        // The index in the verdict log is filled in when the log's length is known.
        let row = TransactionRow { transaction, batch, index, sequence, verdict: 0, expiry };
        self.transactions.push(row);
        self.verdicts.push(VerdictRow { sequence, index, transaction, verdict });
    }
}

/// Names of the state tables, as they stand in state leaves.
pub(crate) const HEAD_LEAF: &str = "head";
pub(crate) const RECORD_LEAF: &str = "records";

impl Channel {
    /// Writes an event with everything that it did, atomically and synced.
    ///
    /// # Rules
    ///
    /// > STA-02: every event changes the head leaf, which holds the event's sequence and the verdict log's root.
    /// > STA-09: the state covers every row that execution reads: governance, records, notes, supplies, locks, obligations, claims, erasures, and the verdict log.
    /// > STA-10: an event is written in one atomic synced batch.
    pub(crate) fn commit(
        &mut self,
        event: &FinalEvent,
        outcome: EventOutcome,
        mut written: Written,
    ) -> Result<(), ChannelError> {
        let sequence = event.entry.sequence;
        let mut head = self.head.clone().unwrap_or_else(|| first_head(event.height));
        let mut batch = self.store.batch();
        let first_verdict = head.verdicts.len();
        verdicts::put(&mut batch, first_verdict, &written.verdicts);
        for verdict in &written.verdicts {
            head.verdicts.push(&encode(verdict));
        }
        let leaf = HeadLeaf { sequence, verdicts: head.verdicts.len(), verdicts_root: head.verdicts.root() };
        self.check_tree(sequence)?;
        let before = self.head.is_some().then_some(&self.governance);
        let governed = written.governance.as_ref().map(|after| governed::write(before, after, &mut batch));
        let update = self.update_tree(sequence, &written, governed.unwrap_or_default(), &leaf)?;
        let outcome_closes = outcome == EventOutcome::Closed;
        let event_row = EventRow {
            height: event.height,
            entry: event.entry,
            outcome,
            root: update.root,
            head: leaf,
            head_proof: self.prove_head(&update, sequence, &leaf)?,
        };
        head.next = Sequence(sequence.0 + 1);
        head.height = event.height;
        head.root = update.root;
        head.closed |= outcome_closes;
        self.put_received(&mut batch, &written.received, event.height)?;
        put_rows(&mut batch, &written, first_verdict);
        put_erasures(&mut batch, &written.erasures, sequence);
        put_update(&mut batch, sequence, &update);
        if let Some(attested) = attested_by(event, &event_row.outcome) {
            drop_replaced(&self.store, &mut batch, attested)?;
        }
        batch.put(&EVENTS, &sequence, &event_row);
        batch.put(&HEAD, &ONLY, &head);
        self.store.commit(batch, Durability::Synced)?;
        self.head = Some(head);
        self.locks.follow(&written.value);
        self.claims.follow(&written.claims);
        let taken = written.erasures.values().filter(|row| row.in_force.is_some());
        self.erased.extend(taken.map(|row| row.target));
        self.follow_purse(&written);
        self.top.follow(update);
        self.receive(std::mem::take(&mut written.received));
        if let Some(governance) = written.governance {
            self.enter(governance)?;
        }
        self.governance.forget(event.height);
        Ok(())
    }

    fn follow_purse(&mut self, written: &Written) {
        let definition = &self.governance.latest().definition;
        let is_account = |row: &RecordRow| {
            definition.record(row.record_type).is_some_and(|known| known.value == Some(ValueRole::Account))
        };
        let changed = written.records.values().any(is_account) || !written.received.secrets.is_empty();
        let purse = self.purse.get_mut().unwrap_or_else(PoisonError::into_inner);
        if changed { purse.forget() } else { purse.follow(&written.value) }
    }

    /// What came for this member alone; and the one-time keys of generations that have ended go.
    fn put_received(
        &self,
        batch: &mut Batch,
        received: &Received,
        height: Height,
    ) -> Result<(), ChannelError> {
        for (generation, audience, secret) in &received.secrets {
            secret.expose(|bytes| batch.put(&SECRETS, audience, &(*generation, *audience, *bytes)));
        }
        let first = self.store.last(&SHARED)?.map_or(0, |(last, _)| last + 1);
        for (at, view_key) in (first..).zip(&received.shared) {
            batch.put(&SHARED, &at, view_key.to_bytes().as_ref());
        }
        let in_force = self.governance.at(height).config.generation;
        for generation in self.one_time.keys().filter(|generation| **generation < in_force) {
            batch.delete(&UNWRAP, generation);
        }
        Ok(())
    }

    /// The stored tree that the next event builds on has the root that the event before it left. Without
    /// its nodes a tree would pass for an empty one, and grow from there.
    pub(crate) fn check_tree(&self, next: Sequence) -> Result<(), ChannelError> {
        let Some(last) = next.0.checked_sub(1).map(Sequence) else { return Ok(()) };
        let wrong = || ChannelError::Inconsistent { what: "the state tree", sequence: last };
        let event = self.event(last)?.ok_or_else(wrong)?;
        let leaf = head_leaf(&event.head);
        let proof = state_tree::prove(&self.nodes(), last.0, &head_key(), Some(&leaf))?;
        proof.verify(&event.root, &head_key(), Some(&leaf)).map_err(|_| wrong())
    }

    pub(crate) fn nodes(&self) -> StoredNodes<'_> {
        StoredNodes { store: &self.store, top: &self.top }
    }

    fn update_tree(
        &self,
        sequence: Sequence,
        written: &Written,
        governed: Vec<Change>,
        leaf: &HeadLeaf,
    ) -> Result<Update, ChannelError> {
        let mut changes: Vec<Change> =
            written.records.values().map(|row| (record_key(&row.record), Some(record_leaf(row)))).collect();
        changes.push((head_key(), Some(head_leaf(leaf))));
        changes.extend(governed);
        changes.extend(written.value.leaves());
        changes.extend(written.claims.values().map(claim_change));
        changes.extend(written.erasures.values().map(erasure_change));
        Ok(state_tree::update(&self.nodes(), sequence.0, &changes)?)
    }

    fn prove_head(
        &self,
        update: &Update,
        sequence: Sequence,
        leaf: &HeadLeaf,
    ) -> Result<state_tree::StateProof, ChannelError> {
        let nodes = Updated::new(update, self.nodes());
        Ok(state_tree::prove(&nodes, sequence.0, &head_key(), Some(&head_leaf(leaf)))?)
    }
}

/// The event whose state an event attests: what a void batch says counts for nothing.
fn attested_by(event: &FinalEvent, outcome: &EventOutcome) -> Option<Sequence> {
    match (&event.transaction, outcome) {
        (RootTransaction::Anchor(anchor), EventOutcome::Executed { .. }) => Some(anchor.attested),
        _ => None,
    }
}

fn first_head(height: Height) -> Head {
    Head {
        next: Sequence(0),
        height,
        root: parclose_types::StateRoot([0; 32]),
        verdicts: parclose_crypto::merkle::Frontier::default(),
        closed: false,
    }
}

fn put_rows(batch: &mut Batch, written: &Written, first_verdict: u64) {
    for (record, row) in &written.records {
        batch.put(&RECORDS, record, row);
    }
    put_value(batch, &written.value);
    put_claims(batch, &written.claims);
    for (verdict, row) in (first_verdict..).zip(&written.transactions) {
        batch.put(&TRANSACTIONS, &row.transaction, &TransactionRow { verdict, ..*row });
    }
    for salt in &written.salts {
        batch.put(&SALTS, salt, &());
    }
}

fn put_value(batch: &mut Batch, value: &ValueWritten) {
    for (note, row) in &value.notes {
        match row {
            Some(row) => batch.put(&NOTES, note, row),
            None => batch.delete(&NOTES, note),
        }
    }
    for (asset, row) in &value.supplies {
        batch.put(&SUPPLIES, asset, row);
    }
    for (leg, row) in &value.locks {
        match row {
            Some(row) => batch.put(&LOCKS, leg, row),
            None => batch.delete(&LOCKS, leg),
        }
    }
    for (obligation, row) in &value.obligations {
        match row {
            Some(row) => batch.put(&OBLIGATIONS, obligation, row),
            None => batch.delete(&OBLIGATIONS, obligation),
        }
    }
}

/// The state leaf's key of the head.
#[must_use]
pub fn head_key() -> [u8; 32] {
    state_tree::leaf_key(HEAD_LEAF, b"")
}

/// The state leaf's value of the head.
#[must_use]
pub fn head_leaf(leaf: &HeadLeaf) -> [u8; 32] {
    state_tree::leaf_value(HEAD_LEAF, b"", &encode(leaf))
}

/// The state leaf's key of a record.
#[must_use]
pub fn record_key(record: &RecordId) -> [u8; 32] {
    state_tree::leaf_key(RECORD_LEAF, record.as_ref())
}

/// The state leaf's value of a record.
#[must_use]
pub fn record_leaf(row: &RecordRow) -> [u8; 32] {
    RecordLeaf::of(row).value(&row.record)
}

/// The entries of a record's fields, in order.
pub fn entries(row: &RecordRow) -> impl Iterator<Item = &FieldEntry> {
    row.fields.iter().map(|field| &field.state.entry)
}

#[cfg(test)]
mod tests;
