//! The checks that turn a written mapping into a [`Mapping`].

mod amount;
mod fields;

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::MappingFault;
use super::written::{CreditNotes as WrittenCreditNotes, Date, File, Tokens, Written, WrittenCurrency};
use super::{
    CreditNotes, CurrencyFrom, DateFrom, Derivation, FieldFrom, Layout, Mapping, Reference, Split, Types,
};
use crate::currency::Currency;
use crate::date;

type Dates = (BTreeMap<String, DateFrom>, BTreeMap<String, Derivation>);

pub(super) fn check(written: Written) -> Result<Mapping, MappingFault> {
    fields::names(&written)?;
    fields::values(&written)?;
    let split =
        written.split.map(|split| Split { field: split.field, text: split.text, columns: split.columns });
    let (document, line) = (fields::fields(written.document)?, fields::fields(written.line)?);
    key(&written.key, &document, split.as_ref())?;
    if let Some(split) = &split {
        is_split(split, &written.key)?;
    }
    let (missing, redacted) = tokens(written.tokens)?;
    let (dates, derived_dates) = split_dates(written.dates)?;
    let mapping = Mapping {
        layout: layout(written.file)?,
        missing,
        redacted,
        credit_notes: written
            .credit_notes
            .map(|notes| credit_notes(notes, &written.key, &document))
            .transpose()?,
        key: written.key,
        must_agree: written.must_agree.into_iter().collect(),
        required: written.required.into_iter().collect(),
        month: written.month,
        currency: written.currency.map(currency).transpose()?,
        notation: amount::notation(&written.amount)?,
        amount: amount::from(written.amount, split.is_some())?,
        dates,
        derived_dates,
        document,
        line,
        constants: written.constants,
        split,
        same: written.duplicates.same,
        then: written.duplicates.then,
    };
    named(&mapping)?;
    Ok(mapping)
}

/// # Rules
///
/// > IMP-04: the grouping key is one or more different document columns.
fn key(
    key: &[String],
    document: &BTreeMap<String, FieldFrom>,
    split: Option<&Split>,
) -> Result<(), MappingFault> {
    if key.is_empty() {
        return Err(MappingFault::NoKey);
    }
    // A joined value can be that of other parts, and a stand-in that of everybody: both would merge documents.
    let plain = |field: &FieldFrom| field.columns.len() == 1 && field.otherwise.is_none();
    let is_one = |name: &String| {
        document.get(name).is_some_and(plain) || split.is_some_and(|split| split.field == *name)
    };
    let mut seen = BTreeSet::new();
    match key.iter().find(|name| !is_one(name) || !seen.insert(*name)) {
        Some(name) => Err(MappingFault::Key(name.clone())),
        None => Ok(()),
    }
}

/// # Rules
///
/// > IMP-12: a split has one or more different columns, and its field is part of the key.
fn is_split(split: &Split, key: &[String]) -> Result<(), MappingFault> {
    let columns: BTreeSet<&String> = split.columns.values().collect();
    let told_apart = key.contains(&split.field) && columns.len() == split.columns.len();
    let whole = |text: &String| !text.trim().is_empty() && !text.chars().any(char::is_control);
    if told_apart && !columns.is_empty() && split.columns.keys().all(whole) {
        Ok(())
    } else {
        Err(MappingFault::Split)
    }
}

/// # Rules
///
/// > IMP-09: what must agree, and the date of the month, are names that the mapping reads from columns.
/// > IMP-16: what is required is a field of the document or a date.
fn named(mapping: &Mapping) -> Result<(), MappingFault> {
    let read = |name: &String| mapping.document.contains_key(name) || mapping.dates.contains_key(name);
    if let Some(name) = mapping.must_agree.iter().find(|name| !read(name)) {
        return Err(MappingFault::Unread { key: "must_agree", name: name.clone() });
    }
    if let Some(name) = mapping.month.as_ref().filter(|name| !mapping.dates.contains_key(*name)) {
        return Err(MappingFault::Unread { key: "month", name: name.clone() });
    }
    let known: BTreeSet<&str> = mapping.document_fields().chain(mapping.dates()).collect();
    match mapping.required.iter().find(|name| !known.contains(name.as_str())) {
        Some(name) => Err(MappingFault::Required(name.clone())),
        None => Ok(()),
    }
}

