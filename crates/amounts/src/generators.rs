//! The generators of range proofs, on our side of the border: computed, not taken from the prover.
//!
//! Each is 64 bytes of SHAKE256 over `"GeneratorsChain" ‖ letter ‖ u32le party`, hashed to the group. That two
//! implementations arrive at the same ones shows in every proof that both accept.

use std::sync::LazyLock;

use curve25519_dalek::ristretto::RistrettoPoint;
use parclose_types::limits::OUTPUTS_MAX;
use shake::Shake256;
use shake::digest::{ExtendableOutput, Update, XofReader};

use crate::bulletproof::BITS;

/// `G` and `H`: a generator of each for each bit of each amount, amount by amount.
pub(crate) struct Generators {
    pub(crate) g: Vec<RistrettoPoint>,
    pub(crate) h: Vec<RistrettoPoint>,
}

static GENERATORS: LazyLock<Generators> = LazyLock::new(|| Generators { g: all_of(b'G'), h: all_of(b'H') });

/// The generators of the largest proof; a smaller one uses the first ones.
pub(crate) fn generators() -> &'static Generators {
    &GENERATORS
}

fn all_of(letter: u8) -> Vec<RistrettoPoint> {
    (0_u32..).take(OUTPUTS_MAX).flat_map(|party| chain(letter, party)).collect()
}

fn chain(letter: u8, party: u32) -> Vec<RistrettoPoint> {
    let mut shake = Shake256::default();
    shake.update(b"GeneratorsChain");
    shake.update(&[letter]);
    shake.update(&party.to_le_bytes());
    let mut reader = shake.finalize_xof();
    let mut next = || {
        let mut uniform = [0; 64];
        reader.read(&mut uniform);
        RistrettoPoint::from_uniform_bytes(&uniform)
    };
    std::iter::repeat_with(&mut next).take(BITS).collect()
}
