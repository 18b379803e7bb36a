//! Sealing at rest: every row of a channel under this node's key of this channel.
//!
//! As a field is sealed, but with the row's place as context: `enc("row", table, row key, salt)` with
//! 16 fresh bytes for each write, so an overwritten row never repeats a key, and a row that is moved
//! does not open. Stored form: `salt 16 || commitment 32 || ciphertext`. Sizes are not padded: a
//! stolen disk shows counts and sizes, and no more.

use std::sync::{Mutex, PoisonError};

use parclose_crypto::{PreparedKey, Secret, seal};
use parclose_store::RowCipher;
use parclose_types::{enc, labels};
use rand_core::CryptoRng;

/// The row cipher of one channel on one node.
pub struct AtRest {
    key: PreparedKey,
    salts: Mutex<Box<dyn CryptoRng + Send>>,
}

const SALT: usize = 16;
const COMMITMENT: usize = 32;
const TAG: usize = 16;

impl AtRest {
    /// Takes the node's key of the channel, and a generator that was seeded afresh for this opening.
    #[must_use]
    pub fn new(key: &Secret, salts: Box<dyn CryptoRng + Send>) -> Self {
        Self { key: PreparedKey::of(key), salts: Mutex::new(salts) }
    }

    fn context(table: u8, row_key: &[u8], salt: &[u8]) -> Vec<u8> {
        enc(labels::ROW, &[&[table], row_key, salt])
    }
}

impl RowCipher for AtRest {
    /// # Rules
    ///
    /// > SEA-08: a stored row is sealed under the node's key of its channel, bound to table and row key, with a fresh salt.
    fn seal(&self, table: u8, row_key: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut salt = [0_u8; SALT];
        self.salts.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut salt);
        let mut sealed = Vec::with_capacity(SALT + COMMITMENT + plaintext.len() + TAG);
        sealed.extend_from_slice(&salt);
        let context = Self::context(table, row_key, &salt);
        seal::seal_onto(&mut sealed, &self.key, labels::ROW_SEAL, &context, plaintext);
        sealed
    }

    fn open(&self, table: u8, row_key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = sealed.split_at_checked(SALT)?;
        let (commitment, ciphertext) = rest.split_first_chunk::<COMMITMENT>()?;
        let context = Self::context(table, row_key, salt);
        let opened = seal::open_prepared(&self.key, labels::ROW_SEAL, &context, commitment, ciphertext);
        opened.ok().map(|mut plaintext| std::mem::take(&mut *plaintext))
    }

    fn blind(&self, table: u8, key: &[u8]) -> [u8; 32] {
        *self.key.kdf(labels::ROW_BLIND, &[&[table], key])
    }
}

impl std::fmt::Debug for AtRest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AtRest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_crypto::secret::hazmat::secret_from_bytes;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    fn cipher(key: u8) -> AtRest {
        AtRest::new(&secret_from_bytes([key; 32]), Box::new(ChaCha20Rng::from_seed([1; 32])))
    }

    #[test]
    fn sea_08_rows_open_in_their_place_under_their_key_only() {
        let at_rest = cipher(1);
        let sealed = at_rest.seal(3, b"key", b"row");
        assert_eq!(at_rest.open(3, b"key", &sealed).as_deref(), Some(&b"row"[..]));
        assert_eq!(at_rest.open(4, b"key", &sealed), None);
        assert_eq!(at_rest.open(3, b"kez", &sealed), None);
        assert_eq!(cipher(2).open(3, b"key", &sealed), None);
        for bit in 0..sealed.len() * 8 {
            let mut broken = sealed.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(at_rest.open(3, b"key", &broken), None);
        }
        assert_ne!(at_rest.seal(3, b"key", b"row"), sealed, "a rewritten row must not repeat its key");
        assert_ne!(at_rest.blind(3, b"key"), at_rest.blind(4, b"key"));
        assert_ne!(at_rest.blind(3, b"key"), cipher(2).blind(3, b"key"));
    }
}
