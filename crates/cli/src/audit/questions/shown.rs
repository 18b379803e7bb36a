//! Who reads what, by the audiences for which it was sealed; and what this export holds to the end.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{Reading, Standing, VerifiedTransaction};
use parclose_transaction::{Act, Handed};
use parclose_types::{AudienceId, Height, Sequence};
use serde_json::{Value, json};

use super::super::name;
use super::Answer;

/// Each field was sealed for a set of members, which nobody else can open; what those handed to others they have noted.
pub(super) fn readers(bundle: &VerifiedBundle, reading: &Reading<'_>) -> Answer {
    let mut written: BTreeMap<(AudienceId, &str, &str), u64> = BTreeMap::new();
    for step in &reading.history.steps {
        for entry in &step.operation.fields {
            if let Some(schema) = step.record_type.field(entry.field) {
                let key = (entry.audience, step.record_type.name.as_str(), schema.name.as_str());
                *written.entry(key).or_default() += 1;
            }
        }
    }
    let readers = |audience: &AudienceId| {
        let members = bundle.audience(audience).unwrap_or_default();
        let mut names: Vec<String> = members.iter().map(|key| name(bundle.eras(), key)).collect();
        names.sort_unstable();
        names
    };
    let row = |((audience, record_type, field), count): (&(AudienceId, &str, &str), &u64)| {
        json!({
            "record_type": record_type,
            "field": field,
            "values": count,
            "readers": readers(audience),
        })
    };
    let mut rows: Vec<_> = written.iter().map(row).collect();
    let handed = handed_out(bundle);
    let summary = format!(
        "{} fields, each for the members that it was sealed for; {} grants and notes of what was handed out",
        rows.len(),
        handed.len()
    );
    rows.extend(handed);
    let because =
        "what is noted is the word of members' own nodes; and acts outside the exported epochs are not shown";
    Answer::of(summary, rows).but(Some(because.to_owned()))
}

/// Grants and what was handed out, as the acts of the exported epochs say; of a note that is not revealed, that it is there.
fn handed_out(bundle: &VerifiedBundle) -> Vec<Value> {
    let transactions = bundle
        .batches()
        .iter()
        .flat_map(|batch| batch.transactions.iter().map(move |transaction| (batch.height, transaction)));
    let applied = transactions.filter(|(_, transaction)| {
        transaction.standing == Standing::Decided(parclose_channel::Verdict::Applied)
    });
    let row = |(height, transaction): (Height, &VerifiedTransaction)| {
        let (act, what, to) = match transaction.body.act.as_ref()? {
            Act::Grant(grant) => (transaction.digest, "grant".to_owned(), grant.name.clone()),
            Act::Revoke { grant } => (*grant, "agreed to the end of a grant".to_owned(), String::new()),
            Act::Note { .. } => (transaction.digest, "note".to_owned(), String::new()),
            Act::Reveal { note, access, .. } => (*note, what_of(&access.what), access.to.clone()),
            _ => return None,
        };
        Some(json!({
            "height": height.0,
            "by": name(bundle.eras(), &transaction.body.author),
            "what": what,
            "to": to,
            "act": act.to_string(),
        }))
    };
    applied.filter_map(row).collect()
}

fn what_of(handed: &Handed) -> String {
    match handed {
        Handed::Export(_) => "export".to_owned(),
        Handed::ViewKeys(_) => "view keys".to_owned(),
        Handed::Field { field, .. } => format!("field {field}"),
        Handed::Bounds { field, records } => format!("bounds of {field} over {} records", records.len()),
    }
}

/// The root chain has counted the events, so none is missing; what is not shown of them is named.
pub(super) fn complete(bundle: &VerifiedBundle, reading: &Reading<'_>) -> Answer {
    let kinds: [(&str, &[Sequence]); 3] = [
        ("broke form and had no effect", bundle.void()),
        ("not shown, and without effect", bundle.not_shown()),
        ("outside the epochs of this export", bundle.not_exported()),
    ];
    let mut rows = vec![json!({ "what": "events of the log, proven to be all", "count": bundle.events() })];
    rows.push(json!({ "what": "batches that are shown", "count": bundle.batches().len() }));
    for (what, events) in kinds.into_iter().filter(|(_, events)| !events.is_empty()) {
        rows.push(json!({ "what": format!("batches {what}"), "count": events.len() }));
    }
    rows.push(json!({ "what": "fields that opened", "count": reading.view.opened_fields }));
    rows.push(json!({ "what": "fields outside the view keys", "count": reading.view.sealed_fields }));
    rows.push(json!({ "what": "fields that do not open, named with their authors", "count": reading.view.malformed.len() }));
    let whole = bundle.not_exported().is_empty();
    let summary = format!("up to root height {}, nothing that was ordered is left out", bundle.height());
    let because = "batches outside the exported epochs are counted, and not shown";
    Answer::of(summary, rows).but((!whole).then(|| because.to_owned()))
}