/// # Rules
///
/// > IMP-13: credit notes are told by the codes of a type column, by a reference to a column of the key, or by both.
fn credit_notes(
    written: WrittenCreditNotes,
    key: &[String],
    document: &BTreeMap<String, FieldFrom>,
) -> Result<CreditNotes, MappingFault> {
    let trimmed =
        |list: Vec<String>| list.into_iter().map(|code| code.trim().to_owned()).collect::<BTreeSet<_>>();
    let (invoices, credit_notes) = (trimmed(written.invoices), trimmed(written.credit_notes));
    let codes = !invoices.is_empty() && !credit_notes.is_empty() && invoices.is_disjoint(&credit_notes);
    let types = match written.column {
        Some(column) if codes => Some(Types { column, invoices, credit_notes }),
        None if invoices.is_empty() && credit_notes.is_empty() => None,
        _ => return Err(MappingFault::CreditNotes),
    };
    let named = |name: &String| key.iter().position(|field| field == name && document.contains_key(name));
    let reference = match (written.reference, written.names.as_ref().map(named)) {
        (Some(column), Some(Some(names))) => Some(Reference { column, names }),
        (None, None) => None,
        _ => return Err(MappingFault::CreditNotes),
    };
    if types.is_none() && reference.is_none() {
        return Err(MappingFault::CreditNotes);
    }
    Ok(CreditNotes { types, amounts: written.amounts, reference })
}

fn layout(written: File) -> Result<Layout, MappingFault> {
    Ok(Layout {
        encoding: written.encoding,
        separator: separator(&written.separator)?,
        skip_rows: written.skip_rows,
        skip_prefixes: prefixes(written.skip_prefixes)?,
    })
}

fn separator(text: &str) -> Result<u8, MappingFault> {
    match text.as_bytes() {
        &[byte] if !byte.is_ascii_alphanumeric() && !b"\"\r\n\0".contains(&byte) && byte.is_ascii() => {
            Ok(byte)
        }
        _ => Err(MappingFault::Mark { key: "separator" }),
    }
}

/// Bytes of the longest prefix that is looked for.
const PREFIX_BYTES_MAX: usize = 256;

fn prefixes(list: Vec<String>) -> Result<Vec<String>, MappingFault> {
    let usable = |text: &String| (1..=PREFIX_BYTES_MAX).contains(&text.len()) && !text.contains(['\r', '\n']);
    match list.iter().find(|text| !usable(text)) {
        Some(text) => Err(MappingFault::Text { key: "skip_prefixes", text: text.clone() }),
        None => Ok(list),
    }
}

/// # Rules
///
/// > IMP-07: the currency is either one ISO 4217 code with minor units, or a column.
fn currency(written: WrittenCurrency) -> Result<CurrencyFrom, MappingFault> {
    match (written.code, written.column) {
        (Some(code), None) => currency_code(&code),
        (None, Some(column)) => Ok(CurrencyFrom::Column(column)),
        _ => Err(MappingFault::CurrencySource),
    }
}

pub(super) fn currency_code(code: &str) -> Result<CurrencyFrom, MappingFault> {
    Currency::find(code).map(CurrencyFrom::Code).ok_or_else(|| MappingFault::Currency(code.into()))
}

/// # Rules
///
/// > IMP-08: a date is either read from a column by formats that give a day, or derived from a date that is read.
fn split_dates(written: BTreeMap<String, Date>) -> Result<Dates, MappingFault> {
    let (mut read, mut derived) = (BTreeMap::new(), BTreeMap::new());
    for (name, date) in written {
        match (date.column, date.formats, date.derived_from, date.days_before) {
            (Some(column), Some(formats), None, None) if !formats.is_empty() => {
                if let Some(format) = formats.iter().find(|format| !date::is_usable(format)) {
                    return Err(MappingFault::DateFormat { date: name, format: format.clone() });
                }
                read.insert(name, DateFrom { column, formats });
            }
            (None, None, Some(from), Some(days_before)) => {
                derived.insert(name, Derivation { from, days_before });
            }
            _ => return Err(MappingFault::DateSource(name)),
        }
    }
    match derived.iter().find(|(_, derivation)| !read.contains_key(&derivation.from)) {
        Some((name, _)) => Err(MappingFault::Derivation(name.clone())),
        None => Ok((read, derived)),
    }
}

/// Tokens are compared with trimmed cells; an empty cell is always missing.
///
/// # Rules
///
/// > IMP-10: no token means both missing and redacted.
fn tokens(written: Tokens) -> Result<(BTreeSet<String>, BTreeSet<String>), MappingFault> {
    let trimmed = |list: Vec<String>| list.into_iter().map(|token| token.trim().to_owned());
    let missing: BTreeSet<String> = trimmed(written.missing).chain([String::new()]).collect();
    let redacted: BTreeSet<String> = trimmed(written.redacted).collect();
    match missing.intersection(&redacted).next() {
        Some(token) => Err(MappingFault::Token(token.clone())),
        None => Ok((missing, redacted)),
    }
}
