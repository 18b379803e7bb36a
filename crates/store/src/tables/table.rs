//! A table: an id, a name, the types of its keys and values, and how its keys are stored.
//!
//! Two layouts, told apart by type, so that nobody scans a table that has no order:
//!
//! ```text
//!   ordered   id || key bytes            scannable; for keys that may be seen (heights, counters)
//!   blinded   id || blind(key bytes)     point lookups; for keys that carry meaning
//! ```

use std::marker::PhantomData;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::cipher::RowCipher;
use crate::format::{RESERVED_TABLE, RowKey, stored_key};

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Ordered {}
    impl Sealed for super::Blinded {}
}

/// How a table stores its keys: [`Ordered`] or [`Blinded`].
pub trait Layout: sealed::Sealed {
    /// The key as stored, table byte included.
    fn place<K: RowKey>(cipher: &dyn RowCipher, table: u8, key: &K) -> Vec<u8>;
    /// Whether bytes behind the table byte can be a key of this table.
    fn is_key<K: RowKey>(key: &[u8]) -> bool;
}

/// Keys stand as they are and rows in their order.
#[derive(Clone, Copy, Debug)]
pub enum Ordered {}

/// Keys are replaced by the cipher's pseudonyms.
#[derive(Clone, Copy, Debug)]
pub enum Blinded {}

impl Layout for Ordered {
    fn place<K: RowKey>(_: &dyn RowCipher, table: u8, key: &K) -> Vec<u8> {
        stored_key(table, &key.to_row_key())
    }
    fn is_key<K: RowKey>(key: &[u8]) -> bool {
        K::from_row_key(key).is_some()
    }
}

impl Layout for Blinded {
    /// # Rules
    ///
    /// > STO-17: the disk holds keys of a blinded table only as the cipher's pseudonyms.
    fn place<K: RowKey>(cipher: &dyn RowCipher, table: u8, key: &K) -> Vec<u8> {
        stored_key(table, &cipher.blind(table, &key.to_row_key()))
    }
    fn is_key<K: RowKey>(key: &[u8]) -> bool {
        key.len() == 32
    }
}

/// A typed table; make it a constant.
pub struct Table<K, V, L = Ordered> {
    id: u8,
    name: &'static str,
    types: PhantomData<fn(K, V, L)>,
}

impl<K: RowKey, V> Table<K, V> {
    /// A table whose rows can be scanned in the order of their keys.
    ///
    /// # Panics
    ///
    /// While compiling, if the id is 0.
    #[must_use]
    pub const fn ordered(id: u8, name: &'static str) -> Self {
        Self::new(id, name)
    }

    /// A table whose keys the disk does not show.
    ///
    /// # Panics
    ///
    /// While compiling, if the id is 0.
    #[must_use]
    pub const fn blinded(id: u8, name: &'static str) -> Table<K, V, Blinded> {
        Table::new(id, name)
    }
}

impl<K, V, L> Table<K, V, L> {
    const fn new(id: u8, name: &'static str) -> Self {
        assert!(id != RESERVED_TABLE, "table 0 belongs to the store");
        Self { id, name, types: PhantomData }
    }

    /// The first byte of every stored key.
    #[must_use]
    pub const fn id(&self) -> u8 {
        self.id
    }

    /// The name that errors show.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<K, V, L> std::fmt::Debug for Table<K, V, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({} {})", self.id, self.name)
    }
}

/// A table without its types, for walks over whole databases.
pub trait AnyTable {
    /// The first byte of every stored key.
    fn table_id(&self) -> u8;
    /// The name that errors show.
    fn table_name(&self) -> &'static str;
    /// Whether key bytes (without the table byte) and an opened value belong in this table.
    fn fits(&self, key: &[u8], plaintext: &[u8]) -> bool;
}

impl<K: RowKey, V: BorshSerialize + BorshDeserialize, L: Layout> AnyTable for Table<K, V, L> {
    fn table_id(&self) -> u8 {
        self.id
    }
    fn table_name(&self) -> &'static str {
        self.name
    }
    fn fits(&self, key: &[u8], plaintext: &[u8]) -> bool {
        L::is_key::<K>(key) && parclose_types::decode::<V>(self.name, plaintext, plaintext.len()).is_ok()
    }
}
