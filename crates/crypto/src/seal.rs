//! Derive-then-seal: fully committing authenticated encryption under single-use keys.
//!
//! `key[32] || nonce[12] || com[32] = KDF(K, 76, label, context)`, then ChaCha20-Poly1305 (RFC 8439)
//! with the context as associated data. `com` is compared in constant time *before* anything is
//! decrypted, so one ciphertext cannot open to two plaintexts under two keys, which plain
//! ChaCha20-Poly1305 allows (specs/04-cryptography.md, SEA-01..SEA-03).
//!
//! A (key, nonce) pair cannot repeat: `K` is single-use by derivation (a fresh 32-byte salt per
//! transaction, or a fresh salt per stored row), and both are derived from `K` and the context.

use chacha20poly1305::aead::{Aead, AeadInOut, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::kdf::{PreparedKey, kdf};
use crate::secret::Secret;

/// The key commitment and the ciphertext with its 16-byte tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// 32-byte key commitment
    pub commitment: [u8; 32],
    /// ciphertext and tag
    pub ciphertext: Vec<u8>,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.ciphertext.len())
    }
}

/// Something sealed does not open. One failure, without detail: it must not become an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("does not open")]
pub struct DoesNotOpen;

/// What is derived for one sealing: AEAD key, nonce, key commitment.
pub struct SealKeys {
    key: Zeroizing<[u8; 32]>,
    nonce: [u8; 12],
    commitment: [u8; 32],
}

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKeys(..)")
    }
}

/// AEAD key, nonce, key commitment.
const OKM_BYTES: usize = 32 + 12 + 32;

impl SealKeys {
    /// Derives from a single-use key and the context.
    #[must_use]
    pub fn derive(key: &Secret, label: &str, context: &[u8]) -> Self {
        Self::parted(&key.expose(|bytes| kdf(bytes, label, &[context])))
    }

    /// As [`SealKeys::derive`], from a key that was prepared.
    fn derive_prepared(key: &PreparedKey, label: &str, context: &[u8]) -> Self {
        Self::parted(&key.kdf(label, &[context]))
    }

    fn parted(okm: &[u8; OKM_BYTES]) -> Self {
        let mut keys = Self { key: Zeroizing::new([0; 32]), nonce: [0; 12], commitment: [0; 32] };
        let (key, rest) = okm.split_at(32);
        let (nonce, commitment) = rest.split_at(12);
        keys.key.copy_from_slice(key);
        keys.nonce.copy_from_slice(nonce);
        keys.commitment.copy_from_slice(commitment);
        keys
    }

    /// The key commitment.
    #[must_use]
    pub fn commitment(&self) -> &[u8; 32] {
        &self.commitment
    }

    /// The three derived values, for vectors.
    pub fn expose<T>(&self, use_parts: impl FnOnce(&[u8; 32], &[u8; 12], &[u8; 32]) -> T) -> T {
        use_parts(&self.key, &self.nonce, &self.commitment)
    }
}

/// Seals already padded bytes under a single-use key.
///
/// # Rules
///
/// > SEA-01: the context is the associated data of every sealing, always, so a ciphertext cannot be moved.
/// > SEA-02: key, nonce and key commitment come from one derivation over a single-use key.
///
/// # Panics
///
/// Never: the cipher's only limit is 256 GiB.
#[must_use]
pub fn seal(key: &Secret, label: &str, context: &[u8], padded: &[u8]) -> Sealed {
    let keys = SealKeys::derive(key, label, context);
    let mut ciphertext = Vec::with_capacity(padded.len() + TAG_BYTES);
    append_ciphertext(&mut ciphertext, &keys, context, padded);
    Sealed { commitment: keys.commitment, ciphertext }
}

/// As [`seal`] under a prepared key, appended to what is there already: key commitment, then ciphertext.
///
/// # Panics
///
/// Never, as [`seal`].
pub fn seal_onto(out: &mut Vec<u8>, key: &PreparedKey, label: &str, context: &[u8], padded: &[u8]) {
    let keys = SealKeys::derive_prepared(key, label, context);
    out.reserve_exact(keys.commitment.len() + padded.len() + TAG_BYTES);
    out.extend_from_slice(&keys.commitment);
    append_ciphertext(out, &keys, context, padded);
}

const TAG_BYTES: usize = 16;

fn append_ciphertext(out: &mut Vec<u8>, keys: &SealKeys, context: &[u8], padded: &[u8]) {
    let from = out.len();
    out.extend_from_slice(padded);
    let (_, appended) = out.split_at_mut(from);
    let tag = cipher(keys)
        .encrypt_inout_detached(&Nonce::from(keys.nonce), context, appended.into())
        .expect("the plaintext is far below 256 GiB");
    out.extend_from_slice(&tag);
}

