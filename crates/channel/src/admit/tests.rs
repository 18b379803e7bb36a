use crate::fixtures::{Statement, Trio, create, record, update};

#[test]
fn sta_04_an_operation_makes_the_next_version() {
    let mut trio = Trio::new();
    let first = trio.statement(update(1, 1));
    assert_eq!(trio.decide(&first), "STA-04", "an update of nothing");
    let second = trio.statement(update(1, 2));
    assert_eq!(trio.decide(&second), "STA-04");
    let ahead = trio.statement(Statement { version: 2, ..create(1) });
    assert_eq!(trio.decide(&ahead), "STA-04", "a record begins with version 1");
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    for version in [0, 1, 3, u64::MAX] {
        let wrong = trio.statement(update(1, version));
        assert_eq!(trio.decide(&wrong), "STA-04", "version {version} after 1");
    }
    let again = trio.statement(Statement { version: 2, ..create(1) });
    assert_eq!(trio.decide(&again), "STA-04", "no second creation, whatever its version");
    let next = trio.statement(update(1, 2));
    assert_eq!(trio.decide(&next), "applied");
}

#[test]
fn sta_04_of_two_updates_in_one_batch_the_first_wins() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    let (one, other) = (trio.statement(update(1, 2)), trio.statement(update(1, 2)));
    trio.anchor(0, &[made.clone(), one.clone(), other.clone()]);
    assert_eq!([&made, &one, &other].map(|tx| trio.verdict(tx)), ["applied", "applied", "STA-04"]);
}

#[test]
fn sta_05_a_record_is_created_once() {
    let mut trio = Trio::new();
    let (one, other) = (trio.statement(create(1)), trio.statement(create(1)));
    assert_eq!(trio.decide(&one), "applied");
    assert_eq!(trio.decide(&other), "STA-05");
}

#[test]
fn sta_05_a_transaction_writes_a_record_once() {
    let mut trio = Trio::new();
    let (one, sealed_one) = trio.sealed(create(1));
    let twice = trio.odd(create(1), |body, sealed| {
        // Another epoch's worth of leaves: sealed under another salt, which execution does not read.
        body.operations.push(one.operations[0].clone());
        sealed.fields.push(sealed_one.fields[0].clone());
    });
    assert_eq!(trio.decide(&twice), "STA-05");
    assert_eq!(trio.member(0).record(&record(1)).unwrap(), None, "nothing of it took effect");
}

#[test]
fn sta_06_an_update_keeps_the_parties() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let moved = trio.statement(Statement { counterparty: 2, ..update(1, 2) });
    assert_eq!(trio.decide(&moved), "STA-06");
}

#[test]
fn sta_06_an_update_keeps_the_type() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let row = trio.member(0).record(&record(1)).unwrap().unwrap();
    let other_type = crate::tables::RecordRow { record_type: 2, ..row };
    let (body, _) = trio.sealed(update(1, 2));
    let stale = super::check_version(&body.operations[0], Some(&other_type), false).unwrap_err();
    assert_eq!(stale, crate::reject::Stale::Shape);
}

#[test]
fn sta_07_a_salt_is_used_once() {
    let mut trio = Trio::new();
    let (body, sealed) = trio.sealed(create(1));
    let mut copy = body.clone();
    copy.operations[0].record = record(2);
    let (first, second) = (trio.sign(body, sealed.clone()), trio.sign(copy.clone(), sealed.clone()));
    copy.operations[0].record = record(3);
    let third = trio.sign(copy, sealed);
    trio.anchor(0, &[first.clone(), second.clone()]);
    assert_eq!([&first, &second].map(|tx| trio.verdict(tx)), ["applied", "STA-07"], "within an event");
    assert_eq!(trio.decide(&third), "STA-07", "across events");
}

#[test]
fn sta_07_a_refused_transaction_uses_no_salt() {
    let mut trio = Trio::new();
    let (body, sealed) = trio.sealed(update(1, 2));
    let mut created = body.clone();
    (created.operations[0].action, created.operations[0].version) = ("create".into(), 1);
    let (refused, applied) = (trio.sign(body, sealed.clone()), trio.sign(created, sealed));
    trio.anchor(0, &[refused.clone(), applied.clone()]);
    assert_eq!([&refused, &applied].map(|tx| trio.verdict(tx)), ["STA-04", "applied"]);
}
