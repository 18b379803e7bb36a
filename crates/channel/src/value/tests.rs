//! Notes in a channel of three: what is accepted, what is refused by which rule, and what the state says.

use parclose_amounts::{AmountCommitment, TotalOpening};
use parclose_transaction::{Act, Body, NoteState, SealedPart, SignedTransaction, UnverifiedTransaction};

use super::*;
use crate::fixtures::{Trio, record};
use crate::holdings::OwnNote;

/// A transaction that is changed after it was sealed, then signed again by its author.
fn changed(
    trio: &Trio,
    signed: SignedTransaction,
    change: impl FnOnce(&mut Body, &mut SealedPart),
) -> SignedTransaction {
    let (mut body, mut sealed) = parclose_transaction::draft::hazmat::into_parts(signed);
    change(&mut body, &mut sealed);
    trio.sign(body, sealed)
}

fn take(notes: Vec<OwnNote>, amount: u64) -> Vec<OwnNote> {
    let mut taken = notes;
    let at = taken.iter().position(|note| note.opened.value == amount).unwrap();
    vec![taken.remove(at)]
}

#[test]
fn notes_are_issued_paid_and_redeemed_and_every_member_has_one_state() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(0, 1000), (1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    assert_eq!((trio.amounts(0), trio.amounts(1), trio.amounts(2)), (vec![1000], vec![250], vec![]));
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 100), (1, 150)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![150], vec![100]));
    // The issuer takes 400 of its 1000 back.
    let notes = trio.purse(0);
    let redemption = trio.redeem(0, asset, notes, (400, &[(0, 600)]));
    assert_eq!(trio.decide(&redemption), "applied");
    assert_eq!(trio.amounts(0), [600]);
    for at in 0..3 {
        let channel = trio.member(at);
        channel.verify(|sequence| trio.chain(sequence)).unwrap();
        assert_eq!(channel.notes(&parclose_transaction::key_ring::Nobody).unwrap().len(), 3);
    }
}

#[test]
fn whoever_is_no_party_sees_a_note_and_not_its_amount() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let states = |at: usize| trio.member(at).notes(trio.member(at).keys()).unwrap();
    assert!(matches!(&states(0)[..], [one] if matches!(&one.state, NoteState::Opened(o) if o.value == 250)));
    assert!(matches!(&states(1)[..], [one] if matches!(&one.state, NoteState::Opened(o) if o.value == 250)));
    assert!(matches!(&states(2)[..], [one] if matches!(one.state, NoteState::Sealed)));
    // Whoever paid reads the amount, and can spend nothing.
    assert_eq!((trio.amounts(0), trio.amounts(1)), (vec![], vec![250]));
}

#[test]
fn val_13_a_note_is_spent_once_in_one_event_and_in_two() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let (once, twice, thrice) = (trio.purse(1), trio.purse(1), trio.purse(1));
    let first = trio.pay(1, asset, once, &[(2, 250)]);
    let second = trio.pay(1, asset, twice, &[(0, 250)]);
    trio.anchor(1, &[first.clone(), second.clone()]);
    assert_eq!((trio.verdict(&first), trio.verdict(&second)), ("applied".into(), "VAL-13".into()));
    let third = trio.pay(1, asset, thrice, &[(0, 250)]);
    assert_eq!(trio.decide_by(1, &third), "VAL-13");
    assert_eq!((trio.amounts(0), trio.amounts(1), trio.amounts(2)), (vec![], vec![], vec![250]));
}

#[test]
fn val_13_two_movements_of_one_transaction_do_not_spend_the_same_note() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let (once, twice) = (trio.purse(1), trio.purse(1));
    let mut draft = trio.payment(1, asset, once, &[(2, 250)]);
    let second = trio.payment(1, asset, twice, &[(0, 250)]);
    draft.operations.extend(second.operations);
    draft.movements.extend(second.movements);
    let both = trio.draft(1, draft);
    assert_eq!(trio.decide_by(1, &both), "VAL-13");
    assert_eq!(trio.amounts(1), [250]);
}

