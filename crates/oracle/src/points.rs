//! Guesses at commitments: `v·A_t + r·H_b` with every amount, and with no blinding or one that the attacker holds.
//!
//! Computed as an attacker would, from the specification alone.

use curve25519_dalek::constants::{RISTRETTO_BASEPOINT_COMPRESSED, RISTRETTO_BASEPOINT_POINT};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use parclose_types::{enc, labels};
use sha2::{Digest, Sha512};
use sha3::Sha3_512;

/// The base of values of an asset.
pub fn value_base(asset: &[u8; 32]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&Sha512::digest(enc(labels::ASSET, &[asset])).into())
}

/// The base that a careless implementation would take.
pub fn standard_base() -> RistrettoPoint {
    RISTRETTO_BASEPOINT_POINT
}

/// The base of blindings.
pub fn blinding_base() -> RistrettoPoint {
    let uniform = Sha3_512::digest(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
    RistrettoPoint::from_uniform_bytes(&uniform.into())
}

/// Points that are encoded at a time.
const TOGETHER: usize = 256;

/// Multiples of a base from one amount on, as they are encoded; how many guesses were made.
pub fn bare(base: &RistrettoPoint, from: u64, count: u64, guess: &mut dyn FnMut(&[u8])) -> u64 {
    // Points are encoded doubled, many at a time, which costs little: so half of each is what is counted up.
    let half = base * Scalar::from(2_u64).invert();
    let (mut point, mut left) = (half * Scalar::from(from), count);
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(TOGETHER).min(TOGETHER);
        let halves: Vec<RistrettoPoint> = (0..now)
            .map(|_| {
                let this = point;
                point += half;
                this
            })
            .collect();
        for encoded in RistrettoPoint::double_and_compress_batch(&halves) {
            guess(encoded.as_bytes());
        }
        left = left.saturating_sub(u64::try_from(now).unwrap_or(left));
    }
    count
}

/// Commitments to one amount with every blinding that the attacker holds.
pub fn blinded(
    base: &RistrettoPoint,
    amount: u64,
    blindings: &[[u8; 32]],
    guess: &mut dyn FnMut(&[u8]),
) -> u64 {
    let (value, other) = (base * Scalar::from(amount), blinding_base());
    for blinding in blindings {
        let point = value + other * Scalar::from_bytes_mod_order(*blinding);
        guess(point.compress().as_bytes());
    }
    u64::try_from(blindings.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use parclose_amounts::Opening;
    use parclose_crypto::secret::hazmat::secret_from_bytes;
    use parclose_types::AssetId;

    use super::*;

    /// The project's own commitment is what the attacker computes once it knows the blinding.
    #[test]
    fn the_bases_are_the_projects() {
        let (asset, key) = (AssetId([3; 32]), secret_from_bytes([9; 32]));
        let real = *Opening::derive(&asset, 4711, &key).commitment().as_bytes();
        let wide = key.expose(|key| {
            *parclose_crypto::kdf::kdf::<64>(key, labels::BLIND, &[&asset.0, &4711_u64.to_le_bytes()])
        });
        let blinding = Scalar::from_bytes_mod_order_wide(&wide).to_bytes();
        let mut found = false;
        blinded(&value_base(&asset.0), 4711, &[[1; 32], blinding], &mut |guess| found |= guess == real);
        assert!(found);
        let mut bare_is_it = false;
        bare(&value_base(&asset.0), 4700, 20, &mut |guess| bare_is_it |= guess == real);
        assert!(!bare_is_it, "the blinding hides it");
    }

    #[test]
    fn multiples_go_on_by_one() {
        let (base, mut seen) = (standard_base(), Vec::new());
        assert_eq!(bare(&base, 5, 300, &mut |guess| seen.push(guess.to_vec())), 300);
        let real: Vec<Vec<u8>> =
            (5..305_u64).map(|v| (base * Scalar::from(v)).compress().to_bytes().to_vec()).collect();
        assert_eq!(seen, real);
    }
}
