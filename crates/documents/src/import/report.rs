//! The counts and sums of a run: what a person compares with the books.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::document::Document;

/// Counts and sums of one run. Every row is a line of a document, a line of a rejected document, or
/// rejected alone: `rows = lines + rejected_lines + rejected_rows`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// sources read
    pub sources: u64,
    /// rows below the headers; empty lines do not count
    pub rows: u64,
    /// documents made
    pub documents: u64,
    /// their lines
    pub lines: u64,
    /// documents with lines in more than one source
    pub spanning_documents: u64,
    /// documents with a redaction token in their key
    pub redacted_documents: u64,
    /// documents rejected
    pub rejected_documents: u64,
    /// rows of rejected documents, good ones included
    pub rejected_lines: u64,
    /// rows rejected alone, because their key could not be read
    pub rejected_rows: u64,
    /// field or date -> documents in which lines differ in it; the first value (of dates: the earliest) was kept
    pub conflicts: BTreeMap<String, u64>,
    /// rule -> rejections
    pub rules: BTreeMap<&'static str, u64>,
    /// currency -> totals
    pub totals: BTreeMap<&'static str, Totals>,
    /// month of the document, `YYYY-MM` -> currency -> totals
    pub months: BTreeMap<String, BTreeMap<&'static str, Totals>>,
}

/// Documents, their lines and what they sum to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// documents
    pub documents: u64,
    /// lines
    pub lines: u64,
    /// minor units
    pub total_minor: u128,
}

impl Totals {
    fn add(&mut self, lines: u64, total_minor: u64) {
        self.documents += 1;
        self.lines += lines;
        self.total_minor += u128::from(total_minor);
    }
}

impl Report {
    pub(super) fn count(&mut self, document: &Document, conflicts: &BTreeSet<String>, spans: bool) {
        let lines = u64::try_from(document.lines.len()).unwrap_or(u64::MAX);
        self.documents += 1;
        self.lines += lines;
        self.spanning_documents += u64::from(spans);
        self.redacted_documents += u64::from(document.redacted);
        for field in conflicts {
            *self.conflicts.entry(field.clone()).or_default() += 1;
        }
        let currency = document.currency.code();
        self.totals.entry(currency).or_default().add(lines, document.total_minor);
        let month = self.months.entry(document.month.clone()).or_default();
        month.entry(currency).or_default().add(lines, document.total_minor);
    }
}
