//! Legs that their receivers refuse, and what becomes of what is held.

use parclose_root::{Certificate, RootTransaction};
use parclose_types::{Generation, labels};

use super::*;
use crate::fixtures::{Dealt, Trio, WINDOW, record};

const INSTRUCTION: u8 = 0x77;

/// A deal in which the first member gives 400 to the second and gets 250; each approves what it gets. Both legs are locked.
fn locked() -> (Trio, Dealt) {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(0, 1000), (1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let key = |at: usize, leg| Some(trio.member(at).approver_key(&record(INSTRUCTION), leg));
    let approvers = [key(1, 0), key(0, 1)];
    let dealt = trio.open_deal(approvers, (12, 16));
    for (at, leg, amount) in [(0, 0, 400), (1, 1, 250)] {
        let lock = trio.lock(at, (&dealt, leg), asset, (1 - at, amount));
        assert_eq!(trio.decide_by(at, &lock), "applied");
    }
    (trio, dealt)
}

/// The first member's word that it takes no part: the statement, and its approval, of the leg that it would get.
fn asked(trio: &Trio, dealt: &Dealt) -> (RefuseStatement, SignatureBytes) {
    let statement = trio.member(0).refuse_statement(dealt.leg(1), trio.head(), WINDOW);
    (statement, trio.member(0).ask_refusal(&statement, &record(INSTRUCTION)))
}

fn prepare(trio: &mut Trio, dealt: &Dealt, receiver: usize, leg: u8) {
    let row = trio.lock_of(dealt.leg(leg)).unwrap();
    let statement = trio.member(0).prepare_statement(&row, trio.head(), WINDOW).unwrap();
    let key = trio.member(receiver).approver(&record(INSTRUCTION), leg);
    let prepare = trio.prepare(&dealt.leg(leg), Some(statement.approve(&key)));
    trio.order_all(RootTransaction::Prepare(prepare));
    trio.settle();
}

#[test]
fn loc_14_a_leg_is_refused_by_the_word_of_its_receiver_and_by_no_other() {
    let (mut trio, dealt) = locked();
    let (statement, word) = asked(&trio, &dealt);
    let approver = dealt.deal.legs[1].approver.unwrap();
    let sign = |trio: &Trio, statement: &RefuseStatement, word: &SignatureBytes| {
        trio.member(2).sign_refusal(statement, (&approver, word), trio.head(), WINDOW)
    };
    assert!(sign(&trio, &statement, &word).is_ok());
    let elsewhere: [fn(&mut RefuseStatement); 3] =
        [|s| s.network.0[0] ^= 1, |s| s.tag.0[0] ^= 1, |s| s.generation = Generation(1)];
    let other_leg: [fn(&mut RefuseStatement); 2] = [|s| s.deal.0[0] ^= 1, |s| s.leg = 0];
    let late: [fn(&mut RefuseStatement); 2] = [|s| s.last_height.0 = 1, |s| s.last_height.0 += WINDOW];
    let changed = |change: fn(&mut RefuseStatement)| {
        let mut other = statement;
        change(&mut other);
        sign(&trio, &other, &word).unwrap_err()
    };
    assert!(elsewhere.into_iter().all(|change| changed(change) == RefusalRefused::Elsewhere));
    assert!(other_leg.into_iter().all(|change| changed(change) == RefusalRefused::NoWord));
    assert!(late.into_iter().all(|change| matches!(changed(change), RefusalRefused::Window { .. })));
    // Whoever gives the leg, and has locked for it, and whoever has no part: their words count for nothing.
    for other in [1, 2] {
        let word = trio.member(other).ask_refusal(&statement, &record(INSTRUCTION));
        assert_eq!(sign(&trio, &statement, &word), Err(RefusalRefused::NoWord));
    }
    // An approval of the prepare is no word that refuses, nor the other way round.
    let row = trio.lock_of(dealt.leg(1)).unwrap();
    let prepared = trio.member(1).prepare_statement(&row, trio.head(), WINDOW).unwrap();
    let key = trio.member(0).approver(&record(INSTRUCTION), 1);
    assert_eq!(sign(&trio, &statement, &prepared.approve(&key)), Err(RefusalRefused::NoWord));
    assert!(verify(&approver, &prepared.approval_bytes(), &word).is_err());
    // Once it is prepared it is too late.
    prepare(&mut trio, &dealt, 0, 1);
    let (statement, word) = asked(&trio, &dealt);
    assert_eq!(sign(&trio, &statement, &word), Err(RefusalRefused::Prepared));
    assert_eq!(RefusalRefused::Prepared.rule(), "LOC-14");
}

#[test]
fn loc_14_the_receivers_word_is_for_one_leg_of_one_deal_and_outlives_keys_and_heights() {
    let (trio, dealt) = locked();
    let (statement, _) = asked(&trio, &dealt);
    let bytes = statement.approval_bytes();
    let label = labels::APPROVE_REFUSE.as_bytes();
    assert!(bytes.windows(label.len()).any(|part| part == label));
    let named: [fn(&mut RefuseStatement); 4] =
        [|s| s.network.0[0] ^= 1, |s| s.tag.0[0] ^= 1, |s| s.deal.0[0] ^= 1, |s| s.leg = 0];
    let free: [fn(&mut RefuseStatement); 2] = [|s| s.generation = Generation(1), |s| s.last_height.0 += 1];
    let changed = |change: fn(&mut RefuseStatement)| {
        let mut other = statement;
        change(&mut other);
        other.approval_bytes()
    };
    assert!(named.into_iter().all(|change| changed(change) != bytes));
    assert!(free.into_iter().all(|change| changed(change) == bytes));
}

#[test]
fn loc_14_a_refused_leg_aborts_the_deal_and_both_notes_go_back() {
    for other_is_prepared in [false, true] {
        let (mut trio, dealt) = locked();
        if other_is_prepared {
            prepare(&mut trio, &dealt, 1, 0);
        }
        assert_eq!((trio.amounts(0), trio.amounts(1)), (vec![600], vec![]));
        let (statement, word) = asked(&trio, &dealt);
        let approver = dealt.deal.legs[1].approver.unwrap();
        let sign =
            |at| trio.member(at).sign_refusal(&statement, (&approver, &word), trio.head(), WINDOW).unwrap();
        let signed: Vec<_> = (0..3).map(sign).collect();
        let certificate = Certificate::assemble(trio.member(0).endorsers(), &signed).unwrap();
        trio.order_all(RootTransaction::Refuse(statement.refuse(certificate)));
        trio.settle();
        // Whoever has a prepare in its log has the decision there; both legs are in one log here.
        assert_eq!((trio.amounts(0), trio.amounts(1)), (vec![400, 600], vec![250]));
        assert_eq!(trio.member(2).open_locks().count(), 0);
    }
}
