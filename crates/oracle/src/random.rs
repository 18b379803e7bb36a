//! Everything that a suite draws follows from its seed; what the product draws never does.

use parclose_crypto::hash::sha256;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The generator of one purpose.
pub fn rng(seed: u64, purpose: &str) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(sha256(&[&seed.to_be_bytes()[..], purpose.as_bytes()].concat()))
}
