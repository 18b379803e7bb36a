//! How a column writes numbers, learned from all of its values.
//!
//! `1.234` alone is one thousand or one and a bit. A column tells which by its other values: by a number
//! with both marks, with the same mark twice, or with other than three digits behind it.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::SignRule;

/// What a column's numbers look like.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    /// values that are numbers
    pub(super) read: u64,
    /// values that are none
    pub(super) other: u64,
    pub(super) negative: u64,
    decimal: BTreeSet<char>,
    thousands: BTreeSet<char>,
    /// a mark with three digits behind it, and nothing else to go by
    unclear: BTreeSet<char>,
    signs: BTreeSet<Sign>,
    /// texts before or behind the numbers
    pub(super) symbols: BTreeMap<String, u64>,
    pub(super) decimals_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Leading,
    Trailing,
    Parentheses,
}

/// How the numbers of a column are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) decimal: char,
    pub(super) thousands: Option<char>,
    pub(super) sign: SignRule,
    /// whether the column says nothing about a mark that it has
    pub(super) unclear: Option<char>,
}

/// Symbols that are kept apart.
const SYMBOLS_MAX: usize = 8;

impl Numbers {
    pub(super) fn see(&mut self, value: &str, is_symbol: impl Fn(&str) -> bool) {
        let Some((sign, symbol, number)) = taken_apart(value, is_symbol) else {
            self.other += 1;
            return;
        };
        if !self.see_marks(number) {
            self.other += 1;
            return;
        }
        self.read += 1;
        if let Some(sign) = sign {
            self.negative += 1;
            self.signs.insert(sign);
        }
        if !symbol.is_empty() && (self.symbols.len() < SYMBOLS_MAX || self.symbols.contains_key(symbol)) {
            *self.symbols.entry(symbol.to_owned()).or_default() += 1;
        }
    }

    /// Learns from an unsigned number; `false` when it is none.
    fn see_marks(&mut self, number: &str) -> bool {
        let marks: Vec<char> = number.chars().filter(|c| !c.is_ascii_digit()).collect();
        let groups: Vec<&str> = number.split(|c: char| !c.is_ascii_digit()).collect();
        let Some(behind) = groups.last().filter(|group| !group.is_empty()).map(|group| group.len()) else {
            return false;
        };
        let kinds: BTreeSet<char> = marks.iter().copied().collect();
        let is_mark = |mark: &char| MARKS.contains(*mark);
        if !kinds.iter().all(is_mark) {
            return false;
        }
        let last = marks.last().copied();
        let first_is_short =
            groups.first().is_some_and(|group| (1..=3).contains(&group.len()) && *group != "0");
        let threes = |groups: &[&str]| first_is_short && groups.iter().skip(1).all(|group| group.len() == 3);
        match (kinds.len(), marks.len(), last) {
            (0, ..) => {}
            (1, 1, Some(mark @ ('.' | ','))) if behind == 3 && threes(&groups) => {
                self.unclear.insert(mark);
            }
            (1, 1, Some(mark @ ('.' | ','))) => self.decimal_mark(mark, behind),
            (1, _, Some(mark)) if threes(&groups) => {
                self.thousands.insert(mark);
            }
            (2, _, Some(mark @ ('.' | ','))) => {
                let before = groups.split_last().map_or(&[][..], |(_, before)| before);
                if marks.iter().filter(|other| **other == mark).count() != 1 || !threes(before) {
                    return false;
                }
                self.decimal_mark(mark, behind);
                self.thousands.extend(kinds.into_iter().filter(|other| *other != mark));
            }
            _ => return false,
        }
        true
    }

    fn decimal_mark(&mut self, mark: char, behind: usize) {
        self.decimal.insert(mark);
        self.decimals_max = self.decimals_max.max(behind);
    }

    /// Whether every value is a number, and all are written in one way.
    pub(super) fn is_amount(&self) -> bool {
        self.other == 0 && self.read > 0 && self.marks().is_some()
    }

    /// The marks and the sign rule that read all of the column; `None` when no one does.
    pub(super) fn marks(&self) -> Option<Marks> {
        let sign = match self.signs.iter().collect::<Vec<_>>()[..] {
            [] | [Sign::Leading] => SignRule::Kept,
            [Sign::Parentheses] => SignRule::Parentheses,
            [Sign::Trailing] => SignRule::TrailingMinus,
            _ => return None,
        };
        let one = |set: &BTreeSet<char>| set.first().copied().filter(|_| set.len() == 1);
        let (decimal, thousands) = (one(&self.decimal), one(&self.thousands));
        if self.decimal.len() > 1 || self.thousands.len() > 1 || (decimal.is_some() && decimal == thousands) {
            return None;
        }
        // Only whole numbers, or only groups of three: the other of the two usual marks is free.
        let other = |mark| if mark == '.' { ',' } else { '.' };
        let settled = decimal.or_else(|| thousands.filter(|mark| ".,".contains(*mark)).map(other));
        let unclear = one(&self.unclear).or_else(|| self.unclear.first().copied());
        match (settled, unclear) {
            (None, Some(_)) if self.unclear.len() > 1 => None,
            (None, Some(mark)) => Some(Marks { decimal: other(mark), thousands, sign, unclear: Some(mark) }),
            (Some(decimal), Some(mark)) if self.unclear.len() == 1 && mark != decimal => {
                let same = thousands.is_none_or(|thousands| thousands == mark);
                same.then_some(Marks { decimal, thousands: Some(mark), sign, unclear: None })
            }
            (Some(_), Some(_)) if self.unclear.len() > 1 => None,
            (settled, _) => Some(Marks { decimal: settled.unwrap_or('.'), thousands, sign, unclear: None }),
        }
    }
}

