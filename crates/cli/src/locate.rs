//! `parclose locate`: from a business key, a record or a transaction to where it stands and what proves it.

mod copies;

use std::io::Write;
use std::path::Path;

use parclose_channel::tables::EventOutcome;
use parclose_channel::{Channel, ChannelError};
use parclose_node::{Consortium, RoomHandle};
use parclose_types::{RecordId, Sequence, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{Global, Locate, ReceiptKind};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;
use crate::receipt::receipt_text;
use crate::transaction::verdict_text;

/// Looks in the member's channels, in all of them or in one.
pub fn run(global: &Global, options: &Locate) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let mut found = Vec::new();
        for channel in channels(consortium, options)? {
            let room = consortium.room(&options.member, &channel)?;
            let attested = attested(consortium, &room)?;
            let sought = options.text.clone();
            let mut here = in_room(&room, move |channel| found_in(channel, &sought, attested))??;
            if !options.no_copies {
                copies::ask(&room, consortium.root().head(), &mut here)?;
            }
            for mut value in here {
                value["channel"] = json!(channel);
                if let Some(folder) = &options.receipts {
                    write_receipts(consortium, &room, &mut value, folder)?;
                }
                found.push(value);
            }
        }
        if found.is_empty() {
            return Err(CliError::not_found("record, transaction or text that this member can read"));
        }
        Ok(json!({ "schema": "parclose.locate/1", "sought": options.text, "found": found }))
    })
}

fn channels(consortium: &Consortium, options: &Locate) -> Result<Vec<String>, CliError> {
    let directory = consortium.home().member_directory(&options.member)?;
    let cards = directory.channels()?;
    let wanted = |name: &String| options.channel.as_ref().is_none_or(|wanted| wanted == name);
    let names: Vec<String> = cards.into_iter().map(|card| card.name).filter(wanted).collect();
    match &options.channel {
        // One that is not there is refused as any is.
        Some(channel) if names.is_empty() => Ok(vec![channel.clone()]),
        _ => Ok(names),
    }
}

/// The last event whose state an anchor attests.
fn attested(consortium: &Consortium, room: &RoomHandle) -> Result<Option<Sequence>, CliError> {
    let tag = in_room(room, |channel| channel.tag())?;
    let state = consortium.root().tag_state(&tag).map_err(parclose_node::HomeError::from)?;
    Ok(state.and_then(|state| state.attested))
}

fn found_in(
    channel: &mut Channel,
    sought: &str,
    attested: Option<Sequence>,
) -> Result<Vec<Value>, ChannelError> {
    let mut found = Vec::new();
    if let Ok(digest) = sought.parse::<TransactionDigest>()
        && let Some(at) = standing(channel, &digest, attested)?
    {
        found.push(json!({ "what": "transaction", "transactions": [at] }));
    }
    if let Ok(record) = sought.parse::<RecordId>()
        && channel.record(&record)?.is_some()
    {
        found.push(record_json(channel, &record, attested)?);
    }
    for hit in channel.find(sought)? {
        let mut value = record_json(channel, &hit.record, attested)?;
        let field = channel.definition().record(hit.record_type).and_then(|record| record.field(hit.field));
        value["field"] = json!(field.map(|field| field.name.as_str()));
        value["current"] = json!(hit.current);
        found.push(value);
    }
    Ok(found)
}

fn record_json(
    channel: &mut Channel,
    record: &RecordId,
    attested: Option<Sequence>,
) -> Result<Value, ChannelError> {
    let history = channel.history_of(record)?;
    let transactions = history.iter().filter_map(|digest| standing(channel, digest, attested).transpose());
    let transactions = transactions.collect::<Result<Vec<_>, _>>()?;
    let row = channel.record(record)?;
    let record_type = row.as_ref().and_then(|row| channel.definition().record(row.record_type));
    Ok(json!({
        "what": "record",
        "record": record.to_string(),
        "type": record_type.map(|record_type| record_type.name.as_str()),
        "version": row.as_ref().map(|row| row.version),
        "transactions": transactions,
    }))
}

/// Where a transaction stands, and how much of that can be proven to outsiders by now.
fn standing(
    channel: &Channel,
    digest: &TransactionDigest,
    attested: Option<Sequence>,
) -> Result<Option<Value>, ChannelError> {
    let Some(stored) = channel.transaction(digest)? else { return Ok(None) };
    let sequence = stored.place.sequence;
    let batch = channel.event(sequence)?.and_then(|event| match event.outcome {
        EventOutcome::Executed { commitment, .. } | EventOutcome::Void { commitment, .. } => Some(commitment),
        EventOutcome::Opened
        | EventOutcome::Closed
        | EventOutcome::Rotated { .. }
        | EventOutcome::Noted { .. } => None,
    });
    Ok(Some(json!({
        "tx": digest.to_string(),
        "sequence": sequence.0,
        "height": stored.height.0,
        "batch": batch.map(|commitment| commitment.to_string()),
        "index": stored.place.index,
        "verdict": verdict_text(&stored.verdict.verdict),
        "provable": if attested >= Some(sequence) { "outcome" } else { "order" },
    })))
}

/// A receipt beside each transaction: of its outcome where an anchor attests it, else of its order.
fn write_receipts(
    consortium: &Consortium,
    room: &RoomHandle,
    found: &mut Value,
    folder: &Path,
) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|e| CliError::file(folder, &e))?;
    for at in found["transactions"].as_array_mut().into_iter().flatten() {
        let digest = crate::transaction::parse_digest(at["tx"].as_str().unwrap_or_default())?;
        let kind = if at["provable"] == "outcome" { ReceiptKind::Outcome } else { ReceiptKind::Ordered };
        let file = folder.join(format!("{digest}.json"));
        let text = receipt_text(consortium, room, digest, kind)?;
        let written = replace_private(&file).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(&file, &e))?;
        at["receipt"] = json!(file.display().to_string());
    }
    Ok(())
}
