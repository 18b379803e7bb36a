//! Everything that a row says about its document and its line.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::{CellFault, Column, Columns, Part};
use crate::date::{self, IsoDate};
use crate::mapping::Same;
use crate::record::Record;
use crate::row::BadRow;

/// One row, read. Values borrow from the record.
#[derive(Debug)]
pub(crate) struct Row<'m, 'r> {
    /// date, column, value; those that the row has
    pub(crate) dates: Vec<(&'m str, &'m str, IsoDate)>,
    /// field, column, value; those that the row has
    pub(crate) document: Vec<(&'m str, &'m str, Cow<'r, str>)>,
    /// field, value; those that the row has
    pub(crate) line: Vec<(&'m str, Cow<'r, str>)>,
}

impl<'m> Columns<'m> {
    /// Reads the rest of a record whose key and amount were read. A credit note needs no date.
    ///
    /// # Rules
    ///
    /// > IMP-38: the date of the month is present, and every date is one day by the formats of the mapping.
    pub(crate) fn row<'r>(
        &self,
        record: &Record<'r>,
        part: Part,
        credit_note: bool,
    ) -> Result<Row<'m, 'r>, CellFault>
    where
        'm: 'r,
    {
        let mut row = Row {
            dates: Vec::with_capacity(self.dates.len()),
            document: Vec::with_capacity(self.document.len()),
            line: Vec::with_capacity(self.line.len()),
        };
        for (date, column, formats) in &self.dates {
            match self.value(record, *column)? {
                Some(text) => {
                    let day = date::read(&text, formats).ok_or_else(|| column.fault(BadRow::Date))?;
                    row.dates.push((date, column.name, day));
                }
                None if self.mapping.month.as_deref() == Some(*date) && !credit_note => {
                    return Err(column.fault(BadRow::Date));
                }
                None => {}
            }
        }
        for field in &self.document {
            let name = field.columns.first().map_or("", |column| column.name);
            row.document.extend(self.field_value(record, field)?.map(|value| (field.name, name, value)));
        }
        for field in &self.line {
            row.line.extend(self.field_value(record, field)?.map(|value| (field.name, value)));
        }
        self.add_split(record, part, &mut row)?;
        Ok(row)
    }

    fn add_split<'r>(&self, record: &Record<'r>, part: Part, row: &mut Row<'m, 'r>) -> Result<(), CellFault>
    where
        'm: 'r,
    {
        let (Some(split), Some((value, column))) = (&self.mapping.split, self.split.get(part.0)) else {
            return Ok(());
        };
        row.document.push((&split.field, column.name, Cow::Borrowed(value)));
        if let Some(field) = &split.text {
            row.line.extend(self.value(record, *column)?.map(|value| (field.as_str(), value)));
        }
        Ok(())
    }

    /// A fingerprint of what has to be equal for two rows to be the same: the whole row, or what the
    /// mapping reads of it.
    pub(crate) fn print(&self, record: &Record<'_>) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut add = |cell: &[u8]| {
            hasher.update(u64::try_from(cell.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(cell);
        };
        match self.mapping.same {
            Same::Row => record.cells().for_each(|cell| add(&cell)),
            Same::Mapped => {
                for column in self.read_columns() {
                    // What cannot be read breaks another rule; here it is its own bytes.
                    match self.value(record, column) {
                        Ok(value) => add(value.unwrap_or_default().as_bytes()),
                        Err(_) => add(&record.cell(column.at).unwrap_or_default()),
                    }
                }
            }
        }
        hasher.finalize().into()
    }

    fn read_columns(&self) -> impl Iterator<Item = Column<'m>> + '_ {
        let fields = self.document.iter().chain(&self.line).flat_map(|field| field.columns.iter().copied());
        let dates = self.dates.iter().map(|(_, column, _)| *column);
        let split = self.split.iter().map(|(_, column)| *column);
        let single = [self.currency, self.credit_note_type, self.reference].into_iter().flatten();
        fields.chain(dates).chain(split).chain(single).chain(self.amount.columns())
    }
}
