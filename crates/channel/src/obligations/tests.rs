//! Three members that owe each other: what is taken up, what is refused by which rule, and what the state says.

use parclose_amounts::Movement;
use parclose_store::{Batch, Durability};
use parclose_transaction::{Body, Draft, DraftMovement, SealedPart, SignedTransaction};
use parclose_types::{AssetId, Height};

use super::*;
use crate::fixtures::{Trio, netting_texts, record};
use crate::value::NOTES;

/// 0 owes 1 ten, 1 owes 2 seven, 2 owes 0 four.
fn ring() -> (Trio, AssetId) {
    let (mut trio, asset) = Trio::netting();
    for debt in [(0, 1, 10), (1, 2, 7), (2, 0, 4)] {
        let oblige = trio.oblige(debt.0, asset, &[debt]);
        assert_eq!(trio.decide_by(debt.0, &oblige), "applied");
    }
    (trio, asset)
}

/// A transaction that is changed after it was sealed, then signed again by its author.
fn changed(
    trio: &Trio,
    signed: &SignedTransaction,
    change: impl FnOnce(&mut Body, &mut SealedPart),
) -> SignedTransaction {
    let (mut body, mut sealed) = parclose_transaction::draft::hazmat::into_parts(signed.clone());
    change(&mut body, &mut sealed);
    trio.sign(body, sealed)
}

#[test]
fn what_is_owed_is_netted_paid_once_and_every_member_has_one_state() {
    let (mut trio, asset) = ring();
    let issue = trio.issue(0, asset, &[(0, 100)]);
    assert_eq!(trio.decide(&issue), "applied");
    let net = trio.net(asset);
    assert_eq!(trio.decide_by(2, &net), "applied");
    let owed: Vec<_> = trio.owed(2).into_iter().map(|(_, debt)| debt).collect();
    assert_eq!(owed, [(0, 1, Some(3)), (0, 2, Some(3))], "six that 0 owes in the end");
    trio.reopen(0);
    for (id, _) in trio.owed(0) {
        let paid = trio.discharge(0, id).unwrap();
        assert_eq!(trio.decide(&paid), "applied");
    }
    assert_eq!(trio.owed(0), []);
    assert_eq!((trio.amounts(0), trio.amounts(1), trio.amounts(2)), (vec![94], vec![3], vec![3]));
    // What was paid is cash like any other.
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 1), (1, 2)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![2], vec![1, 3]));
    for at in 0..3 {
        trio.member(at).verify(|sequence| trio.chain(sequence)).unwrap();
    }
}

#[test]
fn what_is_owed_netted_and_paid_within_one_event_leaves_the_same_as_in_three() {
    let funded = || {
        let (mut trio, asset) = Trio::netting();
        let issue = trio.issue(0, asset, &[(2, 100)]);
        assert_eq!(trio.decide(&issue), "applied");
        (trio, asset)
    };
    // Two consortia that are one until here: what is drafted on the states of the one meets the other's all at once.
    let ((mut apart, asset), (mut together, _)) = (funded(), funded());
    let oblige = apart.oblige(2, asset, &[(2, 0, 10), (2, 1, 5)]);
    assert_eq!(apart.decide_by(2, &oblige), "applied");
    let net = apart.net(asset);
    assert_eq!(apart.decide_by(2, &net), "applied");
    let (id, _) = apart.owed(2)[0];
    let paid = apart.discharge(2, id).unwrap();
    assert_eq!(apart.decide_by(2, &paid), "applied");
    together.anchor(2, &[oblige.clone(), net.clone(), paid.clone()]);
    for transaction in [&oblige, &net, &paid] {
        assert_eq!(together.verdict(transaction), "applied");
    }
    assert_eq!((together.owed(2), together.owed(2).len()), (apart.owed(2), 1));
    for at in 0..3 {
        assert_eq!(together.amounts(at), apart.amounts(at), "{at}");
        together.member(at).verify(|sequence| together.chain(sequence)).unwrap();
    }
    let mut rows = 0;
    together.member(0).store().for_each(&OBLIGATIONS, |_, _: ObligationRow| rows += 1).unwrap();
    assert_eq!(rows, 1, "what came and went within the event left no row");
}

