//! Field values: typed plaintexts.
//!
//! The bytes of a value are what is sealed; its type comes from the definition. A value that does
//! not decode as its type is `malformed` to its reader: validity never depends on sealed plaintext.
//! `Debug` prints the type only.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use parclose_types::limits;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// UTF-8 text without control characters
    Text,
    /// `YYYY-MM-DD`
    Date,
    /// unsigned minor units and an ISO 4217 code: `u64be || 3 letters`
    Amount,
    /// `u64be`
    Integer,
    /// JSON text, nested at most 32 deep
    Json,
    /// smallest units of an asset, of a note or a redemption: `u64be`
    Quantity,
}

impl std::fmt::Display for FieldType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Amount => "amount",
            Self::Integer => "integer",
            Self::Json => "json",
            Self::Quantity => "quantity",
        })
    }
}

/// A typed plaintext.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// text
    Text(String),
    /// date
    Date(String),
    /// minor units, currency
    Amount(u64, [u8; 3]),
    /// whole number
    Integer(u64),
    /// JSON text as written
    Json(String),
    /// smallest units of an asset
    Quantity(u64),
}

impl std::fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldValue::{:?}(..)", self.field_type())
    }
}

/// A value is not of its type. Says what is wanted, never what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOfType {
    /// text with control characters
    #[error("expected text without control characters")]
    Text,
    /// not a calendar date
    #[error("expected a calendar date, YYYY-MM-DD")]
    Date,
    /// not an amount
    #[error("expected an amount: {{\"amount_minor\": \"12345\", \"currency\": \"GBP\"}}")]
    Amount,
    /// not a whole number
    #[error("expected a whole number from 0 to 2^64-1")]
    Integer,
    /// not a number of units
    #[error("expected a number of units from 0 to 2^64-1, as a string of digits")]
    Quantity,
    /// not JSON, or nested too deep
    #[error("expected JSON, nested at most 32 deep")]
    Json,
    /// longer than the limit
    #[error("longer than {} bytes", limits::FIELD_BYTES_MAX)]
    TooLong,
}

impl FieldValue {
    /// Its type.
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        match self {
            Self::Text(_) => FieldType::Text,
            Self::Date(_) => FieldType::Date,
            Self::Amount(..) => FieldType::Amount,
            Self::Integer(_) => FieldType::Integer,
            Self::Json(_) => FieldType::Json,
            Self::Quantity(_) => FieldType::Quantity,
        }
    }

    /// The bytes that are sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) | Self::Date(text) | Self::Json(text) => text.as_bytes().to_vec(),
            Self::Integer(number) | Self::Quantity(number) => number.to_be_bytes().to_vec(),
            Self::Amount(minor, currency) => [&minor.to_be_bytes()[..], currency].concat(),
        }
    }

    /// Reads opened bytes as a value of the given type.
    pub fn from_bytes(field_type: FieldType, bytes: &[u8]) -> Result<Self, NotOfType> {
        let text = || std::str::from_utf8(bytes).map(str::to_owned);
        let value = match field_type {
            FieldType::Text => Self::Text(text().map_err(|_| NotOfType::Text)?),
            FieldType::Date => Self::Date(text().map_err(|_| NotOfType::Date)?),
            FieldType::Json => Self::Json(text().map_err(|_| NotOfType::Json)?),
            FieldType::Integer => {
                Self::Integer(u64::from_be_bytes(bytes.try_into().map_err(|_| NotOfType::Integer)?))
            }
            FieldType::Quantity => {
                Self::Quantity(u64::from_be_bytes(bytes.try_into().map_err(|_| NotOfType::Quantity)?))
            }
            FieldType::Amount => {
                let (minor, rest) = bytes.split_first_chunk::<8>().ok_or(NotOfType::Amount)?;
                let currency = rest.try_into().map_err(|_| NotOfType::Amount)?;
                Self::Amount(u64::from_be_bytes(*minor), currency)
            }
        };
        value.check().map(|()| value)
    }

    /// Reads a value as a person writes it in JSON.
    pub fn from_json(field_type: FieldType, json: &Value) -> Result<Self, NotOfType> {
        let value = match field_type {
            FieldType::Text => Self::Text(json.as_str().ok_or(NotOfType::Text)?.into()),
            FieldType::Date => Self::Date(json.as_str().ok_or(NotOfType::Date)?.into()),
            FieldType::Integer => Self::Integer(json.as_u64().ok_or(NotOfType::Integer)?),
            FieldType::Json => Self::Json(json.to_string()),
            FieldType::Quantity => {
                let units = json.as_str().and_then(|digits| digits.parse().ok());
                Self::Quantity(units.ok_or(NotOfType::Quantity)?)
            }
            FieldType::Amount => {
                let minor = json["amount_minor"].as_str().and_then(|digits| digits.parse().ok());
                let currency = json["currency"].as_str().and_then(|c| c.as_bytes().try_into().ok());
                Self::Amount(minor.ok_or(NotOfType::Amount)?, currency.ok_or(NotOfType::Amount)?)
            }
        };
        value.check().map(|()| value)
    }

    /// The value as people and other programs read it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) | Self::Date(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Quantity(units) => json!(units.to_string()),
            Self::Json(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            Self::Amount(minor, currency) => json!({
                "amount_minor": minor.to_string(),
                "currency": String::from_utf8_lossy(currency),
            }),
        }
    }

    fn check(&self) -> Result<(), NotOfType> {
        if self.to_bytes().len() > limits::FIELD_BYTES_MAX {
            return Err(NotOfType::TooLong);
        }
        let (holds, otherwise) = match self {
            Self::Text(text) => (!text.chars().any(|c| c.is_control() && c != '\n'), NotOfType::Text),
            Self::Date(text) => (is_date(text), NotOfType::Date),
            Self::Amount(_, currency) => (currency.iter().all(u8::is_ascii_uppercase), NotOfType::Amount),
            Self::Integer(_) | Self::Quantity(_) => (true, NotOfType::Integer),
            Self::Json(text) => (is_json(text), NotOfType::Json),
        };
        if holds { Ok(()) } else { Err(otherwise) }
    }
}

