//! Reading `node.toml`: keys with their lines, before anything is known of them.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::value::Written;
use super::{ConfigError, Origin, Refused};

/// A configuration, in bytes.
pub const CONFIG_BYTES_MAX: usize = 64 << 10;

/// A key as it was written, its value, its line.
pub(super) type Line = (String, Written, usize);

/// # Rules
///
/// > CFG-01: a configuration is TOML of at most 64 KiB.
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<Line>, ConfigError> {
    let at = |line| Origin::File { path: path.to_owned(), line };
    if text.len() > CONFIG_BYTES_MAX {
        let reason = format!("larger than {CONFIG_BYTES_MAX} bytes");
        return Err(Refused::NotToml { reason }.at(at(1)));
    }
    let table = DeTable::parse(text).map_err(|e| {
        let start = e.span().map_or(0, |span| span.start);
        Refused::NotToml { reason: e.message().into() }.at(at(line_of(text, start)))
    })?;
    let mut lines = Vec::new();
    flatten(table.get_ref(), "", text, &mut lines);
    lines.sort_by_key(|(_, _, line)| *line);
    Ok(lines)
}

/// Sections become the beginnings of names. An empty section sets nothing, under whatever name: it is reported as a key.
fn flatten(table: &DeTable<'_>, section: &str, text: &str, lines: &mut Vec<Line>) {
    for (name, value) in table {
        let full = if section.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{section}.{}", name.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) if section.is_empty() && is_section(&full) => {
                flatten(inner, &full, text, lines);
            }
            value => lines.push((full, written(value), line_of(text, name.span().start))),
        }
    }
}

/// Whether any key begins so.
fn is_section(name: &str) -> bool {
    super::keys::KEYS.iter().any(|key| key.name.split('.').next() == Some(name))
}

fn written(value: &DeValue<'_>) -> Written {
    match value {
        DeValue::String(text) => Written::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Written::Integer(number.as_str().to_owned()),
        other => Written::Other(other.type_str()),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}
