//! The text of a policy: tokens, places, and texts fit to be quoted.
//!
//! Cedar reads the policy; this module only finds where things stand in it, so that an answer can
//! name a file and a line. It knows Cedar's tokens (words, strings, marks, `//` comments) and no
//! grammar. A text that Cedar would not read is cut somehow and then refused by Cedar.

use std::sync::Arc;

use parclose_types::limits::NAME_BYTES_MAX;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// the file's name, as it was given to [`crate::Policy::parse`]
    pub file: Arc<str>,
    /// the line, counted from 1
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A named text.
#[derive(Clone, Debug)]
pub(crate) struct File<'a> {
    pub(crate) name: Arc<str>,
    pub(crate) text: &'a str,
}

impl File<'_> {
    /// The place of a byte offset.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().iter().take(offset);
        Place { file: Arc::clone(&self.name), line: 1 + before.filter(|b| **b == b'\n').count() }
    }
}

/// A token of Cedar: a word or number, a string literal, or a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// offset of its first byte in the whole text
    pub(crate) start: usize,
    /// as it stands there
    pub(crate) text: &'a str,
}

impl Token<'_> {
    pub(crate) fn opens(&self) -> bool {
        matches!(self.text, "(" | "[" | "{")
    }

    pub(crate) fn closes(&self) -> bool {
        matches!(self.text, ")" | "]" | "}")
    }

    const fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Cuts a text into tokens; whitespace and comments fall away.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..)
        && let Some(first) = rest.chars().next()
    {
        let length = token_length(rest, first);
        if !first.is_whitespace() && !rest.starts_with("//") {
            found.push(Token { start, text: rest.get(..length).unwrap_or(rest) });
        }
        start += length;
    }
    found
}

/// Bytes of the token, comment or space at the start of `rest`; at least those of `first`.
fn token_length(rest: &str, first: char) -> usize {
    let until = |end: fn(char) -> bool| rest.find(end).unwrap_or(rest.len());
    if rest.starts_with("//") {
        return until(|c| c == '\n' || c == '\r');
    }
    if is_word(first) {
        return until(|c| !is_word(c));
    }
    if first == '"' {
        return string_length(rest);
    }
    match rest.get(..2) {
        Some("&&" | "||" | "::" | "==" | "!=" | "<=" | ">=") => 2,
        _ => first.len_utf8(),
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// The first token that stands deeper than `limit` brackets. In a schema `<` is a bracket, in a
/// policy it compares; `angled` says which.
pub(crate) fn too_deep<'t>(tokens: &[Token<'t>], limit: usize, angled: bool) -> Option<Token<'t>> {
    let mut depth = 0_usize;
    for token in tokens {
        if token.opens() || (angled && token.text == "<") {
            depth += 1;
        } else if token.closes() || (angled && token.text == ">") {
            depth = depth.saturating_sub(1);
        }
        if depth > limit {
            return Some(*token);
        }
    }
    None
}

/// Splits at every `mark` that stands outside all brackets.
pub(crate) fn split<'s, 't>(tokens: &'s [Token<'t>], mark: &str) -> Vec<&'s [Token<'t>]> {
    let mut depth = 0_i64;
    let is_cut = |token: &Token<'_>| {
        depth += i64::from(token.opens()) - i64::from(token.closes());
        depth == 0 && token.text == mark
    };
    tokens.split(is_cut).collect()
}

/// How many tokens the bracket at the start spans, itself and its partner included.
pub(crate) fn bracketed(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_i64;
    for (at, token) in tokens.iter().enumerate() {
        depth += i64::from(token.opens()) - i64::from(token.closes());
        if depth <= 0 {
            return token.closes().then_some(at + 1);
        }
    }
    None
}

/// The tokens as one line: comments dropped, any space between two tokens one blank.
pub(crate) fn one_line(tokens: &[Token<'_>]) -> String {
    let mut line = String::new();
    let mut end = None;
    for token in tokens {
        if end.is_some_and(|end| end < token.start) {
            line.push(' ');
        }
        line.push_str(token.text);
        end = Some(token.end());
    }
    line
}

/// Foreign text, fit for a message: without control characters, and cut to the length of a name.
pub(crate) fn quotable(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars().flat_map(char::escape_debug) {
        if quoted.len() + c.len_utf8() > NAME_BYTES_MAX {
            return quoted + "…";
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_strings_hide_marks() {
        assert_eq!(texts("a && \"x; // \\\" y\" // z; w\n;"), ["a", "&&", "\"x; // \\\" y\"", ";"]);
        assert_eq!(texts("\"\\\\\";b"), ["\"\\\\\"", ";", "b"]);
        assert_eq!(texts("Member::\"x\"!=y<=3"), ["Member", "::", "\"x\"", "!=", "y", "<=", "3"]);
    }

    #[test]
    fn brackets_are_paired() {
        let list = tokens("(a, [b, c]), d");
        assert!(too_deep(&tokens("a<b a<b"), 1, false).is_none());
        assert!(too_deep(&tokens("a<b a<b"), 1, true).is_some());
        assert_eq!(bracketed(&list), Some(9));
        assert_eq!(split(&list, ",").len(), 2);
        assert_eq!(bracketed(&tokens("(a")), None);
        assert_eq!(bracketed(&tokens(") a")), Some(1));
        assert!(too_deep(&tokens("((a))"), 2, false).is_none());
        assert_eq!(too_deep(&tokens("((a))"), 1, false).unwrap().start, 1);
    }

    #[test]
    fn lines_and_quotes_are_plain() {
        assert_eq!(one_line(&tokens(" a  // note\n  == b.c ")), "a == b.c");
        let file = File { name: "f".into(), text: "a\nb\nc" };
        assert_eq!(file.place(2).to_string(), "f:2");
        assert_eq!(file.place(99).line, 3);
        assert_eq!(quotable("a\u{1b}[2J\n"), "a\\u{1b}[2J\\n");
        assert!(quotable(&"é".repeat(99)).len() < NAME_BYTES_MAX + 4);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_in_order(text in "[ -~\n\r\"/éß&|]{0,80}") {
            let mut end = 0;
            for token in tokens(&text) {
                prop_assert!(token.start >= end);
                prop_assert_eq!(&text[token.start..token.end()], token.text);
                end = token.end();
            }
        }
    }
}
