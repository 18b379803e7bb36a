//! Locks in the state: notes that are held for deals between channels, until the root chain has decided.
//!
//! ```text
//!   Lock        a transaction's movement: the first note that it makes is held   LOC-01, 02
//!   Prepare     an event of the log: the root chain knows of it                  LOC-06
//!   Decision    an event of the log: the note goes on, or back                   LOC-04
//!   (nothing)   no prepare below `settle_before`: the note goes back             LOC-05
//!   Rotate      waits for the locks of whoever it leaves out                     LOC-10 to 13
//! ```
//!
//! A note that is held is none that can be spent: no transaction meets it, so none takes it out before. Open
//! locks are few, and every event may end some, so they are kept in memory beside their rows.

mod binding;
mod refused;

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_amounts::{HeldNote, Hold, UnspentNote};
use parclose_crypto::hash;
use parclose_crypto::state_tree::{self, Change};
use parclose_root::{DealOutcome, Prepare};
use parclose_store::{Blinded, Database, Table};
use parclose_types::{DealId, Height, MemberId, NoteId, RecordId, Sequence, encode, labels};

use crate::error::ChannelError;
use crate::value::{NoteRow, ValueWritten};

pub use refused::LockRefused;

/// Locks that are open.
pub const LOCKS: Table<LockId, LockRow, Blinded> = Table::<LockId, LockRow>::blinded(28, "locks");

/// A leg of a deal: deal, and its number there.
pub type LegId = (DealId, u8);

/// A lock for a leg: who has locked stands in it, so that nobody keeps another from locking.
pub type LockId = (DealId, u8, MemberId);

/// The furthest that a deal's end may lie ahead of a lock for it: what a root chain allows from an opening to
/// `allocate_before`, and from there on. A lock must not hold a note for ever.
pub const HELD_HEIGHTS_MAX: u64 = 2 * 4096;

/// A note that is held for a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LockRow {
    /// for what, and what becomes of it either way
    pub held: HeldNote,
    /// the record whose quantity is its amount
    pub record: RecordId,
    /// who locked it
    pub author: MemberId,
    /// the event that executed the lock
    pub sequence: Sequence,
    /// the event by which the root chain knows of it
    pub prepared: Option<Sequence>,
}

impl LockRow {
    /// What it is held for.
    #[must_use]
    pub const fn hold(&self) -> &Hold {
        &self.held.hold
    }

    /// What it is for.
    #[must_use]
    pub const fn leg(&self) -> LegId {
        (self.held.hold.deal, self.held.hold.leg)
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> LockId {
        (self.held.hold.deal, self.held.hold.leg, self.author)
    }

    /// What a prepare says of both outcomes: `H("lock-outcome", deal, leg, forward note, back note)`. Note ids cover blinded
    /// commitments, so whoever does not know the notes learns nothing of them.
    #[must_use]
    pub fn outcome(&self) -> [u8; 32] {
        let Hold { deal, leg, .. } = self.held.hold;
        let notes = (self.held.forward.0, self.held.back.0);
        hash(labels::LOCK_OUTCOME, &[deal.as_ref(), &[leg], notes.0.as_ref(), notes.1.as_ref()])
    }

    pub(crate) fn note(&self, outcome: DealOutcome) -> NoteRow {
        let (id, note): (NoteId, UnspentNote) = match outcome {
            DealOutcome::Commit => self.held.forward,
            DealOutcome::Abort => self.held.back,
        };
        NoteRow { id, note, record: self.record }
    }

    fn is_prepared_by(&self, prepare: &Prepare) -> bool {
        (self.leg(), self.sequence, self.outcome())
            == ((prepare.deal, prepare.leg), prepare.lock, prepare.outcome)
    }
}

/// The open locks of a channel, as they stood before an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Locks(BTreeMap<LockId, LockRow>);

impl Locks {
    pub(crate) fn read(store: &Database) -> Result<Self, ChannelError> {
        let mut locks = BTreeMap::new();
        store.for_each(&LOCKS, |_, row: LockRow| {
            locks.insert(row.id(), row);
        })?;
        Ok(Self(locks))
    }

    pub(crate) fn get(&self, lock: &LockId) -> Option<&LockRow> {
        self.0.get(lock)
    }

