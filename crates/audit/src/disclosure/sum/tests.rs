//! Each step of a sum, broken alone; then every byte of one.

use parclose_types::Failure;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Map, Value};

use super::*;
use crate::disclosure::{Disclosure, DisclosureInvalid, schema_of};
use crate::fixtures::Consortium;

/// Two notes of one transaction, 700 and 300, one of another, 250, and one of another asset, 40.
fn scene() -> Consortium {
    let (mut cash, [pounds, other]) = Consortium::cash();
    let both = cash.issued(pounds, &[(1, 700), (2, 300)]);
    let (third, foreign) = (cash.issued(pounds, &[(3, 250)]), cash.issued(other, &[(4, 40)]));
    cash.anchored(&[both, third, foreign]);
    cash.anchored(&[]);
    cash
}

fn records(numbers: &[u8]) -> Vec<RecordId> {
    numbers.iter().map(|number| RecordId([*number; 32])).collect()
}

fn stated(cash: &Consortium, of: &[u8], bounds: Bounds) -> Result<SumDisclosure, NotDisclosed> {
    let said =
        Said { records: &records(of), field: "quantity", bounds, purpose: Purpose::new("a loan").unwrap() };
    let proof = |sequence| cash.order_proof(sequence);
    SumDisclosure::prove(&cash.members[1], &said, proof, &mut ChaCha20Rng::from_seed([8; 32]))
}

fn verified(cash: &Consortium, sum: &SumDisclosure) -> Result<VerifiedSum, DisclosureInvalid> {
    sum.verify(cash.genesis(), Asked::default())
}

#[test]
fn a_sum_is_shown_to_lie_between_bounds_and_says_no_amount() {
    let cash = scene();
    for (of, bounds) in [
        (&[1][..], Bounds::AtLeast(700)),
        (&[1], Bounds::AtMost(700)),
        (&[3, 1, 2], Bounds::AtLeast(1250)),
        (&[1, 2, 3], Bounds::AtMost(1250)),
        (&[2, 3], Bounds::Between(550, 551)),
    ] {
        let sum = stated(&cash, of, bounds).unwrap();
        assert_eq!(SumDisclosure::decode(&sum.encode()), Ok(sum.clone()));
        let shown = verified(&cash, &sum).unwrap();
        assert_eq!(shown.statement().bounds, bounds);
        assert_eq!(shown.statement().purpose.as_str(), "a loan");
        assert_eq!(shown.statement().asset.0, [0xA1; 32]);
        let mut said: Vec<_> = shown.amounts().iter().map(|amount| amount.record).collect();
        said.sort_unstable();
        let mut expected = records(of);
        expected.sort_unstable();
        assert_eq!(said, expected);
        let named = |amount: &VerifiedAmount| (amount.record_type == "holding", amount.field == "quantity");
        assert!(shown.amounts().iter().all(|amount| named(amount) == (true, true) && amount.version == 1));
    }
}

/// Neither a key nor a value is in the file: the field's own key stands nowhere in its bytes.
#[test]
fn no_key_and_no_amount_is_in_the_bytes() {
    let cash = scene();
    let sum = stated(&cash, &[1], Bounds::AtLeast(1)).unwrap().encode();
    let proof = |sequence| cash.order_proof(sequence);
    let field = Disclosure::prove(&cash.members[1], &RecordId([1; 32]), "quantity", proof).unwrap();
    let has = |needle: &[u8]| sum.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"holding"), "the control: a name of the definition is there");
    assert!(!has(&field.key) && !has(&700_u64.to_be_bytes()) && !has(&700_u64.to_le_bytes()));
    assert!(!has(&field.sealed.ciphertext));
}

#[test]
fn val_37_what_is_not_so_is_not_stated_and_another_bound_is_not_shown() {
    let cash = scene();
    let untrue = |bounds| stated(&cash, &[1, 2], bounds).unwrap_err();
    for bounds in [Bounds::AtLeast(1001), Bounds::AtMost(999), Bounds::Between(0, 999)] {
        let refused = untrue(bounds);
        assert_eq!((refused.code(), refused.rule()), ("NOT_STATED", "VAL-37"), "{bounds:?}");
    }
    let mut sum = stated(&cash, &[1, 2], Bounds::AtLeast(1000)).unwrap();
    for bounds in [Bounds::AtLeast(1001), Bounds::AtLeast(999), Bounds::AtMost(1000)] {
        sum.bounds = bounds;
        assert_eq!(verified(&cash, &sum).unwrap_err().rule(), "VAL-37", "{bounds:?}");
    }
}

