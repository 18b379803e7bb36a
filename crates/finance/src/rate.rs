//! Rates and prices: decimals of a fixed scale, exact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::refused::Refused;

/// Decimals of a rate.
const RATE_DECIMALS: usize = 6;
/// Decimals of a price.
const PRICE_DECIMALS: usize = 9;
/// Ten, as a fraction of a year: above it a rate is a typing error.
const RATE_MAX_MILLIONTHS: u64 = 10_000_000;

/// A rate, in millionths: of a year in terms, of a day in a table of penalties. `0.0525` is 5.25 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    /// One, in millionths.
    pub const ONE_MILLIONTHS: u64 = 1_000_000;

    /// A rate of so many millionths, if that is one (FIN-01).
    pub fn of_millionths(millionths: u64) -> Result<Self, Refused> {
        if millionths <= RATE_MAX_MILLIONTHS { Ok(Self(millionths)) } else { Err(Refused::Rate) }
    }

    /// Millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::of_millionths(fixed(text, RATE_DECIMALS).ok_or(Refused::Rate)?)
    }
}

/// A price of one unit of an instrument, in billionths of a currency's major unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(u64);

impl Price {
    /// One, in billionths.
    pub const ONE_BILLIONTHS: u64 = 1_000_000_000;

    /// Billionths of the major unit; at least 1.
    #[must_use]
    pub const fn billionths(self) -> u64 {
        self.0
    }
}

impl FromStr for Price {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        fixed(text, PRICE_DECIMALS).filter(|price| *price > 0).map(Self).ok_or(Refused::Price)
    }
}

/// Reads `12.5` as 12,500,000 for six decimals.
///
/// # Rules
///
/// > FIN-01: a rate is a plain decimal from 0 to 10 with at most six decimals, a price one above zero with at most nine; neither has a sign or an exponent.
fn fixed(text: &str, decimals: usize) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let missing = decimals.checked_sub(rest.len())?;
    if !digits(whole) || !digits(rest) {
        return None;
    }
    let all = whole.bytes().chain(rest.bytes()).chain(std::iter::repeat_n(b'0', missing));
    all.map(|byte| u64::from(byte.saturating_sub(b'0')))
        .try_fold(0_u64, |number, digit| number.checked_mul(10)?.checked_add(digit))
}

/// The shortest text that is read as the same number.
fn write(f: &mut fmt::Formatter<'_>, number: u64, one: u64, decimals: usize) -> fmt::Result {
    let (whole, rest) = (number.checked_div(one).unwrap_or(0), number.checked_rem(one).unwrap_or(0));
    let rest = format!("{rest:0decimals$}");
    match rest.trim_end_matches('0') {
        "" => write!(f, "{whole}"),
        rest => write!(f, "{whole}.{rest}"),
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, Self::ONE_MILLIONTHS, RATE_DECIMALS)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, Self::ONE_BILLIONTHS, PRICE_DECIMALS)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fin_01_what_is_no_plain_decimal_in_range_is_refused() {
        for text in [
            "",
            ".",
            ".5",
            "5.",
            "-0.1",
            "+0.1",
            "1e-2",
            "0,05",
            "0.0000001",
            "10.000001",
            "11",
            "0x1",
            " 0.1",
            "0.1 ",
            "1_0",
            "１",
            "99999999999999999999999",
            "0.-1",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(Refused::Rate), "{text}");
        }
        for text in ["0", "0.000000000", "1.0000000001", "-1", "", "99999999999999"] {
            assert_eq!(text.parse::<Price>(), Err(Refused::Price), "{text}");
        }
        assert_eq!("10".parse::<Rate>().unwrap().millionths(), 10_000_000);
        assert_eq!("0.0525".parse::<Rate>().unwrap().millionths(), 52_500);
        assert_eq!("0.00001".parse::<Rate>().unwrap().millionths(), 10);
        assert_eq!("99.781411".parse::<Price>().unwrap().billionths(), 99_781_411_000);
        assert_eq!(Rate::of_millionths(10_000_001), Err(Refused::Rate));
    }

    proptest! {
        #[test]
        fn a_written_rate_reads_back(millionths in 0_u64..=10_000_000) {
            let rate = Rate::of_millionths(millionths).unwrap();
            prop_assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate));
            let json = serde_json::to_string(&rate).unwrap();
            prop_assert_eq!(serde_json::from_str::<Rate>(&json).unwrap(), rate);
        }

        #[test]
        fn a_written_price_reads_back(billionths in 1_u64..) {
            let price = Price(billionths);
            prop_assert_eq!(price.to_string().parse::<Price>(), Ok(price));
        }
    }
}
