//! `parclose policy diff`: who could newly do and read what, and who no longer could.

use std::collections::BTreeSet;
use std::path::PathBuf;

use parclose_access::difference::{Change, Direction, Position, Side, Standing, Whom};
use parclose_access::{Difference, Request, compare, explain};
use parclose_node::found::template_folder;
use parclose_transaction::definition::change::{DefinitionChange, ReadingChange, Turn};
use parclose_transaction::definition::lines::Lines;
use parclose_transaction::definition::reading::Grounds;
use serde_json::{Value, json};

use super::explain::{reason, roles_text};
use super::subject::Subject;
use crate::args::{Global, MaybeChannel, OfChannel};
use crate::error::CliError;

/// Compares two folders, or a channel in force with a folder or with what a motion would put in force.
pub(super) fn run(
    global: &Global,
    of: &MaybeChannel,
    motion: Option<&str>,
    folders: &[PathBuf],
) -> Result<Value, CliError> {
    let template = |folder: &PathBuf| {
        Subject::of_template(&template_folder(&global.templates, &folder.display().to_string()), &[])
    };
    let in_channel = of.channel.clone().zip(of.member.clone());
    let in_channel = in_channel.map(|(channel, member)| OfChannel { channel, member });
    let [before, after] = match (&in_channel, motion, folders) {
        (Some(of), None, [after]) => [Subject::in_force(global, of, None)?.0, template(after)?],
        (Some(of), Some(motion), []) => {
            [Subject::in_force(global, of, None)?.0, Subject::of_motion(global, of, motion)?]
        }
        (None, None, [before, after]) => [template(before)?, template(after)?],
        _ => {
            let fix = "parclose policy diff OLD NEW, or parclose policy diff -c CHANNEL --as MEMBER NEW|--motion MOTION";
            return Err(CliError::usage("a comparison has two sides", fix));
        }
    };
    let doing = compare(before.side(), after.side());
    let definition = before.definition.changes(&after.definition);
    Ok(Report { before: &before, after: &after }.json(&doing, &definition))
}

/// Two sides; the members are those of the first.
struct Report<'s> {
    before: &'s Subject,
    after: &'s Subject,
}

impl Report<'_> {
    fn json(&self, doing: &Difference, definition: &DefinitionChange) -> Value {
        let classes: Vec<Value> = definition
            .classes
            .iter()
            .map(|change| {
                json!({
                    "field": format!("{}.{}", change.record, change.field),
                    "before": change.before,
                    "after": change.after,
                    "effect": format!("view keys of class {} open it from then on, those of {} no longer", change.after, change.before),
                })
            })
            .collect();
        let edits: Vec<Value> = definition
            .edits
            .iter()
            .map(|edit| json!({ "what": edit.what, "before": edit.before, "after": edit.after }))
            .collect();
        json!({
            "schema": "parclose.policy-diff/1",
            "before": self.before.title(),
            "after": self.after.title(),
            "result": result(doing, definition),
            "situations": doing.situations,
            "not_tried": doing.gaps.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "doing": doing.changes.iter().map(|change| self.doing_json(change)).collect::<Vec<_>>(),
            "reading": definition.reading.iter().map(|change| self.reading_json(change)).collect::<Vec<_>>(),
            "classes": classes,
            "definition": edits,
        })
    }

    fn doing_json(&self, change: &Change) -> Value {
        let gains = change.direction == Direction::Gains;
        let when = match (change.always, change.example.particular.as_slice()) {
            (true, _) => "always".to_owned(),
            (false, []) => "not always; when all others are different members".to_owned(),
            (false, particular) => format!("not always; when {}", particular.join(" and ")),
        };
        json!({
            "change": if gains { "gains" } else { "loses" },
            "who": self.whom(change),
            "roles": change.least.roles,
            "standing": change.least.positions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "action": change.action,
            "type": change.record_type,
            "unless": exceptions(change),
            "when": when,
            "before": ground(&self.before.side(), &change.example.before, !gains),
            "after": ground(&self.after.side(), &change.example.after, gains),
            "members": self.members(change),
        })
    }

    fn whom(&self, change: &Change) -> String {
        match &change.whom {
            Whom::Member(key) => format!("member {}", self.before.name_of(key)),
            Whom::Anybody { but } if but.is_empty() => "anybody".into(),
            Whom::Anybody { but } => {
                let but: Vec<String> = but.iter().map(|key| self.before.name_of(key)).collect();
                format!("anybody but {}", but.join(", "))
            }
        }
    }

    /// Members of the channel that would be concerned, if they stood so.
    fn members(&self, change: &Change) -> Vec<&str> {
        let concerned = self.before.members.iter().filter(|member| {
            let standing =
                Standing { roles: member.roles.clone(), positions: change.least.positions.clone() };
            change.concerns(&member.id, &standing)
        });
        concerned.map(|member| member.name.as_str()).collect()
    }

    fn reading_json(&self, change: &ReadingChange) -> Value {
        let gains = change.turn == Turn::Gains;
        let side = if gains { self.after } else { self.before };
        let note = match (change.whole_field, gains) {
            (true, true) => "the field is new",
            (true, false) => "the field is retired: what was sealed stays readable",
            (false, true) => "of what is sealed from then on",
            (false, false) => "what was sealed stays readable",
        };
        json!({
            "change": if gains { "gains" } else { "loses" },
            "who": change.reader.to_string(),
            "field": format!("{}.{}", change.record, change.field),
            "at": rule_line(side, change),
            "note": note,
            "members": self.readers(side, change),
        })
    }

    /// Members of the channel that have the role, or could stand in the slot.
    fn readers(&self, side: &Subject, change: &ReadingChange) -> Vec<&str> {
        let role = match &change.reader {
            Grounds::Role(role) => Some(role),
            Grounds::Slot(name) => {
                let slots = side.definition.record_named(&change.record).into_iter().flat_map(|r| &r.slots);
                slots.filter(|slot| slot.name == *name).map(|slot| &slot.role).next()
            }
        };
        let has = |member: &&super::subject::Member| role.is_some_and(|role| member.roles.contains(role));
        self.before.members.iter().filter(has).map(|member| member.name.as_str()).collect()
    }
}

