use parclose_transaction::NoteState;
use parclose_types::Height;

use crate::fixtures::{Trio, cash_texts};
use crate::payment::Payment;

#[test]
fn val_20_an_account_in_anothers_name_is_none() {
    let (mut trio, _) = Trio::cash();
    let before = trio.member(2).accounts().unwrap();
    assert_eq!(before.len(), 3);
    // The policy refuses it; and where a policy does not, nobody pays there.
    let foreign = trio.account(1, 0);
    assert_eq!(trio.decide_by(1, &foreign), "ACC-04");
    assert_eq!(trio.member(2).accounts().unwrap(), before);
}

#[test]
fn val_20_notes_are_the_members_whose_account_they_were_paid_to() {
    let (mut trio, asset) = Trio::cash();
    // A second account of the same member: both are its own, and the newest is paid.
    let second = trio.account(1, 1);
    let first_key = trio.member(0).accounts().unwrap().iter().find(|a| a.owner == trio.id(1)).unwrap().key;
    let issue = trio.issue(0, asset, &[(1, 5)]);
    assert_eq!(trio.decide(&issue), "applied");
    assert_eq!(trio.decide_by(1, &second), "applied");
    let issue = trio.issue(0, asset, &[(1, 6)]);
    assert_eq!(trio.decide(&issue), "applied");
    assert_eq!(trio.amounts(1), [5, 6]);
    let notes = trio.purse(1);
    assert_eq!(trio.member(1).account_key(&notes[0].account), first_key);
    assert_ne!(notes[0].account, notes[1].account);
    let payment = trio.pay(1, asset, notes, &[(2, 11)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![], vec![11]));
}

#[test]
fn what_a_member_holds_survives_a_restart_and_new_keys() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 5)]);
    assert_eq!(trio.decide(&issue), "applied");
    trio.reopen(1);
    assert_eq!(trio.amounts(1), [5]);
    trio.decide_on(0, vec![parclose_transaction::Change::Rekey], &[1]);
    trio.rotate();
    trio.deal();
    assert_eq!(trio.amounts(1), [5], "the amount was sealed in the generation before");
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 5)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    // The issuer has another pseudonym by now, and is the same member.
    let issue = trio.issue(0, asset, &[(1, 8)]);
    assert_eq!(trio.decide(&issue), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![8], vec![5]));
}

#[test]
fn vie_03_a_note_that_is_said_to_be_worth_something_else_is_malformed_and_not_counted() {
    let (mut trio, asset) = Trio::cash();
    let lying = trio.odd_issue(asset, 500, 5);
    // Every proof holds, and no member without the key could know: validity does not depend on what is sealed.
    assert_eq!(trio.decide(&lying), "applied");
    assert_eq!(trio.amounts(1), Vec::<u64>::new());
    let state = |at: usize| trio.member(at).notes(trio.member(at).keys()).unwrap().remove(0).state;
    assert!(matches!(state(1), NoteState::Malformed));
    assert!(matches!(state(2), NoteState::Sealed), "whoever cannot read it accuses nobody");
    // The control: the same by the same means, and honest.
    let honest = trio.odd_issue(asset, 500, 500);
    assert_eq!(trio.decide(&honest), "applied");
    assert_eq!(trio.amounts(1), [500]);
}

#[test]
fn val_20_an_account_that_was_written_again_is_none() {
    // A policy of somebody's own that lets everybody write accounts again: whoever does would be paid for their holder.
    let mut texts = cash_texts();
    texts.policy = texts.policy.replace(
        "@id(\"payer-pays\")",
        "@id(\"anybody-updates\")\npermit (principal, action == Action::\"update\", resource is Account);\n\n@id(\"payer-pays\")",
    );
    texts.policy_schema = texts.policy_schema.replace("resource: [Asset],", "resource: [Asset, Account],");
    let mut trio = Trio::with(texts);
    let account = trio.account(1, 1);
    assert_eq!(trio.decide_by(1, &account), "applied");
    assert_eq!(trio.member(0).accounts().unwrap().len(), 1);
    let record = account.body().operations[0].record;
    let mut again = trio.member(1).open_account(&mut trio.rng.clone()).unwrap();
    (again.action, again.record, again.version) = ("update".into(), record, 2);
    let update = trio.draft(2, parclose_transaction::Draft::of_records(vec![again], Height(0)));
    assert_eq!(trio.decide_by(2, &update), "applied");
    assert_eq!(trio.member(0).accounts().unwrap(), []);
}

#[test]
fn nothing_that_was_opened_prints_its_amount() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 7_654_321)]);
    assert_eq!(trio.decide(&issue), "applied");
    let views = trio.member(1).notes(trio.member(1).keys()).unwrap();
    let payment = Payment { asset, to: trio.id(2), amount: 7_654_321, purpose: Some("bribe".into()) };
    let printed = format!("{views:?} {:?} {payment:?}", trio.purse(1));
    assert!(printed.contains("OpenedNote(..)"));
    assert!(!printed.contains("7654321") && !printed.contains("bribe"), "{printed}");
}
