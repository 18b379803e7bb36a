//! What columns, tokens and signs are called, read from `dictionary.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// The words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dictionary {
    #[serde(rename = "role")]
    pub(super) roles: Vec<Role>,
    pub(super) tokens: Tokens,
    /// a sign -> the currencies that have it
    pub(super) signs: BTreeMap<String, Vec<String>>,
    pub(super) types: Types,
    pub(super) dates: Dates,
}

/// What a column can be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) kind: Kind,
    names: Vec<String>,
    exact: Vec<String>,
}

/// What the values of a column have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Amount,
    Currency,
    Date,
    Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tokens {
    missing: BTreeSet<String>,
    redacted: Vec<String>,
}

impl Tokens {
    /// Bytes of the longest; in another case a letter may take more of them.
    fn longest_missing(&self) -> usize {
        self.missing.iter().map(|token| token.len() + 2).max().unwrap_or(0)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Types {
    invoices: Vec<String>,
    credit_notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dates {
    pub(super) formats: Vec<String>,
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    toml::from_str(include_str!("dictionary.toml")).expect("the dictionary is read by a test")
});

/// Bytes of the longest value that can be a token; others are not looked up.
const TOKEN_BYTES_MAX: usize = 64;

impl Dictionary {
    pub(super) fn get() -> &'static Self {
        &DICTIONARY
    }

    /// Whether a value stands for nothing.
    pub(super) fn is_missing(&self, value: &str) -> bool {
        value.len() <= self.tokens.longest_missing() && self.tokens.missing.contains(&value.to_lowercase())
    }

    /// Whether a value was taken out on purpose.
    pub(super) fn is_redacted(&self, value: &str) -> bool {
        // Most values are numbers, days and codes: what is no word is not looked up.
        let words = |byte: u8| byte.is_ascii_alphabetic() || byte == b'*' || !byte.is_ascii();
        let may_be =
            value.len() <= TOKEN_BYTES_MAX && value.bytes().filter(|byte| words(*byte)).nth(2).is_some();
        may_be && {
            let value = value.to_lowercase();
            self.tokens.redacted.iter().any(|word| value.contains(word.as_str()))
        }
    }

    /// Whether a type code means a credit note; `None` when it is not known.
    pub(super) fn is_credit_note(&self, code: &str) -> Option<bool> {
        let code = code.to_lowercase();
        let known = |list: &[String]| code.len() <= TOKEN_BYTES_MAX && list.contains(&code);
        match (known(&self.types.invoices), known(&self.types.credit_notes)) {
            (_, true) => Some(true),
            (true, false) => Some(false),
            (false, false) => None,
        }
    }
}

/// The words of a header: in lower case, without punctuation, `invoiceNumber` taken apart.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in header.chars() {
        let humps = before.is_lowercase() && character.is_uppercase();
        if (humps || !character.is_alphanumeric()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

impl Role {
    /// How well a header names this role; 0 when it does not.
    pub(super) fn score(&self, header: &str) -> u32 {
        let header = words(header);
        let named =
            self.names.iter().zip((0..300).rev()).map(|(name, rank)| score(&header, &words(name), rank));
        let exact = self.exact.iter().zip((0..100).rev());
        let exact = exact.map(|(name, rank)| if header == words(name) { 600 + rank } else { 0 });
        named.chain(exact).max().unwrap_or(0)
    }
}

/// A whole header counts for more than words in a row, and those for more than words anywhere.
fn score(header: &[String], name: &[String], rank: u32) -> u32 {
    let without_spaces = |name: &String| !name.is_ascii() && name.chars().any(|c| c >= '\u{2e80}');
    match name {
        _ if header == name => 2_000 + rank,
        [name] if without_spaces(name) && header.iter().any(|word| word.contains(name.as_str())) => {
            1_500 + rank
        }
        [_, _, ..] if header.windows(name.len()).any(|window| window == name) => 1_000 + rank,
        [_, _, ..] if name.iter().all(|word| header.contains(word)) => 700 + rank,
        [name] if header.contains(name) => 300 + rank,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(header: &str) -> Option<&'static str> {
        let roles = Dictionary::get().roles.iter();
        let best = roles.max_by_key(|role| role.score(header))?;
        (best.score(header) > 0).then_some(best.name.as_str())
    }

    #[test]
    fn headers_of_many_ledgers_are_known() {
        for (header, role) in [
            ("Net Amount", "amount"),
            ("Amount (£)", "amount"),
            ("Betrag in EUR", "amount"),
            ("montant TTC", "amount"),
            ("金额（元）", "amount"),
            ("Invoice No.", "invoice_number"),
            ("invoiceNumber", "invoice_number"),
            ("INVOICE_NUMBER", "invoice_number"),
            ("Rechnungsnummer", "invoice_number"),
            ("发票号码", "invoice_number"),
            ("Supplier(Beneficiary) Name", "supplier_name"),
            ("Supplier Registered Company Number", "supplier_registration"),
            ("Lieferantennr.", "supplier_id"),
            ("Fälligkeitsdatum", "due"),
            ("Date d'échéance", "due"),
            ("Invoice Date", "issue"),
            ("Date", "paid"),
            ("Currency Code", "currency"),
            ("Internal Ref Number", "id"),
            ("Belegart", "type"),
            ("Original Invoice", "reference"),
        ] {
            assert_eq!(best(header), Some(role), "{header}");
        }
        for header in [
            "",
            "Proclass",
            "Irrecoverable",
            "Voluntary Community and Social Enterprise Supplier",
            "x".repeat(100_000).as_str(),
        ] {
            assert_eq!(best(header), None, "{header}");
        }
    }

    #[test]
    fn a_name_stands_once_among_the_names_that_are_looked_for() {
        let dictionary = Dictionary::get();
        let mut seen = BTreeSet::new();
        for name in dictionary.roles.iter().flat_map(|role| &role.names) {
            assert!(seen.insert(words(name)), "{name}");
            assert!(!words(name).is_empty());
        }
        assert!(dictionary.dates.formats.iter().all(|format| crate::date::is_usable(format)));
        let codes = dictionary.signs.values().flatten();
        assert!(codes.into_iter().all(|code| crate::Currency::find(code).is_some()));
    }

    #[test]
    fn tokens_are_known_whatever_their_case() {
        let dictionary = Dictionary::get();
        for (value, missing, redacted) in [
            ("N/A", true, false),
            ("-", true, false),
            ("REDACTED PERSONAL DATA", false, true),
            ("[redacted]", false, true),
            ("Ada", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (dictionary.is_missing(value), dictionary.is_redacted(value)),
                (missing, redacted),
                "{value}"
            );
        }
        assert!(!dictionary.is_redacted(&format!("{} redacted", "x".repeat(100))));
        assert_eq!(
            (
                dictionary.is_credit_note("381"),
                dictionary.is_credit_note("Invoice"),
                dictionary.is_credit_note("x")
            ),
            (Some(true), Some(false), None)
        );
    }
}
