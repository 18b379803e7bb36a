//! Receipts and exports across changes of the validators: from the genesis, and from checkpoints.

use parclose_root::ProofInvalid;

use super::*;
use crate::bundle::Bundle;
use crate::fixtures::{Consortium, genesis};
use crate::receipt::{Receipt, ReceiptInvalid, verify_json};

/// A statement before any change, one between the two, one after both; each with its outcome. The first
/// validator takes a second in, and leaves.
struct Changed {
    consortium: Consortium,
    receipts: Vec<Receipt>,
    /// after the first statement, after the second, after the third
    checkpoints: Vec<ProvenCheckpoint>,
}

fn changed() -> Changed {
    let mut consortium = Consortium::new();
    let (mut transactions, mut checkpoints) = (Vec::new(), Vec::new());
    for (record, validators) in [(1, Some(vec![0, 1])), (2, Some(vec![1])), (3, None)] {
        let statement = consortium.statement(0, record, 1, 10);
        transactions.extend(consortium.anchored(&[statement]).1);
        consortium.anchored(&[]);
        checkpoints.push(consortium.checkpoint());
        if let Some(validators) = validators {
            consortium.hand_over(&validators);
        }
    }
    let receipts = transactions.iter().map(|transaction| {
        Receipt::prove(&consortium.members[1], transaction, |sequence| consortium.order_proof(sequence))
            .unwrap()
            .with_changes(consortium.changes.clone())
    });
    Changed { receipts: receipts.collect(), consortium, checkpoints }
}

impl Changed {
    fn genesis(&self) -> &Genesis {
        self.consortium.genesis()
    }

    /// Why the last receipt is refused once it is changed.
    fn refused(&self, change: impl FnOnce(&mut Receipt)) -> &'static str {
        let mut receipt = self.receipts[2].clone();
        change(&mut receipt);
        receipt.verify(self.genesis()).unwrap_err().rule()
    }
}

#[test]
fn a_receipt_of_every_height_is_verified_from_the_genesis_alone() {
    let changed = changed();
    for (receipt, needed) in changed.receipts.iter().zip(0..) {
        // The outcome is attested by the newest batch, whenever the transaction was ordered.
        assert_eq!(receipt.changes.len(), 2);
        let ordered = Receipt { outcome: None, ..receipt.clone() };
        let ordered = ordered.with_changes(changed.consortium.changes.clone());
        assert_eq!(ordered.changes.len(), needed, "no more than it needs");
        assert!(ordered.verify(changed.genesis()).is_ok());
        let text = receipt.to_json(changed.genesis()).unwrap();
        assert!(verify_json(&text, changed.genesis()).unwrap().outcome().is_some());
    }
}

#[test]
fn a_receipt_whose_changes_are_not_all_there_in_their_order_proves_nothing() {
    let changed = changed();
    assert!(changed.receipts[2].verify(changed.genesis()).is_ok(), "the control");
    assert_eq!(changed.refused(|receipt| receipt.changes.clear()), "ROO-40", "none");
    assert_eq!(changed.refused(|receipt| drop(receipt.changes.pop())), "ROO-40", "the last is missing");
    assert_eq!(changed.refused(|receipt| drop(receipt.changes.remove(0))), "ROO-60", "the first is missing");
    assert_eq!(changed.refused(|receipt| receipt.changes.swap(0, 1)), "ROO-60", "swapped");
    assert_eq!(changed.refused(|receipt| receipt.changes[1] = receipt.anchor.clone()), "ROO-60");
    assert_eq!(changed.refused(|receipt| receipt.changes[0].header.event_count += 1), "ROO-41");
    let old = changed.receipts[0].anchor.header.validators;
    assert_eq!(changed.refused(|receipt| receipt.anchor.header.validators = old), "ROO-40", "the wrong set");
    let by_the_first = changed.consortium.certified_by(&changed.receipts[2].anchor.header, &[0]);
    assert_eq!(
        changed.refused(|receipt| receipt.anchor.certificate = by_the_first),
        "ROO-36",
        "by who has left"
    );
    let refused = changed.receipts[2].verify(&genesis(8)).unwrap_err();
    assert!(matches!(refused, ReceiptInvalid::Foreign { .. }), "{refused}");
}

