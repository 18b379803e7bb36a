//! The names of fields, and where they are read.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::limits::{FIELD_BYTES_MAX, NAME_BYTES_MAX, RECORD_FIELDS_MAX};

use super::super::FieldFrom;
use super::super::refusal::MappingFault;
use super::super::written::{Field, Written};

/// Names that lines have without a mapping.
const OF_EVERY_LINE: [&str; 4] = ["amount_minor", "credit_note", "currency", "source"];

/// Document fields, line fields, constants and dates share one name space.
///
/// # Rules
///
/// > IMP-03: a field is named once, in a lower-case word that fits a name.
pub(super) fn names(written: &Written) -> Result<(), MappingFault> {
    let fields = written.document.keys().chain(written.line.keys()).chain(written.constants.keys());
    let split = written.split.iter().flat_map(|split| std::iter::once(&split.field).chain(&split.text));
    let mut seen = BTreeSet::new();
    for name in fields.chain(written.dates.keys()).chain(split) {
        if !is_name(name) {
            return Err(MappingFault::Name(name.clone()));
        }
        if !seen.insert(name) {
            return Err(MappingFault::NamedTwice(name.clone()));
        }
    }
    let of_lines = written.line.keys().chain(written.split.iter().filter_map(|split| split.text.as_ref()));
    match of_lines.into_iter().find(|name| OF_EVERY_LINE.contains(&name.as_str())) {
        Some(name) => Err(MappingFault::NamedTwice(name.clone())),
        None => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Constants, stand-ins for what is missing, and what a split says of its columns become values of records.
///
/// # Rules
///
/// > IMP-18: a value that a mapping itself gives is no longer than a field of a record.
pub(super) fn values(written: &Written) -> Result<(), MappingFault> {
    let fields = written.document.iter().chain(&written.line);
    let stand_ins = fields.filter_map(|(name, field)| Some((name, field.otherwise.as_ref()?)));
    let of_split =
        written.split.iter().flat_map(|split| split.columns.keys().map(|value| (&split.field, value)));
    let mut all = written.constants.iter().chain(stand_ins).chain(of_split);
    match all.find(|(_, value)| value.len() > FIELD_BYTES_MAX) {
        Some((name, _)) => Err(MappingFault::LongValue(name.clone())),
        None => Ok(()),
    }
}

/// # Rules
///
/// > IMP-14: a field is read from one column, or joined from several.
pub(super) fn fields(written: BTreeMap<String, Field>) -> Result<BTreeMap<String, FieldFrom>, MappingFault> {
    let read = |(name, field): (String, Field)| {
        let joiner = field.with.is_some();
        let columns = match (field.column, field.join) {
            (Some(column), None) if !joiner => vec![column],
            (None, Some(columns)) if (2..=RECORD_FIELDS_MAX).contains(&columns.len()) => columns,
            _ => return Err(MappingFault::Field(name)),
        };
        let with = field.with.unwrap_or_default();
        let writable = |text: &str| !text.chars().any(char::is_control);
        if !writable(&with)
            || !field.otherwise.as_deref().is_none_or(|text| writable(text) && !text.trim().is_empty())
        {
            return Err(MappingFault::Field(name));
        }
        Ok((name, FieldFrom { columns, with, otherwise: field.otherwise }))
    };
    written.into_iter().map(read).collect()
}
