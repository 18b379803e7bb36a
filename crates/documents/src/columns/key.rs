//! Which document a row belongs to.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{CellFault, Columns, Part};
use crate::record::Record;
use crate::row::BadRow;

/// The grouping key of a line.
#[derive(Debug)]
pub(crate) struct Key {
    /// one value for each field of the mapping's key
    pub(crate) values: Vec<String>,
    /// whether a part of it is a redaction token
    pub(crate) redacted: bool,
    pub(crate) credit: Credit,
}

/// Whether a line lowers a claim, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credit {
    /// a line of an invoice
    None,
    /// of a credit note that names no document
    Unlinked,
    /// of the credit note of this number, which names the document
    Linked(String),
}

impl Key {
    /// A number for the key, the same in both readings of a run. Two keys may share one.
    pub(crate) fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.values.hash(&mut hasher);
        hasher.finish()
    }
}

impl Columns<'_> {
    /// Whether a row is one of a credit note: by its type code, or without codes because it refers to a document.
    ///
    /// # Rules
    ///
    /// > IMP-47: the type code of a row is one that the mapping knows.
    pub(crate) fn is_credit_note(&self, record: &Record<'_>) -> Result<bool, CellFault> {
        let types = self.mapping.credit_notes.as_ref().and_then(|notes| notes.types.as_ref());
        let (Some(column), Some(types)) = (self.credit_note_type, types) else {
            return Ok(self.reference(record)?.is_some());
        };
        let code = self.value(record, column)?.unwrap_or_default();
        match code.as_ref() {
            code if types.credit_notes.contains(code) => Ok(true),
            code if types.invoices.contains(code) => Ok(false),
            _ => Err(column.fault(BadRow::TypeCode)),
        }
    }

    /// The value that names the corrected document; a redacted one names none.
    fn reference<'r>(&self, record: &Record<'r>) -> Result<Option<Cow<'r, str>>, CellFault> {
        let value = self.reference.map(|column| self.value(record, column)).transpose()?.flatten();
        Ok(value.filter(|value| !self.mapping.redacted.contains(value.as_ref())))
    }

    /// Reads the grouping key of a part: for a linked credit note, that of the document it names.
    ///
    /// # Rules
    ///
    /// > IMP-33: every column of the grouping key has a value.
    /// > IMP-34: not every column of the grouping key is redacted, for such a key tells nothing apart.
    pub(crate) fn key(&self, record: &Record<'_>, part: Part, credit_note: bool) -> Result<Key, CellFault> {
        let mut values = Vec::with_capacity(self.key.len());
        let mut redacted = 0;
        for column in &self.key {
            let Some(column) = column else {
                values.push(self.split.get(part.0).map_or("", |(value, _)| *value).to_owned());
                continue;
            };
            let value = self.value(record, *column)?.ok_or_else(|| column.fault(BadRow::NoKey))?;
            redacted += usize::from(self.mapping.redacted.contains(value.as_ref()));
            values.push(value.into_owned());
        }
        if redacted == values.len() {
            return Err((BadRow::RedactedKey, None));
        }
        let credit = if credit_note { self.link(record, &mut values)? } else { Credit::None };
        let redacted = values.iter().any(|value| self.mapping.redacted.contains(value));
        Ok(Key { values, redacted, credit })
    }

    /// Puts the referenced value in the place of the credit note's own number.
    fn link(&self, record: &Record<'_>, values: &mut [String]) -> Result<Credit, CellFault> {
        let reference = self.mapping.credit_notes.as_ref().and_then(|notes| notes.reference.as_ref());
        let place = reference.and_then(|reference| values.get_mut(reference.names));
        match (place, self.reference(record)?) {
            (Some(place), Some(named)) => Ok(Credit::Linked(std::mem::replace(place, named.into_owned()))),
            _ => Ok(Credit::Unlinked),
        }
    }
}
