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
    expand_from(&prepared(prk), label, fields, out);
}

fn prepared(prk: &[u8; 32]) -> Hkdf<Sha256> {
    Hkdf::from_prk(prk).expect("32 bytes are a whole SHA-256 key")
}

fn expand_from(key: &Hkdf<Sha256>, label: &str, fields: &[&[u8]], out: &mut [u8]) {
    key.expand(&enc(label, fields), out).expect("the length is within 255 blocks");
}

/// A key of which much is derived, with HMAC's two pads hashed once instead of for every derivation.
///
/// It stands for the key: on the heap, wiped on drop, printed by name only.
pub struct PreparedKey(Box<Hkdf<Sha256>>);

impl PreparedKey {
    /// Prepares a uniform key.
    #[must_use]
    pub fn of(key: &Secret) -> Self {
        Self(Box::new(key.expose(prepared)))
    }

    /// As [`kdf`].
    #[must_use]
    pub fn kdf<const L: usize>(&self, label: &str, fields: &[&[u8]]) -> Zeroizing<[u8; L]> {
        const { assert!(L <= 255 * 32, "HKDF-Expand gives at most 255 blocks") };
        let mut out = Zeroizing::new([0_u8; L]);
        expand_from(&self.0, label, fields, out.as_mut());
        out
    }
}

impl std::fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreparedKey(..)")
    }
}

/// Derives a 32-byte secret from another.
#[must_use]
pub fn kdf_secret(prk: &Secret, label: &str, fields: &[&[u8]]) -> Secret {
    prk.expose(|bytes| Secret::from_zeroizing(&kdf::<32>(bytes, label, fields)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::hazmat::secret_from_bytes;

    #[test]
    fn a_prepared_key_derives_what_the_key_derives() {
        let key = secret_from_bytes([7; 32]);
        let prepared = PreparedKey::of(&key);
        for field in [&b""[..], b"field", &[1; 200]] {
            let direct = key.expose(|bytes| kdf::<76>(bytes, "label", &[field]));
            assert_eq!(prepared.kdf::<76>("label", &[field]), direct);
            assert_ne!(prepared.kdf::<76>("other", &[field]), direct);
        }
        assert_ne!(
            PreparedKey::of(&secret_from_bytes([8; 32])).kdf::<32>("label", &[]),
            prepared.kdf("label", &[])
        );
    }

    #[test]
    fn a_prepared_key_prints_its_name_only_and_is_wiped() {
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<Sha256>();
        assert_eq!(format!("{:?}", PreparedKey::of(&secret_from_bytes([0xAB; 32]))), "PreparedKey(..)");
    }
}
