//! A stale value is not shown as the value, each step broken alone, and every byte.

use parclose_transaction::FieldValue;
use parclose_types::{Failure, TransactionDigest};
use serde_json::{Map, Value};

use super::*;
use crate::disclosure::{DisclosureInvalid, schema_of};
use crate::fixtures::Consortium;
use crate::receipt::Receipt;

const RECORD: RecordId = RecordId([1; 32]);

/// Two records at height W; then three blocks of nothing, and at N an empty batch that attests them.
fn scene() -> (Consortium, [Height; 2]) {
    let mut consortium = Consortium::new();
    let both = [consortium.statement(0, 1, 1, 10), consortium.statement(0, 2, 1, 12)];
    consortium.anchored(&both);
    let written = consortium.root.head().height;
    consortium.wait(3);
    consortium.anchored(&[]);
    let next = consortium.root.head().height;
    assert_eq!(next.0, written.0 + 4);
    (consortium, [written, Height(next.0 - 1)])
}

/// The first record is written again; the state with that is attested by the batch after it.
fn overwrite(consortium: &mut Consortium) {
    let update = consortium.statement(0, 1, 2, 13);
    consortium.anchored(&[update]);
}

fn shown(consortium: &Consortium, record: u8, height: Height) -> Result<DisclosureAsOf, NotDisclosed> {
    let proof = |sequence| consortium.order_proof(sequence);
    let (member, record) = (&consortium.members[1], RecordId([record; 32]));
    DisclosureAsOf::prove(member, &record, "documents", height, proof)
}

fn verified(
    consortium: &Consortium,
    shown: &DisclosureAsOf,
    asked: Option<Height>,
) -> Result<VerifiedAsOf, DisclosureInvalid> {
    shown.verify(consortium.genesis(), None, asked)
}

#[test]
fn dis_21_a_value_is_shown_as_of_the_heights_from_its_transaction_to_the_next_event() {
    let (consortium, [from, to]) = scene();
    for height in from.0..=to.0 {
        let shown = shown(&consortium, 1, Height(height)).unwrap();
        assert_eq!(DisclosureAsOf::decode(&shown.encode()), Ok(shown.clone()));
        let proven = verified(&consortium, &shown, Some(Height(height))).unwrap();
        assert_eq!((proven.from(), proven.to()), (from, to));
        assert_eq!((proven.written().value(), proven.record_version()), (&FieldValue::Integer(10), 1));
    }
    let value = shown(&consortium, 1, to).unwrap();
    for asked in [Height(from.0 - 1), Height(to.0 + 1)] {
        let refused = verified(&consortium, &value, Some(asked)).unwrap_err();
        assert_eq!(refused, DisclosureInvalid::OtherHeight { from, to });
        assert_eq!(refused.rule(), "DIS-21");
    }
    // Whoever discloses is told the newest height, and when it was written.
    let newer = shown(&consortium, 1, Height(to.0 + 1)).unwrap_err();
    assert_eq!((newer.code(), newer.rule()), ("NOT_YET_ATTESTED", "DIS-21"));
    assert!(newer.to_string().contains(&format!("height {} at most", to.0)), "{newer}");
    let older = shown(&consortium, 1, Height(from.0 - 1)).unwrap_err();
    assert_eq!((older.code(), older.rule()), ("NOT_DISCLOSED", "DIS-21"));
}

/// The old value with the state of before says its old heights; with the state of now it is refused, and so is the state of now for it.
#[test]
fn dis_19_a_value_that_was_written_again_is_not_the_value() {
    let (mut consortium, [from, to]) = scene();
    let old = shown(&consortium, 1, to).unwrap();
    let proof = |consortium: &Consortium, sequence| consortium.order_proof(sequence);
    let stale =
        Disclosure::prove(&consortium.members[1], &RECORD, "documents", |s| proof(&consortium, s)).unwrap();
    overwrite(&mut consortium);
    let changed = shown(&consortium, 1, to).unwrap_err();
    assert_eq!((changed.code(), changed.rule()), ("NOT_YET_ATTESTED", "DIS-17"), "it has changed since");
    consortium.anchored(&[]);
    let head = consortium.root.head().height;
    let new = shown(&consortium, 1, Height(head.0 - 1)).unwrap();
    let proven = verified(&consortium, &new, None).unwrap();
    assert_eq!(proven.written().value(), &FieldValue::Integer(13));
    assert_eq!((proven.from(), proven.to()), (Height(to.0 + 2), Height(head.0 - 1)));
    // Of the old value the old file says the old heights, as before.
    let proven = verified(&consortium, &old, Some(to)).unwrap();
    assert_eq!((proven.from(), proven.to()), (from, to));
    assert_eq!(
        verified(&consortium, &old, Some(proven.to())).unwrap().written().value(),
        &FieldValue::Integer(10)
    );
    assert_eq!(verified(&consortium, &old, Some(Height(head.0 - 1))).unwrap_err().rule(), "DIS-21");
    // The old value under the state of now: proven by its own receipt of now, and by the record's leaf of now.
    let mut receipt = stale.receipt.clone();
    receipt.outcome =
        Receipt::prove(&consortium.members[1], &transaction_of(&stale), |s| proof(&consortium, s))
            .unwrap()
            .outcome;
    let replayed = DisclosureAsOf { written: Disclosure { receipt, ..stale }, ..new };
    assert!(replayed.written.verify(consortium.genesis(), None).is_ok(), "it was written");
    assert_eq!(verified(&consortium, &replayed, None).unwrap_err().rule(), "DIS-19");
    // And with the leaf of before it is not in the state of now.
    let replayed = DisclosureAsOf { proof: old.proof, ..replayed };
    assert_eq!(verified(&consortium, &replayed, None).unwrap_err().rule(), "DIS-18");
    // What is written beside it leaves it the value.
    let beside = shown(&consortium, 2, Height(head.0 - 1)).unwrap();
    let proven = verified(&consortium, &beside, None).unwrap();
    assert_eq!((proven.from(), proven.to()), (from, Height(head.0 - 1)));
}

