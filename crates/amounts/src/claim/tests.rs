//! What is true can be stated of random amounts, what is not cannot, and no statement's proof is another's.

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::{AssetId, NetworkId, Tag};
use proptest::prelude::*;

use super::*;
use crate::tests::{ASSET, rng};

const ENGINE: RangeEngine = RangeEngine::OF_FORMAT_1;

fn opening(at: usize, value: u64) -> Opening {
    let byte = u8::try_from(at % 200).unwrap();
    Opening::derive(&ASSET, value, &secret_from_bytes([byte + 1; 32]))
}

/// The statement of some amounts, and what opens them.
fn stated(values: &[u64], bounds: Bounds) -> (AmountStatement, Vec<Opening>) {
    let openings: Vec<Opening> = values.iter().enumerate().map(|(at, value)| opening(at, *value)).collect();
    let amount = |(at, opening): (u32, &Opening)| StatedAmount {
        transaction: TransactionDigest([7; 32]),
        operation: at,
        field: 1,
        leaf: std::array::from_fn(|byte| if byte < 4 { at.to_be_bytes()[byte] } else { 9 }),
        commitment: opening.commitment(),
    };
    let statement = AmountStatement {
        network: NetworkId([1; 32]),
        tag: Tag([2; 32]),
        asset: ASSET,
        bounds,
        amounts: (0..).zip(&openings).map(amount).collect(),
        purpose: Purpose::new("a loan").unwrap(),
    };
    (statement, openings)
}

fn proven((statement, openings): &(AmountStatement, Vec<Opening>)) -> Result<RangeProof, NotStated> {
    statement.prove(ENGINE, openings, &mut rng(1))
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), 0..1000_u64, any::<u64>().prop_map(|value| value >> 4), any::<u64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn val_37_exactly_what_is_true_of_the_sum_is_proven(
        values in proptest::collection::vec(value(), 1..6),
        (one, other) in (value(), value()),
        near in 0..4_u64,
    ) {
        let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
        let close = u64::try_from(sum).unwrap_or(u64::MAX);
        let bounds = [
            Bounds::AtLeast(close.saturating_sub(near)),
            Bounds::AtMost(close.saturating_add(near)),
            Bounds::AtLeast(close.saturating_add(near)),
            Bounds::AtMost(close.saturating_sub(near)),
            Bounds::Between(close.saturating_sub(near), close.saturating_add(near)),
            Bounds::Between(one.min(other), one.max(other)),
        ];
        for bounds in bounds {
            let above = bounds.least().is_none_or(|least| sum >= u128::from(least));
            let below = bounds.most().is_none_or(|most| sum <= u128::from(most));
            let all = stated(&values, bounds);
            let proof = proven(&all);
            if sum > u128::from(u64::MAX) {
                prop_assert_eq!(proof, Err(NotStated::Large));
            } else if above && below {
                prop_assert_eq!(all.0.verify(ENGINE, &proof.unwrap()), Ok(()));
            } else {
                prop_assert_eq!(proof, Err(NotStated::Untrue));
            }
        }
    }
}

/// A prover that proves what it likes of the openings, whatever the statement says: no such proof counts.
#[test]
fn val_37_a_prover_that_lies_about_the_sum_is_not_believed() {
    let (statement, openings) = stated(&[70, 30], Bounds::AtLeast(101));
    let blinding: Scalar = openings.iter().map(Opening::blinding).sum();
    for said in [0, 1, u64::MAX] {
        let lie = Opening::of(&ASSET, said, blinding);
        let proof = RangeProof::prove(ENGINE, &ASSET, &statement.digest(), &[&lie], &mut rng(2)).unwrap();
        assert_eq!(statement.verify(ENGINE, &proof), Err(NotShown::Proof));
    }
    // The same prover is believed where it is so.
    let (statement, _) = stated(&[70, 30], Bounds::AtLeast(100));
    let truth = Opening::of(&ASSET, 0, blinding);
    let proof = RangeProof::prove(ENGINE, &ASSET, &statement.digest(), &[&truth], &mut rng(2)).unwrap();
    assert_eq!(statement.verify(ENGINE, &proof), Ok(()));
}

