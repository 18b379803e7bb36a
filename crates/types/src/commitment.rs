//! The channel commitment: the only thing of a batch that the root chain sees.
//!
//! `H("channel-commit", blinder, channel id, generation, batch header hash, s, state root after s)`
//! with a fresh random 32-byte blinder (specs/06-root-chain.md, END-04). The channel makes it, the
//! root chain orders it; so it lives below both.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::ids::Digest;

/// A hiding commitment to a batch and to the state after an earlier event (END-04).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct ChannelCommitment(pub Digest);

impl AsRef<[u8]> for ChannelCommitment {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl std::fmt::Display for ChannelCommitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
