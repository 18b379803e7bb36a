//! Canaries: secret values that nobody draws by chance, each with the members that may know it.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use parclose_transaction::FieldValue;

/// Who may know something, by the number that [`Canaries`] has given it.
pub type Audience = u16;

/// A secret value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// a text field: 22 characters of 62, so at least 16 bytes of randomness
    Text(String),
    /// an amount in minor units, of the marked set
    Amount(u64),
    /// key material
    Key([u8; 32]),
}

/// What a canary is, without its value.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Amount(_) => "Amount",
            Self::Key(_) => "Key",
        })
    }
}

impl Value {
    /// As the field's value; a key is none.
    pub fn field(&self) -> Option<FieldValue> {
        match self {
            Self::Text(text) => Some(FieldValue::Text(text.clone())),
            Self::Amount(minor) => Some(FieldValue::Amount(*minor, *b"GBP")),
            Self::Key(_) => None,
        }
    }
}

/// One registered secret.
#[derive(Clone, Debug)]
pub struct Canary {
    /// what it is: a field's name, or which key
    pub what: &'static str,
    /// the value
    pub value: Value,
    /// who may know it
    pub audience: Audience,
}

/// All secrets of one run.
#[derive(Debug, Default)]
pub struct Canaries {
    all: Vec<Canary>,
    audiences: Vec<BTreeSet<String>>,
}

/// The lowest bits of every amount of the marked set: a person who reads a finding sees at once what it is.
pub const MARK: u64 = 0x5CA1;
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// 62 to this power is above 2 to the 128.
const TEXT_LETTERS: usize = 22;

/// A text of 22 random letters and digits.
pub fn text(rng: &mut impl Rng) -> String {
    let letter = |_| {
        let at = usize::try_from(rng.next_u32() % 62).unwrap_or_default();
        char::from(LETTERS.get(at).copied().unwrap_or(b'A'))
    };
    (0..TEXT_LETTERS).map(letter).collect()
}

/// As [`text`], with characters in its middle that JSON and URLs write in another way.
pub fn awkward_text(rng: &mut impl Rng) -> String {
    let mut text = text(rng);
    text.insert_str(11, "\"é/");
    text
}

/// An amount of the marked set, below 2 to the 62: two of them still add up.
pub fn amount(rng: &mut impl Rng) -> u64 {
    (rng.next_u64() >> 2 & !0xFFFF) | 1 << 60 | MARK
}

impl Canaries {
    /// The number of an audience.
    pub fn audience<'a>(&mut self, members: impl IntoIterator<Item = &'a str>) -> Audience {
        let members: BTreeSet<String> = members.into_iter().map(str::to_owned).collect();
        let at = self.audiences.iter().position(|known| *known == members).unwrap_or_else(|| {
            self.audiences.push(members);
            self.audiences.len().saturating_sub(1)
        });
        Audience::try_from(at).unwrap_or(Audience::MAX)
    }

    /// Registers a secret.
    pub fn register(&mut self, what: &'static str, value: Value, audience: Audience) {
        self.all.push(Canary { what, value, audience });
    }

    /// All of them.
    pub fn all(&self) -> &[Canary] {
        &self.all
    }

    /// Whether somebody may know what this audience knows.
    pub fn may_know(&self, audience: Audience, who: &str) -> bool {
        self.audiences.get(usize::from(audience)).is_some_and(|members| members.contains(who))
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for canary in &self.all {
            let n: &mut u64 = counts.entry(canary.what).or_default();
            *n = n.saturating_add(1);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::rng;

    #[test]
    fn canaries_are_many_marked_and_all_different() {
        let mut rng = rng(7, "canaries");
        let texts: BTreeSet<String> = (0..5000).map(|_| text(&mut rng)).collect();
        let amounts: BTreeSet<u64> = (0..5000).map(|_| amount(&mut rng)).collect();
        assert_eq!((texts.len(), amounts.len()), (5000, 5000));
        assert!(texts.iter().all(|text| text.len() == 22));
        assert!(amounts.iter().all(|minor| minor & 0xFFFF == MARK && *minor < 1 << 62));
        assert_eq!(awkward_text(&mut rng).chars().filter(|c| !c.is_ascii_alphanumeric()).count(), 3);
    }

    #[test]
    fn an_audience_has_one_number_and_its_members_only() {
        let mut canaries = Canaries::default();
        let trade = canaries.audience(["buyer", "supplier"]);
        assert_eq!(canaries.audience(["supplier", "buyer"]), trade);
        assert_ne!(canaries.audience(["buyer"]), trade);
        assert!(canaries.may_know(trade, "buyer") && !canaries.may_know(trade, "bank"));
        canaries.register("lines", Value::Amount(5), trade);
        assert_eq!(canaries.counts(), BTreeMap::from([("lines", 1)]));
        assert!(!format!("{canaries:?}").contains('5'), "a report must not show what it is about");
    }
}
