//! One fraction, rounded once, to an amount.

use parclose_documents::amount::product::{Rounding, round};

use crate::refused::Refused;

/// The largest amount: what a signed 64-bit integer holds, as amounts of imports.
pub(crate) const AMOUNT_MAX: u64 = i64::MAX.unsigned_abs();

/// `over / under` in minor units. Where a factor did not fit, `over` or `under` is `None`.
///
/// # Rules
///
/// > FIN-07: an amount is a whole number of minor units of at most 63 bits, rounded once from a fraction that 128 bits hold exactly; what does not fit is refused.
pub(crate) fn rounded(over: Option<i128>, under: Option<i128>, rounding: Rounding) -> Result<u64, Refused> {
    let (over, under) = over.zip(under).ok_or(Refused::TooLarge)?;
    let found = round(over, under, rounding).ok_or(Refused::TooLarge)?;
    u64::try_from(found).ok().filter(|amount| *amount <= AMOUNT_MAX).ok_or(Refused::TooLarge)
}

/// The sum of amounts (FIN-07).
pub(crate) fn sum(amounts: impl IntoIterator<Item = u64>) -> Result<u64, Refused> {
    let total = amounts.into_iter().try_fold(0_u64, u64::checked_add);
    total.filter(|total| *total <= AMOUNT_MAX).ok_or(Refused::TooLarge)
}

/// A product of factors that are not negative.
pub(crate) fn product(factors: &[u64]) -> Option<i128> {
    factors.iter().try_fold(1_i128, |product, factor| product.checked_mul(i128::from(*factor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fin_07_what_does_not_fit_is_refused_and_what_fits_is_not() {
        let half_up = |over, under| rounded(over, under, Rounding::HalfUp);
        let top = i128::from(AMOUNT_MAX);
        assert_eq!(half_up(Some(top), Some(1)), Ok(AMOUNT_MAX));
        assert_eq!(half_up(Some(top * 2 + 1), Some(2)), Err(Refused::TooLarge), "rounded up beyond it");
        assert_eq!(half_up(Some(top + 1), Some(1)), Err(Refused::TooLarge));
        assert_eq!(half_up(Some(-1), Some(1)), Err(Refused::TooLarge));
        assert_eq!(half_up(None, Some(1)), Err(Refused::TooLarge));
        assert_eq!(half_up(Some(1), Some(0)), Err(Refused::TooLarge));
        assert_eq!(rounded(Some(1), Some(2), Rounding::Exact), Err(Refused::TooLarge));
        assert_eq!(sum([AMOUNT_MAX, 1]), Err(Refused::TooLarge));
        assert_eq!(sum([u64::MAX, u64::MAX]), Err(Refused::TooLarge));
        assert_eq!(sum([AMOUNT_MAX - 1, 1]), Ok(AMOUNT_MAX));
        assert_eq!(product(&[u64::MAX, u64::MAX]), None);
        assert_eq!(product(&[u64::MAX, 2]), Some(i128::from(u64::MAX) * 2));
    }
}
