//! Each rule of a change file, and that what comes out of one is ordered.

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_root::{Genesis, Parameters, RootState, RootTransaction};
use parclose_types::Digest;
use serde_json::{Value, json};

use super::*;

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes([number; 32]))
}

fn genesis() -> Genesis {
    let mut validators: Vec<_> = (0..4).map(|n| Validator { key: key(n).public(), power: 1 }).collect();
    validators.sort_by_key(|validator| validator.key);
    Genesis::new("test".into(), validators, Parameters::default(), Digest([7; 32])).unwrap()
}

fn proposed(add: &[u8], remove: &[u8]) -> Result<ChangeFile, ChangeFileInvalid> {
    let keys = |numbers: &[u8]| numbers.iter().map(|number| key(*number).public()).collect();
    let moves = Moves { add: keys(add), remove: keys(remove) };
    let genesis = genesis();
    ChangeFile::propose(genesis.network(), &Validators::of(&genesis), Height(1), &moves, Height(20))
}

fn signed(file: &ChangeFile, by: u8) -> ChangeFile {
    let mut copy = ChangeFile::parse(file.to_json().as_bytes()).unwrap();
    copy.sign(&key(by)).unwrap();
    copy
}

fn rule<T: std::fmt::Debug>(outcome: Result<T, ChangeFileInvalid>) -> &'static str {
    outcome.unwrap_err().rule()
}

#[test]
fn copies_that_members_have_signed_become_a_change_that_is_ordered() {
    let file = proposed(&[4], &[]).unwrap();
    let mut gathered = file.clone();
    for by in [2, 0, 1, 4] {
        gathered.merge(signed(&file, by)).unwrap();
    }
    let read = ChangeFile::parse(gathered.to_json().as_bytes()).unwrap();
    assert_eq!((read.signers().count(), &read), (4, &gathered));
    let state = RootState::new(genesis());
    let update = |file: &ChangeFile| state.build([RootTransaction::UpdateValidators(file.update())]).1;
    assert_eq!(update(&gathered), []);
    let mut too_few = file.clone();
    too_few.merge(signed(&file, 4)).unwrap();
    assert_eq!(update(&too_few)[0].1.rule(), "ROO-56");
}

#[test]
fn vch_01_a_change_file_has_exactly_its_members() {
    let file = signed(&signed(&proposed(&[4], &[]).unwrap(), 0), 1);
    let good: Value = serde_json::from_str(&file.to_json()).unwrap();
    let told = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        ChangeFile::parse(value.to_string().as_bytes()).map(drop).map_err(|e| e.rule())
    };
    assert_eq!(told(&|_| ()), Ok(()));
    assert_eq!(told(&|v| v["note"] = json!(1)), Err("VCH-01"));
    assert_eq!(told(&|v| v["schema"] = json!("parclose.validator-change/2")), Err("VCH-01"));
    assert_eq!(told(&|v| v["signatures"].as_array_mut().unwrap().reverse()), Err("VCH-01"));
    assert_eq!(told(&|v| v["signatures"][1] = v["signatures"][0].clone()), Err("VCH-01"));
    assert_eq!(told(&|v| v["signatures"][0]["signature"] = json!("00")), Err("VCH-01"));
    assert_eq!(told(&|v| v["validators"].as_array_mut().unwrap().reverse()), Err("ROO-32"));
    assert_eq!(rule(ChangeFile::parse(&vec![b' '; CHANGE_BYTES_MAX + 1])), "VCH-01");
}

#[test]
fn vch_02_a_change_that_was_altered_has_no_signatures_any_more() {
    let good: Value = serde_json::from_str(&signed(&proposed(&[4], &[]).unwrap(), 0).to_json()).unwrap();
    let other_network = NetworkId([1; 32]).to_string();
    for (member, value) in [
        ("network", json!(other_network)),
        ("number", json!(1)),
        ("replaces", good["validators"].clone()),
        ("last_height", json!(21)),
    ] {
        let mut altered = good.clone();
        altered[member] = value;
        assert_eq!(rule(ChangeFile::parse(altered.to_string().as_bytes())), "VCH-02", "{member}");
    }
    let mut altered = good;
    altered["validators"].as_array_mut().unwrap().pop();
    assert_eq!(rule(ChangeFile::parse(altered.to_string().as_bytes())), "VCH-02");
}

#[test]
fn vch_03_a_stranger_does_not_sign() {
    let mut file = proposed(&[4], &[3]).unwrap();
    assert_eq!(rule(file.sign(&key(5))), "VCH-03");
    for by in [0, 3, 4] {
        file.sign(&key(by)).unwrap();
    }
}

#[test]
fn vch_04_copies_of_different_changes_are_not_put_together() {
    let mut file = proposed(&[4], &[]).unwrap();
    assert_eq!(rule(file.merge(proposed(&[5], &[]).unwrap())), "VCH-04");
}

#[test]
fn vch_05_who_comes_does_not_vote_and_who_goes_does() {
    assert_eq!(rule(proposed(&[3], &[])), "VCH-05");
    assert_eq!(rule(proposed(&[4, 4], &[])), "VCH-05");
    assert_eq!(rule(proposed(&[], &[4])), "VCH-05");
    assert_eq!(rule(proposed(&[], &[3, 3])), "VCH-05");
    assert_eq!(rule(proposed(&[3], &[3])), "VCH-05");
    assert_eq!(rule(proposed(&[], &[0, 1, 2, 3])), "ROO-32");
    let seats = proposed(&[4], &[3]).unwrap().change().next.validators().len();
    assert_eq!(seats, 4);
}
