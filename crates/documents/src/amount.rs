//! Amounts: from a written number to an integer of minor units.
//!
//! The mapping says how numbers are written; whatever is written otherwise is refused, never
//! repaired. `1.234` is one thousand in one country and one and a bit in another, so a guess would
//! be wrong by a factor of a thousand in silence.

use serde::Deserialize;

use crate::currency::Currency;
use crate::row::BadRow;

/// How a table writes the sign of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignRule {
    /// `-12.50` is negative; a leading `+` is allowed
    Kept,
    /// as [`SignRule::Kept`], then the sign is turned round
    Negated,
    /// `(12.50)` is negative
    Parentheses,
    /// `12.50-` is negative
    TrailingMinus,
    /// two unsigned columns: the amount is debit less credit
    DebitCredit,
}

/// How a table writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notation {
    pub(crate) decimal_mark: char,
    pub(crate) thousands_mark: Option<char>,
    pub(crate) sign: SignRule,
}

impl Notation {
    /// Reads one signed amount, in minor units of the currency.
    ///
    /// # Rules
    ///
    /// > IMP-35: an amount is a plain number, written with the marks and the sign rule of the mapping.
    /// > IMP-36: an amount has no more decimals than its currency.
    /// > IMP-37: an amount of a line fits a signed 64-bit integer of minor units.
    pub fn read(&self, text: &str, currency: Currency) -> Result<i64, BadRow> {
        let (negative, number) = self.split_sign(text);
        let magnitude = self.magnitude(number, currency)?;
        Ok(if negative { -magnitude } else { magnitude })
    }

    /// Reads a debit and a credit column as debit less credit; one of them is empty or zero (IMP-35).
    pub fn read_pair(
        &self,
        debit: Option<&str>,
        credit: Option<&str>,
        currency: Currency,
    ) -> Result<i64, BadRow> {
        let one = |text: Option<&str>| text.map_or(Ok(0), |text| self.magnitude(text, currency));
        match (one(debit)?, one(credit)?) {
            _ if debit.is_none() && credit.is_none() => Err(BadRow::Amount),
            (debit, 0) => Ok(debit),
            (0, credit) => Ok(-credit),
            _ => Err(BadRow::Amount),
        }
    }

