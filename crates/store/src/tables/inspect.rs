//! Walks over a whole database: the check of every row, and the dump for leak scans.

use std::ops::ControlFlow;

use super::database::Database;
use super::table::AnyTable;
use crate::error::StoreError;
use crate::format::{FORMAT_ROW_KEY, IDENTITY_ROW_KEY, RESERVED_TABLE, RESERVED_TABLE_NAME, table_of};

/// What a check of every row has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCount {
    /// rows of the owner's tables
    pub rows: u64,
    /// bytes of their stored keys and sealed values
    pub bytes: u64,
}

/// A row as the disk holds it, with what its owner can read of it.
pub struct DumpedRow<'a> {
    /// the table's id; 0 for the two rows of the store itself
    pub table: u8,
    /// the key as stored, table byte included
    pub row_key: &'a [u8],
    /// the value as stored
    pub sealed: &'a [u8],
    /// the value opened; `None` if it does not open
    pub plain: Option<Vec<u8>>,
}

impl std::fmt::Debug for DumpedRow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DumpedRow").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens and decodes every row; `tables` are all tables of this kind of database.
    ///
    /// # Rules
    ///
    /// > STO-18: a check of all rows refuses rows of unknown tables, and rows that do not open or decode.
    pub fn verify_rows(&self, tables: &[&dyn AnyTable]) -> Result<RowCount, StoreError> {
        let mut count = RowCount::default();
        self.disk.rows(&[], None, |row_key, sealed| {
            if row_key != FORMAT_ROW_KEY && row_key != IDENTITY_ROW_KEY {
                self.verify_row(tables, row_key, sealed)?;
                count.rows += 1;
                count.bytes += (row_key.len() + sealed.len()) as u64;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    fn verify_row(&self, tables: &[&dyn AnyTable], row_key: &[u8], sealed: &[u8]) -> Result<(), StoreError> {
        let (id, key) =
            table_of(row_key).ok_or_else(|| StoreError::undecodable(RESERVED_TABLE_NAME, row_key))?;
        let table = tables.iter().find(|table| table.table_id() == id);
        let table = table.ok_or_else(|| StoreError::undecodable(&id.to_string(), row_key))?;
        let name = table.table_name();
        let plaintext =
            self.cipher.open(id, row_key, sealed).ok_or_else(|| StoreError::tampered(name, row_key))?;
        if table.fits(key, &plaintext) { Ok(()) } else { Err(StoreError::undecodable(name, row_key)) }
    }

    /// Shows every row of every table, those of the store included: what a leak scan must read besides
    /// the raw files.
    pub fn logical_dump(&self, mut see: impl FnMut(DumpedRow<'_>)) -> Result<(), StoreError> {
        self.disk.rows(&[], None, |row_key, sealed| {
            let table = table_of(row_key).map_or(RESERVED_TABLE, |(table, _)| table);
            let plain = if row_key == FORMAT_ROW_KEY {
                Some(sealed.to_vec())
            } else {
                self.cipher.open(table, row_key, sealed)
            };
            see(DumpedRow { table, row_key, sealed, plain });
            Ok(ControlFlow::Continue(()))
        })
    }
}
