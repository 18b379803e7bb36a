//! What endorsers sign and receivers approve of a leg, and what they do not.

use parclose_root::{DealOutcome, RootReject, RootTransaction};
use parclose_types::{AssetId, Failure, Sequence};

use super::*;
use crate::fixtures::{Dealt, Trio, WINDOW, record};

const INSTRUCTION: u8 = 0x77;

/// A deal by which the first member gives 400 to the second, who approves; locked.
fn promised() -> (Trio, AssetId, Dealt, Agreed) {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(0, 1000)]);
    assert_eq!(trio.decide(&issue), "applied");
    let approver = trio.member(1).approver_key(&record(INSTRUCTION), 0);
    let dealt = trio.open_deal([Some(approver), None], (12, 16));
    let lock = trio.lock(0, (&dealt, 0), asset, (1, 400));
    assert_eq!(trio.decide_by(0, &lock), "applied");
    let agreed = Agreed {
        leg: dealt.leg(0),
        terms: LegTerms {
            tag: trio.member(0).tag(),
            sender: trio.id(0),
            receiver: trio.id(1),
            asset,
            amount: 400,
        },
        allocate_before: dealt.deal.allocate_before,
        settle_before: dealt.deal.settle_before,
        instruction: record(INSTRUCTION),
    };
    (trio, asset, dealt, agreed)
}

fn statement(trio: &Trio, dealt: &Dealt) -> PrepareStatement {
    let row = trio.lock_of(dealt.leg(0)).unwrap();
    trio.member(0).prepare_statement(&row, trio.head(), WINDOW).unwrap()
}

#[test]
fn loc_08_an_endorser_signs_exactly_the_lock_that_it_has_executed() {
    let (mut trio, _, dealt, _) = promised();
    let good = statement(&trio, &dealt);
    let rule = |trio: &Trio, statement: &PrepareStatement| {
        trio.member(2).sign_prepare(statement, trio.head(), WINDOW).map_err(|refused| refused.rule())
    };
    assert!(rule(&trio, &good).is_ok());
    let changes: [fn(&mut PrepareStatement); 10] = [
        |s| s.network.0[0] ^= 1,
        |s| s.tag.0[0] ^= 1,
        |s| s.generation.0 += 1,
        |s| s.deal.0[0] ^= 1,
        |s| s.leg += 1,
        |s| s.outcome[0] ^= 1,
        |s| s.lock = Sequence(s.lock.0 + 1),
        |s| s.last_height.0 = 1,
        |s| s.last_height.0 += WINDOW,
        |s| s.last_height.0 += 16,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = good;
        change(&mut other);
        assert_eq!(rule(&trio, &other), Err("LOC-08"), "{number}");
    }
    // A lock that has lapsed is none.
    trio.pass_to(dealt.deal.settle_before);
    trio.anchor(0, &[]);
    assert_eq!(rule(&trio, &good), Err("LOC-08"));
}

#[test]
fn loc_09_a_receiver_approves_what_it_was_promised_and_can_open() {
    let (trio, _, dealt, agreed) = promised();
    let statement = statement(&trio, &dealt);
    let approval = trio.member(1).approve(&statement, &agreed).unwrap();
    let approver = trio.member(1).approver_key(&record(INSTRUCTION), 0);
    assert!(parclose_crypto::verify(&approver, &statement.approval_bytes(), &approval).is_ok());
    let changes: [fn(&mut Agreed); 6] = [
        |a| a.terms.amount += 1,
        |a| a.terms.asset.0[0] ^= 1,
        |a| a.allocate_before.0 -= 1,
        |a| a.settle_before.0 -= 1,
        |a| a.leg.1 = 1,
        |a| a.leg.0.0[0] ^= 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = agreed.clone();
        change(&mut other);
        let refused = trio.member(1).approve(&statement, &other).map_err(|refused| refused.rule());
        assert_eq!(refused, Err("LOC-09"), "{number}");
    }
    // Whoever pays opens it, and a bystander does not; it would be neither's.
    for (at, told) in [(0, "would not belong"), (2, "does not open")] {
        let refused = trio.member(at).approve(&statement, &agreed).unwrap_err();
        assert!(refused.to_string().contains(told), "{at}: {refused}");
    }
}

#[test]
fn loc_09_without_the_receiver_the_root_chain_takes_no_prepare() {
    let (mut trio, _, dealt, agreed) = promised();
    let leg = dealt.leg(0);
    let refused = |trio: &Trio, prepare| {
        let (_, rejected) = trio.root.build([RootTransaction::Prepare(prepare)]);
        rejected.into_iter().map(|(_, reject): (usize, RootReject)| reject.code()).next()
    };
    assert_eq!(refused(&trio, trio.prepare(&leg, None)), Some("NOT_APPROVED"));
    let approval = trio.member(1).approve(&statement(&trio, &dealt), &agreed).unwrap();
    let mut forged = approval;
    forged.0[0] ^= 1;
    assert_eq!(refused(&trio, trio.prepare(&leg, Some(forged))), Some("NOT_APPROVED"));
    assert_eq!(refused(&trio, trio.prepare(&leg, Some(approval))), None);
    trio.order_all(RootTransaction::Prepare(trio.prepare(&leg, Some(approval))));
    trio.settle();
    // The other leg is refused: what was held goes back.
    trio.order_all(RootTransaction::Refuse(trio.refuse(dealt.leg(1))));
    trio.settle();
    assert_eq!((trio.amounts(0), trio.amounts(1)), (vec![400, 600], vec![]));
}

#[test]
fn keys_that_approve_are_one_for_each_instruction_leg_and_member() {
    let (trio, ..) = promised();
    let key = |at: usize, instruction: u8, leg: u8| trio.member(at).approver_key(&record(instruction), leg);
    let keys = [key(0, 1, 0), key(1, 1, 0), key(0, 2, 0), key(0, 1, 1)];
    let mut sorted = keys;
    sorted.sort_unstable();
    assert!(sorted.is_sorted_by(|a, b| a < b));
    assert_eq!(key(0, 1, 0), keys[0]);
}

#[test]
fn outcomes_differ_by_everything_that_they_say() {
    let (trio, _, dealt, _) = promised();
    let row = trio.lock_of(dealt.leg(0)).unwrap();
    let changes: [fn(&mut LockRow); 4] = [
        |row| row.held.hold.deal.0[0] ^= 1,
        |row| row.held.hold.leg ^= 1,
        |row| row.held.forward.0.0[0] ^= 1,
        |row| row.held.back.0.0[0] ^= 1,
    ];
    for change in changes {
        let mut other = row;
        change(&mut other);
        assert_ne!(other.outcome(), row.outcome());
    }
    assert_ne!(row.note(DealOutcome::Commit).id, row.note(DealOutcome::Abort).id);
}
