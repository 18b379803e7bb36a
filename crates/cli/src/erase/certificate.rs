//! The certificate of an erasure: what the log proves of it, and what no log can.

use std::collections::BTreeSet;

use parclose_channel::{Channel, ChannelError, ErasureRow};
use parclose_node::backup::register::KeptBackup;
use parclose_transaction::ErasureTarget;
use parclose_types::{Generation, MemberId, PublicKey, RecordId};
use serde_json::{Value, json};

use super::{name, row_json};
use crate::error::CliError;

/// What stays of what is erased, for the log and its proofs.
const STAYS: [&str; 4] = [
    "of each record its id, type, versions, parties, public day and keyed tag, and who wrote it when",
    "one hash for each erased field or wrap, and one for each sealed part as it was ordered",
    "verdicts, states, receipts and the proofs of all other records",
    "the reason of the erasure",
];

/// What an erasure does not reach, whoever confirms it.
const OUT_OF_REACH: [&str; 7] = [
    "readers that have copied values, keys or files before: nothing is taken back from them",
    "archives, snapshots and copies of disks that were made before, unless the keys that open them are destroyed too",
    "exports, receipts and disclosures that were given to somebody",
    "view keys that somebody has taken along: whoever has one, and ciphertexts from before, opens them",
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
    let written = match &row.target {
        ErasureTarget::Record(record) => transactions_of(channel, record)?,
        ErasureTarget::Epoch(_) | ErasureTarget::Generation(_) => Vec::new(),
    };
    let head = channel.head().map(|head| (head.height.0, head.root.to_string()));
    let mut value = row_json(channel, row)?;
    value["schema"] = json!("parclose.erasure-certificate/1");
    value["tag"] = json!(channel.tag().to_string());
    value["network"] = json!(channel.config().network.to_string());
    value["by"] = json!(name(channel, &channel.own_id())?);
    value["as_of"] = json!(head.map(|(height, root)| json!({ "height": height, "state_root": root })));
    match &row.target {
        ErasureTarget::Record(record) => {
            value["type"] = json!(type_of(channel, record)?);
            value["transactions"] = json!(written);
        }
        target => {
            value["keys"] = keys_json(channel, target)?;
            value["view_keys"] = json!(granted(channel, target)?);
        }
    }
    value["left_the_channel"] = json!(left(channel)?);
    value["stays"] = json!(STAYS);
    value["out_of_reach"] = json!(OUT_OF_REACH);
    Ok(value)
}

/// The transactions that name an erased record, each with what became of its salt.
fn transactions_of(channel: &mut Channel, record: &RecordId) -> Result<Vec<Value>, ChannelError> {
    let mut written = Vec::new();
    for transaction in channel.history_of(record)? {
        let Some(stored) = channel.transaction(&transaction)? else { continue };
        let remains = channel.remains((stored.place.batch, stored.place.index))?;
        let erased = |at| remains.as_ref().is_some_and(|remains| remains.has_erased(at));
        let operations = stored.body.operations.iter().enumerate();
        let needs_salt: BTreeSet<String> = operations
            .filter(|(at, operation)| !erased(*at) && !operation.fields.is_empty())
            .map(|(_, operation)| operation.record.to_string())
            .collect();
        let gone = stored.body.operations.iter().enumerate();
        let fields = gone.filter(|(at, operation)| operation.record == *record && erased(*at));
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
    Ok(written)
}

fn type_of(channel: &Channel, record: &RecordId) -> Result<Option<String>, ChannelError> {
    let record = channel.record(record)?;
    let known = record.and_then(|record| channel.definition().record(record.record_type));
    Ok(known.map(|known| known.name.clone()))
}

/// What has become of the keys: whose sets had a secret, and what this member's own store holds of them still.
fn keys_json(channel: &Channel, target: &ErasureTarget) -> Result<Value, CliError> {
    let Some(generation) = generation_of(channel, target) else {
        return Err(CliError::not_found("generation"));
    };
    let (row, _, deals) = channel.kept_of(generation)?;
    let held = deals.iter().filter(|deal| channel.keys().holds(&deal.deal.audience)).count();
    let member = |key: &PublicKey| row.config.member(key).map(|entry| entry.name.clone());
    let sets = deals.iter().filter(|deal| deal.is_active());
    let sets: Vec<Vec<String>> =
        sets.map(|deal| deal.deal.members.iter().filter_map(member).collect()).collect();
    Ok(json!({
        "generation": generation.0,
        "readers": sets,
        "whole_secrets_held_here": held,
        "one_time_keys": "deleted when the generation ended",
    }))
}

fn generation_of(channel: &Channel, target: &ErasureTarget) -> Option<Generation> {
    match target {
        ErasureTarget::Record(_) => None,
        ErasureTarget::Generation(generation) => Some(*generation),
        ErasureTarget::Epoch(epoch) => {
            let mut terms = channel.terms().iter().rev();
            terms.find(|term| term.first_epoch <= *epoch).map(|term| term.generation)
        }
    }
}

/// Grants whose view keys reached what is erased: whoever has taken one along keeps it.
fn granted(channel: &Channel, target: &ErasureTarget) -> Result<Vec<Value>, ChannelError> {
    let generation = generation_of(channel, target);
    let mut reached = Vec::new();
    for row in channel.grants()? {
        let reaches = match target {
            ErasureTarget::Epoch(epoch) => (row.grant.from..=row.grant.to).contains(epoch),
            _ => true,
        };
        let counted = channel.covers(&row.transaction)?;
        let counted = counted.iter().filter(|cover| cover.counts() && Some(cover.generation) == generation);
        let counted = counted.count();
        if reaches && counted > 0 {
            reached.push(json!({
                "grant": row.transaction.to_string(), "to": row.grant.name, "view_keys": counted,
            }));
        }
    }
    Ok(reached)
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
