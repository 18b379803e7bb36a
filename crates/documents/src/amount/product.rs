//! Amounts that are a product or a quotient: par times price, quantity times unit price.
//!
//! Everything is exact, in 128 bits, until the one rounding at the end. So the result does not depend
//! on the order of the columns, and a sum of rounded amounts can be told to the last minor unit.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::row::BadRow;

/// What becomes of a part of a minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// to the nearest; a half away from zero
    HalfUp,
    /// to the nearest; a half to the even neighbour
    HalfEven,
    /// there must be none
    Exact,
}

/// A number as it was written: `unscaled` divided by ten to the power of `decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) unscaled: i128,
    pub(crate) decimals: u32,
}

impl Decimal {
    pub(crate) fn whole(number: i64) -> Self {
        Self { unscaled: i128::from(number), decimals: 0 }
    }
}

/// A product over a quotient, times a power of ten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    over: i128,
    under: i128,
    exponent: i64,
}

impl Product {
    pub(crate) fn of(factor: Decimal) -> Self {
        Self { over: factor.unscaled, under: 1, exponent: -i64::from(factor.decimals) }
    }

    pub(crate) fn times(self, factor: Decimal) -> Option<Self> {
        let exponent = self.exponent - i64::from(factor.decimals);
        Some(Self { over: self.over.checked_mul(factor.unscaled)?, exponent, ..self })
    }

    pub(crate) fn divided_by(self, divisor: Decimal) -> Option<Self> {
        let under = self.under.checked_mul(divisor.unscaled).filter(|under| *under != 0)?;
        Some(Self { under, exponent: self.exponent + i64::from(divisor.decimals), ..self })
    }

    /// The amount in minor units.
    ///
    /// # Rules
    ///
    /// > IMP-49: a product is exact in 128 bits until it is rounded once, by the rule of the mapping; no divisor is zero.
    pub(crate) fn minor(self, currency: Currency, rounding: Rounding) -> Result<i64, BadRow> {
        let exponent = self.exponent + i64::from(currency.minor_digits());
        let power =
            u32::try_from(exponent.unsigned_abs()).ok().and_then(|digits| 10_i128.checked_pow(digits));
        let scaled = |number: i128| power.and_then(|power| number.checked_mul(power)).ok_or(BadRow::Product);
        let (over, under) = match exponent {
            // Nothing times anything is nothing, however small the unit.
            _ if self.over == 0 => (0, 1),
            0.. => (scaled(self.over)?, self.under),
            _ => (self.over, scaled(self.under)?),
        };
        let rounded = round(over, under, rounding).ok_or(BadRow::Product)?;
        i64::try_from(rounded).ok().filter(|amount| *amount != i64::MIN).ok_or(BadRow::AmountTooLarge)
    }
}

/// `over / under`, rounded; `None` when `under` is zero, the quotient does not fit, or a rest is left and must not be.
#[must_use]
pub fn round(over: i128, under: i128, rounding: Rounding) -> Option<i128> {
    let quotient = over.checked_div(under)?;
    let rest = over.checked_rem(under)?.unsigned_abs();
    // Compared without doubling, which might not fit.
    let half = rest.cmp(&(under.unsigned_abs() - rest));
    let away = match rounding {
        Rounding::Exact if rest != 0 => return None,
        Rounding::Exact => false,
        Rounding::HalfUp => half.is_ge(),
        Rounding::HalfEven => half.is_gt() || (half.is_eq() && quotient % 2 != 0),
    };
    let step = if (over < 0) == (under < 0) { 1 } else { -1 };
    if away { quotient.checked_add(step) } else { Some(quotient) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pounds() -> Currency {
        Currency::find("GBP").unwrap()
    }

    fn decimal(unscaled: i128, decimals: u32) -> Decimal {
        Decimal { unscaled, decimals }
    }

    fn price(par: i128, price_per_100: i128, rounding: Rounding) -> Result<i64, BadRow> {
        let product = Product::of(decimal(par, 0)).times(decimal(price_per_100, 6)).unwrap();
        product.divided_by(Decimal::whole(100)).unwrap().minor(pounds(), rounding)
    }

    #[test]
    fn imp_49_a_product_that_does_not_fit_or_divides_by_zero_is_refused() {
        let large = decimal(i128::MAX, 0);
        assert!(Product::of(large).times(Decimal::whole(2)).is_none());
        assert!(Product::of(large).divided_by(Decimal::whole(0)).is_none());
        assert_eq!(Product::of(large).minor(pounds(), Rounding::Exact), Err(BadRow::Product));
        assert_eq!(Product::of(decimal(1, 60_000)).minor(pounds(), Rounding::HalfUp), Err(BadRow::Product));
        assert_eq!(Product::of(decimal(i128::MAX, 30)).minor(pounds(), Rounding::HalfUp), Ok(17_014_118_346));
        let just_too_large =
            Product::of(decimal(i128::from(i64::MAX) + 1, 2)).minor(pounds(), Rounding::Exact);
        assert_eq!(just_too_large, Err(BadRow::AmountTooLarge));
        assert_eq!(price(100, 99_781_411, Rounding::Exact), Err(BadRow::Product));
        assert_eq!(price(1_000_000, 99_781_400, Rounding::Exact), Ok(99_781_400));
    }

    #[test]
    fn halves_go_where_the_rounding_says() {
        for (over, under, up, even) in [
            (5, 10, 1, 0),
            (15, 10, 2, 2),
            (25, 10, 3, 2),
            (-5, 10, -1, 0),
            (5, -10, -1, 0),
            (-15, 10, -2, -2),
            (4, 10, 0, 0),
            (6, 10, 1, 1),
            (-4, 10, 0, 0),
            (0, 7, 0, 0),
            (1, 3, 0, 0),
            (2, 3, 1, 1),
        ] {
            assert_eq!(round(over, under, Rounding::HalfUp), Some(up), "{over} / {under}");
            assert_eq!(round(over, under, Rounding::HalfEven), Some(even), "{over} / {under}");
        }
        // A divisor whose double does not fit.
        assert_eq!(round(i128::MAX / 2 + 1, i128::MAX, Rounding::HalfUp), Some(1));
        assert_eq!(round(i128::MIN, -1, Rounding::HalfUp), None);
        assert_eq!((round(1, 0, Rounding::HalfUp), round(1, 2, Rounding::Exact)), (None, None));
    }

    #[test]
    fn the_largest_leg_of_the_treasury_set_fits() {
        assert_eq!(price(61_718_000_000, 99_781_411, Rounding::HalfUp), Ok(6_158_309_124_098));
    }

    proptest! {
        #[test]
        fn the_order_of_factors_does_not_matter(a in any::<i32>(), b in any::<i32>(), c in 1..i32::MAX) {
            let whole = |number: i32| decimal(i128::from(number), 3);
            let one = Product::of(whole(a)).times(whole(b)).unwrap().divided_by(whole(c)).unwrap();
            let other = Product::of(whole(b)).divided_by(whole(c)).unwrap().times(whole(a)).unwrap();
            prop_assert_eq!(one.minor(pounds(), Rounding::HalfUp), other.minor(pounds(), Rounding::HalfUp));
        }

        #[test]
        fn rounding_moves_by_at_most_half(over in any::<i64>(), under in 1_i64..) {
            for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
                let rounded = round(i128::from(over), i128::from(under), rounding).unwrap();
                let moved = (rounded * i128::from(under) - i128::from(over)).unsigned_abs();
                prop_assert!(moved * 2 <= u128::from(under.unsigned_abs()));
            }
        }
    }
}
