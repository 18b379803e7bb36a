//! The text of a drafted mapping: what was found, why, and what was not.

mod amount;
mod group;

use std::collections::BTreeSet;

use super::dates::Format;
use super::dictionary::Dictionary;
use super::profile::{Column, Profile};
use super::relations::Relations;
use super::roles::Roles;
use super::{Draft, NoDraft};
use crate::mapping::Layout;
use crate::source::Encoding;

/// What the parts of a draft are written from.
pub(super) struct Found<'f> {
    pub(super) layout: &'f Layout,
    pub(super) profile: &'f Profile,
    pub(super) roles: &'f Roles,
    pub(super) relations: &'f Relations,
    pub(super) dictionary: &'f Dictionary,
}

impl<'f> Found<'f> {
    fn column(&self, role: &str) -> Option<&'f Column> {
        self.profile.columns.get(self.roles.get(role)?)
    }
}

/// The text so far, and what is said beside it.
#[derive(Debug, Default)]
struct Text {
    lines: Vec<String>,
    notes: Vec<String>,
}

impl Text {
    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn comment(&mut self, comment: &str) {
        self.lines.push(format!("# {comment}"));
    }

    /// Says something in the draft and beside it.
    fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        self.comment(&note);
        self.notes.push(note);
    }

    fn table(&mut self, name: &str) {
        self.lines.push(String::new());
        self.lines.push(format!("[{name}]"));
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

fn list<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Writes the draft.
///
/// # Rules
///
/// > SUG-03: a draft is a mapping that parses; what the files do not say stands in it as a comment.
pub(super) fn write(found: &Found<'_>) -> Result<Draft, NoDraft> {
    if group::key_fields(found).is_empty() {
        // Not even an amount: that column would stand for the key.
        return Err(NoDraft::NoAmount);
    }
    let mut text = Text::default();
    head(found, &mut text);
    group::key(found, &mut text);
    let month = group::month(found);
    match month {
        Some(role) => text.line(format!("month = \"{role}\"")),
        None => text.note("No column looks like a date. A receivable needs one: [dates.due]."),
    }
    layout(found.layout, &mut text);
    tokens(found.profile, &mut text);
    amount::currency(found, &mut text);
    amount::amount(found, &mut text)?;
    dates(found, month, &mut text);
    fields(found, &mut text);
    group::credit_notes(found, &mut text);
    let Text { lines, notes } = text;
    Ok(Draft { text: lines.join("\n") + "\n", notes })
}

fn head(found: &Found<'_>, text: &mut Text) {
    let Profile { files, rows, broken, sampled, other_headers, .. } = *found.profile;
    let all = if sampled { "the first" } else { "all" };
    text.comment(&format!(
        "Drafted from {files} files and {all} {rows} rows of them: look at every line before using it."
    ));
    if broken > 0 {
        text.note(format!("{broken} rows are no records of the header's width: they would be rejected."));
    }
    if other_headers > 0 {
        text.note(format!(
            "{other_headers} files have another header than the first, and need a mapping of their own."
        ));
    }
    text.line("");
}

fn layout(layout: &Layout, text: &mut Text) {
    let encoding = match layout.encoding {
        Encoding::Utf8 | Encoding::Utf16 => None,
        Encoding::Utf16Le => Some("utf-16le"),
        Encoding::Utf16Be => Some("utf-16be"),
        Encoding::Windows1252 => Some("windows-1252"),
    };
    if encoding.is_none()
        && layout.separator == b','
        && layout.skip_rows == 0
        && layout.skip_prefixes.is_empty()
    {
        return;
    }
    text.table("file");
    if let Some(encoding) = encoding {
        if layout.encoding == Encoding::Windows1252 {
            text.note("The files are no UTF-8; read as the Western code page. Check names with accents.");
        }
        text.line(format!("encoding = \"{encoding}\""));
    }
    if layout.separator != b',' {
        text.line(format!("separator = {}", quoted(&char::from(layout.separator).to_string())));
    }
    if layout.skip_rows > 0 {
        text.line(format!("skip_rows = {}", layout.skip_rows));
    }
    if !layout.skip_prefixes.is_empty() {
        text.line(format!("skip_prefixes = {}", list(&layout.skip_prefixes)));
    }
}

fn tokens(profile: &Profile, text: &mut Text) {
    let missing = &profile.missing;
    let redacted: BTreeSet<&String> = profile.columns.iter().flat_map(|column| &column.redacted).collect();
    if missing.is_empty() && redacted.is_empty() {
        return;
    }
    text.table("tokens");
    if !missing.is_empty() {
        text.line(format!("missing = {}", list(missing)));
    }
    if !redacted.is_empty() {
        text.line(format!("redacted = {}", list(redacted)));
    }
}

fn dates(found: &Found<'_>, month: Option<&str>, text: &mut Text) {
    for role in ["due", "paid", "issue"] {
        let from = if month == Some(role) { group::dated_by(found) } else { Some(role) };
        // A date that already stands for the due date is not written twice.
        let stands_in = month.is_some() && month != Some(role) && group::dated_by(found) == Some(role);
        let Some(column) = from.filter(|_| !stands_in).and_then(|from| found.column(from)) else { continue };
        let Some(format) = column.days.format(found.dictionary) else { continue };
        text.table(&format!("dates.{role}"));
        if from != Some(role) {
            text.note(format!("The files name no due date: `{}` stands for it.", column.name));
        }
        text.line(format!("column = {}", quoted(&column.name)));
        match format {
            Format::One(format) => text.line(format!("formats = [{}]", quoted(&format))),
            Format::Several(formats) => {
                text.note(format!(
                    "`{}` is ambiguous: every value reads as day and month in two ways. Rows that differ are rejected until one format is taken out.",
                    column.name
                ));
                text.line(format!("formats = {}", list(&formats)));
            }
        }
    }
}

/// Fields of the document, in the order of the dictionary, and of its lines.
fn fields(found: &Found<'_>, text: &mut Text) {
    text.table("document");
    for (name, column) in group::key_fields(found) {
        text.line(format!("{name} = {}", quoted(&column.name)));
    }
    let written: Vec<&str> = group::key_fields(found).iter().map(|(name, _)| *name).collect();
    const OF_DOCUMENTS: [&str; 10] = [
        "supplier_id",
        "supplier_name",
        "supplier_lei",
        "supplier_vat",
        "supplier_registration",
        "buyer_id",
        "buyer_name",
        "buyer_lei",
        "order_reference",
        "invoice_number",
    ];
    for role in OF_DOCUMENTS.iter().filter(|role| !written.contains(role)) {
        if let Some(column) = found.column(role) {
            text.line(format!("{role} = {}", quoted(&column.name)));
        }
    }
    unnamed_parties(found, text);
    let of_lines: Vec<(&str, &Column)> = ["id", "description", "cost_centre"]
        .into_iter()
        .filter_map(|role| Some((role, found.column(role)?)))
        .collect();
    let of_lines = of_lines.into_iter().filter(|(_, column)| !group::is_in_key(found, column));
    let mut begun = false;
    for (role, column) in of_lines.filter(|(role, column)| *role != "id" || column.is_unique()) {
        if !std::mem::replace(&mut begun, true) {
            text.table("line");
        }
        text.line(format!("{role} = {}", quoted(&column.name)));
    }
}

fn unnamed_parties(found: &Found<'_>, text: &mut Text) {
    let supplier = found.roles.first(&["supplier_id", "supplier_name", "supplier_lei", "supplier_vat"]);
    let missing = [
        (found.column("buyer_name").is_none(), "buyer_name"),
        (supplier.is_none(), "supplier_id"),
        (found.column("supplier_name").is_none(), "supplier_name"),
    ];
    let missing: Vec<&str> =
        missing.into_iter().filter(|(missing, _)| *missing).map(|(_, name)| name).collect();
    if missing.is_empty() {
        return;
    }
    text.note(format!(
        "No column looks like {}. Where it is always the same, say it here:",
        missing.join(" or ")
    ));
    text.comment("[constants]");
    for name in missing {
        text.comment(&format!("{name} = \"\""));
    }
}
