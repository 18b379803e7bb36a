//! `parclose asset`: assets, accounts, payments, balances.

mod balance;
pub(crate) mod known;
pub(crate) mod units;

use parclose_channel::{Channel, Drafted, Payment, Verdict};
use parclose_documents::currency::Currency;
use parclose_node::randomness::generator;
use parclose_node::{Consortium, RoomHandle};
use parclose_transaction::{FieldType, FieldValue};
use parclose_types::Height;
use serde_json::{Value, json};

use crate::args::{Asset, AssetAmount, AssetDefine, AssetPayment, Global, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::transaction::{member_named, outcome_json};
use known::Known;

/// Runs `parclose asset …`.
pub fn run(global: &Global, command: &Asset) -> Result<Value, CliError> {
    match command {
        Asset::Define(options) => define(global, options),
        Asset::Open { of } => open(global, of),
        Asset::List { of } => balance::list(global, of),
        Asset::Issue(options) => pay(global, options, Kind::Issue),
        Asset::Transfer(options) => pay(global, options, Kind::Transfer),
        Asset::Redeem { of, amount } => redeem(global, of, amount),
        Asset::Balance { of } => balance::balance(global, of),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Issue,
    Transfer,
}

fn define(global: &Global, options: &AssetDefine) -> Result<Value, CliError> {
    let known = Currency::find(&options.code).map(|currency| u64::from(currency.minor_digits()));
    let decimals = match (options.decimals, known) {
        (Some(said), Some(known)) if said != known => {
            let code = &options.code;
            return Err(CliError::usage(format!("{code} has {known} decimals"), "leave --decimals out"));
        }
        (said, known) => said.or(known).ok_or_else(|| {
            CliError::usage(format!("`{}` is no currency of ISO 4217", options.code), "say its --decimals")
        })?,
    };
    let (code, more) = (options.code.clone(), more(options)?);
    submit(global, &options.of, "parclose.asset-define/1", move |channel, _| {
        if known::all(channel)?.iter().any(|asset| asset.code == code) {
            return Err(CliError::usage(format!("the channel has an asset `{code}`"), "parclose asset list"));
        }
        let mut fields = vec![("code", FieldValue::Text(code)), ("decimals", FieldValue::Integer(decimals))];
        fields.extend(more);
        let operation = channel.define_asset(fields, &mut generator())?;
        let told = json!({ "asset": operation.record.to_string(), "decimals": decimals });
        Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
    })
}

/// What else is said of an asset.
fn more(options: &AssetDefine) -> Result<Vec<(&'static str, FieldValue)>, CliError> {
    let text = |text: &String| FieldValue::Text(text.clone());
    let maturity = options.maturity.as_ref().map(|day| {
        let read = FieldValue::from_json(FieldType::Date, &json!(day));
        read.map_err(|error| CliError::usage(format!("--maturity: {error}"), "2026-11-26"))
    });
    let title = options.title.as_ref().map(|title| ("title", text(title)));
    let isin = options.isin.as_ref().map(|isin| ("isin", text(isin)));
    let maturity = maturity.transpose()?.map(|day| ("maturity", day));
    Ok(title.into_iter().chain(isin).chain(maturity).collect())
}

fn open(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    submit(global, of, "parclose.asset-open/1", |channel, _| {
        let operation = channel.open_account(&mut generator())?;
        let told = json!({ "account": operation.record.to_string() });
        Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
    })
}

fn pay(global: &Global, options: &AssetPayment, kind: Kind) -> Result<Value, CliError> {
    let (amount, to) = (options.amount.clone(), options.to.clone());
    submit(global, &options.of, "parclose.asset-payment/1", move |channel, now| {
        let asset = known::named(channel, &amount.asset)?;
        let units = asset.units(&amount.amount)?;
        let paid = member_named(channel, &to)?;
        let payment = Payment { asset: asset.id, to: paid, amount: units, purpose: amount.purpose };
        let drafted = match kind {
            Kind::Issue => channel.issue(&payment, &mut generator())?,
            Kind::Transfer => channel.pay(&payment, now, &mut generator())?,
        };
        let mut told = quantity_json(&asset, units);
        told["to"] = json!(to);
        Ok((drafted, told))
    })
}

fn redeem(global: &Global, of: &OfChannel, amount: &AssetAmount) -> Result<Value, CliError> {
    let amount = amount.clone();
    submit(global, of, "parclose.asset-redeem/1", move |channel, now| {
        let asset = known::named(channel, &amount.asset)?;
        let units = asset.units(&amount.amount)?;
        let drafted = channel.redeem((asset.id, units), amount.purpose.as_deref(), now, &mut generator())?;
        Ok((drafted, quantity_json(&asset, units)))
    })
}

/// Drafts in the room, submits, waits for the verdict; what was set aside for a payment that does not take place is free again.
pub(crate) fn submit(
    global: &Global,
    of: &OfChannel,
    schema: &str,
    draft: impl FnOnce(&mut Channel, Height) -> Result<(Drafted, Value), CliError> + Send + 'static,
) -> Result<Value, CliError> {
    submit_then(global, of, schema, draft, |_, _, value| Ok(value))
}

/// As [`submit`], and does something more once it is applied.
pub(crate) fn submit_then(
    global: &Global,
    of: &OfChannel,
    schema: &str,
    draft: impl FnOnce(&mut Channel, Height) -> Result<(Drafted, Value), CliError> + Send + 'static,
    then: impl FnOnce(&Consortium, &RoomHandle, Value) -> Result<Value, CliError>,
) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let now = consortium.root().head();
        let (drafted, told) = in_room(&room, move |channel| draft(channel, now))??;
        let set_aside = drafted.set_aside;
        let outcome = match room.submit_with_and_wait(drafted.operations, drafted.movements) {
            Ok(outcome) => outcome,
            Err(error) => {
                if parclose_types::Failure::definite(&error) {
                    release(&room, set_aside)?;
                }
                return Err(error.into());
            }
        };
        let mut value = outcome_json(schema, &outcome);
        for (name, member) in told.as_object().into_iter().flatten() {
            value[name] = member.clone();
        }
        match &outcome.verdict {
            Verdict::Applied => then(consortium, &room, value),
            Verdict::Refused(rule) => {
                release(&room, set_aside)?;
                Err(CliError::refused(rule).with_details(value))
            }
        }
    })
}

fn release(room: &RoomHandle, notes: Vec<parclose_types::NoteId>) -> Result<(), CliError> {
    if notes.is_empty() { Ok(()) } else { in_room(room, move |channel| channel.release(&notes)) }
}

fn quantity_json(asset: &Known, units: u64) -> Value {
    json!({
        "asset": asset.id.to_string(),
        "code": asset.code,
        "quantity_minor": units.to_string(),
        "quantity": asset.written(units.into()),
    })
}
