//! The batch verifier against the prover's own, on good proofs and on every kind of bad one.

use std::sync::LazyLock;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::{AssetId, hex};
use proptest::prelude::*;

use super::*;
use crate::asset::RangeEngine;
use crate::commitment::{AmountCommitment, Opening};
use crate::statement::StatementDigest;
use crate::tests::{ASSET, rng};

type Case = (RangeClaim, RangeProof);

const OTHER_ASSET: AssetId = AssetId([0x22; 32]);

fn case_of(asset: AssetId, values: &[u64], seed: u8) -> Case {
    let statement = StatementDigest::arbitrary(seed);
    let openings: Vec<_> = (100..)
        .zip(values)
        .map(|(key, value)| Opening::derive(&asset, *value, &secret_from_bytes([key ^ seed; 32])))
        .collect();
    let refs: Vec<_> = openings.iter().collect();
    let engine = RangeEngine::Bulletproofs;
    let proof = RangeProof::prove(engine, &asset, &statement, &refs, &mut rng(u64::from(seed))).unwrap();
    let commitments = openings.iter().map(Opening::commitment).collect();
    (RangeClaim { engine, asset, statement, part: 0, commitments }, proof)
}

fn case(amounts: usize, seed: u8) -> Case {
    let values: Vec<u64> = [0, u64::MAX, 1, 1 << 63, 42, 7, u64::MAX - 1, 1000][..amounts].to_vec();
    case_of(ASSET, &values, seed)
}

/// Proofs over 1 to 8 amounts, of two assets.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut cases: Vec<_> = (1..=8).map(|amounts| case(amounts, u8::try_from(amounts).unwrap())).collect();
    cases.push(case_of(OTHER_ASSET, &[5, 6], 9));
    cases.push(case_of(OTHER_ASSET, &[u64::MAX], 10));
    cases
});

fn alone(case: &Case) -> Result<(), NotProven> {
    verify_ranges(&[(case.0.clone(), &case.1)]).remove(0)
}

/// What our equation says of one proof, without a judge.
fn own(case: &Case) -> bool {
    Shaped::of(&case.0, &case.1).is_ok_and(|shaped| hold_together(&[&shaped]))
}

/// What the prover's own verifier says, asked with bytes of any shape.
fn theirs(case: &Case) -> bool {
    let (RangeClaim { engine, asset, statement, .. }, proof) = case;
    let Ok(padded) = case.0.padded() else { return false };
    let mut weights = Transcript::new(b"any");
    let mut transcript = transcript::range(*engine, asset, statement);
    bulletproof::judge(&mut transcript, asset, &padded, &proof.0, &mut weights)
}

fn agree(case: &Case, holds: bool, what: &str) {
    assert_eq!((own(case), theirs(case), alone(case).is_ok()), (holds, holds, holds), "{what}");
}

fn together(cases: &[&Case]) -> Vec<bool> {
    let proofs: Vec<_> = cases.iter().map(|(claim, proof)| (claim.clone(), proof)).collect();
    verify_ranges(&proofs).iter().map(Result::is_ok).collect()
}

#[test]
fn val_08_every_number_of_amounts_is_proven_and_verified_alike() {
    for (at, case) in CASES.iter().enumerate() {
        agree(case, true, &format!("case {at}"));
        assert_eq!(Some(case.1.0.len()), crate::range::proof_bytes(case.0.padded().unwrap().len()));
    }
    assert_eq!([0, 1, 3, 7].map(|at| CASES[at].1.0.len()), [672, 736, 800, 864]);
}

#[test]
fn val_08_an_amount_outside_64_bits_has_no_proof() {
    // The proof of 5 with the commitment to 5 + 2^64, and to 5 - 2^64: the blinding is the same.
    let (claim, proof) = case_of(ASSET, &[5], 1);
    let step = crate::asset::value_base(&ASSET) * (Scalar::from(u64::MAX) + Scalar::ONE);
    for point in [claim.commitments[0].point() + step, claim.commitments[0].point() - step] {
        let commitments = vec![AmountCommitment::of_point(point)];
        agree(&(RangeClaim { commitments, ..claim.clone() }, proof.clone()), false, "outside");
    }
}

#[test]
fn val_08_every_byte_of_a_proof_matters() {
    for (case, step) in [(&CASES[0], 1), (&CASES[1], 5), (&CASES[3], 11), (&CASES[7], 23)] {
        for at in (0..case.1.0.len()).step_by(step) {
            let mut changed = case.clone();
            changed.1.0[at] ^= 1 << (at % 8);
            agree(&changed, false, &format!("byte {at}"));
        }
    }
}