#[test]
fn val_36_the_amounts_are_those_of_the_file_each_once() {
    let cash = scene();
    let sum = || stated(&cash, &[1, 2, 3], Bounds::AtLeast(1250)).unwrap();
    let refused = |change: &dyn Fn(&mut SumDisclosure)| {
        let mut bent = sum();
        change(&mut bent);
        verified(&cash, &bent).unwrap_err().rule()
    };
    let of_two = |sum: &SumDisclosure| sum.transactions.iter().position(|one| one.places.len() == 2).unwrap();
    assert_eq!(refused(&|sum| sum.transactions.clear()), "VAL-36");
    assert_eq!(refused(&|sum| sum.transactions[0].places.clear()), "VAL-36");
    assert_eq!(refused(&|sum| sum.transactions.reverse()), "VAL-36");
    assert_eq!(refused(&|sum| sum.transactions[1] = sum.transactions[0].clone()), "VAL-36");
    let twice = |sum: &mut SumDisclosure| {
        let at = of_two(sum);
        sum.transactions[at].places = vec![(0, 0), (0, 0)];
    };
    assert_eq!(refused(&twice), "VAL-36");
    let many = |sum: &mut SumDisclosure| sum.transactions[0].places = vec![(0, 0); STATED_AMOUNTS_MAX];
    assert_eq!(refused(&many), "VAL-36");
    let fewer = |sum: &mut SumDisclosure| {
        let at = of_two(sum);
        sum.transactions[at].places.pop();
    };
    assert_eq!(refused(&fewer), "VAL-37", "another sum");
    assert_eq!(refused(&|sum| drop(sum.transactions.pop())), "VAL-37", "another sum");
    assert_eq!(stated(&cash, &[1, 1], Bounds::AtLeast(1)).unwrap_err().rule(), "VAL-36");
    assert_eq!(stated(&cash, &[], Bounds::AtLeast(0)).unwrap_err().rule(), "VAL-36");
}

#[test]
fn dis_14_only_committed_amounts_of_one_asset_are_summed_up() {
    let cash = scene();
    assert_eq!(stated(&cash, &[1, 4], Bounds::AtLeast(1)).unwrap_err().rule(), "DIS-14");
    assert_eq!(stated(&cash, &[0xB1], Bounds::AtLeast(1)).unwrap_err().rule(), "DIS-12", "no such field");
    let proof = |sequence| cash.order_proof(sequence);
    let (asset, code) = (records(&[0xA1]), Purpose::default());
    let said = Said { records: &asset, field: "decimals", bounds: Bounds::AtLeast(1), purpose: code };
    let rng = &mut ChaCha20Rng::from_seed([8; 32]);
    assert_eq!(SumDisclosure::prove(&cash.members[1], &said, proof, rng).unwrap_err().rule(), "DIS-14");
    // Told of another place: the field of an asset is no amount, whatever the file says.
    let definition = stated(&cash, &[1], Bounds::AtLeast(1)).unwrap();
    let field = Disclosure::prove(&cash.members[1], &RecordId([0xA1; 32]), "decimals", proof).unwrap();
    let mut bent = definition.clone();
    bent.transactions[0] = SumTransaction { receipt: field.receipt, places: vec![(0, 1)] };
    assert_eq!(verified(&cash, &bent).unwrap_err().rule(), "DIS-14");
    // An amount of another asset, beside one of this.
    let mut mixed = definition;
    let foreign = stated(&cash, &[4], Bounds::AtLeast(1)).unwrap();
    mixed.transactions.extend(foreign.transactions);
    mixed.transactions.sort_by_key(|one| parclose_crypto::hash::sha256(&one.receipt.ordered.permanent));
    assert_eq!(verified(&cash, &mixed).unwrap_err().rule(), "DIS-14");
}

#[test]
fn dis_15_a_sum_is_of_one_channel() {
    let (cash, mut other) = (scene(), Consortium::cash_seeded(4));
    let note = other.0.issued(other.1[0], &[(1, 700)]);
    other.0.anchored(&[note]);
    other.0.anchored(&[]);
    let mut sum = stated(&cash, &[1], Bounds::AtLeast(1)).unwrap();
    let foreign = stated(&other.0, &[1], Bounds::AtLeast(1)).unwrap();
    assert!(verified(&other.0, &foreign).is_ok(), "the control");
    sum.transactions.extend(foreign.transactions);
    assert_eq!(verified(&cash, &sum).unwrap_err().rule(), "DIS-15");
}

#[test]
fn dis_16_a_sum_is_for_the_question_that_was_asked() {
    let cash = scene();
    let sum = stated(&cash, &[1], Bounds::AtLeast(500)).unwrap();
    let asked = |purpose| sum.verify(cash.genesis(), Asked { purpose: Some(purpose), definition: None });
    assert!(asked("a loan").is_ok());
    assert_eq!(asked("a loan of somebody else").unwrap_err().rule(), "DIS-16");
    assert_eq!(asked("").unwrap_err().rule(), "DIS-16");
    // Whoever says that it was for that has to prove it anew.
    let mut bent = sum.clone();
    bent.purpose = Purpose::new("a loan of somebody else").unwrap();
    assert_eq!(verified(&cash, &bent).unwrap_err().rule(), "VAL-37");
    let control = borsh::from_slice::<Purpose>(&parclose_types::encode(&"a\nloan".to_owned())).unwrap();
    bent.purpose = control;
    assert_eq!(verified(&cash, &bent).unwrap_err().rule(), "DIS-16");
}

