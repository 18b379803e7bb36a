//! A mapping: which column of a table means what, and how its values are written.
//!
//! No header name, mark or format is built in; a table that names things differently needs another
//! mapping and no other program. A mapping is checked as a whole when it is read, so that a wrong
//! one is an error of the mapping and not of every row.
//!
//! ```text
//!   TOML --shape--> Written --checks--> Mapping --bind to a header--> Columns (row.rs)
//! ```

mod check;
mod refusal;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::limits::DEFINITION_BYTES_MAX;

use crate::amount::Notation;
use crate::currency::Currency;
use crate::source::Encoding;

pub use refusal::{BadMapping, MappingFault};

/// A checked mapping. Only [`Mapping::parse`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(crate) encoding: Encoding,
    pub(crate) separator: u8,
    pub(crate) skip_rows: u32,
    pub(crate) missing: BTreeSet<String>,
    pub(crate) redacted: BTreeSet<String>,
    /// document fields, in the order of the key
    pub(crate) key: Vec<String>,
    /// document fields and dates
    pub(crate) must_agree: BTreeSet<String>,
    /// the date that gives a document its month
    pub(crate) month: String,
    pub(crate) currency: CurrencyFrom,
    pub(crate) amount: AmountFrom,
    pub(crate) notation: Notation,
    /// date -> where it is read
    pub(crate) dates: BTreeMap<String, DateFrom>,
    /// date -> what it is derived from
    pub(crate) derived_dates: BTreeMap<String, Derivation>,
    /// document field -> column
    pub(crate) document: BTreeMap<String, String>,
    /// line field -> column
    pub(crate) line: BTreeMap<String, String>,
    /// document field -> value
    pub(crate) constants: BTreeMap<String, String>,
}

/// Where the currency of a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CurrencyFrom {
    Code(Currency),
    Column(String),
}

/// Which columns hold the amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AmountFrom {
    One(String),
    DebitCredit(String, String),
}

/// A date that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateFrom {
    pub(crate) column: String,
    pub(crate) formats: Vec<String>,
}

/// A date that is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Derivation {
    /// a date that is read
    pub(crate) from: String,
    pub(crate) days_before: u32,
}

impl Mapping {
    /// Reads and checks a mapping. The file name occurs in errors only.
    ///
    /// # Rules
    ///
    /// > IMP-01: a mapping is TOML of at most the size of a channel definition.
    /// > IMP-02: a mapping has every key that the importer needs and none that it does not know.
    /// > IMP-03: a field is named once, in a lower-case word that fits a name.
    /// > IMP-04: the grouping key is one or more different document columns.
    /// > IMP-05: separator and marks are single characters that no number or quote is made of, and they differ.
    /// > IMP-06: the amount has the columns that its sign rule needs, and no other.
    /// > IMP-07: the currency is either one ISO 4217 code with minor units, or a column.
    /// > IMP-08: a date is either read from a column by formats that give a day, or derived from a date that is read.
    /// > IMP-09: what must agree, and the date of the month, are names that the mapping reads from columns.
    /// > IMP-10: no token means both missing and redacted.
    pub fn parse(text: &str, file: &str) -> Result<Self, BadMapping> {
        if text.len() > DEFINITION_BYTES_MAX {
            return Err(MappingFault::TooLarge.of(file));
        }
        written::read(text).and_then(check::check).map_err(|fault| fault.of(file))
    }

    /// The document fields by which lines are grouped, in the order of [`crate::Document::key`].
    #[must_use]
    pub fn key(&self) -> &[String] {
        &self.key
    }

    /// The names of the fields that documents can have.
    pub fn document_fields(&self) -> impl Iterator<Item = &str> {
        self.document.keys().chain(self.constants.keys()).map(String::as_str)
    }

    /// The names of the dates that documents can have.
    pub fn dates(&self) -> impl Iterator<Item = &str> {
        self.dates.keys().chain(self.derived_dates.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
