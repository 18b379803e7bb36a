//! Value in the state: unspent notes, supplies, and what a transaction's movements make of them and of what is owed.

mod carriers;
mod ledger;

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_amounts::{Hold, Ledger, Supply, UnspentNote};
use parclose_crypto::state_tree::{self, Change};
use parclose_store::{Blinded, Database, Table};
use parclose_transaction::{AuthenticatedTransaction, Body, NotAuthentic};
use parclose_types::{AssetId, MemberId, NoteId, ObligationId, RecordId, encode};

use crate::error::ChannelError;
use crate::locks::{LockId, LockRow, check_hold, lock_change};
use crate::obligations::{ObligationRow, check_made, check_paid, obligation_change};
use crate::process::{Execution, Stop};

pub(crate) use carriers::{Carriers, carriers};
use ledger::Met;

/// Notes that can be spent.
pub const NOTES: Table<NoteId, NoteRow, Blinded> = Table::<NoteId, NoteRow>::blinded(26, "notes");
/// How much of each asset circulates.
pub const SUPPLIES: Table<AssetId, SupplyRow, Blinded> = Table::<AssetId, SupplyRow>::blinded(27, "supplies");

/// A note that can be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NoteRow {
    /// its name
    pub id: NoteId,
    /// asset, amount commitment, owner commitment
    pub note: UnspentNote,
    /// the record whose quantity is its amount
    pub record: RecordId,
}

/// How much of an asset circulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SupplyRow {
    /// the asset
    pub asset: AssetId,
    /// issued less redeemed
    pub supply: Supply,
    /// notes of it that can be spent
    pub notes: u64,
}

impl SupplyRow {
    fn nothing(asset: AssetId) -> Self {
        Self { asset, supply: Supply::nothing(), notes: 0 }
    }
}

/// What a transaction does to value; from verified movements only.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    spent: Vec<NoteId>,
    made: Vec<NoteRow>,
    supplies: BTreeMap<AssetId, SupplyRow>,
    locks: Vec<LockRow>,
    ended: Vec<ObligationId>,
    owed: Vec<ObligationRow>,
}

impl Moved {
    /// Records that stand for the notes of an asset that it makes, one that is held among them.
    pub(crate) fn records_of(&self, asset: AssetId) -> impl Iterator<Item = RecordId> + '_ {
        let made = self.made.iter().map(|row| (row.note.asset, row.record));
        let held = self.locks.iter().map(|row| (row.held.forward.1.asset, row.record));
        made.chain(held).filter(move |(of, _)| *of == asset).map(|(_, record)| record)
    }

    /// How many notes of an asset are unspent after it; `None` if it leaves their number and the supply as they are.
    pub(crate) fn notes_left(&self, asset: &AssetId) -> Option<u64> {
        self.supplies.get(asset).map(|row| row.notes)
    }
}

/// What an event does to value.
#[derive(Debug, Default)]
pub(crate) struct ValueWritten {
    /// notes that are new; `None` for those of the state before that are spent
    pub(crate) notes: BTreeMap<NoteId, Option<NoteRow>>,
    pub(crate) supplies: BTreeMap<AssetId, SupplyRow>,
    /// locks that are new or prepared; `None` for those that end
    pub(crate) locks: BTreeMap<LockId, Option<LockRow>>,
    /// obligations that are new; `None` for those of the state before that are netted or paid
    pub(crate) obligations: BTreeMap<ObligationId, Option<ObligationRow>>,
}

impl ValueWritten {
    /// Takes over what a transaction does. A note that this event has made and spends leaves no trace, nor does an obligation
    /// that it has made and ends.
    pub(crate) fn apply(&mut self, moved: Moved) {
        for note in moved.spent {
            if self.notes.remove(&note).is_none() {
                self.notes.insert(note, None);
            }
        }
        self.notes.extend(moved.made.into_iter().map(|row| (row.id, Some(row))));
        self.supplies.extend(moved.supplies);
        self.locks.extend(moved.locks.into_iter().map(|row| (row.id(), Some(row))));
        for obligation in moved.ended {
            if self.obligations.remove(&obligation).is_none() {
                self.obligations.insert(obligation, None);
            }
        }
        self.obligations.extend(moved.owed.into_iter().map(|row| (row.id, Some(row))));
    }

