//! Amount commitments: Pedersen commitments `C = v·A_t + r·H_b` to a value of one asset.
//!
//! Hiding is perfect: without the blinding every amount is as likely as another, for ever. Binding rests
//! on discrete logarithms. The blinding is derived from the amount field's key and the value: whoever can
//! read the field can open the commitment, nothing is sent along, and a key that was used twice does not
//! give away the difference of two values.

use std::io;

use borsh::{BorshDeserialize, BorshSerialize};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use parclose_crypto::{Secret, kdf};
use parclose_types::{AssetId, hex, labels};
use zeroize::Zeroizing;

use crate::asset::{blinding_base, value_base};
use crate::group;

/// Bytes that encode no element of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes are not the canonical encoding of a group element")]
pub struct NotAPoint;

/// A value and a field key do not open a commitment. Without detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount does not open its commitment")]
pub struct NotOpened;

/// A commitment to an amount of an asset. Always an element of the group, with its one encoding.
#[derive(Clone, Copy)]
pub struct AmountCommitment {
    encoded: [u8; 32],
    point: RistrettoPoint,
}

impl AmountCommitment {
    /// Reads a commitment.
    ///
    /// # Rules
    ///
    /// > VAL-02: a commitment is the canonical encoding of an element of the group.
    pub fn from_bytes(encoded: &[u8; 32]) -> Result<Self, NotAPoint> {
        let point = group::point(encoded).ok_or(NotAPoint)?;
        Ok(Self { encoded: *encoded, point })
    }

    /// The 32 bytes that stand for it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.encoded
    }

    /// Checks what a reader of the amount field has found against the commitment.
    ///
    /// # Rules
    ///
    /// > VAL-03: a reader takes an amount only if value and field key give the commitment.
    pub fn check_opening(&self, asset: &AssetId, value: u64, field_key: &Secret) -> Result<(), NotOpened> {
        let expected = Opening::derive(asset, value, field_key).commitment();
        if expected == *self { Ok(()) } else { Err(NotOpened) }
    }

    /// The commitment to the sum of two amounts.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::of_point(self.point + other.point)
    }

    /// The commitment to the difference of two amounts.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self::of_point(self.point - other.point)
    }

    /// The commitment to the sum of many amounts.
    #[must_use]
    pub fn sum(of: &[Self]) -> Self {
        Self::of_point(of.iter().map(Self::point).sum())
    }

    pub(crate) const fn point(&self) -> RistrettoPoint {
        self.point
    }

    pub(crate) fn of_point(point: RistrettoPoint) -> Self {
        Self { encoded: point.compress().to_bytes(), point }
    }

    /// The commitment to 0 with blinding 0: what range proofs are padded with, and where a supply begins.
    #[must_use]
    pub fn zero() -> Self {
        Self::of_point(RistrettoPoint::default())
    }
}

impl PartialEq for AmountCommitment {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for AmountCommitment {}

impl std::fmt::Debug for AmountCommitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AmountCommitment({})", hex::encode(&self.encoded))
    }
}

impl BorshSerialize for AmountCommitment {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(&self.encoded)
    }
}

impl BorshDeserialize for AmountCommitment {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let encoded = <[u8; 32]>::deserialize_reader(reader)?;
        Self::from_bytes(&encoded).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// The value and the blinding of a commitment: as secret as the field. On the heap, wiped on drop, never printed.
pub struct Opening {
    asset: AssetId,
    secret: Box<Zeroizing<(u64, Scalar)>>,
}

impl Opening {
    /// The opening of an amount whose field has the key `field_key`:
    /// `r = KDF(K_f, 64, "blind", asset, u64le value)` reduced to a scalar.
    #[must_use]
    pub fn derive(asset: &AssetId, value: u64, field_key: &Secret) -> Self {
        let wide = field_key.expose(|key| kdf::<64>(key, labels::BLIND, &[&asset.0, &value.to_le_bytes()]));
        Self::of(asset, value, Scalar::from_bytes_mod_order_wide(&wide))
    }

    /// Of what was computed from other openings.
    pub(crate) fn of(asset: &AssetId, value: u64, blinding: Scalar) -> Self {
        Self { asset: *asset, secret: Box::new(Zeroizing::new((value, blinding))) }
    }

    /// The commitment that it opens, in constant time.
    #[must_use]
    pub fn commitment(&self) -> AmountCommitment {
        let scalars = Zeroizing::new([Scalar::from(self.value()), self.blinding()]);
        let bases = [value_base(&self.asset), blinding_base()];
        AmountCommitment::of_point(RistrettoPoint::multiscalar_mul(scalars.iter(), bases))
    }

    pub(crate) fn asset(&self) -> AssetId {
        self.asset
    }

    pub(crate) fn value(&self) -> u64 {
        self.secret.0
    }

    pub(crate) fn blinding(&self) -> Scalar {
        self.secret.1
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    fn asset(byte: u8) -> AssetId {
        AssetId([byte; 32])
    }

    #[test]
    fn val_02_only_canonical_encodings_are_commitments() {
        let good = *Opening::derive(&asset(1), 7, &secret_from_bytes([3; 32])).commitment().as_bytes();
        assert!(AmountCommitment::from_bytes(&good).is_ok());
        assert_eq!(borsh::from_slice::<AmountCommitment>(&good).unwrap().as_bytes(), &good);
        assert!(AmountCommitment::from_bytes(&[0; 32]).is_ok(), "the identity commits to 0 with blinding 0");
        let (mut negative, mut high) = (good, good);
        negative[0] ^= 1;
        high[31] |= 0x80;
        for bad in [[0xFF; 32], negative, high] {
            assert_eq!(AmountCommitment::from_bytes(&bad), Err(NotAPoint));
            assert!(borsh::from_slice::<AmountCommitment>(&bad).is_err());
        }
    }

    #[test]
    fn val_03_only_the_value_the_asset_and_the_key_open() {
        let key = secret_from_bytes([3; 32]);
        let commitment = Opening::derive(&asset(1), 1000, &key).commitment();
        assert_eq!(commitment.check_opening(&asset(1), 1000, &key), Ok(()));
        assert_eq!(commitment.check_opening(&asset(1), 1001, &key), Err(NotOpened));
        assert_eq!(commitment.check_opening(&asset(2), 1000, &key), Err(NotOpened));
        assert_eq!(commitment.check_opening(&asset(1), 1000, &secret_from_bytes([4; 32])), Err(NotOpened));
    }

    #[test]
    fn a_key_used_twice_blinds_two_values_with_two_blindings() {
        let key = secret_from_bytes([3; 32]);
        let blinding = |asset, value| Opening::derive(&asset, value, &key).blinding();
        assert_ne!(blinding(asset(1), 1), blinding(asset(1), 2));
        assert_ne!(blinding(asset(1), 1), blinding(asset(2), 1));
    }

    #[test]
    fn an_opening_prints_its_name_only() {
        let opening = Opening::derive(&asset(1), 1000, &secret_from_bytes([3; 32]));
        assert_eq!(format!("{opening:?}"), "Opening(..)");
    }
}