#[test]
fn whoever_is_no_party_sees_who_owes_and_not_how_much() {
    let (trio, _) = ring();
    let seen = |at: usize| trio.owed(at).into_iter().map(|(_, debt)| debt).collect::<Vec<_>>();
    assert_eq!(seen(0), [(0, 1, Some(10)), (1, 2, None), (2, 0, Some(4))]);
    assert_eq!(seen(1), [(0, 1, Some(10)), (1, 2, Some(7)), (2, 0, None)]);
    assert_eq!(seen(2), [(0, 1, Some(10)), (1, 2, Some(7)), (2, 0, Some(4))], "the agent opens all");
}

#[test]
fn obl_01_nobody_says_what_another_owes() {
    let (mut trio, asset) = Trio::netting();
    // The agent may make the record of an obligation between others, as its nettings do.
    let oblige = trio.oblige(2, asset, &[(0, 1, 10)]);
    assert_eq!(trio.decide_by(2, &oblige), "OBL-01");
    let mixed = trio.oblige(2, asset, &[(2, 1, 10), (0, 1, 10)]);
    assert_eq!(trio.decide_by(2, &mixed), "OBL-01");
    assert_eq!(trio.owed(2), []);
    let own = trio.oblige(2, asset, &[(2, 1, 10)]);
    assert_eq!(trio.decide_by(2, &own), "applied");
}

#[test]
fn obl_02_the_record_says_between_whom_it_is() {
    let (mut trio, asset) = Trio::netting();
    for named in [(0, 2, 10), (2, 1, 10)] {
        let (operations, _) = trio.debts(&[named], |payee| payee);
        let (_, debts) = trio.debts(&[(0, 1, 10)], |payee| payee);
        let author = named.0;
        let debts = debts.into_iter().map(|debt| parclose_transaction::DraftDebt {
            payer: trio.id(author),
            payee: if author == 0 { debt.payee } else { trio.id(0) },
            ..debt
        });
        let movements = vec![DraftMovement::Oblige { asset, day: Trio::DAY, debts: debts.collect() }];
        let odd = trio.draft(author, Draft { operations, movements, expiry: Height(0) });
        assert_eq!(trio.decide_by(author, &odd), "OBL-02");
    }
    assert_eq!(trio.owed(2), []);
}

#[test]
fn obl_03_what_has_a_life_is_not_owed() {
    let mut texts = netting_texts();
    let life = "value = \"asset\"\n[record.lifecycle]\nstates = [{ name = \"live\" }]\n\
                steps = [{ name = \"create\", to = \"live\" }]\n";
    texts.channel_toml = texts.channel_toml.replacen("value = \"asset\"\n", life, 1);
    let (mut trio, asset) = Trio::cash_of(texts);
    let oblige = trio.oblige(0, asset, &[(0, 1, 10)]);
    assert_eq!(trio.decide(&oblige), "OBL-03");
    assert_eq!(trio.owed(2), []);
}

#[test]
fn obl_04_what_is_paid_stands_for_the_record_of_what_was_owed() {
    let (mut trio, asset) = ring();
    let issue = trio.issue(0, asset, &[(0, 10)]);
    assert_eq!(trio.decide(&issue), "applied");
    let (id, _) = trio.owed(0)[0];
    let row = trio.member(1).store().get(&OBLIGATIONS, &id).unwrap().unwrap();
    let paid = trio.discharge(0, id).unwrap();
    assert_eq!(trio.decide(&paid), "applied");
    assert_eq!(trio.member(1).store().get(&OBLIGATIONS, &id).unwrap(), None);
    let notes = trio.purse(1);
    let [note] = &notes[..] else { panic!("one note") };
    assert_eq!((note.row.record, note.opened.value), (row.record, 10));
    assert_eq!(note.row.note.commitment, row.obligation.output.note.commitment);
    assert_eq!(trio.member(1).store().get(&NOTES, &note.row.id).unwrap(), Some(note.row));
}

