//! `parclose tx`: submit, list, show, views.

mod picture;
mod views;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use parclose_channel::{Channel, ChannelError, StoredTransaction, Verdict, VerdictRow};
use parclose_node::submission::Outcome;
use parclose_transaction::{Definition, DraftOperation, FieldState, FieldValue};
use parclose_types::{MemberId, RecordId, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{Global, OfChannel, Tx};
use crate::context::{in_room, with_channel, with_consortium};
use crate::error::CliError;
use crate::hosting;

/// Runs `parclose tx …`.
pub fn run(global: &Global, command: &Tx) -> Result<Value, CliError> {
    match command {
        Tx::Submit { of, file } => submit(global, of, file),
        Tx::List { of, from, limit } => list(global, of, *from, *limit),
        Tx::Show { of, transaction } => show(global, of, transaction),
        Tx::Views(options) => views::run(global, options),
    }
}

const DRAFT_BYTES_MAX: u64 = 1 << 20;

fn read_draft(file: &Path) -> Result<Value, CliError> {
    let read = if file == Path::new("-") {
        hosting::standard_input(DRAFT_BYTES_MAX)
    } else {
        std::fs::File::open(file).and_then(|f| std::io::read_to_string(f.take(DRAFT_BYTES_MAX)))
    };
    let text = read.map_err(|e| CliError::file(file, &e))?;
    serde_json::from_str(&text).map_err(|e| CliError::usage(format!("`{}`: {e}", file.display()), DRAFT_FORM))
}

const DRAFT_FORM: &str = r#"{"action":"create","type":"statement","parties":{"preparer":"bank-1","counterparty":"bank-2"},"fields":{...}}"#;

fn submit(global: &Global, of: &OfChannel, file: &Path) -> Result<Value, CliError> {
    let draft = read_draft(file)?;
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let operation = in_room(&room, move |channel| operation(channel, &draft))??;
        let record = operation.record;
        let outcome = room.submit_and_wait(vec![operation])?;
        let mut value = outcome_json("parclose.submit/1", &outcome);
        value["record"] = json!(record.to_string());
        match &outcome.verdict {
            Verdict::Applied => Ok(value),
            Verdict::Refused(rule) => Err(CliError::refused(rule).with_details(value)),
        }
    })
}

/// What became of something that was submitted.
pub fn outcome_json(schema: &str, outcome: &Outcome) -> Value {
    json!({
        "schema": schema,
        "tx": outcome.transaction.to_string(),
        "definite": true,
        "sequence": outcome.sequence.0,
        "verdict": verdict_text(&outcome.verdict),
    })
}

/// Reads a draft as a person writes it: names of members and fields.
fn operation(channel: &Channel, draft: &Value) -> Result<DraftOperation, CliError> {
    let members = draft.as_object().ok_or_else(|| CliError::usage("a draft is a JSON object", DRAFT_FORM))?;
    for name in members.keys() {
        if !["action", "type", "parties", "fields", "record", "version"].contains(&name.as_str()) {
            return Err(CliError::usage(format!("a draft has no member `{name}`"), DRAFT_FORM));
        }
    }
    let text = |name: &str| {
        let found = draft[name].as_str().map(str::to_owned);
        found.ok_or_else(|| CliError::usage(format!("`{name}` is missing or not a text"), DRAFT_FORM))
    };
    let record_type = text("type")?;
    let known = channel.definition().record_named(&record_type);
    let known = known
        .ok_or_else(|| CliError::usage(format!("no record type `{record_type}`"), "parclose channel show"))?;
    let empty = serde_json::Map::new();
    let mut fields = BTreeMap::new();
    for (name, value) in draft["fields"].as_object().unwrap_or(&empty) {
        let schema = known.field_named(name);
        let schema =
            schema.ok_or_else(|| CliError::usage(format!("no field `{name}`"), "parclose channel show"))?;
        let value = FieldValue::from_json(schema.field_type, value)
            .map_err(|e| CliError::usage(format!("field `{name}`: {e}"), DRAFT_FORM))?;
        fields.insert(name.clone(), value);
    }
    let mut parties = BTreeMap::new();
    for (slot, member) in draft["parties"].as_object().unwrap_or(&empty) {
        parties.insert(slot.clone(), member_named(channel, member.as_str().unwrap_or_default())?);
    }
    let record = match draft["record"].as_str() {
        Some(id) => {
            id.parse::<RecordId>().map_err(|e| CliError::usage(format!("`record`: {e}"), DRAFT_FORM))?
        }
        None => random_record(),
    };
    let next = channel.record(&record)?.map_or(1, |row| row.version + 1);
    let version = draft["version"].as_u64().unwrap_or(next);
    Ok(DraftOperation {
        keyed_tag: None,
        action: text("action")?,
        record_type,
        record,
        version,
        parties,
        fields,
    })
}

fn random_record() -> RecordId {
    let mut id = [0_u8; 32];
    rand_core::Rng::fill_bytes(&mut parclose_node::randomness::generator(), &mut id);
    RecordId(id)
}

/// A member by name; a name that is not of this channel says only that.
pub fn member_named(channel: &Channel, name: &str) -> Result<MemberId, CliError> {
    let member = channel.config().named(name);
    let member = member.ok_or_else(|| {
        CliError::usage(format!("`{name}` is not a member of this channel"), "parclose channel show")
    })?;
    Ok(member.id())
}

