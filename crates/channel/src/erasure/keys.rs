//! The keys of epochs and generations that are erased: punctured where an epoch goes, dropped where a generation does.

use std::collections::BTreeSet;

use parclose_keys::ViewKey;
use parclose_store::{Durability, Table};
use parclose_transaction::key_ring::Punctured;
use parclose_transaction::{ErasureTarget, Reach};
use parclose_types::{ClassId, Generation};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::tables::{SECRETS, SHARED, UNWRAP};

/// What is left of this member's audience secrets of which an epoch is erased: pieces of their classes.
pub const PUNCTURED: Table<u64, Vec<u8>> = Table::<u64, Vec<u8>>::ordered(40, "punctured");

impl Channel {
    /// Takes what is erased out of this member's keys, in memory and in the store. The rows go in one write with those that
    /// replace them: a crash leaves the keys as they were, to be punctured again.
    ///
    /// # Rules
    ///
    /// > ERA-15: once the erasure of an epoch is in force, each secret and cover of its generation is replaced by what opens every other epoch of every class; of a generation, all of them go; with every wrap that holds them, and the sealed fields of all that was sealed in it.
    pub(super) fn puncture_keys(&mut self, reach: &Reach<'_>) -> Result<(), ChannelError> {
        let generations: BTreeSet<Generation> = reach.generations().collect();
        for generation in generations {
            let written_in = self.generation(generation)?;
            let classes: Vec<ClassId> = written_in.definition.classes.iter().map(|class| class.id).collect();
            let taken = self.keys.take(generation);
            if taken.is_empty() {
                continue;
            }
            let left = taken.puncture(self.config().channel, generation, &classes, reach);
            self.put_punctured(generation, &left)?;
            left.own.into_iter().for_each(|view_key| self.keys.insert_punctured(view_key));
            left.shared.into_iter().for_each(|view_key| self.keys.insert_shared(view_key));
            self.forget_purse();
        }
        Ok(())
    }

    fn put_punctured(&self, generation: Generation, left: &Punctured) -> Result<(), ChannelError> {
        let mut batch = self.store.batch();
        let mut audiences = Vec::new();
        self.store.for_each(&SECRETS, |_, (of, audience, _)| {
            if of == generation {
                audiences.push(audience);
            }
        })?;
        audiences.iter().for_each(|audience| batch.delete(&SECRETS, audience));
        for (table, keys) in [(&PUNCTURED, &left.own), (&SHARED, &left.shared)] {
            let rows = self.store.scan(table, &0, usize::MAX)?;
            let next = rows.last().map_or(0, |(last, _)| last.saturating_add(1));
            let of_generation =
                |bytes: &[u8]| ViewKey::from_bytes(bytes).is_ok_and(|key| key.generation == generation);
            for (at, _) in rows.iter().filter(|(_, bytes)| of_generation(bytes)) {
                batch.delete(table, at);
            }
            for (at, view_key) in (next..).zip(keys) {
                batch.put(table, &at, view_key.to_bytes().as_ref());
            }
        }
        self.store.commit(batch, Durability::Synced)?;
        Ok(())
    }

    /// Has the files written anew that held keys.
    pub(super) fn shred_keys(&self) -> Result<(), ChannelError> {
        self.store.shred(&SECRETS, None)?;
        self.store.shred(&PUNCTURED, None)?;
        self.store.shred(&SHARED, None)?;
        self.store.shred(&UNWRAP, None)?;
        Ok(())
    }
}

/// Whether keys go with it.
pub(super) const fn has_keys(target: &ErasureTarget) -> bool {
    matches!(target, ErasureTarget::Epoch(_) | ErasureTarget::Generation(_))
}

#[cfg(test)]
mod tests;