fn transaction_of(disclosure: &Disclosure) -> TransactionDigest {
    parclose_transaction::UnverifiedTransaction::decode(&disclosure.receipt.ordered.permanent)
        .unwrap()
        .digest()
}

#[test]
fn dis_18_another_record_or_field_shows_nothing() {
    let (consortium, [_, to]) = scene();
    let (one, other) = (shown(&consortium, 1, to).unwrap(), shown(&consortium, 2, to).unwrap());
    let swapped = DisclosureAsOf { proof: other.proof, ..one.clone() };
    assert_eq!(verified(&consortium, &swapped, None).unwrap_err().rule(), "DIS-18");
    let proof = |sequence| consortium.order_proof(sequence);
    let total = DisclosureAsOf::prove(&consortium.members[1], &RECORD, "total", to, proof).unwrap();
    let swapped = DisclosureAsOf { proof: total.proof, ..one };
    assert_eq!(verified(&consortium, &swapped, None).unwrap_err().rule(), "DIS-19", "another field");
}

#[test]
fn dis_20_the_heights_end_before_the_very_next_event() {
    let (mut consortium, [_, to]) = scene();
    let shown_then = shown(&consortium, 1, to).unwrap();
    assert_eq!(shown_then.next, None, "the attesting event is the next one");
    // Later events would make it last longer than it is proven to.
    overwrite(&mut consortium);
    consortium.anchored(&[]);
    for later in consortium.proofs.iter().rev().take(2) {
        let longer = DisclosureAsOf { next: Some(later.clone()), ..shown_then.clone() };
        assert_eq!(verified(&consortium, &longer, None).unwrap_err().rule(), "DIS-20");
    }
    let earlier = consortium.order_proof(consortium.nth(1)).unwrap();
    let earlier = DisclosureAsOf { next: Some(earlier), ..shown_then.clone() };
    assert_eq!(verified(&consortium, &earlier, None).unwrap_err().rule(), "DIS-20");
    let same = consortium.order_proof(consortium.nth(2)).unwrap();
    let same = DisclosureAsOf { next: Some(same), ..shown_then };
    assert_eq!(verified(&consortium, &same, None).unwrap().to(), to);
}

#[test]
fn what_holds_of_a_disclosed_field_holds_of_it_as_of_a_height() {
    let (consortium, [_, to]) = scene();
    let refused = |change: &dyn Fn(&mut DisclosureAsOf)| {
        let mut bent = shown(&consortium, 1, to).unwrap();
        change(&mut bent);
        verified(&consortium, &bent, None).unwrap_err().rule()
    };
    assert_eq!(refused(&|bent| bent.version = 2), "DIS-02");
    assert_eq!(refused(&|bent| bent.written.version = 2), "DIS-02");
    assert_eq!(refused(&|bent| bent.written.receipt.outcome = None), "DIS-03");
    assert_eq!(refused(&|bent| bent.written.key[0] ^= 1), "DIS-06");
    let absent = shown(&consortium, 9, to).unwrap_err();
    assert_eq!((absent.code(), absent.rule()), ("NOT_DISCLOSED", "DIS-12"));
}

#[test]
fn dis_01_dis_10_the_file_of_a_value_says_which_statement_it_makes() {
    let (consortium, [from, to]) = scene();
    let text = shown(&consortium, 1, to).unwrap().to_json(consortium.genesis()).unwrap();
    assert_eq!(schema_of(&text).as_deref(), Some(SCHEMA));
    let verify = |text: &str| verify_json(text, consortium.genesis(), None, None);
    assert!(verify(&text).is_ok());
    let file: Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(file["statement"], "is-value-as-of");
    assert_eq!((&file["from_height"], &file["to_height"]), (&Value::from(from.0), &Value::from(to.0)));
    let refused = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut changed = file.clone();
        change(&mut changed);
        verify(&serde_json::to_string(&changed).unwrap()).unwrap_err().rule()
    };
    for member in file.keys() {
        assert_eq!(refused(&|file| drop(file.remove(member))), "DIS-01", "{member}");
    }
    assert_eq!(refused(&|file| file["to_height"] = Value::from(to.0 + 1)), "DIS-10");
    assert_eq!(refused(&|file| file["statement"] = Value::from("was-written")), "DIS-10");
    assert_eq!(refused(&|file| file["record_version"] = Value::from(7)), "DIS-10");
    // Neither file passes for the other.
    assert_eq!(
        crate::disclosure::verify_json(&text, consortium.genesis(), None).unwrap_err().rule(),
        "DIS-01"
    );
    let proof = |sequence| consortium.order_proof(sequence);
    let written = Disclosure::prove(&consortium.members[1], &RECORD, "documents", proof).unwrap();
    assert_eq!(verify(&written.to_json(consortium.genesis()).unwrap()).unwrap_err().rule(), "DIS-01");
}

#[test]
fn every_byte_of_a_value_as_of_a_height_matters() {
    let (consortium, [_, to]) = scene();
    let shown = shown(&consortium, 1, to).unwrap();
    let bytes = shown.encode();
    // What comes before is a disclosed field, of which another test changes every byte.
    let after = 1 + shown.written.encode().len();
    for at in (0..1).chain(after..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let read = DisclosureAsOf::decode(&changed).map_err(DisclosureInvalid::from);
        assert!(read.and_then(|shown| verified(&consortium, &shown, None)).is_err(), "byte {at}");
    }
}
