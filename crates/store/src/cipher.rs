//! The seam between storage and cryptography.
//!
//! `store` hands every plaintext to a [`RowCipher`] together with the place where the row will stand,
//! and gets back what the disk may hold. What the cipher does is its owner's business; what it must do
//! is bind the place, so that a row moved to another key, table or directory does not open.

/// Seals rows for one owner. Implemented above this crate, with the owner's storage key.
///
/// `row_key` is always the key as stored: the table's id byte, then the key bytes, blinded or not.
pub trait RowCipher: Send + Sync {
    /// Seals `plaintext` so that it opens only under this table and row key.
    fn seal(&self, table: u8, row_key: &[u8], plaintext: &[u8]) -> Vec<u8>;

    /// Opens a sealed row. `None`: it does not open; there is no further detail.
    fn open(&self, table: u8, row_key: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;

    /// A keyed, deterministic pseudonym for the key of a blinded table, distinct for distinct keys.
    fn blind(&self, table: u8, key: &[u8]) -> [u8; 32];
}

/// Seals nothing: for data that everyone who may hold the directory may also read.
///
/// The root chain uses it, whose content is public among the validators. Rows stay as they are;
/// RocksDB's checksums notice decay, not intent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClearRows;

impl RowCipher for ClearRows {
    fn seal(&self, _table: u8, _row_key: &[u8], plaintext: &[u8]) -> Vec<u8> {
        plaintext.to_vec()
    }

    fn open(&self, _table: u8, _row_key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        Some(sealed.to_vec())
    }

    /// The key itself, padded with zeros: distinct for keys of one width.
    ///
    /// # Panics
    ///
    /// If the key is longer than 32 bytes. Widths are properties of key types, never of input.
    fn blind(&self, _table: u8, key: &[u8]) -> [u8; 32] {
        let mut padded = [0; 32];
        padded
            .get_mut(..key.len())
            .expect("a blinded table of a clear database has keys of at most 32 bytes")
            .copy_from_slice(key);
        padded
    }
}
