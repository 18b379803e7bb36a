//! The report as a table for other programs: a row for each field, with the transaction that proves it.

use parclose_audit::AuditView;
use parclose_transaction::{FieldState, FieldValue};

use crate::transaction::state_json;

const HEADER: [&str; 11] = [
    "record",
    "record_type",
    "version",
    "epoch",
    "author",
    "transaction",
    "field",
    "state",
    "value",
    "amount_minor",
    "currency",
];

/// RFC 4180, in UTF-8.
pub(super) fn table(view: &AuditView) -> Result<Vec<u8>, csv::Error> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(HEADER)?;
    for record in &view.records {
        for (field, state) in &record.fields {
            let (word, _) = state_json(state);
            let (value, minor, currency) = match state {
                FieldState::Opened(FieldValue::Amount(minor, code)) => {
                    (String::new(), minor.to_string(), String::from_utf8_lossy(code).into_owned())
                }
                FieldState::Opened(FieldValue::Quantity(units)) => {
                    (String::new(), units.to_string(), String::new())
                }
                FieldState::Opened(
                    FieldValue::Text(text) | FieldValue::Date(text) | FieldValue::Json(text),
                ) => (as_text(text), String::new(), String::new()),
                FieldState::Opened(FieldValue::Integer(number)) => {
                    (number.to_string(), String::new(), String::new())
                }
                FieldState::Sealed | FieldState::Malformed | FieldState::Erased | FieldState::Missing => {
                    Default::default()
                }
            };
            rows.write_record([
                &record.record.to_string(),
                &record.record_type,
                &record.version.to_string(),
                &record.epoch.0.to_string(),
                &record.author.to_string(),
                &record.transaction.to_string(),
                field,
                word,
                &value,
                &minor,
                &currency,
            ])?;
        }
    }
    rows.into_inner().map_err(|error| error.into_error().into())
}

/// What a member wrote is text in a spreadsheet, too, and no formula.
fn as_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_wrote_is_no_formula() {
        assert_eq!(as_text("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(as_text("Café, \"Rue\""), "Café, \"Rue\"");
    }
}
