//! Merkle trees against the vectors of Certificate Transparency and the text of RFC 9162.
//!
//! The eight leaves, roots and audit paths are those that the Certificate Transparency
//! implementations have shared since RFC 6962. The definitions of sections 2.1.1, 2.1.3.1 and
//! 2.1.3.2 are written out below, slowly and recursively, and everything must agree with them.

use parclose_crypto::hash::sha256;
use parclose_crypto::merkle::{Frontier, Inclusion, ProvingList, empty_root, root};
use parclose_types::hex::{decode, decode_array, encode};
use proptest::prelude::*;

const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The root over the first one, two, … eight leaves.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// Index, length, audit path.
const PATHS: [(u64, usize, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

#[test]
fn the_eight_roots() {
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root(), empty_root());
    assert_eq!(encode(&empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (position, expected) in ROOTS.iter().enumerate() {
        let leaves = leaves(position + 1);
        frontier.push(&leaves[position]);
        assert_eq!(frontier.len(), position as u64 + 1);
        assert_eq!(encode(&frontier.root()), *expected);
        assert_eq!(encode(&root(&leaves)), *expected);
        assert_eq!(encode(&ProvingList::new(leaves.clone()).root()), *expected);
        assert_eq!(encode(&tree_hash(&leaves)), *expected);
    }
}

#[test]
fn the_published_audit_paths() {
    for (index, length, path) in PATHS {
        let leaves = leaves(length);
        let siblings = path.iter().map(|hash| decode_array(hash).unwrap()).collect();
        let published = Inclusion { index, length: length as u64, siblings };
        let leaf = &leaves[usize::try_from(index).unwrap()];
        assert_eq!(ProvingList::new(leaves.clone()).prove(index).unwrap(), published);
        assert_eq!(published.verify(&decode_array(ROOTS[length - 1]).unwrap(), leaf), Ok(()));
    }
}

/// A root does not commit to the number of leaves below it: the path of leaf 0 has three hashes in
/// every tree of five to eight leaves. Whoever verifies must take the length from where the root
/// stands, never from the proof.
#[test]
fn a_root_alone_does_not_fix_the_length() {
    let leaves = leaves(8);
    let mut proof = ProvingList::new(leaves.clone()).prove(0).unwrap();
    let root = decode_array(ROOTS[7]).unwrap();
    let accepted: Vec<u64> = (0..=20)
        .filter(|length| {
            proof.length = *length;
            proof.verify(&root, &leaves[0]).is_ok()
        })
        .collect();
    assert_eq!(accepted, [5, 6, 7, 8]);
}

#[test]
fn extreme_lengths_are_judged_without_a_panic() {
    for length in [0, 1, 2, u64::MAX / 2 - 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
        for index in [0, 1, length.wrapping_sub(1), length, u64::MAX] {
            for siblings in [0, 1, 62, 63, 64, 65, 200] {
                let proof = Inclusion { index, length, siblings: vec![[7; 32]; siblings] };
                assert!(proof.verify(&[7; 32], b"leaf").is_err(), "{index} of {length}, {siblings}");
            }
        }
    }
}

fn leaves(length: usize) -> Vec<Vec<u8>> {
    LEAVES[..length].iter().map(|leaf| decode(leaf).expect("constant")).collect()
}

/// Section 2.1.1: MTH(D[n]).
fn tree_hash(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => sha256(b""),
        [leaf] => leaf_hash(leaf),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// Section 2.1.3.1: PATH(m, D[n]).
fn audit_path(index: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if index < middle {
        (audit_path(index, left), tree_hash(right))
    } else {
        (audit_path(index - middle, right), tree_hash(left))
    };
    path.push(sibling);
    path
}

/// Section 2.1.3.2, step by step.
fn is_included(proof: &Inclusion, root: &[u8; 32], leaf: &[u8]) -> bool {
    if proof.index >= proof.length {
        return false;
    }
    let (mut fn_, mut sn, mut hash) = (proof.index, proof.length - 1, leaf_hash(leaf));
    for sibling in &proof.siblings {
        if sn == 0 {
            return false;
        }
        if fn_ & 1 == 1 || fn_ == sn {
            hash = node_hash(sibling, &hash);
            while fn_ & 1 == 0 && fn_ != 0 {
                (fn_, sn) = (fn_ >> 1, sn >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (fn_, sn) = (fn_ >> 1, sn >> 1);
    }
    sn == 0 && hash == *root
}

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    sha256(&[&[0], leaf].concat())
}

fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], &left[..], &right[..]].concat())
}

fn some_leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 1..40)
}

