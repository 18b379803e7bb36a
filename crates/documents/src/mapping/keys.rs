//! Every key that a mapping can have. One that is not here is refused, with the nearest that is.
//!
//! ```toml
//! key = ["supplier_id", "invoice_number"]   # fields of [document]
//! month = "due"                             # optional: a date with a column
//! must_agree = []                           # optional: fields that may not differ within a document
//! required = []                             # optional: fields and dates that a document must have
//!
//! [file]                                    # optional, as are its keys; these are the defaults
//! encoding = "utf-8"                        # utf-16, utf-16le, utf-16be, windows-1252; a mark decides
//! separator = ","
//! skip_rows = 0                             # physical lines before the header
//! skip_prefixes = []                        # then lines that begin with one of these
//!
//! [tokens]                                  # optional; an empty cell is always missing
//! missing = ["N/A"]
//! redacted = ["REDACTED"]
//!
//! [currency]
//! code = "GBP"                              # or column = "Currency"; without this table, say it when importing
//!
//! [amount]
//! column = "Net Amount"                     # or debit = "…" and credit = "…"; none with [split]
//! sign = "kept"                             # negated, parentheses, trailing-minus, debit-credit
//! decimal_mark = "."
//! thousands_mark = ","                      # optional
//! symbols = ["£"]                           # optional: may stand before or after the number
//! times = ["Price", 12]                     # optional: columns and whole numbers
//! divided_by = [100]                        # optional
//! rounding = "half-up"                      # half-even, exact; with times or divided_by
//!
//! [dates.due]                               # optional
//! column = "Date"
//! formats = ["%Y-%m-%d"]
//!
//! [dates.issue]
//! derived_from = "due"
//! days_before = 30
//!
//! [document]                                # field = column, or one of
//! buyer = { column = "Buyer", otherwise = "unknown" }
//! number = { join = ["Series", "No"], with = "/" }
//! [line]                                    # likewise; `id` and `description` have a place of their own
//! [constants]                               # optional: field = value
//!
//! [split]                                   # optional: a document for each column with an amount
//! field = "class"                           # the document field that tells them apart
//! text = "par"                              # optional: the line field with the column's own text
//! [split.columns]
//! dealers = "dealersAccepted"               # value of the field = column
//!
//! [duplicates]                              # optional; these are the defaults
//! same = "row"                              # or "mapped": only the columns that this mapping reads
//! then = "reject"                           # the document; or count it "once", or "each"
//!
//! [credit_notes]                            # optional
//! type = "Type"                             # optional: the column that tells invoices from credit notes
//! invoices = ["380"]
//! credit_notes = ["381"]
//! amounts = "positive"                      # as credit notes write what lowers a claim; or "negative"
//! reference = "Original"                    # optional: the column that names the corrected document
//! names = "number"                          # by this field of the key
//! ```

use parclose_types::nearest::nearest;
use toml::de::{DeTable, DeValue};

use super::refusal::MappingFault;
use super::written::line_at;

/// What stands behind a key.
enum Below {
    /// a value
    Value,
    /// a table with these keys
    Table(&'static [(&'static str, Self)]),
    /// a table with keys that the mapping names, each a value or a table with these keys
    Named(&'static [(&'static str, Self)]),
}

use Below::{Named, Table, Value};

const FIELD: &[(&str, Below)] = &[("column", Value), ("join", Value), ("otherwise", Value), ("with", Value)];

const MAPPING: &[(&str, Below)] = &[
    (
        "amount",
        Table(&[
            ("column", Value),
            ("credit", Value),
            ("debit", Value),
            ("decimal_mark", Value),
            ("divided_by", Value),
            ("rounding", Value),
            ("sign", Value),
            ("symbols", Value),
            ("thousands_mark", Value),
            ("times", Value),
        ]),
    ),
    ("constants", Named(&[])),
    (
        "credit_notes",
        Table(&[
            ("amounts", Value),
            ("credit_notes", Value),
            ("invoices", Value),
            ("names", Value),
            ("reference", Value),
            ("type", Value),
        ]),
    ),
    ("currency", Table(&[("code", Value), ("column", Value)])),
    (
        "dates",
        Named(&[("column", Value), ("days_before", Value), ("derived_from", Value), ("formats", Value)]),
    ),
    ("document", Named(FIELD)),
    ("duplicates", Table(&[("same", Value), ("then", Value)])),
    (
        "file",
        Table(&[("encoding", Value), ("separator", Value), ("skip_prefixes", Value), ("skip_rows", Value)]),
    ),
    ("key", Value),
    ("line", Named(FIELD)),
    ("month", Value),
    ("must_agree", Value),
    ("required", Value),
    ("split", Table(&[("columns", Named(&[])), ("field", Value), ("text", Value)])),
    ("tokens", Table(&[("missing", Value), ("redacted", Value)])),
];

/// Refuses a key that no mapping has.
pub(super) fn check(table: &DeTable<'_>, text: &str) -> Result<(), MappingFault> {
    walk(table, MAPPING, text)
}

fn walk(
    table: &DeTable<'_>,
    known: &'static [(&'static str, Below)],
    text: &str,
) -> Result<(), MappingFault> {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let Some((_, below)) = known.iter().find(|(known, _)| *known == name) else {
            return Err(unknown(name, known, line_at(text, key.span().start)));
        };
        let DeValue::Table(inner) = value.get_ref() else { continue };
        match below {
            Value => {}
            Table(known) => walk(inner, known, text)?,
            Named(known) => {
                for named in inner.values().filter_map(|named| named.get_ref().as_table()) {
                    walk(named, known, text)?;
                }
            }
        }
    }
    Ok(())
}

fn unknown(name: &str, known: &'static [(&'static str, Below)], line: usize) -> MappingFault {
    let names = known.iter().map(|(known, _)| *known);
    let near = nearest(name, names.clone());
    MappingFault::UnknownKey { line, key: name.into(), near, known: names.collect::<Vec<_>>().join("`, `") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key, with the tables it stands in.
    fn all(known: &'static [(&'static str, Below)], into: &mut Vec<&'static str>) {
        for (name, below) in known {
            into.push(name);
            if let Table(inner) | Named(inner) = below {
                all(inner, into);
            }
        }
    }

    #[test]
    fn every_key_is_explained_in_the_chapter_and_above() {
        let chapter = include_str!("../../../../specs/09-documents.md");
        let above = include_str!("keys.rs").split("use toml").next().unwrap();
        let mut names = Vec::new();
        all(MAPPING, &mut names);
        assert!(names.len() > 40);
        for name in names {
            let written = [format!("`{name}`"), format!("`[{name}]`"), format!("`[{name}.NAME]`")];
            assert!(
                written.iter().any(|name| chapter.contains(name)),
                "the chapter does not explain `{name}`"
            );
            assert!(above.contains(name), "{name}");
        }
    }
}
