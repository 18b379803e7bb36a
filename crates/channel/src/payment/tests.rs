use parclose_types::Failure;

use super::*;
use crate::fixtures::Trio;

fn payment(trio: &Trio, asset: AssetId, to: usize, amount: u64) -> Payment {
    Payment { asset, to: trio.id(to), amount, purpose: Some("rent".into()) }
}

/// Pays as a member, through what a node submits: the verdict.
fn pay(trio: &mut Trio, by: usize, payment: &Payment) -> String {
    let (mut rng, now) = (trio.rng.clone(), trio.head());
    let Drafted { operations, movements, .. } = trio.member_mut(by).pay(payment, now, &mut rng).unwrap();
    trio.rng = rng;
    let draft = parclose_transaction::Draft { operations, movements, expiry: Height(0) };
    let signed = trio.draft(by, draft);
    trio.decide_by(by, &signed)
}

fn issue(trio: &mut Trio, payment: &Payment) -> String {
    let mut rng = trio.rng.clone();
    let Drafted { operations, movements, .. } = trio.member(0).issue(payment, &mut rng).unwrap();
    trio.rng = rng;
    let signed = trio.draft(0, parclose_transaction::Draft { operations, movements, expiry: Height(0) });
    trio.decide(&signed)
}

#[test]
fn a_payment_spends_the_largest_notes_and_gives_change() {
    let (mut trio, asset) = Trio::cash();
    for amount in [5, 100, 30] {
        let made = payment(&trio, asset, 1, amount);
        assert_eq!(issue(&mut trio, &made), "applied");
    }
    let made = payment(&trio, asset, 2, 110);
    assert_eq!(pay(&mut trio, 1, &made), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![5, 20], vec![110]));
    let exact = payment(&trio, asset, 2, 25);
    assert_eq!(pay(&mut trio, 1, &exact), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![], vec![25, 110]));
}

#[test]
fn a_note_of_exactly_the_amount_is_spent_alone() {
    let (mut trio, asset) = Trio::cash();
    for amount in [5, 100, 30] {
        let made = payment(&trio, asset, 1, amount);
        assert_eq!(issue(&mut trio, &made), "applied");
    }
    let exact = payment(&trio, asset, 2, 30);
    assert_eq!(pay(&mut trio, 1, &exact), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![5, 100], vec![30]));
}

#[test]
fn val_21_nobody_pays_what_it_does_not_have_nor_nothing() {
    let (mut trio, asset) = Trio::cash();
    let made = payment(&trio, asset, 1, 10);
    assert_eq!(issue(&mut trio, &made), "applied");
    let (mut rng, now) = (trio.rng.clone(), trio.head());
    for (amount, asset) in [(11, asset), (u64::MAX, asset), (0, asset), (1, AssetId([9; 32]))] {
        let wanted = payment(&trio, asset, 2, amount);
        let refused = trio.member_mut(1).pay(&wanted, now, &mut rng).unwrap_err();
        assert_eq!((refused.rule(), refused.code()), ("VAL-21", "INSUFFICIENT_VALUE"), "{amount}");
        let refused = trio.member_mut(1).redeem((asset, amount), None, now, &mut rng).unwrap_err();
        assert_eq!(refused.rule(), "VAL-21");
    }
    assert_eq!(trio.amounts(1), [10]);
}

