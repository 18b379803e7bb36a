//! The state tree: a versioned sparse Merkle tree (`jmt`, SHA-256) with absence proofs.
//!
//! Leaf key `H("state-key", table, row key)`, leaf value `H("state-leaf", table, row key, row bytes)`
//! (STA-01). The version is the sequence of the event that wrote it; every event makes one version,
//! so versions run without gaps. Only the newest version is kept: [`Update::stale`] names the
//! nodes that a new version replaces.

use borsh::{BorshDeserialize, BorshSerialize};
use jmt::proof::SparseMerkleProof;
use jmt::storage::{LeafNode, Node, NodeKey, TreeReader};
use jmt::{JellyfishMerkleTree, KeyHash, OwnedValue, RootHash, SimpleHasher, Version};
use parclose_types::{StateRoot, labels};
use sha2::{Digest, Sha256};

use crate::hash::hash;

/// SHA-256 for `jmt`.
#[derive(Clone, Debug, Default)]
pub struct TreeHasher(Sha256);

impl SimpleHasher for TreeHasher {
    fn new() -> Self {
        Self::default()
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Where a tree's nodes are kept: encoded node key -> encoded node.
pub trait Nodes {
    /// Reads one node; `None` when there is none.
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodesUnavailable>;
}

/// The nodes cannot be read: the store below has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("state tree nodes cannot be read")]
pub struct NodesUnavailable;

/// Names a leaf: which table, which row.
#[must_use]
pub fn leaf_key(table: &str, row_key: &[u8]) -> [u8; 32] {
    hash(labels::STATE_KEY, &[table.as_bytes(), row_key])
}

/// The value of a leaf: a hash over table, row key and row bytes.
///
/// # Rules
///
/// > STA-01: a state leaf binds table, row key and row bytes.
#[must_use]
pub fn leaf_value(table: &str, row_key: &[u8], row: &[u8]) -> [u8; 32] {
    hash(labels::STATE_LEAF, &[table.as_bytes(), row_key, row])
}

/// One changed leaf: key and new value, or `None` when the row is deleted.
pub type Change = ([u8; 32], Option<[u8; 32]>);

/// What a new version writes and replaces.
#[derive(Debug)]
pub struct Update {
    /// root of the new version
    pub root: StateRoot,
    /// nodes to write: encoded key, encoded node
    pub nodes: Vec<(Vec<u8>, Vec<u8>)>,
    /// node keys that nothing refers to any more
    pub stale: Vec<Vec<u8>>,
}

/// Makes version `version` from `version - 1` by the changes given, at least one.
pub fn update(nodes: &impl Nodes, version: u64, changes: &[Change]) -> Result<Update, NodesUnavailable> {
    let reader = Reader { nodes, value: None };
    let tree = JellyfishMerkleTree::<'_, _, TreeHasher>::new(&reader);
    let written: Option<Vec<(KeyHash, OwnedValue)>> =
        changes.iter().map(|(key, value)| value.map(|value| (KeyHash(*key), value.to_vec()))).collect();
    let updated = match written {
        // In one pass, which hashes each node once; it knows no deletions.
        Some(written) if !written.is_empty() => tree.batch_put_value_sets(vec![written], None, version),
        _ => {
            let set = changes.iter().map(|(key, value)| (KeyHash(*key), value.map(|v| v.to_vec())));
            tree.put_value_set(set, version).map(|(root, batch)| (vec![root], batch))
        }
    };
    let (roots, batch) = updated.map_err(|_| NodesUnavailable)?;
    let root = roots.last().ok_or(NodesUnavailable)?;
    let encoded = |value: &dyn EncodeNode| value.encoded();
    Ok(Update {
        root: StateRoot(root.0),
        nodes: batch.node_batch.nodes().iter().map(|(key, node)| (encoded(key), encoded(node))).collect(),
        stale: batch.stale_node_index_batch.iter().map(|stale| encoded(&stale.node_key)).collect(),
    })
}

/// How far below the root a node lies; `None` for bytes that are no node's key.
#[must_use]
pub fn depth(key: &[u8]) -> Option<usize> {
    NodeKey::try_from_slice(key).ok().map(|key| key.nibble_path().num_nibbles())
}

trait EncodeNode {
    fn encoded(&self) -> Vec<u8>;
}

impl<T: BorshSerialize> EncodeNode for T {
    fn encoded(&self) -> Vec<u8> {
        parclose_types::encode(self)
    }
}

/// A proof that a leaf has a value in the tree with a known root, or that it has none.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct StateProof(SparseMerkleProof<TreeHasher>);

impl Eq for StateProof {}

/// The proof does not hold for that root, key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state proof does not hold")]
pub struct NotProvenByState;

impl StateProof {
    /// Verifies that the leaf `key` has `value` (`None`: is absent) under `root`.
    pub fn verify(
        &self,
        root: &StateRoot,
        key: &[u8; 32],
        value: Option<&[u8; 32]>,
    ) -> Result<(), NotProvenByState> {
        self.0.verify(RootHash(root.0), KeyHash(*key), value).map_err(|_| NotProvenByState)
    }
}

/// Proves a leaf's value at the newest version; `value` is what the caller holds for that leaf.
pub fn prove(
    nodes: &impl Nodes,
    version: u64,
    key: &[u8; 32],
    value: Option<&[u8; 32]>,
) -> Result<StateProof, NodesUnavailable> {
    let reader = Reader { nodes, value };
    JellyfishMerkleTree::<'_, _, TreeHasher>::new(&reader)
        .get_with_proof(KeyHash(*key), version)
        .map(|(_, proof)| StateProof(proof))
        .map_err(|_| NodesUnavailable)
}

/// Adapts [`Nodes`] to `jmt`. Leaf values live in the tables, not in the tree; the one value that a
/// proof asks for is handed in.
struct Reader<'a, N> {
    nodes: &'a N,
    value: Option<&'a [u8; 32]>,
}

impl<N: Nodes> TreeReader for Reader<'_, N> {
    fn get_node_option(&self, node_key: &NodeKey) -> anyhow::Result<Option<Node>> {
        let bytes = self.nodes.node(&parclose_types::encode(node_key))?;
        bytes.map(|bytes| Ok(Node::try_from_slice(&bytes)?)).transpose()
    }

