//! What a text that was taken says: read with a general parser, or without what says nothing, it has to be the same.

use parclose_audit::Receipt;
use parclose_cli::contexts::file::Contexts;
use parclose_documents::Mapping;
use parclose_node::home::HomeFile;
use parclose_node::joining::{self, Card, Invitation};
use parclose_transaction::Definition;
use parclose_types::hex;
use serde_json::Value;
use std::path::Path;

use super::text::{CEDAR, Parts, TOML};
use crate::tables::import;
use crate::texts::parse_policy;
use crate::world::{SCHEMA, WORLD};

/// What is wrong with what an entrance has read from a text, and written again.
pub(super) fn fault(entrance: &str, value: &[u8], written: &[u8]) -> Option<&'static str> {
    match entrance {
        "genesis_json" | "view_key_json" => json(value, serde_json::from_slice(written).ok()),
        // The others hand on what they were given.
        _ if written != value => Some("another text is handed on"),
        "receipt_json" => json(value, receipt(value)),
        "card" => json(value, parsed::<Card>(value)),
        "invitation" => json(value, parsed::<Invitation>(value)),
        "home" => json(value, home(value)),
        "definition" => toml(value, |text| Definition::parse("channel.toml", text).ok()),
        "mapping" => toml(value, |text| Mapping::parse(text, "mapping.toml").ok()),
        "contexts" => toml(value, |text| Contexts::parse(text, Path::new("contexts.toml")).ok()),
        "policy" => policy(value),
        "table" => table(value),
        _ => None,
    }
}

/// What is read has to be what any reader of JSON sees: no member ignored, none made up.
fn json(value: &[u8], read: Option<Value>) -> Option<&'static str> {
    let seen = serde_json::from_slice::<Value>(value).ok();
    (seen.is_none() || read != seen).then_some("what is read is not what stands there")
}

fn parsed<T: serde::Serialize + for<'de> serde::Deserialize<'de>>(value: &[u8]) -> Option<Value> {
    serde_json::to_value(joining::parse::<T>(Path::new("file"), value).ok()?).ok()
}

fn home(value: &[u8]) -> Option<Value> {
    serde_json::to_value(HomeFile::parse(Path::new("home.json"), value).ok()?).ok()
}

fn receipt(value: &[u8]) -> Option<Value> {
    let file: Value = serde_json::from_slice(value).ok()?;
    let receipt = Receipt::decode(&hex::decode(file.get("bytes")?.as_str()?).ok()?).ok()?;
    serde_json::from_str(&receipt.to_json(&WORLD.genesis).ok()?).ok()
}

/// Comments and empty lines say nothing.
fn toml<T: PartialEq>(value: &[u8], read: impl Fn(&str) -> Option<T>) -> Option<&'static str> {
    let text = std::str::from_utf8(value).ok()?;
    let plain = read(&Parts::of(text, TOML).plain);
    (plain.is_none() || plain != read(text)).then_some("comments or empty lines say something")
}

fn policy(value: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(value).ok()?;
    let (policy, schema) = text.split_once('\0').unwrap_or((text, SCHEMA));
    let statements = |policy: &str, schema: &str| {
        let read = parse_policy(policy, schema).ok()?;
        let all = read.statements().iter();
        Some(all.map(|statement| (statement.id.clone(), statement.effect)).collect::<Vec<_>>())
    };
    let plain = statements(&Parts::of(policy, CEDAR).plain, &Parts::of(schema, CEDAR).plain);
    (plain.is_none() || plain != statements(policy, schema))
        .then_some("comments or empty lines say something")
}

/// Empty lines of a table are no rows, unless rows are counted off at its beginning.
fn table(value: &[u8]) -> Option<&'static str> {
    let at = value.iter().position(|byte| *byte == 0)?;
    let (mapping, table) = (std::str::from_utf8(value.get(..at)?).ok()?, value.get(at + 1..)?);
    if mapping.contains("skip_") || table.contains(&b'"') {
        return None;
    }
    let mapping =
        Mapping::parse(mapping, "mapping.toml").and_then(|read| read.in_currency(None, "mapping.toml"));
    let mapping = mapping.ok()?;
    let lines: Vec<&[u8]> = table.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let read = |table: &[u8]| {
        let report = import(table, &mapping).ok()?.report;
        let total: u128 = report.totals.values().map(|totals| totals.total_minor).sum();
        Some((report.documents, report.lines, total))
    };
    (read(&lines.join(&b'\n')) != read(table)).then_some("empty lines are rows")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entrances::{ENTRANCES, Form};
    use crate::packs::good_values;

    #[test]
    fn good_texts_say_what_stands_in_them_with_empty_lines_too() {
        for entrance in ENTRANCES.iter().filter(|entrance| entrance.form == Form::Text) {
            for good in good_values(entrance.name) {
                let written = (entrance.decode)(good).expect("a good value");
                assert_eq!(fault(entrance.name, good, &written), None, "{}", entrance.name);
                assert!(fault(entrance.name, good, &written[1..]).is_some(), "{}", entrance.name);
            }
        }
    }

    #[test]
    fn a_member_that_is_left_out_and_a_comment_that_counts_are_noticed() {
        let value = br#"{"a": 1, "b": [2]}"#;
        assert_eq!(json(value, Some(json!({"a": 1, "b": [2]}))), None);
        assert!(json(value, Some(json!({"a": 1}))).is_some());
        assert!(json(value, None).is_some());
        let value = b"a = 1\n\n# b = 2\n";
        assert_eq!(toml(value, |text| Some(text.contains("a = 1"))), None);
        assert!(toml(value, |text| Some(text.contains("b = 2"))).is_some());
        assert!(toml(value, |text| Some(text.lines().count())).is_some());
    }
}
