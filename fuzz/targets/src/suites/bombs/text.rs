//! Texts read a second time, without their parsers: what of them is quoted or commented, and what is not.
//!
//! Only for what a parser has taken: what is no text of its format is cut somehow.

use parclose_types::limits::NAME_BYTES_MAX;

/// How a format quotes and comments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    comment: Option<&'static str>,
    /// longer ones first; in those of `"` a backslash escapes
    quotes: &'static [&'static str],
}

pub(super) const JSON: Syntax = Syntax { comment: None, quotes: &["\""] };
pub(super) const TOML: Syntax = Syntax { comment: Some("#"), quotes: &["\"\"\"", "'''", "\"", "'"] };
pub(super) const CEDAR: Syntax = Syntax { comment: Some("//"), quotes: &["\""] };

/// A text in its parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// without comments and empty lines
    pub(super) plain: String,
    /// the same without what is quoted: a blank stands for it
    pub(super) bare: String,
    /// bytes of the longest text in quotes that is not what an annotation says
    pub(super) quoted_bytes: usize,
}

impl Parts {
    pub(super) fn of(text: &str, syntax: Syntax) -> Self {
        let mut parts = Self::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_comment = syntax.comment.is_some_and(|mark| rest.starts_with(mark));
            let length = if is_comment {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if let Some(quote) = syntax.quotes.iter().find(|quote| rest.starts_with(**quote)) {
                parts.quoted(rest, quote)
            } else {
                parts.push(first);
                first.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        parts
    }

    /// Brackets in brackets.
    pub(super) fn depth(&self) -> usize {
        let (mut depth, mut most) = (0_usize, 0);
        for c in self.bare.chars() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            most = most.max(depth);
        }
        most
    }

    /// Bytes of the longest word.
    pub(super) fn word_bytes(&self) -> usize {
        self.bare.split(|c| !is_word(c)).map(str::len).max().unwrap_or(0)
    }

    /// Words of the longest statement.
    pub(super) fn statement_words(&self) -> usize {
        let words =
            |statement: &str| statement.split(|c| !is_word(c)).filter(|word| !word.is_empty()).count();
        self.bare.split(';').map(words).max().unwrap_or(0)
    }

    fn push(&mut self, c: char) {
        if c == '\n' && self.plain.ends_with('\n') {
            return;
        }
        self.plain.push(c);
        self.bare.push(c);
    }

    /// Takes in what is quoted at the beginning of `rest`; how long that is.
    fn quoted(&mut self, rest: &str, quote: &str) -> usize {
        let length = quoted_length(rest, quote);
        if !self.is_annotation() {
            self.quoted_bytes = self.quoted_bytes.max(length.saturating_sub(2 * quote.len()));
        }
        self.plain.push_str(rest.get(..length).unwrap_or(rest));
        self.bare.push(' ');
        length
    }

    /// Whether what stands before is `@word(`: nobody compares what an annotation says with anything.
    fn is_annotation(&self) -> bool {
        let before = self.bare.trim_end().strip_suffix('(').map(str::trim_end);
        let from = before.map_or("", |before| {
            let words_from = before.len().saturating_sub(NAME_BYTES_MAX + 1);
            before.get(words_from..).unwrap_or_default()
        });
        from.trim_end_matches(is_word).trim_end().ends_with('@')
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Bytes of what is quoted, with its quotes.
fn quoted_length(rest: &str, quote: &str) -> usize {
    let mut at = quote.len();
    while let Some(first) = rest.get(at..).and_then(|after| after.chars().next()) {
        let after = rest.get(at..).unwrap_or_default();
        if after.starts_with(quote) {
            return at + quote.len();
        }
        at += first.len_utf8();
        if first == '\\' && quote.starts_with('"') {
            at += rest.get(at..).and_then(|after| after.chars().next()).map_or(0, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_or_commented_counts_for_nothing() {
        let toml = Parts::of("a = [[1]] # [[[\n\n\nb = \"[\\\"[\" # {\nc = '\\'\nd = '''[\n'''\n", TOML);
        assert_eq!((toml.depth(), toml.bare.as_str()), (2, "a = [[1]] \nb =   \nc =  \nd =  \n"));
        assert_eq!(toml.plain, "a = [[1]] \nb = \"[\\\"[\" \nc = '\\'\nd = '''[\n'''\n");
        assert_eq!(Parts::of(r#"{"[[": [{}]}"#, JSON).depth(), 3);
    }

    #[test]
    fn words_texts_and_statements_of_cedar_are_measured() {
        let text = format!(
            "@id(\"{}\")\npermit(a, {}); x == \"{}\"; // {}",
            "i".repeat(99),
            "w".repeat(65),
            "t".repeat(66),
            "c".repeat(99)
        );
        let parts = Parts::of(&text, CEDAR);
        assert_eq!((parts.word_bytes(), parts.quoted_bytes, parts.depth()), (65, 66, 1));
        assert_eq!(parts.statement_words(), 4, "id, permit, a and w…");
    }
}
