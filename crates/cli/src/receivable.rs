//! `parclose receivable`: claims as their buyer, their supplier, a bank or a holder lives them.
//!
//! Who may take a step says the channel's policy, and when says its life cycle: nothing here decides either. What
//! is put together here is the template's: which fields a claim, a slice, an offer and a bid have.

mod claimed;
mod market;
mod picture;
mod sale;
mod seen;
mod show;
mod slices;

use parclose_channel::{Channel, ChannelError, Drafted, Values};
use parclose_documents::currency::Currency;
use parclose_transaction::FieldValue;
use parclose_types::{MemberId, RecordId};
use serde_json::{Value, json};

use crate::args::{DisputeEnd, Global, OneReceivable, Receivable, ReceivableIssue, Recourse};
use crate::asset::{submit, submit_then, units};
use crate::error::CliError;
use crate::transaction::member_named;
use seen::Seen;

/// Runs `parclose receivable …`.
pub fn run(global: &Global, command: &Receivable) -> Result<Value, CliError> {
    match command {
        Receivable::Issue(options) => issue(global, options),
        Receivable::Accept { of, recourse, reserve_defences, not_assignable, smallest_piece } => {
            let step = match (reserve_defences, not_assignable) {
                (true, _) => "accept-reserved",
                (_, true) => "accept-bound",
                _ => "accept",
            };
            slices::accept(global, of, step, *recourse, smallest_piece.as_deref())
        }
        Receivable::Reject { of } => step(global, of, "reject"),
        Receivable::Withdraw { of } => step(global, of, "withdraw"),
        Receivable::Split { of, pieces } => slices::split(global, of, pieces),
        Receivable::Merge { of } => slices::merge(global, of),
        Receivable::Transfer { of, to, amount, recourse, pay_to } => {
            slices::transfer(global, of, (to, amount), *recourse, pay_to.as_deref())
        }
        Receivable::Offer { of, amount, recourse } => market::offer(global, of, amount, *recourse),
        Receivable::Bid { of, price, valid_until } => market::bid(global, of, price, valid_until.as_deref()),
        Receivable::Award { of, bid } => market::award(global, of, bid),
        Receivable::Finance { of, cash, deals, allocate_within, settle_within } => {
            let heights = (*allocate_within, *settle_within);
            sale::finance(global, of, (cash, deals), heights)
        }
        Receivable::Settle { of, amount } => slices::settle(global, of, amount.as_deref()),
        Receivable::Overdue { of } => step(global, of, "overdue"),
        Receivable::Default { of, write_off } => {
            slices::declare(global, of, if *write_off { "write-off" } else { "default" })
        }
        Receivable::Dispute { of, end } => step(
            global,
            of,
            match end {
                None => "dispute",
                Some(DisputeEnd::Drop) => "drop-dispute",
                Some(DisputeEnd::Dismiss) => "dismiss",
                Some(DisputeEnd::Uphold) => "uphold",
            },
        ),
        Receivable::Show { of, svg } => show::one(global, of, svg.as_deref()),
        Receivable::List { of } => show::all(global, of),
    }
}

/// The record type of claims.
const RECEIVABLE: &str = "receivable";

fn issue(global: &Global, options: &ReceivableIssue) -> Result<Value, CliError> {
    let lines = match &options.lines {
        Some(path) => std::fs::read_to_string(path).map_err(|e| CliError::file(path, &e))?,
        None => "[]".into(),
    };
    let lines = serde_json::from_str::<Value>(&lines)
        .map_err(|e| CliError::usage(format!("the lines are no JSON: {e}"), "--lines FILE"))?;
    let options = options.clone();
    let of = options.of.clone();
    let undertakes = options.recourse.is_some();
    let drafted = move |channel: &mut Channel, _| {
        let own = channel.own_id();
        let named = |name: &Option<String>| name.as_ref().map_or(Ok(own), |name| member_named(channel, name));
        let (buyer, supplier) = (named(&options.buyer)?, named(&options.supplier)?);
        let bank = member_named(channel, &options.bank)?;
        let face = amount(&options.amount, &options.currency)?;
        let fields = claim_fields(channel, &options, (buyer, supplier), &lines)?;
        let action = if options.supplier.is_some() { "undertake" } else { "create" };
        let member = |slot: &str| match slot {
            "buyer" => buyer,
            "supplier" => supplier,
            _ => bank,
        };
        let rng = &mut parclose_node::randomness::generator();
        let claim = channel.draft_record(RECEIVABLE, action, member, fields, rng)?;
        let told = json!({ "receivable": claim.record.to_string() });
        let drafted = match options.recourse {
            None => Drafted { operations: vec![claim], ..Drafted::default() },
            Some(recourse) => {
                let smallest = options.smallest_piece.as_deref();
                let terms = slices::terms(recourse, &options.due, &options.currency, smallest)?;
                let note = parclose_channel::NewNote { to: supplier, amount: face, fields: terms };
                channel.draft_issue(claim, &note, rng)?
            }
        };
        Ok((drafted, told))
    };
    submit_then(global, &of, "parclose.receivable-issue/1", drafted, move |consortium, room, value| {
        let made = value["receivable"].as_str().and_then(|text| text.parse().ok());
        Ok(match made.filter(|_| undertakes) {
            Some(record) => claimed::awaited(consortium, room, record, value),
            None => value,
        })
    })
}

