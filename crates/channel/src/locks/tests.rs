//! Locks in a channel of three: held, decided, lapsed, and what the state says of them.

use parclose_root::RootTransaction;
use parclose_types::AssetId;

use super::*;
use crate::fixtures::{Dealt, Trio};
use crate::tables::EventOutcome;

/// A channel in which the first and second member have cash, and a deal of two legs is open.
pub(super) fn dealing() -> (Trio, AssetId, Dealt) {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(0, 1000), (1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let dealt = trio.open_deal([None, None], (12, 16));
    (trio, asset, dealt)
}

/// Both legs locked: the first gives 400 to the second, the second 250 to the first.
fn locked() -> (Trio, AssetId, Dealt) {
    let (mut trio, asset, dealt) = dealing();
    let first = trio.lock(0, (&dealt, 0), asset, (1, 400));
    assert_eq!(trio.decide_by(0, &first), "applied");
    let second = trio.lock(1, (&dealt, 1), asset, (0, 250));
    assert_eq!(trio.decide_by(1, &second), "applied");
    (trio, asset, dealt)
}

fn amounts(trio: &Trio) -> (Vec<u64>, Vec<u64>) {
    (trio.amounts(0), trio.amounts(1))
}

fn verified(trio: &Trio) {
    for at in 0..3 {
        trio.member(at).verify(|sequence| trio.chain(sequence)).unwrap();
    }
}

#[test]
fn loc_03_what_is_held_can_be_spent_by_nobody() {
    let (mut trio, asset, dealt) = locked();
    assert_eq!(amounts(&trio), (vec![600], vec![]), "change is free at once");
    verified(&trio);
    // Neither note of a lock is among those that can be spent: a payment that names one is refused.
    let row = trio.lock_of(dealt.leg(1)).unwrap();
    for note in [row.held.forward.0, row.held.back.0] {
        assert_eq!(trio.member(0).store().get(&crate::value::NOTES, &note).unwrap(), None);
    }
    let mut notes = trio.purse(0);
    notes[0].row.id = row.held.forward.0;
    let payment = trio.pay(0, asset, notes, &[(2, 600)]);
    assert_eq!(trio.decide_by(0, &payment), "VAL-13");
}

#[test]
fn loc_04_a_commit_gives_both_legs_to_their_new_owners_and_an_abort_gives_them_back() {
    let (mut trio, _, dealt) = locked();
    trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(0), None)));
    trio.settle();
    assert_eq!(amounts(&trio), (vec![600], vec![]), "one leg alone decides nothing");
    trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(1), None)));
    trio.settle();
    assert_eq!(amounts(&trio), (vec![250, 600], vec![400]));
    assert_eq!(trio.member(0).open_locks().count(), 0);
    verified(&trio);

    let (mut trio, _, dealt) = locked();
    trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(0), None)));
    trio.order_all(RootTransaction::Refuse(trio.refuse(dealt.leg(1))));
    trio.settle();
    assert_eq!(amounts(&trio), (vec![400, 600], vec![250]));
    verified(&trio);
}

#[test]
fn loc_04_what_was_delivered_can_be_spent_and_survives_a_restart() {
    let (mut trio, asset, dealt) = locked();
    for leg in [0, 1] {
        trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(leg), None)));
        trio.settle();
        (0..3).for_each(|at| trio.reopen(at));
    }
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 400)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    assert_eq!(trio.amounts(2), [400]);
}

#[test]
fn loc_05_a_lock_without_a_prepare_lapses_and_one_with_it_waits_for_the_decision() {
    let (mut trio, asset, dealt) = locked();
    trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(0), None)));
    trio.settle();
    let below = parclose_types::Height(dealt.deal.settle_before.0 - 2);
    trio.pass_to(below);
    // The last event below the height: nothing lapses yet.
    let payment = {
        let notes = trio.purse(0);
        trio.pay(0, asset, notes, &[(0, 600)])
    };
    assert_eq!(trio.decide_by(0, &payment), "applied");
    assert_eq!(trio.member(0).open_locks().count(), 2);
    // The root chain aborts at the start of that height: its event is the first at it, and both go back.
    trio.pass_to(dealt.deal.settle_before);
    trio.settle();
    assert_eq!(trio.member(0).open_locks().count(), 0);
    assert_eq!(amounts(&trio), (vec![400, 600], vec![250]));
    verified(&trio);
}

