//! From the parts of a document to the fields of a record.

use std::collections::BTreeMap;

use parclose_documents::{Document, Line};
use parclose_transaction::definition::{FieldSchema, RecordType};
use parclose_transaction::{FieldType, FieldValue};
use serde_json::{Value, json};

/// The advance that a supplier asks for on a receivable: 80 % of the face amount, half up. The source
/// files have none; it is derived, and documented as such.
const ADVANCE_PERCENT: u128 = 80;

/// Each field of the record type that the document has a part for.
pub(super) fn field_values(document: &Document, record_type: &RecordType) -> BTreeMap<String, FieldValue> {
    let value = |field: &FieldSchema| {
        Some((field.name.clone(), field_value(document, &field.name, field.field_type)?))
    };
    record_type.fields.iter().filter_map(value).collect()
}

/// `face_amount` is the total, `requested_advance` is derived from it, `lines` are the lines,
/// `X_date` is the date `X`, anything else is the document field of that name.
fn field_value(document: &Document, name: &str, field_type: FieldType) -> Option<FieldValue> {
    let currency = document.currency.bytes();
    match (name, field_type) {
        ("face_amount", FieldType::Amount) => Some(FieldValue::Amount(document.total_minor, currency)),
        ("requested_advance", FieldType::Amount) => {
            let advance = (u128::from(document.total_minor) * ADVANCE_PERCENT + 50) / 100;
            Some(FieldValue::Amount(u64::try_from(advance).ok()?, currency))
        }
        ("lines", FieldType::Json) => Some(FieldValue::Json(lines_json(document).to_string())),
        (_, FieldType::Date) => {
            let date = document.dates.get(name.strip_suffix("_date")?)?;
            Some(FieldValue::Date(date.day.to_string()))
        }
        (_, FieldType::Text) => document.fields.get(name).map(|text| FieldValue::Text(text.clone())),
        _ => None,
    }
}

/// The bytes of every field value that a document brings to a record type.
pub(crate) fn values_of(document: &Document, record_type: &RecordType) -> Vec<Vec<u8>> {
    field_values(document, record_type).values().map(FieldValue::to_bytes).collect()
}

/// The member of a line that says where it was read: not what was read, so it is not compared.
pub(super) const SOURCE: &str = "source";

fn lines_json(document: &Document) -> Value {
    let line = |line: &Line| {
        let mut value = json!({
            "id": line.id,
            "description": line.description,
            "amount_minor": line.amount_minor.to_string(),
            "currency": document.currency.code(),
            SOURCE: format!("{}:{}", line.source_name, line.row),
        });
        if let Some(number) = &line.credit_note {
            value["credit_note"] = json!(number);
        }
        for (name, text) in &line.fields {
            value[name] = json!(text);
        }
        value
    };
    Value::Array(document.lines.iter().map(line).collect())
}
