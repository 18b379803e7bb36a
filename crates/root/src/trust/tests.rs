//! From the genesis through changes of the validators, and what does not lead there.

use parclose_types::Digest;

use super::*;
use crate::fixtures::{Network, precommits};
use crate::proof::TagProof;

/// A network of four whose fifth joined at height 3 and whose first left at height 6; the proofs of both
/// changes, and of one anchor before, between and after them.
struct Changed {
    network: Network,
    changes: Vec<OrderProof>,
    /// at heights 2, 5 and 8
    anchors: Vec<OrderProof>,
    tag: TagProof,
}

fn changed() -> Changed {
    let mut network = Network::of_validators(4);
    let channel = network.opened(3, 2);
    let (mut changes, mut anchors) = (Vec::new(), Vec::new());
    for (number, seats) in [(1, vec![0, 1, 2, 3, 4]), (2, vec![1, 2, 3, 4]), (3, vec![])] {
        let anchor = network.anchor(&channel, number, 0, 100);
        anchors.extend(network.order_and_prove(vec![RootTransaction::Anchor(anchor)]));
        if !seats.is_empty() {
            let update = RootTransaction::UpdateValidators(network.update(&seats));
            changes.extend(network.order_and_prove(vec![update]));
            network.order(vec![]);
        }
    }
    let tag = network.prove_tag(&channel.tag);
    Changed { network, changes, anchors, tag }
}

impl Changed {
    fn genesis(&self) -> Trust {
        Trust::of(self.network.state.genesis())
    }

    fn trust(&self) -> Trust {
        let mut trust = self.genesis();
        trust.follow_all(&self.changes).unwrap();
        trust
    }
}

fn rule(outcome: Result<(), impl Failure>) -> &'static str {
    outcome.expect_err("refused").rule()
}

#[test]
fn proofs_of_every_height_hold_once_the_changes_are_followed() {
    let changed = changed();
    let trust = changed.trust();
    assert_eq!(trust.changes(), Sequence(2));
    for (anchor, height) in changed.anchors.iter().zip([2, 5, 8]) {
        assert_eq!(anchor.verify_under(&trust).unwrap().height(), Height(height));
    }
    assert_eq!(changed.tag.verify_under(&trust).unwrap().state().count, 4);
}

#[test]
fn roo_40_without_a_change_what_comes_after_it_is_not_proven() {
    let changed = changed();
    let [before, between, after] = &changed.anchors[..] else { panic!("three anchors") };
    let mut trust = changed.genesis();
    let told = |trust: &Trust, proof: &OrderProof| proof.verify_under(trust).map(drop).map_err(|e| e.rule());
    assert_eq!(told(&trust, before), Ok(()));
    assert_eq!((told(&trust, between), told(&trust, after)), (Err("ROO-40"), Err("ROO-40")));
    trust.follow(&changed.changes[0]).unwrap();
    assert_eq!((told(&trust, between), told(&trust, after)), (Ok(()), Err("ROO-40")));
    assert_eq!(changed.tag.verify_under(&trust).unwrap_err().rule(), "ROO-40");
    trust.follow(&changed.changes[1]).unwrap();
    assert_eq!(told(&trust, after), Ok(()));
}

#[test]
fn roo_60_no_change_is_left_out_and_none_comes_before_its_turn() {
    let changed = changed();
    let [first, second] = &changed.changes[..] else { panic!("two changes") };
    let follow = |changes: &[&OrderProof]| {
        let mut trust = changed.genesis();
        rule(trust.follow_all(&changes.iter().copied().cloned().collect::<Vec<_>>()))
    };
    assert_eq!(follow(&[second]), "ROO-60", "missing");
    assert_eq!(follow(&[second, first]), "ROO-60", "swapped");
    assert_eq!(follow(&[first, first]), "ROO-60", "twice");
}

#[test]
fn roo_61_an_event_of_a_channel_is_no_change() {
    let mut network = Network::new();
    let opening = network.open(3, 2).1;
    let proofs = network.order_and_prove(vec![opening]);
    let mut trust = Trust::of(network.state.genesis());
    assert_eq!(trust.follow(&proofs[0]), Err(ChangeInvalid::NotAChange { number: Sequence(0) }));
}