fn claim_fields(
    channel: &Channel,
    options: &ReceivableIssue,
    (buyer, supplier): (MemberId, MemberId),
    lines: &Value,
) -> Result<Values, CliError> {
    let name = |said: &Option<String>, member: &MemberId| match said {
        Some(said) => Ok::<_, ChannelError>(said.clone()),
        None => Ok(channel.name_of(member)?.unwrap_or_default()),
    };
    let money = |text: &str| Ok::<_, CliError>(money(amount(text, &options.currency)?, &options.currency));
    let mut fields = values([
        ("invoice_number", FieldValue::Text(options.invoice.clone())),
        ("buyer_name", FieldValue::Text(name(&options.buyer_name, &buyer)?)),
        ("supplier_id", FieldValue::Text(name(&options.supplier_id, &supplier)?)),
        ("supplier_name", FieldValue::Text(name(&None, &supplier)?)),
        ("face_amount", money(&options.amount)?),
        ("due_date", FieldValue::Date(options.due.clone())),
        ("lines", FieldValue::Json(lines.to_string())),
    ]);
    if let Some(issued) = &options.issued {
        fields.insert("issue_date".into(), FieldValue::Date(issued.clone()));
    }
    if let Some(advance) = &options.advance {
        fields.insert("requested_advance".into(), money(advance)?);
    }
    Ok(fields)
}

/// Takes a step that moves no notes.
fn step(global: &Global, of: &OneReceivable, step: &'static str) -> Result<Value, CliError> {
    let record = id(&of.record)?;
    submit(global, &of.of, "parclose.receivable-step/1", move |channel, _| {
        let operation = channel.draft_step(&record, step, Values::new())?;
        let told = step_json(channel, &record, step)?;
        Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
    })
}

/// What a step does, as it is told once it has been taken.
fn step_json(channel: &Channel, record: &RecordId, step: &str) -> Result<Value, ChannelError> {
    let row = channel.record(record)?;
    let life = row.as_ref().and_then(|row| channel.definition().record(row.record_type));
    let life = life.and_then(|known| known.lifecycle.as_ref());
    let from = row.and_then(|row| row.status);
    let to = life.and_then(|life| life.step(step, from.as_deref())).map(|step| step.to.clone());
    Ok(json!({ "record": record.to_string(), "step": step, "from": from, "to": to }))
}

fn id(text: &str) -> Result<RecordId, CliError> {
    text.parse()
        .map_err(|e| CliError::usage(format!("`{text}` is not a record: {e}"), "parclose receivable list"))
}

/// Smallest units of an amount of a currency.
fn amount(text: &str, currency: &str) -> Result<u64, CliError> {
    let known = Currency::find(currency);
    let known = known.ok_or_else(|| {
        CliError::usage(format!("`{currency}` is no currency of ISO 4217"), "--currency GBP")
    })?;
    let decimals = usize::try_from(known.minor_digits()).unwrap_or_default();
    units::read(text, decimals).filter(|units| *units > 0).ok_or_else(|| {
        // What it was about stands in no error.
        let told = format!("no amount of {currency}: digits, with at most {decimals} after the point");
        CliError::usage(told, "--amount 1000.00")
    })
}

/// Units of a currency as people write them.
fn written(units: u128, currency: &str) -> String {
    let decimals = Currency::find(currency).map_or(0, Currency::minor_digits);
    units::write(units, usize::try_from(decimals).unwrap_or_default())
}

fn money(units: u64, currency: &str) -> FieldValue {
    let code = currency.as_bytes().try_into().unwrap_or(*b"XXX");
    FieldValue::Amount(units, code)
}

fn values<const N: usize>(fields: [(&str, FieldValue); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Recourse {
    const fn word(self) -> &'static str {
        match self {
            Self::With => "with",
            Self::Without => "without",
        }
    }
}