#[test]
fn what_holds_of_a_disclosed_field_holds_of_every_amount() {
    let cash = scene();
    let refused = |change: &dyn Fn(&mut SumDisclosure)| {
        let mut bent = stated(&cash, &[1, 3], Bounds::AtLeast(1)).unwrap();
        change(&mut bent);
        verified(&cash, &bent).unwrap_err().rule()
    };
    assert_eq!(refused(&|sum| sum.version = 2), "DIS-02");
    assert_eq!(refused(&|sum| sum.transactions[1].receipt.outcome = None), "DIS-03");
    let other =
        |sum: &mut SumDisclosure| sum.definition = sum.definition.replace("version = 1", "version = 2");
    assert_eq!(refused(&other), "DIS-04");
    assert_eq!(refused(&|sum| sum.transactions[0].places[0].0 = 9), "DIS-05");
    let sum = stated(&cash, &[1, 3], Bounds::AtLeast(1)).unwrap();
    let known = *verified(&cash, &sum).unwrap().definition();
    let asked = |known| sum.verify(cash.genesis(), Asked { definition: Some(known), purpose: None });
    assert_eq!(asked(&known).unwrap().template(), "dvp-cash");
    assert_eq!(asked(&[0; 32]).unwrap_err().rule(), "DIS-11");
    let unread = stated(&cash, &[9], Bounds::AtLeast(1)).unwrap_err();
    assert_eq!((unread.code(), unread.rule()), ("NOT_DISCLOSED", "DIS-12"));
}

#[test]
fn dis_01_dis_10_the_file_of_a_sum_says_what_its_bytes_prove() {
    let cash = scene();
    let text = stated(&cash, &[1, 2], Bounds::AtLeast(1000)).unwrap().to_json(cash.genesis()).unwrap();
    assert_eq!(schema_of(&text).as_deref(), Some(SCHEMA));
    let verify = |text: &str| verify_json(text, cash.genesis(), Asked::default());
    assert!(verify(&text).is_ok());
    let file: Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!((&file["at_least"], &file["at_most"]), (&Value::from("1000"), &Value::Null));
    let refused = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut changed = file.clone();
        change(&mut changed);
        verify(&serde_json::to_string(&changed).unwrap()).unwrap_err().rule()
    };
    for member in file.keys() {
        assert_eq!(refused(&|file| drop(file.remove(member))), "DIS-01", "{member}");
    }
    for (member, other) in [
        ("statement", Value::from("sum-is")),
        ("at_least", Value::from("2000")),
        ("at_least", Value::Null),
        ("at_most", Value::from("2000")),
        ("purpose", Value::from("another")),
        ("network", Value::from("00".repeat(32))),
        ("tag", Value::from("00".repeat(32))),
        ("asset", Value::from("00".repeat(32))),
        ("amounts", Value::Array(Vec::new())),
    ] {
        assert_eq!(refused(&|file| drop(file.insert(member.into(), other.clone()))), "DIS-10", "{member}");
    }
    for (member, other) in [("record_type", Value::from("receipt")), ("version", Value::from(2))] {
        let bend = |file: &mut Map<String, Value>| file["amounts"][1][member] = other.clone();
        assert_eq!(refused(&bend), "DIS-10", "{member}");
    }
    assert_eq!(refused(&|file| file["amounts"][0]["value"] = Value::from(700)), "DIS-01");
    assert_eq!(refused(&|file| file["schema"] = Value::from("parclose.disclosure/1")), "DIS-01");
    assert_eq!(crate::disclosure::verify_json(&text, cash.genesis(), None).unwrap_err().rule(), "DIS-01");
}

#[test]
fn every_byte_of_a_sum_matters() {
    let cash = scene();
    let sum = stated(&cash, &[1], Bounds::Between(600, 800)).unwrap();
    let known = verified(&cash, &sum).unwrap();
    let bytes = sum.encode();
    let definition = 5..5 + sum.definition.len();
    // Of the definition, whose bytes are alike, each seventh.
    for at in (0..bytes.len()).filter(|at| !definition.contains(at) || at % 7 == 0) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let read = SumDisclosure::decode(&changed).map_err(DisclosureInvalid::from);
        match read.and_then(|sum| verified(&cash, &sum)) {
            // A definition that reads another way is told by its digest.
            Ok(other) if definition.contains(&at) => assert_ne!(other.definition(), known.definition()),
            Ok(_) => panic!("byte {at} does not matter"),
            Err(_) => {}
        }
    }
}
