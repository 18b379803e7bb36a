//! `parclose netting`: what members owe each other on a day, netted and paid.

use std::collections::BTreeMap;

use parclose_channel::{Channel, ChannelError, Owing};
use parclose_node::randomness::generator;
use parclose_transaction::{Day, DraftMovement, NoteState};
use parclose_types::{AssetId, ObligationId};
use serde_json::{Value, json};

use crate::args::{Global, Netting, NettingOblige, NettingRun, OfChannel};
use crate::asset::known::{self, Known};
use crate::asset::submit;
use crate::context::with_channel;
use crate::error::CliError;
use crate::transaction::member_named;

/// Runs `parclose netting …`.
pub fn run(global: &Global, command: &Netting) -> Result<Value, CliError> {
    match command {
        Netting::Oblige(options) => oblige(global, options),
        Netting::Run(options) => net(global, options),
        Netting::Show { of, day } => show(global, of, day.as_deref()),
        Netting::Pay { of, obligation, reference } => pay(global, of, obligation, reference),
    }
}

fn day_of(text: &str) -> Result<Day, CliError> {
    let day = Day::of(text).filter(|day| day.to_string() == text);
    day.ok_or_else(|| CliError::usage(format!("`{text}` is no day of 1970 or later"), "2026-11-26"))
}

fn oblige(global: &Global, options: &NettingOblige) -> Result<Value, CliError> {
    let NettingOblige { of, amount, to, day, agent } = options;
    let (amount, to, day, agent) = (amount.clone(), to.clone(), day_of(day)?, agent.clone());
    submit(global, of, "parclose.netting-oblige/1", move |channel, _| {
        let asset = known::named(channel, &amount.asset)?;
        let units = asset.units(&amount.amount)?;
        let (payee, nets) = (member_named(channel, &to)?, member_named(channel, &agent)?);
        let purpose = amount.purpose.as_deref();
        let drafted = channel.oblige((asset.id, day), &[(payee, units)], nets, purpose, &mut generator())?;
        let told = json!({
            "code": asset.code,
            "quantity": asset.written(units.into()),
            "quantity_minor": units.to_string(),
            "to": to,
            "day": day.to_string(),
            "agent": agent,
        });
        Ok((drafted, told))
    })
}

fn net(global: &Global, options: &NettingRun) -> Result<Value, CliError> {
    let NettingRun { of, asset, day, reference } = options;
    let (asset, day, reference) = (asset.clone(), day_of(day)?, reference.clone());
    submit(global, of, "parclose.netting-run/1", move |channel, _| {
        let asset = known::named(channel, &asset)?;
        let drafted = channel.net((asset.id, day), &reference, &mut generator())?;
        let counts = drafted.movements.first().map(|movement| match movement {
            DraftMovement::Net { taken, debts, .. } => (taken.len(), debts.len()),
            _ => (0, 0),
        });
        let (taken, made) = counts.unwrap_or_default();
        let told = json!({ "code": asset.code, "day": day.to_string(), "netted": taken, "left": made });
        Ok((drafted, told))
    })
}

fn pay(global: &Global, of: &OfChannel, obligation: &str, reference: &str) -> Result<Value, CliError> {
    let id: ObligationId = obligation
        .parse()
        .map_err(|_| CliError::usage(format!("`{obligation}` is no obligation"), "parclose netting show"))?;
    let reference = reference.to_owned();
    submit(global, of, "parclose.netting-pay/1", move |channel, now| {
        let drafted = channel.discharge(id, &reference, now, &mut generator())?;
        Ok((drafted, json!({ "obligation": id.to_string() })))
    })
}

fn show(global: &Global, of: &OfChannel, day: Option<&str>) -> Result<Value, CliError> {
    let (name, day) = (of.channel.clone(), day.map(day_of).transpose()?);
    with_channel(global, of, move |channel| {
        let known: BTreeMap<AssetId, Known> =
            known::all(channel)?.into_iter().map(|asset| (asset.id, asset)).collect();
        let mut owing = channel.owing(channel.keys())?;
        owing.retain(|owing| day.is_none_or(|day| owing.row.obligation.day == day.0));
        let rows = owing.iter().map(|owing| row(channel, &known, owing)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, ChannelError>(json!({ "schema": "parclose.netting/1", "channel": name, "owed": rows }))
    })
}

fn row(channel: &Channel, known: &BTreeMap<AssetId, Known>, owing: &Owing) -> Result<Value, ChannelError> {
    let obligation = &owing.row.obligation;
    let known = known.get(&obligation.asset);
    let (state, units) = match &owing.state {
        NoteState::Opened(opened) => ("opened", Some(opened.value)),
        NoteState::Sealed => ("sealed", None),
        NoteState::Malformed => ("malformed", None),
    };
    let record = channel.record(&owing.row.record)?;
    let by = record.map(|row| channel.name_of(&row.owner)).transpose()?.flatten();
    Ok(json!({
        "day": Day(obligation.day).to_string(),
        "payer": channel.name_of(&obligation.output.payer)?,
        "payee": channel.name_of(&obligation.output.payee)?,
        "code": known.map(|known| known.code.clone()),
        "quantity": known.zip(units).map(|(known, units)| known.written(units.into())),
        "quantity_minor": units.map(|units| units.to_string()),
        "state": state,
        "payable": owing.payable,
        "by": by,
        "obligation": owing.row.id.to_string(),
    }))
}
