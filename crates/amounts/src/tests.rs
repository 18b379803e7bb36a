//! What the tests of several modules share.

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::AssetId;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::commitment::{AmountCommitment, Opening};

pub(crate) const ASSET: AssetId = AssetId([0x11; 32]);

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// An opening of `value` with a key of its own.
pub(crate) fn opening(value: u64, key: u8) -> Opening {
    Opening::derive(&ASSET, value, &secret_from_bytes([key; 32]))
}

pub(crate) fn commitment_to(value: u64) -> AmountCommitment {
    opening(value, 0x77).commitment()
}
