//! A mapping as it stands in TOML, before it is checked; [`super::keys`] lists every key.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::keys;
use super::refusal::MappingFault;
use crate::amount::SignRule;
use crate::amount::product::Rounding;
use crate::mapping::{Same, Then, WrittenAs};
use crate::source::Encoding;

#[derive(Debug, Deserialize)]
pub(super) struct Written {
    pub(super) key: Vec<String>,
    pub(super) month: Option<String>,
    #[serde(default)]
    pub(super) must_agree: Vec<String>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    #[serde(default)]
    pub(super) file: File,
    #[serde(default)]
    pub(super) tokens: Tokens,
    pub(super) currency: Option<WrittenCurrency>,
    pub(super) amount: Amount,
    #[serde(default)]
    pub(super) dates: BTreeMap<String, Date>,
    pub(super) document: BTreeMap<String, Field>,
    #[serde(default)]
    pub(super) line: BTreeMap<String, Field>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, String>,
    pub(super) split: Option<Split>,
    #[serde(default)]
    pub(super) duplicates: Duplicates,
    pub(super) credit_notes: Option<CreditNotes>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) encoding: Encoding,
    pub(super) separator: String,
    pub(super) skip_rows: u32,
    pub(super) skip_prefixes: Vec<String>,
}

impl Default for File {
    fn default() -> Self {
        Self { encoding: Encoding::Utf8, separator: ",".into(), skip_rows: 0, skip_prefixes: Vec::new() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    pub(super) missing: Vec<String>,
    pub(super) redacted: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WrittenCurrency {
    pub(super) code: Option<String>,
    pub(super) column: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    pub(super) column: Option<String>,
    pub(super) debit: Option<String>,
    pub(super) credit: Option<String>,
    pub(super) sign: SignRule,
    pub(super) decimal_mark: String,
    pub(super) thousands_mark: Option<String>,
    #[serde(default)]
    pub(super) symbols: Vec<String>,
    #[serde(default)]
    pub(super) times: Vec<Factor>,
    #[serde(default)]
    pub(super) divided_by: Vec<Factor>,
    pub(super) rounding: Option<Rounding>,
}

/// A text names a column, a number stands for itself.
#[derive(Debug)]
pub(super) enum Factor {
    Number(i64),
    Column(String),
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Factor;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column's name or a whole number")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Factor, E> {
                Ok(Factor::Number(number))
            }
            fn visit_str<E: de::Error>(self, column: &str) -> Result<Factor, E> {
                Ok(Factor::Column(column.into()))
            }
        }
        from.deserialize_any(Either)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Date {
    pub(super) column: Option<String>,
    pub(super) formats: Option<Vec<String>>,
    pub(super) derived_from: Option<String>,
    pub(super) days_before: Option<u32>,
}

/// A column's name, or a table that says more.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) column: Option<String>,
    pub(super) join: Option<Vec<String>>,
    pub(super) with: Option<String>,
    pub(super) otherwise: Option<String>,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            column: Option<String>,
            join: Option<Vec<String>>,
            with: Option<String>,
            otherwise: Option<String>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Field;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column's name, or a table with `column` or `join`")
            }
            fn visit_str<E: de::Error>(self, column: &str) -> Result<Field, E> {
                Ok(Field { column: Some(column.into()), ..Field::default() })
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Field, M::Error> {
                let Written { column, join, with, otherwise } =
                    Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Field { column, join, with, otherwise })
            }
        }
        from.deserialize_any(Either)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Split {
    pub(super) field: String,
    pub(super) text: Option<String>,
    pub(super) columns: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Duplicates {
    pub(super) same: Same,
    pub(super) then: Then,
}

#[derive(Debug, Deserialize)]
pub(super) struct CreditNotes {
    #[serde(rename = "type")]
    pub(super) column: Option<String>,
    #[serde(default)]
    pub(super) invoices: Vec<String>,
    #[serde(default)]
    pub(super) credit_notes: Vec<String>,
    pub(super) amounts: WrittenAs,
    pub(super) reference: Option<String>,
    pub(super) names: Option<String>,
}

/// Reads the shape: syntax first, so that a missing bracket is not reported as an unknown key, then the
/// keys, then their values.
pub(super) fn read(text: &str) -> Result<Written, MappingFault> {
    let table = toml::de::DeTable::parse(text)
        .map_err(|error| MappingFault::Toml { line: line(text, &error), message: error.message().into() })?;
    keys::check(table.get_ref(), text)?;
    toml::from_str(text)
        .map_err(|error| MappingFault::Shape { line: line(text, &error), message: error.message().into() })
}

/// The line an error points at.
fn line(text: &str, error: &toml::de::Error) -> usize {
    line_at(text, error.span().map_or(0, |span| span.start))
}

/// The line of a byte, from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}
