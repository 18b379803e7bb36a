//! Who holds a copy of what was found: every other member is asked, and answers with its signature or not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parclose_node::{Held, RoomHandle};
use parclose_types::{ChannelCommitment, Height, PublicKey, hex};
use serde_json::{Value, json};

use crate::context::in_room;
use crate::error::CliError;

/// How long answers are waited for: a member that is there answers within milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// Batches that are asked about at a time; of the others it says nothing.
const BATCHES_MAX: usize = 64;

/// A member of the generation in force.
type Member = (PublicKey, String);

/// Adds to each transaction who holds the batch that it is in.
/// Heights are those of the root chain that each knew when it answered.
pub(super) fn ask(room: &RoomHandle, head: Height, found: &mut [Value]) -> Result<(), CliError> {
    let (own, members) = in_room(room, |channel| {
        let members = channel.config().members.iter();
        let members: Vec<Member> = members.map(|m| (m.certificate.pseudonym, m.name.clone())).collect();
        (channel.pseudonym().public(), members)
    })?;
    let mut batches = BTreeMap::new();
    for at in transactions(found) {
        let batch = at["batch"].as_str().and_then(|text| hex::decode_array(text).ok());
        let Some(batch) = batch.map(|bytes| ChannelCommitment(parclose_types::Digest(bytes))) else {
            continue;
        };
        if batches.len() < BATCHES_MAX {
            batches.entry(batch).or_insert_with(|| room.ask_holders(batch));
        }
    }
    let others = members.iter().filter(|(key, _)| *key != own).count();
    let until = now() + PATIENCE;
    let answered: BTreeMap<String, Vec<Held>> = batches
        .into_iter()
        .map(|(batch, answers)| {
            let mut held: Vec<Held> = Vec::new();
            while held.len() < others {
                let Ok(answer) = answers.recv_timeout(until.saturating_duration_since(now())) else { break };
                // Nobody counts twice.
                if held.iter().all(|(_, known)| known.holder != answer.1.holder) {
                    held.push(answer);
                }
            }
            (batch.to_string(), held)
        })
        .collect();
    for at in transactions(found) {
        let held = at["batch"].as_str().and_then(|batch| answered.get(batch));
        at["copies"] = held.map_or(Value::Null, |held| copies(&members, (&own, head), held));
    }
    Ok(())
}

fn transactions(found: &mut [Value]) -> impl Iterator<Item = &mut Value> {
    found.iter_mut().filter_map(|value| value["transactions"].as_array_mut()).flatten()
}

/// One row for each member.
fn copies(members: &[Member], (own, head): (&PublicKey, Height), held: &[Held]) -> Value {
    let row = |(key, name): &Member| {
        let answer = held.iter().find(|(_, holding)| holding.holder == *key);
        match answer {
            _ if key == own => json!({ "member": name, "holds": "here", "height": head.0 }),
            Some((_, holding)) => json!({
                "member": name,
                "holds": "signed",
                "height": holding.height.0,
                "holder": holding.holder.to_string(),
                "copy": holding.copy.to_string(),
                "nonce": hex::encode(&holding.question.nonce),
                "signature": hex::encode(&holding.signature.0),
            }),
            None => json!({ "member": name, "holds": "no answer" }),
        }
    };
    members.iter().map(row).collect()
}

#[allow(clippy::disallowed_methods, reason = "a person waits for answers; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}
