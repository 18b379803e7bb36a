//! Changes that happen together or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use borsh::BorshSerialize;

use super::table::{Layout, Table};
use crate::cipher::RowCipher;
use crate::disk::Change;
use crate::format::RowKey;

/// About what sealing and RocksDB add to a change: a guess too low costs a copy, one too high memory.
const CHANGE_BYTES: usize = 75;

/// Changes to rows of one database, which [`crate::Database::commit`] writes atomically.
///
/// # Rules
///
/// > STO-16: a batch writes each row at most once, and the last change to a row counts.
///
/// Rows are sealed when the batch is committed, so a row that is put twice is sealed once.
#[must_use = "a batch that is not committed changes nothing"]
pub struct Batch {
    cipher: Arc<dyn RowCipher>,
    database: u64,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    pub(super) fn new(cipher: Arc<dyn RowCipher>, database: u64) -> Self {
        Self { cipher, database, rows: BTreeMap::new() }
    }

    /// Sets a row.
    pub fn put<K: RowKey, V: BorshSerialize, L: Layout>(
        &mut self,
        table: &Table<K, V, L>,
        key: &K,
        value: &V,
    ) {
        self.change(table, key, Some(parclose_types::encode(value)));
    }

    /// Removes a row; nothing happens if there is none.
    pub fn delete<K: RowKey, V, L: Layout>(&mut self, table: &Table<K, V, L>, key: &K) {
        self.change(table, key, None);
    }

    fn change<K: RowKey, V, L: Layout>(&mut self, table: &Table<K, V, L>, key: &K, value: Option<Vec<u8>>) {
        self.rows.insert(L::place(&*self.cipher, table.id(), key), value);
    }

    /// Rows that the batch changes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The handle of the database that made this batch.
    pub(super) fn database(&self) -> u64 {
        self.database
    }

    /// About how many bytes its changes are on the disk.
    pub(super) fn bytes(&self) -> usize {
        let of = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| key.len() + value.as_ref().map_or(0, Vec::len);
        self.rows.iter().map(of).sum::<usize>() + CHANGE_BYTES * self.rows.len()
    }

    /// The changes as the disk takes them, sealed one by one.
    pub(super) fn into_changes(self) -> impl Iterator<Item = Change> {
        let cipher = self.cipher;
        self.rows.into_iter().map(move |(row_key, value)| {
            let table = row_key.first().copied().unwrap_or_default();
            let sealed = value.map(|plaintext| cipher.seal(table, &row_key, &plaintext));
            (row_key, sealed)
        })
    }
}

impl std::fmt::Debug for Batch {
    /// Values may be plaintext, so only their number is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}
