//! An awarded offer becomes a deal: the claim against the price of the bid that won.

use parclose_channel::{Channel, RecordView};
use parclose_transaction::NoteState;
use parclose_types::{AssetId, Fault, RecordId};
use serde_json::{Value, json};

use super::{Seen, id, written};
use crate::args::{DvpPropose, Global, OfChannel, OneReceivable};
use crate::context::{in_room, with_consortium};
use crate::dvp;
use crate::error::CliError;

/// What is sold, to whom, for how much.
struct Sale {
    receivable: String,
    amount: String,
    price: String,
    currency: String,
    bank: String,
}

/// Proposes the deal to the bank that won; it accepts by `parclose dvp accept`.
pub(super) fn finance(
    global: &Global,
    of: &OneReceivable,
    (cash, deals): (&str, &str),
    (allocate_within, settle_within): (u64, u64),
) -> Result<Value, CliError> {
    let offer = id(&of.record)?;
    let OfChannel { channel: claims, member } = of.of.clone();
    with_consortium(global, |consortium| {
        let room = consortium.room(&member, &claims)?;
        let Sale { receivable, amount, price, currency, bank } =
            in_room(&room, move |channel| Sale::of(channel, &offer))??;
        let proposal = DvpPropose {
            of: OfChannel { channel: deals.to_owned(), member },
            to: bank.clone(),
            third: None,
            give: vec![format!("{claims}:{receivable}:{amount}")],
            get: vec![format!("{cash}:{currency}:{price}")],
            leg: Vec::new(),
            allocate_within,
            settle_within,
            reference: Some(of.record.clone()),
            price: None,
            trade_date: None,
            settlement_date: None,
        };
        let mut value = dvp::propose(consortium, &proposal)?;
        value["schema"] = json!("parclose.receivable-finance/1");
        value["offer"] = json!(of.record);
        value["receivable"] = json!(receivable);
        value["bank"] = json!(bank);
        value["price"] = json!(price);
        value["currency"] = json!(currency);
        Ok(value)
    })
}

impl Sale {
    /// What the award of an offer of this member's says.
    fn of(channel: &Channel, record: &RecordId) -> Result<Self, CliError> {
        let offer = Seen::typed(channel, record, "offer")?;
        if offer.row.status.as_deref() != Some("awarded") {
            let told = format!("the offer is `{}`", offer.row.status.unwrap_or_default());
            return Err(refused("LIF-01", told, "parclose receivable award"));
        }
        let won = won(channel, record)?;
        let unread = || CliError::usage("this member cannot read offer and bid", "its holder sells");
        let (units, currency) = offer.amount("amount").ok_or_else(unread)?;
        let (price, of_price) = won.amount("price").ok_or_else(unread)?;
        let receivable = offer.text("receivable").ok_or_else(unread)?.to_owned();
        if of_price != currency {
            return Err(CliError::usage("the bid is in another currency", "award another bid"));
        }
        can_be_sold(channel, &receivable, units, offer.text("recourse"))?;
        Ok(Self {
            receivable,
            amount: written(units.into(), &currency),
            price: written(price.into(), &currency),
            bank: won.named(channel, "bank")?.ok_or_else(unread)?,
            currency,
        })
    }
}

/// The bid that won an offer.
fn won(channel: &Channel, offer: &RecordId) -> Result<Seen, CliError> {
    let page = channel.list_records(channel.keys(), 0, usize::MAX, |_: &RecordView| true)?;
    let bids = page.records.into_iter().filter_map(|(_, view)| Seen::of_view(channel, view));
    let name = offer.to_string();
    let is_it = |seen: &Seen| {
        seen.record_type.name == "bid"
            && seen.row.status.as_deref() == Some("won")
            && seen.text("offer") == Some(name.as_str())
    };
    let mut bids = bids.filter(is_it);
    bids.next().ok_or_else(|| CliError::usage("no bid for the offer has won", "parclose receivable award"))
}

/// What would only come out once both have agreed: the claim moves freely, this member holds enough of it, and what was
/// offered is what its slices say of recourse (RCV-03), because a lock goes by the terms of what it is made of.
fn can_be_sold(
    channel: &Channel,
    receivable: &str,
    units: u64,
    offered: Option<&str>,
) -> Result<(), CliError> {
    let record = id(receivable)?;
    let state = channel.record(&record)?.and_then(|row| row.status).unwrap_or_default();
    if !["live", "reserved"].contains(&state.as_str()) {
        let told = format!("the claim is `{state}`, and is not passed on");
        return Err(refused("LIF-07", told, "parclose receivable show"));
    }
    let (asset, accounts) = (AssetId(record.0), channel.own_accounts()?);
    let mut held = 0_u128;
    for note in channel.notes(channel.keys())? {
        let NoteState::Opened(opened) = &note.state else { continue };
        if note.row.note.asset != asset || accounts.paid(&note.row, &note.state).is_none() {
            continue;
        }
        let slice = Seen::of(channel, &note.row.record)?;
        if slice.as_ref().and_then(|slice| slice.text("recourse")) != offered {
            let told = "the slices say something else about recourse than the offer".to_owned();
            let fix = "parclose receivable transfer to yourself, with the recourse that was offered";
            return Err(refused("RCV-03", told, fix));
        }
        held = held.saturating_add(opened.value.into());
    }
    if held < u128::from(units) {
        let told = "this member holds less of the claim than it has offered".to_owned();
        return Err(refused("VAL-21", told, "parclose receivable show"));
    }
    Ok(())
}

fn refused(rule: &'static str, told: String, fix: &'static str) -> CliError {
    CliError::new("STATE_CONFLICT", rule, Fault::Sender, told, fix)
}
