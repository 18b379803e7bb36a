//! Amounts: from a written number to an integer of minor units.
//!
//! The mapping says how numbers are written; whatever is written otherwise is refused, never
//! repaired. `1.234` is one thousand in one country and one and a bit in another, so a guess would
//! be wrong by a factor of a thousand in silence.

pub mod product;

use serde::Deserialize;

use crate::currency::Currency;
use crate::row::BadRow;
use product::Decimal;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notation {
    pub(crate) decimal_mark: char,
    pub(crate) thousands_mark: Option<char>,
    pub(crate) sign: SignRule,
    /// texts that may stand before or after a number
    pub(crate) symbols: Vec<String>,
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
        let one = |text: Option<&str>| text.map_or(Ok(0), |text| self.magnitude(self.bare(text), currency));
        match (one(debit)?, one(credit)?) {
            _ if debit.is_none() && credit.is_none() => Err(BadRow::Amount),
            (debit, 0) => Ok(debit),
            (0, credit) => Ok(-credit),
            _ => Err(BadRow::Amount),
        }
    }

    /// Reads a signed number with all its decimals, to be multiplied or divided.
    pub(crate) fn decimal(&self, text: &str) -> Result<Decimal, BadRow> {
        let (negative, number) = self.split_sign(text);
        let (whole, decimals) = self.split_mark(number)?;
        let unscaled = whole
            .bytes()
            .chain(decimals.bytes())
            .filter(u8::is_ascii_digit)
            .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')))
            .ok_or(BadRow::Product)?;
        let decimals = u32::try_from(decimals.len()).map_err(|_| BadRow::Product)?;
        Ok(Decimal { unscaled: if negative { -unscaled } else { unscaled }, decimals })
    }

    /// The notation of what an amount is multiplied with: its sign is never turned round.
    pub(crate) fn of_factors(&self) -> Self {
        let sign = if self.sign == SignRule::Negated { SignRule::Kept } else { self.sign };
        Self { sign, ..self.clone() }
    }

    fn split_sign<'t>(&self, text: &'t str) -> (bool, &'t str) {
        const MINUS: [char; 2] = ['-', '\u{2212}'];
        let outside = self.bare(text);
        let leading = || match outside.strip_prefix(MINUS) {
            Some(number) => (true, number),
            None => (false, outside.strip_prefix('+').unwrap_or(outside)),
        };
        let (negative, number) = match self.sign {
            SignRule::Kept => leading(),
            SignRule::Negated => {
                let (negative, number) = leading();
                (!negative, number)
            }
            SignRule::Parentheses => {
                match outside.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                    Some(number) => (true, number),
                    None => (false, outside),
                }
            }
            SignRule::TrailingMinus => match outside.strip_suffix(MINUS) {
                Some(number) => (true, number),
                None => (false, outside),
            },
            SignRule::DebitCredit => (false, outside),
        };
        // One symbol, on either side of the sign.
        (negative, if outside.len() < text.len() { number } else { self.bare(number) })
    }

    /// The text without a symbol before or after it.
    fn bare<'t>(&self, text: &'t str) -> &'t str {
        let before = self.symbols.iter().find_map(|symbol| text.strip_prefix(symbol.as_str()));
        let stripped = before.or_else(|| self.symbols.iter().find_map(|s| text.strip_suffix(s.as_str())));
        stripped.map_or(text, str::trim)
    }

    /// Reads an unsigned number; the result is not negative.
    fn magnitude(&self, text: &str, currency: Currency) -> Result<i64, BadRow> {
        let (whole, decimals) = self.split_mark(text)?;
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

    /// The parts of an unsigned number before and behind the decimal mark.
    fn split_mark<'t>(&self, text: &'t str) -> Result<(&'t str, &'t str), BadRow> {
        let (whole, decimals) = match text.split_once(self.decimal_mark) {
            Some((whole, decimals)) if is_digits(decimals) => (whole, decimals),
            None if !text.is_empty() => (text, ""),
            _ => return Err(BadRow::Amount),
        };
        if self.is_whole(whole) { Ok((whole, decimals)) } else { Err(BadRow::Amount) }
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

    const ENGLISH: Notation =
        Notation { decimal_mark: '.', thousands_mark: Some(','), sign: SignRule::Kept, symbols: Vec::new() };

    fn currency(code: &str) -> Currency {
        Currency::find(code).unwrap()
    }

    fn read(notation: impl std::borrow::Borrow<Notation>, text: &str) -> Result<i64, BadRow> {
        notation.borrow().read(text, currency("GBP"))
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
            (&parentheses, "-5"),
            (&parentheses, "(5"),
            (&parentheses, "5)"),
            (&parentheses, "()"),
            (&trailing, "-5"),
            (&trailing, "(5)"),
            (&trailing, "5--"),
            (&signed(SignRule::Negated), "(5)"),
        ] {
            assert_eq!(read(notation, text), Err(BadRow::Amount), "{text}");
        }
        assert_eq!(read(&parentheses, "(1,234.50)"), Ok(-123_450));
        assert_eq!(read(&parentheses, "1.5"), Ok(150));
        assert_eq!(read(&trailing, "12.50-"), Ok(-1_250));
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
        let german = Notation { decimal_mark: ',', thousands_mark: Some('.'), ..ENGLISH };
        assert_eq!(read(&german, "-1.234.567,8"), Ok(-123_456_780));
        assert_eq!(read(&german, "1.5"), Err(BadRow::Amount));
        let swiss = Notation { thousands_mark: Some('\''), ..ENGLISH };
        assert_eq!(read(swiss, "1'234.05"), Ok(123_405));
        let french = Notation { decimal_mark: ',', thousands_mark: Some('\u{202f}'), ..ENGLISH };
        assert_eq!(read(french, "1\u{202f}234,05"), Ok(123_405));
    }

    #[test]
    fn imp_35_a_symbol_of_the_mapping_stands_once_before_or_after_the_number() {
        let symbols = ["kr.", "£", "EUR"].map(str::to_owned).to_vec();
        let kept = Notation { symbols: symbols.clone(), ..ENGLISH };
        for text in ["£1.50", "1.50£", "£ 1.50", "1.50 EUR", "EUR1.50", "kr.1.50", "+£1.50", "£+1.50"] {
            assert_eq!(read(&kept, text), Ok(150), "{text}");
        }
        assert_eq!((read(&kept, "-£1.50"), read(&kept, "£-1.50")), (Ok(-150), Ok(-150)));
        for text in ["£", "££1", "£1£", "£1 EUR", "$1", "1£5", "£-"] {
            assert_eq!(read(&kept, text), Err(BadRow::Amount), "{text}");
        }
        let parentheses = Notation { symbols, sign: SignRule::Parentheses, ..ENGLISH };
        assert_eq!((read(&parentheses, "(£1.50)"), read(&parentheses, "£(1.50)")), (Ok(-150), Ok(-150)));
    }

    #[test]
    fn a_decimal_keeps_all_its_digits() {
        let decimal = |text: &str| ENGLISH.decimal(text).map(|d| (d.unscaled, d.decimals));
        assert_eq!(decimal("1,234.567800"), Ok((1_234_567_800, 6)));
        assert_eq!(decimal("-.5"), Ok((-5, 1)));
        assert_eq!(decimal(&"9".repeat(60_000)), Err(BadRow::Product));
        assert_eq!(decimal("1e5"), Err(BadRow::Amount));
        let negated = Notation { sign: SignRule::Negated, ..ENGLISH };
        assert_eq!(negated.decimal("5").unwrap().unscaled, -5);
        assert_eq!(negated.of_factors().decimal("5").unwrap().unscaled, 5);
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
