//! `parclose record`: records as a member sees them, one, or page by page.

mod condition;

use parclose_channel::{Channel, ChannelError, RecordView};
use parclose_types::RecordId;
use serde_json::{Value, json};

use crate::args::{Global, OfChannel, Record, RecordQuery};
use crate::context::{in_room, with_channel, with_consortium};
use crate::error::CliError;
use crate::transaction::state_json;
use condition::Condition;

/// Runs `parclose record …`.
pub fn run(global: &Global, command: &Record) -> Result<Value, CliError> {
    match command {
        Record::Show { of, record } => show(global, of, record),
        Record::List { of, query } => list(global, of, query),
    }
}

fn show(global: &Global, of: &OfChannel, record: &str) -> Result<Value, CliError> {
    let id: RecordId = record
        .parse()
        .map_err(|e| CliError::usage(format!("`{record}` is not a record: {e}"), "parclose record list"))?;
    let shown = with_channel(global, of, move |channel| {
        let Some(view) = channel.view_record(channel.keys(), &id)? else { return Ok(None) };
        let mut value = record_json(channel, &view)?;
        let history = channel.history_of(&id)?;
        value["schema"] = json!("parclose.record/1");
        value["transactions"] = json!(history.iter().map(ToString::to_string).collect::<Vec<_>>());
        Ok(Some(value))
    })?;
    shown.ok_or_else(|| CliError::not_found("record"))
}

fn list(global: &Global, of: &OfChannel, query: &RecordQuery) -> Result<Value, CliError> {
    let query = query.clone();
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let page = in_room(&room, move |channel| page(channel, &query))??;
        Ok(json!({
            "schema": "parclose.records/1",
            "channel": of.channel,
            "records": page.0,
            "next": page.1,
        }))
    })
}

fn page(channel: &Channel, query: &RecordQuery) -> Result<(Vec<Value>, Option<u64>), CliError> {
    let definition = channel.definition();
    let record_type = query.record_type.as_ref().map(|name| {
        let known = definition.record_named(name);
        known.ok_or_else(|| CliError::usage(format!("no record type `{name}`"), "parclose channel show"))
    });
    let record_type = record_type.transpose()?;
    let conditions = query.conditions.iter().map(|text| Condition::parse(text, definition, record_type));
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    let kept = |view: &RecordView| {
        record_type.is_none_or(|wanted| wanted.id == view.row.record_type)
            && conditions.iter().all(|condition| condition.holds(view))
    };
    let found = channel.list_records(channel.keys(), query.after, query.limit, kept)?;
    let rows = found.records.iter().map(|(_, view)| record_json(channel, view));
    Ok((rows.collect::<Result<_, _>>()?, found.next))
}

fn record_json(channel: &Channel, view: &RecordView) -> Result<Value, ChannelError> {
    let record_type = channel.definition().record(view.row.record_type);
    let mut parties = serde_json::Map::new();
    for (slot, member) in &view.row.parties {
        if let Some(slot) = record_type.and_then(|record| record.slots.get(usize::from(*slot))) {
            parties.insert(slot.name.clone(), json!(channel.name_of(member)?));
        }
    }
    let mut fields = serde_json::Map::new();
    for field in &view.fields {
        let name = record_type.and_then(|record| record.field(field.field)).map(|field| field.name.clone());
        let (state, value) = state_json(&field.state);
        let shown = if value.is_null() { json!(state) } else { value };
        fields.insert(name.unwrap_or_else(|| field.field.0.to_string()), shown);
    }
    Ok(json!({
        "record": view.row.record.to_string(),
        "type": record_type.map(|record| record.name.as_str()),
        "version": view.row.version,
        "owner": channel.name_of(&view.row.owner)?,
        "state": view.row.status,
        "day": view.row.day.map(|day| day.to_string()),
        "parties": parties,
        "fields": fields,
    }))
}
