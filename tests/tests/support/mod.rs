//! Consortia in folders of their own, and receivables in them.
#![allow(dead_code, reason = "each scenario uses a part of this")]

pub(crate) mod circle;
pub(crate) mod forced;
pub(crate) mod ledger;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_channel::{Channel, Verdict};
use parclose_cli::args::Global;
use parclose_cli::passphrase::PassphraseOptions;
use parclose_crypto::hash::sha256;
use parclose_node::{Consortium, Outcome, RoomHandle};
use parclose_transaction::{DraftOperation, FieldState, FieldValue, Perspective};
use parclose_types::RecordId;

pub(crate) fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../channels")
}

/// The development consortium: five members, `trade-a`, `trade-b` and `banks`.
pub(crate) fn up(home: &Path) -> Consortium {
    let global = Global {
        home: home.to_owned(),
        templates: templates(),
        json: false,
        quiet: true,
        passphrase: PassphraseOptions::default(),
    };
    parclose_cli::dev::up(&global).expect("a consortium can be founded in an empty folder")
}

pub(crate) fn room(consortium: &Consortium, member: &str, channel: &str) -> RoomHandle {
    consortium.room(member, channel).expect("a member has its room")
}

/// Runs `read` in a member's room.
pub(crate) fn within<T: Send + 'static>(
    consortium: &Consortium,
    (member, channel): (&str, &str),
    read: impl FnOnce(&mut Channel) -> T + Send + 'static,
) -> T {
    room(consortium, member, channel).call(read).expect("the room runs")
}

/// The sealed text that all of a receivable's parties may read.
pub(crate) fn supplier_id(number: &str) -> String {
    format!("account of {number}")
}

/// The sealed text that the bank may not read.
pub(crate) fn lines(number: &str) -> String {
    format!("[{{\"description\":\"goods of {number}\"}}]")
}

/// A receivable with a value of every audience.
pub(crate) fn receivable(channel: &Channel, number: &str, minor: u64) -> DraftOperation {
    let members = &channel.config().members;
    let holder = |role: &str| {
        let holds = members.iter().find(|member| member.certificate.roles.iter().any(|held| held == role));
        (role.to_owned(), holds.expect("each role has a member").id())
    };
    let text = |text: &str| FieldValue::Text(text.into());
    let fields = [
        ("invoice_number", text(number)),
        ("buyer_name", text("The Borough of Somewhere")),
        ("supplier_id", text(&supplier_id(number))),
        ("face_amount", FieldValue::Amount(minor, *b"GBP")),
        ("due_date", FieldValue::Date("2025-09-30".into())),
        ("lines", FieldValue::Json(lines(number))),
        ("requested_advance", FieldValue::Amount(minor / 5 * 4, *b"GBP")),
    ];
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "receivable".into(),
        record: RecordId(sha256(number.as_bytes())),
        version: 1,
        parties: BTreeMap::from([holder("buyer"), holder("supplier"), holder("bank")]),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// Issues a receivable through a supplier's room and waits until it is applied.
pub(crate) fn issue(
    consortium: &Consortium,
    (supplier, channel): (&str, &str),
    number: &str,
    minor: u64,
) -> Outcome {
    let wanted = number.to_owned();
    let operation =
        within(consortium, (supplier, channel), move |channel| receivable(channel, &wanted, minor));
    let outcome = room(consortium, supplier, channel).submit_and_wait(vec![operation]).expect("a verdict");
    assert_eq!(outcome.verdict, Verdict::Applied);
    outcome
}

/// Every field of every record as a reader sees it, by name.
pub(crate) fn view(channel: &Channel, reader: &dyn Perspective) -> Vec<(String, FieldState)> {
    let mut seen = Vec::new();
    let definition = channel.definition();
    let looked = channel.view_records(reader, |view| {
        let record_type = definition.record(view.row.record_type).expect("a record has its type");
        for field in view.fields {
            let name = record_type.field(field.field).expect("a field has its name").name.clone();
            seen.push((name, field.state));
        }
    });
    looked.expect("a store can be read");
    seen
}

/// The names and values that opened.
pub(crate) fn opened(channel: &Channel, reader: &dyn Perspective) -> Vec<(String, FieldValue)> {
    let open = |(name, state)| match state {
        FieldState::Opened(value) => Some((name, value)),
        FieldState::Sealed | FieldState::Malformed | FieldState::Erased | FieldState::Missing => None,
    };
    view(channel, reader).into_iter().filter_map(open).collect()
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files below a folder in which some bytes stand.
pub(crate) fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let stands = |path: &PathBuf| {
        let text = std::fs::read(path).expect("a file can be read");
        text.windows(bytes.len()).any(|window| window == bytes)
    };
    files(folder).into_iter().filter(stands).collect()
}
