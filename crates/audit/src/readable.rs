//! JSON files around canonical bytes: what people read, next to what is proven.
//!
//! The bytes decide. The readable members are there for eyes and for other programs; a file in which
//! one of them says anything else than the bytes is refused, because somebody would rely on it.
//! Unknown, doubled and missing members are errors (`deny_unknown_fields` and [`required`]).

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::Serialize;
use serde_json::Value;

/// Reads a file of exactly the members of `T`.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, limit_bytes: usize) -> Result<T, String> {
    if text.len() > limit_bytes {
        return Err(format!("larger than {limit_bytes} bytes"));
    }
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// Writes a file, indented, with a final line feed.
pub(crate) fn print<T: Serialize>(file: &T) -> String {
    serde_json::to_string_pretty(file).expect("names and numbers have a JSON form") + "\n"
}

/// The first member, by name, in which a file differs from what its bytes prove.
pub(crate) fn differing<T: Serialize>(claimed: &T, proven: &T) -> Option<String> {
    let members = |file: &T| match serde_json::to_value(file) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let claimed = members(claimed);
    members(proven).into_iter().find(|(name, value)| claimed.get(name) != Some(value)).map(|(name, _)| name)
}

/// Makes serde refuse a file without this member, which it would read as `null`.
pub(crate) fn required<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(from)
}
