//! Erasure: the sealed fields of a record, or all that was sealed in an epoch or a generation with its keys, go from every
//! member's store, and what proves all else stays.
//!
//! ```text
//!   Erase      members ask for it, as many as the definition says       ask.rs       state: an erasure
//!     | in force
//!   shred      every stored sealed part that it reaches, the keys, then the files under them   shred.rs, keys.rs, reach.rs
//!     |
//!   Erased     each member's node says so                               upkeep
//! ```
//!
//! Digests cover the permanent part, which stays: leaves, verdicts, states and every proof. A batch of which something is
//! erased is handed out as such (batch.rs); whoever is behind keeps it so, and asks on for what the log does not erase
//! (withheld.rs).

mod ask;
mod batch;
mod keys;
mod reach;
mod refused;
mod shred;
mod withheld;

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::state_tree::{self, Change};
use parclose_store::{Batch, Blinded, Database, Table};
use parclose_transaction::{ErasedPart, ErasureTarget};
use parclose_types::{ChannelCommitment, Height, MemberId, Sequence, TransactionDigest, encode};

use crate::error::ChannelError;

pub use batch::ErasedBatch;
pub use keys::PUNCTURED;
pub(crate) use reach::spans;
pub use refused::ErasureRefused;

/// Erasures that were asked for, in force or not; part of the state.
pub const ERASURES: Table<Vec<u8>, ErasureRow, Blinded> =
    Table::<Vec<u8>, ErasureRow>::blinded(36, "erasures");
/// What is left of sealed parts, by (batch number, index), in place of a row of [`crate::tables::PRUNABLE`].
pub const ERASED_PARTS: Table<(u64, u32), ErasedPart> =
    Table::<(u64, u32), ErasedPart>::ordered(37, "erased");
/// What this member's store is still to lose.
pub const TO_SHRED: Table<Vec<u8>, ErasureTarget, Blinded> =
    Table::<Vec<u8>, ErasureTarget>::blinded(38, "to shred");
/// Parts that came as erased, of batches of this commitment, as long as the log has not erased all that they lack.
pub const WITHHELD: Table<(u64, u32), ChannelCommitment> =
    Table::<(u64, u32), ChannelCommitment>::ordered(39, "withheld");

/// An erasure: asked for, approved, in force, and carried out by whom.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ErasureRow {
    /// what
    pub target: ErasureTarget,
    /// the act that asked for it first, by which it is named
    pub act: TransactionDigest,
    /// why, as that act says
    pub reason: String,
    /// height of the event of that act
    pub asked_at: Height,
    /// who wants it, in the order in which they said so, each with its act
    pub approvals: Vec<(MemberId, TransactionDigest)>,
    /// approvals that it needs
    pub needed: u16,
    /// the event that put it in force, and its height
    pub in_force: Option<(Sequence, Height)>,
    /// who has carried it out, ascending, each with its act
    pub confirmed: Vec<(MemberId, TransactionDigest)>,
}

impl ErasureRow {
    /// Whether a member has said that it has carried it out.
    #[must_use]
    pub fn is_confirmed_by(&self, member: &MemberId) -> bool {
        self.confirmed.binary_search_by_key(member, |(of, _)| *of).is_ok()
    }
}

/// What an event does to erasures.
pub(crate) type ErasuresWritten = BTreeMap<ErasureTarget, ErasureRow>;

/// The key of an erasure's row.
pub(crate) fn row_key(target: &ErasureTarget) -> Vec<u8> {
    encode(target)
}

/// The state leaf that changes with an erasure.
pub(crate) fn erasure_change(row: &ErasureRow) -> Change {
    let key = row_key(&row.target);
    (state_tree::leaf_key("erasures", &key), Some(state_tree::leaf_value("erasures", &key, &encode(row))))
}

/// Puts the rows that an event has written, and what this member has to do for those that take force with it.
pub(crate) fn put_erasures(batch: &mut Batch, written: &ErasuresWritten, sequence: Sequence) {
    for (target, row) in written {
        batch.put(&ERASURES, &row_key(target), row);
        if row.in_force.is_some_and(|(at, _)| at == sequence) {
            batch.put(&TO_SHRED, &row_key(target), target);
        }
    }
}

/// What the log has erased.
pub(crate) fn in_force(store: &Database) -> Result<BTreeSet<ErasureTarget>, ChannelError> {
    let mut erased = BTreeSet::new();
    store.for_each(&ERASURES, |_, row: ErasureRow| {
        erased.extend(row.in_force.map(|_| row.target));
    })?;
    Ok(erased)
}

/// All erasures; an error if one does not stand where it is looked for.
pub(crate) fn stored(store: &Database) -> Result<Vec<ErasureRow>, ChannelError> {
    let mut rows = Vec::new();
    store.for_each(&ERASURES, |_, row: ErasureRow| rows.push(row))?;
    for row in &rows {
        if store.get(&ERASURES, &row_key(&row.target))?.as_ref() != Some(row) {
            return Err(ChannelError::Unknown { what: "erasure at its place" });
        }
    }
    rows.sort_by_key(|row| (row.asked_at, row.act));
    Ok(rows)
}

#[cfg(test)]
mod tests;
