//! The one adapter to `rand_core` 0.6, which bulletproofs and merlin still speak.

use rand_core_06::{CryptoRng, Error, RngCore, impls};

/// A source of bytes that fills a buffer, as a generator of `rand_core` 0.6.
///
/// What fills is a generator of ours or a transcript; neither fails.
pub(crate) struct Rng06<F>(pub(crate) F);

impl<F: FnMut(&mut [u8])> RngCore for Rng06<F> {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

/// Whoever wraps something else than a cryptographic generator or a transcript breaks this promise.
impl<F: FnMut(&mut [u8])> CryptoRng for Rng06<F> {}