#[test]
fn val_21_what_one_payment_has_chosen_the_next_does_not_choose() {
    let (mut trio, asset) = Trio::cash();
    for amount in [10, 10] {
        let made = payment(&trio, asset, 1, amount);
        assert_eq!(issue(&mut trio, &made), "applied");
    }
    let (mut rng, wanted, now) = (trio.rng.clone(), payment(&trio, asset, 2, 10), trio.head());
    let first = trio.member_mut(1).pay(&wanted, now, &mut rng).unwrap();
    let second = trio.member_mut(1).pay(&wanted, now, &mut rng).unwrap();
    assert_ne!(first.set_aside, second.set_aside);
    assert_eq!(trio.member_mut(1).pay(&wanted, now, &mut rng).unwrap_err().rule(), "VAL-21");
    // The first is refused, so its note is free; the second may still be ordered.
    trio.member_mut(1).release(&first.set_aside);
    let third = trio.member_mut(1).pay(&wanted, now, &mut rng).unwrap();
    assert_eq!(third.set_aside, first.set_aside);
    // Once none of them can be ordered any more all are free, whether anything has happened in the channel or not.
    let heights = trio.member(1).definition().parameters.expiry_max;
    let (late, later) = (Height(now.0 + LIVES * heights), Height(now.0 + LIVES * heights + 1));
    let wanted = payment(&trio, asset, 2, 20);
    assert_eq!(trio.member_mut(1).pay(&wanted, late, &mut rng).unwrap_err().rule(), "VAL-21");
    assert_eq!(trio.member_mut(1).pay(&wanted, later, &mut rng).unwrap().set_aside.len(), 2);
}

#[test]
fn val_22_nobody_is_paid_without_an_account() {
    let mut trio = Trio::with(crate::fixtures::cash_texts());
    let asset = trio.define_asset(0, 1);
    let wanted = payment(&trio, asset, 1, 1);
    let mut rng = trio.rng.clone();
    let refused = trio.member(0).issue(&wanted, &mut rng).unwrap_err();
    assert_eq!((refused.rule(), refused.code()), ("VAL-22", "NO_ACCOUNT"));
    // A channel of another kind has none at all.
    let statements = Trio::new();
    let refused = statements.member(0).open_account(&mut rng).unwrap_err();
    assert_eq!(refused.rule(), "VAL-22");
}

#[test]
fn an_account_that_was_opened_is_paid() {
    let mut trio = Trio::with(crate::fixtures::cash_texts());
    let asset = trio.define_asset(0, 1);
    let mut rng = trio.rng.clone();
    let operation = trio.member(1).open_account(&mut rng).unwrap();
    trio.rng = rng;
    let signed = trio.draft(1, parclose_transaction::Draft::of_records(vec![operation], Height(0)));
    assert_eq!(trio.decide_by(1, &signed), "applied");
    let made = payment(&trio, asset, 1, 7);
    assert_eq!(issue(&mut trio, &made), "applied");
    assert_eq!(trio.amounts(1), [7]);
}

#[test]
fn rcv_02_slices_on_different_terms_are_not_locked_as_one() {
    use crate::fixtures::{BANK, SUPPLIER};
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-03-04");
    assert_eq!(trio.accept(&record, "accept", 1000), "applied");
    let (asset, now) = (AssetId(record.0), trio.head());
    let mut answered_for = trio.slice(SUPPLIER, 400);
    answered_for.fields.insert("recourse".into(), FieldValue::Text("with".into()));
    let pieces = [trio.slice(SUPPLIER, 600), answered_for];
    let (slices, mut rng) = (trio.slices_of(SUPPLIER, &record), trio.rng.clone());
    let drafted = trio.member_mut(SUPPLIER).draft_moves(asset, slices, &pieces, now, &mut rng);
    trio.rng = rng;
    assert_eq!(trio.submit_drafted(SUPPLIER, drafted), "applied");
    let (to, now, mut rng) = (trio.id(BANK), trio.head(), trio.rng.clone());
    let leg = (parclose_types::DealId([7; 32]), 0);
    let heights = (Height(now.0 + 10), Height(now.0 + 20));
    let mut lock = |amount| {
        let payment = Payment { asset, to, amount, purpose: None };
        trio.member_mut(SUPPLIER).lock(leg, heights, &payment, now, &mut rng).map(drop)
    };
    assert_eq!(lock(1000).unwrap_err().rule(), "RCV-02");
    assert!(lock(600).is_ok(), "one kind alone");
}