fn list(global: &Global, of: &OfChannel, from: u64, limit: usize) -> Result<Value, CliError> {
    let rows = with_channel(global, of, move |channel| {
        let rows = channel.verdicts(from, limit)?;
        rows.iter().map(|(index, row)| listed(channel, *index, row)).collect::<Result<Vec<Value>, _>>()
    })?;
    Ok(json!({ "schema": "parclose.transactions/1", "channel": of.channel, "transactions": rows }))
}

/// A row of the verdict log: acts, by which members change the channel, stand between the records.
fn listed(channel: &Channel, index: u64, row: &VerdictRow) -> Result<Value, ChannelError> {
    let stored = channel.transaction(&row.transaction)?;
    let act =
        stored.as_ref().and_then(|stored| stored.body.act.as_ref()).map(parclose_transaction::Act::name);
    Ok(json!({
        "index": index,
        "tx": row.transaction.to_string(),
        "sequence": row.sequence.0,
        "act": act,
        "verdict": verdict_text(&row.verdict),
    }))
}

fn show(global: &Global, of: &OfChannel, transaction: &str) -> Result<Value, CliError> {
    let digest = parse_digest(transaction)?;
    let shown = with_channel(global, of, move |channel| {
        let Some(stored) = channel.transaction(&digest)? else { return Ok(None) };
        let views = channel.view_transaction(channel.keys(), &stored)?;
        let definition = channel.definition_in(stored.body.generation)?;
        let name = |key| channel.name_in(stored.body.generation, key);
        let openers = stored.openers.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let mut operations = Vec::new();
        for (operation, fields) in stored.body.operations.iter().zip(views) {
            operations.push(operation_json(channel, &definition, operation, &fields)?);
        }
        Ok(Some(json!({
            "schema": "parclose.transaction/1",
            "tx": digest.to_string(),
            "verdict": verdict_text(&stored.verdict.verdict),
            "sequence": stored.place.sequence.0,
            "height": stored.height.0,
            "generation": stored.body.generation.0,
            "epoch": stored.body.epoch.0,
            "author": name(&stored.body.author)?,
            "opened_by": openers,
            "act": stored.body.act.as_ref().map(parclose_transaction::Act::name),
            "operations": operations,
            "movements": movements_json(&stored),
        })))
    })?;
    shown.ok_or_else(|| CliError::not_found("transaction"))
}

/// What it does with notes and with what is owed: what every member of the channel sees of that.
fn movements_json(stored: &StoredTransaction) -> Vec<Value> {
    let (mut index, mut next) = (0, 0);
    let mut rows = Vec::new();
    for movement in &stored.body.movements {
        let mut made = Vec::new();
        for output in movement.outputs() {
            made.push(output.id(&stored.body.channel, &stored.digest, index).to_string());
            index += 1;
        }
        let mut owed = Vec::new();
        for obligation in movement.obligations() {
            owed.push(obligation.id(&stored.body.channel, &stored.digest, next).to_string());
            next += 1;
        }
        rows.push(json!({
            "kind": movement.name(),
            "asset": movement.asset().to_string(),
            "spent": movement.inputs().iter().map(|input| input.note.to_string()).collect::<Vec<_>>(),
            "made": made,
            "owed": owed,
            "ended": movement.ended().iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    rows
}

fn operation_json(
    channel: &Channel,
    definition: &Definition,
    operation: &parclose_transaction::Operation,
    fields: &[parclose_transaction::FieldView],
) -> Result<Value, ChannelError> {
    let record_type = definition.record(operation.record_type);
    let mut parties = serde_json::Map::new();
    for (slot, member) in &operation.parties {
        if let Some(slot) = record_type.and_then(|r| r.slots.get(usize::from(*slot))) {
            parties.insert(slot.name.clone(), json!(channel.name_of(member)?));
        }
    }
    let fields: Vec<Value> = fields
        .iter()
        .map(|view| {
            let name = record_type.and_then(|r| r.field(view.field)).map(|f| f.name.clone());
            let (state, value) = state_json(&view.state);
            json!({ "field": name, "state": state, "value": value })
        })
        .collect();
    Ok(json!({
        "action": operation.action,
        "type": record_type.map(|r| r.name.as_str()),
        "record": operation.record.to_string(),
        "version": operation.version,
        "parties": parties,
        "fields": fields,
    }))
}

/// A field's state as a word, and its value when opened.
#[must_use]
pub fn state_json(state: &FieldState) -> (&'static str, Value) {
    match state {
        FieldState::Opened(value) => ("opened", value.to_json()),
        FieldState::Sealed => ("sealed", Value::Null),
        FieldState::Malformed => ("malformed", Value::Null),
        FieldState::Erased => ("erased", Value::Null),
        FieldState::Missing => ("missing", Value::Null),
    }
}

/// A verdict as a word: `applied`, or `refused:RULE`.
#[must_use]
pub fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Applied => "applied".into(),
        Verdict::Refused(rule) => format!("refused:{rule}"),
    }
}

/// Reads a transaction's digest.
pub fn parse_digest(text: &str) -> Result<TransactionDigest, CliError> {
    text.parse()
        .map_err(|e| CliError::usage(format!("`{text}` is not a transaction: {e}"), "parclose tx list"))
}
