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
        let s = products(u, &inverses);
        self.generators(outer, proof, of, &s, &inverses.y);
    }

    fn elements(&mut self, scalars: [Scalar; 2], elements: &[Element; 2]) {
        self.terms.extend(scalars.into_iter().zip(elements.iter().map(|element| element.point)));
    }

    fn generators(
        &mut self,
        outer: &Scalar,
        proof: &Shaped<'_>,
        of: &Challenges,
        s: &[Scalar],
        y_inverse: &Scalar,
    ) {
        let [a, b] = proof.parts.last;
        let Challenges { z, .. } = of;
        let used = s.len();
        self.g.resize(self.g.len().max(used), Scalar::ZERO);
        self.h.resize(self.h.len().max(used), Scalar::ZERO);
        // Multiplications are what this costs: whatever is the same for all generators is multiplied once.
        let (outer_z, outer_a) = (outer * z, outer * a);
        for (sum, s) in self.g.iter_mut().zip(s) {
            *sum -= outer_z + outer_a * s;
        }
        let amounts = powers_from(z * z, z).flat_map(|first| doublings(first).take(BITS));
        let y_powers = powers_from(*outer, y_inverse);
        // The inverse of the i-th product is the i-th from the end.
        let each = self.h.iter_mut().zip(s.iter().rev()).zip(amounts).zip(y_powers);
        for (((sum, s_inverse), amount), outer_y_power) in each {
            *sum += outer_z + outer_y_power * (amount - b * s_inverse);
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

/// `s_i` for all `i`: from the product of all inverses, each round's square doubles their number.
fn products(u: &[Scalar], inverses: &Inverses) -> Vec<Scalar> {
    let mut products = vec![inverses.product];
    for u in u.iter().rev() {
        let square = u * u;
        let doubled: Vec<Scalar> = products.iter().map(|product| product * square).collect();
        products.extend(doubled);
    }
    products
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

/// `first, 2·first, 4·first, …`
fn doublings(first: Scalar) -> impl Iterator<Item = Scalar> {
    successors(Some(first), |power| Some(power + power))
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
        assert_eq!(doublings(of).nth(5), Some(of * Scalar::from(32_u8)));
    }
}
