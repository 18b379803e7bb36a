//! Block headers: the chain that light clients follow.
//!
//! A header commits to everything before it and everything in it (R43); its hash is the value on which
//! the validators vote. A verifier needs headers and certificates, never blocks.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_crypto::merkle::empty_root;
use parclose_crypto::state_tree::{leaf_key, leaf_value};
use parclose_types::{Digest, Height, NetworkId, StateRoot, ValueHash, encode, labels};
use serde::Serialize;

use crate::genesis::Genesis;

/// The name of the leaf that changes with every block.
const HEAD: &str = "head";

/// The header of a root block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize)]
pub struct Header {
    /// the consortium's network
    pub network: NetworkId,
    /// height of this block; genesis has 0
    pub height: Height,
    /// hash of the header before; zeros at genesis
    pub parent: ValueHash,
    /// RFC 9162 root over the hashes of all earlier headers, from genesis on
    pub history: Digest,
    /// events in this block; without it an inclusion proof could be told for a tree of another size
    pub event_count: u32,
    /// RFC 9162 root over the block's log entries, in block order
    pub events_root: Digest,
    /// root of the state tree after this block: a leaf per tag, one for the validators and one for the height
    pub state_root: StateRoot,
    /// hash of the validator set that signs this height
    pub validators: Digest,
    /// hash of the validator set that signs the next height
    pub next_validators: Digest,
}

impl Header {
    /// The hash: `H(ROOT_HEADER, canonical bytes)`, the engine's value id.
    ///
    /// # Rules
    ///
    /// > ROO-31: a header's hash covers network, height, parent, all earlier headers, the block's events, the state after it, and the signing and the next validators.
    #[must_use]
    pub fn hash(&self) -> ValueHash {
        ValueHash(hash(labels::ROOT_HEADER, &[&encode(self)]))
    }

    /// The header at height 0, which no certificate signs: it follows from the genesis.
    pub(crate) fn genesis(genesis: &Genesis, state_root: StateRoot) -> Self {
        let validators = genesis.validators().digest();
        Self {
            network: genesis.network(),
            height: Height(0),
            parent: ValueHash([0; 32]),
            history: Digest(empty_root()),
            event_count: 0,
            events_root: Digest(empty_root()),
            state_root,
            validators,
            next_validators: validators,
        }
    }

    /// The state leaf that makes the tree of every block differ from that of the block before.
    pub(crate) fn head_leaf(height: Height) -> ([u8; 32], Option<[u8; 32]>) {
        (leaf_key(HEAD, &[]), Some(leaf_value(HEAD, &[], &encode(&height))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::Network;

    #[test]
    fn roo_31_the_hash_covers_every_byte_of_the_header() {
        let mut network = Network::new();
        let channel = network.opened(2, 2);
        network.anchored(&channel, 1, 0);
        let header = network.state.head().clone();
        let bytes = encode(&header);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let other: Header = parclose_types::decode("header", &changed, 1024).unwrap();
            assert_ne!(other.hash(), header.hash(), "byte {at}");
        }
    }

    #[test]
    fn roo_31_history_is_the_tree_over_all_earlier_headers() {
        let mut network = Network::new();
        let mut hashes = vec![network.state.head().hash()];
        for _ in 0..9 {
            network.order(vec![]);
            let head = network.state.head();
            assert_eq!(head.history.0, parclose_crypto::merkle::root(&hashes));
            assert_eq!(head.parent, *hashes.last().unwrap());
            hashes.push(head.hash());
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 10);
    }
}
