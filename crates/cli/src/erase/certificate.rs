//! The certificate of an erasure: what the log proves of it, and what no log can.

use std::collections::BTreeSet;

use parclose_channel::{Channel, ChannelError, ErasureRow};
use parclose_node::backup::register::KeptBackup;
use parclose_types::MemberId;
use serde_json::{Value, json};

use super::{name, row_json};
use crate::error::CliError;

/// What stays of an erased record, for the log and its proofs.
const STAYS: [&str; 4] = [
    "the record's id, type, versions, parties, public day and keyed tag, and who wrote it when",
    "one hash for each erased field, and one for each sealed part as it was ordered",
    "verdicts, states, receipts and the proofs of all other records",
    "the reason of the erasure",
];

/// What an erasure does not reach, whoever confirms it.
const OUT_OF_REACH: [&str; 6] = [
    "readers that have copied values, keys or files before: nothing is taken back from them",
    "archives, snapshots and copies of disks that were made before, unless the keys that open them are destroyed too",
    "exports, receipts and disclosures that were given to somebody",
    "blocks that a disk keeps of files that were deleted: the rows in them are sealed under the node's key",
    "transactions in batches that break form: they never took effect, and are kept whole as evidence",
    "where a salt stays, whoever holds the audience's keys can compare a guess with the hash of an erased field",
];

/// The certificate, but for the archives that the member's home knows of.
///
/// # Rules
///
/// > ERA-12: a certificate says of an erasure who asked for it, who has confirmed it by which act and who has not, what stays, where a salt stays and for which record, and what is out of reach.
pub(super) fn of(channel: &mut Channel, row: &ErasureRow) -> Result<Value, CliError> {
    if row.in_force.is_none() {
        return Err(CliError::not_found("erasure in force"));
    }
    let record = *row.target.record();
    let mut written = Vec::new();
    for transaction in channel.history_of(&record)? {
        let Some(stored) = channel.transaction(&transaction)? else { continue };
        let remains = channel.remains((stored.place.batch, stored.place.index))?;
        let erased = |at| remains.as_ref().is_some_and(|remains| remains.has_erased(at));
        let operations = stored.body.operations.iter().enumerate();
        let needs_salt: BTreeSet<String> = operations
            .filter(|(at, operation)| !erased(*at) && !operation.fields.is_empty())
            .map(|(_, operation)| operation.record.to_string())
            .collect();
        let gone = stored.body.operations.iter().enumerate();
        let fields = gone.filter(|(at, operation)| operation.record == record && erased(*at));
        let fields: usize = fields.map(|(_, operation)| operation.fields.len()).sum();
        written.push(json!({
            "tx": transaction.to_string(),
            "event": stored.place.sequence.0,
            "height": stored.height.0,
            "erased_fields": fields,
            "salt": if needs_salt.is_empty() { "erased" } else { "stays" },
            "salt_needed_by": needs_salt,
        }));
    }
    let head = channel.head().map(|head| (head.height.0, head.root.to_string()));
    let mut value = row_json(channel, row)?;
    value["schema"] = json!("parclose.erasure-certificate/1");
    value["tag"] = json!(channel.tag().to_string());
    value["network"] = json!(channel.config().network.to_string());
    value["by"] = json!(name(channel, &channel.own_id())?);
    value["as_of"] = json!(head.map(|(height, root)| json!({ "height": height, "state_root": root })));
    value["type"] = json!(type_of(channel, row)?);
    value["transactions"] = json!(written);
    value["left_the_channel"] = json!(left(channel)?);
    value["stays"] = json!(STAYS);
    value["out_of_reach"] = json!(OUT_OF_REACH);
    Ok(value)
}

fn type_of(channel: &Channel, row: &ErasureRow) -> Result<Option<String>, ChannelError> {
    let record = channel.record(row.target.record())?;
    let known = record.and_then(|record| channel.definition().record(record.record_type));
    Ok(known.map(|known| known.name.clone()))
}

/// Members of earlier generations that do not belong to the channel any more: nothing tells what their stores hold.
fn left(channel: &Channel) -> Result<Vec<String>, ChannelError> {
    let mut left: BTreeSet<MemberId> = BTreeSet::new();
    for term in channel.terms() {
        let (row, _, _) = channel.kept_of(term.generation)?;
        left.extend(row.config.members.iter().map(parclose_transaction::MemberEntry::id));
    }
    left.retain(|member| channel.config().by_id(member).is_none());
    left.iter().map(|member| name(channel, member)).collect()
}

/// An archive that the member made before the erasure.
pub(super) fn backup_json(kept: &KeptBackup) -> Value {
    json!({
        "file": kept.file,
        "height": kept.height,
        "standing": "outside the erasure's reach unless the key that opens it is destroyed too",
    })
}
