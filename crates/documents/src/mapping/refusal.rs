//! Why a mapping is refused.

use parclose_types::limits::FIELD_BYTES_MAX;
use parclose_types::{Failure, Fault};

/// Factors, and divisors, of one amount.
pub(super) const FACTORS_MAX: usize = 8;

/// A mapping that is refused: which one, and for which rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mapping `{file}`: {fault}")]
pub struct BadMapping {
    /// the name of the file
    pub file: String,
    /// the broken rule
    pub fault: MappingFault,
}

/// The rule that a mapping breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingFault {
    /// IMP-01: too large.
    #[error("the text is larger than a mapping may be")]
    TooLarge,
    /// IMP-01: not TOML.
    #[error("line {line}: not TOML: {message}")]
    Toml {
        /// from 1
        line: usize,
        /// what the parser says
        message: String,
    },
    /// IMP-02: an unknown or a missing key, or a value of the wrong type.
    #[error("line {line}: {message}")]
    Shape {
        /// from 1
        line: usize,
        /// what is wrong, naming the key
        message: String,
    },
    /// IMP-02: a key that no mapping has.
    #[error("line {line}: unknown key `{key}`{}, known here are `{known}`", near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// from 1
        line: usize,
        /// the key as written
        key: String,
        /// the known key that looks most like it
        near: Option<&'static str>,
        /// all known keys of that table
        known: String,
    },
    /// IMP-03: not a lower-case word that fits a name.
    #[error("`{0}` is not a name: use at most 64 of `a-z0-9_`, beginning with a letter")]
    Name(String),
    /// IMP-03: one name for two things.
    #[error("`{0}` is named twice")]
    NamedTwice(String),
    /// IMP-04: no key.
    #[error("`key` is empty")]
    NoKey,
    /// IMP-04: part of the key twice, or not a document column.
    #[error(
        "`key` needs different fields of `[document]` with a column each, or that of `[split]`; `{0}` is not one"
    )]
    Key(String),
    /// IMP-05: not a single character, or one that cannot be told apart.
    #[error("`{key}` must be one character that no number, quote or other mark uses")]
    Mark {
        /// the key in the mapping
        key: &'static str,
    },
    /// IMP-06: columns that do not fit the sign rule.
    #[error(
        "`[amount]` needs `debit` and `credit` for the sign `debit-credit`, and `column` for every other, \
         or neither with `[split]`"
    )]
    AmountColumns,
    /// IMP-07: both or neither of code and column.
    #[error("`[currency]` needs either `code` or `column`")]
    CurrencySource,
    /// IMP-07: unknown code.
    #[error("`{0}` is not an ISO 4217 code with minor units")]
    Currency(String),
    /// IMP-08: neither read nor derived, or both.
    #[error("`[dates.{0}]` needs `column` and `formats`, or `derived_from` and `days_before`")]
    DateSource(String),
    /// IMP-08: a format that gives no day.
    #[error("`[dates.{date}]`: the format `{format}` does not give a day")]
    DateFormat {
        /// the name of the date
        date: String,
        /// the format as written
        format: String,
    },
    /// IMP-08: derived from what is not read.
    #[error("`[dates.{0}]` is derived from a date that has no column")]
    Derivation(String),
    /// IMP-09: an unknown name.
    #[error("`{key}` names `{name}`, which is not read from a column")]
    Unread {
        /// the key in the mapping
        key: &'static str,
        /// the name it gives
        name: String,
    },
    /// IMP-10: a token with two meanings.
    #[error("the token `{0}` means both missing and redacted")]
    Token(String),
    /// IMP-11: a product that cannot be computed, or a rounding of nothing.
    #[error(
        "`[amount]` needs `rounding` with `times` or `divided_by` and only then; these are columns and numbers \
         from 1 on, at most {FACTORS_MAX} each; and a debit and a credit are not multiplied"
    )]
    Product,
    /// IMP-12: a split that does not tell its documents apart.
    #[error("`[split]` needs different `columns`, and its `field` in `key`")]
    Split,
    /// IMP-13: credit notes that cannot be told, or a reference that leads nowhere.
    #[error(
        "`[credit_notes]` needs `type` with `invoices` and `credit_notes`, which differ, or `reference`; \
         and with `reference`, `names`, a column of `key`"
    )]
    CreditNotes,
    /// IMP-14: a field without a column, or with two ways to read it.
    #[error("`{0}` needs either `column` or `join` with two or more, and `with` only to join")]
    Field(String),
    /// IMP-15: a text that numbers or lines are made of.
    #[error("`{key}` needs short texts that hold no digit, sign, quote or end of line: `{text}` is none")]
    Text {
        /// the key in the mapping
        key: &'static str,
        /// the text as written
        text: String,
    },
    /// IMP-16: a name that no document has.
    #[error("`required` names `{0}`, which is neither a field of a document nor a date")]
    Required(String),
    /// IMP-17: nobody says the currency.
    #[error("the mapping states no currency")]
    NoCurrency,
    /// IMP-17: two say it.
    #[error("the mapping states the currency, and so does the import")]
    TwoCurrencies,
    /// IMP-18: no record can hold it.
    #[error("the value of `{0}` has more than {FIELD_BYTES_MAX} bytes, which no field of a record holds")]
    LongValue(String),
}

impl MappingFault {
    /// Names the file.
    pub(super) fn of(self, file: &str) -> BadMapping {
        BadMapping { file: file.into(), fault: self }
    }
}

impl Failure for BadMapping {
    fn code(&self) -> &'static str {
        "MAPPING_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self.fault {
            MappingFault::TooLarge | MappingFault::Toml { .. } => "IMP-01",
            MappingFault::Shape { .. } | MappingFault::UnknownKey { .. } => "IMP-02",
            MappingFault::Name(_) | MappingFault::NamedTwice(_) => "IMP-03",
            MappingFault::NoKey | MappingFault::Key(_) => "IMP-04",
            MappingFault::Mark { .. } => "IMP-05",
            MappingFault::AmountColumns => "IMP-06",
            MappingFault::CurrencySource | MappingFault::Currency(_) => "IMP-07",
            MappingFault::DateSource(_) | MappingFault::DateFormat { .. } | MappingFault::Derivation(_) => {
                "IMP-08"
            }
            MappingFault::Unread { .. } => "IMP-09",
            MappingFault::Token(_) => "IMP-10",
            MappingFault::Product => "IMP-11",
            MappingFault::Split => "IMP-12",
            MappingFault::CreditNotes => "IMP-13",
            MappingFault::Field(_) => "IMP-14",
            MappingFault::Text { .. } => "IMP-15",
            MappingFault::Required(_) => "IMP-16",
            MappingFault::NoCurrency | MappingFault::TwoCurrencies => "IMP-17",
            MappingFault::LongValue(_) => "IMP-18",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self.fault {
            MappingFault::NoCurrency => {
                "write `[currency]` with `code` or `column` into it, or give --currency CODE".into()
            }
            MappingFault::TwoCurrencies => "leave --currency out".into(),
            _ => format!("correct `{}`; specs/09-documents.md explains every key", self.file),
        }
    }
}