#[test]
fn val_35_the_proof_of_one_statement_is_none_of_another() {
    let all = stated(&[500, 600], Bounds::Between(1000, 1200));
    let proof = proven(&all).unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut AmountStatement)| {
        let mut other = all.0.clone();
        change(&mut other);
        assert_eq!(other.verify(ENGINE, &proof), Err(NotShown::Proof), "{what}");
    };
    assert_eq!(all.0.verify(ENGINE, &proof), Ok(()));
    refused("lower bound", &|other| other.bounds = Bounds::Between(999, 1200));
    refused("upper bound", &|other| other.bounds = Bounds::Between(1000, 1201));
    refused("kind", &|other| other.bounds = Bounds::AtLeast(1000));
    refused("purpose", &|other| other.purpose = Purpose::new("a loan of another").unwrap());
    refused("no purpose", &|other| other.purpose = Purpose::default());
    refused("network", &|other| other.network.0[0] ^= 1);
    refused("tag", &|other| other.tag.0[0] ^= 1);
    refused("asset", &|other| other.asset = AssetId([0x22; 32]));
    refused("transaction", &|other| other.amounts.iter_mut().for_each(|one| one.transaction.0[0] ^= 1));
    refused("operation", &|other| other.amounts[1].operation += 1);
    refused("field", &|other| other.amounts[0].field += 1);
    refused("leaf", &|other| other.amounts[0].leaf[9] ^= 1);
    refused("commitment", &|other| other.amounts[0].commitment = opening(0, 501).commitment());
    refused("one left out", &|other| other.amounts.truncate(1));
    // The same sum, of other amounts at the same places.
    let (same, _) = stated(&[600, 500], Bounds::Between(1000, 1200));
    assert_eq!(same.verify(ENGINE, &proof), Err(NotShown::Proof));
    for at in 0..proof.0.len() {
        let mut bent = proof.clone();
        bent.0[at] ^= 1;
        assert_eq!(all.0.verify(ENGINE, &bent), Err(NotShown::Proof), "byte {at}");
    }
    assert_eq!(all.0.verify(ENGINE, &RangeProof(Vec::new())), Err(NotShown::Proof));
}

#[test]
fn val_36_no_amount_counts_twice_and_there_are_at_most_1024() {
    let refused = |change: &dyn Fn(&mut AmountStatement, &mut Vec<Opening>)| {
        let (mut statement, mut openings) = stated(&[500, 600], Bounds::AtLeast(1));
        let proof = statement.prove(ENGINE, &openings, &mut rng(1)).unwrap();
        change(&mut statement, &mut openings);
        let stated = statement.prove(ENGINE, &openings, &mut rng(1));
        (statement.verify(ENGINE, &proof), stated)
    };
    let both = (Err(NotShown::Amounts), Err(NotStated::Amounts));
    assert_eq!(refused(&|statement, _| statement.amounts.clear()), both, "none");
    assert_eq!(refused(&|statement, _| statement.amounts.reverse()), both, "descending");
    assert_eq!(refused(&|statement, _| statement.amounts[1] = statement.amounts[0]), both, "one twice");
    let by_its_leaf = |statement: &mut AmountStatement, _: &mut Vec<Opening>| {
        statement.amounts[1].leaf = statement.amounts[0].leaf;
    };
    assert_eq!(refused(&by_its_leaf), both, "one amount, by two fields");
    let most = vec![3; STATED_AMOUNTS_MAX];
    let all = stated(&most, Bounds::Between(3072, 3072));
    assert_eq!(all.0.verify(ENGINE, &proven(&all).unwrap()), Ok(()));
    let more = stated(&[most, vec![3]].concat(), Bounds::AtLeast(0));
    assert_eq!(proven(&more), Err(NotStated::Amounts));
    assert_eq!(more.0.verify(ENGINE, &RangeProof(Vec::new())), Err(NotShown::Amounts));
}

#[test]
fn val_03_a_statement_is_proven_only_of_what_opens_the_amounts() {
    let (statement, mut openings) = stated(&[500, 600], Bounds::AtLeast(1));
    openings.swap(0, 1);
    assert_eq!(statement.prove(ENGINE, &openings, &mut rng(1)), Err(NotStated::NotOpened));
    openings.pop();
    assert_eq!(statement.prove(ENGINE, &openings, &mut rng(1)), Err(NotStated::NotOpened));
}

#[test]
fn a_purpose_is_plain_and_short() {
    assert_eq!(Purpose::new("a loan").unwrap().as_str(), "a loan");
    assert!(Purpose::new(&"x".repeat(256)).is_some());
    assert!(Purpose::new(&"x".repeat(257)).is_none());
    assert!(Purpose::new("a\nloan").is_none());
    assert!(Purpose::default().is_plain());
}
