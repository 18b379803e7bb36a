//! `parclose channel`: the rooms of a member.

use parclose_channel::Channel as Room;
use parclose_transaction::MemberEntry;
use parclose_types::{Height, Sequence};
use serde_json::{Value, json};

use crate::args::{Channel, Global};
use crate::audit;
use crate::context::{in_room, with_channel, with_consortium, with_home};
use crate::dev::create_channel;
use crate::error::CliError;
use crate::evidence;
use crate::founding;
use crate::governance;
use crate::member::with_roles;
use crate::successor;

/// Runs `parclose channel …`.
pub fn run(global: &Global, command: &Channel) -> Result<Value, CliError> {
    match command {
        Channel::List { member } => list(global, member),
        Channel::Create { name, template, members } => create(global, name, template, members),
        Channel::Draft { name, template, members, out } => {
            founding::draft(global, name, template, members, out)
        }
        Channel::Enter { member, draft, out } => founding::enter(global, member, draft, out),
        Channel::Sign { of, parts, out } => founding::sign(global, of, parts, out),
        Channel::Open { of, signatures } => founding::open(global, of, signatures),
        Channel::Show { of } => with_consortium(global, |consortium| {
            let (room, now) = (consortium.room(&of.member, &of.channel)?, consortium.root().head());
            in_room(&room, move |channel| show(channel, now))
        }),
        Channel::Members { of } => with_channel(global, of, |channel| Ok(members(channel))),
        Channel::Export { of, from, to, out, handing } => {
            audit::export(global, of, from.zip(*to), out, handing)
        }
        Channel::Complain { of, record, field, out } => evidence::complain(global, of, (record, field), out),
        Channel::Evidence { of, out } => evidence::show(global, of, out.as_deref()),
        Channel::Succeed { of, name } => successor::succeed(global, of, name.as_deref()),
        Channel::Visibility { of } => with_channel(global, of, |channel| Ok(visibility(channel))),
        Channel::Motions { of } => governance::motions(global, of),
        Channel::Propose { of, proposal } => governance::propose(global, of, proposal),
        Channel::Vote { of, motion, against } => governance::vote(global, of, motion, !against),
        Channel::Leave { of } => governance::leave(global, of),
        Channel::Invite { of, out } => governance::invite(global, of, out),
        Channel::Join { member, invitation, roles, out } => {
            governance::join(global, member, invitation, roles, out)
        }
        Channel::Card { of, roles, out } => governance::card(global, of, roles, out),
        Channel::Verify { of } => with_consortium(global, |consortium| {
            let room = consortium.room(&of.member, &of.channel)?;
            let root = consortium.root().clone();
            let verified = in_room(&room, move |channel| {
                let tag = channel.tag();
                channel.verify(|sequence| {
                    let events = root.events(&tag, sequence, 1).ok()?;
                    events
                        .first()
                        .filter(|event| event.entry.sequence == sequence)
                        .map(|event| event.entry.chain)
                })
            })??;
            let predecessor = consortium.compare_predecessor(&of.member, &of.channel)?;
            Ok(json!({
                "schema": "parclose.channel-verify/1",
                "channel": of.channel,
                "member": of.member,
                "rows": verified.rows,
                "events": verified.events,
                "records": verified.records,
                "notes": verified.notes,
                "verdicts": verified.verdicts,
                "sealed_parts": verified.sealed,
                "withheld_batches": verified.withheld,
                "state_root": verified.root.to_string(),
                "predecessor": predecessor.as_ref().map(successor::end_json),
                "result": "every value follows from the attested log",
            }))
        }),
    }
}

fn list(global: &Global, member: &str) -> Result<Value, CliError> {
    let cards = with_home(global, |home| Ok(home.member_directory(member)?.channels()?))?;
    let channels: Vec<Value> = cards
        .iter()
        .map(|card| json!({ "name": card.name, "template": card.template, "tag": card.tag.to_string() }))
        .collect();
    Ok(json!({ "schema": "parclose.channels/1", "member": member, "channels": channels }))
}

