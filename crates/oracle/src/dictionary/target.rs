//! What is attacked: a consortium whose values are all likely ones, and everything that those hold who may not read them.

use std::collections::BTreeSet;
use std::path::Path;

use parclose_channel::Channel;
use parclose_channel::value::NOTES;
use parclose_keys::{field::salt_digest, record_key_hash};
use parclose_node::Home;
use parclose_node::consortium::open_channel;
use parclose_node::shared_cache;
use parclose_transaction::SealedPart;
use parclose_types::RecordId;
use rand_core::Rng;

use super::{Effort, FIRST, business_key};
use crate::Failed;
use crate::canary::Value;
use crate::commands::Desk;
use crate::content::{Secrets, TRADES, ids, receivable, receivable_operation};
use crate::ground::{Ground, home_of};

/// Receivables of each trade channel.
const RECEIVABLES: usize = 20;

/// What an attacker has, and what it should not find.
#[derive(Debug, Default)]
pub struct Target {
    /// true amounts, a record's own first
    pub amounts: Vec<u64>,
    /// true business keys
    pub keys: Vec<String>,
    /// other true texts
    pub texts: Vec<String>,
    /// true amounts of slices
    pub slices: Vec<u64>,
    /// everything that is held: rows of validators, of strangers, of members outside the audience; all that was sent
    pub held: Vec<Vec<u8>>,
    /// public strings of the first record: salt, ids, digests, leaves, key commitments
    pub salts: Vec<[u8; 32]>,
    /// every string of 32 bytes around the first record
    pub strings: Vec<[u8; 32]>,
    /// ids of assets
    pub assets: Vec<[u8; 32]>,
    /// commitments among what is held
    pub commitments: usize,
    /// the first record
    first: Option<RecordId>,
}

impl Target {
    /// Founds it and writes into it.
    pub fn build(rng: &mut impl Rng, effort: Effort) -> Result<Self, Failed> {
        let mut target = Self::default();
        let ground = Ground::found()?;
        for trade in &TRADES {
            let seat = (trade.supplier, trade.channel);
            let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
            let master = ground.master(trade.supplier)?;
            let mut operations = Vec::new();
            for _ in 0..RECEIVABLES {
                let secrets = likely(rng, effort, &target.keys);
                target.know(&secrets);
                let operation = receivable_operation(&secrets, trade, (&channel, &master), &ids)?;
                target.first = target.first.or(Some(operation.record));
                operations.push(operation);
            }
            ground.write(seat, vec![operations])?;
        }
        ground.consortium().quiesce();
        target.held.extend(ground.tap().packets().into_iter().map(|packet| packet.message));
        let folder = ground.close();
        target.accept_some(rng, effort, &home_of(&folder))?;
        target.hold(&Home::open(&home_of(&folder))?)?;
        Ok(target)
    }

    fn know(&mut self, secrets: &Secrets) {
        for (field, value) in secrets {
            match value {
                Value::Amount(minor) => self.amounts.push(*minor),
                Value::Text(text) if *field == "invoice_number" => self.keys.push(text.clone()),
                Value::Text(text) => self.texts.push(text.clone()),
                Value::Key(_) => {}
            }
        }
    }

    /// Claims that are issued and accepted by the commands: records, slices with commitments, keyed tags.
    fn accept_some(&mut self, rng: &mut impl Rng, effort: Effort, home: &Path) -> Result<(), Failed> {
        let desk = Desk::at(home);
        for member in ["buyer", "supplier-a", "bank-1"] {
            desk.done(&["asset", "open", "-c", "trade-a", "--as", member])?;
        }
        desk.done(&["business-date", "advance", "-c", "trade-a", "--as", "bank-1", "2031-01-05"])?;
        desk.done(&["tag-key", "create", "-c", "trade-a", "--as", "bank-1"])?;
        for _ in 0..2 {
            let (minor, number) = (likely_amount(rng, effort), another_key(rng, effort, &self.keys));
            let amount = format!("{}.{:02}", minor / 100, minor % 100);
            let made = desk.done(&[
                "receivable",
                "issue",
                "-c",
                "trade-a",
                "--as",
                "supplier-a",
                "--buyer",
                "buyer",
                "--bank",
                "bank-1",
                "--invoice",
                &number,
                "--amount",
                &amount,
                "--currency",
                "GBP",
                "--due",
                "2031-03-04",
            ])?;
            let record = made["receivable"].as_str().ok_or("an issue names its record")?.to_owned();
            desk.done(&[
                "receivable",
                "accept",
                "-c",
                "trade-a",
                "--as",
                "buyer",
                &record,
                "--recourse",
                "without",
            ])?;
            self.slices.push(minor);
            self.amounts.push(minor);
            self.keys.push(number);
        }
        Ok(())
    }