#[test]
fn val_05_val_08_every_part_of_a_claim_matters() {
    let (claim, proof) = &CASES[1];
    let mut exchanged = claim.clone();
    exchanged.commitments.swap(0, 1);
    let mut replaced = claim.clone();
    replaced.commitments[1] = CASES[2].0.commitments[0];
    let mut fewer = claim.clone();
    fewer.commitments.pop();
    let mut more = claim.clone();
    more.commitments.push(AmountCommitment::zero());
    let statement = StatementDigest::arbitrary(99);
    let others = [
        exchanged,
        replaced,
        fewer,
        more,
        RangeClaim { statement, ..claim.clone() },
        RangeClaim { asset: OTHER_ASSET, ..claim.clone() },
    ];
    for (at, other) in others.into_iter().enumerate() {
        agree(&(other, proof.clone()), false, &format!("claim {at}"));
    }
}

#[test]
fn val_05_zeros_that_fill_up_are_told_from_zeros_that_are_claimed_by_the_statement_only() {
    let (mut claim, proof) = CASES[2].clone();
    claim.commitments.push(AmountCommitment::zero());
    agree(&(claim, proof), true, "the transcript sees the same four commitments");
}

#[test]
fn val_07_a_proof_has_the_length_of_its_claim() {
    for case in [&CASES[0], &CASES[7]] {
        let amounts = case.0.commitments.len();
        let bytes = &case.1.0;
        let lengths =
            (0..bytes.len()).step_by(13).chain([bytes.len() - 32, bytes.len() - 64, bytes.len() - 1]);
        let mut others: Vec<Vec<u8>> = lengths.map(|length| bytes[..length].to_vec()).collect();
        others.extend([1, 32, 64, 4096].map(|more| [&bytes[..], &vec![0; more]].concat()));
        for other in others {
            let refused = Err(NotProven::RangeShape { amounts });
            let changed = (case.0.clone(), RangeProof(other));
            assert_eq!(alone(&changed), refused);
            assert!(!theirs(&changed));
        }
    }
}

#[test]
fn val_07_no_amount_and_nine_amounts_have_no_proof() {
    for amounts in [0, 9, 16, 17] {
        let (claim, proof) = &CASES[7];
        let commitments = vec![claim.commitments[0]; amounts];
        let changed = (RangeClaim { commitments, ..claim.clone() }, proof.clone());
        assert_eq!(alone(&changed), Err(NotProven::RangeShape { amounts }));
        let openings: Vec<_> =
            (0..amounts).map(|_| Opening::derive(&ASSET, 1, &secret_from_bytes([1; 32]))).collect();
        let refs: Vec<_> = openings.iter().collect();
        let statement = StatementDigest::arbitrary(1);
        let made = RangeProof::prove(RangeEngine::Bulletproofs, &ASSET, &statement, &refs, &mut rng(1));
        assert_eq!(made, Err(NotProven::RangeShape { amounts }));
    }
}

/// Where the parts of a proof lie: points, then scalars, in units of 32 bytes.
fn parts_of(bytes: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let count = bytes.len() / 32;
    let is_scalar = |at: &usize| (4..7).contains(at) || *at >= count - 2;
    (0..count).partition(|at| !is_scalar(at))
}

#[test]
fn val_07_no_point_is_the_identity_and_no_part_is_written_twice() {
    let case = &CASES[1];
    let (points, scalars) = parts_of(&case.1.0);
    let refused = Err(NotProven::RangeShape { amounts: 2 });
    let with = |at: usize, part: [u8; 32]| {
        let mut changed = case.clone();
        changed.1.0[at * 32..][..32].copy_from_slice(&part);
        changed
    };
    for at in points {
        for part in [[0; 32], [0xFF; 32], [1; 32]] {
            let changed = with(at, part);
            assert_eq!(alone(&changed), refused, "point {at}");
            assert!(!theirs(&changed), "point {at}");
        }
    }
    let order = (num_bigint::BigUint::from(1_u8) << 252_u32)
        + "27742317777372353535851937790883648493".parse::<num_bigint::BigUint>().unwrap();
    for at in scalars {
        let part = num_bigint::BigUint::from_bytes_le(&case.1.0[at * 32..][..32]);
        let second: [u8; 32] = (part + &order).to_bytes_le().try_into().unwrap();
        for part in [second, [0xFF; 32]] {
            let changed = with(at, part);
            assert_eq!(alone(&changed), refused, "scalar {at}");
            assert!(!theirs(&changed), "scalar {at}");
        }
        agree(&with(at, [0; 32]), false, "a zero scalar is one, and a wrong one");
    }
}

#[test]
fn val_09_batches_of_every_size_are_accepted() {
    let mut sizes: Vec<usize> = (0..=17).collect();
    sizes.extend([31, 32, 33, 64, 127, 128]);
    for size in sizes {
        let batch: Vec<&Case> = CASES.iter().cycle().take(size).collect();
        assert_eq!(together(&batch), vec![true; size]);
    }
}

