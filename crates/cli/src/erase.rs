//! `parclose erase`: a record's fields, or all that was sealed in an epoch or a generation with its keys, go from every
//! member's store; a certificate says how far that has come.

mod certificate;

use std::path::Path;

use parclose_channel::{Channel, ChannelError, ErasureRow, Verdict};
use parclose_node::backup::register;
use parclose_transaction::{Act, Erasure, ErasureTarget};
use parclose_types::{Epoch, Generation, MemberId, RecordId, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{Erase, Global, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::{check_new, write_file};
use crate::transaction::parse_digest;

/// Runs `parclose erase …`.
pub fn run(global: &Global, command: &Erase) -> Result<Value, CliError> {
    match command {
        Erase::Record { of, record, reason } => {
            let record: RecordId = record
                .parse()
                .map_err(|_| CliError::usage(format!("`{record}` is no record"), "parclose record list"))?;
            erase(global, of, ErasureTarget::Record(record), reason)
        }
        Erase::Epoch { of, epoch, reason } => erase(global, of, ErasureTarget::Epoch(Epoch(*epoch)), reason),
        Erase::Generation { of, generation, reason } => {
            erase(global, of, ErasureTarget::Generation(Generation(*generation)), reason)
        }
        Erase::List { of } => list(global, of),
        Erase::Certificate { of, erasure, out } => certify(global, of, erasure, out),
    }
}

fn erase(global: &Global, of: &OfChannel, target: ErasureTarget, reason: &str) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let act = Act::Erase(Erasure { target, reason: reason.to_owned() });
        let outcome = room.act_and_wait(act)?;
        if let Verdict::Refused(rule) = &outcome.verdict {
            return Err(CliError::refused(rule));
        }
        // The others carry it out and confirm it, as far as they are here; and what they say is attested for the next export.
        consortium.quiesce();
        let room = consortium.room(&of.member, &of.channel)?;
        in_room(&room, move |channel| {
            let row = channel.erasures()?.into_iter().find(|row| row.target == target);
            let row = row.ok_or_else(|| CliError::not_found("erasure"))?;
            let mut value = row_json(channel, &row)?;
            value["schema"] = json!("parclose.erasure/1");
            if row.in_force.is_none() {
                value["next"] = json!("another member that may ask approves it with the same command");
            }
            Ok(value)
        })?
    })
}

fn list(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        in_room(&room, move |channel| {
            let rows = channel.erasures()?;
            let rows: Vec<Value> =
                rows.iter().map(|row| row_json(channel, row)).collect::<Result<_, ChannelError>>()?;
            Ok(json!({ "schema": "parclose.erasures/1", "erasures": rows }))
        })?
    })
}

fn certify(global: &Global, of: &OfChannel, erasure: &str, out: &Path) -> Result<Value, CliError> {
    let erasure: TransactionDigest = parse_digest(erasure)?;
    check_new(out)?;
    with_consortium(global, |consortium| {
        consortium.settle();
        let room = consortium.room(&of.member, &of.channel)?;
        let directory = consortium.home().member_directory(&of.member)?;
        let mut value = in_room(&room, move |channel| {
            let row = channel.erasures()?.into_iter().find(|row| row.act == erasure);
            let row = row.ok_or_else(|| CliError::not_found("erasure"))?;
            certificate::of(channel, &row)
        })??;
        let height = value["in_force"]["height"].as_u64().unwrap_or(u64::MAX);
        let kept = register::listed(directory.path()).map_err(|e| CliError::file(directory.path(), &e))?;
        let tag = value["tag"].as_str().unwrap_or_default().to_owned();
        let kept = kept.into_iter().filter(|kept| kept.tag == tag && kept.height < height);
        value["backups"] = kept.map(|kept| certificate::backup_json(&kept)).collect();
        write_file(out, &value)?;
        value["file"] = json!(out.display().to_string());
        Ok(value)
    })
}

/// An erasure as every member sees it.
fn row_json(channel: &Channel, row: &ErasureRow) -> Result<Value, ChannelError> {
    let acts = |list: &[(MemberId, TransactionDigest)]| -> Result<Vec<Value>, ChannelError> {
        let told = |(member, act): &(MemberId, TransactionDigest)| {
            Ok(json!({ "member": name(channel, member)?, "tx": act.to_string() }))
        };
        list.iter().map(told).collect()
    };
    let confirmed = acts(&row.confirmed)?;
    let members = channel.config().members.iter().filter(|entry| !row.is_confirmed_by(&entry.id()));
    let open: Vec<&str> = members.map(|entry| entry.name.as_str()).collect();
    let mut value = json!({
        "erasure": row.act.to_string(),
        "reason": row.reason,
        "asked_by": acts(&row.approvals)?,
        "needed": row.needed,
        "standing": if row.in_force.is_some() { "in force" } else { "waits for approval" },
        "in_force": row.in_force.map(|(event, height)| json!({ "event": event.0, "height": height.0 })),
        "confirmed_by": if row.in_force.is_some() { confirmed } else { Vec::new() },
        "not_confirmed_by": if row.in_force.is_some() { open } else { Vec::new() },
    });
    let (what, which) = target_json(&row.target);
    value[what] = which;
    Ok(value)
}

/// What is erased, as a member of an object.
pub(crate) fn target_json(target: &ErasureTarget) -> (&'static str, Value) {
    match target {
        ErasureTarget::Record(record) => ("record", json!(record.to_string())),
        ErasureTarget::Epoch(epoch) => ("epoch", json!(epoch.0)),
        ErasureTarget::Generation(generation) => ("generation", json!(generation.0)),
    }
}

fn name(channel: &Channel, member: &MemberId) -> Result<String, ChannelError> {
    Ok(channel.name_of(member)?.unwrap_or_else(|| member.to_string()))
}