#[test]
fn obl_08_the_record_of_a_payment_says_between_whom_it_was_owed() {
    let (mut trio, asset) = ring();
    let issue = trio.issue(0, asset, &[(0, 10), (0, 10), (0, 10), (0, 10)]);
    assert_eq!(trio.decide(&issue), "applied");
    let (id, _) = trio.owed(0)[0];
    // Each draft sets a note aside. That a payment is not made in another's name says the policy already.
    for other in [2, 0] {
        let (now, payee) = (trio.head(), trio.id(other));
        let drafted = trio.drafted(0, |channel, rng| channel.discharge(id, "day 1", now, rng)).unwrap();
        let (mut operations, movements) = (drafted.operations, drafted.movements);
        operations[0].parties.insert("payee".into(), payee);
        let odd = trio.draft(0, Draft { operations, movements, expiry: Height(0) });
        assert_eq!(trio.decide_by(0, &odd), "OBL-08", "{other}");
    }
    assert_eq!(trio.owed(0).len(), 3, "nothing was paid");
    let paid = trio.discharge(0, id).unwrap();
    assert_eq!(trio.decide(&paid), "applied");
}

#[test]
fn val_29_an_obligation_is_netted_or_paid_once() {
    let (mut trio, asset) = ring();
    let issue = trio.issue(0, asset, &[(0, 10), (0, 10)]);
    assert_eq!(trio.decide(&issue), "applied");
    let (id, _) = trio.owed(0)[0];
    // Of a batch with a payment and a netting that both take it the second is refused.
    let paid = trio.discharge(0, id).unwrap();
    let again = trio.discharge(0, id).unwrap();
    let net = trio.net(asset);
    trio.anchor(0, &[paid.clone(), again.clone()]);
    assert_eq!((trio.verdict(&paid), trio.verdict(&again)), ("applied".into(), "VAL-29".into()));
    assert_eq!(trio.decide_by(2, &net), "VAL-29");
    // What is left is netted once, in one event and in two.
    let (first, second, third) = (trio.net(asset), trio.net(asset), trio.net(asset));
    trio.anchor(2, &[first.clone(), second.clone()]);
    assert_eq!((trio.verdict(&first), trio.verdict(&second)), ("applied".into(), "VAL-29".into()));
    assert_eq!(trio.decide_by(2, &third), "VAL-29");
    trio.member(1).verify(|sequence| trio.chain(sequence)).unwrap();
}

#[test]
fn val_31_an_agent_nets_nothing_that_does_not_come_to_the_same() {
    let (mut trio, asset) = ring();
    let net = trio.net(asset);
    let before = trio.owed(2);
    let other = changed(&trio, &net, |body, _| {
        // 1 and 2 are owed three each: who is owed by which commitment is not the same.
        if let [Movement::Net(net)] = &mut body.movements[..] {
            net.inputs.pop();
        }
    });
    assert_eq!(trio.decide_by(2, &other), "VAL-31");
    // Out of its transaction a netting holds nowhere: another record beside it, and the proofs are for something else.
    let moved = changed(&trio, &net, |body, _| body.operations[0].record = record(0x99));
    assert_eq!(trio.decide_by(2, &moved), "VAL-31");
    assert_eq!(trio.owed(2), before);
    assert_eq!(trio.decide_by(2, &net), "applied");
}

