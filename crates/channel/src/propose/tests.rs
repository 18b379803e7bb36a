use parclose_store::hazmat::copy_after_power_loss;
use parclose_types::Failure;

use crate::fixtures::{Trio, create};

#[test]
fn end_02_a_batch_is_on_disk_before_anybody_hears_of_it() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let proposal = trio.propose(0, &[transaction]);
    let copy = trio.fresh_path();
    copy_after_power_loss(trio.member(0).store(), &copy).unwrap();
    let survivor = trio.open_at(0, &copy);
    let stored = survivor.stored_proposal(&proposal.commitment()).unwrap().unwrap();
    assert_eq!(stored.batch, proposal.batch);
}

#[test]
fn cha_06_nothing_is_proposed_before_the_opening_is_executed() {
    let mut trio = Trio::founded();
    let mut rng = trio.rng.clone();
    let head = trio.head();
    let refused = trio.member_mut(0).propose(vec![], head, &mut rng).unwrap_err();
    assert_eq!(refused.rule(), "CHA-06");
}

#[test]
fn one_endorsement_of_three_makes_no_anchor() {
    let mut trio = Trio::new();
    let proposal = trio.propose(0, &[]);
    let own = trio.member(0).endorse_own(&proposal);
    assert!(trio.member(0).anchor(&proposal, &[own]).is_none());
    assert!(trio.member(0).anchor(&proposal, &[own, own]).is_none());
}
