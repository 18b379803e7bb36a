//! Who can open a field, by which audience rule; and what the schema demands beside the policy.

use std::collections::{BTreeMap, BTreeSet};

use parclose_access::Request;
use parclose_transaction::definition::lines::Lines;
use parclose_transaction::definition::reading::Grounds;
use parclose_transaction::definition::{AudienceRule, FieldSchema, RecordType};
use serde_json::{Value, json};

use super::explain::roles_text;
use super::subject::{Existing, Member, Subject};
use crate::args::PolicyQuestion;
use crate::error::CliError;

/// A field with the rule that says who opens it.
struct Field<'s> {
    subject: &'s Subject,
    record: &'s RecordType,
    schema: &'s FieldSchema,
    rule: &'s AudienceRule,
    lines: Lines<'s>,
}

/// Says who can open a field.
pub(super) fn explain(
    subject: &Subject,
    question: &PolicyQuestion,
    named: &str,
    existing: Option<&Existing>,
) -> Result<Value, CliError> {
    let field = Field::named(subject, named)?;
    let parties = match existing {
        Some(existing) if subject.record_type(existing)?.id == field.record.id => {
            subject.parties_of(field.record, existing)
        }
        Some(_) => return Err(CliError::usage("the record is of another type", "name a field of its type")),
        None => subject.parties(&field.record.name, &question.parties)?,
    };
    let of = |member: &&Member| question.who.as_ref().is_none_or(|who| *who == member.name);
    let members: Vec<Value> =
        subject.members.iter().filter(of).map(|member| field.member_json(member, &parties)).collect();
    Ok(json!({
        "schema": "parclose.policy-explain-read/1",
        "question": format!("who can open {}.{}?", field.record.name, field.schema.name),
        "class": field.schema.class_name,
        "audience": field.schema.audience,
        "at": field.at(),
        "rule": field.rule.in_words(),
        "rule_at": field.rule_at(&["slots", "roles"]),
        "parties": parties.iter().map(|(slot, member)| format!("{slot} {}", member.name)).collect::<Vec<_>>(),
        "members": members,
        "readers": field.readers_json(),
    }))
}

impl<'s> Field<'s> {
    /// `TYPE.FIELD`, or `FIELD` where only one record type has it.
    fn named(subject: &'s Subject, named: &str) -> Result<Self, CliError> {
        let (record, name) =
            named.split_once('.').map_or((None, named), |(record, name)| (Some(record), name));
        let mut found =
            subject.definition.records.iter().filter(|r| record.is_none_or(|name| r.name == name));
        let with_field = |record: &'s RecordType| Some((record, record.field_named(name)?));
        let mut fields = found.by_ref().filter_map(with_field);
        let usage = |text: &str| {
            CliError::usage(format!("{text} `{named}`"), "name it TYPE.FIELD; see `parclose channel show`")
        };
        let (record, schema) = fields.next().ok_or_else(|| usage("no field"))?;
        if fields.next().is_some() {
            return Err(usage("several record types have a field"));
        }
        let rule = subject.definition.audience(&schema.audience).ok_or_else(|| usage("no audience of"))?;
        let lines = Lines::of(&subject.texts.channel_toml).ok_or_else(|| usage("no lines of"))?;
        Ok(Self { subject, record, schema, rule, lines })
    }

    fn place(line: Option<usize>) -> Value {
        line.map_or(Value::Null, |line| json!(format!("channel.toml:{line}")))
    }

    /// Where the field names its audience.
    fn at(&self) -> Value {
        let entry = [("record", self.record.name.as_str()), ("field", self.schema.name.as_str())];
        Self::place(self.lines.line("audience", &entry))
    }

    /// Where the rule stands, by the first of its keys that there is.
    fn rule_at(&self, keys: &[&str]) -> Value {
        let entry = [("audience", self.rule.name.as_str())];
        Self::place(keys.iter().chain(&["name"]).find_map(|key| self.lines.line(key, &entry)))
    }

    fn grounds_at(&self, grounds: &Grounds) -> Value {
        match grounds {
            Grounds::Slot(_) => self.rule_at(&["slots"]),
            Grounds::Role(_) => self.rule_at(&["roles"]),
        }
    }

