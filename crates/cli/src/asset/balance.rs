//! What a member can spend, and what it sees of the rest.

use std::collections::BTreeMap;

use parclose_channel::holdings::NoteView;
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
    /// of somebody whom it has paid: units, notes
    others: (u128, u64),
    sealed: u64,
    malformed: u64,
}

/// Runs `parclose asset balance`.
pub(super) fn balance(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let channel_name = of.channel.clone();
    with_channel(global, of, move |channel| {
        let known: BTreeMap<AssetId, Known> =
            known::all(channel)?.into_iter().map(|asset| (asset.id, asset)).collect();
        let notes = channel.notes(channel.keys())?;
        let sums = sums(channel, &notes)?;
        let rows = sums.iter().map(|(asset, sums)| row(asset, known.get(asset), sums));
        Ok(json!({
            "schema": "parclose.asset-balance/1",
            "channel": channel_name,
            "assets": rows.collect::<Vec<_>>(),
            "open_locks": channel.open_locks().count(),
            "malformed": malformed(channel, &notes)?,
        }))
    })
}

fn sums(channel: &Channel, notes: &[NoteView]) -> Result<BTreeMap<AssetId, Sums>, ChannelError> {
    let mut sums: BTreeMap<AssetId, Sums> = BTreeMap::new();
    for row in channel.assets()? {
        sums.entry(AssetId(row.record.0)).or_default();
    }
    let accounts = channel.own_accounts()?;
    for NoteView { row, state } in notes {
        let sums = sums.entry(row.note.asset).or_default();
        match state {
            NoteState::Opened(opened) => {
                let whose =
                    if accounts.paid(row, state).is_some() { &mut sums.own } else { &mut sums.others };
                *whose = (whose.0 + u128::from(opened.value), whose.1 + 1);
            }
            NoteState::Sealed => sums.sealed += 1,
            NoteState::Malformed => sums.malformed += 1,
        }
    }
    Ok(sums)
}

fn row(asset: &AssetId, known: Option<&Known>, sums: &Sums) -> Value {
    let quantity = |units: u128| known.map(|known| known.written(units));
    json!({
        "code": known.map(|known| known.code.clone()),
        "balance": quantity(sums.own.0),
        "balance_minor": sums.own.0.to_string(),
        "notes": sums.own.1,
        "others_read_minor": sums.others.0.to_string(),
        "others_read": sums.others.1,
        "sealed": sums.sealed,
        "malformed": sums.malformed,
        "asset": asset.to_string(),
    })
}

/// Notes whose amount is in this member's reach and does not open as committed, with who has made them.
fn malformed(channel: &Channel, notes: &[NoteView]) -> Result<Vec<Value>, ChannelError> {
    let mut rows = Vec::new();
    for note in notes {
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
