//! What each entrance takes at most, written down a second time. A bomb that is taken has to be within all of it.

use parclose_documents::Mapping;
use parclose_types::limits::{
    BATCH_BYTES_MAX, DEFINITION_BYTES_MAX, FIELD_BYTES_MAX, KEY_FILE_BYTES_MAX, NAME_BYTES_MAX, NESTING_MAX,
    PASSPHRASE_BYTES_MAX, POLICY_BYTES_MAX, RECEIPT_BYTES_MAX, ROOT_TRANSACTION_BYTES_MAX,
    TRANSACTION_BYTES_MAX,
};

use super::text::{CEDAR, JSON, Parts, Syntax, TOML};
use crate::tables::import;

/// Columns of a table (IMP-30).
const COLUMNS_MAX: usize = 4096;
/// Words and marks of one statement of a policy.
const STATEMENT_TOKENS_MAX: usize = 256;
/// Bytes of a wrapped view key in canonical form.
const WRAPPED_BYTES_MAX: usize = 16 << 10;
const GENESIS_BYTES_MAX: usize = 64 << 10;
const HOME_BYTES_MAX: usize = 1 << 20;
const CONTEXTS_BYTES_MAX: usize = 64 << 10;
/// What files have beside the hex of their bytes.
const MEMBERS_BYTES_MAX: usize = 4096;

/// The limit that a value is beyond, if there is one.
pub(super) fn exceeded(entrance: &str, value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).unwrap_or_default();
    match entrance {
        "transaction" => bytes(value, 4 + TRANSACTION_BYTES_MAX),
        "proposal" | "setup" => bytes(value, BATCH_BYTES_MAX),
        "root_opening" | "root_transaction" | "root_deal" | "rotation_statement" | "close_statement" => {
            bytes(value, ROOT_TRANSACTION_BYTES_MAX)
        }
        "order_proof" | "tag_proof" | "receipt" => bytes(value, RECEIPT_BYTES_MAX),
        "wrapped_view_key" => bytes(value, WRAPPED_BYTES_MAX),
        "key_file" => bytes(value, KEY_FILE_BYTES_MAX),
        // Their last line feed does not count.
        "passphrase" => bytes(value.strip_suffix(b"\n").unwrap_or(value), PASSPHRASE_BYTES_MAX),
        "receipt_json" => written(text, JSON, 2 * RECEIPT_BYTES_MAX + MEMBERS_BYTES_MAX),
        "view_key_json" => written(text, JSON, 2 * WRAPPED_BYTES_MAX + MEMBERS_BYTES_MAX),
        "genesis_json" => written(text, JSON, GENESIS_BYTES_MAX),
        "invitation" | "card" => written(text, JSON, DEFINITION_BYTES_MAX),
        "home" => written(text, JSON, HOME_BYTES_MAX),
        "definition" | "mapping" => written(text, TOML, DEFINITION_BYTES_MAX),
        "contexts" => written(text, TOML, CONTEXTS_BYTES_MAX),
        "policy" => policy(text),
        "table" => table(value),
        // Frames, messages, bundles and archives may be larger than any bomb of this suite; the others have a fixed length, which
        // the one encoding holds.
        _ => None,
    }
}

/// Bytes of a text without comments and empty lines.
pub(super) fn said_bytes(entrance: &str, value: &[u8]) -> usize {
    let syntax = match entrance {
        "definition" | "mapping" | "contexts" => TOML,
        "policy" => CEDAR,
        _ => JSON,
    };
    std::str::from_utf8(value).map_or(value.len(), |text| Parts::of(text, syntax).plain.len())
}

fn bytes(value: &[u8], most: usize) -> Option<String> {
    above("bytes", value.len(), most)
}

fn above(what: &str, count: usize, most: usize) -> Option<String> {
    (count > most).then(|| format!("{count} {what}, and there are at most {most}"))
}

