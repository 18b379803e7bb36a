//! Which rows are one document, when it is due, and what lowers it.

use super::super::profile::Column;
use super::{Found, Text, list, quoted};

/// The fields of the key and their columns.
pub(super) fn key_fields<'f>(found: &Found<'f>) -> Vec<(&'static str, &'f Column)> {
    const PARTIES: [&str; 4] = ["supplier_id", "supplier_lei", "supplier_vat", "supplier_name"];
    let column = |role: &str| found.column(role);
    let number = column("invoice_number").or_else(|| column("id").filter(|id| id.is_unique()));
    let party = PARTIES.into_iter().find_map(column);
    match (party, number) {
        // What tells parties apart is their id, whatever column it comes from.
        (Some(party), Some(number)) => vec![("supplier_id", party), ("invoice_number", number)],
        (None, Some(number)) => vec![("invoice_number", number)],
        (_, None) => weak(found).map(|column| ("invoice_number", column)).into_iter().collect(),
    }
}

/// A column to group by where none is known: one whose values are all different, or the fullest.
fn weak<'f>(found: &Found<'f>) -> Option<&'f Column> {
    let named =
        || found.profile.columns.iter().filter(|column| !column.name.is_empty() && column.unreadable == 0);
    named()
        .find(|column| column.is_unique() && column.empty + column.odd == 0)
        .or_else(|| named().max_by_key(|column| column.filled))
}

pub(super) fn is_in_key(found: &Found<'_>, column: &Column) -> bool {
    key_fields(found).iter().any(|(_, of_key)| of_key.name == column.name)
}

pub(super) fn key(found: &Found<'_>, text: &mut Text) {
    let fields = key_fields(found);
    let names: Vec<String> = fields.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    match (found.column("invoice_number"), fields.as_slice()) {
        (Some(_), [_, _]) => text.comment(&format!("Rows of one party and number are one document: {}.", found.relations.why_both())),
        (Some(_), _) => text.note("Rows of one number are one document. No column names a party: if several number on their own, add one."),
        (None, [.., (_, column)]) => text.note(format!(
            "No column looks like a document's number. `{}` stands for it, so that every value of it is a document: check this.",
            column.name
        )),
        (None, []) => {}
    }
    for (_, column) in &fields {
        if column.empty > 0 {
            text.note(format!(
                "`{}` is empty in {} rows: they would be rejected.",
                column.name, column.empty
            ));
        }
        if column.odd > 0 {
            let rows = column.odd;
            text.note(format!(
                "`{}` has in {rows} rows what may mean nothing; it is taken for a value.",
                column.name
            ));
        }
    }
    text.line(format!("key = [{}]", names.join(", ")));
}

/// The role of the date that stands for the due date.
pub(super) fn dated_by(found: &Found<'_>) -> Option<&'static str> {
    let roles = || ["due", "paid", "issue"].into_iter().filter(|role| found.column(role).is_some());
    roles()
        .find(|role| found.column(role).is_some_and(|column| column.empty + column.odd == 0))
        .or_else(|| roles().next())
}

/// The date of the month, as the draft calls it.
pub(super) fn month(found: &Found<'_>) -> Option<&'static str> {
    dated_by(found).map(|_| "due")
}

pub(super) fn credit_notes(found: &Found<'_>, text: &mut Text) {
    let relations = found.relations;
    let codes = |credit: bool| {
        let of = relations.types.iter().filter(move |(_, is_credit)| **is_credit == credit);
        of.map(|(code, _)| code).collect::<Vec<_>>()
    };
    let (invoices, credits) = (codes(false), codes(true));
    let typed = found.column("type").filter(|_| !invoices.is_empty() && !credits.is_empty());
    let in_key = key_fields(found).iter().any(|(name, _)| *name == "invoice_number");
    let referring = found.column("reference").filter(|_| relations.references > 0 && in_key);
    let amounts = match (relations.below_zero, relations.above_zero) {
        (0, 1..) => "positive",
        (1.., 0) => "negative",
        _ => {
            if typed.is_some() || referring.is_some() {
                text.note("There are credit notes, written partly with a minus and partly without: say how in [credit_notes].");
            }
            return;
        }
    };
    if typed.is_none() && referring.is_none() {
        return;
    }
    text.table("credit_notes");
    if let Some(column) = typed {
        if relations.unknown_types > 0 {
            text.note(format!(
                "{} rows have another type code: they would be rejected.",
                relations.unknown_types
            ));
        }
        text.line(format!("type = {}", quoted(&column.name)));
        text.line(format!("invoices = {}", list(invoices)));
        text.line(format!("credit_notes = {}", list(credits)));
    }
    text.line(format!("amounts = \"{amounts}\""));
    if let Some(column) = referring {
        text.line(format!("reference = {}", quoted(&column.name)));
        text.line("names = \"invoice_number\"");
    }
}