    /// One member, with the parties that are known.
    fn member_json(&self, member: &Member, parties: &BTreeMap<String, Member>) -> Value {
        let stands: BTreeSet<String> =
            parties.iter().filter(|(_, party)| party.id == member.id).map(|(slot, _)| slot.clone()).collect();
        let grounds = self.rule.grounds(&member.roles, &stands);
        let could = |slot: &&String| {
            let demanded = self.record.slots.iter().find(|known| known.name == **slot).map(|slot| &slot.role);
            !parties.contains_key(*slot) && demanded.is_some_and(|role| member.roles.contains(role))
        };
        let could: Vec<&str> = self.rule.slots.iter().filter(could).map(String::as_str).collect();
        let stood: Vec<&str> = stands.iter().map(String::as_str).collect();
        let (opens, why, at) = match grounds {
            Some(grounds) => ("yes".into(), format!("the rule names {grounds}"), self.grounds_at(&grounds)),
            None if could.is_empty() => {
                let stands =
                    if stood.is_empty() { "no slot".into() } else { format!("slot {}", stood.join(", ")) };
                let roles = roles_text(&member.roles);
                let why = format!("it stands in {stands} and has the roles {roles}; the rule names neither");
                ("no".into(), why, self.rule_at(&["slots", "roles"]))
            }
            None => {
                let why = format!("where a record names it as {}", could.join(" or "));
                (format!("as {}", could.join(" or ")), why, self.rule_at(&["slots"]))
            }
        };
        json!({ "member": member.name, "roles": member.roles, "opens": opens, "why": why, "at": at })
    }

    /// Every slot of the record, every role without a slot, and those who are no members.
    fn readers_json(&self) -> Vec<Value> {
        let none = BTreeSet::new();
        let one = |name: &str| BTreeSet::from([name.to_owned()]);
        let row = |who: String, grounds: Option<Grounds>| {
            let (opens, why, at) = match grounds {
                Some(grounds) => ("yes", format!("the rule names {grounds}"), self.grounds_at(&grounds)),
                None => ("no", "the rule does not name it".into(), self.rule_at(&["slots", "roles"])),
            };
            json!({ "reader": who, "opens": opens, "why": why, "at": at })
        };
        let slots = self.record.slots.iter().map(|slot| {
            let grounds = self.rule.grounds(&one(&slot.role), &one(&slot.name));
            row(format!("slot {} (role {})", slot.name, slot.role), grounds)
        });
        let roles = self.subject.definition.roles.iter();
        let roles = roles.map(|role| {
            row(format!("role {}, in no slot", role.name), self.rule.grounds(&one(&role.name), &none))
        });
        let class = &self.schema.class_name;
        let outside = [
            (
                "regulator",
                "by view key",
                format!("with a key of class {class} that readers of this audience grant"),
            ),
            ("validators", "no", "they get commitments only".to_owned()),
        ];
        let outside = outside
            .into_iter()
            .map(|(who, opens, why)| json!({ "reader": who, "opens": opens, "why": why, "at": null }));
        slots.chain(roles).chain(outside).collect()
    }
}

/// What is checked before the policy: roles of parties, and audiences of the fields that it would write.
pub(super) fn schema_demands(subject: &Subject, request: &Request) -> Vec<Value> {
    let Some(record) = subject.definition.record_named(&request.record_type) else { return Vec::new() };
    let mut demands = Vec::new();
    for slot in &record.slots {
        let party = request.parties.get(&slot.name).filter(|party| !party.roles.contains(&slot.role));
        demands.extend(party.map(|party| {
            let who = subject.name_of(&party.id);
            let demand =
                format!("{who} cannot stand in slot {}: it has not the role {}", slot.name, slot.role);
            json!({ "rule": "SCH-02", "demand": demand })
        }));
    }
    let asks = &request.principal;
    let stands: BTreeSet<String> = request
        .parties
        .iter()
        .filter(|(_, party)| party.id == asks.id)
        .map(|(slot, _)| slot.clone())
        .collect();
    for field in &record.fields {
        let rule = subject.definition.audience(&field.audience);
        if rule.is_some_and(|rule| rule.grounds(&asks.roles, &stands).is_none()) {
            let required = if field.required { ", which a new record needs" } else { "" };
            let demand =
                format!("it cannot write {}{required}: it is not of audience {}", field.name, field.audience);
            demands.push(json!({ "rule": "SCH-04", "demand": demand }));
        }
    }
    demands
}
