//! RFC 9162 Merkle trees: ordered lists with inclusion proofs.
//!
//! Leaf hash `SHA-256(0x00 || leaf)`, node hash `SHA-256(0x01 || left || right)`. Proofs and their
//! verification are `ct-merkle`'s; the [`Frontier`] keeps only what appending needs, so a log of any
//! length has a root in constant memory.

use borsh::{BorshDeserialize, BorshSerialize};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{InclusionProof, RootHash};
use sha2::{Digest, Sha256};

/// The root of no leaves: SHA-256 of nothing (RFC 9162 section 2.1.1).
#[must_use]
pub fn empty_root() -> [u8; 32] {
    Sha256::digest([]).into()
}

/// The root of a list of leaves.
#[must_use]
pub fn root<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> [u8; 32] {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(leaf.as_ref());
    }
    frontier.root()
}

/// The hash of a leaf, as it stands in a tree: what is left of one whose bytes are gone.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// The root of a list of leaves of which the hashes are at hand.
#[must_use]
pub fn root_of_hashes(hashes: impl IntoIterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut frontier = Frontier::default();
    for hash in hashes {
        frontier.push_hash(hash);
    }
    frontier.root()
}

/// An append-only log's right edge: one subtree root for each set bit of its length.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Frontier {
    length: u64,
    subtrees: Vec<[u8; 32]>,
}

impl Frontier {
    /// Leaves appended so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// No leaves yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        self.push_hash(leaf_hash(leaf));
    }

    fn push_hash(&mut self, mut node: [u8; 32]) {
        for _ in 0..self.length.trailing_ones() {
            let left = self.subtrees.pop().expect("one subtree for each set bit");
            node = parent(&left, &node);
        }
        self.subtrees.push(node);
        self.length += 1;
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| parent(&left, &right))
            .unwrap_or_else(empty_root)
    }
}

fn parent(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A proof that a leaf stands at an index of a list of known length.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Inclusion {
    /// index of the leaf
    pub index: u64,
    /// leaves in the list
    pub length: u64,
    /// sibling hashes, lowest first
    pub siblings: Vec<[u8; 32]>,
}

/// The proof does not lead from the leaf to the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the inclusion proof does not lead to the root")]
pub struct NotIncluded;

impl Inclusion {
    /// Verifies that `leaf` stands at `index` of the list with this root (RFC 9162 section 2.1.3.2).
    pub fn verify(&self, root: &[u8; 32], leaf: &[u8]) -> Result<(), NotIncluded> {
        if self.siblings.len() > 64 || self.length > u64::MAX / 2 {
            return Err(NotIncluded);
        }
        let proof =
            InclusionProof::<Sha256>::try_from_bytes(self.siblings.concat()).map_err(|_| NotIncluded)?;
        RootHash::<Sha256>::new((*root).into(), self.length)
            .verify_inclusion(&leaf, self.index, &proof)
            .map_err(|_| NotIncluded)
    }
}

/// A list held in memory, to prove inclusion in it.
pub struct ProvingList(MemoryBackedTree<Sha256, Vec<u8>>);

impl ProvingList {
    /// Takes all leaves.
    #[must_use]
    pub fn new(leaves: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut tree = MemoryBackedTree::new();
        for leaf in leaves {
            tree.push(leaf);
        }
        Self(tree)
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        (*self.0.root().as_bytes()).into()
    }

    /// Proves the leaf at `index`; `None` past the end.
    #[must_use]
    pub fn prove(&self, index: u64) -> Option<Inclusion> {
        let position = usize::try_from(index).ok().filter(|_| index < self.0.len())?;
        let siblings = self.0.prove_inclusion(position).as_bytes().as_chunks::<32>().0.to_vec();
        Some(Inclusion { index, length: self.0.len(), siblings })
    }
}

impl std::fmt::Debug for ProvingList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProvingList({} leaves)", self.0.len())
    }
}
