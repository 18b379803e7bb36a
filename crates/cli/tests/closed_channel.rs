//! A channel that its members closed on the root chain takes no further anchors.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;

use parclose_channel::Verdict;
use parclose_cli::args::Global;
use parclose_cli::passphrase::PassphraseOptions;
use parclose_root::certificate::Certificate;
use parclose_root::{Close, CloseStatement, RootTransaction};
use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{Failure, Generation, Height, RecordId, Sequence};

#[test]
fn nod_13_a_channel_that_has_ended_takes_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let templates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels");
    let global = Global {
        home: dir.path().join("home"),
        templates,
        json: true,
        quiet: true,
        passphrase: PassphraseOptions::default(),
    };
    let consortium = parclose_cli::dev::up(&global).unwrap();
    let rooms = ["bank-1", "bank-2"].map(|member| consortium.room(member, "banks").unwrap());
    let tag = rooms[0].call(|channel| channel.tag()).unwrap();
    let [preparer, counterparty] = rooms.clone().map(|room| room.call(|channel| channel.own_id()).unwrap());
    let figures = |record: u8| DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "statement".into(),
        record: RecordId([record; 32]),
        version: 1,
        parties: BTreeMap::from([("preparer".into(), preparer), ("counterparty".into(), counterparty)]),
        fields: BTreeMap::from([
            ("month".into(), FieldValue::Text("2021-09".into())),
            ("documents".into(), FieldValue::Integer(1)),
            ("total".into(), FieldValue::Amount(1, *b"GBP")),
        ]),
    };
    // The secret of its audience is dealt with the first record.
    assert_eq!(rooms[0].submit_and_wait(vec![figures(1)]).unwrap().verdict, Verdict::Applied);
    consortium.quiesce();
    let network = consortium.root().network();
    let last_sequence = Sequence(consortium.root().tag_state(&tag).unwrap().unwrap().count - 1);
    let last_height = Height(consortium.root().head().0 + 9);
    let statement = CloseStatement { network, tag, generation: Generation(0), last_sequence, last_height };
    let endorsements = rooms.clone().map(|room| {
        room.call(move |channel| {
            (channel.pseudonym().public(), channel.pseudonym().sign(&statement.signing_bytes()))
        })
        .unwrap()
    });
    let keys = rooms[0].call(|channel| channel.endorsers().clone()).unwrap();
    let certificate = Certificate::assemble(&keys, &endorsements).unwrap();
    let close = RootTransaction::Close(Close { tag, last_sequence, last_height, certificate });
    assert!(consortium.root().commit(vec![close]).unwrap().outcomes[0].is_ok());
    let error = rooms[0].submit_and_wait(vec![figures(2)]).unwrap_err();
    assert_eq!((error.rule(), error.code(), error.definite()), ("NOD-13", "CHANNEL_CLOSED", true), "{error}");
    let again = rooms[0].submit_and_wait(vec![figures(3)]).unwrap_err();
    assert_eq!(again.rule(), "NOD-13", "{again}");
    drop(consortium.close());
}
