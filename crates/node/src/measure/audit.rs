//! What it costs to open a channel as its regulator does: fields by view keys, and amounts compared with their commitments.
//!
//! The real code on a real export: written, anchored, executed, exported and verified before the clock starts. Wall
//! time on all cores; ratios of one run are what to compare.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::Path;

use parclose_audit::bundle::OrderedEvent;
use parclose_audit::{Bundle, GrantScope, VerifiedBundle};
use parclose_channel::Channel;
use parclose_consensus::RootChain;
use parclose_keys::ViewKey;
use parclose_types::{AudienceId, ClassId, Epoch, Generation, Sequence};
use serde_json::{Value, json};

use super::primitives::{Primitives, Workbench};
use super::room::Room;
use super::{Failed, clock, median, record_write, transfer};

const ROUNDS: usize = 5;

/// Opens `records` records of 6 fields for 2 audiences, and `amounts` amounts.
pub fn audit(directory: &Path, records: usize, amounts: usize) -> Result<Value, Failed> {
    std::fs::create_dir_all(directory)?;
    let mut workbench = Workbench::new(directory)?;
    let room = record_write::written(&directory.join("records"), records)?;
    let (fields, verified) = timed(|| exported(&room, record_write::SENDER))?;
    drop(room);
    let room = transfer::issued(&directory.join("amounts"), amounts)?;
    let (notes, _) = timed(|| exported(&room, transfer::PAYER))?;
    let (mut primitives, mut opening, mut comparing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        primitives.push(workbench.measure()?);
        opening.push(timed(|| Ok(fields.bundle.read(&fields.keys).opened_fields))?);
        comparing.push(timed(|| Ok(notes.opened()))?);
    }
    let primitives = Primitives::median(&primitives);
    let of = |runs: &[(u64, f64)]| {
        let count = runs.first().map_or(0, |(count, _)| *count);
        (count, median(runs.iter().map(|(_, seconds)| *seconds)))
    };
    let ((opened, open), (compared, compare)) = (of(&opening), of(&comparing));
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    // All that reads fields derives a key and opens a ciphertext for each.
    let least = primitives.opening() / cores as f64;
    let each = |seconds: f64, count: u64| seconds * 1e6 / count.max(1) as f64;
    Ok(json!({
        "schema": "parclose.bench-audit/1",
        "cores": cores,
        "records": opened / record_write::FIELDS as u64,
        "fields": opened,
        "export_and_verify_seconds": verified,
        "open_seconds": open,
        "open_us_each": each(open, opened),
        "unavoidable_us_each": least,
        "ratio": each(open, opened) / least,
        "amounts": compared,
        "amount_us_each": each(compare, compared),
        "primitives": primitives.to_json(),
    }))
}

/// A verified export, and every view key that a member can cut for it.
struct Exported {
    bundle: VerifiedBundle,
    keys: Vec<ViewKey>,
}

impl Exported {
    /// Amounts that open as committed.
    fn opened(&self) -> u64 {
        self.bundle.value(&self.keys).values().map(|asset| asset.notes - asset.unspent.unopened).sum()
    }
}

fn exported(room: &Room, at: usize) -> Result<Exported, Failed> {
    let channel = &room.members[at];
    let tag = channel.tag();
    let events = room.root.events(&tag, Sequence(0), usize::MAX)?;
    let ordered = events
        .iter()
        .map(|event| OrderedEvent { height: event.height, transaction: event.transaction.encode() });
    let proof = room.root.prove_tag(&tag)?.ok_or("the channel has no proof")?;
    let bundle = Bundle::export(channel, ordered.collect(), proof, None)?;
    let bundle = bundle.verify(room.root.genesis())?;
    let keys = keys(channel, &bundle)?;
    Ok(Exported { bundle, keys })
}

type Scope = (Generation, AudienceId, ClassId);

fn keys(channel: &Channel, bundle: &VerifiedBundle) -> Result<Vec<ViewKey>, Failed> {
    let mut scopes: BTreeSet<Scope> = BTreeSet::new();
    for transaction in bundle.batches().iter().flat_map(|batch| &batch.transactions) {
        let generation = transaction.body.generation;
        let definition = bundle.definition_in(generation).ok_or("no definition")?;
        for operation in &transaction.body.operations {
            let record_type = definition.record(operation.record_type).ok_or("no record type")?;
            for entry in &operation.fields {
                let class = record_type.field(entry.field).ok_or("no field")?.class;
                scopes.insert((generation, entry.audience, class));
            }
        }
    }
    let held = scopes.into_iter().filter(|(_, audience, _)| channel.keys().holds(audience));
    let cut = |(generation, audience, class)| {
        let channel_id = *bundle.channel();
        let scope = GrantScope {
            channel: channel_id,
            generation,
            audience,
            class,
            from: Epoch(0),
            to: Epoch(1 << 20),
        };
        scope.cut(channel.keys())
    };
    Ok(held.map(cut).collect::<Result<_, _>>()?)
}

/// Seconds that something takes.
fn timed<T>(work: impl FnOnce() -> Result<T, Failed>) -> Result<(T, f64), Failed> {
    let started = clock::wall()?;
    let done = work()?;
    Ok((done, clock::wall()? - started))
}