#[test]
fn two_assets_move_in_one_transaction_and_each_is_conserved() {
    let (mut trio, asset) = Trio::cash();
    let other = trio.define_asset(1, 0xB6);
    let issue = trio.issue(0, asset, &[(2, 5)]);
    assert_eq!(trio.decide(&issue), "applied");
    let issue = trio.issue(1, other, &[(2, 7)]);
    assert_eq!(trio.decide_by(1, &issue), "applied");
    let mut draft = {
        let notes = take(trio.purse(2), 5);
        trio.payment(2, asset, notes, &[(0, 5)])
    };
    let notes = take(trio.purse(2), 7);
    let second = trio.payment(2, other, notes, &[(1, 3), (0, 4)]);
    draft.operations.extend(second.operations);
    draft.movements.extend(second.movements);
    let both = trio.draft(2, draft);
    assert_eq!(trio.decide_by(2, &both), "applied");
    assert_eq!((trio.amounts(0), trio.amounts(1), trio.amounts(2)), (vec![4, 5], vec![3], vec![]));
}

#[test]
fn a_note_that_one_event_makes_and_spends_leaves_no_trace() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let notes = trio.purse(1);
    let first = trio.pay(1, asset, notes, &[(1, 250)]);
    // What it makes is known once it is sealed: the next one of the same batch can spend it.
    let made = trio.foreseen(1, &first).0.remove(0);
    let id = made.row.id;
    let second = trio.pay(1, asset, vec![made], &[(2, 250)]);
    trio.anchor(1, &[first.clone(), second.clone()]);
    assert_eq!((trio.verdict(&first), trio.verdict(&second)), ("applied".into(), "applied".into()));
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![], vec![250]));
    assert_eq!(trio.member(0).store().get(&NOTES, &id).unwrap(), None);
    trio.member(0).verify(|sequence| trio.chain(sequence)).unwrap();
}

#[test]
fn val_17_only_the_issuer_of_an_asset_makes_notes() {
    let (mut trio, asset) = Trio::cash();
    // The policy lets the second member make holdings, and it has the role: what stops it is the issuer's signature.
    let issue = trio.issue(1, asset, &[(1, 250)]);
    assert_eq!(trio.decide_by(1, &issue), "VAL-17");
    assert_eq!(trio.member(0).supply(&asset).unwrap(), Supply::nothing());
}

#[test]
fn val_12_sta_13_an_asset_is_a_record_that_stands_for_one() {
    let (mut trio, _) = Trio::cash();
    let nowhere = trio.issue(0, AssetId([0x77; 32]), &[(1, 250)]);
    assert_eq!(trio.decide(&nowhere), "VAL-12");
    // An account is a record, too, and no asset.
    let account = trio.member(0).accounts().unwrap()[0].record;
    let odd = trio.issue(0, AssetId(account.0), &[(1, 250)]);
    assert_eq!(trio.decide(&odd), "VAL-12");
}

#[test]
fn val_16_who_reads_a_note_cannot_spend_it() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    // The issuer reads amount and blinding of the note that it paid, and takes it for its own.
    let account = trio.member(0).accounts().unwrap().iter().find(|a| a.owner == trio.id(0)).unwrap().record;
    let mut notes = trio.member(0).notes(trio.member(0).keys()).unwrap();
    let view = notes.remove(0);
    let NoteState::Opened(opened) = view.state else { panic!("it is a party") };
    let theft = trio.pay(0, asset, vec![OwnNote { row: view.row, opened, account }], &[(0, 250)]);
    assert_eq!(trio.decide(&theft), "VAL-15", "the key that it can sign with is not the one of the note");
    // With the right key revealed, as the owner would, its signature is missing.
    let owner = trio.member(1).accounts().unwrap().iter().find(|a| a.owner == trio.id(1)).unwrap().key;
    let second = changed(&trio, theft, |body, _| {
        if let [parclose_amounts::Movement::Transfer(transfer)] = &mut body.movements[..] {
            transfer.inputs[0].owner = owner;
        }
    });
    assert_eq!(
        trio.decide(&second),
        "VAL-06",
        "the statement names the owner, and the proofs are for another statement"
    );
    assert_eq!(trio.amounts(1), [250]);
}

