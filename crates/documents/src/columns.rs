//! The columns of a mapping, bound to a header, and the rows read through them.
//!
//! Binding happens once a source; after that a row is a few look-ups by position. Values borrow from
//! the record, so that a row costs little until its document keeps it.
//!
//! ```text
//!   header --bind--> Columns
//!   record --parts--> Part            one; or one for each column of the split that has an amount
//!     part --amount--> minor units    read first, so that what is left out is counted with its sum
//!     part --key--> Key               which document it belongs to
//!     part --row--> Row               everything else
//! ```

mod amount;
mod key;
mod row;

use std::borrow::Cow;
use std::collections::BTreeMap;

use parclose_types::limits::FIELD_BYTES_MAX;

use crate::mapping::{Base, CurrencyFrom, FieldFrom, Mapping};
use crate::record::Record;
use crate::row::BadRow;
use crate::source::SourceFault;
use amount::Amount;

pub(crate) use key::Credit;
pub(crate) use row::Row;

/// A broken rule and the column it was found in.
pub(crate) type CellFault = (BadRow, Option<String>);

/// A mapped column: its name and its position in the records of one source.
#[derive(Debug, Clone, Copy)]
struct Column<'m> {
    name: &'m str,
    at: usize,
}

impl Column<'_> {
    fn fault(self, reason: BadRow) -> CellFault {
        (reason, Some(self.name.into()))
    }
}

/// A field and the columns that it is read from.
#[derive(Debug, Clone)]
struct Field<'m> {
    name: &'m str,
    from: &'m FieldFrom,
    columns: Vec<Column<'m>>,
}

/// One of the documents that a row belongs to; without a split there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part(usize);

/// A mapping bound to the header of one source.
#[derive(Debug)]
pub(crate) struct Columns<'m> {
    mapping: &'m Mapping,
    width: usize,
    /// `None` for the field of the split
    key: Vec<Option<Column<'m>>>,
    currency: Option<Column<'m>>,
    amount: Amount<'m>,
    dates: Vec<(&'m str, Column<'m>, &'m [String])>,
    document: Vec<Field<'m>>,
    line: Vec<Field<'m>>,
    /// the value of the split's field, and its column
    split: Vec<(&'m str, Column<'m>)>,
    credit_note_type: Option<Column<'m>>,
    reference: Option<Column<'m>>,
}

/// Where the columns of a header stand.
struct Header<'h>(BTreeMap<Cow<'h, str>, usize>);

impl<'h> Header<'h> {
    /// # Rules
    ///
    /// > IMP-21: a source has a header row of text after the skipped rows.
    /// > IMP-22: no two columns of a header have the same name; columns without a name do not count.
    fn read(header: &Record<'h>) -> Result<Self, SourceFault> {
        let mut positions = BTreeMap::new();
        for (at, cell) in header.cells().enumerate() {
            let name = text(cell).map_err(|_| SourceFault::Header)?;
            if !name.is_empty() && positions.contains_key(&name) {
                return Err(SourceFault::TwiceNamed(name.into()));
            }
            positions.insert(name, at);
        }
        Ok(Self(positions))
    }

    /// # Rules
    ///
    /// > IMP-23: the header has every column that the mapping names.
    fn find<'m>(&self, name: &'m str) -> Result<Column<'m>, SourceFault> {
        match self.0.get(name.trim()) {
            Some(&at) if !name.trim().is_empty() => Ok(Column { name, at }),
            _ => Err(SourceFault::MissingColumn(name.into())),
        }
    }

    fn fields<'m>(&self, fields: &'m BTreeMap<String, FieldFrom>) -> Result<Vec<Field<'m>>, SourceFault> {
        let field = |(name, from): (&'m String, &'m FieldFrom)| {
            let columns = from.columns.iter().map(|column| self.find(column)).collect::<Result<_, _>>()?;
            Ok(Field { name, from, columns })
        };
        fields.iter().map(field).collect()
    }
}

