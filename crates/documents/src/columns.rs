//! The columns of a mapping, bound to a header, and the rows read through them.
//!
//! Binding happens once a source; after that a row is a few look-ups by position. Values borrow from
//! the record, so that a row costs little until its document keeps it.

use std::collections::BTreeMap;

use parclose_types::limits::FIELD_BYTES_MAX;

use crate::currency::Currency;
use crate::date::{self, IsoDate};
use crate::mapping::{AmountFrom, CurrencyFrom, Mapping};
use crate::record::Record;
use crate::row::BadRow;
use crate::source::SourceFault;

/// A broken rule and the column it was found in.
pub(crate) type CellFault = (BadRow, Option<String>);

/// A mapped column: its name, its position in the records of one source, what it is called here.
#[derive(Debug, Clone, Copy)]
struct Column<'m> {
    field: &'m str,
    name: &'m str,
    at: usize,
}

/// One row, read. Values borrow from the record.
#[derive(Debug)]
pub(crate) struct Row<'m, 'r> {
    pub(crate) amount_minor: i64,
    pub(crate) currency: Currency,
    /// date, column, value; those that the row has
    pub(crate) dates: Vec<(&'m str, &'m str, IsoDate)>,
    /// field, column, value; those that the row has
    pub(crate) document: Vec<(&'m str, &'m str, &'r str)>,
    /// field, value; those that the row has
    pub(crate) line: Vec<(&'m str, &'r str)>,
}

/// A mapping bound to the header of one source.
#[derive(Debug)]
pub(crate) struct Columns<'m> {
    mapping: &'m Mapping,
    width: usize,
    key: Vec<Column<'m>>,
    currency: Option<Column<'m>>,
    amount: Vec<Column<'m>>,
    dates: Vec<(Column<'m>, &'m [String])>,
    document: Vec<Column<'m>>,
    line: Vec<Column<'m>>,
}

