//! The two bases of an amount commitment, and the engine of an asset's range proofs.
//!
//! Nobody knows how two of these points are multiples of each other: each is the hash of something to the
//! group. So a commitment to an amount of one asset is none to an amount of another, and the base of
//! values is recomputed by every verifier, never read.

use std::sync::LazyLock;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use curve25519_dalek::ristretto::RistrettoPoint;
use parclose_types::{AssetId, enc, labels};
use sha2::{Digest, Sha512};
use sha3::Sha3_512;

/// The proof system of an asset's range proofs.
///
/// A byte in the asset's terms, so that an asset can outlive a proof system: its successor gets the next number. In a channel of format 1 it is
/// 1 for every asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum RangeEngine {
    /// Bulletproofs over Ristretto, 64 bits, wire format of the crate `bulletproofs` since 1.0
    Bulletproofs = 1,
}

/// A byte that names no proof system of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("range proof engine {0} is not known to this version")]
pub struct UnknownEngine(pub u8);

impl RangeEngine {
    /// The engine of every asset of a channel of format 1.
    pub const OF_FORMAT_1: Self = Self::Bulletproofs;

    /// The byte that terms and transcripts hold.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The engine of a byte.
    ///
    /// # Rules
    ///
    /// > VAL-01: an asset's range proofs are of the one engine that its terms name, and no other byte names one.
    pub fn from_byte(byte: u8) -> Result<Self, UnknownEngine> {
        if byte == Self::Bulletproofs.byte() { Ok(Self::Bulletproofs) } else { Err(UnknownEngine(byte)) }
    }
}

/// `A_t`: the base of values of an asset, from the asset's id alone.
#[must_use]
pub(crate) fn value_base(asset: &AssetId) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&Sha512::digest(enc(labels::ASSET, &[&asset.0])).into())
}

/// `H_b`: the base of blindings, the same for all assets; the one that the crate `bulletproofs` has.
pub(crate) fn blinding_base() -> RistrettoPoint {
    static BASE: LazyLock<RistrettoPoint> = LazyLock::new(|| {
        RistrettoPoint::from_uniform_bytes(
            &Sha3_512::digest(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes()).into(),
        )
    });
    *BASE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn val_01_one_byte_names_an_engine() {
        assert_eq!(RangeEngine::from_byte(1), Ok(RangeEngine::Bulletproofs));
        for byte in (0..=255).filter(|byte| *byte != 1) {
            assert_eq!(RangeEngine::from_byte(byte), Err(UnknownEngine(byte)));
        }
    }

    #[test]
    fn bases_differ_by_asset_and_from_the_other_bases() {
        let bases = [
            value_base(&AssetId([0; 32])),
            value_base(&AssetId([1; 32])),
            blinding_base(),
            curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT,
        ];
        let mut encoded = bases.map(|base| base.compress().to_bytes());
        encoded.sort_unstable();
        assert!(encoded.is_sorted_by(|a, b| a < b));
        assert_eq!(value_base(&AssetId([1; 32])), bases[1], "a base is a function of the id");
    }
}
