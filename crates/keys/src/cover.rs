//! Covers: the minimal set of tree nodes that opens an interval of epochs.
//!
//! Nodes are sorted, disjoint, and together exactly the interval: at most 62 of them for any
//! interval. There is one cover for each interval; anything else is refused.

use parclose_crypto::{Secret, kdf_secret};
use parclose_types::{Epoch, labels};

use crate::tree::{ClassSeed, DEPTH, LeafKey, NodeSeed};

/// The name of a tree node: its depth and the top `depth` bits of the epochs below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoverNode {
    /// 0 (all epochs) to 32 (one epoch)
    pub depth: u8,
    /// the top `depth` bits, right-aligned
    pub prefix: u32,
}

impl CoverNode {
    fn first(self) -> u64 {
        u64::from(self.prefix) << (DEPTH - self.depth)
    }

    fn last(self) -> u64 {
        self.first() + (1_u64 << (DEPTH - self.depth)) - 1
    }

    /// Whether the epoch lies below this node.
    #[must_use]
    pub fn contains(self, epoch: Epoch) -> bool {
        (self.first()..=self.last()).contains(&u64::from(epoch.0))
    }
}

/// The nodes of the canonical cover of `[from, to]`; empty when the interval is.
///
/// # Rules
///
/// > KEY-08: an interval has one cover: sorted, disjoint, minimal, exactly the interval.
#[must_use]
pub fn canonical(from: Epoch, to: Epoch) -> Vec<CoverNode> {
    let (mut next, end) = (u64::from(from.0), u64::from(to.0));
    let mut nodes = Vec::new();
    while next <= end {
        let aligned = next.trailing_zeros().min(u32::from(DEPTH));
        let room = (end - next + 1).ilog2();
        let height = u8::try_from(aligned.min(room)).expect("at most 32");
        let prefix = u32::try_from(next >> height).expect("next is an epoch");
        nodes.push(CoverNode { depth: DEPTH - height, prefix: if height == DEPTH { 0 } else { prefix } });
        next += 1 << height;
    }
    nodes
}

/// A cover with its seeds: opens the epochs of its interval, and no other.
#[derive(Debug)]
pub struct Cover {
    from: Epoch,
    to: Epoch,
    nodes: Vec<(CoverNode, Secret)>,
}

impl Cover {
    /// Cuts the cover of `[from, to]` out of a class tree.
    #[must_use]
    pub fn cut(class: &ClassSeed, from: Epoch, to: Epoch) -> Self {
        let seed_of = |node: CoverNode| (node, class.node(node.depth, node.prefix).seed);
        Self { from, to, nodes: canonical(from, to).into_iter().map(seed_of).collect() }
    }

    /// Rebuilds a cover from the seeds of its canonical nodes, in order; `None` if their number is wrong.
    #[must_use]
    pub fn from_seeds(from: Epoch, to: Epoch, seeds: Vec<Secret>) -> Option<Self> {
        let nodes = canonical(from, to);
        (nodes.len() == seeds.len() && !nodes.is_empty()).then(|| Self {
            from,
            to,
            nodes: nodes.into_iter().zip(seeds).collect(),
        })
    }

    /// First epoch.
    #[must_use]
    pub fn from(&self) -> Epoch {
        self.from
    }

    /// Last epoch.
    #[must_use]
    pub fn to(&self) -> Epoch {
        self.to
    }

    /// Nodes and their seeds.
    pub fn nodes(&self) -> impl Iterator<Item = (CoverNode, &Secret)> {
        self.nodes.iter().map(|(node, seed)| (*node, seed))
    }

    /// The leaf key of an epoch; `None` outside the interval.
    #[must_use]
    pub fn leaf(&self, epoch: Epoch) -> Option<LeafKey> {
        let (node, seed) = self.nodes.iter().find(|(node, _)| node.contains(epoch))?;
        NodeSeed { depth: node.depth, seed: seed.duplicate() }.into_leaf(epoch)
    }

    /// Cuts the cover of a part of its interval out of its own nodes; `None` where the part is empty or reaches beyond.
    ///
    /// # Rules
    ///
    /// > KEY-14: whoever holds a cover can cut the cover of any part of its interval, and of nothing beyond.
    #[must_use]
    pub fn narrow(&self, from: Epoch, to: Epoch) -> Option<Self> {
        if from > to || from < self.from || self.to < to {
            return None;
        }
        let below = |node: CoverNode| {
            let held = self
                .nodes
                .iter()
                .find(|(held, _)| held.first() <= node.first() && node.last() <= held.last());
            let (held, seed) = held?;
            let held = NodeSeed { depth: held.depth, seed: seed.duplicate() };
            Some((node, held.descend(node.depth, node.prefix).seed))
        };
        let nodes = canonical(from, to).into_iter().map(below).collect::<Option<_>>()?;
        Some(Self { from, to, nodes })
    }