#[test]
fn sch_07_notes_and_the_records_that_stand_for_them_come_together() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250), (2, 7)]);
    // A record without its note; a note without its record; another order; another leaf.
    let alone = changed(&trio, issue.clone(), |body, _| body.movements.clear());
    assert_eq!(trio.decide(&alone), "SCH-07");
    let reordered = changed(&trio, issue.clone(), |body, sealed| {
        body.operations.swap(0, 1);
        sealed.fields.swap(0, 1);
    });
    assert_eq!(trio.decide(&reordered), "SCH-07");
    let other_leaf = changed(&trio, issue.clone(), |body, _| {
        if let [parclose_amounts::Movement::Issue(issue)] = &mut body.movements[..] {
            issue.outputs[0].leaf[0] ^= 1;
        }
    });
    assert_eq!(trio.decide(&other_leaf), "SCH-07");
    // An update of a holding would change what the note's amount is said to be.
    assert_eq!(trio.decide(&issue), "applied");
    let second = trio.issue(0, asset, &[(1, 250), (2, 7)]);
    let update = changed(&trio, second, |body, _| {
        let known = issue.body().operations[0].record;
        (body.operations[0].record, body.operations[0].version) = (known, 2);
        body.operations[0].action = "create".into();
    });
    assert_eq!(trio.decide(&update), "SCH-07");
}

#[test]
fn wir_08_notes_do_not_move_without_records() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    let rule = |signed: SignedTransaction| {
        let decoded = UnverifiedTransaction::decode(&signed.encode_parts().0);
        decoded.map_err(|error| parclose_types::Failure::rule(&error)).map(drop)
    };
    assert_eq!(rule(issue.clone()), Ok(()));
    assert_eq!(rule(changed(&trio, issue.clone(), |body, _| body.operations.clear())), Err("WIR-08"));
    let voting = |body: &mut Body| {
        body.act = Some(Act::Vote { motion: parclose_types::TransactionDigest([1; 32]), approve: true });
    };
    let both = changed(&trio, issue.clone(), |body, _| {
        body.operations.clear();
        voting(body);
    });
    assert_eq!(rule(both), Err("WIR-08"));
    // And no more of them than there may be.
    let many = changed(&trio, issue, |body, _| {
        let one = body.movements[0].clone();
        body.movements = vec![one; parclose_types::limits::MOVEMENTS_MAX + 1];
    });
    assert_eq!(rule(many), Err("WIR-04"));
}

#[test]
fn val_05_a_movement_counts_in_its_own_transaction_and_no_other() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    // The same issue under another salt, for longer, for another record, by the member that was paid.
    let salted = changed(&trio, issue.clone(), |body, sealed| {
        sealed.salt[0] ^= 1;
        body.salt_digest = parclose_keys::field::salt_digest(&sealed.salt);
    });
    assert_eq!(trio.decide(&salted), "VAL-17");
    let longer = changed(&trio, issue.clone(), |body, _| body.expiry.0 += 1);
    assert_eq!(trio.decide(&longer), "VAL-17");
    let copied = changed(&trio, issue.clone(), |body, _| body.operations[0].record = record(9));
    assert_eq!(trio.decide(&copied), "VAL-17");
    assert_eq!(trio.amounts(1), [250]);
}

/// A transaction as another member would put it forward: its own author, its own record.
fn lifted(
    trio: &Trio,
    by: usize,
    signed: &SignedTransaction,
    change: impl FnOnce(&mut Body),
) -> SignedTransaction {
    let (own, key) = (trio.id(by), trio.pseudonym(by));
    changed(trio, signed.clone(), |body, _| {
        (body.author, body.sponsor) = (key, key);
        for (number, operation) in (70..).zip(&mut body.operations) {
            operation.record = record(number);
            let payer = operation.parties[0].1;
            operation.parties = vec![(0, own), (1, payer)];
        }
        change(body);
    })
}

