//! Range proofs of which the answer is known: those of a batch are verified together, before the
//! transactions that carry them are executed one by one.
//!
//! The answer follows from the claim and the proof alone, so it does not matter when it was found, nor
//! beside which other proofs.

use std::collections::BTreeMap;

use parclose_types::limits::OUTPUTS_MAX;

use crate::asset::RangeEngine;
use crate::batch::{verify_ranges, verify_some};
use crate::proof::NotProven;
use crate::range::{RangeClaim, RangeProof, proof_bytes};
use crate::statement::StatementDigest;

/// Answers for range proofs. Bounded; forgetting costs time only.
///
/// An answer is kept with the very proof: the statement names asset and commitments and does not cover the proof,
/// so a good one for it must not speak for another; of a netting's several proofs each has an answer of its own.
#[derive(Debug, Default)]
pub struct KnownRanges {
    answers: BTreeMap<(StatementDigest, u32), Known>,
}

#[derive(Debug)]
struct Known {
    engine: RangeEngine,
    proof: RangeProof,
    holds: Result<(), NotProven>,
}

/// Answers kept at most: a batch of transfers has about as many.
const ANSWERS_MAX: usize = 4096;
/// Proofs of a batch that may turn out not to hold before the rest is left.
const REFUSED_MAX: usize = 16;

/// What is longer than any proof is refused at once, and takes no place.
fn is_kept(proof: &RangeProof) -> bool {
    proof_bytes(OUTPUTS_MAX).is_some_and(|longest| proof.0.len() <= longest)
}

impl KnownRanges {
    /// Verifies proofs together and keeps the answers. After some that do not hold it leaves the rest for when they are asked for: most are
    /// never asked for then, and whoever sends many bad ones pays for them one by one.
    pub fn verify_ahead(&mut self, proofs: Vec<(RangeClaim, &RangeProof)>) {
        let mut fresh = proofs;
        fresh.retain(|(claim, proof)| is_kept(proof) && self.known(claim, proof).is_none());
        fresh.truncate(ANSWERS_MAX);
        let answers = verify_some(&fresh, REFUSED_MAX);
        for ((claim, proof), holds) in fresh.iter().zip(answers) {
            if let Some(holds) = holds {
                self.keep(claim, proof, holds);
            }
        }
    }

    /// Whether a proof shows what it claims.
    ///
    /// # Rules
    ///
    /// > VAL-19: an answer that was found before stands for a range proof only with the same statement, place among its proofs, engine and bytes.
    pub(crate) fn answer(&mut self, claim: &RangeClaim, proof: &RangeProof) -> Result<(), NotProven> {
        if let Some(holds) = self.known(claim, proof) {
            return holds;
        }
        let holds = verify_ranges(&[(claim.clone(), proof)]).pop().unwrap_or(Err(NotProven::Range));
        self.keep(claim, proof, holds);
        holds
    }

    fn keep(&mut self, claim: &RangeClaim, proof: &RangeProof, holds: Result<(), NotProven>) {
        if !is_kept(proof) {
            return;
        }
        if self.answers.len() >= ANSWERS_MAX {
            self.answers.clear();
        }
        let known = Known { engine: claim.engine, proof: proof.clone(), holds };
        self.answers.insert((claim.statement, claim.part), known);
    }

    fn known(&self, claim: &RangeClaim, proof: &RangeProof) -> Option<Result<(), NotProven>> {
        let known = self.answers.get(&(claim.statement, claim.part))?;
        ((known.engine, &known.proof) == (claim.engine, proof)).then_some(known.holds)
    }
}

#[cfg(test)]
mod tests;