    /// The state leaves that change with it.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = Change> + '_ {
        let notes = self.notes.iter().map(|(id, row)| (note_key(id), row.as_ref().map(note_leaf)));
        let supplies = self.supplies.values().map(supply_change);
        let owed = self.obligations.iter().map(obligation_change);
        notes.chain(supplies).chain(self.locks.iter().map(lock_change)).chain(owed)
    }
}

impl Execution<'_> {
    /// Verifies the movements of a transaction against the notes and obligations that it meets, one after the other: what
    /// one spends or ends the next does not meet. `records` stand for what it makes, in order.
    ///
    /// # Rules
    ///
    /// > OBL-04: the note that a payment of an obligation makes stands for the obligation's record, and the obligation is there no more.
    pub(crate) fn prove_movements(
        &mut self,
        transaction: &AuthenticatedTransaction,
        records: &Carriers,
    ) -> Result<Moved, Stop> {
        let body = transaction.body();
        if body.movements.is_empty() {
            return Ok(Moved::default());
        }
        for movement in &body.movements {
            movement.check_shape()?;
        }
        let (place, digest) = (body.place(), transaction.digest());
        let mut met = self.meet(body)?;
        let author = self.author_of(body)?;
        let mut payments = records.payments.iter().copied();
        let (mut records, mut due) = (records.notes.iter().copied(), records.obligations.iter().copied());
        let mut moved = Moved::default();
        let (mut first, mut first_owed) = (0, 0);
        for movement in &body.movements {
            if let Some(hold) = movement.hold() {
                self.check_lock(hold, author, &moved.locks)?;
                // The record of a note that is held comes first, as the note does.
                self.check_all_stay(author, records.clone().next().as_ref(), body)?;
            }
            let effects = movement.check(&place, &met)?.verify_with(self.ranges)?;
            let paid = movement.pays().and_then(|paid| met.owed(&paid)).copied();
            if let Some(paid) = &paid {
                check_paid(paid, payments.next(), (&body.operations, &self.in_force.definition))?;
            }
            let paid = paid.map(|row| row.record);
            met.follow(&effects);
            if let Some(held) = effects.held(&body.channel, &digest, first) {
                let (sequence, prepared) = (self.sequence, None);
                let row = records.next().map(|record| LockRow { held, record, author, sequence, prepared });
                moved.locks.extend(row);
            }
            let notes = effects.notes(&body.channel, &digest, first);
            let records = paid.into_iter().chain(records.by_ref());
            let rows = notes.zip(records).map(|((id, note), record)| NoteRow { id, note, record });
            moved.made.extend(rows);
            moved.spent.extend(effects.spent());
            first = first.saturating_add(count(effects.made()));
            let owed = effects.obligations(&body.channel, &digest, first_owed).zip(due.by_ref());
            let row = |((id, obligation), record)| ObligationRow { id, obligation, record };
            let owed: Vec<_> = owed.map(row).collect();
            check_made(movement, author, &owed, (&body.operations, &self.in_force.definition))?;
            first_owed = first_owed.saturating_add(count(&owed));
            moved.owed.extend(owed);
            moved.ended.extend(effects.ended());
        }
        moved.supplies = met.changed_supplies();
        Ok(moved)
    }

    fn author_of(&self, body: &Body) -> Result<MemberId, Stop> {
        let entry = self.in_force.config.member(&body.author).ok_or(NotAuthentic::NotMember)?;
        Ok(entry.id())
    }

    /// Checks what a note is to be held for (LOC-01, LOC-02), against the locks that this transaction makes, too.
    fn check_lock(&self, hold: &Hold, author: MemberId, made: &[LockRow]) -> Result<(), Stop> {
        let lock = (hold.deal, hold.leg, author);
        let own = made.iter().find(|row| row.id() == lock);
        let open = own.or_else(|| self.value.lock(self.locks, &lock));
        Ok(check_hold(hold, self.height(), open)?)
    }

    /// What the movements of a transaction meet: their inputs, the obligations that they end, and the terms and supplies of their assets.
    fn meet(&self, body: &Body) -> Result<Met, Stop> {
        let mut met = Met::default();
        for movement in &body.movements {
            for input in movement.inputs() {
                if let Some(row) = self.note(&input.note)? {
                    met.insert_note(row);
                }
            }
            for obligation in movement.ended() {
                if let Some(row) = self.obligation(obligation)? {
                    met.insert_obligation(row);
                }
            }
            let asset = movement.asset();
            if met.terms(&asset).is_none()
                && let Some(terms) = self.terms(&asset, body)?
            {
                let row = self.circulating(&asset)?.unwrap_or_else(|| SupplyRow::nothing(asset));
                met.insert_asset(terms, row);
            }
        }
        Ok(met)
    }

    /// A note as this transaction meets it.
    fn note(&self, note: &NoteId) -> Result<Option<NoteRow>, Stop> {
        match self.value.notes.get(note) {
            Some(row) => Ok(*row),
            None => self.state.note(note).map_err(Stop::Broken),
        }
    }

    /// An obligation as this transaction meets it.
    fn obligation(&self, obligation: &ObligationId) -> Result<Option<ObligationRow>, Stop> {
        match self.value.obligations.get(obligation) {
            Some(row) => Ok(*row),
            None => self.state.obligation(obligation).map_err(Stop::Broken),
        }
    }

    /// How much of an asset circulates as this transaction meets it; `None` if it was never issued.
    pub(crate) fn circulating(&self, asset: &AssetId) -> Result<Option<SupplyRow>, Stop> {
        match self.value.supplies.get(asset) {
            Some(row) => Ok(Some(*row)),
            None => self.state.supply(asset).map_err(Stop::Broken),
        }
    }
}

