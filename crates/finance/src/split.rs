//! Pieces of a whole, to the last minor unit.
//!
//! Whatever the weights, the pieces sum to the whole: what the division leaves over goes, a unit each,
//! to those that were cut most.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::amount;
use crate::refused::Refused;

/// What a policy allows of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitLimits {
    /// the least that a piece may be, in minor units; 0 is taken as 1
    pub piece_minor_min: u64,
    /// the most pieces of one split
    pub pieces_max: usize,
}

impl SplitLimits {
    /// # Rules
    ///
    /// > FIN-12: a split has at least one piece and at most as many as the policy allows, each of at least one minor unit and of the least that it allows.
    fn check(&self, pieces: &[u64]) -> Result<(), Refused> {
        if pieces.is_empty() || pieces.len() > self.pieces_max {
            return Err(Refused::PieceCount);
        }
        let least = self.piece_minor_min.max(1);
        if pieces.iter().any(|piece| *piece < least) { Err(Refused::PieceTooSmall) } else { Ok(()) }
    }
}

/// Splits a whole by weights.
///
/// # Errors
///
/// FIN-07, FIN-10 or FIN-12.
pub fn by_weights(whole_minor: u64, weights: &[u64], limits: SplitLimits) -> Result<Vec<u64>, Refused> {
    let pieces = shares(whole_minor, weights)?;
    limits.check(&pieces)?;
    Ok(pieces)
}

/// Splits a whole into given parts.
///
/// # Errors
///
/// FIN-07, FIN-11 or FIN-12.
///
/// # Rules
///
/// > FIN-11: given parts are a split only if they sum to the whole exactly.
pub fn by_parts(whole_minor: u64, parts: &[u64], limits: SplitLimits) -> Result<Vec<u64>, Refused> {
    limits.check(parts)?;
    if amount::sum(parts.iter().copied())? == whole_minor {
        Ok(parts.to_vec())
    } else {
        Err(Refused::OtherSum)
    }
}

/// The share of each weight; zero where it has none.
///
/// # Errors
///
/// FIN-07 or FIN-10.
///
/// # Rules
///
/// > FIN-10: by weights a piece is the whole part of its share, and the units left over go one each to the largest remainders, of equal ones to the first; some weight is above zero.
pub fn shares(whole_minor: u64, weights: &[u64]) -> Result<Vec<u64>, Refused> {
    let whole = amount::sum([whole_minor])?;
    let total = weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(u128::from(*weight)));
    let total = total.filter(|total| *total > 0).ok_or(Refused::NoWeight)?;
    let mut pieces = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = whole;
    for (at, weight) in weights.iter().enumerate() {
        // Two factors of 64 bits fit 128.
        let share = u128::from(whole).checked_mul(u128::from(*weight)).ok_or(Refused::TooLarge)?;
        let piece = share.checked_div(total).and_then(|piece| u64::try_from(piece).ok());
        let piece = piece.ok_or(Refused::TooLarge)?;
        left = left.checked_sub(piece).ok_or(Refused::TooLarge)?;
        remainders.push((Reverse(share.checked_rem(total)), at));
        pieces.push(piece);
    }
    // Fewer units are left than there are remainders above zero.
    remainders.sort_unstable();
    for (_, at) in remainders.into_iter().take(usize::try_from(left).map_err(|_| Refused::TooLarge)?) {
        if let Some(piece) = pieces.get_mut(at) {
            *piece = piece.saturating_add(1);
        }
    }
    Ok(pieces)
}

