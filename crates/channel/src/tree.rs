//! The state tree as a channel keeps it: its nodes in the store, and those near the root in memory, too.
//!
//! Every event with many records rewrites the nodes near the root; without the copies the next event would
//! fetch and unseal each of them again. What an event replaces stays until a state after it is attested, so that records
//! can be proven in the newest attested state (decision 0056).

use std::collections::BTreeMap;

use parclose_crypto::state_tree::{self, Nodes, NodesUnavailable, Update};
use parclose_store::{Batch, Database, StoreError};
use parclose_types::Sequence;

use crate::tables::{NODES, REPLACED};

/// The deepest level of which copies are kept: 1 + 16 + 256 nodes at most.
const DEPTH_MAX: usize = 2;

/// The nodes near the root, as the last event left them.
#[derive(Debug, Default)]
pub(crate) struct TreeTop(BTreeMap<Vec<u8>, Vec<u8>>);

impl TreeTop {
    /// Follows an update that has been written.
    pub(crate) fn follow(&mut self, update: Update) {
        for key in &update.stale {
            self.0.remove(key);
        }
        let near = |(key, _): &(Vec<u8>, Vec<u8>)| state_tree::depth(key).is_some_and(|at| at <= DEPTH_MAX);
        self.0.extend(update.nodes.into_iter().filter(near));
    }
}

/// The state tree's nodes, as stored.
#[derive(Clone, Copy)]
pub(crate) struct StoredNodes<'a> {
    pub(crate) store: &'a Database,
    pub(crate) top: &'a TreeTop,
}

impl Nodes for StoredNodes<'_> {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodesUnavailable> {
        match self.top.0.get(key) {
            Some(node) => Ok(Some(node.clone())),
            None => self.store.get(&NODES, &key.to_vec()).map_err(|_| NodesUnavailable),
        }
    }
}

/// Nodes of an update that is not written yet, over those that are.
pub(crate) struct Updated<'a> {
    fresh: BTreeMap<&'a [u8], &'a [u8]>,
    stored: StoredNodes<'a>,
}

impl<'a> Updated<'a> {
    pub(crate) fn new(update: &'a Update, stored: StoredNodes<'a>) -> Self {
        let fresh = update.nodes.iter().map(|(key, node)| (key.as_slice(), node.as_slice())).collect();
        Self { fresh, stored }
    }
}

impl Nodes for Updated<'_> {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodesUnavailable> {
        match self.fresh.get(key) {
            Some(node) => Ok(Some((*node).to_vec())),
            None => self.stored.node(key),
        }
    }
}

/// Puts an update's nodes, and notes those that it replaces: states before it need them still.
pub(crate) fn put_update(batch: &mut Batch, sequence: Sequence, update: &Update) {
    for (key, node) in &update.nodes {
        batch.put(&NODES, key, node);
    }
    batch.put(&REPLACED, &sequence, &(update.root, update.stale.clone()));
}

/// Takes away the nodes that no state after `attested`, nor that one, has.
pub(crate) fn drop_replaced(
    store: &Database,
    batch: &mut Batch,
    attested: Sequence,
) -> Result<(), StoreError> {
    for (sequence, (_, stale)) in store.scan(&REPLACED, &Sequence(0), usize::MAX)? {
        if sequence > attested {
            break;
        }
        for key in &stale {
            batch.delete(&NODES, key);
        }
        batch.delete(&REPLACED, &sequence);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Trio, create};

    #[test]
    fn the_copies_are_those_of_the_store_and_stay_near_the_root() {
        let mut trio = Trio::new();
        for at in 0..3 {
            let transaction = trio.statement(create(at));
            assert_eq!(trio.decide(&transaction), "applied");
        }
        let channel = trio.member(0);
        assert!(!channel.top.0.is_empty());
        for (key, node) in &channel.top.0 {
            assert!(state_tree::depth(key).unwrap() <= DEPTH_MAX);
            assert_eq!(channel.store.get(&NODES, key).unwrap().as_ref(), Some(node));
        }
        // A copy is believed: the control that it is read at all.
        let stored = StoredNodes { store: &channel.store, top: &TreeTop::default() };
        let (key, _) = channel.top.0.first_key_value().unwrap();
        let odd = TreeTop([(key.clone(), vec![7])].into());
        assert_ne!(stored.node(key).unwrap(), Some(vec![7]));
        assert_eq!(StoredNodes { top: &odd, ..stored }.node(key).unwrap(), Some(vec![7]));
    }
}
