//! One import run: several sources in; documents, what is left out, and a report out.
//!
//! ```text
//!   Survey    for each source, for each record: which key    (a number a key, no cell)
//!   Reading   for each source, for each record:
//!     key unreadable       -> the row is left out, alone
//!     rest unreadable      -> its document is rejected, with all its rows
//!     same as another row  -> by the rule of the mapping
//!     last row of a key    -> total, line ids, credit notes -> Document | what is left out
//! ```
//!
//! Documents span sources, so that a document is whole only where its last row stands. The survey finds
//! that place; the second reading makes each document there and forgets it. What is kept is a number
//! for each key, the documents that have begun and not ended, one record, and eight bytes for each
//! 64 KiB of the sources. The result depends on the bytes, the mapping and the order of the sources,
//! and on nothing else.

mod book;
mod draft;
mod left_out;
mod reading;
mod report;
mod survey;

use std::collections::BTreeMap;

use crate::document::Document;
use crate::mapping::Mapping;
use crate::source::{BadSource, Origin, Source};

pub use left_out::{LeftOut, State};
pub use reading::{Item, Reading};
pub use report::{Report, Sum, Tally, Totals};
pub use survey::Survey;

/// What a run made, all at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// in the order of their first rows
    pub documents: Vec<Document>,
    /// in the order of their rows
    pub left_out: Vec<LeftOut>,
    /// counts and sums
    pub report: Report,
}

impl Import {
    /// What was left out because a rule was broken there; the other rows of those documents are not in it.
    pub fn rejected(&self) -> impl Iterator<Item = &LeftOut> {
        self.left_out.iter().filter(|left_out| left_out.is_at_fault())
    }
}

/// Reads documents from all sources of a run, and keeps them all; [`Survey`] and [`Reading`] do not.
///
/// Lines with the same key are one document, wherever they stand. A bad line rejects its whole
/// document and nothing else; a row whose key cannot be read is rejected alone, and then the total
/// of the document it belonged to is too small: look at [`Report::rejected_rows`] before using the
/// documents. Redaction tokens are values like any other in the key.
///
/// # Errors
///
/// A source that cannot be read at all; then nothing is imported.
pub fn read_documents(sources: &[Source<'_>], mapping: &Mapping) -> Result<Import, BadSource> {
    let origins: Vec<&dyn Origin> = sources.iter().map(|source| source as &dyn Origin).collect();
    read_origins(&origins, mapping)
}

/// As [`read_documents`], from wherever the bytes are.
///
/// # Errors
///
/// A source that cannot be read at all, or not twice the same.
pub fn read_origins(origins: &[&dyn Origin], mapping: &Mapping) -> Result<Import, BadSource> {
    let mut survey = Survey::take(origins, mapping, &mut |_, _| {})?;
    let mut reading = survey.read(origins, mapping);
    let (mut documents, mut left_out) = (Vec::new(), Vec::new());
    for item in reading.by_ref() {
        match item? {
            Item::Document(document) => documents.push(document),
            Item::LeftOut(one) => left_out.push(one),
        }
    }
    let report = reading.into_report();
    let order: BTreeMap<&str, usize> =
        origins.iter().enumerate().map(|(at, origin)| (origin.name(), at)).collect();
    let place = |name: &str, row: u64| (order.get(name).copied(), row);
    documents.sort_by_key(|document| document.lines.first().map(|line| place(&line.source_name, line.row)));
    left_out.sort_by_key(|one: &LeftOut| place(&one.source_name, one.row));
    Ok(Import { documents, left_out, report })
}

#[cfg(test)]
mod tests;