    fn get_value_option(&self, _: Version, _: KeyHash) -> anyhow::Result<Option<OwnedValue>> {
        Ok(self.value.map(|value| value.to_vec()))
    }

    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        Ok(None)
    }
}

/// The tree's nodes in memory: for the root chain's small map, for recomputation, and for tests.
pub mod memory {
    use std::collections::BTreeMap;

    use super::{Nodes, NodesUnavailable, Update};

    /// Nodes by encoded key.
    #[derive(Clone, Debug, Default)]
    pub struct MemoryNodes(BTreeMap<Vec<u8>, Vec<u8>>);

    impl MemoryNodes {
        /// Takes the nodes of an update and drops what it replaces.
        pub fn apply(&mut self, update: &Update) {
            for key in &update.stale {
                self.0.remove(key);
            }
            self.0.extend(update.nodes.iter().cloned());
        }

        /// Adds one node, as read from a store.
        pub fn insert(&mut self, key: Vec<u8>, node: Vec<u8>) {
            self.0.insert(key, node);
        }

        /// Nodes held.
        #[must_use]
        pub fn len(&self) -> usize {
            self.0.len()
        }

        /// No nodes at all.
        #[must_use]
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    impl Nodes for MemoryNodes {
        fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodesUnavailable> {
            Ok(self.0.get(key).cloned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::memory::MemoryNodes;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn sta_01_leaf_binds_table_key_and_row() {
        let leaf = leaf_value("records", b"key", b"row");
        assert_ne!(leaf, leaf_value("record", b"skey", b"row"));
        assert_ne!(leaf, leaf_value("records", b"kez", b"row"));
        assert_ne!(leaf, leaf_value("records", b"key", b"rox"));
        assert_ne!(leaf_key("a", b"k"), leaf_key("b", b"k"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn sta_01_tree_agrees_with_a_map(events in proptest::collection::vec(
            proptest::collection::btree_map(0_u8..40, proptest::option::of(any::<u8>()), 1..12), 1..12)) {
            let (mut nodes, mut model) = (MemoryNodes::default(), BTreeMap::new());
            let mut root = StateRoot([0; 32]);
            for (version, event) in events.iter().enumerate() {
                // The head leaf changes in every event, as in a channel.
                let mut changes: Vec<Change> = vec![(leaf_key("head", b""), Some([u8::try_from(version).unwrap(); 32]))];
                for (key, value) in event {
                    let known = model.contains_key(key);
                    match value {
                        Some(byte) => { model.insert(*key, *byte); }
                        None if known => { model.remove(key); }
                        None => continue,
                    }
                    changes.push((leaf_key("rows", &[*key]), value.map(|byte| leaf_value("rows", &[*key], &[byte]))));
                }
                let made = update(&nodes, version as u64, &changes).unwrap();
                nodes.apply(&made);
                root = made.root;
            }
            let version = events.len() as u64 - 1;
            for key in 0_u8..40 {
                let leaf = leaf_key("rows", &[key]);
                let value = model.get(&key).map(|byte| leaf_value("rows", &[key], &[*byte]));
                let proof = prove(&nodes, version, &leaf, value.as_ref()).unwrap();
                prop_assert!(proof.verify(&root, &leaf, value.as_ref()).is_ok());
                prop_assert!(proof.verify(&root, &leaf, Some(&[9; 32])).is_err());
                prop_assert!(value.is_none() || proof.verify(&root, &leaf, None).is_err());
            }
            // The same rows written at once have the same root: history does not matter.
            let mut all: Vec<Change> = model.iter().map(|(k, v)| (leaf_key("rows", &[*k]), Some(leaf_value("rows", &[*k], &[*v])))).collect();
            all.push((leaf_key("head", b""), Some([u8::try_from(version).unwrap(); 32])));
            let at_once = update(&MemoryNodes::default(), 0, &all).unwrap();
            prop_assert_eq!(at_once.root, root);
            // Nothing is left behind: a node for each of the tree, whether it grew in one pass or key by key.
            prop_assert_eq!(nodes.len(), at_once.nodes.len());
            let mut one_by_one = MemoryNodes::default();
            for (version, change) in all.iter().enumerate() {
                let made = update(&one_by_one, version as u64, std::slice::from_ref(change)).unwrap();
                one_by_one.apply(&made);
                root = made.root;
            }
            prop_assert_eq!(at_once.root, root);
            prop_assert_eq!(nodes.len(), one_by_one.len());
        }
    }
}
