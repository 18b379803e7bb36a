//! Two members write to one channel at the same time: every transaction gets its verdict, and both have
//! the same state.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::sync::mpsc::channel;

use parclose_channel::Verdict;
use parclose_cli::args::Global;
use parclose_cli::passphrase::PassphraseOptions;
use parclose_node::Consortium;
use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{MemberId, RecordId};

const WRITES: u8 = 120;

fn global(home: &std::path::Path) -> Global {
    let templates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels");
    Global {
        home: home.join("home"),
        templates,
        json: true,
        quiet: true,
        passphrase: PassphraseOptions::default(),
    }
}

fn statement(number: u8, preparer: MemberId, counterparty: MemberId, author: u8) -> DraftOperation {
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "statement".into(),
        record: RecordId([number ^ (author << 7); 32]),
        version: 1,
        parties: BTreeMap::from([("preparer".into(), preparer), ("counterparty".into(), counterparty)]),
        fields: BTreeMap::from([
            ("month".into(), FieldValue::Text("2021-09".into())),
            ("documents".into(), FieldValue::Integer(u64::from(number))),
            ("total".into(), FieldValue::Amount(1, *b"GBP")),
        ]),
    }
}

fn id(consortium: &Consortium, member: &str) -> MemberId {
    let room = consortium.room(member, "banks").unwrap();
    room.call(|channel| channel.own_id()).unwrap()
}

#[test]
fn members_write_at_the_same_time_and_agree() {
    let dir = tempfile::tempdir().unwrap();
    let consortium = parclose_cli::dev::up(&global(dir.path())).unwrap();
    let keys = [id(&consortium, "bank-1"), id(&consortium, "bank-2")];
    let (done, wait) = channel();
    for number in 0..WRITES {
        for (author, member) in [(0_u8, "bank-1"), (1, "bank-2")] {
            let (own, other) = (keys[usize::from(author)], keys[usize::from(1 - author)]);
            let done = done.clone();
            let room = consortium.room(member, "banks").unwrap();
            room.submit(vec![statement(number, own, other, author)], Box::new(move |o| drop(done.send(o))));
        }
    }
    drop(done);
    let outcomes: Vec<_> = wait.iter().collect();
    assert_eq!(outcomes.len(), 2 * usize::from(WRITES));
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().verdict, Verdict::Applied);
    }
    consortium.quiesce();
    let heads = ["bank-1", "bank-2"].map(|member| {
        let room = consortium.room(member, "banks").unwrap();
        room.call(|channel| channel.head().cloned()).unwrap().unwrap()
    });
    assert_eq!(heads[0], heads[1]);
    let room = consortium.room("bank-1", "banks").unwrap();
    let verdicts = room.call(|channel| channel.verdicts(0, usize::MAX).unwrap()).unwrap();
    let records = room.call(move |channel| {
        let stored = verdicts.iter().map(|(_, row)| channel.transaction(&row.transaction).unwrap().unwrap());
        stored.filter(|stored| stored.body.act.is_none()).count()
    });
    assert_eq!(records, Some(2 * usize::from(WRITES)));
    drop(consortium.close());
}
