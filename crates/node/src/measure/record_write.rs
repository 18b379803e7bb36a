//! What a record write costs, by role, next to what it cannot cost less than.
//!
//! The real code of a channel of three members: sealing and signing (sender), checking, storing and
//! endorsing (endorser), executing and committing (executor). Between the batches the primitives are
//! measured, so that what else the machine does meets both alike; of all batches the median counts.
//! Microseconds for each record write; ratios are what to compare.

use std::collections::BTreeMap;
use std::path::Path;

use parclose_channel::Channel;
use parclose_channel::propose::Pooled;
use parclose_transaction::{DefinitionTexts, Draft, DraftOperation, FieldValue};
use parclose_types::{Height, RecordId};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use super::primitives::{Primitives, Workbench};
use super::room::{Founder, Room, Worked};
use super::{Failed, clock, median};

pub(super) const FIELDS: usize = 6;
/// As many as a busy room puts into a batch.
pub(super) const BATCH: usize = crate::room::BATCH_TRANSACTIONS;

const TEMPLATE: [&str; 3] = [
    include_str!("../../../../channels/scf-receivable/channel.toml"),
    include_str!("../../../../channels/scf-receivable/policy.cedar"),
    include_str!("../../../../channels/scf-receivable/policy.cedarschema"),
];

/// Sender, endorser, and one who only executes.
const ROLES: [&str; 3] = ["supplier", "bank", "buyer"];
pub(super) const SENDER: usize = 0;
const ENDORSER: usize = 1;
const EXECUTOR: usize = 2;

/// Measures `writes` record writes of 6 fields for 2 audiences, rounded up to whole batches, in a channel of
/// three members.
pub fn record_write(directory: &Path, writes: usize) -> Result<Value, Failed> {
    std::fs::create_dir_all(directory)?;
    let (mut workbench, mut room) = (Workbench::new(directory)?, room(directory)?);
    let (mut primitives, mut roles) = (Vec::new(), Vec::new());
    for round in 0..writes.div_ceil(BATCH).max(1) {
        primitives.push(workbench.measure()?);
        roles.push(Roles::measure(&mut room, round * BATCH)?);
    }
    let (primitives, measured) = (Primitives::median(&primitives), Roles::median(&roles));
    Ok(report(roles.len() * BATCH, &primitives, &measured))
}

fn report(writes: usize, primitives: &Primitives, measured: &Roles) -> Value {
    let least = primitives.unavoidable();
    let role = |of: fn(&Roles) -> f64| {
        let (us, least) = (of(measured), of(&least));
        json!({ "us": us, "unavoidable_us": least, "ratio": us / least })
    };
    json!({
        "schema": "parclose.bench-record-write/1",
        "writes": writes,
        "fields": FIELDS,
        "audiences": 2,
        "batch": BATCH,
        "primitives": primitives.to_json(),
        "roles": {
            "sender": role(|roles| roles.sender),
            "endorser": role(|roles| roles.endorser),
            "executor": role(|roles| roles.executor),
        },
        "validator": role(Roles::validator),
        "ratio": measured.total() / least.total(),
    })
}

/// Microseconds for each record write.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles {
    pub(super) sender: f64,
    pub(super) endorser: f64,
    pub(super) executor: f64,
}

impl Roles {
    /// One batch through all roles.
    fn measure(room: &mut Room, first: usize) -> Result<Self, Failed> {
        room.worked.fill(Worked::default());
        let mut pooled = Vec::with_capacity(BATCH);
        for number in first..first + BATCH {
            pooled.push(room.work(SENDER, |channel, head, rng| pool(channel, head, rng, number))?);
        }
        let sender = room.worked[SENDER].ordering;
        room.order(SENDER, pooled)?;
        let each = |seconds: f64| seconds * 1e6 / BATCH as f64;
        Ok(Self {
            sender: each(sender),
            endorser: each(room.worked[ENDORSER].ordering),
            executor: each(room.worked[EXECUTOR].executing),
        })
    }

    fn median(rounds: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(rounds.iter().map(part));
        Self { sender: of(|r| r.sender), endorser: of(|r| r.endorser), executor: of(|r| r.executor) }
    }

    /// What a member does about a write of somebody else: it checks, stores, endorses and executes it.
    fn validator(&self) -> f64 {
        self.endorser + self.executor
    }

    fn total(&self) -> f64 {
        self.sender + self.validator()
    }
}

/// A channel with so many records, rounded up to whole batches.
pub(super) fn written(directory: &Path, records: usize) -> Result<Room, Failed> {
    let mut room = room(directory)?;
    for round in 0..records.div_ceil(BATCH).max(1) {
        let mut pooled = Vec::with_capacity(BATCH);
        for number in round * BATCH..(round + 1) * BATCH {
            pooled.push(room.work(SENDER, |channel, head, rng| pool(channel, head, rng, number))?);
        }
        room.order(SENDER, pooled)?;
    }
    // What was written last is attested by what comes after it.
    room.upkeep()?;
    Ok(room)
}

/// A channel whose audiences are dealt, as first use does.
fn room(directory: &Path) -> Result<Room, Failed> {
    let [toml, policy, policy_schema] = TEMPLATE.map(str::to_owned);
    let texts = DefinitionTexts { channel_toml: toml, policy, policy_schema };
    let founders = ROLES.map(|role| -> Founder { (role.into(), vec![role.into()]) });
    let mut room = Room::found(directory, texts, &founders, clock::wall)?;
    let wanted = room.work(SENDER, |channel, head, rng| {
        let draft = Draft::of_records(vec![operation(channel, rng, 0)?], Height(0));
        let audiences = draft.audiences(&channel.desk(Height(head.0 + 1)))?;
        Ok(audiences.values().filter_map(|set| channel.deal_on_first_use(set, head, rng)).collect())
    })?;
    room.act(SENDER, wanted)?;
    room.upkeep()?;
    Ok(room)
}

/// Seals, signs and checks one record write of 6 fields for 2 audiences.
fn pool(channel: &mut Channel, head: Height, rng: &mut ChaCha20Rng, number: usize) -> Result<Pooled, Failed> {
    let draft = Draft::of_records(vec![operation(channel, rng, number)?], Height(head.0 + 100));
    let signed = draft.seal(&channel.desk(Height(head.0 + 1)), rng)?.sign(channel.pseudonym())?;
    Ok(channel.advise(&signed, Height(head.0 + 1))??)
}

fn operation(channel: &Channel, rng: &mut ChaCha20Rng, number: usize) -> Result<DraftOperation, Failed> {
    let config = channel.config();
    let party =
        |name: &str| config.named(name).map(|member| (name.to_owned(), member.id())).ok_or("no such party");
    let parties = BTreeMap::from([party("buyer")?, party("supplier")?, party("bank")?]);
    let text = |text: String| FieldValue::Text(text);
    let fields = BTreeMap::from([
        ("invoice_number".to_owned(), text(format!("INV-{number}"))),
        ("buyer_name".to_owned(), text("The Borough".into())),
        ("supplier_id".to_owned(), text(format!("S-{}", number % 97))),
        ("face_amount".to_owned(), FieldValue::Amount(1000 + number as u64, *b"GBP")),
        ("due_date".to_owned(), FieldValue::Date("2021-09-30".into())),
        ("lines".to_owned(), FieldValue::Json("[]".into())),
    ]);
    let mut record = [0_u8; 32];
    rand_core::Rng::fill_bytes(rng, &mut record);
    Ok(DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "receivable".into(),
        record: RecordId(record),
        version: 1,
        parties,
        fields,
    })
}
