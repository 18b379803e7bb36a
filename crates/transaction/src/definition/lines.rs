//! Where things stand in `channel.toml`, so that an answer can name a line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The lines of one text.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    table: DeTable<'t>,
}

impl<'t> Lines<'t> {
    /// Of the text of a definition; `None` for what is no TOML.
    #[must_use]
    pub fn of(text: &'t str) -> Option<Self> {
        Some(Self { text, table: DeTable::parse(text).ok()?.into_inner() })
    }

    /// The line of a key of an entry: `("slots", &[("audience", "trade")])`. The entry is found list by
    /// list, by the name it has there: `[("record", "receivable"), ("field", "lines")]`.
    #[must_use]
    pub fn line(&self, key: &str, entry: &[(&str, &str)]) -> Option<usize> {
        let mut table = &self.table;
        for (list, name) in entry {
            let mut items = table.get(*list)?.get_ref().as_array()?.iter().map(Spanned::get_ref);
            table = items.find_map(|item| item.as_table().filter(|table| is_named(table, name)))?;
        }
        let (key, _) = table.get_key_value(key)?;
        Some(self.line_of(&key.span()))
    }

    fn line_of(&self, span: &Range<usize>) -> usize {
        let before = self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        before.saturating_add(1)
    }
}

fn is_named(table: &DeTable<'_>, name: &str) -> bool {
    table.get("name").map(Spanned::get_ref).and_then(DeValue::as_str) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::SCF;

    #[test]
    fn a_key_is_found_by_the_names_above_it() {
        let lines = Lines::of(SCF).unwrap();
        let text: Vec<&str> = SCF.lines().collect();
        let at = |line: Option<usize>| text[line.unwrap() - 1];
        assert_eq!(at(lines.line("slots", &[("audience", "trade")])), "slots = [\"buyer\", \"supplier\"]");
        let field = [("record", "acceptance"), ("field", "cost_centre")];
        let line = lines.line("audience", &field).unwrap();
        assert_eq!(text[line - 1], "audience = \"trade\"");
        assert_eq!(text[line - 3], "name = \"cost_centre\"");
        let first = lines.line("audience", &[("record", "receivable"), ("field", "invoice_number")]).unwrap();
        assert!(first < line);
        assert!(at(lines.line("title", &[])).starts_with("title = "));
    }

    #[test]
    fn what_is_not_there_has_no_line() {
        let lines = Lines::of(SCF).unwrap();
        assert_eq!(lines.line("roles", &[("audience", "trade")]), None);
        assert_eq!(lines.line("slots", &[("audience", "nobody")]), None);
        assert_eq!(lines.line("slots", &[("title", "trade")]), None);
        assert!(Lines::of("x").is_none());
    }
}
