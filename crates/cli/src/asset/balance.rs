//! What a member can spend, and what it sees of the rest.

use std::collections::BTreeMap;

use parclose_channel::{Channel, ChannelError};
use parclose_transaction::NoteState;
use parclose_types::AssetId;
use serde_json::{Value, json};

use super::known::{self, Known};
use crate::args::{Global, OfChannel};
use crate::context::with_channel;
use crate::error::CliError;

/// Notes of one asset.
#[derive(Default)]
struct Sums {
    /// of this member: units, notes
    own: (u128, u64),
    /// read and not spendable: units, notes
    read: (u128, u64),
    sealed: u64,
    malformed: u64,
}

/// Runs `parclose asset balance`.
pub(super) fn balance(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let channel_name = of.channel.clone();
    with_channel(global, of, move |channel| {
        let known: BTreeMap<AssetId, Known> =
            known::all(channel)?.into_iter().map(|asset| (asset.id, asset)).collect();
        let sums = sums(channel)?;
        let rows = sums.iter().map(|(asset, sums)| row(asset, known.get(asset), sums));
        Ok(json!({
            "schema": "parclose.asset-balance/1",
            "channel": channel_name,
            "assets": rows.collect::<Vec<_>>(),
            "malformed": malformed(channel)?,
        }))
    })
}

fn sums(channel: &Channel) -> Result<BTreeMap<AssetId, Sums>, ChannelError> {
    let mut sums: BTreeMap<AssetId, Sums> = BTreeMap::new();
    for row in channel.assets()? {
        sums.entry(AssetId(row.record.0)).or_default();
    }
    for note in channel.own_notes()? {
        let own = &mut sums.entry(note.row.note.asset).or_default().own;
        *own = (own.0 + u128::from(note.opened.value), own.1 + 1);
    }
    for note in channel.notes(channel.keys())? {
        let sums = sums.entry(note.row.note.asset).or_default();
        match &note.state {
            NoteState::Opened(opened) => {
                sums.read = (sums.read.0 + u128::from(opened.value), sums.read.1 + 1);
            }
            NoteState::Sealed => sums.sealed += 1,
            NoteState::Malformed => sums.malformed += 1,
        }
    }
    Ok(sums)
}

fn row(asset: &AssetId, known: Option<&Known>, sums: &Sums) -> Value {
    let quantity = |units: u128| known.map(|known| known.written(units));
    // What was opened is this member's own, or somebody's whom it has paid.
    let others = (sums.read.0.saturating_sub(sums.own.0), sums.read.1.saturating_sub(sums.own.1));
    json!({
        "code": known.map(|known| known.code.clone()),
        "balance": quantity(sums.own.0),
        "balance_minor": sums.own.0.to_string(),
        "notes": sums.own.1,
        "others_read_minor": others.0.to_string(),
        "others_read": others.1,
        "sealed": sums.sealed,
        "malformed": sums.malformed,
        "asset": asset.to_string(),
    })
}

/// Notes whose amount is in this member's reach and does not open as committed, with who has made them.
fn malformed(channel: &Channel) -> Result<Vec<Value>, ChannelError> {
    let mut rows = Vec::new();
    for note in channel.notes(channel.keys())? {
        if matches!(note.state, NoteState::Malformed) {
            let record = channel.record(&note.row.record)?;
            let transaction =
                record.as_ref().and_then(|row| row.fields.first()).map(|field| field.state.transaction);
            let by = record.map(|row| channel.name_of(&row.owner)).transpose()?.flatten();
            rows.push(json!({
                "note": note.row.id.to_string(),
                "record": note.row.record.to_string(),
                "tx": transaction.map(|digest| digest.to_string()),
                "by": by,
            }));
        }
    }
    Ok(rows)
}

/// Runs `parclose asset list`.
pub(super) fn list(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let channel_name = of.channel.clone();
    with_channel(global, of, move |channel| {
        let mut rows = Vec::new();
        for asset in known::all(channel)? {
            rows.push(json!({
                "code": asset.code,
                "title": asset.title,
                "decimals": asset.decimals,
                "issuer": asset.issuer.map(|issuer| channel.name_of(&issuer)).transpose()?.flatten(),
                "supply_commitment": parclose_types::hex::encode(channel.supply(&asset.id)?.0.as_bytes()),
                "asset": asset.id.to_string(),
            }));
        }
        Ok(json!({ "schema": "parclose.assets/1", "channel": channel_name, "assets": rows }))
    })
}
