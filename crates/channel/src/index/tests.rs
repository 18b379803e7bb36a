use super::*;
use crate::fixtures::{Statement, Trio, create, record, update};

fn records(trio: &mut Trio, at: usize, text: &str) -> Vec<RecordId> {
    trio.member_mut(at).find(text).unwrap().into_iter().map(|found| found.record).collect()
}

/// What a statement of the fixtures says in its text field.
fn said(number: u8) -> String {
    format!("record {number}")
}

#[test]
fn loo_01_a_text_is_found_by_those_who_can_read_it_and_by_nobody_else() {
    let mut trio = Trio::new();
    let with_bob = trio.statement(create(1));
    let with_cyd = trio.statement(Statement { counterparty: 2, ..create(2) });
    assert_eq!(trio.decide(&with_bob), "applied");
    assert_eq!(records(&mut trio, 0, &said(1)), [record(1)]);
    assert_eq!(records(&mut trio, 1, &said(1)), [record(1)]);
    assert!(records(&mut trio, 2, &said(1)).is_empty(), "it cannot read that statement");
    // Brought up to date by what came since.
    assert_eq!(trio.decide(&with_cyd), "applied");
    assert_eq!(records(&mut trio, 0, &said(2)), [record(2)]);
    assert_eq!(records(&mut trio, 2, &said(2)), [record(2)]);
    assert!(records(&mut trio, 1, &said(2)).is_empty());
    assert!(records(&mut trio, 0, &said(2)[1..]).is_empty(), "only the whole text");
    trio.reopen(0);
    assert_eq!(records(&mut trio, 0, &said(1)), [record(1)]);
}

#[test]
fn loo_01_pages_hold_every_entry_and_forget_those_of_an_earlier_making() {
    let mut trio = Trio::new();
    let name = Name::Text(1, FieldId(1), "the same".into());
    let entry = |n: usize| [u8::try_from(n % 251).unwrap(); 32];
    let channel = trio.member_mut(0);
    let mut expected = Vec::new();
    for count in [1, PAGE - 1, 1, 3 * PAGE, 2] {
        let entries: Vec<_> = (expected.len()..expected.len() + count).map(entry).collect();
        expected.extend(entries.clone());
        let mut batch = channel.store.batch();
        channel.append(&name, entries, 7, &mut batch).unwrap();
        channel.store.commit(batch, Durability::Buffered).unwrap();
        assert_eq!(channel.entries(&name, 7).unwrap(), expected);
    }
    assert!(channel.entries(&name, 8).unwrap().is_empty(), "made anew, it begins empty");
    let mut batch = channel.store.batch();
    channel.append(&name, vec![entry(3)], 8, &mut batch).unwrap();
    channel.store.commit(batch, Durability::Buffered).unwrap();
    assert_eq!(channel.entries(&name, 8).unwrap(), [entry(3)]);
}

#[test]
fn loo_02_the_history_of_a_record_is_what_has_written_it() {
    let mut trio = Trio::new();
    let (made, other) = (trio.statement(create(1)), trio.statement(create(2)));
    let (changed, refused) = (trio.statement(update(1, 2)), trio.statement(update(1, 7)));
    for (signed, verdict) in
        [(&made, "applied"), (&other, "applied"), (&refused, "STA-04"), (&changed, "applied")]
    {
        assert_eq!(trio.decide(signed), verdict);
    }
    let history = trio.member_mut(1).history_of(&record(1)).unwrap();
    assert_eq!(history, [made.digest(), changed.digest()]);
    assert!(trio.member_mut(1).history_of(&record(9)).unwrap().is_empty());
    let counted = trio.member(1).store.verify_rows(crate::tables::ALL).unwrap();
    assert!(counted.rows > 0, "its rows are sealed as all are");
}
