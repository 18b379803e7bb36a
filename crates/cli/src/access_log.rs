//! What members hand out: noted in the channel before a file leaves, and the log of it.

use parclose_channel::governance::{AccessRow, GrantStanding};
use parclose_channel::{Channel, ChannelError, Verdict};
use parclose_crypto::hash::sha256;
use parclose_node::{Consortium, randomness};
use parclose_transaction::{Access, Handed};
use parclose_types::{Digest, MemberId, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{Global, Handing, OfChannel};
use crate::context::{in_room, with_channel};
use crate::error::CliError;

/// Notes in the channel that a file is handed out; nothing leaves before that is ordered. Where nothing can be noted any
/// more, because the channel has ended or the member has left it, there is no note; nor where the member says so, whose
/// channel may stand still for as long as the others are away.
pub(crate) fn note(
    consortium: &Consortium,
    of: &OfChannel,
    what: Handed,
    handing: &Handing,
    file: &[u8],
) -> Result<Option<TransactionDigest>, CliError> {
    if handing.unnoted {
        return Ok(None);
    }
    let room = consortium.room(&of.member, &of.channel)?;
    let access = Access { what, to: handing.recipient.clone(), file: Digest(sha256(file)) };
    let noted = in_room(&room, move |channel| {
        let is_open = channel.is_member() && channel.head().is_some_and(|head| !head.closed);
        let note = || channel.note_access(&access, &mut randomness::generator());
        is_open.then(note).transpose()
    })??;
    let Some(act) = noted else { return Ok(None) };
    let outcome = room.act_and_wait(act)?;
    match &outcome.verdict {
        Verdict::Refused(rule) => Err(CliError::refused(rule)),
        Verdict::Applied => Ok(Some(outcome.transaction)),
    }
}

/// `parclose audit access-log`: grants, and what was handed out, in the order of the log.
pub(crate) fn log(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    with_channel(global, of, |channel| {
        let mut entries = granted(channel)?;
        entries.extend(channel.accesses()?.iter().map(|row| (row.noted_at.0, handed_json(channel, row))));
        entries.sort_by_key(|(height, _)| *height);
        let hidden = entries.iter().filter(|(_, entry)| entry["what"].is_null()).count();
        let entries: Vec<Value> = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(json!({ "schema": "parclose.access-log/1", "entries": entries, "hidden": hidden }))
    })
}

fn name(channel: &Channel, member: &MemberId) -> String {
    let entry = channel.config().by_id(member);
    entry.map_or_else(|| member.to_string(), |entry| entry.name.clone())
}

/// A grant's proposal, and its end.
fn granted(channel: &Channel) -> Result<Vec<(u64, Value)>, ChannelError> {
    let mut entries = Vec::new();
    for row in channel.grants()? {
        let grant = row.transaction.to_string();
        let entry = |height: u64, what: &str, members: &[MemberId]| {
            let by: Vec<String> = members.iter().map(|member| name(channel, member)).collect();
            let value =
                json!({ "height": height, "what": what, "by": by, "to": row.grant.name, "grant": grant });
            (height, value)
        };
        entries.push(entry(row.proposed_at.0, "grant", &row.approvals));
        if let GrantStanding::Revoked { at } = row.standing {
            entries.push(entry(at.0, "grant ended", &row.revocations));
        }
    }
    Ok(entries)
}

fn handed_json(channel: &Channel, row: &AccessRow) -> Value {
    let mut value = json!({
        "height": row.noted_at.0,
        "by": [name(channel, &row.member)],
        "note": row.transaction.to_string(),
        "what": Value::Null,
    });
    let Some(Access { what, to, file }) = &row.revealed else {
        value["hidden_until_height"] = json!(row.due.0);
        return value;
    };
    value["to"] = json!(to);
    value["file_sha256"] = json!(file.to_string());
    match what {
        Handed::Export(epochs) => {
            value["what"] = json!("export");
            value["epochs"] = json!(epochs.map(|(from, to)| format!("{from} to {to}")));
        }
        Handed::ViewKeys(grant) => {
            value["what"] = json!("view keys");
            value["grant"] = json!(grant.to_string());
        }
        Handed::Bounds { records, field } => {
            value["what"] = json!("bounds of a sum");
            value["records"] = json!(records.iter().map(ToString::to_string).collect::<Vec<_>>());
            value["field"] = json!(field);
        }
        Handed::Field { record, field } => {
            value["what"] = json!("field");
            value["record"] = json!(record.to_string());
            value["field"] = json!(field);
        }
    }
    value
}
