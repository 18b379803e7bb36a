//! Members that open locks bind, and whom their channel would leave out.

use parclose_root::{RootTransaction, RotateStatement};
use parclose_transaction::Act;
use parclose_transaction::act::Change;
use parclose_types::{AssetId, Failure};

use super::*;
use crate::fixtures::{Dealt, Trio, WINDOW};
use crate::handover::HandoverRefused;
use crate::locks::tests::dealing;

/// One leg is locked: the first gives 400 to the second; the third has no part in it.
fn one_leg() -> (Trio, AssetId, Dealt) {
    let (mut trio, asset, dealt) = dealing();
    let lock = trio.lock(0, (&dealt, 0), asset, (1, 400));
    assert_eq!(trio.decide_by(0, &lock), "applied");
    (trio, asset, dealt)
}

/// The other two decide that a member is removed, and do what is due for it.
fn remove(trio: &mut Trio, leaver: usize) {
    let (mover, voter) = ((leaver + 1) % 3, (leaver + 2) % 3);
    let member = trio.id(leaver);
    trio.decide_on(mover, vec![Change::Remove(member)], &[voter]);
    trio.upkeep();
}

/// What was decided, as somebody would put it together who does not look at locks.
fn blind_statement(trio: &Trio) -> RotateStatement {
    let channel = trio.member(2);
    let (next, commitment) = channel.governance().rotation_at(trio.next()).unwrap();
    let config = channel.config();
    RotateStatement {
        network: config.network,
        tag: channel.tag(),
        generation: config.generation,
        next,
        commitment,
        executed: channel.executed().unwrap(),
        last_height: Height(trio.head().0 + 9),
    }
}

fn deadline(trio: &Trio) -> Height {
    trio.member(0).governance().decision_at(trio.next()).unwrap().deadline
}

fn verified(trio: &Trio) {
    for at in trio.in_channel() {
        trio.member(at).verify(|sequence| trio.chain(sequence)).unwrap();
    }
}

#[test]
fn loc_10_new_keys_wait_for_the_locks_of_whoever_they_leave_out() {
    // Who has locked, and who would get it.
    for leaver in [0, 1] {
        let (mut trio, _, dealt) = one_leg();
        remove(&mut trio, leaver);
        let until = dealt.deal.settle_before;
        trio.pass_to(Height(until.0 - 2));
        for at in 0..3 {
            assert_eq!(trio.member(at).rotation(trio.head(), WINDOW), None, "{leaver}, {at}");
            let signed = trio.member(at).sign_rotation(&blind_statement(&trio), trio.head(), WINDOW);
            let refused = signed.unwrap_err();
            assert_eq!((refused, refused.rule()), (HandoverRefused::Bound { until }, "LOC-10"));
        }
        // From there on the lock has lapsed, whatever comes first; and the note is its author's again.
        trio.pass_to(Height(until.0 - 1));
        let rotation = trio.rotation();
        trio.order(rotation);
        trio.settle();
        let stays = 1 - leaver;
        assert_eq!(trio.member(stays).config().members.len(), 2);
        assert_eq!(trio.member(stays).open_locks().count(), 0);
        if stays == 0 {
            assert_eq!(trio.amounts(0).iter().sum::<u64>(), 1000);
        }
        verified(&trio);
    }
}

#[test]
fn loc_10_nobody_else_is_kept_and_a_decided_deal_keeps_nobody() {
    let (mut trio, _, _) = one_leg();
    remove(&mut trio, 2);
    trio.rotate();
    assert_eq!(trio.member(0).open_locks().count(), 1, "the deal goes on under the new keys");
    assert_eq!(trio.member(0).config().members.len(), 2);

    let (mut trio, asset, dealt) = one_leg();
    let back = trio.lock(1, (&dealt, 1), asset, (0, 250));
    assert_eq!(trio.decide_by(1, &back), "applied");
    remove(&mut trio, 1);
    assert!(trio.member(0).awaits_locks(trio.head()).unwrap().is_some());
    for leg in [0, 1] {
        trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(leg), None)));
        trio.settle();
    }
    assert_eq!(trio.member(0).awaits_locks(trio.head()).unwrap(), None);
    assert_eq!(trio.amounts(0), [250, 600], "the leg was delivered before its giver left");
    trio.rotate();
    verified(&trio);
}

#[test]
fn loc_11_nothing_new_is_held_by_or_for_whoever_leaves() {
    let (mut trio, asset, _) = dealing();
    remove(&mut trio, 1);
    let dealt = trio.open_deal([None, None], (700, 16));
    let for_it = trio.lock(0, (&dealt, 0), asset, (1, 400));
    assert_eq!(trio.decide_by(0, &for_it), "LOC-11");
    let by_it = trio.lock(1, (&dealt, 1), asset, (0, 250));
    assert_eq!(trio.decide_by(1, &by_it), "LOC-11");
    let by_others = trio.lock(0, (&dealt, 0), asset, (2, 400));
    assert_eq!(trio.decide_by(0, &by_others), "applied");
    // It was not removed in time: it is a member like all others.
    trio.pass_to(deadline(&trio));
    let by_it = trio.lock(1, (&dealt, 1), asset, (0, 250));
    assert_eq!(trio.decide_by(1, &by_it), "applied");
}

#[test]
fn loc_11_nothing_is_held_for_whoever_has_left_in_the_same_block() {
    let (mut trio, asset, _) = dealing();
    remove(&mut trio, 1);
    let dealt = trio.open_deal([None, None], (12, 16));
    let lock = trio.lock(0, (&dealt, 0), asset, (1, 400));
    let rotation = trio.rotation();
    let proposal = trio.propose(0, std::slice::from_ref(&lock));
    let anchor = RootTransaction::Anchor(trio.endorsed(0, &proposal));
    trio.order_together(vec![rotation, anchor]);
    trio.settle();
    assert_eq!(trio.verdict(&lock), "LOC-11");
    assert_eq!(trio.member(0).open_locks().count(), 0);
}

#[test]
fn loc_12_a_removal_that_waits_for_locks_keeps_its_time() {
    for (leaver, waits) in [(0, true), (1, true), (2, false)] {
        let (mut trio, _, dealt) = one_leg();
        let member = trio.id(leaver);
        trio.decide_on((leaver + 1) % 3, vec![Change::Remove(member)], &[(leaver + 2) % 3]);
        let within = trio.member(0).definition().governance.rotate_within;
        let from = if waits { dealt.deal.settle_before } else { trio.head() };
        assert_eq!(deadline(&trio), Height(from.0 + within), "{leaver}");
    }
}

#[test]
fn loc_13_whoever_is_bound_asks_before_it_leaves() {
    for (leaver, asks) in [(0, true), (1, true), (2, false)] {
        let (mut trio, _, _) = one_leg();
        let member = trio.id(leaver);
        let motion = trio.motion(vec![Change::Remove(member)]);
        let (verdict, motion) = trio.act(leaver, motion);
        assert_eq!(verdict, "applied");
        let decided = |trio: &Trio| trio.member(0).governance().decision_at(trio.next()).is_some();
        assert_eq!(decided(&trio), !asks, "{leaver}");
        if asks {
            let (verdict, _) = trio.act(2, Act::Vote { motion, approve: true });
            assert_eq!((verdict.as_str(), decided(&trio)), ("applied", true));
        }
    }
}
