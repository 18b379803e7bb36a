//! What it costs to turn over the keys of a large channel.
//!
//! Everything that members do for it is done: the motion, the votes of a majority, the deals, the
//! acknowledgements, the signatures, the certified rotation, and the publishing of the keys for the time
//! after. Seconds of processor time of one member, from first to last; background threads of the database
//! are not counted.

use std::fmt::Write;
use std::path::Path;

use parclose_consensus::RootChain;
use parclose_root::{Certificate, RootTransaction};
use parclose_transaction::{Act, Change, DefinitionTexts, Motion};
use parclose_types::Height;
use serde_json::{Value, json};

use super::room::{Founder, Room, Worked};
use super::{Failed, clock, median};

const WINDOW: u64 = 1024;

/// Measures a rotation in a channel of so many members and audiences.
pub fn rotation(directory: &Path, members: usize, audiences: usize) -> Result<Value, Failed> {
    std::fs::create_dir_all(directory)?;
    let founders: Vec<Founder> = (0..members).map(|at| founder(at, audiences)).collect();
    let mut room = Room::found(directory, texts(audiences), &founders, clock::processor)?;
    room.upkeep()?;
    room.worked.fill(Worked::default());
    let before = room.root.head();
    decide(&mut room)?;
    room.upkeep()?;
    rotate(&mut room)?;
    room.upkeep()?;
    let seconds = |worked: &Worked| worked.ordering + worked.executing;
    let most = room.worked.iter().map(seconds).fold(0.0, f64::max);
    Ok(json!({
        "schema": "parclose.bench-rotation/1",
        "members": members,
        "audiences": audiences,
        "events": room.root.head().0 - before.0,
        "seconds_median": median(room.worked.iter().map(seconds)),
        "seconds_most": most,
        "executing_median": median(room.worked.iter().map(|worked| worked.executing)),
    }))
}

/// Each audience is of a role of its own, which some members lack: no two audiences are the same.
fn founder(at: usize, audiences: usize) -> Founder {
    let holds = |role: &usize| at % (audiences + 1) != *role;
    let roles = (0..audiences).filter(holds).map(|role| format!("role-{role}"));
    (format!("member-{at:03}"), std::iter::once("member".to_owned()).chain(roles).collect())
}

fn texts(audiences: usize) -> DefinitionTexts {
    let template = [
        include_str!("../../../../channels/bilateral/channel.toml"),
        include_str!("../../../../channels/bilateral/policy.cedar"),
        include_str!("../../../../channels/bilateral/policy.cedarschema"),
    ];
    let [mut channel_toml, policy, policy_schema] = template.map(str::to_owned);
    for audience in 0..audiences {
        // Writing to a text cannot fail.
        let _ = write!(
            channel_toml,
            "\n[[role]]\nname = \"role-{audience}\"\ndescription = \"a part of the members\"\n\
             [[audience]]\nname = \"part-{audience}\"\nroles = [\"role-{audience}\"]\n\
             [[record.field]]\nid = {}\nname = \"note_{audience}\"\nclass = \"reference\"\n\
             audience = \"part-{audience}\"\ntype = \"text\"\n",
            100 + audience
        );
    }
    DefinitionTexts { channel_toml, policy, policy_schema }
}

fn decide(room: &mut Room) -> Result<(), Failed> {
    let motion = Act::Move(Motion { changes: vec![Change::Rekey], blinder: [7; 32] });
    let motion = room.act_plainly(0, motion)?;
    for voter in 1..room.members.len() {
        let next = Height(room.root.head().0 + 1);
        if room.members[0].governance().decision_at(next).is_some() {
            return Ok(());
        }
        room.act_plainly(voter, Act::Vote { motion, approve: true })?;
    }
    Ok(())
}

/// As many sign the rotation as its certificate takes of those who stay.
fn rotate(room: &mut Room) -> Result<(), Failed> {
    let statement = room.work(0, |channel, head, _| Ok(channel.rotation(head, WINDOW)))?;
    let statement = statement.ok_or("no rotation is decided and dealt")?;
    let (mut current, mut next) = (Vec::new(), Vec::new());
    for at in 0..room.members.len() {
        let signed =
            room.work(at, |channel, head, _| Ok(channel.sign_rotation(&statement, head, WINDOW)?))?;
        current.push(signed.current);
        next.extend(signed.next);
        let certificate = Certificate::assemble(room.members[0].endorsers(), &current);
        if let (Some(certificate), Some(next)) = (certificate, Certificate::assemble(&statement.next, &next))
        {
            return room.commit(RootTransaction::Rotate(statement.rotate(certificate, next)));
        }
    }
    Err("not enough signatures".into())
}