const MARKS: &str = ".,'\u{2019} \u{a0}\u{202f}";

/// The sign, the symbol, and the digits with their marks.
fn taken_apart(value: &str, is_symbol: impl Fn(&str) -> bool) -> Option<(Option<Sign>, &str, &str)> {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    let (outer, value) = without_symbol(value, &is_symbol);
    let (sign, number) = if let Some(inside) = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
    {
        (Some(Sign::Parentheses), inside)
    } else if let Some(number) = value.strip_prefix(MINUS) {
        (Some(Sign::Leading), number)
    } else if let Some(number) = value.strip_suffix(MINUS) {
        (Some(Sign::Trailing), number)
    } else {
        (None, value.strip_prefix('+').unwrap_or(value))
    };
    let (inner, number) = if outer.is_empty() { without_symbol(number, &is_symbol) } else { ("", number) };
    let symbol = if outer.is_empty() { inner } else { outer };
    (number.chars().any(|c| c.is_ascii_digit())).then_some((sign, symbol, number))
}

/// A known symbol at either end, and the rest.
fn without_symbol<'t>(text: &'t str, is_symbol: &impl Fn(&str) -> bool) -> (&'t str, &'t str) {
    let of_number = |c: char| c.is_ascii_digit() || "+-\u{2212}(".contains(c);
    let (before, rest) = text.split_at(text.find(of_number).unwrap_or(0));
    if is_symbol(before.trim()) {
        return (before.trim(), rest);
    }
    let end = text.rfind(|c: char| c.is_ascii_digit() || "-\u{2212})".contains(c));
    let end = end.and_then(|at| Some(at + text.get(at..)?.chars().next()?.len_utf8())).unwrap_or(text.len());
    let (rest, behind) = text.split_at(end);
    if is_symbol(behind.trim()) { (behind.trim(), rest) } else { ("", text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn learned(values: &[&str]) -> Option<Marks> {
        let mut numbers = Numbers::default();
        values.iter().for_each(|value| numbers.see(value, |symbol| ["£", "kr.", "EUR"].contains(&symbol)));
        if numbers.is_amount() { numbers.marks() } else { None }
    }

    fn marks(values: &[&str]) -> (char, Option<char>, SignRule, Option<char>) {
        let marks = learned(values).unwrap_or_else(|| panic!("{values:?}"));
        (marks.decimal, marks.thousands, marks.sign, marks.unclear)
    }

    #[test]
    fn marks_are_learned_from_what_only_one_reading_fits() {
        use SignRule::{Kept, Parentheses, TrailingMinus};
        assert_eq!(marks(&["1.50", "-2", "3"]), ('.', None, Kept, None));
        assert_eq!(marks(&["1.234", "1.234,5"]), (',', Some('.'), Kept, None));
        assert_eq!(marks(&["1,234", "0.5", "(7.25)"]), ('.', Some(','), Parentheses, None));
        assert_eq!(marks(&["1.234.567"]), (',', Some('.'), Kept, None));
        assert_eq!(marks(&["1'234", "12,5-"]), (',', Some('\''), TrailingMinus, None));
        assert_eq!(marks(&["1\u{202f}234,05"]), (',', Some('\u{202f}'), Kept, None));
        assert_eq!(marks(&["0.123", "5"]), ('.', None, Kept, None));
        assert_eq!(marks(&["£1,000.00", "£-5", "1.00 EUR", "kr.2.50"]), ('.', Some(','), Kept, None));
        assert_eq!(marks(&["1", "200"]), ('.', None, Kept, None));
    }

    #[test]
    fn sug_04_a_mark_before_three_digits_alone_is_unclear() {
        assert_eq!(marks(&["1.234", "5"]), (',', None, SignRule::Kept, Some('.')));
        assert_eq!(marks(&["1,234", "5"]), ('.', None, SignRule::Kept, Some(',')));
    }

    #[test]
    fn a_column_of_two_notations_is_no_amount() {
        for values in [
            &["1.5", "1,5"][..],
            &["(1)", "-1"],
            &["1.234", "1,234"],
            &["1.234,5", "1,234.5"],
            &["abc"],
            &["1", ""],
            &["1.2.3"],
            &["1,,2"],
            &["1,2345,678"],
            &["-"],
            &["£"],
            &["1."],
            &["12/05"],
            &["USD 5"],
            &["1'5"],
        ] {
            assert_eq!(learned(values), None, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_seen(values in proptest::collection::vec("[-+()£., '0-9]{0,12}|\\PC{0,12}", 0..8)) {
            let mut numbers = Numbers::default();
            values.iter().for_each(|value| numbers.see(value, |symbol| symbol == "£"));
            prop_assert_eq!(numbers.read + numbers.other, values.len() as u64);
            let _ = numbers.marks();
        }

        #[test]
        fn written_amounts_are_learned(minor in proptest::collection::vec(-100_000_000_i64..100_000_000, 1..20)) {
            let text = |minor: i64| {
                let sign = if minor < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
            };
            let texts: Vec<String> = minor.into_iter().map(text).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            prop_assert_eq!(marks(&texts), ('.', None, SignRule::Kept, None));
        }
    }
}
