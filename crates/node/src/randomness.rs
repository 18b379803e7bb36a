//! Randomness of the operating system, and generators seeded from it.
//!
//! Lower floors take a generator as an argument; this is where it comes from. Every opening of a store
//! seeds anew, so a restored or cloned directory does not repeat a salt.

use getrandom::SysRng;
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, UnwrapErr};

/// A ChaCha20 generator, seeded by the operating system.
///
/// # Panics
///
/// If the operating system has no randomness to give: nothing safe can be done then.
#[must_use]
pub fn generator() -> ChaCha20Rng {
    ChaCha20Rng::from_rng(&mut UnwrapErr(SysRng))
}
