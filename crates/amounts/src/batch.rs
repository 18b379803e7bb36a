//! Many range proofs in one equation.
//!
//! A Bulletproof holds if a sum of points times scalars is the identity. Most of the points are the same for
//! all proofs, so the sums of many proofs, each times a weight, cost little more than one. The weights come
//! from a transcript that has taken in every claim and every proof, so nobody chooses a proof knowing its
//! weight, and all members arrive at the same answer without a generator of random numbers.
//!
//! A sum that is not the identity names no culprit: the batch is halved until it does, and the last word on
//! a single proof is the prover's own verifier, another implementation on another version of the curve.
//! Ristretto has no small subgroups, so batch and single proof cannot disagree but by a chance of 2^-250.
//!
//! What can go wrong here is panics (the curve library asserts that there are as many points as scalars) and
//! forgotten parts of a transcript. So proofs are taken apart first, both lists are built side by side, and
//! tests change every byte of everything.

mod equation;
mod replay;
mod shape;

use merlin::Transcript;
use parclose_types::labels;

use crate::bulletproof;
use crate::proof::NotProven;
use crate::range::{RangeClaim, RangeProof};
use crate::transcript;

use equation::Equation;
use shape::Shaped;

/// Verifies range proofs, each with its claim; one answer for each, in their order.
///
/// # Rules
///
/// > VAL-08: every new amount is a number of 64 bits, shown by a range proof for the statement.
/// > VAL-09: a batch of range proofs accepts exactly those that would be accepted alone; weights depend on all claims and proofs, and a refusal has the prover's own verifier as judge.
#[must_use]
pub fn verify_ranges(proofs: &[(RangeClaim, &RangeProof)]) -> Vec<Result<(), NotProven>> {
    verify_some(proofs, usize::MAX)
        .into_iter()
        .map(|answer| answer.unwrap_or(Err(NotProven::Range)))
        .collect()
}

/// Verifies range proofs until so many were refused; `None` for those that are left then. Each answer is the one that the proof would get alone.
pub(crate) fn verify_some(
    proofs: &[(RangeClaim, &RangeProof)],
    refused_max: usize,
) -> Vec<Option<Result<(), NotProven>>> {
    let shaped: Vec<_> = proofs.iter().map(|(claim, proof)| Shaped::of(claim, proof)).collect();
    let well_formed: Vec<&Shaped<'_>> = shaped.iter().filter_map(|shaped| shaped.as_ref().ok()).collect();
    let mut settled = Settled { refusals_left: refused_max, answers: Vec::with_capacity(well_formed.len()) };
    settled.settle(&well_formed);
    let mut answers = settled.answers.into_iter();
    let mut answer = |shaped: &Result<Shaped<'_>, NotProven>| match shaped {
        Ok(_) => answers.next().flatten().map(|holds| if holds { Ok(()) } else { Err(NotProven::Range) }),
        Err(error) => Some(Err(*error)),
    };
    shaped.iter().map(&mut answer).collect()
}

/// Answers so far, in the order of the proofs.
struct Settled {
    refusals_left: usize,
    answers: Vec<Option<bool>>,
}

impl Settled {
    /// Says of each proof whether it holds: all at once if the batch does, else by halves.
    fn settle(&mut self, proofs: &[&Shaped<'_>]) {
        if self.refusals_left == 0 {
            self.answers.extend(proofs.iter().map(|_| None));
            return;
        }
        if hold_together(proofs) {
            self.answers.extend(proofs.iter().map(|_| Some(true)));
            return;
        }
        if let [single] = proofs {
            let holds = judged(single);
            self.refusals_left = self.refusals_left.saturating_sub(usize::from(!holds));
            self.answers.push(Some(holds));
            return;
        }
        let (first, second) = proofs.split_at(proofs.len() / 2);
        self.settle(first);
        self.settle(second);
    }
}

/// Whether the weighted sum of all equations is the identity.
fn hold_together(proofs: &[&Shaped<'_>]) -> bool {
    let mut weights = weights(proofs);
    let mut equation = Equation::default();
    for proof in proofs {
        let inner = transcript::challenge(&mut weights, b"inner");
        let outer = transcript::challenge(&mut weights, b"outer");
        equation.add(proof, &replay::challenges(proof), &inner, &outer);
    }
    equation.holds()
}

/// The transcript from which weights are drawn: after every claim and every proof.
fn weights(proofs: &[&Shaped<'_>]) -> Transcript {
    let appends: Vec<_> = proofs.iter().flat_map(|proof| proof.appends()).collect();
    transcript::transcript(labels::BATCH_WEIGHTS, &appends)
}

fn judged(proof: &Shaped<'_>) -> bool {
    let RangeClaim { engine, asset, statement, .. } = proof.claim;
    bulletproof::judge(
        &mut transcript::range(*engine, asset, statement),
        asset,
        &proof.commitments,
        proof.bytes,
        &mut weights(&[proof]),
    )
}

#[cfg(test)]
mod tests;
