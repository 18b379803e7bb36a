//! A document beside the record that its key already has.
//!
//! What is compared is what the document says, not where it was read: a file may be renamed, sorted
//! anew, or have more rows in front. So lines are compared without their source, in any order.

use std::collections::BTreeMap;

use parclose_channel::ledger::RecordView;
use parclose_documents::Document;
use parclose_transaction::definition::RecordType;
use parclose_transaction::{FieldState, FieldValue};
use serde_json::Value;

use super::fields::{SOURCE, field_values};
use super::importer::Fate;

/// Whether the record says what the document says.
///
/// # Rules
///
/// > IMP-62: a document that differs from its record is a conflict, told by the names of the fields; nothing is written.
pub(super) fn compare(document: &Document, record_type: &RecordType, there: &RecordView) -> Fate {
    let ours = field_values(document, record_type);
    let differs = |name: &str| {
        let field = record_type.field_named(name).map(|field| field.id);
        let theirs = there.fields.iter().find(|view| Some(view.field) == field).map(|view| &view.state);
        match (ours.get(name), theirs) {
            (None, None) => false,
            (Some(ours), Some(FieldState::Opened(theirs))) => !says_the_same(ours, theirs),
            // Also what cannot be opened: it is not known to be the same.
            _ => true,
        }
    };
    let names = record_type.fields.iter().map(|field| &field.name);
    let fields: Vec<String> = names.filter(|name| differs(name)).cloned().collect();
    if fields.is_empty() { Fate::AlreadyThere } else { Fate::Conflict { fields, version: there.row.version } }
}

fn says_the_same(ours: &FieldValue, theirs: &FieldValue) -> bool {
    match (ours, theirs) {
        (FieldValue::Json(ours), FieldValue::Json(theirs)) if ours != theirs => {
            lines(ours).is_some_and(|ours| Some(ours) == lines(theirs))
        }
        _ => ours == theirs,
    }
}

/// The lines of a document without their sources, sorted; `None` when these are no lines.
fn lines(text: &str) -> Option<Vec<String>> {
    let Value::Array(lines) = serde_json::from_str(text).ok()? else { return None };
    let mut lines: Vec<String> = lines.into_iter().map(without_source).collect();
    lines.sort_unstable();
    Some(lines)
}

/// A line in one form, whatever the order of its members.
fn without_source(line: Value) -> String {
    let Value::Object(members) = line else { return line.to_string() };
    let said: BTreeMap<String, String> = members
        .into_iter()
        .filter(|(name, _)| name != SOURCE)
        .map(|(name, value)| (name, value.to_string()))
        .collect();
    format!("{said:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> FieldValue {
        FieldValue::Json(text.into())
    }

    #[test]
    fn lines_are_compared_without_their_place_and_order() {
        let one = r#"[{"id":"1","amount_minor":"5","source":"a.csv:2"},{"id":"2","amount_minor":"7","source":"a.csv:3"}]"#;
        let moved = r#"[{"source":"b.csv:9","id":"2","amount_minor":"7"},{"id":"1","amount_minor":"5","source":"b.csv:8"}]"#;
        assert!(says_the_same(&json(one), &json(moved)));
        for other in [
            one.replace("\"7\"", "\"8\""),
            one.replace("\"id\":\"2\"", "\"id\":\"3\""),
            one.replace("},{", "},{\"id\":\"1\",\"amount_minor\":\"5\"},{"),
            "[]".into(),
            "{}".into(),
            "no JSON".into(),
        ] {
            assert!(!says_the_same(&json(one), &json(&other)), "{other}");
        }
        assert!(
            !says_the_same(&json("no JSON"), &json("nor this")),
            "what cannot be read is not known to be the same"
        );
    }

    #[test]
    fn other_values_are_the_same_when_they_are_equal() {
        let amount = |minor| FieldValue::Amount(minor, *b"GBP");
        assert!(says_the_same(&amount(5), &amount(5)) && !says_the_same(&amount(5), &amount(6)));
        assert!(!says_the_same(&FieldValue::Text("5".into()), &FieldValue::Date("5".into())));
    }
}
