//! Reads tables of text into documents. Pure: bytes and a mapping go in, documents and a report
//! come out. It knows no ledger, finds no file and reads no clock.
//!
//! ```text
//!   mapping.toml --parse--> Mapping
//!   bytes of each file --decode, split--> records --bind to the header--> lines
//!   lines --group by key, over all files--> Document | LeftOut
//! ```
//!
//! - [`mapping`]: which column means what; no header name is built in
//! - [`import`]: [`Survey`] and [`Reading`], what is left out, and the report
//! - [`document`]: what comes out
//! - [`amount`], [`currency`], [`date`], [`identifiers`]: the exact values of the field
//! - [`source`]: a file's name, the way to its bytes, and its text encoding
//! - [`mod@suggest`]: drafts a mapping from files
//! - [`synthetic`]: a seeded generator of invoice files, with its own reference sums
//!
//! Amounts are integers of minor units from the first digit to the last; no float occurs here.

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

pub mod amount;
mod columns;
pub mod currency;
pub mod date;
pub mod document;
pub mod identifiers;
pub mod import;
pub mod mapping;
mod record;
mod row;
pub mod source;
pub mod suggest;
pub mod synthetic;

pub use currency::Currency;
pub use date::IsoDate;
pub use document::{Document, DocumentDate, Line};
pub use identifiers::{BadIdentifier, Lei};
pub use import::{
    Import, Item, LeftOut, Reading, Report, State, Survey, Tally, read_documents, read_origins,
};
pub use mapping::{BadMapping, Mapping};
pub use row::BadRow;
pub use source::{BadSource, Origin, Source};
pub use suggest::suggest;

#[cfg(test)]
mod fixtures;