    /// Gathers what validators, strangers and members outside the audience hold, after unsealing with their own keys.
    fn hold(&mut self, home: &Home) -> Result<(), Failed> {
        for (key, value) in parclose_store::hazmat::raw_rows(&home.path().join("root"))? {
            self.held.extend([key, value]);
        }
        let cache = shared_cache(8 << 20);
        for (member, channel) in [
            ("bank-1", "trade-a"),
            ("buyer", "trade-a"),
            ("bank-1", "banks"),
            ("bank-2", "banks"),
            ("supplier-b", "trade-b"),
            ("bank-2", "trade-b"),
        ] {
            let directory = home.member_directory(member)?;
            let room = open_channel(&directory, &directory.channel(channel)?, &cache)?;
            let held = &mut self.held;
            room.store().logical_dump(|row| {
                held.push(row.row_key.to_vec());
                held.push(row.sealed.to_vec());
                held.extend(row.plain);
            })?;
            if (member, channel) == ("bank-1", "trade-a") {
                self.look_at(&room)?;
            }
        }
        Ok(())
    }

    /// The public strings of the first record and of the first note, and all around them.
    fn look_at(&mut self, room: &Channel) -> Result<(), Failed> {
        let (mut notes, mut around) = (Vec::new(), Vec::new());
        room.store().for_each(&NOTES, |_, row| notes.push(row))?;
        self.commitments = notes.len();
        self.assets = notes.iter().map(|row| row.note.asset.0).collect();
        self.assets.sort_unstable();
        self.assets.dedup();
        let first = self.first.ok_or("nothing was written")?;
        let sealed = look_around(room, &first, &mut around)?;
        let row = room.record(&first)?.ok_or("a record is not there")?;
        self.salts = vec![
            sealed.salt,
            salt_digest(&sealed.salt),
            row.record.0,
            record_key_hash("receivable", &row.record),
            room.id().0,
        ];
        self.salts.extend(row.fields.iter().take(1).map(|field| field.state.entry.leaf));
        self.salts.extend(sealed.fields.iter().flatten().take(1).map(|field| field.commitment));
        if let Some(note) = notes.first() {
            around.push(parclose_types::encode(note));
            look_around(room, &note.record, &mut around)?;
        }
        around.push(cut(&parclose_types::encode(room.config())));
        let strings: BTreeSet<[u8; 32]> = around
            .iter()
            .flat_map(|bytes| bytes.windows(32))
            .filter_map(|window| window.first_chunk().copied())
            .collect();
        self.strings = strings.into_iter().collect();
        Ok(())
    }
}

/// The row of a record, and what of its transaction is permanent and sealed; the sealed part.
fn look_around(room: &Channel, record: &RecordId, around: &mut Vec<Vec<u8>>) -> Result<SealedPart, Failed> {
    let row = room.record(record)?.ok_or("a record is not there")?;
    let field = row.fields.first().ok_or("a record without fields")?;
    let stored = room.transaction(&field.state.transaction)?.ok_or("a record without its transaction")?;
    let sealed = stored.sealed.ok_or("a transaction without its sealed part")?;
    around.extend([
        parclose_types::encode(&row),
        cut(&stored.permanent),
        cut(&parclose_types::encode(&sealed)),
    ]);
    Ok(sealed)
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..AROUND).unwrap_or(bytes).to_vec()
}

/// Bytes of each part around a record in which every string is taken.
const AROUND: usize = 1500;

fn likely_amount(rng: &mut impl Rng, effort: Effort) -> u64 {
    FIRST.saturating_add(rng.next_u64() % effort.amounts.max(1))
}

/// A receivable of which every value is a candidate.
fn likely(rng: &mut impl Rng, effort: Effort, taken: &[String]) -> Secrets {
    let mut secrets = receivable(rng);
    secrets.insert("invoice_number", Value::Text(another_key(rng, effort, taken)));
    for field in ["face_amount", "requested_advance"] {
        secrets.insert(field, Value::Amount(likely_amount(rng, effort)));
    }
    secrets
}

/// A candidate that no record has yet; there are more candidates than records.
fn another_key(rng: &mut impl Rng, effort: Effort, taken: &[String]) -> String {
    loop {
        let key = business_key(rng.next_u64() % effort.keys.max(KEYS_MIN));
        if !taken.contains(&key) {
            return key;
        }
    }
}

/// At least so many business keys are likely.
const KEYS_MIN: u64 = 1000;