#[test]
fn val_05_an_issue_is_not_made_again_in_the_next_epoch_by_whoever_was_paid() {
    let (mut trio, asset) = Trio::cash();
    let height = trio.next();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    // Salts are told apart within an epoch: in the next one nothing else would stop it.
    let epoch = trio.member(1).epoch_at(height).0;
    while trio.member(1).epoch_at(trio.next()).0 == epoch {
        trio.wait(1);
    }
    let next = trio.member(1).epoch_at(trio.next()).0;
    assert!(trio.next() < issue.body().expiry, "it could still be ordered");
    let again = lifted(&trio, 1, &issue, |body| body.epoch = next);
    assert_eq!(trio.decide_by(1, &again), "VAL-17");
    assert_eq!(trio.amounts(1), [250]);
}

#[test]
fn val_05_a_payment_is_not_executed_out_of_the_transaction_that_its_owner_made() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 250)]);
    // Whoever endorses sees it first; what it lifts out holds nowhere, and the payment goes on.
    let stolen = lifted(&trio, 2, &payment, |_| ());
    assert_eq!(trio.decide_by(2, &stolen), "VAL-06");
    assert_eq!(trio.decide_by(1, &payment), "applied");
    assert_eq!(trio.amounts(2), [250]);
}

#[test]
fn val_08_a_bad_range_proof_is_refused_and_the_others_of_the_batch_are_not() {
    let (mut trio, asset) = Trio::cash();
    let good: Vec<_> = (1..4).map(|value| trio.issue(0, asset, &[(1, value)])).collect();
    let bad = trio.issue(0, asset, &[(1, 100)]);
    let bad = changed(&trio, bad, |body, _| {
        if let [parclose_amounts::Movement::Issue(issue)] = &mut body.movements[..] {
            issue.range.0[200] ^= 1;
        }
    });
    let mut all = good.clone();
    all.insert(1, bad.clone());
    trio.anchor(0, &all);
    assert!(good.iter().all(|issue| trio.verdict(issue) == "applied"));
    assert_eq!(trio.verdict(&bad), "VAL-08");
    assert_eq!(trio.amounts(1), [1, 2, 3]);
}

#[test]
fn val_18_the_supply_opens_to_what_was_issued_less_what_was_redeemed() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(0, u64::MAX), (0, 50)]);
    assert_eq!(trio.decide(&issue), "applied");
    let notes = take(trio.purse(0), 50);
    let redemption = trio.redeem(0, asset, notes, (20, &[(0, 30)]));
    assert_eq!(trio.decide(&redemption), "applied");
    // Who reads all unspent notes finds the supply, but for blinding; who reads issues and redemptions opens it.
    let held: u128 = trio.amounts(0).into_iter().map(u128::from).sum();
    assert_eq!(held, u128::from(u64::MAX) + 30);
    let mut total = TotalOpening::nothing(asset);
    trio.foreseen(0, &issue).0.iter().for_each(|note| total.add(&note.opened.opening));
    trio.foreseen(0, &redemption).1.iter().for_each(|amount| total.subtract(&amount.opening));
    let supply = trio.member(0).supply(&asset).unwrap();
    assert_eq!(total.check(&supply.0).unwrap(), held);
    assert!(TotalOpening::nothing(asset).check(&supply.0).is_err());
}