#[test]
fn val_09_the_culprits_are_found_wherever_they_stand() {
    let mut bad = CASES[1].clone();
    bad.0.commitments.swap(0, 1);
    for size in [1, 2, 3, 8, 13] {
        for at in 0..size {
            let mut batch: Vec<&Case> = CASES.iter().cycle().take(size).collect();
            batch[at] = &bad;
            let expected: Vec<bool> = (0..size).map(|other| other != at).collect();
            assert_eq!(together(&batch), expected, "{at} of {size}");
        }
    }
    let mut large: Vec<&Case> = CASES.iter().cycle().take(128).collect();
    for at in [0, 63, 127] {
        large[at] = &bad;
    }
    let expected: Vec<bool> = (0..128).map(|at| ![0, 63, 127].contains(&at)).collect();
    assert_eq!(together(&large), expected);
    assert_eq!(together(&[&bad; 5]), [false; 5]);
}

#[test]
fn val_09_a_malformed_proof_spoils_no_batch() {
    let mut short = CASES[0].clone();
    short.1.0.pop();
    let answers = together(&[&CASES[0], &short, &CASES[1], &short]);
    assert_eq!(answers, [true, false, true, false]);
}

/// A proof with `a`, the last scalar but one, moved: no challenge depends on it, and the equation is linear in it.
fn moved(case: &Case, by: Scalar) -> Case {
    let mut moved = case.clone();
    let at = moved.1.0.len() - 64;
    let scalar = crate::group::scalar(moved.1.0[at..][..32].try_into().unwrap()).unwrap() + by;
    moved.1.0[at..][..32].copy_from_slice(scalar.as_bytes());
    moved
}

#[test]
fn val_09_two_wrongs_of_opposite_sign_do_not_cancel_out() {
    let (up, down) = (moved(&CASES[0], Scalar::from(5_u8)), moved(&CASES[0], -Scalar::from(5_u8)));
    agree(&up, false, "moved up");
    agree(&down, false, "moved down");
    // With weights that are the same for both, they would be accepted together.
    let mut unweighted = Equation::default();
    for case in [&up, &down] {
        let shaped = Shaped::of(&case.0, &case.1).unwrap();
        unweighted.add(&shaped, &replay::challenges(&shaped), &Scalar::from(3_u8), &Scalar::ONE);
    }
    assert!(unweighted.holds(), "the attack that weights prevent");
    assert_eq!(together(&[&up, &down]), [false, false]);
    assert_eq!(together(&[&CASES[0], &up, &CASES[1], &down]), [true, false, true, false]);
}

#[test]
fn val_09_proofs_of_two_assets_do_not_pay_for_each_other() {
    // The same scalar taken from one asset's base and given to another's.
    let by = |asset: &AssetId| crate::asset::value_base(asset);
    let mut first = CASES[1].clone();
    let mut second = CASES[8].clone();
    first.0.commitments[0] = AmountCommitment::of_point(first.0.commitments[0].point() + by(&ASSET));
    second.0.commitments[0] = AmountCommitment::of_point(second.0.commitments[0].point() - by(&OTHER_ASSET));
    assert_eq!(together(&[&first, &second]), [false, false]);
}

#[test]
fn val_09_weights_depend_on_every_byte_of_every_claim_and_proof() {
    let shaped = |case: &'static Case| Shaped::of(&case.0, &case.1).unwrap();
    let (first, second) = (shaped(&CASES[0]), shaped(&CASES[1]));
    let appends = [first.appends(), second.appends()].concat();
    let names: Vec<_> = appends.iter().map(|(name, _)| std::str::from_utf8(name).unwrap()).collect();
    let each = ["engine", "asset", "statement", "commitments", "proof"];
    assert_eq!(names, [each, each].concat());
    let draw = |appends: &[transcript::Append]| {
        transcript::challenge(&mut transcript::transcript(labels::BATCH_WEIGHTS, appends), b"inner")
    };
    let right = transcript::challenge(&mut weights(&[&first, &second]), b"inner");
    assert_eq!(draw(&appends), right);
    assert_ne!(transcript::challenge(&mut weights(&[&second, &first]), b"inner"), right);
    for at in 0..appends.len() {
        let mut without = appends.clone();
        without.remove(at);
        assert_ne!(draw(&without), right, "append {at}");
        for byte in 0..appends[at].1.len() {
            let mut changed = appends.clone();
            changed[at].1[byte] ^= 1;
            assert_ne!(draw(&changed), right, "append {at} byte {byte}");
        }
    }
}