impl<'m> Columns<'m> {
    /// Finds the columns of the mapping in a header.
    ///
    /// # Rules
    ///
    /// > IMP-21: a source has a header row of text after the skipped rows.
    /// > IMP-22: no two columns of a header have the same name; columns without a name do not count.
    /// > IMP-23: the header has every column that the mapping names.
    pub(crate) fn bind(mapping: &'m Mapping, header: &Record<'_>) -> Result<Self, SourceFault> {
        let mut positions = BTreeMap::new();
        for (at, cell) in header.cells.iter().enumerate() {
            let name = text(cell).map_err(|_| SourceFault::Header)?;
            if !name.is_empty() && positions.insert(name, at).is_some() {
                return Err(SourceFault::TwiceNamed(name.into()));
            }
        }
        let find = |field: &'m str, name: &'m str| match positions.get(name.trim()) {
            Some(&at) => Ok(Column { field, name, at }),
            None => Err(SourceFault::MissingColumn(name.into())),
        };
        let fields = |map: &'m BTreeMap<String, String>| {
            map.iter().map(|(field, name)| find(field, name)).collect::<Result<Vec<_>, _>>()
        };
        let amount: &[&String] = match &mapping.amount {
            AmountFrom::One(column) => &[column],
            AmountFrom::DebitCredit(debit, credit) => &[debit, credit],
        };
        let dates = mapping.dates.iter();
        Ok(Self {
            mapping,
            width: header.cells.len(),
            key: mapping
                .key
                .iter()
                .filter_map(|field| Some(find(field, mapping.document.get(field)?)))
                .collect::<Result<_, _>>()?,
            currency: match &mapping.currency {
                CurrencyFrom::Code(_) => None,
                CurrencyFrom::Column(column) => Some(find("currency", column)?),
            },
            amount: amount.iter().map(|column| find("amount", column)).collect::<Result<_, _>>()?,
            dates: dates
                .map(|(date, from)| Ok((find(date, &from.column)?, from.formats.as_slice())))
                .collect::<Result<_, SourceFault>>()?,
            document: fields(&mapping.document)?,
            line: fields(&mapping.line)?,
        })
    }

    /// Reads the grouping key of a record, and whether a part of it is redacted.
    ///
    /// # Rules
    ///
    /// > IMP-30: a record has the columns of its header, and quotes only round whole cells.
    /// > IMP-33: every column of the grouping key has a value.
    /// > IMP-34: not every column of the grouping key is redacted, for such a key tells nothing apart.
    pub(crate) fn key(&self, record: &Record<'_>) -> Result<(Vec<String>, bool), CellFault> {
        if record.cells.len() != self.width {
            return Err((BadRow::ColumnCount { expected: self.width, found: record.cells.len() }, None));
        }
        let mut key = Vec::with_capacity(self.key.len());
        let mut redacted = 0;
        for column in &self.key {
            let value =
                self.value(record, *column)?.ok_or_else(|| (BadRow::NoKey, Some(column.name.into())))?;
            redacted += usize::from(self.mapping.redacted.contains(value));
            key.push(value.to_owned());
        }
        if redacted == key.len() { Err((BadRow::RedactedKey, None)) } else { Ok((key, redacted > 0)) }
    }

    /// Reads the rest of a record whose key was read.
    ///
    /// # Rules
    ///
    /// > IMP-38: the date of the month is present, and every date is one day by the formats of the mapping.
    /// > IMP-39: the currency of a line is an ISO 4217 code with minor units.
    pub(crate) fn row<'r>(&self, record: &'r Record<'_>) -> Result<Row<'m, 'r>, CellFault> {
        let currency = self.read_currency(record)?;
        let mut row = Row {
            amount_minor: self.read_amount(record, currency)?,
            currency,
            dates: Vec::with_capacity(self.dates.len()),
            document: Vec::with_capacity(self.document.len()),
            line: Vec::with_capacity(self.line.len()),
        };
        for (column, formats) in &self.dates {
            let fault = || (BadRow::Date, Some(column.name.to_owned()));
            match self.value(record, *column)? {
                Some(text) => {
                    row.dates.push((column.field, column.name, date::read(text, formats).ok_or_else(fault)?))
                }
                None if column.field == self.mapping.month => return Err(fault()),
                None => {}
            }
        }
        for column in &self.document {
            row.document.extend(self.value(record, *column)?.map(|value| (column.field, column.name, value)));
        }
        for column in &self.line {
            row.line.extend(self.value(record, *column)?.map(|value| (column.field, value)));
        }
        Ok(row)
    }

    fn read_currency(&self, record: &Record<'_>) -> Result<Currency, CellFault> {
        match (&self.mapping.currency, self.currency) {
            (CurrencyFrom::Code(currency), _) => Ok(*currency),
            (CurrencyFrom::Column(name), column) => {
                let text = column.map(|column| self.value(record, column)).transpose()?.flatten();
                text.and_then(Currency::find).ok_or_else(|| (BadRow::Currency, Some(name.clone())))
            }
        }
    }

    fn read_amount(&self, record: &Record<'_>, currency: Currency) -> Result<i64, CellFault> {
        let texts: Vec<Option<&str>> =
            self.amount.iter().map(|column| self.value(record, *column)).collect::<Result<_, _>>()?;
        let amount = match texts.as_slice() {
            [Some(text)] => self.mapping.notation.read(text, currency),
            [debit, credit] => self.mapping.notation.read_pair(*debit, *credit, currency),
            _ => Err(BadRow::Amount),
        };
        amount.map_err(|fault| (fault, self.amount.first().map(|column| column.name.into())))
    }

    /// The trimmed text of a cell; `None` when it is missing.
    fn value<'r>(&self, record: &'r Record<'_>, column: Column<'m>) -> Result<Option<&'r str>, CellFault> {
        let cell = record.cells.get(column.at).map_or(&[][..], |cell| cell.as_ref());
        let value = text(cell).map_err(|fault| (fault, Some(column.name.into())))?;
        Ok(Some(value).filter(|value| !self.mapping.missing.contains(*value)))
    }
}

/// Reads a cell as text, without the white space round it.
///
/// # Rules
///
/// > IMP-31: a mapped cell is text in the encoding of its file, without control characters.
/// > IMP-32: a mapped cell is no longer than a field of a record.
fn text(cell: &[u8]) -> Result<&str, BadRow> {
    if cell.len() > FIELD_BYTES_MAX {
        return Err(BadRow::TooLong);
    }
    let text = std::str::from_utf8(cell).map_err(|_| BadRow::Encoding)?;
    if text.chars().any(char::is_control) { Err(BadRow::Control) } else { Ok(text.trim()) }
}