fn written(text: &str, syntax: Syntax, most: usize) -> Option<String> {
    let nested = || above("brackets in brackets", Parts::of(text, syntax).depth(), NESTING_MAX);
    bytes(text.as_bytes(), most).or_else(nested)
}

/// A policy, a zero byte, and its schema.
fn policy(text: &str) -> Option<String> {
    let (policy, schema) = text.split_once('\0').unwrap_or((text, ""));
    let statements = || {
        let words = Parts::of(policy, CEDAR).statement_words();
        above("words of a statement", words, STATEMENT_TOKENS_MAX)
    };
    cedar(policy).or_else(|| cedar(schema)).or_else(statements)
}

fn cedar(text: &str) -> Option<String> {
    let parts = Parts::of(text, CEDAR);
    bytes(text.as_bytes(), POLICY_BYTES_MAX)
        .or_else(|| above("brackets in brackets", parts.depth(), NESTING_MAX))
        .or_else(|| above("bytes of a word", parts.word_bytes(), NAME_BYTES_MAX))
        .or_else(|| above("bytes in quotes", parts.quoted_bytes, NAME_BYTES_MAX))
}

/// A mapping, a zero byte, and a table under it.
fn table(value: &[u8]) -> Option<String> {
    let at = value.iter().position(|byte| *byte == 0)?;
    let (mapping, rest) = value.split_at(at);
    let (mapping, table) = (std::str::from_utf8(mapping).ok()?, rest.get(1..)?);
    written(mapping, TOML, DEFINITION_BYTES_MAX)
        .or_else(|| above("columns", columns(mapping, table), COLUMNS_MAX))
        .or_else(|| above("bytes of a value", value_bytes(mapping, table), FIELD_BYTES_MAX))
}

/// Cells of the longest line without a quote.
fn columns(mapping: &str, table: &[u8]) -> usize {
    let separator = mapping.split("separator = \"").nth(1).and_then(|rest| rest.bytes().next());
    let lines = table.split(|byte| *byte == b'\n').filter(|line| !line.contains(&b'"'));
    lines.map(|line| 1 + line.iter().filter(|byte| Some(**byte) == separator).count()).max().unwrap_or(0)
}

/// Bytes of the longest value that is read.
fn value_bytes(mapping: &str, table: &[u8]) -> usize {
    let mapping =
        Mapping::parse(mapping, "mapping.toml").and_then(|read| read.in_currency(None, "mapping.toml"));
    let Some(read) = mapping.ok().and_then(|mapping| import(table, &mapping).ok()) else { return 0 };
    let of_lines = read.documents.iter().flat_map(|document| &document.lines);
    let of_lines = of_lines.flat_map(|line| line.fields.values().chain([&line.id, &line.description]));
    let of_documents =
        read.documents.iter().flat_map(|document| document.fields.values().chain(&document.key));
    of_documents.chain(of_lines).map(String::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one_beyond_a_limit_is_named() {
        let brackets = |count: usize| [vec![b'['; count], vec![b']'; count]].concat();
        assert_eq!(exceeded("card", &brackets(NESTING_MAX)), None);
        assert!(
            exceeded("card", &brackets(NESTING_MAX + 1)).is_some_and(|what| what.starts_with("33 brackets"))
        );
        assert_eq!(exceeded("passphrase", &[vec![b'a'; 1024], vec![b'\n']].concat()), None);
        assert!(exceeded("passphrase", &[b'a'; 1025]).is_some());
        assert!(exceeded("contexts", &vec![b'\n'; (64 << 10) + 1]).is_some());
        assert_eq!(exceeded("policy", "w".repeat(64).as_bytes()), None);
        assert!(exceeded("policy", "w".repeat(65).as_bytes()).is_some());
        let row = |cells: usize| format!("separator = \";\"\n\0{}", ";".repeat(cells - 1));
        assert_eq!(exceeded("table", row(4096).as_bytes()), None);
        assert!(exceeded("table", row(4097).as_bytes()).is_some_and(|what| what.starts_with("4097 columns")));
    }
}
