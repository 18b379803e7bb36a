//! One RocksDB directory per owner: a channel, or the root chain of a network.
//!
//! Three floors, each of which names only the one below:
//!
//! ```text
//!   tables   Table<K, V>, Batch, Database       what rows mean
//!   format   RowKey, format and identity rows   the bytes of keys and values
//!   disk     RocksDB, syncs, power-loss ledger  files
//! ```
//!
//! This crate knows no cryptography. Every value passes through a [`RowCipher`] that the owner hands
//! in: a channel's seals, the root chain's ([`ClearRows`]) does not. So code that reaches the disk has
//! no way to decrypt, and a stolen directory shows counts and sizes only.
//!
//! What may go wrong: a row that does not open (somebody changed it), a directory of somebody else,
//! a disk that refuses a write. After a refused write a [`Database`] takes no further writes, because
//! what the disk holds is then unknown. What this crate cannot notice is a whole directory put back
//! to an earlier state; the root chain tells its owner that.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod cipher;
mod disk;
mod error;
mod format;
pub mod hazmat;
mod tables;

pub use cipher::{ClearRows, RowCipher};
pub use disk::{Durability, SharedCache, synced_commits};
pub use error::StoreError;
pub use format::{FORMAT_VERSION, FixedRowKey, RowKey};
pub use tables::{
    AnyTable, Batch, Blinded, Database, DatabaseOptions, DumpedRow, Layout, Ordered, RowCount, Table,
};

#[cfg(test)]
mod fixtures;