#[test]
fn a_checkpoint_judges_what_comes_after_it_and_nothing_before() {
    let changed = changed();
    for (at, checkpoint) in changed.checkpoints.iter().enumerate() {
        let trust = checkpoint.verify(changed.genesis()).unwrap();
        assert_eq!(trust, checkpoint.trusted(None).unwrap());
        for (of, receipt) in changed.receipts.iter().enumerate() {
            let told = receipt.verify(&trust).map(drop).map_err(|reason| reason.rule());
            // The head is the block that attests the outcome; what it attests was ordered before.
            let expected = if of > at { Ok(()) } else { Err("ROO-62") };
            assert_eq!(told, expected, "receipt {of} from checkpoint {at}");
        }
    }
}

#[test]
fn an_export_is_verified_across_the_changes_and_from_a_checkpoint() {
    let changed = changed();
    let consortium = &changed.consortium;
    let bundle =
        Bundle::export(&consortium.members[1], consortium.events(), consortium.tag_proof(), None).unwrap();
    let without = bundle.clone().verify(changed.genesis()).unwrap_err();
    assert_eq!(without.rule(), "ROO-40");
    let bundle = bundle.with_changes(consortium.changes.clone());
    assert_eq!(Bundle::decode(&bundle.encode()), Ok(bundle.clone()));
    let events = bundle.events.len() as u64;
    assert_eq!(bundle.clone().verify(changed.genesis()).unwrap().events(), events);
    let trust = changed.checkpoints[1].trusted(Some(changed.genesis())).unwrap();
    assert_eq!(bundle.clone().verify(&trust).unwrap().events(), events);
    let mut swapped = bundle;
    swapped.changes.swap(0, 1);
    assert_eq!(swapped.verify(changed.genesis()).unwrap_err().rule(), "ROO-60");
}

#[test]
fn chk_01_a_checkpoint_file_has_exactly_its_members() {
    let changed = changed();
    let text = changed.checkpoints[2].to_json(changed.genesis()).unwrap();
    assert_eq!(ProvenCheckpoint::from_json(&text), Ok(changed.checkpoints[2].clone()));
    let rule = |text: &str| ProvenCheckpoint::from_json(text).unwrap_err().rule();
    assert_eq!(rule(""), "CHK-01");
    assert_eq!(rule(&text.replacen("\"schema\"", "\"more\": 1, \"schema\"", 1)), "CHK-01");
    assert_eq!(rule(&text.replacen("checkpoint/1", "checkpoint/2", 1)), "CHK-01");
    assert_eq!(rule(&text.replacen("\"bytes\": \"", "\"bytes\": \"X", 1)), "CHK-01");
    assert_eq!(rule(&text.replacen("\"bytes\": \"", "\"bytes\": \"00", 1)), "WIR-02");
    assert_eq!(rule(&(text + &" ".repeat(FILE_BYTES_MAX))), "CHK-01");
}

#[test]
fn chk_02_every_readable_member_is_what_the_bytes_say() {
    let changed = changed();
    let text = changed.checkpoints[2].to_json(changed.genesis()).unwrap();
    let height = changed.checkpoints[2].checkpoint.header.height.0;
    for (member, from, to) in [
        ("height", format!("\"height\": {height}"), format!("\"height\": {}", height + 1)),
        ("changes", "\"changes\": 2".into(), "\"changes\": 1".into()),
    ] {
        let refused = ProvenCheckpoint::from_json(&text.replacen(&from, &to, 1));
        assert_eq!(refused, Err(CheckpointInvalid::Readable { member: member.into() }));
    }
}

#[test]
fn chk_03_a_checkpoint_of_another_network_is_refused() {
    let changed = changed();
    let checkpoint = &changed.checkpoints[2];
    let other = genesis(8);
    assert_eq!(checkpoint.verify(&other).unwrap_err().rule(), "CHK-03");
    assert_eq!(checkpoint.trusted(Some(&other)).unwrap_err().rule(), "CHK-03");
    let mut header = checkpoint.clone();
    header.checkpoint.header.network = other.network();
    let forged = changed.consortium.certified_by(&header.checkpoint.header, &[1]);
    header.checkpoint.certificate = forged;
    let trust = header.trusted(None).unwrap();
    let refused = changed.receipts[2].verify(trust).unwrap_err();
    assert!(matches!(refused, ReceiptInvalid::Foreign { .. }), "a receipt of another network: {refused}");
}

#[test]
fn a_checkpoint_without_the_changes_that_lead_to_it_is_not_verified() {
    let changed = changed();
    let mut checkpoint = changed.checkpoints[2].clone();
    checkpoint.changes.pop();
    let refused = checkpoint.verify(changed.genesis()).unwrap_err();
    assert!(matches!(refused, CheckpointInvalid::Block(ProofInvalid::OtherValidators { .. })), "{refused}");
    assert!(checkpoint.to_json(changed.genesis()).is_err());
}
