use parclose_crypto::secret::hazmat::secret_from_bytes;

use super::*;
use crate::commitment::Opening;
use crate::tests::{ASSET, rng};

fn case(value: u64, statement: u8) -> (RangeClaim, RangeProof) {
    let opening = Opening::derive(&ASSET, value, &secret_from_bytes([7; 32]));
    let (engine, statement) = (RangeEngine::Bulletproofs, StatementDigest::arbitrary(statement));
    let proof = RangeProof::prove(engine, &ASSET, &statement, &[&opening], &mut rng(1)).unwrap();
    (RangeClaim { engine, asset: ASSET, statement, part: 0, commitments: vec![opening.commitment()] }, proof)
}

#[test]
fn val_19_an_answer_stands_for_the_very_proof_and_no_other() {
    let ((claim, good), (other_claim, other)) = (case(5, 1), case(5, 2));
    let mut known = KnownRanges::default();
    known.verify_ahead(vec![(claim.clone(), &good), (other_claim.clone(), &other)]);
    assert_eq!(known.known(&claim, &good), Some(Ok(())));
    assert_eq!(known.known(&other_claim, &other), Some(Ok(())));
    // A good answer for the statement does not speak for a bad proof of it, nor for that of another.
    let mut bad = good.clone();
    bad.0[0] ^= 1;
    for proof in [&bad, &other] {
        assert_eq!(known.known(&claim, proof), None);
        assert!(known.answer(&claim, proof).is_err());
    }
    assert_eq!(known.answer(&claim, &good), Ok(()), "and a bad one does not spoil the good one");
}

#[test]
fn answers_are_the_same_ahead_and_when_asked() {
    let (claim, good) = case(u64::MAX, 3);
    let mut bad = good.clone();
    bad.0[40] ^= 4;
    for (proof, holds) in [(&good, true), (&bad, false)] {
        let mut ahead = KnownRanges::default();
        ahead.verify_ahead(vec![(claim.clone(), proof)]);
        let answer = ahead.answer(&claim, proof);
        assert_eq!(answer.is_ok(), holds);
        assert_eq!(KnownRanges::default().answer(&claim, proof), answer);
    }
}

#[test]
fn answers_are_bounded_and_forgetting_costs_nothing_but_time() {
    let (claim, good) = case(9, 4);
    let mut known = KnownRanges::default();
    for number in 0..ANSWERS_MAX {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let other = Known { engine: claim.engine, proof: RangeProof(Vec::new()), holds: Ok(()) };
        known.answers.insert((StatementDigest::of_bytes(digest), 0), other);
    }
    assert_eq!(known.answer(&claim, &good), Ok(()));
    assert!(known.answers.len() <= ANSWERS_MAX);
}

#[test]
fn a_batch_of_bad_proofs_is_left_after_a_few_and_each_gets_its_answer_when_asked() {
    let (good_claim, good) = case(5, 200);
    let bad: Vec<_> = (0..REFUSED_MAX + 9)
        .map(|number| {
            let (claim, mut proof) = case(5, u8::try_from(number).unwrap());
            // A scalar at the end: of the form of a proof, and none.
            let last = proof.0.len() - 40;
            proof.0[last] ^= 1;
            (claim, proof)
        })
        .collect();
    let mut known = KnownRanges::default();
    let mut all: Vec<_> = bad.iter().map(|(claim, proof)| (claim.clone(), proof)).collect();
    all.push((good_claim.clone(), &good));
    known.verify_ahead(all);
    let refused = bad.iter().filter(|(claim, proof)| known.known(claim, proof).is_some()).count();
    assert_eq!(refused, REFUSED_MAX);
    assert_eq!(known.known(&good_claim, &good), None, "it stood behind too many bad ones");
    assert_eq!(known.answer(&good_claim, &good), Ok(()), "and is not taken for one of them");
    assert!(bad.iter().all(|(claim, proof)| known.answer(claim, proof) == Err(NotProven::Range)));
}

#[test]
fn what_is_no_proof_takes_no_place_and_is_told_for_what_it_is() {
    let (claim, _) = case(5, 1);
    let mut known = KnownRanges::default();
    for bytes in [0, 671, 865, 1 << 18] {
        let long = RangeProof(vec![1; bytes]);
        known.verify_ahead(vec![(claim.clone(), &long)]);
        assert_eq!(known.answer(&claim, &long), Err(NotProven::RangeShape { amounts: 1 }), "{bytes}");
    }
    assert!(known.answers.values().all(|known| known.proof.0.len() <= 864));
}
