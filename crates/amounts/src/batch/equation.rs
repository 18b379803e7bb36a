//! The verification equation of a Bulletproof, and the weighted sum of many.
//!
//! For one proof over `m` amounts, with the prover's own weight `c` between its two halves:
//!
//! ```text
//! 0 = A + x·S + c·x·T_1 + c·x²·T_2 + Σ u_k²·L_k + Σ u_k⁻²·R_k + Σ c·z^(2+j)·V_j
//!   + Σ (−z − a·s_i)·G_i + Σ (z + y⁻ⁱ·(z²·z^j·2^(i mod 64) − b/s_i))·H_i
//!   + (w·(t − a·b) + c·(δ(y, z) − t))·A_t − (e + c·t')·H_b
//!
//! δ(y, z) = (z − z²)·Σ yⁱ − z³·Σ 2ⁱ·Σ z^j
//! ```
//!
//! `s_i` is the product over the rounds of `u_k` or its inverse, by the bits of `i`.

use std::collections::BTreeMap;
use std::iter::successors;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use parclose_types::AssetId;

use super::replay::Challenges;
use super::shape::Shaped;
use crate::asset::{blinding_base, value_base};
use crate::bulletproof::BITS;
use crate::commitment::AmountCommitment;
use crate::generators::generators;
use crate::group::Element;

/// A sum of points times scalars; what all proofs share stands in it once.
#[derive(Default)]
pub(super) struct Equation {
    /// points of single proofs, with their scalars
    terms: Vec<(Scalar, RistrettoPoint)>,
    /// scalars of `A_t`: proofs of two assets have two bases
    values: BTreeMap<AssetId, Scalar>,
    blinding: Scalar,
    g: Vec<Scalar>,
    h: Vec<Scalar>,
}

impl Equation {
    /// Adds the equation of a proof, times `outer`.
    pub(super) fn add(&mut self, proof: &Shaped<'_>, of: &Challenges, inner: &Scalar, outer: &Scalar) {
        let parts = &proof.parts;
        let Challenges { y, z, x, w, u } = of;
        let [t, t_blinding, e_blinding] = &parts.openings;
        let [a, b] = &parts.last;
        let amounts = proof.commitments.len();
        let zz = z * z;
        let inverses = inverses(y, u);

        let c = outer * inner;
        self.elements([*outer, outer * x], &parts.bits);
        self.elements([c * x, c * x * x], &parts.polynomial);
        for ((sides, u), inverse) in parts.rounds.iter().zip(u).zip(&inverses.u) {
            self.elements([outer * u * u, outer * inverse * inverse], sides);
        }
        let powers = powers(z).map(|power| c * zz * power);
        self.terms.extend(powers.zip(proof.commitments.iter().map(AmountCommitment::point)));

        let value = w * (t - a * b) + inner * (delta(amounts, y, z) - t);
        *self.values.entry(proof.claim.asset).or_default() += outer * value;
        self.blinding -= outer * (e_blinding + inner * t_blinding);
        self.generators_g(outer, z, a, u, &inverses);
        self.generators_h((outer, z, b), u, amounts, &inverses);
    }

    fn elements(&mut self, scalars: [Scalar; 2], elements: &[Element; 2]) {
        self.terms.extend(scalars.into_iter().zip(elements.iter().map(|element| element.point)));
    }

    /// Adds `−outer·(z + a·s_i)` for each `G_i`. Multiplications are what this costs: one for each generator.
    fn generators_g(&mut self, outer: &Scalar, z: &Scalar, a: &Scalar, u: &[Scalar], inverses: &Inverses) {
        let squares = u.iter().rev().map(|u| u * u);
        let scaled = products(outer * a * inverses.product, squares);
        self.g.resize(self.g.len().max(scaled.len()), Scalar::ZERO);
        let outer_z = outer * z;
        self.g.iter_mut().zip(scaled).for_each(|(sum, scaled)| *sum -= outer_z + scaled);
    }

    /// Adds `outer·(z + y⁻ⁱ·(z²·z^j·2^(i mod 64) − b/s_i))` for each `H_i`, at two multiplications each: `y⁻ⁱ/s_i` is a product
    /// by the bits of `i` as `s_i` is, and what an amount's bits add is a geometric row.
    fn generators_h(
        &mut self,
        (outer, z, b): (&Scalar, &Scalar, &Scalar),
        u: &[Scalar],
        amounts: usize,
        inverses: &Inverses,
    ) {
        let y_squarings = successors(Some(inverses.y), |power| Some(power * power));
        let each_bit = inverses.u.iter().rev().zip(y_squarings).map(|(u, y)| u * u * y);
        let product: Scalar = u.iter().product();
        let scaled = products(outer * b * product, each_bit);
        self.h.resize(self.h.len().max(scaled.len()), Scalar::ZERO);
        let (outer_z, twice) = (outer * z, inverses.y + inverses.y);
        let each_amount = z * power_of_two(&inverses.y, BITS);
        let rows = powers_from(outer * z * z, &each_amount).take(amounts);
        let bits = rows.flat_map(|first| powers_from(first, &twice).take(BITS));
        for ((sum, scaled), bit) in self.h.iter_mut().zip(scaled).zip(bits) {
            *sum += outer_z + bit - scaled;
        }
    }

