//! A range proof taken apart: as many parts as its claim wants, each canonical, no point the identity.

use curve25519_dalek::scalar::Scalar;

use crate::commitment::AmountCommitment;
use crate::group::{self, Element};
use crate::proof::NotProven;
use crate::range::{RangeClaim, RangeProof, proof_bytes};
use crate::transcript::Append;

/// A proof whose parts are points and scalars; whether they fit together is another matter.
pub(super) struct Shaped<'a> {
    pub(super) claim: &'a RangeClaim,
    /// the claim's commitments, a power of two of them
    pub(super) commitments: Vec<AmountCommitment>,
    pub(super) bytes: &'a [u8],
    pub(super) parts: Parts,
}

/// The parts, in the order of their bytes.
pub(super) struct Parts {
    /// `A`, `S`: bits and their blinding
    pub(super) bits: [Element; 2],
    /// `T_1`, `T_2`: coefficients of the polynomial
    pub(super) polynomial: [Element; 2],
    /// `t(x)`, its blinding, the blinding of the inner product's commitments
    pub(super) openings: [Scalar; 3],
    /// `L`, `R` of each round
    pub(super) rounds: Vec<[Element; 2]>,
    /// `a`, `b`
    pub(super) last: [Scalar; 2],
}

impl<'a> Shaped<'a> {
    /// Takes a proof apart.
    pub(super) fn of(claim: &'a RangeClaim, proof: &'a RangeProof) -> Result<Self, NotProven> {
        let refused = NotProven::RangeShape { amounts: claim.commitments.len() };
        let commitments = claim.padded()?;
        if proof_bytes(commitments.len()) != Some(proof.0.len()) {
            return Err(refused);
        }
        let parts = Parts::read(&proof.0).ok_or(refused)?;
        Ok(Self { claim, commitments, bytes: &proof.0, parts })
    }

    /// What the weights of a batch depend on.
    pub(super) fn appends(&self) -> Vec<Append> {
        let RangeClaim { engine, asset, statement, commitments, part: _ } = self.claim;
        let concatenated = commitments.iter().flat_map(|commitment| *commitment.as_bytes()).collect();
        vec![
            (b"engine", vec![engine.byte()]),
            (b"asset", asset.0.to_vec()),
            (b"statement", statement.as_bytes().to_vec()),
            (b"commitments", concatenated),
            (b"proof", self.bytes.to_vec()),
        ]
    }
}

impl Parts {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (parts, []) = bytes.as_chunks::<32>() else { return None };
        let [a, s, t1, t2, x, x_blinding, inner_blinding, rest @ ..] = parts else { return None };
        let (rounds, last) = rest.split_last_chunk::<2>()?;
        let (rounds, []) = rounds.as_chunks::<2>() else { return None };
        Some(Self {
            bits: points(&[*a, *s])?,
            polynomial: points(&[*t1, *t2])?,
            openings: scalars(&[*x, *x_blinding, *inner_blinding])?,
            rounds: rounds.iter().map(points).collect::<Option<_>>()?,
            last: scalars(last)?,
        })
    }
}

fn points(encoded: &[[u8; 32]; 2]) -> Option<[Element; 2]> {
    let [first, second] = encoded;
    Some([Element::proper(first)?, Element::proper(second)?])
}

fn scalars<const N: usize>(encoded: &[[u8; 32]; N]) -> Option<[Scalar; N]> {
    let scalars: Option<Vec<_>> = encoded.iter().map(group::scalar).collect();
    scalars?.try_into().ok()
}