#[test]
fn sta_12_every_row_of_value_stands_under_the_state_root() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250), (1, 7)]);
    assert_eq!(trio.decide(&issue), "applied");
    let good = |trio: &Trio| trio.member(2).verify(|sequence| trio.chain(sequence)).is_ok();
    assert!(good(&trio));
    let channel = trio.member(2);
    let row = channel.notes(channel.keys()).unwrap()[0].row;
    let write = |edit: &dyn Fn(&mut parclose_store::Batch)| {
        let mut batch = channel.store().batch();
        edit(&mut batch);
        channel.store().commit(batch, parclose_store::Durability::Buffered).unwrap();
    };
    // One note less; another record behind it; another amount; another supply.
    let other = AmountCommitment::zero();
    let edits: [(&str, NoteRow); 2] = [
        ("record", NoteRow { record: record(1), ..row }),
        ("amount", NoteRow { note: UnspentNote { commitment: other, ..row.note }, ..row }),
    ];
    write(&|batch| batch.delete(&NOTES, &row.id));
    assert!(!good(&trio), "a note is missing");
    for (what, edited) in edits {
        write(&|batch| batch.put(&NOTES, &row.id, &edited));
        assert!(!good(&trio), "{what}");
    }
    write(&|batch| batch.put(&NOTES, &row.id, &row));
    assert!(good(&trio));
    // Two rows that change places leave the tree as it is, and are found where they stand.
    let second =
        channel.notes(channel.keys()).unwrap().into_iter().find(|note| note.row.id != row.id).unwrap().row;
    write(&|batch| {
        batch.put(&NOTES, &row.id, &second);
        batch.put(&NOTES, &second.id, &row);
    });
    assert!(!good(&trio), "each in the other's place");
    write(&|batch| {
        batch.put(&NOTES, &row.id, &row);
        batch.put(&NOTES, &second.id, &second);
    });
    let supply = SupplyRow { asset, supply: Supply::nothing(), notes: 2 };
    write(&|batch| batch.put(&SUPPLIES, &asset, &supply));
    assert!(!good(&trio), "the supply");
}

#[test]
fn a_transaction_of_records_alone_writes_nothing_of_value() {
    let mut trio = Trio::new();
    let made = trio.statement(crate::fixtures::create(1));
    assert_eq!(trio.decide(&made), "applied");
    assert_eq!(trio.member(0).notes(trio.member(0).keys()).unwrap().len(), 0);
    assert_eq!(made.body().movements, []);
}

#[test]
fn dra_07_a_draft_has_a_record_for_each_note_and_a_note_for_each_record() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    let notes = trio.purse(1);
    let good = trio.payment(1, asset, notes, &[(2, 100), (1, 150)]);
    let refused = |trio: &mut Trio, draft: &parclose_transaction::Draft| {
        let height = trio.next();
        let mut rng = trio.rng.clone();
        let sealed = draft.seal(&trio.member(1).desk(height), &mut rng);
        sealed.map_err(|error| parclose_types::Failure::rule(&error)).map(drop)
    };
    assert_eq!(refused(&mut trio, &good), Ok(()));
    let mut fewer = good.clone();
    fewer.operations.pop();
    assert_eq!(refused(&mut trio, &fewer), Err("DRA-07"));
    let mut without = good.clone();
    without.movements.clear();
    assert_eq!(refused(&mut trio, &without), Err("DRA-07"));
    // What does not cancel out cannot be proven.
    let mut more = good;
    let amount = more.operations[0].fields.get_mut("quantity").unwrap();
    *amount = parclose_transaction::FieldValue::Quantity(101);
    assert_eq!(refused(&mut trio, &more), Err("VAL-06"));
}

#[test]
fn sta_13_whoever_has_lost_the_role_issues_nothing_more_and_its_notes_go_on() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250), (0, 9)]);
    assert_eq!(trio.decide(&issue), "applied");
    let mut rng = trio.rng.clone();
    let roles = vec!["participant".to_owned()];
    let certificate = trio.member_mut(0).next_certificate(roles, &mut rng).unwrap();
    trio.decide_on(1, vec![parclose_transaction::Change::Roles(certificate)], &[2]);
    trio.rotate();
    trio.deal();
    let more = trio.issue(0, asset, &[(1, 1)]);
    assert_eq!(trio.decide(&more), "VAL-17");
    let (theirs, own) = (trio.purse(1), trio.purse(0));
    let payment = trio.pay(1, asset, theirs, &[(2, 250)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    let payment = trio.pay(0, asset, own, &[(2, 9)]);
    assert_eq!(trio.decide(&payment), "applied");
    assert_eq!(trio.amounts(2), [9, 250]);
}