/// The line that says whether anybody gains or loses anything.
fn result(doing: &Difference, definition: &DefinitionChange) -> String {
    let doing_gains = doing.changes.iter().filter(|change| change.direction == Direction::Gains).count();
    let reading_gains = definition.reading.iter().filter(|change| change.turn == Turn::Gains).count();
    let by_view_key = definition.classes.len();
    let part = |verb: &str, doing: usize, reading: usize| match doing + reading + by_view_key {
        0 => format!("nobody {verb} anything"),
        _ => format!("{verb}: {doing} in doing, {reading} in reading, {by_view_key} by view key"),
    };
    let gains = part("gains", doing_gains, reading_gains);
    let loses = part("loses", doing.changes.len() - doing_gains, definition.reading.len() - reading_gains);
    let tried = if doing.gaps.is_empty() { "" } else { "; of doing, not everything was tried" };
    format!("{gains}; {loses}{tried}")
}

/// Who is left out of a change: what it has more than the least.
fn exceptions(change: &Change) -> String {
    let except = change.except.iter().map(|except| {
        let roles = &except.roles - &change.least.roles;
        let positions: BTreeSet<Position> = &except.positions - &change.least.positions;
        let roles = (!roles.is_empty()).then(|| format!("with role {}", roles_text(&roles)));
        let positions = (!positions.is_empty()).then(|| format!("as {}", positions_text(&positions)));
        roles.into_iter().chain(positions).collect::<Vec<_>>().join(" ")
    });
    except.collect::<Vec<_>>().join("; or ")
}

fn positions_text(positions: &BTreeSet<Position>) -> String {
    positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// What decides the example on one side: a statement, or a role that a slot demands.
fn ground(side: &Side<'_>, request: &Request, permitted: bool) -> String {
    let explanation = explain(side.policy, request);
    if explanation.answer.is_ok() == permitted {
        return reason(&explanation);
    }
    let demands = side.slot_roles.get(&request.record_type);
    let lacks = |(slot, party): (&String, &parclose_access::Party)| {
        let role = demands?.get(slot).filter(|role| !party.roles.contains(*role))?;
        Some(format!("slot {slot} demands the role {role} (SCH-02)"))
    };
    request.parties.iter().find_map(lacks).unwrap_or_else(|| reason(&explanation))
}

/// Where the rule of a field stands.
fn rule_line(side: &Subject, change: &ReadingChange) -> Option<String> {
    let lines = Lines::of(&side.texts.channel_toml)?;
    let field = side.definition.record_named(&change.record)?.field_named(&change.field)?;
    let key = match &change.reader {
        Grounds::Slot(_) => "slots",
        Grounds::Role(_) => "roles",
    };
    let entry = [("audience", field.audience.as_str())];
    let line = lines.line(key, &entry).or_else(|| lines.line("name", &entry))?;
    Some(format!("channel.toml:{line}"))
}