    /// Whether the sum is the identity.
    pub(super) fn holds(self) -> bool {
        self.holds_over(value_base)
    }

    /// The same over other bases of values.
    pub(super) fn holds_over(self, value_base: impl Fn(&AssetId) -> RistrettoPoint) -> bool {
        let all = generators();
        let mut terms = self.terms;
        terms.push((self.blinding, blinding_base()));
        terms.extend(self.values.into_iter().map(|(asset, scalar)| (scalar, value_base(&asset))));
        terms.extend(self.g.into_iter().zip(all.g.iter().copied()));
        terms.extend(self.h.into_iter().zip(all.h.iter().copied()));
        // As many scalars as points, because they come in pairs.
        let (scalars, points): (Vec<_>, Vec<_>) = terms.into_iter().unzip();
        RistrettoPoint::vartime_multiscalar_mul(&scalars, &points).is_identity()
    }
}

struct Inverses {
    y: Scalar,
    u: Vec<Scalar>,
    /// of the product of all `u`
    product: Scalar,
}

/// All inverses of a proof's challenges with one inversion. A challenge that is 0 makes the proof fail, not the program.
fn inverses(y: &Scalar, u: &[Scalar]) -> Inverses {
    let all: Vec<Scalar> = std::iter::once(*y).chain(u.iter().copied()).collect();
    // Products of all before each, then from the end the inverse of the product of all, peeled off one by one.
    let before: Vec<Scalar> = all
        .iter()
        .scan(Scalar::ONE, |product, scalar| {
            let before = *product;
            *product *= scalar;
            Some(before)
        })
        .collect();
    let mut rest = all.iter().product::<Scalar>().invert();
    let mut inverted = Vec::with_capacity(all.len());
    for (scalar, before) in all.iter().zip(&before).rev() {
        inverted.push(rest * before);
        rest *= scalar;
    }
    let y = inverted.pop().unwrap_or_default();
    inverted.reverse();
    let product = inverted.iter().product();
    Inverses { y, u: inverted, product }
}

/// For each `i` the first factor times that of each bit of `i` which is set, from the lowest: each bit doubles their number.
/// With the product of all `u⁻¹` and the squares of `u`, from the last round to the first, these are all `s_i`.
fn products(first: Scalar, each_bit: impl Iterator<Item = Scalar>) -> Vec<Scalar> {
    let mut products = vec![first];
    for factor in each_bit {
        let doubled: Vec<Scalar> = products.iter().map(|product| product * factor).collect();
        products.extend(doubled);
    }
    products
}

/// `of` to the power of a power of two.
fn power_of_two(of: &Scalar, exponent: usize) -> Scalar {
    let squarings = exponent.checked_ilog2().unwrap_or_default();
    (0..squarings).fold(*of, |power, _| power * power)
}

fn delta(amounts: usize, y: &Scalar, z: &Scalar) -> Scalar {
    let sum_y = sum_of_powers(y, amounts.saturating_mul(BITS));
    let sum_bits = Scalar::from(u64::MAX);
    (z - z * z) * sum_y - z * z * z * sum_bits * sum_of_powers(z, amounts)
}

/// `1 + of + … + of^(count − 1)` for a power of two: `(1 + of)(1 + of²)(1 + of⁴)…`
fn sum_of_powers(of: &Scalar, count: usize) -> Scalar {
    let squares = successors(Some(*of), |power| Some(power * power));
    let factors = usize::try_from(count.checked_ilog2().unwrap_or_default()).unwrap_or_default();
    squares.take(factors).map(|power| Scalar::ONE + power).product()
}

/// `1, of, of², …`
fn powers(of: &Scalar) -> impl Iterator<Item = Scalar> {
    powers_from(Scalar::ONE, of)
}

/// `first, first·of, first·of², …`
fn powers_from(first: Scalar, of: &Scalar) -> impl Iterator<Item = Scalar> {
    let of = *of;
    successors(Some(first), move |power| Some(power * of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_powers_are_what_adding_them_gives() {
        let of = Scalar::from(0x1234_5678_9abc_def1_u64);
        for count in [1, 2, 4, 64, 512] {
            assert_eq!(sum_of_powers(&of, count), powers(&of).take(count).sum::<Scalar>(), "{count}");
        }
        assert_eq!(sum_of_powers(&Scalar::ONE, 8), Scalar::from(8_u8));
    }

    #[test]
    fn a_power_of_two_is_reached_by_squaring() {
        let of = Scalar::from(0x1234_5678_9abc_def1_u64);
        for exponent in [1, 2, 8, 64] {
            assert_eq!(Some(power_of_two(&of, exponent)), powers(&of).nth(exponent), "{exponent}");
        }
    }

    #[test]
    fn products_go_by_the_bits_of_their_place() {
        let [first, low, high] = [3_u8, 5, 7].map(Scalar::from);
        assert_eq!(
            products(first, [low, high].into_iter()),
            [first, first * low, first * high, first * low * high]
        );
    }
}
