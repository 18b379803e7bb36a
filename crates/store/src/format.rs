//! The bytes of rows: how keys are written, and the two rows that say what a directory is.
//!
//! A stored key is one table byte and the key's own bytes. A stored value is whatever the cipher made
//! of the canonical encoding of the value. Table 0 belongs to this crate: it holds the format row, in
//! the clear so that any version of the program can refuse it, and the identity row, sealed so that
//! only its owner can.

mod keys;
mod marks;

pub use keys::{FixedRowKey, RowKey};
pub(crate) use keys::{stored_key, table_end, table_of};
pub use marks::FORMAT_VERSION;
pub(crate) use marks::{
    FORMAT_ROW_KEY, IDENTITY_ROW_KEY, RESERVED_TABLE, RESERVED_TABLE_NAME, format_row, identity,
    read_format_row,
};