    /// Check values of the nodes, as a grant lists them.
    ///
    /// # Rules
    ///
    /// > KEY-07: a grant lists a check value for each node of its cover, so that a wrong seed is noticed at once.
    #[must_use]
    pub fn check_values(&self) -> Vec<[u8; 32]> {
        let value = |(node, seed): &(CoverNode, Secret)| {
            kdf_secret(seed, labels::NODE_KCV, &[&[node.depth], &node.prefix.to_be_bytes()])
                .expose(|bytes| *bytes)
        };
        self.nodes.iter().map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_crypto::secret::hazmat::secret_from_bytes;
    use proptest::prelude::*;

    fn class() -> ClassSeed {
        ClassSeed(secret_from_bytes([9; 32]))
    }

    proptest! {
        #[test]
        fn key_08_covers_are_exact_sorted_and_small(a in any::<u32>(), b in any::<u32>()) {
            let (from, to) = (a.min(b), a.max(b));
            let nodes = canonical(Epoch(from), Epoch(to));
            prop_assert!(nodes.len() <= 62);
            let mut next = u64::from(from);
            for node in &nodes {
                prop_assert_eq!(node.first(), next);
                next = node.last() + 1;
            }
            prop_assert_eq!(next, u64::from(to) + 1);
        }

        #[test]
        fn key_08_a_cover_opens_its_interval_only(from in 0_u32..500, length in 0_u32..100, epoch in 0_u32..700) {
            let cover = Cover::cut(&class(), Epoch(from), Epoch(from + length));
            let opened = cover.leaf(Epoch(epoch)).map(|leaf| leaf.expose(|b| *b));
            let inside = (from..=from + length).contains(&epoch);
            prop_assert_eq!(opened, inside.then(|| class().leaf(Epoch(epoch)).expose(|b| *b)));
        }
    }

    proptest! {
        #[test]
        fn key_14_a_cover_is_narrowed_to_what_it_gives_and_to_nothing_beyond(
            (from, length) in (0_u32..500, 0_u32..100),
            (a, b) in (0_u32..700, 0_u32..700),
        ) {
            let (a, b) = (a.min(b), a.max(b));
            let cover = Cover::cut(&class(), Epoch(from), Epoch(from + length));
            let narrowed = cover.narrow(Epoch(a), Epoch(b));
            let within = from <= a && b <= from + length;
            prop_assert_eq!(narrowed.is_some(), within);
            if let Some(narrowed) = narrowed {
                let direct = Cover::cut(&class(), Epoch(a), Epoch(b));
                prop_assert_eq!(narrowed.check_values(), direct.check_values());
            }
        }
    }

    #[test]
    fn key_14_nothing_is_cut_from_no_epochs() {
        let cover = Cover::cut(&class(), Epoch(5), Epoch(20));
        assert!(cover.narrow(Epoch(9), Epoch(8)).is_none());
        assert!(cover.narrow(Epoch(4), Epoch(8)).is_none());
        assert!(cover.narrow(Epoch(9), Epoch(21)).is_none());
        assert!(cover.narrow(Epoch(5), Epoch(20)).is_some());
    }

    #[test]
    fn key_08_extremes() {
        assert_eq!(canonical(Epoch(0), Epoch(u32::MAX)), [CoverNode { depth: 0, prefix: 0 }]);
        assert_eq!(canonical(Epoch(u32::MAX), Epoch(u32::MAX)), [CoverNode { depth: 32, prefix: u32::MAX }]);
        assert!(canonical(Epoch(2), Epoch(1)).is_empty());
        assert_eq!(canonical(Epoch(1), Epoch(u32::MAX - 1)).len(), 62);
    }

    #[test]
    fn key_07_a_wrong_seed_has_another_check_value() {
        let good = Cover::cut(&class(), Epoch(5), Epoch(20));
        let mut seeds: Vec<Secret> = good.nodes().map(|(_, seed)| seed.duplicate()).collect();
        seeds[1] = secret_from_bytes([0; 32]);
        let bad = Cover::from_seeds(Epoch(5), Epoch(20), seeds).unwrap();
        let differing = good.check_values().iter().zip(bad.check_values()).filter(|(a, b)| **a != *b).count();
        assert_eq!(differing, 1);
        // The check value of a node binds where the node stands.
        let node = class().node(8, 3);
        assert_ne!(node.check_value(3), node.check_value(2));
    }
}