/// Written back and compared: the parser alone takes signs, blanks and single digits.
fn is_date(text: &str) -> bool {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d");
    date.is_ok_and(|date| text.len() == 10 && date.format("%Y-%m-%d").to_string() == text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| depth(&value) <= limits::NESTING_MAX)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0).saturating_add(1),
        Value::Object(items) => items.values().map(depth).max().unwrap_or(0).saturating_add(1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip_and_refuse_what_is_not_of_their_type() {
        let good = [
            FieldValue::Text("Müller, \"x\"".into()),
            FieldValue::Date("2021-09-30".into()),
            FieldValue::Amount(131_484_877, *b"GBP"),
            FieldValue::Integer(7),
            FieldValue::Json("{\"a\":[1]}".into()),
            FieldValue::Quantity(u64::MAX),
        ];
        for value in good {
            let kind = value.field_type();
            assert_eq!(FieldValue::from_bytes(kind, &value.to_bytes()), Ok(value.clone()));
            assert_eq!(FieldValue::from_json(kind, &value.to_json()), Ok(value));
        }
        assert!(FieldValue::from_json(FieldType::Date, &json!("2021-02-30")).is_err());
        for odd in
            ["2021-2-3", "2021- 2-03", "+021-09-30", "-021-09-30", "+2021-9-30", "2021-09-30 ", "12021-9-03"]
        {
            assert_eq!(
                FieldValue::from_bytes(FieldType::Date, odd.as_bytes()),
                Err(NotOfType::Date),
                "{odd}"
            );
        }
        assert!(
            FieldValue::from_json(FieldType::Amount, &json!({"amount_minor": "-1", "currency": "GBP"}))
                .is_err()
        );
        assert!(
            FieldValue::from_json(
                FieldType::Amount,
                &json!({"amount_minor": "18446744073709551616", "currency": "GBP"})
            )
            .is_err()
        );
        assert!(FieldValue::from_bytes(FieldType::Amount, b"short").is_err());
        for odd in [json!(5), json!("-1"), json!("1.5"), json!("18446744073709551616"), json!("")] {
            assert_eq!(FieldValue::from_json(FieldType::Quantity, &odd), Err(NotOfType::Quantity), "{odd}");
        }
        assert!(FieldValue::from_bytes(FieldType::Quantity, b"1234567").is_err());
        assert!(FieldValue::from_bytes(FieldType::Text, &[0xFF]).is_err());
        assert!(FieldValue::from_json(FieldType::Text, &json!("a\0b")).is_err());
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(FieldValue::from_json(FieldType::Json, &deep), Err(NotOfType::Json));
        assert_eq!(
            FieldValue::from_json(FieldType::Text, &json!("x".repeat(65_537))),
            Err(NotOfType::TooLong)
        );
    }

    #[test]
    fn debug_shows_the_type_only() {
        assert_eq!(format!("{:?}", FieldValue::Text("secret".into())), "FieldValue::Text(..)");
    }
}
