//! Offers to the banks, and their bids.

use parclose_channel::{Drafted, Values};
use parclose_node::randomness::generator;
use parclose_transaction::FieldValue;
use serde_json::{Value, json};

use super::{RECEIVABLE, Seen, amount, id, money, step_json, values};
use crate::args::{Global, OneReceivable, Recourse};
use crate::asset::submit;
use crate::error::CliError;

/// A holder offers.
pub(super) fn offer(
    global: &Global,
    of: &OneReceivable,
    units: &str,
    recourse: Recourse,
) -> Result<Value, CliError> {
    let (record, units) = (id(&of.record)?, units.to_owned());
    submit(global, &of.of, "parclose.receivable-offer/1", move |channel, now| {
        let claim = Seen::typed(channel, &record, RECEIVABLE)?;
        if claim.row.status.as_deref() == Some("bound") {
            let (told, fix) = ("the claim is not assignable", "wait for its payment");
            let fault = parclose_types::Fault::Sender;
            return Err(CliError::new("STATE_CONFLICT", "LIF-07", fault, told.into(), fix));
        }
        let asset = parclose_types::AssetId(record.0);
        let notes = channel.free_notes(&asset, now).map_err(CliError::from)?;
        let first = notes.first().map(|note| Seen::of(channel, &note.row.record)).transpose()?.flatten();
        let terms = first.as_ref().and_then(|slice| Some((slice.text("due_date")?, slice.text("currency")?)));
        let Some((due, currency)) = terms else {
            return Err(CliError::usage(
                "this member holds no slice of the claim",
                "parclose receivable show",
            ));
        };
        let units = amount(&units, currency)?;
        let held: u128 = notes.iter().map(|note| u128::from(note.opened.value)).sum();
        if held < u128::from(units) {
            return Err(CliError::usage("this member holds less of the claim", "parclose receivable show"));
        }
        let fields = values([
            ("receivable", FieldValue::Text(claim.row.record.to_string())),
            ("amount", money(units, currency)),
            ("due_date", FieldValue::Date(due.into())),
            ("recourse", FieldValue::Text(recourse.word().into())),
        ]);
        let own = channel.own_id();
        let operation = channel.draft_record("offer", "create", |_| own, fields, &mut generator())?;
        let told = json!({ "offer": operation.record.to_string(), "receivable": record.to_string() });
        Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
    })
}

/// A bank bids.
pub(super) fn bid(
    global: &Global,
    of: &OneReceivable,
    price: &str,
    valid_until: Option<&str>,
) -> Result<Value, CliError> {
    let (record, price) = (id(&of.record)?, price.to_owned());
    let valid_until = valid_until.map(str::to_owned);
    submit(global, &of.of, "parclose.receivable-bid/1", move |channel, _| {
        let offer = Seen::typed(channel, &record, "offer")?;
        let (Some((_, currency)), Some(holder)) = (offer.amount("amount"), offer.party("holder")) else {
            return Err(CliError::usage("this member cannot read the offer", "banks of the channel bid"));
        };
        if offer.row.status.as_deref() != Some("open") {
            let told = format!("the offer is `{}`", offer.row.status.unwrap_or_default());
            let fault = parclose_types::Fault::Sender;
            return Err(CliError::new("STATE_CONFLICT", "LIF-01", fault, told, "parclose receivable list"));
        }
        let mut fields = values([
            ("offer", FieldValue::Text(record.to_string())),
            ("price", money(amount(&price, &currency)?, &currency)),
        ]);
        fields.extend(valid_until.map(|day| ("valid_until".to_owned(), FieldValue::Date(day))));
        let own = channel.own_id();
        let member = |slot: &str| if slot == "holder" { holder } else { own };
        let operation = channel.draft_record("bid", "create", member, fields, &mut generator())?;
        let told = json!({ "bid": operation.record.to_string(), "offer": record.to_string() });
        Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
    })
}

/// A holder gives its offer to one bid.
///
/// # Rules
///
/// > RCV-04: an offer is awarded to a bid that was made for it.
pub(super) fn award(global: &Global, of: &OneReceivable, bid: &str) -> Result<Value, CliError> {
    let (offer, bid) = (id(&of.record)?, id(bid)?);
    submit(global, &of.of, "parclose.receivable-award/1", move |channel, _| {
        let seen = Seen::typed(channel, &bid, "bid")?;
        if seen.text("offer") != Some(offer.to_string().as_str()) {
            return Err(CliError::usage("the bid is not for this offer", "parclose receivable list"));
        }
        let operations = vec![
            channel.draft_step(&offer, "award", Values::new())?,
            channel.draft_step(&bid, "win", Values::new())?,
        ];
        let mut told = step_json(channel, &offer, "award")?;
        told["bid"] = json!(bid.to_string());
        told["bank"] = json!(seen.named(channel, "bank")?);
        Ok((Drafted { operations, ..Drafted::default() }, told))
    })
}