impl<'m> Columns<'m> {
    /// Finds the columns of the mapping in a header.
    pub(crate) fn bind(mapping: &'m Mapping, header: &Record<'_>) -> Result<Self, SourceFault> {
        let width = header.width();
        let header = Header::read(header)?;
        let find = |name: &'m String| header.find(name);
        let key =
            |field: &'m String| mapping.document.get(field).and_then(|from| from.columns.first()).map(find);
        let notes = mapping.credit_notes.as_ref();
        let currency = match &mapping.currency {
            Some(CurrencyFrom::Column(column)) => Some(find(column)?),
            Some(CurrencyFrom::Code(_)) | None => None,
        };
        Ok(Self {
            mapping,
            width,
            key: mapping.key.iter().map(|field| key(field).transpose()).collect::<Result<_, _>>()?,
            currency,
            amount: Amount::bind(mapping, &header)?,
            dates: mapping
                .dates
                .iter()
                .map(|(date, from)| Ok((date.as_str(), find(&from.column)?, from.formats.as_slice())))
                .collect::<Result<_, SourceFault>>()?,
            document: header.fields(&mapping.document)?,
            line: header.fields(&mapping.line)?,
            split: match (&mapping.split, &mapping.amount.base) {
                (Some(split), Base::Split) => split
                    .columns
                    .iter()
                    .map(|(value, column)| Ok((value.as_str(), find(column)?)))
                    .collect::<Result<_, SourceFault>>()?,
                _ => Vec::new(),
            },
            credit_note_type: notes.and_then(|n| n.types.as_ref()).map(|t| find(&t.column)).transpose()?,
            reference: notes.and_then(|n| n.reference.as_ref()).map(|r| find(&r.column)).transpose()?,
        })
    }

    /// # Rules
    ///
    /// > IMP-30: a record has the columns of its header, and quotes only round whole cells.
    pub(crate) fn check_width(&self, record: &Record<'_>) -> Result<(), BadRow> {
        let found = record.width();
        if found == self.width { Ok(()) } else { Err(BadRow::ColumnCount { expected: self.width, found }) }
    }

    /// The documents that a row belongs to.
    ///
    /// # Rules
    ///
    /// > IMP-55: a row of a split gives a document for each column that has an amount other than zero, and at least one.
    pub(crate) fn parts<'a>(&'a self, record: &'a Record<'_>) -> impl Iterator<Item = Part> + 'a {
        let whole = self.split.is_empty().then_some(Part(0));
        let is_part = |(_, column): &(&str, Column<'m>)| match self.value(record, *column) {
            Ok(Some(text)) => !self.mapping.notation.decimal(&text).is_ok_and(|number| number.unscaled == 0),
            Ok(None) => false,
            // What cannot be read is no reason to leave it out: its document is rejected for it.
            Err(_) => true,
        };
        let of_split = self.split.iter().enumerate().filter(move |(_, split)| is_part(split));
        whole.into_iter().chain(of_split.map(|(at, _)| Part(at)))
    }

    /// The trimmed text of a cell; `None` when it is missing.
    fn value<'r>(&self, record: &Record<'r>, column: Column<'m>) -> Result<Option<Cow<'r, str>>, CellFault> {
        let cell = record.cell(column.at).unwrap_or_default();
        let value = text(cell).map_err(|fault| column.fault(fault))?;
        Ok(Some(value).filter(|value| !self.mapping.missing.contains(value.as_ref())))
    }

    /// The value of a field: of its column, or of those of its columns that have one.
    fn field_value<'r>(
        &self,
        record: &Record<'r>,
        field: &Field<'m>,
    ) -> Result<Option<Cow<'r, str>>, CellFault>
    where
        'm: 'r,
    {
        let mut joined: Option<Cow<'r, str>> = None;
        for column in &field.columns {
            let Some(value) = self.value(record, *column)? else { continue };
            joined = Some(match joined {
                None => value,
                Some(before) => Cow::Owned([&before, field.from.with.as_str(), &value].concat()),
            });
            if joined.as_ref().is_some_and(|text| text.len() > FIELD_BYTES_MAX) {
                return Err(column.fault(BadRow::TooLong));
            }
        }
        Ok(joined.or_else(|| field.from.otherwise.as_deref().map(Cow::Borrowed)))
    }
}

/// Reads a cell as text, without the white space round it.
///
/// # Rules
///
/// > IMP-31: a mapped cell is text in the encoding of its file, without control characters.
/// > IMP-32: a mapped cell is no longer than a field of a record.
pub(crate) fn text(cell: Cow<'_, [u8]>) -> Result<Cow<'_, str>, BadRow> {
    if cell.len() > FIELD_BYTES_MAX {
        return Err(BadRow::TooLong);
    }
    let text = match cell {
        Cow::Borrowed(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| BadRow::Encoding)?),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).map_err(|_| BadRow::Encoding)?),
    };
    if text.chars().any(char::is_control) {
        return Err(BadRow::Control);
    }
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}
