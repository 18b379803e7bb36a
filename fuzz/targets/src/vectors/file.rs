//! The file form of vectors: good values once, and of each vector where it differs from one of them.
//!
//! A large value that looks random, an archive, is not stored: its hash is, and it is made again.

use parclose_crypto::hash::sha256;
use parclose_types::hex;
use serde_json::{Value, json};

use super::Vector;
use crate::archive::ARCHIVE;

/// The `schema` member of a file.
const SCHEMA: &str = "parclose.hostile/1";
/// What repeats itself and is longer is written as what is repeated, and how long that goes on.
const LITERAL_BYTES: usize = 64;

/// A file of vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// good values
    pub good: Vec<Shown>,
    /// vectors
    pub vectors: Vec<Stored>,
    entrance: String,
}

/// Bytes as they stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// as text
    Text(String),
    /// in hex
    Hex(Vec<u8>),
    /// these bytes over and over, so many bytes in all
    Cycle(Box<Self>, usize),
    /// one after the other
    Parts(Vec<Self>),
    /// the honest archive
    Archive,
}

/// Where a vector differs from its good value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// from this byte on
    pub at: usize,
    /// so many bytes are taken out
    pub cut: usize,
    /// and these put in
    pub insert: Shown,
}

/// A vector as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// the rule that it breaks
    pub rule: String,
    /// the rule that refuses it
    pub reported: String,
    /// in words
    pub fault: String,
    /// which good value
    pub good: usize,
    /// the fault
    pub change: Change,
}

impl Shown {
    fn of(bytes: &[u8]) -> Self {
        if *bytes == **ARCHIVE {
            return Self::Archive;
        }
        let period = period(bytes);
        if bytes.len() > LITERAL_BYTES && period * 4 <= bytes.len() {
            return Self::Cycle(Box::new(Self::literal(&bytes[..period])), bytes.len());
        }
        let mut parts: Vec<Self> = Vec::new();
        let mut literal: Vec<u8> = Vec::new();
        for run in bytes.chunk_by(|a, b| a == b) {
            if run.len() <= LITERAL_BYTES {
                literal.extend_from_slice(run);
                continue;
            }
            if !literal.is_empty() {
                parts.push(Self::literal(&std::mem::take(&mut literal)));
            }
            parts.push(Self::Cycle(Box::new(Self::literal(&run[..1])), run.len()));
        }
        if parts.is_empty() {
            return Self::literal(&literal);
        }
        if !literal.is_empty() {
            parts.push(Self::literal(&literal));
        }
        Self::Parts(parts)
    }

    fn literal(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(|c: char| c.is_control() && c != '\n') => Self::Text(text.to_owned()),
            _ => Self::Hex(bytes.to_vec()),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Hex(bytes) => bytes.clone(),
            Self::Cycle(unit, length) => unit.bytes().into_iter().cycle().take(*length).collect(),
            Self::Parts(parts) => parts.iter().flat_map(Self::bytes).collect(),
            Self::Archive => ARCHIVE.clone(),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "text": text }),
            Self::Hex(bytes) => json!({ "hex": hex::encode(bytes) }),
            Self::Cycle(unit, length) => json!({ "cycle": unit.to_value(), "bytes": length }),
            Self::Parts(parts) => Value::Array(parts.iter().map(Self::to_value).collect()),
            Self::Archive => json!({ "archive_sha256": hex::encode(&sha256(&ARCHIVE)) }),
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Some(text) = value["text"].as_str() {
            return Some(Self::Text(text.to_owned()));
        }
        if let Some(text) = value["hex"].as_str() {
            return Some(Self::Hex(hex::decode(text).ok()?));
        }
        if let Some(hash) = value["archive_sha256"].as_str() {
            return (hash == hex::encode(&sha256(&ARCHIVE))).then_some(Self::Archive);
        }
        if let Some(parts) = value.as_array() {
            return Some(Self::Parts(parts.iter().map(Self::from_value).collect::<Option<_>>()?));
        }
        let length = usize::try_from(value["bytes"].as_u64()?).ok()?;
        Some(Self::Cycle(Box::new(Self::from_value(&value["cycle"])?), length))
    }
}

