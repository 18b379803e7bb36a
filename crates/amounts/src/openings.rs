//! Many openings against their commitments in one equation: what an auditor checks who reads a hundred thousand amounts.
//!
//! ```text
//! Σ w·C  =  Σ over assets (Σ w·v)·A_t  +  (Σ w·r)·H_b
//! ```
//!
//! The weights `w` come from a transcript that has taken in every commitment and every opening, so that whoever has
//! chosen them all did not know one weight. An equation that does not hold names no culprit: it is halved until it does,
//! and a single amount is compared alone.
//!
//! Not in constant time: whoever checks knows every amount, on a machine of its own.

use std::collections::BTreeMap;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use merlin::Transcript;
use parclose_types::{AssetId, labels};
use zeroize::Zeroizing;

use crate::asset::{blinding_base, value_base};
use crate::commitment::{AmountCommitment, Opening};

/// An amount as its reader has found it: the commitment, and what it should open to.
pub type Opened<'a> = (&'a AmountCommitment, &'a Opening);

/// Whether each commitment is to what its opening says, in their order.
///
/// # Rules
///
/// > VAL-34: a batch of openings accepts exactly those that would be accepted alone; weights depend on all commitments and openings.
#[must_use]
pub fn check_openings(amounts: &[Opened<'_>]) -> Vec<bool> {
    let mut answers = Vec::with_capacity(amounts.len());
    settle(amounts, &mut answers);
    answers
}

fn settle(amounts: &[Opened<'_>], answers: &mut Vec<bool>) {
    if let [(commitment, opening)] = amounts {
        answers.push(opening.commitment() == **commitment);
    } else if hold_together(amounts) {
        answers.extend(amounts.iter().map(|_| true));
    } else {
        let (first, second) = amounts.split_at(amounts.len() / 2);
        settle(first, answers);
        settle(second, answers);
    }
}

fn hold_together(amounts: &[Opened<'_>]) -> bool {
    let mut weights = weights(amounts);
    let mut values: BTreeMap<AssetId, Zeroizing<Scalar>> = BTreeMap::new();
    let mut blinding = Zeroizing::new(Scalar::ZERO);
    let (mut scalars, mut points) = (Vec::new(), Vec::new());
    for (commitment, opening) in amounts {
        let weight = weight(&mut weights);
        **values.entry(opening.asset()).or_default() -= weight * Scalar::from(opening.value());
        *blinding -= weight * opening.blinding();
        scalars.push(weight);
        points.push(commitment.point());
    }
    for (asset, value) in &values {
        scalars.push(**value);
        points.push(value_base(asset));
    }
    scalars.push(*blinding);
    points.push(blinding_base());
    RistrettoPoint::vartime_multiscalar_mul(&scalars, &points).is_identity()
}

/// After every commitment and every opening.
fn weights(amounts: &[Opened<'_>]) -> Transcript {
    let mut weights = Transcript::new(labels::OPENING_WEIGHTS.as_bytes());
    for (commitment, opening) in amounts {
        for (label, bytes) in appends(commitment, opening) {
            weights.append_message(label, bytes.as_slice());
        }
    }
    weights
}

type SecretAppend = (&'static [u8], Zeroizing<Vec<u8>>);

fn appends(commitment: &AmountCommitment, opening: &Opening) -> [SecretAppend; 4] {
    let bytes = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    [
        (b"commitment", bytes(commitment.as_bytes())),
        (b"asset", bytes(&opening.asset().0)),
        (b"value", bytes(&opening.value().to_le_bytes())),
        (b"blinding", bytes(opening.blinding().as_bytes())),
    ]
}

/// 128 bits: a wrong opening goes unnoticed once in 2^128, and the sum costs half.
fn weight(transcript: &mut Transcript) -> Scalar {
    let mut low = [0_u8; 16];
    transcript.challenge_bytes(b"weight", &mut low);
    Scalar::from(u128::from_le_bytes(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::opening;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    fn derived(asset: u8, value: u64, key: u8) -> Opening {
        Opening::derive(&AssetId([asset; 32]), value, &secret_from_bytes([key; 32]))
    }

    fn answers(commitments: &[AmountCommitment], openings: &[Opening]) -> Vec<bool> {
        check_openings(&commitments.iter().zip(openings).collect::<Vec<_>>())
    }

    #[test]
    fn val_34_a_batch_finds_each_amount_that_alone_would_not_open() {
        let openings: Vec<Opening> =
            (0..40).map(|at| derived(1 + at % 3, u64::from(at) * 1000, at)).collect();
        let good: Vec<AmountCommitment> = openings.iter().map(Opening::commitment).collect();
        assert_eq!(answers(&good, &openings), [true; 40]);
        assert!(answers(&[], &[]).is_empty());
        // Another value, another key, another asset, two exchanged, and what sums up to nothing in sum.
        let mut bad = good.clone();
        bad[3] = derived(1, 3001, 3).commitment();
        bad[17] = derived(3, 17_000, 99).commitment();
        bad[20] = derived(1, 20_000, 20).commitment();
        bad.swap(30, 33);
        let (one, other) = (bad[5], bad[6]);
        bad[5] = one.plus(&good[0]);
        bad[6] = other.minus(&good[0]);
        let expected: Vec<bool> = (0..40).map(|at| ![3, 5, 6, 17, 20, 30, 33].contains(&at)).collect();
        let (found, alone) = (answers(&bad, &openings), |at: usize| openings[at].commitment() == bad[at]);
        assert_eq!(found, expected);
        assert_eq!(found, (0..40).map(alone).collect::<Vec<_>>());
    }

    /// Two errors that a sum without weights, or with weights that do not depend on them, would not notice.
    #[test]
    fn val_34_errors_do_not_cancel_out() {
        let openings = [opening(7, 1), opening(9, 2)];
        let (up, down) = (opening(8, 1), opening(8, 2));
        let error = up.commitment().minus(&openings[0].commitment());
        let committed = [openings[0].commitment().plus(&error), openings[1].commitment().minus(&error)];
        assert_eq!(
            AmountCommitment::sum(&committed),
            AmountCommitment::sum(&openings.each_ref().map(Opening::commitment)),
            "their sum is right"
        );
        assert_eq!(answers(&committed, &openings), [false, false]);
        assert_ne!(down.commitment(), openings[1].commitment());
    }

    #[test]
    fn val_34_weights_depend_on_every_part_of_every_amount() {
        let first = |amounts: &[(AmountCommitment, Opening)]| {
            let amounts: Vec<_> = amounts.iter().map(|(commitment, opening)| (commitment, opening)).collect();
            weight(&mut weights(&amounts))
        };
        let amount = |value, key| (opening(value, key).commitment(), opening(value, key));
        let base = || [amount(7, 1), amount(8, 2)];
        let known = first(&base());
        assert_eq!(first(&base()), known);
        for at in 0..2 {
            let with = |commitment: Option<AmountCommitment>, said: Option<Opening>| {
                let mut changed = base();
                if let Some(commitment) = commitment {
                    changed[at].0 = commitment;
                }
                if let Some(said) = said {
                    changed[at].1 = said;
                }
                first(&changed)
            };
            assert_ne!(with(Some(opening(1, 9).commitment()), None), known, "commitment {at}");
            for said in [opening(9, 1), derived(9, 7, 1), opening(7, 3)] {
                assert_ne!(with(None, Some(said)), known, "opening {at}");
            }
        }
        // Each append is there, and under its name: the transcript without one gives another weight.
        let (commitment, said) = amount(7, 1);
        let whole = appends(&commitment, &said);
        let of = |appends: &[&SecretAppend]| {
            let mut transcript = Transcript::new(labels::OPENING_WEIGHTS.as_bytes());
            appends.iter().for_each(|(label, bytes)| transcript.append_message(label, bytes.as_slice()));
            weight(&mut transcript)
        };
        let all: Vec<&SecretAppend> = whole.iter().collect();
        assert_eq!(of(&all), first(&[(commitment, said)]));
        for without in 0..all.len() {
            let mut fewer = all.clone();
            fewer.remove(without);
            assert_ne!(of(&fewer), of(&all), "append {without}");
        }
    }
}
