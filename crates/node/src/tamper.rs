//! What an intruder with the disk can do, for the demonstration that it is noticed.
//!
//! Rows are changed through RocksDB itself, so its checksums stay right.

use std::path::Path;

use parclose_channel::tables::RECORDS;
pub use parclose_store::StoreError as TamperError;
use parclose_store::{StoreError, hazmat};

/// Two rows of the records table of a closed store whose values were exchanged.
#[derive(Clone, Debug)]
pub struct Swapped {
    a: Vec<u8>,
    b: Vec<u8>,
}

/// Exchanges the values of two records of a closed store; `None` when it has fewer than two.
pub fn swap_records(database: &Path) -> Result<Option<Swapped>, StoreError> {
    let rows = hazmat::raw_rows(database)?;
    let mut keys = rows.into_iter().map(|(key, _)| key).filter(|key| key.first() == Some(&RECORDS.id()));
    let (Some(a), Some(b)) = (keys.next(), keys.next()) else { return Ok(None) };
    hazmat::swap_values(database, &a, &b)?;
    Ok(Some(Swapped { a, b }))
}

/// Puts the two rows back.
pub fn swap_back(database: &Path, swapped: &Swapped) -> Result<(), StoreError> {
    hazmat::swap_values(database, &swapped.a, &swapped.b)
}