#[test]
fn roo_36_validators_that_have_left_certify_nothing_more() {
    let changed = changed();
    let trust = changed.trust();
    let mut proof = changed.anchors[2].clone();
    proof.certificate = precommits(&proof.header, [0, 1, 2, 3]);
    assert_eq!(proof.verify_under(&trust).unwrap_err().rule(), "ROO-36");
    proof.certificate = precommits(&proof.header, [1, 2, 3]);
    assert!(proof.verify_under(&trust).is_ok(), "three of the four that are left");
}

#[test]
fn roo_40_a_header_that_names_the_set_of_before_is_refused() {
    let changed = changed();
    let trust = changed.trust();
    let mut proof = changed.anchors[2].clone();
    proof.header.validators = changed.anchors[0].header.validators;
    proof.header.next_validators = proof.header.validators;
    proof.certificate = precommits(&proof.header, [0, 1, 2, 3]);
    assert_eq!(proof.verify_under(&trust).unwrap_err().rule(), "ROO-40");
}

#[test]
fn a_change_that_old_validators_order_after_they_have_left_is_not_followed() {
    let changed = changed();
    let mut trust = changed.genesis();
    trust.follow(&changed.changes[0]).unwrap();
    let mut forged = changed.changes[1].clone();
    forged.header.state_root.0[0] ^= 1;
    forged.certificate = precommits(&forged.header, [0, 1, 2]);
    let refused = trust.follow(&forged).unwrap_err();
    assert_eq!(refused.rule(), "ROO-38", "three of five: {refused}");
    forged.certificate = precommits(&forged.header, [0, 1, 2, 4]);
    assert!(trust.clone().follow(&forged).is_ok(), "the control: four of five");
    assert_eq!(rule(trust.clone().follow(&changed.changes[0])), "ROO-60");
    let other =
        OrderProof { header: Header { network: NetworkId([9; 32]), ..forged.header.clone() }, ..forged };
    assert_eq!(rule(trust.follow(&other)), "ROO-39");
}

#[test]
fn a_change_that_breaks_a_rule_of_changes_is_not_followed_though_validators_have_signed_it() {
    // A block as only validators make it that all break the rules together.
    let network = Network::of_validators(4);
    let good = network.update(&[0, 1, 2, 3, 4]);
    let prove = |update: &crate::UpdateValidators| {
        let transaction = RootTransaction::UpdateValidators(update.clone());
        let entry = crate::LogEntry {
            tag: transaction.tag(&network.id).unwrap(),
            sequence: Sequence(0),
            kind: transaction.kind().unwrap(),
            transaction: transaction.digest(),
            chain: Digest([0; 32]),
        };
        let list = parclose_crypto::merkle::ProvingList::new([parclose_types::encode(&entry)]);
        let inclusion = list.prove(0).unwrap();
        let mut header = network.state.build([]).0.header;
        header.event_count = 1;
        header.events_root = Digest(parclose_crypto::merkle::root([parclose_types::encode(&entry)]));
        let certificate = precommits(&header, 0..4);
        OrderProof { entry, transaction: transaction.encode(), inclusion, header, certificate }
    };
    let told = |update: &crate::UpdateValidators| {
        Trust::of(network.state.genesis()).follow(&prove(update)).map_err(|e| e.rule())
    };
    assert_eq!(told(&good), Ok(()), "the control");
    let replaces = crate::ValidatorsChange { replaces: Digest([1; 32]), ..good.change.clone() };
    assert_eq!(told(&network.signed_by(replaces, &[0, 1, 2, 3, 4])), Err("ROO-51"));
    assert_eq!(told(&network.update(&[0, 1, 2, 3, 4, 5])), Err("ROO-58"));
    let mut silent = good;
    silent.signatures.truncate(2);
    assert_eq!(told(&silent), Err("ROO-56"));
}

#[test]
fn every_byte_of_a_change_matters() {
    let changed = changed();
    let bytes = changed.changes[0].encode();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        if let Ok(proof) = OrderProof::decode(&bent) {
            assert!(changed.genesis().follow(&proof).is_err(), "byte {at}");
        }
    }
}
