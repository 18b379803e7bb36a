//! Who reads what, by the audiences for which it was sealed; and what this export holds to the end.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::Reading;
use parclose_types::{AudienceId, Sequence};
use serde_json::json;

use super::super::name;
use super::Answer;

/// Each field was sealed for a set of members, which nobody else can open; what those showed to others leaves no trace.
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
    let rows: Vec<_> = written.iter().map(row).collect();
    let because = "view keys and disclosures that members gave to somebody outside are files between the two, and not in the log";
    Answer::of(format!("{} fields, each for the members that it was sealed for", rows.len()), rows)
        .but(Some(because.to_owned()))
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
