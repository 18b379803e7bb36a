//! Claims, offers and bids as a member sees them.

use std::path::Path;

use parclose_channel::payment::pieces::smallest_piece;
use parclose_channel::{Channel, ChannelError, RecordView};
use parclose_transaction::NoteState;
use parclose_types::{AssetId, RecordId};
use serde_json::{Value, json};

use super::claimed::Claimed;
use super::picture::Picture;
use super::{RECEIVABLE, Seen, id, written};
use crate::args::{Global, OfChannel, OneReceivable};
use crate::context::{in_room, with_channel, with_consortium};
use crate::error::CliError;
use crate::output;

/// Runs `parclose receivable show`.
pub(super) fn one(global: &Global, of: &OneReceivable, svg: Option<&Path>) -> Result<Value, CliError> {
    let record = id(&of.record)?;
    let (mut value, picture) = with_consortium(global, |consortium| {
        let room = consortium.room(&of.of.member, &of.of.channel)?;
        let (mut value, picture, claimed) = in_room(&room, move |channel| {
            let claim = Seen::typed(channel, &record, RECEIVABLE)?;
            let picture = Picture::of(&claim);
            let claimed = Claimed::of(channel, &claim)?;
            Ok::<_, CliError>((shown(channel, &claim)?, picture, claimed))
        })??;
        value["claimed"] = json!(claimed.map(|claimed| claimed.to_json(consortium)).transpose()?);
        Ok((value, picture))
    })?;
    if let (Some(path), Some(picture)) = (svg, picture) {
        output::write_text(path, &picture.draw())?;
        value["picture"] = json!(path.display().to_string());
    }
    Ok(value)
}

/// # Rules
///
/// > RCV-05: a reader of a claim is told whether its sealed due date lies in its bucket, and whether the slices that it reads add up to the face amount.
fn shown(channel: &Channel, claim: &Seen) -> Result<Value, ChannelError> {
    let face = claim.amount("face_amount");
    let currency = face.as_ref().map(|(_, currency)| currency.clone());
    let slices = slices(channel, &claim.row.record)?;
    let steps = channel.open_steps(&claim.row)?;
    let steps =
        steps.iter().map(|step| json!({ "step": step.name, "to": step.to, "needs": step.conditions() }));
    let mut value = row(channel, claim)?;
    value["schema"] = json!("parclose.receivable/1");
    value["version"] = json!(claim.row.version);
    value["business_day"] = json!(channel.business_day()?.map(|day| day.to_string()));
    value["due_agrees"] = json!(claim.due_agrees());
    value["face_agrees"] = json!(face_agrees(claim, face.as_ref().map(|(face, _)| *face), &slices));
    value["malformed"] = json!(claim.malformed);
    value["fields"] = json!(
        claim
            .values
            .iter()
            .map(|(name, value)| (name, value.to_json()))
            .collect::<std::collections::BTreeMap<_, _>>()
    );
    value["slices"] =
        json!(slices.iter().map(|slice| slice.to_json(currency.as_deref())).collect::<Vec<_>>());
    value["can_be_done"] = json!(steps.collect::<Vec<_>>());
    Ok(value)
}

/// Before anything is paid, the slices are worth the face amount; known to who reads all of them.
fn face_agrees(claim: &Seen, face: Option<u64>, slices: &[Slice]) -> Option<bool> {
    let unpaid = matches!(claim.row.status.as_deref(), Some("live" | "reserved" | "bound"));
    let sum: Option<u128> = slices.iter().map(|slice| slice.units.map(u128::from)).sum();
    (unpaid && !slices.is_empty()).then_some(()).and_then(|()| Some(sum? == u128::from(face?)))
}

/// What a list shows of a claim.
fn row(channel: &Channel, claim: &Seen) -> Result<Value, ChannelError> {
    let face = claim.amount("face_amount");
    let notes = channel.circulating(&AssetId(claim.row.record.0))?.map_or(0, |row| row.notes);
    Ok(json!({
        "receivable": claim.row.record.to_string(),
        "state": claim.row.status,
        "buyer": claim.named(channel, "buyer")?,
        "supplier": claim.named(channel, "supplier")?,
        "bank": claim.named(channel, "bank")?,
        "invoice": claim.text("invoice_number"),
        "due": claim.text("due_date"),
        "due_from": claim.row.day.map(|day| day.to_string()),
        "face": face.as_ref().map(|(units, currency)| written((*units).into(), currency)),
        "face_minor": face.as_ref().map(|(units, _)| units.to_string()),
        "currency": face.map(|(_, currency)| currency),
        "unspent_slices": notes,
    }))
}