    fn split_sign<'t>(&self, text: &'t str) -> (bool, &'t str) {
        const MINUS: [char; 2] = ['-', '\u{2212}'];
        let leading = || match text.strip_prefix(MINUS) {
            Some(number) => (true, number),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        match self.sign {
            SignRule::Kept => leading(),
            SignRule::Negated => {
                let (negative, number) = leading();
                (!negative, number)
            }
            SignRule::Parentheses => match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                Some(number) => (true, number),
                None => (false, text),
            },
            SignRule::TrailingMinus => match text.strip_suffix(MINUS) {
                Some(number) => (true, number),
                None => (false, text),
            },
            SignRule::DebitCredit => (false, text),
        }
    }

    /// Reads an unsigned number; the result is not negative.
    fn magnitude(&self, text: &str, currency: Currency) -> Result<i64, BadRow> {
        let (whole, decimals) = match text.split_once(self.decimal_mark) {
            Some((whole, decimals)) if is_digits(decimals) => (whole, decimals),
            Some(_) => return Err(BadRow::Amount),
            None if text.is_empty() => return Err(BadRow::Amount),
            None => (text, ""),
        };
        if !self.is_whole(whole) {
            return Err(BadRow::Amount);
        }
        let missing = usize::try_from(currency.minor_digits())
            .ok()
            .and_then(|digits| digits.checked_sub(decimals.len()))
            .ok_or_else(|| BadRow::Decimals { currency: currency.code(), digits: currency.minor_digits() })?;
        let digits = whole.bytes().chain(decimals.bytes()).filter(u8::is_ascii_digit);
        digits
            .chain(std::iter::repeat_n(b'0', missing))
            .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
            .ok_or(BadRow::AmountTooLarge)
    }

    /// Whether the part before the decimal mark is digits, alone or in groups of three; `.50` has none.
    fn is_whole(&self, whole: &str) -> bool {
        let Some(mark) = self.thousands_mark else { return whole.is_empty() || is_digits(whole) };
        match whole.split_once(mark) {
            None => whole.is_empty() || is_digits(whole),
            Some((first, groups)) => {
                is_digits(first)
                    && first.len() <= 3
                    && groups.split(mark).all(|group| group.len() == 3 && is_digits(group))
            }
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENGLISH: Notation = Notation { decimal_mark: '.', thousands_mark: Some(','), sign: SignRule::Kept };

    fn currency(code: &str) -> Currency {
        Currency::find(code).unwrap()
    }

    fn read(notation: Notation, text: &str) -> Result<i64, BadRow> {
        notation.read(text, currency("GBP"))
    }

    fn signed(sign: SignRule) -> Notation {
        Notation { sign, ..ENGLISH }
    }

    #[test]
    fn imp_35_what_is_not_a_plain_number_is_refused() {
        for text in [
            "", "-", "+", ".", "5.", "abc", "1e5", "NaN", "0x10", "1 000", "--5", "-+5", "5-", "(5)", "£5",
            "1.2.3", "1,2", "1,2345", ",123", "1,,234", "1234,567", "1,234,", "1.2,3", "٣", "１", "1_000",
        ] {
            assert_eq!(read(ENGLISH, text), Err(BadRow::Amount), "{text}");
        }
        assert_eq!(read(Notation { thousands_mark: None, ..ENGLISH }, "1,234"), Err(BadRow::Amount));
    }

    #[test]
    fn imp_35_each_sign_rule_reads_only_its_own_notation() {
        let (parentheses, trailing) = (signed(SignRule::Parentheses), signed(SignRule::TrailingMinus));
        for (notation, text) in [
            (parentheses, "-5"),
            (parentheses, "(5"),
            (parentheses, "5)"),
            (parentheses, "()"),
            (trailing, "-5"),
            (trailing, "(5)"),
            (trailing, "5--"),
            (signed(SignRule::Negated), "(5)"),
        ] {
            assert_eq!(read(notation, text), Err(BadRow::Amount), "{text}");
        }
        assert_eq!(read(parentheses, "(1,234.50)"), Ok(-123_450));
        assert_eq!(read(parentheses, "1.5"), Ok(150));
        assert_eq!(read(trailing, "12.50-"), Ok(-1_250));
        assert_eq!(read(signed(SignRule::Negated), "-12.50"), Ok(1_250));
        assert_eq!(read(signed(SignRule::Negated), "12.50"), Ok(-1_250));
        assert_eq!(read(ENGLISH, "\u{2212}0.01"), Ok(-1));
        assert_eq!(read(ENGLISH, "+.5"), Ok(50));
    }

    #[test]
    fn imp_35_debit_and_credit_exclude_each_other() {
        let pair = |debit, credit| signed(SignRule::DebitCredit).read_pair(debit, credit, currency("GBP"));
        assert_eq!(pair(None, None), Err(BadRow::Amount));
        assert_eq!(pair(Some("1"), Some("1")), Err(BadRow::Amount));
        assert_eq!(pair(Some("-1"), None), Err(BadRow::Amount));
        assert_eq!(pair(Some("1.00"), None), Ok(100));
        assert_eq!(pair(Some("0.00"), Some("2.00")), Ok(-200));
    }

    #[test]
    fn imp_36_more_decimals_than_the_currency_has_are_refused() {
        let refused = |code: &'static str, digits| Err(BadRow::Decimals { currency: code, digits });
        assert_eq!(ENGLISH.read("1.000", currency("GBP")), refused("GBP", 2));
        assert_eq!(ENGLISH.read("1.0", currency("JPY")), refused("JPY", 0));
        assert_eq!(ENGLISH.read("1.0000", currency("KWD")), refused("KWD", 3));
        assert_eq!(ENGLISH.read("1.5", currency("KWD")), Ok(1_500));
        assert_eq!(ENGLISH.read("1", currency("JPY")), Ok(1));
    }

    #[test]
    fn imp_37_amounts_outside_64_bits_are_refused() {
        assert_eq!(read(ENGLISH, "92233720368547758.08"), Err(BadRow::AmountTooLarge));
        assert_eq!(read(ENGLISH, &"9".repeat(60_000)), Err(BadRow::AmountTooLarge));
        assert_eq!(read(ENGLISH, "92233720368547758.07"), Ok(i64::MAX));
        assert_eq!(read(ENGLISH, &format!("-{}1", "0".repeat(500))), Ok(-100));
    }

    #[test]
    fn other_countries_marks() {
        let german = Notation { decimal_mark: ',', thousands_mark: Some('.'), sign: SignRule::Kept };
        assert_eq!(read(german, "-1.234.567,8"), Ok(-123_456_780));
        assert_eq!(read(german, "1.5"), Err(BadRow::Amount));
        let swiss = Notation { thousands_mark: Some('\''), ..ENGLISH };
        assert_eq!(read(swiss, "1'234.05"), Ok(123_405));
        let french = Notation { decimal_mark: ',', thousands_mark: Some('\u{202f}'), ..ENGLISH };
        assert_eq!(read(french, "1\u{202f}234,05"), Ok(123_405));
    }

    proptest! {
        #[test]
        fn written_amounts_read_back(minor in -i64::MAX..=i64::MAX) {
            let sign = if minor < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
            prop_assert_eq!(read(ENGLISH, &text), Ok(minor));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+()., 0-9a-z]{0,24}|\\PC{0,24}") {
            for sign in [SignRule::Kept, SignRule::Parentheses, SignRule::TrailingMinus] {
                let _ = read(signed(sign), &text);
            }
        }
    }
}
