//! How bytes become points and scalars: canonically, or not at all.
//!
//! Ristretto (RFC 9496) has prime order and one encoding for each element, so whoever compares encodings
//! compares elements, and no small subgroup can be hit. Bytes from outside pass here and nowhere else.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;

/// The encoding of the identity.
pub(crate) const IDENTITY: [u8; 32] = [0; 32];

/// The point of a canonical encoding.
pub(crate) fn point(encoded: &[u8; 32]) -> Option<RistrettoPoint> {
    CompressedRistretto(*encoded).decompress()
}

/// The scalar of a canonical encoding: below the group order, little-endian.
pub(crate) fn scalar(encoded: &[u8; 32]) -> Option<Scalar> {
    Scalar::from_canonical_bytes(*encoded).into()
}

/// An element of a proof with the encoding that came: transcripts take the bytes, equations the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    pub(crate) encoded: [u8; 32],
    pub(crate) point: RistrettoPoint,
}

impl Element {
    /// A point other than the identity.
    pub(crate) fn proper(encoded: &[u8; 32]) -> Option<Self> {
        let point = point(encoded)?;
        (*encoded != IDENTITY).then_some(Self { encoded: *encoded, point })
    }
}
