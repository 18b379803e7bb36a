//! Trades as instructions tell them, under the names of MiFIR; and what was not met.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{AuditedStep, Moved, Reading};
use parclose_channel::{Answer as AnswerGiven, Terms};
use parclose_finance::securities::Isin;
use parclose_transaction::definition::ValueRole;
use parclose_transaction::{FieldState, FieldValue};
use parclose_types::RecordId;
use serde_json::{Value, json};

use super::claims::Claims;
use super::names::of_trade;
use super::settled::{Settlement, Settlements};
use super::{Answer, member};
use crate::asset::units;

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
        if let Some(decimals) = number(step, "decimals") {
            told.insert("decimals", decimals.to_string());
        }
        // A security may be called by its ISIN alone.
        if let Some(code) = told.get("code").filter(|code| Isin::parse(code).is_ok()).cloned() {
            told.entry("isin").or_insert(code);
        }
    }
    all
}

/// Of the 65 fields those that an instruction holds.
pub(super) fn trades(bundle: &VerifiedBundle, reading: &Reading<'_>, settled: &Settlements) -> Answer {
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
        let settlement = settled.find(&step.operation.record);
        rows.push(trade(bundle, (&securities, settlement), step, terms.as_ref()));
    }
    let mut because = vec![NOT_HERE.to_owned()];
    if sealed > 0 {
        because.insert(0, format!("the terms of {sealed} instructions are outside the view keys"));
    } else if settled.unread > 0 {
        because.insert(0, format!("{} answers are outside the view keys", settled.unread));
    }
    let ended = |word: &str| settled.all().filter(|settlement| settlement.word == word).count();
    let ends = ["settled", "aborted", "lapsed", "refused"].map(|word| format!("{} {word}", ended(word)));
    let summary = format!("{} instructions: {}", rows.len(), ends.join(", "));
    Answer::of(summary, rows).but(Some(because.join("; ")))
}

fn number(step: &AuditedStep<'_>, name: &str) -> Option<u64> {
    step.fields.iter().find(|(field, _)| field == name).and_then(|(_, state)| match state {
        FieldState::Opened(FieldValue::Integer(number)) => Some(*number),
        _ => None,
    })
}

/// In whole units, where it is told how many decimals they have; else in the smallest ones.
fn quantity(smallest: u64, security: Option<&BTreeMap<&'static str, String>>) -> String {
    let decimals = security.and_then(|of| of.get("decimals")).and_then(|text| text.parse().ok());
    let decimals = decimals.filter(|decimals| *decimals <= DECIMALS_MAX);
    decimals.map_or_else(|| smallest.to_string(), |decimals| units::write(smallest.into(), decimals))
}

/// What a number of 64 bits has of digits.
const DECIMALS_MAX: usize = 20;

/// Why the answer is never whole.
const NOT_HERE: &str = "of the 65 fields an instruction gives 2, 7, 16, 28, 30, 33, 35, 41, 42 and 54, as far as they were written; \
     currencies (31, 34) and the decimals of a net amount are in the channel of the cash; venue (36), capacity (29), persons, decision makers, \
     branches, flags and all of derivatives stay in the firms' own systems";

fn trade(
    bundle: &VerifiedBundle,
    (securities, settlement): (&Securities, Option<&Settlement>),
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
            let security = securities.get(&RecordId(leg.asset.0));
            told.push(("quantity", quantity(leg.amount, security)));
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
        "settlement": settlement.map_or("not shown", |settlement| settlement.word),
        "settlement_height": settlement.and_then(|settlement| settlement.at).map(|at| at.0),
        "tx": step.transaction.digest.to_string(),
        "fields": told.iter().filter_map(field).collect::<Vec<_>>(),
    })
}

/// A cash penalty is a rate for the kind of the instrument, times its reference price, times days.
const NO_PENALTIES: &str = "no penalty is computed, for no record holds the kind of an instrument, a reference price of the day or a penalty; \
     of a deal's legs those of other channels are told there";

/// States in which a receivable was not met.
const FAILED: [&str; 4] = ["overdue", "defaulted", "written-off", "disputed"];

/// # What counts
///
/// A receivable that was ever in one of the states above, to its buyer; an instruction that was refused, to who did; of a
/// deal that was not settled, each leg of this channel that was not held in time, to its sender, or from which its receiver
/// has withdrawn; what is owed and was neither netted nor paid.
pub(super) fn fails(
    bundle: &VerifiedBundle,
    reading: &Reading<'_>,
    (claims, settled): (&Claims, &Settlements),
) -> Answer {
    let (receivables, owing) = (!claims.all().is_empty(), has(bundle, ValueRole::Obligation));
    let trading = has(bundle, ValueRole::Instruction);
    if !receivables && !owing && !trading {
        return Answer::cannot(
            "nothing falls due in this channel: it has neither receivables, instructions nor obligations",
        );
    }
    let mut counts: BTreeMap<(String, &'static str), u64> = BTreeMap::new();
    for claim in claims.all() {
        for failed in FAILED.into_iter().filter(|failed| claim.states.iter().any(|state| state == failed)) {
            *counts.entry((claim.party("buyer"), failed)).or_default() += 1;
        }
    }
    let answers =
        reading.history.steps.iter().filter(|step| step.record_type.value == Some(ValueRole::Affirmation));
    for step in answers {
        let answer = written(step, "answer").and_then(|text| serde_json::from_str(text).ok());
        if answer.as_ref().and_then(AnswerGiven::from_json) == Some(AnswerGiven::Refused) {
            let author = super::super::name(bundle.eras(), &step.transaction.body.author);
            *counts.entry((author, "instruction refused")).or_default() += 1;
        }
    }
    for (participant, what) in settled.all().flat_map(|settlement| &settlement.fails) {
        *counts.entry((participant.clone(), what)).or_default() += 1;
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
    Answer::of(summary, rows).but((owing || trading).then(|| NO_PENALTIES.to_owned()))
}
