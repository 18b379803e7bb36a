//! CUSIP and ISIN: their form and their check digits.
//!
//! A fitting check digit shows that a code was not mistyped, not that it was ever issued. The check
//! of an ISIN lets some swaps of two letters pass.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::refused::Refused;

/// A CUSIP (ANSI X9.6) with a fitting check digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cusip(String);

impl Cusip {
    /// Reads a CUSIP.
    ///
    /// # Errors
    ///
    /// FIN-30.
    ///
    /// # Rules
    ///
    /// > FIN-30: a CUSIP is eight characters of `0-9A-Z*@#` and the check digit that they make by ANSI X9.6.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let (base, digit) = text.split_at_checked(8).ok_or(Refused::Cusip)?;
        let values: Option<Vec<u8>> = base.bytes().map(cusip_value).collect();
        // Every second value counts double, from the second; of each the digits are summed.
        let doubled = values.ok_or(Refused::Cusip)?.into_iter().zip([1, 2].into_iter().cycle());
        if is_check_digit(digit, digit_sums(doubled)) { Ok(Self(text.into())) } else { Err(Refused::Cusip) }
    }

    /// Completes the first eight characters.
    ///
    /// # Errors
    ///
    /// FIN-30.
    pub fn make(base: &str) -> Result<Self, Refused> {
        (0..=9_u8).find_map(|digit| Self::parse(&format!("{base}{digit}")).ok()).ok_or(Refused::Cusip)
    }

    /// The nine characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An ISIN (ISO 6166) with a fitting check digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Isin(String);

impl Isin {
    /// Reads an ISIN.
    ///
    /// # Errors
    ///
    /// FIN-31.
    ///
    /// # Rules
    ///
    /// > FIN-31: an ISIN is two letters, nine characters of `0-9A-Z` and the check digit that they make by ISO 6166.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let (base, _) = text.split_at_checked(11).ok_or(Refused::Isin)?;
        let made = Self::make(base)?;
        if made.0 == text { Ok(made) } else { Err(Refused::Isin) }
    }

    /// The ISIN of a CUSIP of the United States.
    ///
    /// # Errors
    ///
    /// FIN-31, for a CUSIP with `*`, `@` or `#`.
    pub fn of_us(cusip: &Cusip) -> Result<Self, Refused> {
        Self::make(&format!("US{}", cusip.0))
    }

    /// Completes eleven characters.
    fn make(base: &str) -> Result<Self, Refused> {
        let country = base.get(..2).is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_uppercase()));
        let known = base.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if base.len() != 11 || !country || !known {
            return Err(Refused::Isin);
        }
        let digits = base.bytes().flat_map(isin_digits).collect::<Vec<u8>>();
        // Every second digit counts double, from the last.
        let doubled = digits.into_iter().rev().zip([2, 1].into_iter().cycle());
        let sum = digit_sums(doubled);
        (0..=9_u8)
            .map(|digit| digit.to_string())
            .find(|digit| is_check_digit(digit, sum))
            .map_or(Err(Refused::Isin), |digit| Ok(Self(format!("{base}{digit}"))))
    }

    /// The twelve characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters count 10 to 35.
const fn letter_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.saturating_sub(b'0')),
        b'A'..=b'Z' => Some(byte.saturating_sub(b'A').saturating_add(10)),
        _ => None,
    }
}

const fn cusip_value(byte: u8) -> Option<u8> {
    match byte {
        b'*' => Some(36),
        b'@' => Some(37),
        b'#' => Some(38),
        _ => letter_value(byte),
    }
}

/// The digits of a character's number: one, or two of a letter.
fn isin_digits(byte: u8) -> impl Iterator<Item = u8> {
    let (tens, ones) = tens_and_ones(letter_value(byte).unwrap_or(0));
    (tens > 0).then_some(tens).into_iter().chain(std::iter::once(ones))
}

const fn tens_and_ones(number: u8) -> (u8, u8) {
    match (number.checked_div(10), number.checked_rem(10)) {
        (Some(tens), Some(ones)) => (tens, ones),
        _ => (0, number),
    }
}

/// The sum of the digits of values times factors.
fn digit_sums(values: impl Iterator<Item = (u8, u8)>) -> u32 {
    values.fold(0_u32, |sum, (value, factor)| {
        let (tens, ones) = tens_and_ones(value.saturating_mul(factor));
        sum.saturating_add(u32::from(tens)).saturating_add(u32::from(ones))
    })
}

/// Whether one digit brings a sum to a multiple of ten.
fn is_check_digit(text: &str, sum: u32) -> bool {
    let digit = text.bytes().next().filter(|byte| text.len() == 1 && byte.is_ascii_digit());
    digit
        .and_then(letter_value)
        .is_some_and(|digit| sum.saturating_add(u32::from(digit)).checked_rem(10) == Some(0))
}

macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Refused;

            fn try_from(text: String) -> Result<Self, Refused> {
                Self::parse(&text)
            }
        }
    };
}

text!(Cusip);
text!(Isin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fin_30_other_shapes_and_every_single_wrong_digit_are_no_cusip() {
        for valid in ["91282CFE6", "912828M80", "037833100"] {
            assert_eq!(Cusip::parse(valid).unwrap().as_str(), valid);
            for (at, right) in valid.bytes().enumerate() {
                let class = if right.is_ascii_digit() { b'0'..=b'9' } else { b'A'..=b'Z' };
                let mut missed = 0;
                for wrong in class.filter(|wrong| *wrong != right) {
                    let mut bytes = valid.as_bytes().to_vec();
                    bytes[at] = wrong;
                    missed += u32::from(Cusip::parse(&String::from_utf8(bytes).unwrap()).is_ok());
                }
                assert!(missed == 0 || right.is_ascii_uppercase(), "{valid} at {at}: {missed}");
            }
        }
        for text in ["", "91282CFE", "91282CFE66", "91282cfe6", "91282CFEX", "91282CF 6", "ÄÄÄÄÄ"] {
            assert_eq!(Cusip::parse(text), Err(Refused::Cusip), "{text}");
        }
    }

    #[test]
    fn fin_31_known_isins_are_read_and_wrong_ones_are_not() {
        for valid in
            ["US0378331005", "GB0002634946", "DE000BAY0017", "AU0000XVGZA3", "US91282CFE66", "US912828M805"]
        {
            assert_eq!(Isin::parse(valid).unwrap().to_string(), valid);
        }
        for text in [
            "US0373831005",
            "US037833100",
            "US03783310055",
            "us0378331005",
            "1S0378331005",
            "US037833100X",
            "",
        ] {
            assert_eq!(Isin::parse(text), Err(Refused::Isin), "{text}");
        }
        // Two letters swapped, and it passes: a check digit is no proof of identity.
        assert!(Isin::parse("AU0000VXGZA3").is_ok());
        let isin = Isin::of_us(&Cusip::parse("91282CFE6").unwrap()).unwrap();
        assert_eq!(isin.as_str(), "US91282CFE66");
    }

    #[test]
    fn codes_are_read_from_json_only_with_their_digits() {
        assert!(serde_json::from_str::<Cusip>("\"91282CFE6\"").is_ok());
        assert!(serde_json::from_str::<Cusip>("\"91282CFE5\"").is_err());
        assert!(serde_json::from_str::<Isin>("\"US91282CFE65\"").is_err());
    }
}
