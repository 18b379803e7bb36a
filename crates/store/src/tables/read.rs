//! Reading rows: one, several, a range, the last.
//!
//! Whatever is returned has been opened by the cipher at its own place and decoded canonically.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use borsh::{BorshDeserialize, BorshSerialize};

use super::database::Database;
use super::table::{Blinded, Layout, Table};
use crate::error::StoreError;
use crate::format::{RowKey, stored_key, table_end, table_of};

/// Keys that are looked up together: their rows, as far as there are any, are in memory meanwhile.
const KEYS_AT_ONCE: usize = 256;

impl Database {
    /// The value of a row, or `None` if there is no such row.
    pub fn get<K, V, L>(&self, table: &Table<K, V, L>, key: &K) -> Result<Option<V>, StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
        L: Layout,
    {
        let row_key = L::place(&*self.cipher, table.id(), key);
        let row = self.disk.get(&row_key)?;
        row.map(|sealed| self.value(table, &row_key, &sealed)).transpose()
    }

    /// The canonical encoding of a row's value, opened but not decoded.
    pub fn get_bytes<K: RowKey, V, L: Layout>(
        &self,
        table: &Table<K, V, L>,
        key: &K,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row_key = L::place(&*self.cipher, table.id(), key);
        let row = self.disk.get(&row_key)?;
        row.map(|sealed| self.opened(table, &row_key, &sealed)).transpose()
    }

    /// The values of several rows, in the order of the keys.
    pub fn multi_get<K, V, L>(&self, table: &Table<K, V, L>, keys: &[K]) -> Result<Vec<Option<V>>, StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
        L: Layout,
    {
        let row_keys: Vec<_> = keys.iter().map(|key| L::place(&*self.cipher, table.id(), key)).collect();
        let rows = self.disk.multi_get(&row_keys)?;
        let values = rows.into_iter().zip(&row_keys);
        values
            .map(|(row, row_key)| row.map(|sealed| self.value(table, row_key, &sealed)).transpose())
            .collect()
    }

    /// Whether a row is there. It is not opened.
    pub fn contains<K: RowKey, V, L: Layout>(
        &self,
        table: &Table<K, V, L>,
        key: &K,
    ) -> Result<bool, StoreError> {
        let row_key = L::place(&*self.cipher, table.id(), key);
        Ok(self.disk.get(&row_key)?.is_some())
    }

    /// Those of some keys that have no row. What is there is not opened.
    pub fn absent<K, V, L>(
        &self,
        table: &Table<K, V, L>,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<BTreeSet<K>, StoreError>
    where
        K: RowKey + Ord,
        L: Layout,
    {
        let mut absent = BTreeSet::new();
        let mut keys = keys.into_iter().peekable();
        while keys.peek().is_some() {
            let some: Vec<K> = keys.by_ref().take(KEYS_AT_ONCE).collect();
            let places: Vec<_> = some.iter().map(|key| L::place(&*self.cipher, table.id(), key)).collect();
            let rows = self.disk.multi_get(&places)?;
            absent.extend(some.into_iter().zip(rows).filter(|(_, row)| row.is_none()).map(|(key, _)| key));
        }
        Ok(absent)
    }

    /// Up to `limit` rows from `from` on (inclusive), ascending, as of one moment.
    pub fn scan<K, V>(&self, table: &Table<K, V>, from: &K, limit: usize) -> Result<Vec<(K, V)>, StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
    {
        let mut rows = Vec::new();
        if limit == 0 {
            return Ok(rows);
        }
        self.visit(table, from, |key, value| {
            rows.push((key, value));
            if rows.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(rows)
    }

    /// Shows rows from `from` on (inclusive), ascending, as of one moment, until `see` breaks off.
    pub fn visit<K, V>(
        &self,
        table: &Table<K, V>,
        from: &K,
        mut see: impl FnMut(K, V) -> ControlFlow<()>,
    ) -> Result<(), StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
    {
        let from = stored_key(table.id(), &from.to_row_key());
        self.disk.rows(&from, table_end(table.id()), |row_key, sealed| {
            let (key, value) = self.row(table, row_key, sealed)?;
            Ok(see(key, value))
        })
    }

    /// The row with the greatest key.
    pub fn last<K, V>(&self, table: &Table<K, V>) -> Result<Option<(K, V)>, StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
    {
        let last = self.disk.last(&[table.id()], table_end(table.id()))?;
        last.map(|(row_key, sealed)| self.row(table, &row_key, &sealed)).transpose()
    }

    /// Shows every row of a blinded table, with its stored key, in no meaningful order.
    pub fn for_each<K, V>(
        &self,
        table: &Table<K, V, Blinded>,
        mut see: impl FnMut(&[u8], V),
    ) -> Result<(), StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
    {
        self.disk.rows(&[table.id()], table_end(table.id()), |row_key, sealed| {
            see(row_key, self.value(table, row_key, sealed)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Key and value of a row of an ordered table.
    fn row<K, V>(&self, table: &Table<K, V>, row_key: &[u8], sealed: &[u8]) -> Result<(K, V), StoreError>
    where
        K: RowKey,
        V: BorshSerialize + BorshDeserialize,
    {
        let value = self.value(table, row_key, sealed)?;
        let key = table_of(row_key).and_then(|(_, key)| K::from_row_key(key));
        key.map(|key| (key, value)).ok_or_else(|| StoreError::undecodable(table.name(), row_key))
    }

    /// Decodes what a row holds.
    ///
    /// # Rules
    ///
    /// > STO-02: a row whose key or opened value is not canonical for its table is refused.
    fn value<K, V, L>(&self, table: &Table<K, V, L>, row_key: &[u8], sealed: &[u8]) -> Result<V, StoreError>
    where
        V: BorshSerialize + BorshDeserialize,
    {
        let plaintext = self.opened(table, row_key, sealed)?;
        // In memory already, so its size is no further danger.
        parclose_types::decode(table.name(), &plaintext, plaintext.len())
            .map_err(|_| StoreError::undecodable(table.name(), row_key))
    }

    /// Opens a row.
    ///
    /// # Rules
    ///
    /// > STO-01: a row that does not open at its own table and key is refused, and never counts as absent.
    fn opened<K, V, L>(
        &self,
        table: &Table<K, V, L>,
        row_key: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        self.cipher
            .open(table.id(), row_key, sealed)
            .ok_or_else(|| StoreError::tampered(table.name(), row_key))
    }
}
