//! A mapping: which column of a table means what, and how its values are written.
//!
//! No header name, mark or format is built in; a table that names things differently needs another
//! mapping and no other program. A mapping is checked as a whole when it is read, so that a wrong
//! one is an error of the mapping and not of every row.
//!
//! ```text
//!   TOML --keys--> --shape--> Written --checks--> Mapping --bind to a header--> Columns (columns.rs)
//! ```

mod check;
mod keys;
mod refusal;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::limits::DEFINITION_BYTES_MAX;
use serde::Deserialize;

use crate::amount::Notation;
use crate::amount::product::Rounding;
use crate::currency::Currency;
use crate::source::Encoding;

pub use refusal::{BadMapping, MappingFault};

/// A checked mapping. Only [`Mapping::parse`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(crate) layout: Layout,
    pub(crate) missing: BTreeSet<String>,
    pub(crate) redacted: BTreeSet<String>,
    /// document fields, in the order of the key
    pub(crate) key: Vec<String>,
    /// document fields and dates
    pub(crate) must_agree: BTreeSet<String>,
    /// document fields and dates
    pub(crate) required: BTreeSet<String>,
    /// the date that gives a document its month
    pub(crate) month: Option<String>,
    /// `None` when it is said with the import
    pub(crate) currency: Option<CurrencyFrom>,
    pub(crate) amount: AmountFrom,
    pub(crate) notation: Notation,
    /// date -> where it is read
    pub(crate) dates: BTreeMap<String, DateFrom>,
    /// date -> what it is derived from
    pub(crate) derived_dates: BTreeMap<String, Derivation>,
    /// document field -> where it is read
    pub(crate) document: BTreeMap<String, FieldFrom>,
    /// line field -> where it is read
    pub(crate) line: BTreeMap<String, FieldFrom>,
    /// document field -> value
    pub(crate) constants: BTreeMap<String, String>,
    pub(crate) split: Option<Split>,
    pub(crate) same: Same,
    pub(crate) then: Then,
    pub(crate) credit_notes: Option<CreditNotes>,
}

/// How a source is divided into records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) encoding: Encoding,
    pub(crate) separator: u8,
    /// physical lines before the header
    pub(crate) skip_rows: u32,
    /// then lines that begin with one of these
    pub(crate) skip_prefixes: Vec<String>,
}

/// Where the currency of a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CurrencyFrom {
    Code(Currency),
    Column(String),
}

/// What the amount of a line is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AmountFrom {
    pub(crate) base: Base,
    pub(crate) times: Vec<Factor>,
    pub(crate) divided_by: Vec<Factor>,
    /// there when the amount is a product or a quotient
    pub(crate) rounding: Option<Rounding>,
}

/// Which columns hold the amount, or what is multiplied first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    One(String),
    DebitCredit(String, String),
    /// the columns of the split, one for each document
    Split,
}

/// What an amount is multiplied with or divided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Factor {
    Column(String),
    Number(i64),
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

/// Where a field is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldFrom {
    /// one, or several that are joined
    pub(crate) columns: Vec<String>,
    /// what stands between joined values
    pub(crate) with: String,
    /// the value where the columns have none
    pub(crate) otherwise: Option<String>,
}

/// A row that holds a document in each of several columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    /// the document field that tells them apart
    pub(crate) field: String,
    /// the line field that gets the column's own text
    pub(crate) text: Option<String>,
    /// value of the field -> column
    pub(crate) columns: BTreeMap<String, String>,
}

/// When two rows are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Same {
    /// every column is equal
    #[default]
    Row,
    /// every column that the mapping reads is equal
    Mapped,
}

/// What becomes of a document with two rows that are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Then {
    /// it is rejected, because nothing tells a repetition from a second delivery
    #[default]
    Reject,
    /// the second is left out
    Once,
    /// both are lines
    Each,
}

/// How credit notes are told, and what they correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CreditNotes {
    pub(crate) types: Option<Types>,
    pub(crate) amounts: WrittenAs,
    pub(crate) reference: Option<Reference>,
}

/// The column of the type code (EN 16931 BT-3) and what its values mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Types {
    pub(crate) column: String,
    pub(crate) invoices: BTreeSet<String>,
    pub(crate) credit_notes: BTreeSet<String>,
}

/// How credit notes write an amount that lowers a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WrittenAs {
    /// as EN 16931: the type code says that it lowers
    Positive,
    /// with a minus, by the sign rule
    Negative,
}

/// The column of the preceding invoice reference (BT-25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) column: String,
    /// where in the key the referenced value belongs
    pub(crate) names: usize,
}

impl Mapping {
    /// Reads and checks a mapping. The file name occurs in errors only.
    ///
    /// # Rules
    ///
    /// > IMP-01: a mapping is TOML of at most the size of a channel definition.
    /// > IMP-02: a mapping has every key that the importer needs and none that it does not know.
    pub fn parse(text: &str, file: &str) -> Result<Self, BadMapping> {
        if text.len() > DEFINITION_BYTES_MAX {
            return Err(MappingFault::TooLarge.of(file));
        }
        written::read(text).and_then(check::check).map_err(|fault| fault.of(file))
    }

    /// The mapping with a currency for all lines, when it says none itself.
    ///
    /// # Rules
    ///
    /// > IMP-17: the currency of an import is said once: by its mapping, or with the import.
    pub fn in_currency(self, said: Option<&str>, file: &str) -> Result<Self, BadMapping> {
        let currency = match (self.currency, said) {
            (Some(from), None) => from,
            (None, Some(code)) => check::currency_code(code).map_err(|fault| fault.of(file))?,
            (None, None) => return Err(MappingFault::NoCurrency.of(file)),
            (Some(_), Some(_)) => return Err(MappingFault::TwoCurrencies.of(file)),
        };
        Ok(Self { currency: Some(currency), ..self })
    }

    /// The document fields by which lines are grouped, in the order of [`crate::Document::key`].
    #[must_use]
    pub fn key(&self) -> &[String] {
        &self.key
    }

    /// The names of the fields that documents can have.
    pub fn document_fields(&self) -> impl Iterator<Item = &str> {
        let split = self.split.iter().map(|split| &split.field);
        self.document.keys().chain(self.constants.keys()).chain(split).map(String::as_str)
    }

    /// The names of the dates that documents can have.
    pub fn dates(&self) -> impl Iterator<Item = &str> {
        self.dates.keys().chain(self.derived_dates.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