/// A slice that is not spent.
struct Slice {
    note: String,
    units: Option<u64>,
    state: &'static str,
    own: bool,
    seen: Option<Seen>,
    from: Option<String>,
    holder: Option<String>,
}

impl Slice {
    fn to_json(&self, currency: Option<&str>) -> Value {
        let text = |name: &str| self.seen.as_ref().and_then(|seen| seen.text(name));
        let currency = text("currency").or(currency);
        let least = self.seen.as_ref().and_then(|seen| smallest_piece(&seen.values));
        json!({
            "from": self.from,
            "holder": self.holder,
            "own": self.own,
            "amount": self.units.zip(currency).map(|(units, currency)| written(units.into(), currency)),
            "amount_minor": self.units.map(|units| units.to_string()),
            "state": self.state,
            "recourse": text("recourse"),
            "smallest_piece": least.zip(currency).map(|(least, currency)| written(least.into(), currency)),
            "too_small": least.zip(self.units).map(|(least, units)| units < least),
            "due": text("due_date"),
            "pay_to": text("pay_to"),
            "note": self.note,
        })
    }
}

fn slices(channel: &Channel, record: &RecordId) -> Result<Vec<Slice>, ChannelError> {
    let accounts = channel.own_accounts()?;
    let mut slices = Vec::new();
    for note in channel.notes(channel.keys())? {
        if note.row.note.asset != AssetId(record.0) {
            continue;
        }
        let own = accounts.paid(&note.row, &note.state).is_some();
        let (units, state) = match &note.state {
            NoteState::Opened(opened) => (Some(opened.value), "opened"),
            NoteState::Sealed => (None, "sealed"),
            NoteState::Malformed => (None, "malformed"),
        };
        let seen = Seen::of(channel, &note.row.record)?;
        let named = |slot: &str| seen.as_ref().map(|seen| seen.named(channel, slot)).transpose();
        let (from, holder) = (named("payer")?.flatten(), named("holder")?.flatten());
        slices.push(Slice { note: note.row.id.to_string(), units, state, own, seen, from, holder });
    }
    slices.sort_by(|one, other| (&one.holder, &one.note).cmp(&(&other.holder, &other.note)));
    Ok(slices)
}

/// Runs `parclose receivable list`.
pub(super) fn all(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let name = of.channel.clone();
    with_channel(global, of, move |channel| {
        let (mut claims, mut offers, mut bids) = (Vec::new(), Vec::new(), Vec::new());
        let page = channel.list_records(channel.keys(), 0, usize::MAX, |_: &RecordView| true)?;
        for (_, view) in page.records {
            let Some(seen) = Seen::of_view(channel, view) else { continue };
            match seen.record_type.name.as_str() {
                RECEIVABLE => claims.push(row(channel, &seen)?),
                "offer" => offers.push(offer(channel, &seen)?),
                "bid" => bids.push(bid(channel, &seen)?),
                _ => {}
            }
        }
        Ok(json!({
            "schema": "parclose.receivables/1",
            "channel": name,
            "business_day": channel.business_day()?.map(|day| day.to_string()),
            "receivables": claims,
            "offers": offers,
            "bids": bids,
        }))
    })
}

fn offer(channel: &Channel, offer: &Seen) -> Result<Value, ChannelError> {
    let amount = offer.amount("amount");
    Ok(json!({
        "offer": offer.row.record.to_string(),
        "state": offer.row.status,
        "holder": offer.named(channel, "holder")?,
        "amount": amount.as_ref().map(|(units, currency)| written((*units).into(), currency)),
        "currency": amount.map(|(_, currency)| currency),
        "due": offer.text("due_date"),
        "recourse": offer.text("recourse"),
        "receivable": offer.text("receivable"),
    }))
}

fn bid(channel: &Channel, bid: &Seen) -> Result<Value, ChannelError> {
    let price = bid.amount("price");
    Ok(json!({
        "bid": bid.row.record.to_string(),
        "state": bid.row.status,
        "bank": bid.named(channel, "bank")?,
        "holder": bid.named(channel, "holder")?,
        "price": price.as_ref().map(|(units, currency)| written((*units).into(), currency)),
        "currency": price.map(|(_, currency)| currency),
        "valid_until": bid.text("valid_until"),
        "offer": bid.text("offer"),
    }))
}