#[test]
fn acc_04_who_is_no_agent_nets_nothing() {
    let mut texts = netting_texts();
    texts.policy = texts.policy.replace("@id(\"agent-nets\")\npermit", "@id(\"agent-nets\")\nforbid");
    let (mut trio, asset) = Trio::cash_of(texts);
    for debt in [(0, 1, 10), (1, 0, 7)] {
        let oblige = trio.oblige(debt.0, asset, &[debt]);
        assert_eq!(trio.decide_by(debt.0, &oblige), "applied");
    }
    let net = trio.net(asset);
    assert!(trio.decide_by(2, &net).starts_with("ACC-"));
    assert_eq!(trio.owed(2).len(), 2);
}

#[test]
fn sch_07_what_is_owed_netted_or_paid_has_its_records_beside_it() {
    let (mut trio, asset) = ring();
    let issue = trio.issue(0, asset, &[(0, 100)]);
    assert_eq!(trio.decide(&issue), "applied");
    let net = trio.net(asset);
    let odd: [fn(&mut Body, &mut SealedPart); 4] = [
        |body, _| body.movements.clear(),
        // The record of the netting comes first, and has to be there.
        |body, sealed| {
            body.operations.swap(0, 1);
            sealed.fields.swap(0, 1);
        },
        |body, sealed| {
            body.operations.remove(0);
            sealed.fields.remove(0);
        },
        |body, _| {
            if let [Movement::Net(net)] = &mut body.movements[..] {
                net.outputs[0].note.leaf[0] ^= 1;
            }
        },
    ];
    for (number, change) in odd.into_iter().enumerate() {
        let odd = changed(&trio, &net, change);
        assert_eq!(trio.decide_by(2, &odd), "SCH-07", "{number}");
    }
    let (id, _) = trio.owed(0)[0];
    let paid = trio.discharge(0, id).unwrap();
    let alone = changed(&trio, &paid, |body, sealed| {
        body.operations.remove(0);
        sealed.fields.remove(0);
    });
    assert_eq!(trio.decide(&alone), "SCH-07");
    assert_eq!(trio.decide(&paid), "applied");
}

#[test]
fn obl_05_every_obligation_stands_under_the_state_root() {
    let (trio, _) = ring();
    let good = || trio.member(2).verify(|sequence| trio.chain(sequence)).is_ok();
    assert!(good());
    let channel = trio.member(2);
    let rows: Vec<_> = channel.owing(channel.keys()).unwrap().into_iter().map(|owing| owing.row).collect();
    let row = rows[0];
    let write = |edit: &dyn Fn(&mut Batch)| {
        let mut batch = channel.store().batch();
        edit(&mut batch);
        channel.store().commit(batch, Durability::Buffered).unwrap();
    };
    write(&|batch| batch.delete(&OBLIGATIONS, &row.id));
    assert!(!good(), "one is missing");
    let obligation = |change: fn(&mut Obligation)| {
        let mut obligation = row.obligation;
        change(&mut obligation);
        ObligationRow { obligation, ..row }
    };
    let edits = [
        ("record", ObligationRow { record: record(1), ..row }),
        ("asset", obligation(|owed| owed.asset.0[0] ^= 1)),
        ("day", obligation(|owed| owed.day += 1)),
        ("payer", obligation(|owed| owed.output.payer.0[0] ^= 1)),
        ("payee", obligation(|owed| owed.output.payee.0[0] ^= 1)),
        ("owner", obligation(|owed| owed.output.note.owner.0[0] ^= 1)),
        ("leaf", obligation(|owed| owed.output.note.leaf[0] ^= 1)),
    ];
    for (what, edited) in edits {
        write(&|batch| batch.put(&OBLIGATIONS, &row.id, &edited));
        assert!(!good(), "{what}");
    }
    write(&|batch| {
        batch.put(&OBLIGATIONS, &row.id, &rows[1]);
        batch.put(&OBLIGATIONS, &rows[1].id, &row);
    });
    assert!(!good(), "each in the other's place");
    write(&|batch| {
        batch.put(&OBLIGATIONS, &row.id, &row);
        batch.put(&OBLIGATIONS, &rows[1].id, &rows[1]);
    });
    assert!(good());
}
