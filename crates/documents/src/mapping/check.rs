//! The checks that turn a written mapping into a [`Mapping`]; its rules stand at [`Mapping::parse`].

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::limits::NAME_BYTES_MAX;

use super::refusal::MappingFault;
use super::written::{Amount, Date, Tokens, Written, WrittenCurrency};
use super::{AmountFrom, CurrencyFrom, DateFrom, Derivation, Mapping};
use crate::amount::{Notation, SignRule};
use crate::currency::Currency;
use crate::date;

type Dates = (BTreeMap<String, DateFrom>, BTreeMap<String, Derivation>);

pub(super) fn check(written: Written) -> Result<Mapping, MappingFault> {
    names(&written)?;
    key(&written.key, &written.document)?;
    let separator = separator(&written.file.separator)?;
    let notation = notation(&written.amount)?;
    let (dates, derived_dates) = split_dates(written.dates)?;
    let read = |name: &String| written.document.contains_key(name) || dates.contains_key(name);
    if let Some(name) = written.must_agree.iter().find(|name| !read(name)) {
        return Err(MappingFault::Unread { key: "must_agree", name: name.clone() });
    }
    if !dates.contains_key(&written.month) {
        return Err(MappingFault::Unread { key: "month", name: written.month });
    }
    let (missing, redacted) = tokens(written.tokens)?;
    Ok(Mapping {
        encoding: written.file.encoding,
        separator,
        skip_rows: written.file.skip_rows,
        missing,
        redacted,
        key: written.key,
        must_agree: written.must_agree.into_iter().collect(),
        month: written.month,
        currency: currency(written.currency)?,
        amount: amount_columns(written.amount)?,
        notation,
        dates,
        derived_dates,
        document: written.document,
        line: written.line,
        constants: written.constants,
    })
}

/// Document fields, line fields, constants and dates share one name space.
fn names(written: &Written) -> Result<(), MappingFault> {
    let fields = written.document.keys().chain(written.line.keys()).chain(written.constants.keys());
    let mut seen = BTreeSet::new();
    for name in fields.chain(written.dates.keys()) {
        if !is_name(name) {
            return Err(MappingFault::Name(name.clone()));
        }
        if !seen.insert(name) {
            return Err(MappingFault::NamedTwice(name.clone()));
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn key(key: &[String], document: &BTreeMap<String, String>) -> Result<(), MappingFault> {
    if key.is_empty() {
        return Err(MappingFault::NoKey);
    }
    let mut seen = BTreeSet::new();
    match key.iter().find(|field| !document.contains_key(*field) || !seen.insert(*field)) {
        Some(field) => Err(MappingFault::Key(field.clone())),
        None => Ok(()),
    }
}

fn separator(text: &str) -> Result<u8, MappingFault> {
    match text.as_bytes() {
        &[byte] if !byte.is_ascii_alphanumeric() && !b"\"\r\n\0".contains(&byte) && byte.is_ascii() => {
            Ok(byte)
        }
        _ => Err(MappingFault::Mark { key: "separator" }),
    }
}

fn notation(amount: &Amount) -> Result<Notation, MappingFault> {
    let decimal_mark = mark(&amount.decimal_mark).ok_or(MappingFault::Mark { key: "decimal_mark" })?;
    let thousands_mark = match &amount.thousands_mark {
        None => None,
        Some(text) => Some(
            mark(text)
                .filter(|mark| *mark != decimal_mark)
                .ok_or(MappingFault::Mark { key: "thousands_mark" })?,
        ),
    };
    Ok(Notation { decimal_mark, thousands_mark, sign: amount.sign })
}

fn mark(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let mark = characters.next().filter(|_| characters.next().is_none())?;
    let taken = mark.is_alphanumeric() || mark.is_control() || "+-\u{2212}()\"".contains(mark);
    (!taken).then_some(mark)
}

fn amount_columns(amount: Amount) -> Result<AmountFrom, MappingFault> {
    match (amount.sign, amount.column, amount.debit, amount.credit) {
        (SignRule::DebitCredit, None, Some(debit), Some(credit)) if debit != credit => {
            Ok(AmountFrom::DebitCredit(debit, credit))
        }
        (SignRule::DebitCredit, ..) => Err(MappingFault::AmountColumns),
        (_, Some(column), None, None) => Ok(AmountFrom::One(column)),
        _ => Err(MappingFault::AmountColumns),
    }
}

fn currency(written: WrittenCurrency) -> Result<CurrencyFrom, MappingFault> {
    match (written.code, written.column) {
        (Some(code), None) => {
            Currency::find(&code).map(CurrencyFrom::Code).ok_or(MappingFault::Currency(code))
        }
        (None, Some(column)) => Ok(CurrencyFrom::Column(column)),
        _ => Err(MappingFault::CurrencySource),
    }
}

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
fn tokens(written: Tokens) -> Result<(BTreeSet<String>, BTreeSet<String>), MappingFault> {
    let trimmed = |list: Vec<String>| list.into_iter().map(|token| token.trim().to_owned());
    let missing: BTreeSet<String> = trimmed(written.missing).chain([String::new()]).collect();
    let redacted: BTreeSet<String> = trimmed(written.redacted).collect();
    match missing.intersection(&redacted).next() {
        Some(token) => Err(MappingFault::Token(token.clone())),
        None => Ok((missing, redacted)),
    }
}
