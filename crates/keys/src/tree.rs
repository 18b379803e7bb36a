//! Class seeds and the GGM tree over epochs.
//!
//! `child = KDF(node, 32, "ggm", u8 bit)`, depth 32, bit d of the epoch from the top. A node opens
//! every epoch below it and nothing else: a constrained pseudo-random function for prefixes (GGM
//! 1986; specs/04-cryptography.md).

use parclose_crypto::{PreparedKey, Secret, kdf_secret};
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Generation, labels};

/// Depth of the tree: one level for each bit of an epoch.
pub const DEPTH: u8 = 32;

/// The seed of one class of fields of one audience: the root of its epoch tree.
#[derive(Debug)]
pub struct ClassSeed(pub(crate) Secret);

/// The key of one epoch.
#[derive(Debug)]
pub struct LeafKey(pub(crate) Secret);

/// A node of the tree, at a depth: the seed of everything below it.
#[derive(Debug)]
pub struct NodeSeed {
    pub(crate) depth: u8,
    pub(crate) seed: Secret,
}

impl ClassSeed {
    /// `S_c = KDF(R, 32, "class", channel, generation, audience, class)`.
    ///
    /// # Rules
    ///
    /// > KEY-05: the class seed binds channel, generation, audience and class.
    #[must_use]
    pub fn derive(
        secret: &Secret,
        channel: &ChannelId,
        generation: Generation,
        audience: &AudienceId,
        class: ClassId,
    ) -> Self {
        Self(kdf_secret(
            secret,
            labels::CLASS,
            &[channel.as_ref(), &generation.0.to_be_bytes(), audience.as_ref(), &class.0.to_be_bytes()],
        ))
    }

    /// The leaf key of an epoch.
    #[must_use]
    pub fn leaf(&self, epoch: Epoch) -> LeafKey {
        self.node(DEPTH, epoch.0).into_leaf(epoch).expect("a node at full depth is its own leaf")
    }

    /// The node at `depth` whose epochs start with the top `depth` bits given by `prefix`.
    #[must_use]
    pub fn node(&self, depth: u8, prefix: u32) -> NodeSeed {
        let root = NodeSeed { depth: 0, seed: self.0.duplicate() };
        root.descend(depth, prefix)
    }

    /// Lends the raw seed, for vectors.
    pub fn expose<T>(&self, look: impl FnOnce(&[u8; 32]) -> T) -> T {
        self.0.expose(look)
    }
}

impl NodeSeed {
    /// Goes down to `depth`, along the low `depth` bits of `prefix` that lie below this node.
    pub(crate) fn descend(self, depth: u8, prefix: u32) -> Self {
        let mut node = self;
        while node.depth < depth {
            let bit = (prefix >> (depth - node.depth - 1)) & 1;
            node = node.child(bit == 1);
        }
        node
    }

    /// The left or right child (KEY-06).
    ///
    /// # Rules
    ///
    /// > KEY-06: a tree node derives its two children by its own label and one bit, downward only.
    fn child(self, right: bool) -> Self {
        Self { depth: self.depth + 1, seed: kdf_secret(&self.seed, labels::GGM, &[&[u8::from(right)]]) }
    }

    /// The leaf of an epoch below this node; the caller has checked that it lies below.
    pub(crate) fn into_leaf(self, epoch: Epoch) -> Option<LeafKey> {
        (self.depth <= DEPTH).then(|| LeafKey(self.descend(DEPTH, epoch.0).seed))
    }

    /// The check value of this node, published in a grant (R35 in the design; KEY-07).
    #[must_use]
    pub fn check_value(&self, prefix: u32) -> [u8; 32] {
        kdf_secret(&self.seed, labels::NODE_KCV, &[&[self.depth], &prefix.to_be_bytes()])
            .expose(|bytes| *bytes)
    }
}

/// The key of one epoch, prepared to derive many field keys.
#[derive(Debug)]
pub struct PreparedLeaf(pub(crate) PreparedKey);

impl LeafKey {
    /// Prepares it.
    #[must_use]
    pub fn prepared(&self) -> PreparedLeaf {
        PreparedLeaf(PreparedKey::of(&self.0))
    }

    /// `kcv_e = KDF(L_e, 32, "leaf-kcv", epoch)`.
    #[must_use]
    pub fn check_value(&self, epoch: Epoch) -> [u8; 32] {
        kdf_secret(&self.0, labels::LEAF_KCV, &[&epoch.0.to_be_bytes()]).expose(|bytes| *bytes)
    }

    /// Lends the raw key, for vectors.
    pub fn expose<T>(&self, look: impl FnOnce(&[u8; 32]) -> T) -> T {
        self.0.expose(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    fn seed(channel: u8, generation: u64, audience: u8, class: u32) -> [u8; 32] {
        ClassSeed::derive(
            &secret_from_bytes([1; 32]),
            &ChannelId([channel; 32]),
            Generation(generation),
            &AudienceId([audience; 32]),
            ClassId(class),
        )
        .expose(|bytes| *bytes)
    }

    #[test]
    fn key_05_every_scope_has_its_own_seed() {
        let base = seed(1, 1, 1, 1);
        assert_eq!(base, seed(1, 1, 1, 1));
        for other in [seed(2, 1, 1, 1), seed(1, 2, 1, 1), seed(1, 1, 2, 1), seed(1, 1, 1, 2)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn key_06_left_and_right_differ_and_a_node_reaches_its_leaves() {
        let class = ClassSeed(secret_from_bytes([3; 32]));
        let leaf = |epoch| class.leaf(Epoch(epoch)).expose(|b| *b);
        assert_ne!(leaf(0), leaf(1));
        assert_ne!(leaf(0), leaf(1 << 31));
        let node = class.node(24, 123_456 >> 8);
        assert_eq!(node.into_leaf(Epoch(123_456)).unwrap().expose(|b| *b), leaf(123_456));
    }
}
