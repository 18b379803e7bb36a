//! How amounts are written, and what they are made of.

use super::super::refusal::{FACTORS_MAX, MappingFault};
use super::super::written::{Amount, Factor as WrittenFactor};
use super::super::{AmountFrom, Base, Factor};
use crate::amount::{Notation, SignRule};

/// # Rules
///
/// > IMP-05: separator and marks are single characters that no number or quote is made of, and they differ.
pub(super) fn notation(amount: &Amount) -> Result<Notation, MappingFault> {
    let decimal_mark = mark(&amount.decimal_mark).ok_or(MappingFault::Mark { key: "decimal_mark" })?;
    let thousands_mark = match &amount.thousands_mark {
        None => None,
        Some(text) => Some(
            mark(text)
                .filter(|mark| *mark != decimal_mark)
                .ok_or(MappingFault::Mark { key: "thousands_mark" })?,
        ),
    };
    Ok(Notation { decimal_mark, thousands_mark, sign: amount.sign, symbols: symbols(&amount.symbols)? })
}

fn mark(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let mark = characters.next().filter(|_| characters.next().is_none())?;
    let taken = mark.is_alphanumeric() || mark.is_control() || "+-\u{2212}()\"".contains(mark);
    (!taken).then_some(mark)
}

/// Bytes of the longest symbol.
const SYMBOL_BYTES_MAX: usize = 16;

/// # Rules
///
/// > IMP-15: a symbol and a skipped prefix are short texts; of a symbol no number is made.
fn symbols(written: &[String]) -> Result<Vec<String>, MappingFault> {
    let of_numbers = |c: char| c.is_numeric() || c.is_control() || "+-\u{2212}()\"".contains(c);
    let a_symbol = |c: char| c.is_alphabetic() || c == '$' || !c.is_ascii();
    let usable = |text: &str| {
        (1..=SYMBOL_BYTES_MAX).contains(&text.len()) && !text.contains(of_numbers) && text.contains(a_symbol)
    };
    let trimmed: Vec<String> = written.iter().map(|text| text.trim().to_owned()).collect();
    match trimmed.iter().find(|text| !usable(text)) {
        Some(text) => Err(MappingFault::Text { key: "symbols", text: text.clone() }),
        None => Ok(trimmed),
    }
}

/// # Rules
///
/// > IMP-06: the amount has the columns that its sign rule needs, and no other.
pub(super) fn from(amount: Amount, split: bool) -> Result<AmountFrom, MappingFault> {
    let base = match (amount.sign, amount.column, amount.debit, amount.credit) {
        (SignRule::DebitCredit, None, Some(debit), Some(credit)) if debit != credit && !split => {
            Base::DebitCredit(debit, credit)
        }
        (SignRule::DebitCredit, ..) => return Err(MappingFault::AmountColumns),
        (_, None, None, None) if split => Base::Split,
        (_, Some(column), None, None) if !split => Base::One(column),
        _ => return Err(MappingFault::AmountColumns),
    };
    let from = AmountFrom {
        base,
        times: factors(amount.times)?,
        divided_by: factors(amount.divided_by)?,
        rounding: amount.rounding,
    };
    is_computable(&from)?;
    Ok(from)
}

/// # Rules
///
/// > IMP-11: an amount is a product or quotient of columns and whole numbers from 1 on, with a stated rounding.
fn is_computable(from: &AmountFrom) -> Result<(), MappingFault> {
    let plain = from.times.is_empty() && from.divided_by.is_empty();
    let few = from.times.len() <= FACTORS_MAX && from.divided_by.len() <= FACTORS_MAX;
    let one = !matches!(from.base, Base::DebitCredit(..));
    if few && plain == from.rounding.is_none() && (plain || one) {
        Ok(())
    } else {
        Err(MappingFault::Product)
    }
}

fn factors(written: Vec<WrittenFactor>) -> Result<Vec<Factor>, MappingFault> {
    let factor = |factor| match factor {
        WrittenFactor::Column(column) => Ok(Factor::Column(column)),
        WrittenFactor::Number(number) if number >= 1 => Ok(Factor::Number(number)),
        WrittenFactor::Number(_) => Err(MappingFault::Product),
    };
    written.into_iter().map(factor).collect()
}
