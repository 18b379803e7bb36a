//! The rules that a row, or the document it belongs to, can break.
//!
//! A fault names its rule, never the text of the cell: rejections are shown and sent, and cells hold
//! names and prices.

use parclose_types::limits::FIELD_BYTES_MAX;
use parclose_types::{Failure, Fault};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Why a row or its document is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// IMP-30: a quote out of place, or too many columns.
    #[error("the record is malformed: a quote is not closed, or stands within a cell")]
    Malformed,
    /// IMP-30: not the columns of the header.
    #[error("the record has {found} columns, the header {expected}")]
    ColumnCount {
        /// columns of the header
        expected: usize,
        /// columns of the record
        found: usize,
    },
    /// IMP-31: not UTF-8.
    #[error("the cell is not in the encoding of the file")]
    Encoding,
    /// IMP-31: a control character.
    #[error("the cell holds a control character")]
    Control,
    /// IMP-32: too long.
    #[error("the cell is longer than {FIELD_BYTES_MAX} bytes")]
    TooLong,
    /// IMP-33: no value where the grouping key needs one.
    #[error("a column of the grouping key is empty")]
    NoKey,
    /// IMP-34: only redacted values in the grouping key.
    #[error("every column of the grouping key is redacted")]
    RedactedKey,
    /// IMP-35: not a number as the mapping writes numbers.
    #[error("the amount is missing or not written as the mapping says")]
    Amount,
    /// IMP-36: more decimals than the currency has.
    #[error("the amount has more than the {digits} decimals of {currency}")]
    Decimals {
        /// ISO 4217
        currency: &'static str,
        /// decimals of its minor unit
        digits: u32,
    },
    /// IMP-37: beyond 64 bits.
    #[error("the amount does not fit 64 bits of minor units")]
    AmountTooLarge,
    /// IMP-38: no date, or none that the formats read as one day.
    #[error("the date is missing, or not one day by the formats of the mapping")]
    Date,
    /// IMP-39: not a currency.
    #[error("the currency is missing or not an ISO 4217 code with minor units")]
    Currency,
    /// IMP-40: two currencies in one document.
    #[error("the document has lines in different currencies")]
    MixedCurrencies,
    /// IMP-41: values that must agree differ.
    #[error("the value differs from that of an earlier line, and the mapping says they must agree")]
    Disagrees,
    /// IMP-42: a line id twice.
    #[error("the document has another line of the same id")]
    LineTwice,
    /// IMP-43: nothing is owed.
    #[error("the total of the document is zero or less")]
    TotalNotPositive,
    /// IMP-43: more than a ledger amount holds.
    #[error("the total of the document does not fit 64 bits of minor units")]
    TotalTooLarge,
    /// IMP-44: a row like an earlier one.
    #[error("the document has an earlier row that is the same")]
    SameRow,
    /// IMP-45: what lowers a claim and names none.
    #[error("a credit note is no claim, and this one names no document that it corrects")]
    CreditNote,
    /// IMP-46: what it names is not there.
    #[error("the credit note names a document that is not among these sources")]
    NothingToCorrect,
    /// IMP-46: it raises what it should lower.
    #[error("the credit note does not lower the document that it names")]
    NotLowered,
    /// IMP-47: neither an invoice nor a credit note.
    #[error("the type code is missing, or none that the mapping knows")]
    TypeCode,
    /// IMP-48: a party, or whatever else the mapping calls necessary.
    #[error("the document has no `{0}`, which the mapping requires")]
    Required(String),
    /// IMP-49: a product that is not exact in 128 bits, or a quotient of zero.
    #[error("the product does not fit, divides by zero, or does not come out even")]
    Product,
    /// IMP-53: too long.
    #[error("the record is longer than 4 MiB")]
    RecordTooLong,
    /// IMP-54: too many lines.
    #[error("the document has more than {LINES_MAX} lines")]
    TooManyLines,
    /// IMP-55: nothing in it.
    #[error("no column of the split has an amount")]
    NoAmount,
}

/// Lines of one document.
pub(crate) const LINES_MAX: usize = 1 << 16;

impl Failure for BadRow {
    fn code(&self) -> &'static str {
        "ROW_REJECTED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed | Self::ColumnCount { .. } => "IMP-30",
            Self::Encoding | Self::Control => "IMP-31",
            Self::TooLong => "IMP-32",
            Self::NoKey => "IMP-33",
            Self::RedactedKey => "IMP-34",
            Self::Amount => "IMP-35",
            Self::Decimals { .. } => "IMP-36",
            Self::AmountTooLarge => "IMP-37",
            Self::Date => "IMP-38",
            Self::Currency => "IMP-39",
            Self::MixedCurrencies => "IMP-40",
            Self::Disagrees => "IMP-41",
            Self::LineTwice => "IMP-42",
            Self::TotalNotPositive | Self::TotalTooLarge => "IMP-43",
            Self::SameRow => "IMP-44",
            Self::CreditNote => "IMP-45",
            Self::NothingToCorrect | Self::NotLowered => "IMP-46",
            Self::TypeCode => "IMP-47",
            Self::Required(_) => "IMP-48",
            Self::Product => "IMP-49",
            Self::RecordTooLong => "IMP-53",
            Self::TooManyLines => "IMP-54",
            Self::NoAmount => "IMP-55",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::LineTwice => "check that no row and no file is given twice",
            Self::TotalNotPositive => "nothing is owed: there is no claim to import",
            Self::SameRow => {
                "if it is a repetition, say so in `[duplicates]`: then = \"once\"; if not, \"each\""
            }
            Self::CreditNote => "name the column that holds the corrected document, in `[credit_notes]`",
            Self::NothingToCorrect => "import the credit note together with the document that it corrects",
            Self::NotLowered => "check `amounts` in `[credit_notes]`",
            Self::TypeCode => "add the code to `invoices` or `credit_notes`",
            Self::Required(_) => "complete the row, give `otherwise` in the mapping, or do not require it",
            Self::Product => "check `times`, `divided_by` and `rounding` of the mapping",
            Self::TooManyLines => "add a column to `key` that divides the document",
            Self::NoAmount => "nothing: the row holds no document",
            Self::MixedCurrencies | Self::RedactedKey => {
                "add a column to `key` that tells the documents apart"
            }
            Self::Disagrees => "correct the row, or take the field out of `must_agree`",
            Self::TotalTooLarge | Self::AmountTooLarge => "state the amount in a coarser unit",
            _ => "correct the row in the file, or the mapping if all rows are so",
        }
        .into()
    }
}

impl Serialize for BadRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("BadRow", 2)?;
        out.serialize_field("rule", self.rule())?;
        out.serialize_field("message", &self.to_string())?;
        out.end()
    }
}