fn create(global: &Global, name: &str, template: &str, members: &[String]) -> Result<Value, CliError> {
    let members = members.iter().map(|text| with_roles(text)).collect::<Result<Vec<_>, CliError>>()?;
    with_consortium(global, |consortium| {
        let tag = create_channel(consortium, global, name, template, &members)?;
        Ok(json!({
            "schema": "parclose.channel-create/1",
            "name": name,
            "template": template,
            "tag": tag.to_string(),
            "members": members.iter().map(|(member, roles)| json!({ "name": member, "roles": roles })).collect::<Vec<_>>(),
        }))
    })
}

fn show(channel: &Room, now: Height) -> Value {
    let head = channel.head();
    let members: Vec<Value> = channel
        .config()
        .members
        .iter()
        .map(|member| {
            json!({
                "name": member.name,
                "roles": member.certificate.roles,
                "pseudonym": member.certificate.pseudonym.to_string(),
            })
        })
        .collect();
    let records: Vec<Value> = channel
        .definition()
        .records
        .iter()
        .map(|record| {
            json!({
                "type": record.name,
                "slots": record.slots.iter().map(|slot| format!("{} ({})", slot.name, slot.role)).collect::<Vec<_>>(),
                "fields": record.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
                "states": record.lifecycle.iter().flat_map(|life| &life.states).map(|state| state.name.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "schema": "parclose.channel/1",
        "title": channel.definition().title,
        "template": channel.definition().template,
        "definition_version": channel.definition().version,
        "tag": channel.tag().to_string(),
        "generation": channel.config().generation,
        "threshold": channel.config().threshold,
        "events": head.map_or(0, |head| head.next.0),
        "height": head.map_or(0, |head| head.height.0),
        "epoch": head.map_or(0, |head| channel.epoch_at(head.height).0.0),
        "root_height": now.0,
        "epoch_now": channel.epoch_at(now).0.0,
        "verdicts": head.map_or(0, |head| head.verdicts.len()),
        "state_root": head.map(|head| head.root.to_string()),
        "closed": head.is_some_and(|head| head.closed),
        "predecessor": channel.setup().predecessor.as_ref().map(successor::end_json),
        "attested_event": channel.latest_attested().ok().flatten().map(|(attested, _): (Sequence, Sequence)| attested.0),
        "members": members,
        "record_types": records,
    })
}

/// Who belongs to the newest generation, and who has published its certificate for the next: no motion
/// passes without those who have not, unless it names them (GOV-11).
fn members(channel: &Room) -> Value {
    let published = channel.governance().published();
    let row = |member: &MemberEntry| {
        json!({
            "name": member.name,
            "roles": member.certificate.roles,
            "identity": member.id().to_string(),
            "pseudonym": member.certificate.pseudonym.to_string(),
            "published_next": published.contains_key(&member.id()),
        })
    };
    json!({
        "schema": "parclose.channel-members/1",
        "generation": channel.config().generation,
        "threshold": channel.config().threshold,
        "members": channel.config().members.iter().map(row).collect::<Vec<_>>(),
    })
}

/// Which slot sees which field, straight from the definition.
fn visibility(channel: &Room) -> Value {
    let mut rows = Vec::new();
    for record in &channel.definition().records {
        for field in &record.fields {
            let rule = channel.definition().audience(&field.audience);
            let mut row = json!({ "record": record.name, "field": field.name, "class": field.class_name });
            for slot in &record.slots {
                let sees = rule
                    .is_some_and(|rule| rule.slots.contains(&slot.name) || rule.roles.contains(&slot.role));
                row[&slot.name] = json!(if sees { "clear" } else { "sealed" });
            }
            row["other members"] = json!("sealed");
            row["validators"] = json!("nothing");
            rows.push(row);
        }
    }
    json!({ "schema": "parclose.visibility/1", "fields": rows })
}