/// What each piece of a root gets of a part payment.
///
/// # Errors
///
/// FIN-07, FIN-10 where nothing is outstanding, or FIN-13.
///
/// # Rules
///
/// > FIN-13: a part payment is at most what is outstanding, and is shared by what each piece has outstanding; no piece gets more than that.
pub fn pro_rata(payment_minor: u64, outstanding_minor: &[u64]) -> Result<Vec<u64>, Refused> {
    if payment_minor > amount::sum(outstanding_minor.iter().copied())? {
        return Err(Refused::Overpaid);
    }
    shares(payment_minor, outstanding_minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::AMOUNT_MAX;
    use crate::fixtures::{cases, number, numbers};
    use proptest::prelude::*;

    const ANY: SplitLimits = SplitLimits { piece_minor_min: 1, pieces_max: 8 };

    #[test]
    fn fin_10_what_is_left_over_goes_to_the_largest_remainders_then_by_position() {
        // 100 / 3 = 33 + 1/3 each: one unit is left, and all remainders are equal.
        assert_eq!(shares(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        // 10 x (1, 2, 4) / 7 = 1 + 3/7, 2 + 6/7, 5 + 5/7: two units are left.
        assert_eq!(shares(10, &[1, 2, 4]), Ok(vec![1, 3, 6]));
        // A weight of nothing gets nothing, even where units are left.
        assert_eq!(shares(3, &[0, 1, 0, 1]), Ok(vec![0, 2, 0, 1]));
        assert_eq!(shares(0, &[5, 5]), Ok(vec![0, 0]));
        assert_eq!(
            shares(AMOUNT_MAX, &[u64::MAX, u64::MAX, u64::MAX]).unwrap().iter().sum::<u64>(),
            AMOUNT_MAX
        );
        assert_eq!(shares(5, &[]), Err(Refused::NoWeight));
        assert_eq!(shares(5, &[0, 0]), Err(Refused::NoWeight));
        assert_eq!(shares(u64::MAX, &[1]), Err(Refused::TooLarge));
    }

    #[test]
    fn fin_10_shares_are_what_another_program_computes() {
        for case in cases("splits") {
            let (whole, weights) = (number(&case, "whole_minor"), numbers(&case, "weights"));
            assert_eq!(shares(whole, &weights), Ok(numbers(&case, "pieces")), "{case}");
        }
    }

    #[test]
    fn fin_11_parts_of_another_sum_are_refused() {
        assert_eq!(by_parts(100, &[60, 40], ANY), Ok(vec![60, 40]));
        assert_eq!(by_parts(100, &[60, 39], ANY), Err(Refused::OtherSum));
        assert_eq!(by_parts(100, &[60, 41], ANY), Err(Refused::OtherSum));
        assert_eq!(
            by_parts(0, &[u64::MAX, 1], ANY),
            Err(Refused::TooLarge),
            "a sum that would wrap to the whole"
        );
    }

    #[test]
    fn fin_12_too_small_too_many_and_no_pieces_are_refused() {
        let limits = SplitLimits { piece_minor_min: 1_000, pieces_max: 2 };
        assert_eq!(by_parts(2_000, &[1_000, 1_000], limits), Ok(vec![1_000, 1_000]));
        assert_eq!(by_parts(2_000, &[1_001, 999], limits), Err(Refused::PieceTooSmall));
        assert_eq!(by_parts(3_000, &[1_000, 1_000, 1_000], limits), Err(Refused::PieceCount));
        assert_eq!(by_parts(0, &[], limits), Err(Refused::PieceCount));
        assert_eq!(by_weights(2_000, &[3, 1], limits), Err(Refused::PieceTooSmall));
        let none = SplitLimits { piece_minor_min: 0, pieces_max: 2 };
        assert_eq!(
            by_weights(2_000, &[1, 0], none),
            Err(Refused::PieceTooSmall),
            "a piece of nothing is none"
        );
    }

    #[test]
    fn fin_13_a_payment_is_shared_by_what_is_outstanding() {
        assert_eq!(pro_rata(50, &[60, 30, 10]), Ok(vec![30, 15, 5]));
        assert_eq!(pro_rata(100, &[60, 30, 10]), Ok(vec![60, 30, 10]));
        assert_eq!(pro_rata(99, &[60, 0, 40]), Ok(vec![59, 0, 40]), "59.4 and 39.6");
        assert_eq!(pro_rata(101, &[60, 30, 10]), Err(Refused::Overpaid));
        assert_eq!(pro_rata(1, &[]), Err(Refused::Overpaid));
    }

    proptest! {
        #[test]
        fn fin_10_shares_sum_to_the_whole_and_miss_their_fraction_by_less_than_one(
            whole in 0..=AMOUNT_MAX,
            weights in prop::collection::vec(prop_oneof![0_u64..50, any::<u64>()], 1..12),
        ) {
            let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            prop_assume!(total > 0);
            let pieces = shares(whole, &weights).unwrap();
            prop_assert_eq!(pieces.iter().map(|piece| u128::from(*piece)).sum::<u128>(), u128::from(whole));
            for (piece, weight) in pieces.iter().zip(&weights) {
                let floor = u128::from(whole) * u128::from(*weight) / total;
                prop_assert!(u128::from(*piece) == floor || u128::from(*piece) == floor + 1);
                prop_assert!(*weight > 0 || *piece == 0);
            }
        }

        #[test]
        fn fin_13_part_payments_end_with_everything_paid_and_nothing_overpaid(
            outstanding in prop::collection::vec(0_u64..1_000_000, 1..10),
            parts in prop::collection::vec(1_u64..400_000, 0..12),
        ) {
            let mut left = outstanding.clone();
            let mut paid: u64 = 0;
            for part in parts {
                let total: u64 = left.iter().sum();
                prop_assume!(total > 0);
                let part = part.min(total);
                let gets = pro_rata(part, &left).unwrap();
                prop_assert_eq!(gets.iter().sum::<u64>(), part);
                for (left, gets) in left.iter_mut().zip(&gets) {
                    prop_assert!(gets <= left);
                    *left -= gets;
                }
                paid += part;
            }
            prop_assert_eq!(paid + left.iter().sum::<u64>(), outstanding.iter().sum::<u64>());
        }
    }
}
