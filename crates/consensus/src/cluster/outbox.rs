//! This node's own root transactions, until it is known what became of each.

use std::collections::BTreeMap;

use parclose_root::{RootReject, RootTransaction};
use parclose_types::{Digest, Height};

use super::pool::OnOrdered;

/// Ticks after which a transaction that is not final is handed in again, to another validator.
const PATIENCE: u64 = 4;

struct Own {
    transaction: RootTransaction,
    /// everybody who asked for it
    done: Vec<OnOrdered>,
    /// from this tick on it is handed in again
    again: u64,
}

/// What this node has handed in.
#[derive(Default)]
pub(crate) struct Outbox(BTreeMap<Digest, Own>);

impl Outbox {
    /// Keeps a transaction; true if it was not kept already.
    pub(crate) fn add(
        &mut self,
        digest: Digest,
        transaction: RootTransaction,
        done: OnOrdered,
        tick: u64,
    ) -> bool {
        let again = tick.saturating_add(PATIENCE);
        let mut is_new = false;
        let own = self.0.entry(digest).or_insert_with(|| {
            is_new = true;
            Own { transaction, done: Vec::new(), again }
        });
        own.done.push(done);
        is_new
    }

    /// Takes a transaction out whose outcome is known.
    pub(crate) fn take(&mut self, digest: &Digest) -> Vec<OnOrdered> {
        self.0.remove(digest).map(|own| own.done).unwrap_or_default()
    }

    /// What is to be handed in again at this tick. Each is due again later, until it is taken out.
    pub(crate) fn due(&mut self, tick: u64) -> Vec<(Digest, RootTransaction)> {
        let mut due = Vec::new();
        for (digest, own) in &mut self.0 {
            if own.again <= tick {
                own.again = tick.saturating_add(PATIENCE);
                due.push((*digest, own.transaction.clone()));
            }
        }
        due
    }

    /// What can no longer be ordered at a height or later, because its time has passed.
    pub(crate) fn lapsed(&self, next: Height) -> Vec<(Digest, RootReject)> {
        self.0.iter().filter_map(|(digest, own)| Some((*digest, own.transaction.lapsed(next)?))).collect()
    }

    /// Forgets everything: whoever waits learns by the drop that no answer comes.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outbox({})", self.0.len())
    }
}
