//! `KDF(prk, L, label, f1..fn) = HKDF-Expand-SHA-256(prk, enc(label, f1..fn), L)` (RFC 5869).
//!
//! Extract is not used: every input key is uniform.

use hkdf::Hkdf;
use parclose_types::enc;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Derives `L` bytes from a uniform 32-byte key.
#[must_use]
pub fn kdf<const L: usize>(prk: &[u8; 32], label: &str, fields: &[&[u8]]) -> Zeroizing<[u8; L]> {
    const { assert!(L <= 255 * 32, "HKDF-Expand gives at most 255 blocks") };
    let mut out = Zeroizing::new([0_u8; L]);
    expand(prk, label, fields, out.as_mut());
    out
}

/// [`kdf`] into memory of the caller, at most 8160 bytes of it.
pub(crate) fn expand(prk: &[u8; 32], label: &str, fields: &[&[u8]], out: &mut [u8]) {
    Hkdf::<Sha256>::from_prk(prk)
        .expect("32 bytes are a whole SHA-256 key")
        .expand(&enc(label, fields), out)
        .expect("the length is within 255 blocks");
}

/// Derives a 32-byte secret from another.
#[must_use]
pub fn kdf_secret(prk: &Secret, label: &str, fields: &[&[u8]]) -> Secret {
    prk.expose(|bytes| Secret::from_zeroizing(&kdf::<32>(bytes, label, fields)))
}
