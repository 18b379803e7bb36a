//! Trades as instructions tell them, under the names of MiFIR; and what was not met.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{AuditedStep, Moved, Reading};
use parclose_channel::Terms;
use parclose_finance::securities::Isin;
use parclose_transaction::definition::ValueRole;
use parclose_transaction::{FieldState, FieldValue};
use parclose_types::RecordId;
use serde_json::{Value, json};

use super::claims::Claims;
use super::names::of_trade;
use super::{Answer, member};

/// What a step has written in clear text for these keys.
fn written<'s>(step: &'s AuditedStep<'_>, name: &str) -> Option<&'s str> {
    step.fields.iter().find(|(field, _)| field == name).and_then(|(_, state)| match state {
        FieldState::Opened(FieldValue::Text(text) | FieldValue::Date(text) | FieldValue::Json(text)) => {
            Some(text.as_str())
        }
        _ => None,
    })
}

fn has(bundle: &VerifiedBundle, role: ValueRole) -> bool {
    let mut types = bundle.eras().iter().flat_map(|era| &era.definition.records);
    types.any(|record_type| record_type.value == Some(role))
}

/// What is told of a security: under the name of each of its fields.
type Securities = BTreeMap<RecordId, BTreeMap<&'static str, String>>;

fn securities(reading: &Reading<'_>) -> Securities {
    let mut all = Securities::new();
    let assets = reading.history.steps.iter().filter(|step| step.record_type.value == Some(ValueRole::Asset));
    for step in assets {
        let told = all.entry(step.operation.record).or_default();
        for name in ["isin", "title", "maturity", "code"] {
            if let Some(text) = written(step, name) {
                told.insert(name, text.to_owned());
            }
        }
        // A security may be called by its ISIN alone.
        if let Some(code) = told.get("code").filter(|code| Isin::parse(code).is_ok()).cloned() {
            told.entry("isin").or_insert(code);
        }
    }
    all
}

/// Of the 65 fields those that an instruction holds.
pub(super) fn trades(bundle: &VerifiedBundle, reading: &Reading<'_>) -> Answer {
    if !has(bundle, ValueRole::Instruction) {
        return Answer::cannot("this channel has no trades: its template has no instructions");
    }
    let securities = securities(reading);
    let steps = reading.history.steps.iter();
    let instructions = steps.filter(|step| step.record_type.value == Some(ValueRole::Instruction));
    let (mut rows, mut sealed) = (Vec::new(), 0_u64);
    for step in instructions {
        let terms = written(step, "terms").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let terms = terms.and_then(|terms| Terms::from_json(&terms));
        sealed += u64::from(terms.is_none());
        rows.push(trade(bundle, &securities, step, terms.as_ref()));
    }
    let because = if sealed > 0 {
        format!("the terms of {sealed} instructions are outside the view keys")
    } else {
        "of the 65 fields an instruction holds those that are shown; venue, capacity, decision makers and flags stay in the firms' own systems"
            .to_owned()
    };
    Answer::of(format!("{} instructions", rows.len()), rows).but(Some(because))
}

fn trade(
    bundle: &VerifiedBundle,
    securities: &Securities,
    step: &AuditedStep<'_>,
    terms: Option<&Terms>,
) -> Value {
    let mut told: Vec<(&str, String)> = Vec::new();
    for name in ["trade_reference", "trade_date", "price"] {
        told.extend(written(step, name).map(|text| (name, text.to_owned())));
    }
    for leg in terms.map(|terms| terms.legs.as_slice()).unwrap_or_default() {
        if leg.tag == *bundle.tag() {
            told.push(("receiver", member(bundle, &leg.receiver)));
            told.push(("sender", member(bundle, &leg.sender)));
            told.push(("quantity", leg.amount.to_string()));
            let security = securities.get(&RecordId(leg.asset.0));
            for name in ["isin", "title", "maturity"] {
                told.extend(security.and_then(|of| of.get(name)).map(|text| (name, text.clone())));
            }
        } else {
            told.push(("net_amount", leg.amount.to_string()));
        }
    }
    let field = |(name, value): &(&str, String)| {
        of_trade(name).map(|named| json!({ "number": named.number, "name": named.name, "value": value }))
    };
    json!({
        "instruction": step.operation.record.to_string(),
        "height": step.height.0,
        "epoch": step.transaction.body.epoch.0,
        "settlement_date": written(step, "settlement_date"),
        "tx": step.transaction.digest.to_string(),
        "fields": told.iter().filter_map(field).collect::<Vec<_>>(),
    })
}

/// States in which a receivable was not met.
const FAILED: [&str; 4] = ["overdue", "defaulted", "written-off", "disputed"];

/// # What counts
///
/// A receivable that was ever in one of the states above, to its buyer; an instruction that was refused, to who did; what
/// is owed and was neither netted nor paid. Penalties are owed like anything else: no template has a record of its own for them.
pub(super) fn fails(bundle: &VerifiedBundle, reading: &Reading<'_>, claims: &Claims) -> Answer {
    let (receivables, owing) = (!claims.all().is_empty(), has(bundle, ValueRole::Obligation));
    let trading = has(bundle, ValueRole::Instruction);
    if !receivables && !owing && !trading {
        return Answer::cannot(
            "nothing falls due in this channel: it has neither receivables, instructions nor obligations",
        );
    }
    let mut counts: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for claim in claims.all() {
        for failed in FAILED.into_iter().filter(|failed| claim.states.iter().any(|state| state == failed)) {
            *counts.entry((claim.party("buyer"), failed)).or_default() += 1;
        }
    }
    let answers =
        reading.history.steps.iter().filter(|step| step.record_type.value == Some(ValueRole::Affirmation));
    for step in answers {
        let refused = written(step, "answer").is_some_and(|text| text.contains("refused"));
        if refused {
            let author = super::super::name(bundle.eras(), &step.transaction.body.author);
            *counts.entry((author, "instruction refused")).or_default() += 1;
        }
    }
    for amount in reading.history.amounts.iter().filter(|amount| amount.what == Moved::Owed) {
        let author = super::super::name(bundle.eras(), &amount.transaction.body.author);
        *counts.entry((author, "obligation made")).or_default() += 1;
    }
    let row = |((participant, what), count): (&(String, &str), &u64)| json!({ "participant": participant, "what": what, "count": count });
    let rows: Vec<Value> = counts.iter().map(row).collect();
    let failed = counts.iter().filter(|((_, what), _)| *what != "obligation made").count();
    let summary = match failed {
        0 => "no fail is in this export".to_owned(),
        several => format!("{several} kinds of fails, by participant"),
    };
    let because = "penalties are owed like anything else and have no record of their own: their amounts are not told apart";
    Answer::of(summary, rows).but((owing || trading).then(|| because.to_owned()))
}