/// The length of what bytes repeat, by the prefix function; all of them if they repeat nothing.
fn period(bytes: &[u8]) -> usize {
    let mut borders = vec![0; bytes.len()];
    for at in 1..bytes.len() {
        let mut border: usize = borders[at - 1];
        while border > 0 && bytes[at] != bytes[border] {
            border = borders[border - 1];
        }
        borders[at] = if bytes[at] == bytes[border] { border + 1 } else { 0 };
    }
    bytes.len() - borders.last().copied().unwrap_or(0)
}

impl Change {
    fn between(good: &[u8], bad: &[u8]) -> Self {
        let at = good.iter().zip(bad).take_while(|(a, b)| a == b).count();
        let (good, bad) = (&good[at..], &bad[at..]);
        let same = good.iter().rev().zip(bad.iter().rev()).take_while(|(a, b)| a == b).count();
        Self { at, cut: good.len() - same, insert: Shown::of(&bad[..bad.len() - same]) }
    }

    /// The good value with the fault put in.
    #[must_use]
    pub fn apply(&self, good: &[u8]) -> Vec<u8> {
        let mut bad = good.to_vec();
        bad.splice(self.at..self.at + self.cut, self.insert.bytes());
        bad
    }
}

impl File {
    /// The file of an entrance.
    #[must_use]
    pub fn of(entrance: &str, vectors: &[Vector]) -> Self {
        let mut good: Vec<&[u8]> = Vec::new();
        let mut stored = Vec::new();
        for vector in vectors {
            let known = good.iter().position(|known| *known == vector.good);
            let at = known.unwrap_or(good.len());
            if known.is_none() {
                good.push(&vector.good);
            }
            stored.push(Stored {
                rule: vector.rule.into(),
                reported: vector.reported.into(),
                fault: vector.fault.into(),
                good: at,
                change: Change::between(&vector.good, &vector.bad),
            });
        }
        let good = good.into_iter().map(Shown::of).collect();
        Self { good, vectors: stored, entrance: entrance.into() }
    }

    /// Its text.
    ///
    /// # Panics
    ///
    /// Never: names and numbers have a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let vector = |stored: &Stored| {
            let Change { at, cut, insert } = &stored.change;
            let mut value = json!({
                "rule": stored.rule, "fault": stored.fault, "good": stored.good,
                "at": at, "cut": cut, "insert": insert.to_value(),
            });
            if stored.reported != stored.rule {
                value["reported"] = json!(stored.reported);
            }
            value
        };
        let value = json!({
            "schema": SCHEMA,
            "written_by": "cargo run -p parclose-fuzz-targets --example write_vectors",
            "entrance": self.entrance,
            "good": self.good.iter().map(Shown::to_value).collect::<Vec<_>>(),
            "vectors": self.vectors.iter().map(vector).collect::<Vec<_>>(),
        });
        serde_json::to_string_pretty(&value).expect("names and numbers have a JSON form") + "\n"
    }

    /// Reads it; `None` for anything else.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let value: Value =
            serde_json::from_str(text).ok().filter(|value: &Value| value["schema"] == SCHEMA)?;
        let good = value["good"].as_array()?.iter().map(Shown::from_value).collect::<Option<_>>()?;
        let vectors = value["vectors"].as_array()?.iter().map(stored).collect::<Option<_>>()?;
        Some(Self { good, vectors, entrance: value["entrance"].as_str()?.to_owned() })
    }
}

fn stored(value: &Value) -> Option<Stored> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let number = |name: &str| value[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let rule = text("rule")?;
    Some(Stored {
        reported: text("reported").unwrap_or_else(|| rule.clone()),
        rule,
        fault: text("fault")?,
        good: number("good")?,
        change: Change {
            at: number("at")?,
            cut: number("cut")?,
            insert: Shown::from_value(&value["insert"])?,
        },
    })
}