#[test]
fn val_08_the_challenges_depend_on_every_part_of_the_proof() {
    // What is appended before a challenge changes it; a part that came later does not.
    let case = &CASES[0];
    let of = |case: &Case| {
        let shaped = Shaped::of(&case.0, &case.1).unwrap();
        let replay::Challenges { y, z, x, w, u } = replay::challenges(&shaped);
        let mut all = vec![y, z, x, w];
        all.extend(u);
        all
    };
    let right = of(case);
    let (points, scalars) = parts_of(&case.1.0);
    let donor = points[0];
    for at in points.iter().chain(&scalars).copied() {
        // Another valid part of the same kind, from a proof of something else.
        let mut changed = case.clone();
        let other = &CASES[9].1.0;
        changed.1.0[at * 32..][..32].copy_from_slice(&other[at * 32..][..32]);
        let first_changed = right.iter().zip(of(&changed)).position(|(a, b)| *a != b);
        // y, z follow A and S; x follows T_1 and T_2; w the three scalars; u_k the k-th round.
        let expected = match at {
            0 | 1 => Some(0),
            2 | 3 => Some(2),
            4..=6 => Some(3),
            at if scalars.contains(&at) => None,
            at => Some(4 + (at - 7) / 2),
        };
        assert_eq!(first_changed, expected, "part {at}");
    }
    assert_eq!(donor, 0);
    let mut other_commitment = case.clone();
    other_commitment.0.commitments[0] = CASES[1].0.commitments[1];
    assert_ne!(of(&other_commitment)[0], right[0]);
}

/// Proofs that the crate has published with its version 1.0.0 and verified ever since.
#[test]
fn val_08_the_frozen_proofs_of_the_crate_hold() {
    let text = include_str!("../../../../keys/vectors/amounts/bulletproofs-1.0.0.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
    let commitments: Vec<_> = vectors["commitments"].as_array().unwrap().iter().map(bytes).collect();
    let proofs = vectors["proofs"].as_array().unwrap();
    let holds = |commitments: &[Vec<u8>], proof: Vec<u8>| {
        let claim = RangeClaim {
            part: 0,
            engine: RangeEngine::Bulletproofs,
            asset: ASSET,
            statement: StatementDigest::arbitrary(0),
            commitments: commitments
                .iter()
                .map(|bytes| AmountCommitment::from_bytes(&bytes[..].try_into().unwrap()).unwrap())
                .collect(),
        };
        let proof = RangeProof(proof);
        let shaped = Shaped::of(&claim, &proof).unwrap();
        let of = replay::challenges_after(Transcript::new(b"Deserialize-And-Verify Test"), &shaped);
        let mut equation = Equation::default();
        let weight = |weight: u64| Scalar::from(weight);
        equation.add(&shaped, &of, &weight(0x1234_5678_9abc_def1), &weight(0xfedc_ba98_7654_3211));
        equation.holds_over(|_| RISTRETTO_BASEPOINT_POINT)
    };
    for (proof, amounts) in proofs.iter().zip([1, 2, 4, 8]) {
        assert!(holds(&commitments[..amounts], bytes(proof)), "{amounts} amounts");
        let mut others = commitments.clone();
        others.rotate_left(1);
        assert!(!holds(&others[..amounts], bytes(proof)), "{amounts} others");
    }
    assert_eq!(proofs.len(), 4);
}

/// Bytes that look like a proof: parts of real ones, edge encodings, noise.
fn looks_like_a_proof() -> impl Strategy<Value = Vec<u8>> {
    let real = (0..10_usize, 0..27_usize).prop_map(|(case, part)| {
        let bytes = &CASES[case].1.0;
        bytes[(part * 32) % (bytes.len() - 31)..][..32].to_vec()
    });
    let edge = prop_oneof![Just(0_u8), Just(1), Just(0xFF), Just(0x7F)].prop_map(|byte| vec![byte; 32]);
    let part = prop_oneof![6 => real, 1 => edge, 1 => proptest::collection::vec(any::<u8>(), 32)];
    let count = prop_oneof![Just(21_usize), Just(23), Just(25), Just(27), 0..40_usize];
    count
        .prop_flat_map(move |count| proptest::collection::vec(part.clone(), count))
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn val_07_val_08_no_bytes_panic_and_none_are_proofs(
        bytes in prop_oneof![looks_like_a_proof(), proptest::collection::vec(any::<u8>(), 0..1200)],
        at in 0..10_usize,
    ) {
        let changed = (CASES[at].0.clone(), RangeProof(bytes));
        prop_assume!(changed.1 != CASES[at].1);
        prop_assert!(alone(&changed).is_err());
        prop_assert_eq!(together(&[&CASES[0], &changed, &CASES[9]]), [true, false, true]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn val_08_random_amounts_are_proven(values in proptest::collection::vec(any::<u64>(), 1..=4), seed in any::<u8>()) {
        let made = case_of(ASSET, &values, seed);
        prop_assert!(own(&made) && theirs(&made));
    }
}
