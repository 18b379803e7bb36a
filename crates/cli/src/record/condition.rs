//! A condition on a field: `due_date<2027-01-01`, `face_amount>=100000GBP`, `number=INV-7`.

use std::cmp::Ordering;

use parclose_channel::RecordView;
use parclose_transaction::definition::{FieldSchema, RecordType};
use parclose_transaction::{Definition, FieldState, FieldType, FieldValue};
use parclose_types::FieldId;

use crate::error::CliError;

const FORM: &str =
    "FIELD=VALUE, or one of < <= > >=; amounts in minor units with a currency: face_amount>=100000GBP";

/// What a field has to be.
#[derive(Debug)]
pub(super) struct Condition {
    /// the field in each record type that has it
    fields: Vec<(u32, FieldId)>,
    holds: Comparison,
    value: FieldValue,
}

/// What the order of a value and the one that it is compared with has to be.
type Comparison = fn(Ordering) -> bool;

/// The longer first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Comparison); 5] = [
    ("<=", Ordering::is_le),
    (">=", Ordering::is_ge),
    ("<", Ordering::is_lt),
    (">", Ordering::is_gt),
    ("=", Ordering::is_eq),
];

impl Condition {
    pub(super) fn parse(
        text: &str,
        definition: &Definition,
        record_type: Option<&RecordType>,
    ) -> Result<Self, CliError> {
        let wrong = |what: &str| CliError::usage(format!("`{text}`: {what}"), FORM);
        let first = text.find(['<', '>', '=']).ok_or_else(|| wrong("there is no comparison"))?;
        let (name, rest) = text.split_at(first);
        let operator = OPERATORS.into_iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, holds) = operator.ok_or_else(|| wrong("there is no comparison"))?;
        let among =
            definition.records.iter().filter(|record| record_type.is_none_or(|of| of.id == record.id));
        let named: Vec<(u32, &FieldSchema)> =
            among.filter_map(|record| Some((record.id, record.field_named(name.trim())?))).collect();
        let (_, schema) = *named.first().ok_or_else(|| wrong("no such field"))?;
        if named.iter().any(|(_, other)| other.field_type != schema.field_type) {
            return Err(wrong("the field is not of one type in all record types; say --type"));
        }
        let value = value(schema.field_type, rest.trim_start_matches(sign).trim());
        Ok(Self {
            fields: named.iter().map(|(record, field)| (*record, field.id)).collect(),
            holds,
            value: value.ok_or_else(|| wrong(&format!("no value of type {}", schema.field_type)))?,
        })
    }

    /// Whether it holds for a record.
    ///
    /// # Rules
    ///
    /// > LOO-04: a condition on a field holds only where the reader's keys open the field.
    pub(super) fn holds(&self, view: &RecordView) -> bool {
        view.fields.iter().any(|field| {
            let named = self.fields.contains(&(view.row.record_type, field.field));
            let FieldState::Opened(value) = &field.state else { return false };
            named && compare(value, &self.value).is_some_and(self.holds)
        })
    }
}

fn value(field_type: FieldType, text: &str) -> Option<FieldValue> {
    match field_type {
        FieldType::Text => Some(FieldValue::Text(text.into())),
        FieldType::Date => FieldValue::from_json(field_type, &serde_json::json!(text)).ok(),
        FieldType::Integer => text.parse().ok().map(FieldValue::Integer),
        FieldType::Amount => {
            let split = text.find(|c: char| !c.is_ascii_digit())?;
            let (minor, currency) = text.split_at(split);
            let currency: [u8; 3] = currency.trim().as_bytes().try_into().ok()?;
            Some(FieldValue::Amount(minor.parse().ok()?, currency))
        }
        FieldType::Quantity => text.parse().ok().map(FieldValue::Quantity),
        FieldType::Json => None,
    }
}

/// `None` for what cannot be compared, such as amounts of two currencies.
fn compare(value: &FieldValue, with: &FieldValue) -> Option<Ordering> {
    match (value, with) {
        (FieldValue::Text(a), FieldValue::Text(b)) | (FieldValue::Date(a), FieldValue::Date(b)) => {
            Some(a.cmp(b))
        }
        (FieldValue::Integer(a), FieldValue::Integer(b)) => Some(a.cmp(b)),
        (FieldValue::Amount(a, of), FieldValue::Amount(b, other)) if of == other => Some(a.cmp(b)),
        _ => None,
    }
}