/// No two alike: an equal leaf elsewhere has a path of its own there.
fn distinct_leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
    some_leaves().prop_map(|mut leaves| {
        for (position, leaf) in (0_u8..).zip(&mut leaves) {
            leaf.push(position);
        }
        leaves
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frontier_and_list_have_the_root_of_the_definition(leaves in some_leaves()) {
        let expected = tree_hash(&leaves);
        prop_assert_eq!(root(&leaves), expected);
        prop_assert_eq!(ProvingList::new(leaves).root(), expected);
    }

    #[test]
    fn every_proof_is_the_path_of_the_definition_and_verifies(leaves in some_leaves()) {
        let (list, root) = (ProvingList::new(leaves.clone()), tree_hash(&leaves));
        for (position, leaf) in leaves.iter().enumerate() {
            let proof = list.prove(position as u64).unwrap();
            prop_assert_eq!(&proof.siblings, &audit_path(position, &leaves));
            prop_assert_eq!((proof.index, proof.length), (position as u64, leaves.len() as u64));
            prop_assert_eq!(proof.verify(&root, leaf), Ok(()));
            prop_assert!(is_included(&proof, &root, leaf));
        }
        prop_assert_eq!(list.prove(leaves.len() as u64), None);
        prop_assert_eq!(list.prove(u64::MAX), None);
    }

    #[test]
    fn every_changed_bit_every_other_leaf_and_every_other_index_is_refused(
        leaves in distinct_leaves(), pick in any::<prop::sample::Index>(),
    ) {
        let position = pick.index(leaves.len());
        let (root, leaf) = (tree_hash(&leaves), &leaves[position]);
        let proof = ProvingList::new(leaves.clone()).prove(position as u64).unwrap();
        for bit in 0..256 {
            let mut changed = root;
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(proof.verify(&changed, leaf).is_err());
            for level in 0..proof.siblings.len() {
                let mut changed = proof.clone();
                changed.siblings[level][bit / 8] ^= 1 << (bit % 8);
                prop_assert!(changed.verify(&root, leaf).is_err());
            }
        }
        for bit in 0..leaf.len() * 8 {
            let mut changed = leaf.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(proof.verify(&root, &changed).is_err());
        }
        for index in (0..70).chain([u64::MAX]).filter(|index| *index != position as u64) {
            let moved = Inclusion { index, ..proof.clone() };
            prop_assert!(moved.verify(&root, leaf).is_err());
        }
        for other in leaves.iter().filter(|other| *other != leaf) {
            prop_assert!(proof.verify(&root, other).is_err());
        }
    }

    /// Shortened, lengthened, of another length: judged exactly as the text says.
    #[test]
    fn another_shape_is_judged_as_the_text_does(
        leaves in some_leaves(), pick in any::<prop::sample::Index>(), length in 0_u64..70, index in 0_u64..70,
    ) {
        let position = pick.index(leaves.len());
        let (root, leaf) = (tree_hash(&leaves), &leaves[position]);
        let proof = ProvingList::new(leaves.clone()).prove(position as u64).unwrap();
        let agree = |proof: &Inclusion| proof.verify(&root, leaf).is_ok() == is_included(proof, &root, leaf);
        let other_length = Inclusion { length, ..proof.clone() };
        prop_assert!(agree(&other_length));
        let elsewhere = Inclusion { index, ..other_length };
        prop_assert!(agree(&elsewhere));
        let mut longer = proof.clone();
        longer.siblings.push([0; 32]);
        prop_assert!(longer.verify(&root, leaf).is_err() && agree(&longer));
        let mut shorter = proof;
        if shorter.siblings.pop().is_some() {
            prop_assert!(shorter.verify(&root, leaf).is_err() && agree(&shorter));
        }
    }
}
