//! What an import makes: documents, their dates and their lines.
//!
//! A document is all lines of one grouping key, over all files of a run, and those of the credit notes
//! that correct it. Nothing here is secret or sealed yet; whoever holds a document holds its plaintext.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::currency::Currency;
use crate::date::IsoDate;

/// One document, such as an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// the values of the grouping key, in the order of the mapping
    pub key: Vec<String>,
    /// whether a part of the key is a redaction token
    pub redacted: bool,
    /// document fields: constants, and the first value that a line has
    pub fields: BTreeMap<String, String>,
    /// dates: the earliest that a line has, or derived from it
    pub dates: BTreeMap<String, DocumentDate>,
    /// `YYYY-MM` of the earliest line, by the date that the mapping calls `month`; empty when it calls none
    pub month: String,
    /// of every line
    pub currency: Currency,
    /// sum of the lines in minor units; at least 1
    pub total_minor: u64,
    /// at least one, in the order of the sources
    pub lines: Vec<Line>,
}

/// A date of a document, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentDate {
    /// the day
    pub day: IsoDate,
    /// `true` when it was computed from another date and stands in no file
    pub derived: bool,
}

/// One line of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// the name of the source
    pub source_name: Arc<str>,
    /// physical line in the source, from 1
    pub row: u64,
    /// line field `id`; empty when the row has none
    pub id: String,
    /// line field `description`; empty when the row has none
    pub description: String,
    /// minor units, signed
    pub amount_minor: i64,
    /// the number of the credit note that this is a line of
    pub credit_note: Option<String>,
    /// the other line fields that the row has
    pub fields: BTreeMap<String, String>,
}