/// Opens: the key commitment first, then the ciphertext.
pub fn open(
    key: &Secret,
    label: &str,
    context: &[u8],
    commitment: &[u8; 32],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    open_by(&SealKeys::derive(key, label, context), context, commitment, ciphertext)
}

/// As [`open`], under a prepared key.
pub fn open_prepared(
    key: &PreparedKey,
    label: &str,
    context: &[u8],
    commitment: &[u8; 32],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    open_by(&SealKeys::derive_prepared(key, label, context), context, commitment, ciphertext)
}

/// # Rules
///
/// > SEA-03: the key commitment is compared in constant time before anything is decrypted; a failure has no detail.
fn open_by(
    keys: &SealKeys,
    context: &[u8],
    commitment: &[u8; 32],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    if !bool::from(keys.commitment.ct_eq(commitment)) {
        return Err(DoesNotOpen);
    }
    cipher(keys)
        .decrypt(&Nonce::from(keys.nonce), Payload { msg: ciphertext, aad: context })
        .map(Zeroizing::new)
        .map_err(|_| DoesNotOpen)
}

fn cipher(keys: &SealKeys) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(*keys.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::hazmat::secret_from_bytes;

    fn example() -> (Secret, Sealed) {
        let key = secret_from_bytes([7; 32]);
        let sealed = seal(&key, "label", b"context", b"plaintext");
        (key, sealed)
    }

    #[test]
    fn sea_01_another_context_does_not_open() {
        let (key, sealed) = example();
        let with = |context: &[u8]| open(&key, "label", context, &sealed.commitment, &sealed.ciphertext);
        assert_eq!(with(b"context").unwrap().as_slice(), b"plaintext");
        assert!(with(b"contexT").is_err());
    }

    #[test]
    fn sea_01_context_is_the_associated_data_too() {
        // Same derived keys, associated data left out: the tag must differ.
        let (key, sealed) = example();
        let keys = SealKeys::derive(&key, "label", b"context");
        let without = cipher(&keys).encrypt(&Nonce::from(keys.nonce), &b"plaintext"[..]).unwrap();
        assert_ne!(without, sealed.ciphertext);
    }

    #[test]
    fn the_commitment_of_derived_keys_is_the_one_that_is_sealed_beside_them() {
        let (key, sealed) = example();
        let keys = SealKeys::derive(&key, "label", b"context");
        assert_eq!(*keys.commitment(), sealed.commitment);
        assert_eq!(format!("{keys:?}"), "SealKeys(..)");
    }

    #[test]
    fn what_is_sealed_onto_others_takes_exactly_its_room() {
        let (key, sealed) = example();
        let mut out = Vec::new();
        seal_onto(&mut out, &PreparedKey::of(&key), "label", b"context", b"plaintext");
        assert_eq!(out, [&sealed.commitment[..], &sealed.ciphertext].concat());
        assert_eq!(out.capacity(), out.len());
    }

    #[test]
    fn a_prepared_key_seals_and_opens_as_the_key_does() {
        let (key, sealed) = example();
        let prepared = PreparedKey::of(&key);
        let mut out = b"before".to_vec();
        seal_onto(&mut out, &prepared, "label", b"context", b"plaintext");
        assert_eq!(out, [b"before", &sealed.commitment[..], &sealed.ciphertext].concat());
        let open = |context: &[u8], commitment: &[u8; 32]| {
            open_prepared(&prepared, "label", context, commitment, &sealed.ciphertext)
        };
        assert_eq!(open(b"context", &sealed.commitment).unwrap().as_slice(), b"plaintext");
        assert_eq!(open(b"contexT", &sealed.commitment), Err(DoesNotOpen));
        assert_eq!(open(b"context", &[0; 32]), Err(DoesNotOpen));
    }

    #[test]
    fn sea_02_label_separates_keys() {
        let (key, sealed) = example();
        assert!(open(&key, "other", b"context", &sealed.commitment, &sealed.ciphertext).is_err());
    }

    #[test]
    fn sea_03_wrong_commitment_does_not_open_although_the_ciphertext_would() {
        let (key, sealed) = example();
        let mut commitment = sealed.commitment;
        commitment[31] ^= 1;
        assert_eq!(open(&key, "label", b"context", &commitment, &sealed.ciphertext), Err(DoesNotOpen));
        assert_eq!(format!("{sealed:?}"), "Sealed(25 bytes)");
    }
}