    /// The locks of a leg.
    pub(crate) fn of_leg(&self, (deal, leg): LegId) -> impl Iterator<Item = &LockRow> {
        self.in_deal(deal).filter(move |row| row.hold().leg == leg)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &LockRow> {
        self.0.values()
    }

    /// Takes over what an event has written.
    pub(crate) fn follow(&mut self, written: &ValueWritten) {
        for (lock, row) in &written.locks {
            match row {
                Some(row) => drop(self.0.insert(*lock, *row)),
                None => drop(self.0.remove(lock)),
            }
        }
    }

    /// What an event at a height begins with.
    ///
    /// # Rules
    ///
    /// > LOC-05: a lock of which the log has no prepare lapses before the first event at or above its `settle_before`, and its note goes back.
    pub(crate) fn lapsed(&self, height: Height) -> ValueWritten {
        let mut written = ValueWritten::default();
        let over = |row: &&LockRow| row.prepared.is_none() && row.hold().settle_before <= height;
        for row in self.all().filter(over) {
            written.release(row, DealOutcome::Abort);
        }
        written
    }

    fn in_deal(&self, deal: DealId) -> impl Iterator<Item = &LockRow> {
        let (first, last) = (MemberId([0; 32]), MemberId([u8::MAX; 32]));
        self.0.range((deal, 0, first)..=(deal, u8::MAX, last)).map(|(_, row)| row)
    }
}

impl ValueWritten {
    /// A lock as this event leaves it so far.
    pub(crate) fn lock<'a>(&'a self, locks: &'a Locks, lock: &LockId) -> Option<&'a LockRow> {
        match self.locks.get(lock) {
            Some(row) => row.as_ref(),
            None => locks.get(lock),
        }
    }

    fn release(&mut self, row: &LockRow, outcome: DealOutcome) {
        let note = row.note(outcome);
        self.notes.insert(note.id, Some(note));
        self.locks.insert(row.id(), None);
    }

    /// Ends all locks of a deal that is decided.
    ///
    /// # Rules
    ///
    /// > LOC-04: a commit gives each note whose lock is prepared for its deal to its new owner; every other note that is held for it goes back, and on an abort all do, at the decision's event and without any further check.
    pub(crate) fn decide(&mut self, locks: &Locks, deal: DealId, outcome: DealOutcome) -> u32 {
        let open: Vec<LockRow> =
            locks.in_deal(deal).filter(|row| !self.locks.contains_key(&row.id())).copied().collect();
        for row in &open {
            let prepared = row.prepared.is_some();
            self.release(row, if prepared { outcome } else { DealOutcome::Abort });
        }
        u32::try_from(open.len()).unwrap_or(u32::MAX)
    }

    /// Marks the lock of a prepare; `false` if there is none such: t endorsers have certified what is not so.
    ///
    /// # Rules
    ///
    /// > LOC-06: a prepare makes the open lock prepared that has its deal, leg, event and outcome; without one it is unfounded, changes nothing, and its endorsers are named.
    pub(crate) fn prepare(&mut self, locks: &Locks, prepare: &Prepare, at: Sequence) -> bool {
        let of_leg = locks.of_leg((prepare.deal, prepare.leg));
        let mut open = of_leg.filter(|row| !self.locks.contains_key(&row.id()));
        let Some(row) = open.find(|row| row.is_prepared_by(prepare)).copied() else { return false };
        self.locks.insert(row.id(), Some(LockRow { prepared: Some(at), ..row }));
        true
    }
}

/// Whether a note may be held for a deal at a height.
///
/// # Rules
///
/// > LOC-01: a lock is executed below its `allocate_before`, which lies below its `settle_before`, and that at most 8192 heights ahead.
/// > LOC-02: a member has at most one open lock for each leg of a deal in a channel.
/// > LOC-03: a note that is held is not among the notes that can be spent: until its lock ends nothing spends it, moves it or takes it back.
pub(crate) fn check_hold(hold: &Hold, height: Height, open: Option<&LockRow>) -> Result<(), LockRefused> {
    let Hold { deal, leg, allocate_before, settle_before, .. } = *hold;
    if height >= allocate_before {
        return Err(LockRefused::Late { height, allocate_before });
    }
    let furthest = height.0.saturating_add(HELD_HEIGHTS_MAX);
    if allocate_before >= settle_before || settle_before.0 > furthest {
        return Err(LockRefused::Heights { allocate_before, settle_before });
    }
    if open.is_some() { Err(LockRefused::Open { deal, leg }) } else { Ok(()) }
}

const LOCK_LEAF: &str = "locks";

/// The state leaf's key of a lock.
#[must_use]
pub fn lock_key(lock: &LockId) -> [u8; 32] {
    state_tree::leaf_key(LOCK_LEAF, &encode(lock))
}

/// The state leaf that changes with a lock.
///
/// # Rules
///
/// > LOC-07: the state has one leaf for each open lock, over what is held, the record, who locked it, and the events that locked and prepared it.
pub(crate) fn lock_change((lock, row): (&LockId, &Option<LockRow>)) -> Change {
    let leaf = row.as_ref().map(|row| state_tree::leaf_value(LOCK_LEAF, &encode(lock), &encode(row)));
    (lock_key(lock), leaf)
}

/// The leaves of all stored rows; `None` if one does not stand where it is looked for.
pub(crate) fn stored_leaves(store: &Database) -> Result<Option<Vec<Change>>, ChannelError> {
    let locks = Locks::read(store)?;
    let mut leaves = Vec::new();
    for row in locks.all() {
        if store.get(&LOCKS, &row.id())?.as_ref() != Some(row) {
            return Ok(None);
        }
        leaves.push(lock_change((&row.id(), &Some(*row))));
    }
    Ok(Some(leaves))
}

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod tests;
