//! Chains of title: every hand through which a receivable went, from its issue on.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{AuditedAmount, Moved, Reading};
use parclose_transaction::definition::RecordType;
use parclose_types::{AssetId, RecordId};
use serde_json::{Value, json};

use super::claims::Claims;
use super::{Answer, member};

/// Who stands in clear in a slot of the record of an amount.
fn slot(bundle: &VerifiedBundle, amount: &AuditedAmount<'_>, name: &str) -> Option<String> {
    let (record_type, operation) = amount.record?;
    let at = record_type.slots.iter().position(|slot| slot.name == name)?;
    let found = operation.parties.iter().find(|(place, _)| usize::from(*place) == at)?;
    Some(member(bundle, &found.1))
}

const fn word(what: Moved) -> &'static str {
    match what {
        Moved::Issued => "issued",
        Moved::PassedOn => "passed on",
        Moved::Redeemed => "paid",
        Moved::Locked => "locked for a deal",
        Moved::Owed => "owed",
        Moved::Netted => "netted",
        Moved::Discharged => "discharged",
    }
}

fn is_claim(record_type: &RecordType) -> bool {
    record_type.name == "receivable"
}

/// Who passed which part to whom is in the clear part of each transaction; how much, in its sealed part.
pub(super) fn chains(bundle: &VerifiedBundle, reading: &Reading<'_>, told: &Claims) -> Answer {
    let steps = reading.history.steps.iter();
    let mut claims: Vec<RecordId> = Vec::new();
    for step in steps.filter(|step| is_claim(step.record_type) && step.operation.version == 1) {
        claims.push(step.operation.record);
    }
    if !bundle.eras().iter().any(|era| era.definition.record_named("receivable").is_some()) {
        return Answer::cannot("this channel has no receivables");
    }
    let mut amounts: BTreeMap<AssetId, Vec<&AuditedAmount<'_>>> = BTreeMap::new();
    for amount in &reading.history.amounts {
        amounts.entry(amount.asset).or_default().push(amount);
    }
    let (mut rows, mut sealed, mut moved) = (Vec::new(), 0_u64, 0_u64);
    for record in claims {
        let Some(amounts) = amounts.get(&AssetId(record.0)) else { continue };
        for (amount, number) in amounts.iter().zip(1_u64..) {
            sealed += u64::from(amount.units.is_none());
            let mut row = hand(bundle, &record, number, amount);
            row["currency"] = json!(told.currency_of(&record));
            rows.push(row);
        }
        moved += 1;
    }
    let from_before = reading.assets.values().filter(|audited| audited.from_before).count();
    let mut open_ends = Vec::new();
    if sealed > 0 {
        open_ends.push(format!("{sealed} amounts are outside the view keys; the hands are shown"));
    }
    if from_before > 0 {
        open_ends.push(format!("{from_before} chains begin before this export"));
    }
    let because = (!open_ends.is_empty()).then(|| open_ends.join("; "));
    Answer::of(format!("{moved} receivables with {} hands in all", rows.len()), rows).but(because)
}

fn hand(bundle: &VerifiedBundle, record: &RecordId, number: u64, amount: &AuditedAmount<'_>) -> Value {
    let redeemed = amount.what == Moved::Redeemed;
    json!({
        "receivable": record.to_string(),
        "step": number,
        "what": word(amount.what),
        "from": slot(bundle, amount, if redeemed { "buyer" } else { "payer" }),
        "to": slot(bundle, amount, "holder"),
        "amount_minor": amount.units.map(|units| units.to_string()),
        "height": amount.height.0,
        "tx": amount.transaction.digest.to_string(),
    })
}
