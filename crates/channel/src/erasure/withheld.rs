//! Parts that a member handed out as erased though the log does not erase them: missing here, and asked of the others.

use std::collections::BTreeSet;

use parclose_crypto::merkle::leaf_hash;
use parclose_store::Durability;
use parclose_transaction::{ErasedPart, ErasureTarget, Reach, UnverifiedTransaction};
use parclose_types::ChannelCommitment;

use super::{ERASED_PARTS, ErasedBatch, WITHHELD};
use crate::batch::Proposal;
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::tables::{BATCHES, PERMANENT, PRUNABLE};

impl Channel {
    /// The batches of which something is missing here that the log does not erase; to be asked once everything that is ordered
    /// is executed, for the erasure may come later in the log than what it erases.
    ///
    /// # Rules
    ///
    /// > ERA-08: what came as erased and is not erased by the log is missing, never lost: it is asked of the other members until one has handed it out, and taken in only as what the body commits to.
    pub fn withheld(&self) -> Result<BTreeSet<ChannelCommitment>, ChannelError> {
        let mut withheld = BTreeSet::new();
        let mut settled = self.store.batch();
        let rows = self.store.scan(&WITHHELD, &(0, 0), usize::MAX)?;
        if rows.is_empty() {
            return Ok(withheld);
        }
        let reach = self.reach()?;
        for (place, commitment) in rows {
            if self.lacks(place, &reach)? {
                withheld.insert(commitment);
            } else {
                settled.delete(&WITHHELD, &place);
            }
        }
        if !settled.is_empty() {
            self.store.commit(settled, Durability::Buffered)?;
        }
        Ok(withheld)
    }

    /// Whether a part lacks something that the log does not erase.
    fn lacks(&self, place: (u64, u32), reach: &Reach<'_>) -> Result<bool, ChannelError> {
        let Some(part) = self.store.get(&ERASED_PARTS, &place)? else { return Ok(false) };
        let Some(permanent) = self.store.get(&PERMANENT, &place)? else { return Ok(false) };
        let Ok(transaction) = UnverifiedTransaction::decode(&permanent) else { return Ok(false) };
        Ok(reach.explains(&part, transaction.claimed_body()).is_none())
    }

    /// Whether the log has erased something.
    #[must_use]
    pub fn is_erased(&self, target: &ErasureTarget) -> bool {
        self.erased.contains(target)
    }

    /// Takes what is withheld here out of a batch that another member has handed out: whole parts, or such as lack less. Whether
    /// there was something.
    pub fn fill(&mut self, offered: &ErasedBatch) -> Result<bool, ChannelError> {
        let commitment = offered.commitment();
        let Some(row) = self.store.get(&BATCHES, &commitment)? else { return Ok(false) };
        let mut batch = self.store.batch();
        for (index, (permanent, prunable)) in
            (0_u32..).zip(offered.batch.permanent.iter().zip(&offered.batch.prunable))
        {
            let place = (row.number, index);
            let Some(held) = self.store.get(&ERASED_PARTS, &place)? else { continue };
            let ours = self.store.get(&PERMANENT, &place)?;
            let Some(transaction) = UnverifiedTransaction::decode(permanent).ok() else { continue };
            if ours.as_ref() != Some(permanent) || self.store.get(&WITHHELD, &place)?.is_none() {
                continue;
            }
            match offered.left_of(index) {
                Some(left) if lacks_less(left, &held) && transaction.check_erased(left).is_ok() => {
                    batch.put(&ERASED_PARTS, &place, left);
                }
                None if leaf_hash(prunable) == held.leaf && transaction.check_sealed(prunable).is_ok() => {
                    batch.put(&PRUNABLE, &place, prunable);
                    batch.delete(&ERASED_PARTS, &place);
                    batch.delete(&WITHHELD, &place);
                }
                _ => {}
            }
        }
        if batch.is_empty() {
            return Ok(false);
        }
        self.note_erased(&offered.batch, &mut batch)?;
        self.store.commit(batch, Durability::Synced)?;
        Ok(true)
    }

    /// As [`Self::fill`], from a whole batch.
    pub fn fill_whole(&mut self, proposal: Proposal) -> Result<bool, ChannelError> {
        let Proposal { batch, blinder, .. } = proposal;
        self.fill(&ErasedBatch { batch, blinder, erased: Vec::new() })
    }
}

/// Whether what is offered lacks less, and nothing that is here.
fn lacks_less(offered: &ErasedPart, held: &ErasedPart) -> bool {
    offered.leaf == held.leaf && offered.lacking() < held.lacking() && offered.lacks_only_of(held)
}
