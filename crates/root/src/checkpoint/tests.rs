//! Beginning with a checkpoint: at every height round a change, and what is refused from there.

use parclose_types::{Failure, Height, Sequence};

use super::*;
use crate::fixtures::{Network, precommits};
use crate::proof::OrderProof;
use crate::transaction::RootTransaction;

fn change(network: &mut Network, seats: &[usize]) -> OrderProof {
    let update = RootTransaction::UpdateValidators(network.update(seats));
    network.order_and_prove(vec![update]).remove(0)
}

#[test]
fn a_checkpoint_of_any_height_round_a_change_leads_to_what_comes_after() {
    let mut network = Network::of_validators(4);
    let genesis = Trust::of(network.state.genesis());
    let channel = network.opened(3, 2);
    let mut checkpoints = vec![network.checkpoint()];
    let changes = vec![change(&mut network, &[0, 1, 2, 3, 4])];
    checkpoints.push(network.checkpoint());
    for _ in 0..2 {
        network.order(vec![]);
        checkpoints.push(network.checkpoint());
    }
    let anchor = network.anchor(&channel, 1, 0, 100);
    let anchor = network.order_and_prove(vec![RootTransaction::Anchor(anchor)]).remove(0);
    for checkpoint in checkpoints {
        let at = checkpoint.header.height;
        let mut from_genesis = genesis.clone();
        from_genesis.follow_all(&changes).unwrap();
        let made = checkpoint.verify_under(&from_genesis).unwrap();
        assert_eq!((made.begun(), &made), (at, &checkpoint.trusted().unwrap()));
        let mut trust = made;
        trust.follow_all(&changes).unwrap();
        assert_eq!(trust.changes(), Sequence(1), "{at}");
        assert_eq!(anchor.verify_under(&trust).unwrap().height(), Height(5), "from {at}");
        assert_eq!(Checkpoint::decode(&checkpoint.encode()), Ok(checkpoint));
    }
}

#[test]
fn roo_62_what_lies_before_a_checkpoint_or_beside_it_is_not_judged() {
    let mut network = Network::of_validators(4);
    let opening = network.open(3, 2).1;
    let before = network.order_and_prove(vec![opening]).remove(0);
    let opening = network.open(3, 2).1;
    let at = network.order_and_prove(vec![opening]).remove(0);
    let trust = network.checkpoint().trusted().unwrap();
    let told = |proof: &OrderProof| proof.verify_under(&trust).map(drop).map_err(|e| e.rule());
    assert_eq!((told(&before), told(&at)), (Err("ROO-62"), Ok(())));
    // Keys that leak later sign another block for the same height.
    let mut beside = at;
    beside.header.state_root.0[0] ^= 1;
    beside.certificate = precommits(&beside.header, 0..4);
    assert!(beside.verify(network.state.genesis()).is_ok(), "from the genesis alone they differ in nothing");
    assert_eq!(told(&beside), Err("ROO-62"));
}

#[test]
fn roo_63_the_validators_of_a_checkpoint_are_proven() {
    let mut network = Network::of_validators(4);
    network.order(vec![]);
    let good = network.checkpoint();
    let told = |checkpoint: &Checkpoint| checkpoint.trusted().map(drop).map_err(|e| e.rule());
    assert_eq!(told(&good), Ok(()));
    let mut other = good.clone();
    other.validators.changes = Sequence(1);
    assert_eq!(told(&other), Err("ROO-63"));
    let mut other = good.clone();
    other.validators.current = network.change(&[0, 1, 2]).next;
    assert_eq!(told(&other), Err("ROO-63"));
    let mut few = good.clone();
    few.certificate = precommits(&few.header, 0..2);
    assert_eq!(told(&few), Err("ROO-38"));
    let elsewhere = Network::of_validators(3);
    let refused = good.verify_under(&Trust::of(elsewhere.state.genesis())).unwrap_err();
    assert_eq!(refused.rule(), "ROO-39", "a checkpoint of another network");
    let bytes = good.encode();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        let trusted = Checkpoint::decode(&bent).map(|checkpoint| checkpoint.trusted());
        assert!(!matches!(trusted, Ok(Ok(_))), "byte {at}");
    }
}
