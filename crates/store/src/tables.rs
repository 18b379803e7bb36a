//! What rows mean: typed tables, batches of changes, and the database that holds both.
//!
//! A [`Table`] is a constant that ties an id to the types of key and value; nothing else reads or
//! writes rows. Ids are unique within one kind of database, which is its owner's duty (a database
//! cannot know the tables of which nobody has spoken yet); id 0 belongs to this crate.
//!
//! Reading and writing are plain calls on [`Database`]. All rows that must change together go into
//! one [`Batch`].

mod batch;
mod database;
mod inspect;
mod read;
mod table;

pub use batch::Batch;
pub use database::{Database, DatabaseOptions};
pub use inspect::{DumpedRow, RowCount};
pub use table::{AnyTable, Blinded, Layout, Ordered, Table};

#[cfg(test)]
mod tests;