#[test]
fn loc_05_a_lapsed_note_can_be_spent_by_the_very_event_that_it_lapses_before() {
    let (mut trio, asset, dealt) = dealing();
    let lock = trio.lock(1, (&dealt, 1), asset, (0, 250));
    assert_eq!(trio.decide_by(1, &lock), "applied");
    let row = trio.lock_of(dealt.leg(1)).unwrap();
    trio.pass_to(dealt.deal.settle_before);
    trio.settle();
    assert_eq!(trio.member(1).open_locks().count(), 1, "no event, nothing has lapsed");
    // No prepare, so no decision in this log either: the next event is a batch, which spends the note.
    let note = row.note(DealOutcome::Abort);
    let state = trio.member(1).view_note(trio.member(1).keys(), &note, &mut None).unwrap();
    let parclose_transaction::NoteState::Opened(opened) = state else { panic!("its author opens it") };
    let account = trio.member(1).accounts().unwrap().into_iter().find(|a| a.owner == trio.id(1)).unwrap();
    let own = crate::holdings::OwnNote { row: note, opened, account: account.record };
    let payment = trio.pay(1, asset, vec![own], &[(2, 250)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    assert_eq!(trio.amounts(2), [250]);
    verified(&trio);
}

#[test]
fn loc_01_a_lock_is_executed_in_time_or_not_at_all() {
    let (mut trio, asset, dealt) = dealing();
    let heights =
        |allocate: u64, settle: u64| (parclose_types::Height(allocate), parclose_types::Height(settle));
    let next = trio.next().0;
    let odd = [
        heights(next, next + 9),
        heights(next + 5, next + 5),
        heights(next + 5, next + 4),
        heights(next + 5, next + HELD_HEIGHTS_MAX + 1),
    ];
    for (number, odd) in odd.into_iter().enumerate() {
        // Each is tried at a later height than it was made for: what is too far ahead stays so by one.
        let (allocate, settle) = (odd.0.0 + number as u64, odd.1.0 + number as u64);
        let late = trio.lock_for(0, dealt.leg(0), heights(allocate, settle), asset, (1, 1));
        assert_eq!(trio.decide_by(0, &late), "LOC-01", "{number}");
    }
    let good = trio.lock(0, (&dealt, 0), asset, (1, 400));
    assert_eq!(trio.decide_by(0, &good), "applied");
}

#[test]
fn loc_02_a_leg_is_locked_once() {
    let (mut trio, asset, dealt) = locked();
    let again = trio.lock(0, (&dealt, 0), asset, (1, 5));
    assert_eq!(trio.decide_by(0, &again), "LOC-02");
    // Another's lock keeps nobody from locking: it is not prepared, and goes back whatever is decided.
    let (mut trio, asset, dealt) = dealing();
    let squatting = trio.lock(1, (&dealt, 0), asset, (1, 250));
    assert_eq!(trio.decide_by(1, &squatting), "applied");
    let first = trio.lock(0, (&dealt, 0), asset, (1, 400));
    assert_eq!(trio.decide_by(0, &first), "applied");
    let other = trio.issue(0, asset, &[(2, 70)]);
    assert_eq!(trio.decide(&other), "applied");
    let second = trio.lock(2, (&dealt, 1), asset, (0, 70));
    assert_eq!(trio.decide_by(2, &second), "applied");
    let own = *trio.member(0).own_lock(dealt.leg(0)).unwrap();
    for row in [own, trio.lock_of(dealt.leg(1)).unwrap()] {
        trio.order_all(RootTransaction::Prepare(trio.prepare_row(&row, None)));
        trio.settle();
    }
    assert_eq!(amounts(&trio), (vec![70, 600], vec![250, 400]));
    assert_eq!(trio.member(0).open_locks().count(), 0);
    verified(&trio);
}

#[test]
fn loc_06_a_prepare_without_its_lock_is_unfounded_and_names_who_certified_it() {
    let (mut trio, _, dealt) = locked();
    let honest = trio.prepare(&dealt.leg(0), None);
    // All endorsers conspire, and certify another outcome than what is held.
    let lied = [
        parclose_root::Prepare { outcome: [9; 32], ..honest.clone() },
        parclose_root::Prepare { lock: Sequence(honest.lock.0 - 1), ..honest.clone() },
    ];
    for lie in lied {
        let mut trio_of_liars = locked();
        let (trio, dealt) = (&mut trio_of_liars.0, &trio_of_liars.2);
        let lie = parclose_root::Prepare { deal: dealt.id, ..lie };
        let certified = trio.certify(lie);
        trio.order_all(RootTransaction::Prepare(certified));
        trio.settle();
        let (_, last) = trio.member(2).events(Sequence(0), usize::MAX).unwrap().pop().unwrap();
        let EventOutcome::Prepared { endorsers, .. } = &last.outcome else { panic!("{:?}", last.outcome) };
        assert_eq!(endorsers.len(), usize::from(trio.member(0).endorsers().threshold()));
        assert_eq!(trio.lock_of(dealt.leg(0)).unwrap().prepared, None);
        verified(trio);
    }
    trio.order_all(RootTransaction::Prepare(honest));
    trio.settle();
    assert!(trio.lock_of(dealt.leg(0)).unwrap().prepared.is_some());
    let (_, last) = trio.member(2).events(Sequence(0), usize::MAX).unwrap().pop().unwrap();
    assert_eq!(last.outcome, EventOutcome::Prepared { deal: dealt.id, leg: 0, endorsers: Vec::new() });
}

#[test]
fn loc_07_a_lock_that_is_changed_on_the_disk_is_noticed() {
    let changes: [fn(&mut LockRow); 5] = [
        |row| row.prepared = Some(Sequence(1)),
        |row| row.held.back = row.held.forward,
        |row| row.held.hold.settle_before.0 += 1,
        |row| row.record.0[0] ^= 1,
        |row| row.sequence.0 += 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (mut trio, _, dealt) = locked();
        let mut row = trio.lock_of(dealt.leg(0)).unwrap();
        change(&mut row);
        let store = trio.member(2).store();
        let mut batch = store.batch();
        batch.put(&LOCKS, &row.id(), &row);
        store.commit(batch, parclose_store::Durability::Synced).unwrap();
        trio.reopen(2);
        let found = trio.member(2).verify(|sequence| trio.chain(sequence));
        assert!(found.is_err(), "{number}");
    }
}

#[test]
fn a_lock_survives_new_keys_and_is_decided_under_them() {
    let (mut trio, _, dealt) = locked();
    trio.decide_on(0, vec![parclose_transaction::act::Change::Rekey], &[1]);
    trio.rotate();
    for leg in [0, 1] {
        trio.order_all(RootTransaction::Prepare(trio.prepare(&dealt.leg(leg), None)));
        trio.settle();
    }
    assert_eq!(amounts(&trio), (vec![250, 600], vec![400]));
    verified(&trio);
}