/// What a movement makes: bounded by VAL-10 and VAL-26.
fn count<T>(made: &[T]) -> u32 {
    u32::try_from(made.len()).unwrap_or(u32::MAX)
}

const NOTE_LEAF: &str = "notes";
const SUPPLY_LEAF: &str = "supplies";

/// The state leaf's key of a note.
#[must_use]
pub fn note_key(note: &NoteId) -> [u8; 32] {
    state_tree::leaf_key(NOTE_LEAF, note.as_ref())
}

/// The state leaf's value of a note.
///
/// # Rules
///
/// > STA-12: the state has one leaf for each unspent note, over its asset, commitments and record, and one for each asset's supply and the number of its unspent notes.
#[must_use]
pub fn note_leaf(row: &NoteRow) -> [u8; 32] {
    state_tree::leaf_value(NOTE_LEAF, row.id.as_ref(), &encode(row))
}

pub(crate) fn supply_change(row: &SupplyRow) -> Change {
    let leaf = state_tree::leaf_value(SUPPLY_LEAF, row.asset.as_ref(), &encode(row));
    (state_tree::leaf_key(SUPPLY_LEAF, row.asset.as_ref()), Some(leaf))
}

/// The leaves of all stored rows, to compute the state tree again; `None` if one does not stand where it is looked for.
pub(crate) fn stored_leaves(store: &Database) -> Result<Option<Vec<Change>>, ChannelError> {
    let (mut notes, mut supplies) = (Vec::new(), Vec::new());
    store.for_each(&NOTES, |_, row| notes.push(row))?;
    store.for_each(&SUPPLIES, |_, row| supplies.push(row))?;
    for row in &notes {
        if store.get(&NOTES, &row.id)?.as_ref() != Some(row) {
            return Ok(None);
        }
    }
    for row in &supplies {
        if store.get(&SUPPLIES, &row.asset)?.as_ref() != Some(row) {
            return Ok(None);
        }
    }
    let notes = notes.iter().map(|row| (note_key(&row.id), Some(note_leaf(row))));
    let supplies = supplies.iter().map(supply_change);
    let Some(locks) = crate::locks::stored_leaves(store)? else { return Ok(None) };
    let Some(owed) = crate::obligations::stored_leaves(store)? else { return Ok(None) };
    Ok(Some(notes.chain(supplies).chain(locks).chain(owed).collect()))
}

#[cfg(test)]
mod tests;
