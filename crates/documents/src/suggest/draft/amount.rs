//! The amount and its currency.

use std::collections::BTreeSet;

use super::super::NoDraft;
use super::super::numbers::Marks;
use super::super::profile::Column;
use super::{Found, Text, list, quoted};
use crate::amount::SignRule;
use crate::currency::Currency;

/// The column or columns of the amount.
enum Columns<'f> {
    One(&'f Column),
    Pair(&'f Column, &'f Column),
}

impl<'f> Columns<'f> {
    fn of(found: &Found<'f>) -> Option<Self> {
        match (found.column("amount"), found.column("debit"), found.column("credit")) {
            (Some(column), ..) => Some(Self::One(column)),
            (None, Some(debit), Some(credit)) => Some(Self::Pair(debit, credit)),
            _ => None,
        }
    }

    const fn first(&self) -> &'f Column {
        match self {
            Self::One(column) | Self::Pair(column, _) => column,
        }
    }
}

/// # Rules
///
/// > SUG-02: a mapping is drafted only where a column reads as an amount in every row that has one.
pub(super) fn amount(found: &Found<'_>, text: &mut Text) -> Result<(), NoDraft> {
    let columns = Columns::of(found).ok_or(NoDraft::NoAmount)?;
    let marks = columns.first().numbers.marks().ok_or(NoDraft::NoAmount)?;
    text.table("amount");
    match columns {
        Columns::One(column) => {
            let without = column.empty + column.odd;
            if without > 0 {
                text.note(format!("{without} rows have no amount: they would be rejected."));
            }
            text.line(format!("column = {}", quoted(&column.name)));
            text.line(format!("sign = \"{}\"", sign(marks.sign)));
        }
        Columns::Pair(debit, credit) => {
            text.comment(
                "The amount is debit less credit; turn them round if the books are those of the supplier.",
            );
            text.line(format!("debit = {}", quoted(&debit.name)));
            text.line(format!("credit = {}", quoted(&credit.name)));
            text.line("sign = \"debit-credit\"");
        }
    }
    write_marks(&marks, columns.first(), text);
    others(found, columns.first(), text);
    Ok(())
}

fn write_marks(marks: &Marks, column: &Column, text: &mut Text) {
    if let Some(mark) = marks.unclear {
        text.note(format!(
            "`{}` is ambiguous: `{mark}` stands before three digits only, so it may divide thousands or decimals. Such amounts are rejected until one line is right:",
            column.name
        ));
        text.comment(&format!("decimal_mark = \"{mark}\""));
        text.comment(&format!("thousands_mark = \"{mark}\""));
    }
    text.line(format!("decimal_mark = \"{}\"", marks.decimal));
    if let Some(thousands) = marks.thousands {
        text.line(format!("thousands_mark = {}", quoted(&thousands.to_string())));
    }
    if !column.numbers.symbols.is_empty() {
        text.line(format!("symbols = {}", list(column.numbers.symbols.keys())));
    }
}

const fn sign(rule: SignRule) -> &'static str {
    match rule {
        SignRule::Kept | SignRule::Negated | SignRule::DebitCredit => "kept",
        SignRule::Parentheses => "parentheses",
        SignRule::TrailingMinus => "trailing-minus",
    }
}

/// Names the other columns that could be meant.
fn others(found: &Found<'_>, taken: &Column, text: &mut Text) {
    let role = found.dictionary.roles.iter().find(|role| role.name == "amount");
    let named = |column: &&Column| role.is_some_and(|role| role.score(&column.name) > 0);
    if found.column("amount").is_some_and(|column| !named(&column)) {
        text.note(format!(
            "No column is called an amount. `{}` is the first with decimals in every row: check this.",
            taken.name
        ));
    }
    let others =
        found.profile.columns.iter().filter(|column| column.name != taken.name && column.numbers.is_amount());
    let others: Vec<&str> = others.filter(named).take(5).map(|column| column.name.as_str()).collect();
    if !others.is_empty() {
        text.note(format!(
            "`{}` is taken for the amount; others that could be meant: `{}`.",
            taken.name,
            others.join("`, `")
        ));
    }
}

/// The currency, if a column or a sign says it.
pub(super) fn currency(found: &Found<'_>, text: &mut Text) {
    if let Some(column) = found.column("currency") {
        text.table("currency");
        text.line(format!("column = {}", quoted(&column.name)));
        let without = column.empty + column.odd;
        if without > 0 {
            text.note(format!("{without} rows have no currency: they would be rejected."));
        }
        return;
    }
    let said = Columns::of(found).map(|columns| said(found, columns.first())).unwrap_or_default();
    match said.iter().collect::<Vec<_>>()[..] {
        [code] => {
            text.table("currency");
            text.comment("By the sign or code beside the amount.");
            text.line(format!("code = \"{code}\""));
        }
        _ => {
            text.line("");
            let may_be: Vec<&str> = said.iter().map(String::as_str).collect();
            let may_be = if may_be.is_empty() {
                String::new()
            } else {
                format!(" It may be {}.", may_be.join(" or "))
            };
            text.note(format!("The files do not say the currency.{may_be} Write it here, or give --currency with the import:"));
            text.comment("[currency]");
            text.comment("code = \"\"");
        }
    }
}

/// The currencies that the signs in the amounts, or the header, can mean.
fn said(found: &Found<'_>, amount: &Column) -> BTreeSet<String> {
    let of_sign = |sign: &str| match (found.dictionary.signs.get(sign), Currency::find(sign)) {
        (Some(codes), _) => codes.clone(),
        (None, Some(currency)) => vec![currency.code().to_owned()],
        (None, None) => Vec::new(),
    };
    let in_cells: BTreeSet<String> = amount.numbers.symbols.keys().flat_map(|sign| of_sign(sign)).collect();
    if !in_cells.is_empty() {
        return in_cells;
    }
    let in_header = amount.name.split(|c: char| c.is_whitespace() || "()[]{}/_-:".contains(c));
    in_header.flat_map(of_sign).collect()
}
