//! One import run: several sources in, documents, rejections and a report out.
//!
//! ```text
//!   for each source, for each record:
//!     key unreadable       -> the row is rejected, alone
//!     rest unreadable      -> its document is rejected, with all its rows
//!   for each document, in the order of first rows:
//!     total, line ids      -> Document | Rejection
//! ```
//!
//! Rows are read one at a time; what is kept grows with the values that documents hold. The result
//! depends on the bytes, the mapping and the order of the sources, and on nothing else.

mod draft;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::{Failure, Fault};
use serde::Serialize;

use crate::columns::{CellFault, Columns};
use crate::document::Document;
use crate::mapping::Mapping;
use crate::record::Records;
use crate::row::BadRow;
use crate::source::{BadSource, Source, SourceFault, utf8};
use draft::{Draft, Place};

pub use report::{Report, Totals};

/// What a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Import {
    /// in the order of their first rows
    pub documents: Vec<Document>,
    /// in the order of their rows
    pub rejected: Vec<Rejection>,
    /// counts and sums
    pub report: Report,
}

/// A broken rule: where it was found, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("source `{source_name}`, row {row}{}: {reason}", column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default())]
pub struct Rejection {
    /// the name of the source
    pub source_name: String,
    /// physical line in the source, from 1; of the first row where the whole document is at fault
    pub row: u64,
    /// the header of the column at fault, where there is one
    pub column: Option<String>,
    /// the key of the rejected document; `None` when only this row is rejected
    pub key: Option<Vec<String>>,
    /// the broken rule
    pub reason: BadRow,
}

impl Failure for Rejection {
    fn code(&self) -> &'static str {
        self.reason.code()
    }

    fn rule(&self) -> &'static str {
        self.reason.rule()
    }

    fn fault(&self) -> Fault {
        self.reason.fault()
    }

    fn definite(&self) -> bool {
        self.reason.definite()
    }

    fn fix(&self) -> String {
        self.reason.fix()
    }
}

/// Reads documents from all sources of a run.
///
/// Lines with the same key are one document, wherever they stand. A bad line rejects its whole
/// document and nothing else; a row whose key cannot be read is rejected alone, and then the total
/// of the document it belonged to is too small: look at [`Report::rejected_rows`] before using the
/// documents. Redaction tokens are values like any other in the key.
///
/// # Errors
///
/// A source that cannot be read at all; then nothing is imported.
///
/// # Rules
///
/// > IMP-24: the sources of a run have different names.
pub fn read_documents(sources: &[Source<'_>], mapping: &Mapping) -> Result<Import, BadSource> {
    let mut run = Run::new(mapping);
    let mut names = BTreeSet::new();
    for (at, source) in sources.iter().enumerate() {
        let fresh = names.insert(source.name);
        let read = if fresh { run.read(at, source) } else { Err(SourceFault::SameName) };
        read.map_err(|fault| BadSource { source_name: source.name.into(), fault })?;
    }
    Ok(run.finish())
}

struct Run<'m> {
    mapping: &'m Mapping,
    drafts: Vec<Draft>,
    /// key -> index in `drafts`
    by_key: BTreeMap<Vec<String>, usize>,
    rejected: Vec<(usize, Rejection)>,
    report: Report,
}

impl<'m> Run<'m> {
    fn new(mapping: &'m Mapping) -> Self {
        Self {
            mapping,
            drafts: Vec::new(),
            by_key: BTreeMap::new(),
            rejected: Vec::new(),
            report: Report::default(),
        }
    }

    fn read(&mut self, at: usize, source: &Source<'_>) -> Result<(), SourceFault> {
        let text = utf8(source.bytes, self.mapping.encoding)?;
        let mut records = Records::new(&text, self.mapping.separator, self.mapping.skip_rows);
        let header = records.next().and_then(Result::ok).ok_or(SourceFault::Header)?;
        let columns = Columns::bind(self.mapping, &header)?;
        self.report.sources += 1;
        for record in records {
            self.report.rows += 1;
            let (row, read) = match &record {
                Ok(record) => (record.row, columns.key(record).map(|key| (record, key))),
                Err(broken) => (broken.row, Err((BadRow::Malformed, None))),
            };
            let place = Place { source: at, source_name: source.name, row };
            match read {
                Err(fault) => self.reject_row(place, fault),
                Ok((record, (key, redacted))) => {
                    let row = columns.row(record);
                    let mapping = self.mapping;
                    self.draft(key, redacted, place).add(place, row, mapping);
                }
            }
        }
        Ok(())
    }

    fn draft(&mut self, key: Vec<String>, redacted: bool, place: Place<'_>) -> &mut Draft {
        let next = self.drafts.len();
        let at = *self.by_key.entry(key).or_insert_with_key(|key| {
            self.drafts.push(Draft::new(key.clone(), redacted, place));
            next
        });
        &mut self.drafts[at]
    }

    fn reject_row(&mut self, place: Place<'_>, fault: CellFault) {
        self.report.rejected_rows += 1;
        self.rejected.push((place.source, place.rejection(None, fault)));
    }

    fn finish(mut self) -> Import {
        drop(self.by_key);
        let mut documents = Vec::new();
        for mut draft in self.drafts {
            let (rows, spans) = (draft.rows, draft.spans_sources());
            let conflicts = std::mem::take(&mut draft.conflicts);
            match draft.finish(self.mapping) {
                Ok(document) => {
                    self.report.count(&document, &conflicts, spans);
                    documents.push(document);
                }
                Err(faults) => {
                    self.report.rejected_documents += 1;
                    self.report.rejected_lines += rows;
                    self.rejected.extend(faults);
                }
            }
        }
        self.rejected.sort_by_key(|(source, rejection)| (*source, rejection.row));
        let rejected: Vec<Rejection> = self.rejected.into_iter().map(|(_, rejection)| rejection).collect();
        for rejection in &rejected {
            *self.report.rules.entry(rejection.rule()).or_default() += 1;
        }
        Import { documents, rejected, report: self.report }
    }
}

#[cfg(test)]
mod tests;
