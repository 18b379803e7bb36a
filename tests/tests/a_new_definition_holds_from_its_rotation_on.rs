//! Members decide on another definition. It holds from the block after its rotation; what was written
//! before goes on meaning what it meant, for those who could read it; what was sealed before is told so.

mod support;

use parclose_channel::Channel;
use parclose_transaction::{Change, Draft, FieldState, SignedTransaction};
use parclose_types::{Failure, Generation, Height, TransactionDigest};
use support::circle::{
    Circle, MEMBERS, month_for_everybody, opened_places, place_of, record_id, texts, with,
};

/// The next version: everybody reads the month, and the counterparty's total is retired.
fn next() -> parclose_transaction::DefinitionTexts {
    let texts = with(month_for_everybody(texts()), "version = 1", "version = 2");
    let total = "[[record.field]]\nid = 5\nname = \"counter_total\"\nclass = \"figures\"\naudience = \"both\"\ntype = \"amount\"\n";
    with(texts, total, "")
}

/// Something that `ann` has sealed and signed, and not handed in.
fn sealed(circle: &Circle, record: u16) -> SignedTransaction {
    let operations = circle.statement(record, ["ann", "bob"]);
    let head = circle.consortium.root().head();
    circle.within("ann", move |channel| {
        let draft = Draft::of_records(operations, Height(head.0 + 200));
        let sealed = draft.seal(&channel.desk(head), &mut parclose_node::randomness::generator());
        sealed.expect("it fits the definition").sign(channel.pseudonym()).expect("it is small enough")
    })
}

/// The rule by which `ann`'s own node refuses something that is signed; `none` if it takes it.
fn advice(circle: &Circle, signed: SignedTransaction) -> (&'static str, &'static str) {
    let at = Height(circle.consortium.root().head().0 + 1);
    circle.within("ann", move |channel| {
        let advised = channel.advise(&signed, at).expect("a store can be read");
        advised.map_or_else(|reject| (reject.rule(), reject.code()), |_| ("none", "none"))
    })
}

/// Height, generation and version under which each transaction was executed.
fn written_under(channel: &mut Channel) -> Vec<(Height, Generation, u32)> {
    let rows = channel.verdicts(0, usize::MAX).expect("a store can be read");
    let stored = |transaction: &TransactionDigest| {
        channel.transaction(transaction).expect("a store can be read").expect("it is stored")
    };
    let of = |transaction: &TransactionDigest| {
        let stored = stored(transaction);
        (stored.height, stored.body.generation, stored.body.definition_version)
    };
    rows.iter().map(|(_, row)| of(&row.transaction)).collect()
}

#[test]
fn a_new_definition_holds_from_its_rotation_on() {
    let circle = Circle::found(texts());
    let before = circle.state(1, ["ann", "bob"]).transaction;
    let waiting = sealed(&circle, 2);
    assert_eq!(advice(&circle, waiting.clone()), ("none", "none"), "it is good as long as nothing changes");
    circle.decide(vec![Change::Redefine(Box::new(next()))]);
    circle.state(3, ["ann", "bob"]);
    circle.consortium.quiesce();
    for member in MEMBERS {
        let (version, start, written) = circle.within(member, |channel| {
            (channel.definition().version, channel.terms()[1].start, written_under(channel))
        });
        assert_eq!(version, 2, "{member}");
        // What was executed by then is of the first version, and everything after it of the second.
        let before = written.iter().filter(|(height, ..)| *height < start).count();
        assert!(before > 0 && before < written.len(), "{member}");
        for (height, generation, version) in written {
            let expected = if height < start { (Generation(0), 1) } else { (Generation(1), 2) };
            assert_eq!((generation, version), expected, "{member} at {height:?}");
        }
    }
    // What was sealed under the version before is told that it counts no more.
    assert_eq!(advice(&circle, waiting), ("AUT-03", "NOT_AUTHENTIC"));
    assert_eq!(advice(&circle, sealed(&circle, 6)), ("none", "none"), "the same, sealed now");
    // And a draft that names what is not there any more is told what is missing.
    let mut late = circle.statement(7, ["ann", "bob"]);
    let total = parclose_transaction::FieldValue::Amount(1, *b"GBP");
    late[0].fields.insert("counter_total".into(), total);
    let refused = circle.room("ann").submit_and_wait(late).expect_err("there is no such field");
    assert_eq!((refused.code(), refused.definite()), ("DRAFT_INVALID", true), "{refused}");
    assert!(refused.to_string().contains("counter_total"), "{refused}");

    let after = circle.state(8, ["ann", "bob"]).transaction;
    circle.consortium.quiesce();
    let open = |member: &str, transaction: TransactionDigest| {
        circle.within(member, move |channel| {
            let place = place_of(channel, &transaction);
            let open = opened_places(channel, channel.keys());
            open.into_iter().filter(|(at, _)| *at == place).map(|(_, field)| field).collect::<Vec<_>>()
        })
    };
    for member in ["ann", "bob"] {
        assert_eq!((open(member, before), open(member, after)), (vec![1, 2, 3], vec![1, 2, 3]), "{member}");
    }
    assert_eq!((open("cyd", before), open("cyd", after)), (vec![], vec![1]), "the month, from now on");
    drop(circle.consortium.close());
}

#[test]
fn a_field_that_was_retired_is_read_where_it_was_written() {
    let circle = Circle::found(texts());
    let mut operations = circle.statement(1, ["ann", "bob"]);
    circle.room("ann").submit_and_wait(operations.clone()).expect("a verdict");
    operations[0] = parclose_transaction::DraftOperation {
        keyed_tag: None,
        action: "update".into(),
        version: 2,
        fields: [("counter_total".to_owned(), parclose_transaction::FieldValue::Amount(9, *b"GBP"))].into(),
        ..operations[0].clone()
    };
    let added = circle.room("bob").submit_and_wait(operations).expect("a verdict");
    assert_eq!(added.verdict, parclose_channel::Verdict::Applied);
    let seen = |member: &str| {
        circle.within(member, |channel| {
            let view = channel.view_record(channel.keys(), &record_id(1)).expect("a store can be read");
            let fields = view.expect("it is there").fields;
            fields.into_iter().filter(|f| f.field.0 == 5).map(|f| f.state).collect::<Vec<_>>()
        })
    };
    let total = vec![FieldState::Opened(parclose_transaction::FieldValue::Amount(9, *b"GBP"))];
    assert_eq!(
        (seen("ann"), seen("bob"), seen("cyd")),
        (total.clone(), total.clone(), vec![FieldState::Sealed])
    );
    circle.decide(vec![Change::Redefine(Box::new(next()))]);
    assert_eq!(circle.within("ann", |channel| channel.definition().version), 2);
    assert_eq!((seen("ann"), seen("bob"), seen("cyd")), (total.clone(), total, vec![FieldState::Sealed]));
    let circle = circle.restarted();
    assert_eq!(circle.within("bob", |channel| opened_places(channel, channel.keys()).len()), 4);
    drop(circle.consortium.close());
}
