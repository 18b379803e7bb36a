//! A mapping as it stands in TOML, before it is checked.
//!
//! ```toml
//! key = ["supplier_id", "invoice_number"]   # fields of [document]
//! month = "due"                             # a date with a column
//! must_agree = []                           # optional: fields that may not differ within a document
//!
//! [file]                                    # optional, as are its keys; these are the defaults
//! encoding = "utf-8"                        # or "utf-16"; a byte-order mark decides
//! separator = ","
//! skip_rows = 0                             # physical lines before the header
//!
//! [tokens]                                  # optional; an empty cell is always missing
//! missing = ["N/A"]
//! redacted = ["REDACTED"]
//!
//! [currency]
//! code = "GBP"                              # or column = "Currency"
//!
//! [amount]
//! column = "Net Amount"                     # or debit = "…" and credit = "…"
//! sign = "kept"                             # negated, parentheses, trailing-minus, debit-credit
//! decimal_mark = "."
//! thousands_mark = ","                      # optional
//!
//! [dates.due]
//! column = "Date"
//! formats = ["%Y-%m-%d"]
//!
//! [dates.issue]
//! derived_from = "due"
//! days_before = 30
//!
//! [document]                                # field = column
//! [line]                                    # optional; `id` and `description` have a place of their own
//! [constants]                               # optional: field = value
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::refusal::MappingFault;
use crate::amount::SignRule;
use crate::source::Encoding;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) key: Vec<String>,
    pub(super) month: String,
    #[serde(default)]
    pub(super) must_agree: Vec<String>,
    #[serde(default)]
    pub(super) file: File,
    #[serde(default)]
    pub(super) tokens: Tokens,
    pub(super) currency: WrittenCurrency,
    pub(super) amount: Amount,
    pub(super) dates: BTreeMap<String, Date>,
    pub(super) document: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) line: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) encoding: Encoding,
    pub(super) separator: String,
    pub(super) skip_rows: u32,
}

impl Default for File {
    fn default() -> Self {
        Self { encoding: Encoding::Utf8, separator: ",".into(), skip_rows: 0 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tokens {
    pub(super) missing: Vec<String>,
    pub(super) redacted: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCurrency {
    pub(super) code: Option<String>,
    pub(super) column: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Amount {
    pub(super) column: Option<String>,
    pub(super) debit: Option<String>,
    pub(super) credit: Option<String>,
    pub(super) sign: SignRule,
    pub(super) decimal_mark: String,
    pub(super) thousands_mark: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Date {
    pub(super) column: Option<String>,
    pub(super) formats: Option<Vec<String>>,
    pub(super) derived_from: Option<String>,
    pub(super) days_before: Option<u32>,
}

/// Reads the shape: syntax first, so that a missing bracket is not reported as an unknown key.
pub(super) fn read(text: &str) -> Result<Written, MappingFault> {
    if let Err(error) = text.parse::<toml::Table>() {
        return Err(MappingFault::Toml { line: line(text, &error), message: error.message().into() });
    }
    toml::from_str(text)
        .map_err(|error| MappingFault::Shape { line: line(text, &error), message: error.message().into() })
}

/// The line an error points at, from 1.
fn line(text: &str, error: &toml::de::Error) -> usize {
    let start = error.span().map_or(0, |span| span.start);
    text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
}
