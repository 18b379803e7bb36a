//! Draws from a seed: integers only, without bias, the same on every platform.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Quantiles 0/64 to 64/64 of a log-normal distribution of line amounts: median 520.00, sigma 1.65.
/// The ends are those of the quantiles 0.001 and 0.9985.
const AMOUNT_QUANTILES_MINOR: [u32; 65] = [
    317, 1488, 2405, 3274, 4137, 5012, 5909, 6834, 7793, 8788, 9823, 10903, 12031, 13209, 14442, 15734,
    17087, 18508, 19999, 21566, 23214, 24949, 26777, 28704, 30738, 32886, 35158, 37563, 40112, 42816, 45689,
    48745, 52000, 55472, 59182, 63153, 67411, 71985, 76909, 82223, 87970, 94204, 100_983, 108_381, 116_481,
    125_383, 135_208, 146_102, 158_246, 171_862, 187_230, 204_708, 224_761, 248_001, 275_263, 307_706,
    346_998, 395_642, 457_585, 539_482, 653_631, 825_958, 1_124_115, 1_817_354, 6_960_533,
];

/// Lines of one invoice, at most.
const LINES_MAX: usize = 20;

/// A stream of draws.
#[derive(Debug)]
pub struct Chance(ChaCha20Rng);

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = *b"........parclose synthetic books";
        let (number, _) = key.split_at_mut(8);
        number.copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha20Rng::from_seed(key))
    }

    /// A number below `bound`, which is not 0. The remainder of the range is drawn again.
    pub fn below_u64(&mut self, bound: u64) -> u64 {
        let remainder = (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn <= u64::MAX - remainder {
                return drawn % bound;
            }
        }
    }

    /// A number below `bound`, which is not 0.
    ///
    /// # Panics
    ///
    /// Never, but for a bound of 0: what is below a 32-bit bound has 32 bits.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below_u64(u64::from(bound))).expect("below a 32-bit bound")
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        let bound = u64::try_from(length).expect("a length fits 64 bits");
        usize::try_from(self.below_u64(bound)).expect("below a length")
    }

    /// `true` once in so many times.
    pub fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    pub(super) fn one_of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.index(list.len())]
    }

    /// The amounts of one invoice in minor units. Credits never eat up more than half of what stands
    /// before them, so that the sum stays above zero.
    pub(super) fn line_amounts(&mut self) -> Vec<i64> {
        let mut amounts = vec![self.amount()];
        let mut sum = amounts[0];
        while amounts.len() < LINES_MAX && self.below(100) < 46 {
            let drawn = self.amount();
            let amount = if self.one_in(10) { -drawn.min(sum / 2) } else { drawn };
            sum += amount;
            amounts.push(amount);
        }
        amounts
    }

    /// One amount: a quantile, and a straight line to the next.
    fn amount(&mut self) -> i64 {
        let at = self.index(AMOUNT_QUANTILES_MINOR.len() - 1);
        let (low, high) = (AMOUNT_QUANTILES_MINOR[at], AMOUNT_QUANTILES_MINOR[at + 1]);
        i64::from(low + self.below(high - low))
    }
}
