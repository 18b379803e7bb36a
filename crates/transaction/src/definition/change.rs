//! What another definition changes: who could newly open a field, which view keys open it, and the rest.
//!
//! It speaks of what is sealed from then on. A change reseals nothing: whoever could open a field of a
//! record that is there still can, and nobody else.
//!
//! Record types and fields are compared by name; that a number keeps its name is another question
//! ([`super::succession`]).

use std::collections::{BTreeMap, BTreeSet};

use super::reading::Grounds;
use super::{Definition, FieldSchema, History, Parameters, RecordType};

/// Whether a reader comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// opens the field under the second definition only
    Gains,
    /// opens the field under the first definition only
    Loses,
}

/// A field that somebody newly opens, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingChange {
    /// gains or loses
    pub turn: Turn,
    /// record type
    pub record: String,
    /// field
    pub field: String,
    /// who: whoever has the role, or stands in the slot
    pub reader: Grounds,
    /// the field is there under one definition only
    pub whole_field: bool,
}

/// A field that comes under other view keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassChange {
    /// record type
    pub record: String,
    /// field
    pub field: String,
    /// class before: its view keys open what was sealed then
    pub before: String,
    /// class after: its view keys open what is sealed from then on
    pub after: String,
}

/// Anything that a definition states, as it was and as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// where: `parameters.grace`
    pub what: String,
    /// before
    pub before: Option<String>,
    /// after
    pub after: Option<String>,
}

/// What another definition changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionChange {
    /// by record type and field
    pub reading: Vec<ReadingChange>,
    /// fields of another class
    pub classes: Vec<ClassChange>,
    /// every statement that differs
    pub edits: Vec<Edit>,
}

impl Definition {
    /// What `after` changes.
    ///
    /// # Rules
    ///
    /// > AUD-03: a comparison of definitions lists a role or slot as gaining a field exactly if it opens the field under the second and not under the first, and as losing it the other way round; a slot is left out where the role that it demands is listed.
    #[must_use]
    pub fn changes(&self, after: &Self) -> DefinitionChange {
        let mut reading = Vec::new();
        let mut classes = Vec::new();
        for (record, field) in names(self).union(&names(after)) {
            let sides = [self, after].map(|definition| Place::of(definition, record, field));
            reading.extend(readers(&sides, record, field));
            if let [Some(before), Some(after)] = &sides
                && before.field.class_name != after.field.class_name
            {
                let [before, after] = [before, after].map(|place| place.field.class_name.clone());
                classes.push(ClassChange { record: record.clone(), field: field.clone(), before, after });
            }
        }
        DefinitionChange { reading, classes, edits: edits(self, after) }
    }
}

/// A field in its definition.
#[derive(Clone, Copy)]
struct Place<'d> {
    definition: &'d Definition,
    record: &'d RecordType,
    field: &'d FieldSchema,
}

impl<'d> Place<'d> {
    fn of(definition: &'d Definition, record: &str, field: &str) -> Option<Self> {
        let record = definition.record_named(record)?;
        Some(Self { definition, record, field: record.field_named(field)? })
    }

    fn opens(self, reader: &Grounds) -> bool {
        self.definition.opens(self.record, self.field, reader)
    }

    /// The role that a slot demands.
    fn role_for(self, reader: &Grounds) -> Option<Grounds> {
        let Grounds::Slot(name) = reader else { return None };
        let slot = self.record.slots.iter().find(|slot| slot.name == *name)?;
        Some(Grounds::Role(slot.role.clone()))
    }
}

fn names(definition: &Definition) -> BTreeSet<(String, String)> {
    let records = definition.records.iter();
    records
        .flat_map(|record| record.fields.iter().map(|field| (record.name.clone(), field.name.clone())))
        .collect()
}

/// The roles and slots whose reading of one field changes.
fn readers(sides: &[Option<Place<'_>>; 2], record: &str, field: &str) -> Vec<ReadingChange> {
    let [before, after] = sides;
    let opens = |side: &Option<Place<'_>>, reader: &Grounds| side.is_some_and(|place| place.opens(reader));
    let turn = |reader: &Grounds| match (opens(before, reader), opens(after, reader)) {
        (false, true) => Some(Turn::Gains),
        (true, false) => Some(Turn::Loses),
        _ => None,
    };
    let places = || sides.iter().flatten();
    let roles =
        places().flat_map(|place| &place.definition.roles).map(|role| Grounds::Role(role.name.clone()));
    let slots = places().flat_map(|place| &place.record.slots).map(|slot| Grounds::Slot(slot.name.clone()));
    let readers: BTreeSet<Grounds> = slots.chain(roles).collect();
    let change = |reader: Grounds| {
        let turned = turn(&reader)?;
        let side = if turned == Turn::Gains { after } else { before };
        let demanded = side.and_then(|place| place.role_for(&reader));
        let is_listed = demanded.is_some_and(|role| turn(&role) == Some(turned));
        (!is_listed).then(|| ReadingChange {
            turn: turned,
            record: record.to_owned(),
            field: field.to_owned(),
            reader,
            whole_field: sides.iter().any(Option::is_none),
        })
    };
    readers.into_iter().filter_map(change).collect()
}

/// Every statement that differs.
fn edits(before: &Definition, after: &Definition) -> Vec<Edit> {
    let (before, after) = (statements(before), statements(after));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let edit = |key: &String| {
        let [before, after] = [&before, &after].map(|statements| statements.get(key).cloned());
        (before != after).then(|| Edit { what: key.clone(), before, after })
    };
    keys.into_iter().filter_map(edit).collect()
}

/// A definition, statement by statement.
fn statements(definition: &Definition) -> BTreeMap<String, String> {
    let Definition { template, version, title, roles, classes, audiences, .. } = definition;
    let mut said = parameters(&definition.parameters);
    let mut say = |what: String, value: String| _ = said.insert(what, value);
    say("template".into(), template.clone());
    say("version".into(), version.to_string());
    say("title".into(), title.clone());
    roles.iter().for_each(|role| say(format!("role.{}", role.name), role.description.clone()));
    audiences.iter().for_each(|rule| say(format!("audience.{}", rule.name), rule.in_words()));
    for class in classes {
        say(format!("class.{}", class.name), format!("{}, {}", class.id, class.description));
    }
    for record in &definition.records {
        let at = format!("record.{}", record.name);
        say(at.clone(), record.id.to_string());
        if record.value.is_some() {
            say(format!("{at}.value"), super::succession::value_in_words(record));
        }
        if let Some(life) = &record.lifecycle {
            life.in_words().into_iter().for_each(|(what, words)| say(format!("{at}.{what}"), words));
        }
        for (index, slot) in record.slots.iter().enumerate() {
            say(format!("{at}.slot.{index}"), format!("{} (role {})", slot.name, slot.role));
        }
        for field in &record.fields {
            say(format!("{at}.field.{}", field.name), field.in_words());
        }
    }
    said
}

fn parameters(parameters: &Parameters) -> BTreeMap<String, String> {
    let history = match parameters.history {
        History::FromJoin => "from-join".to_owned(),
        History::FromEpoch(epoch) => format!("from epoch {epoch}"),
        History::All => "all".to_owned(),
    };
    let numbers = [
        ("epoch_length", parameters.epoch_length),
        ("grace", parameters.grace),
        ("expiry_max", parameters.expiry_max),
        ("attest_after", parameters.attest_after),
        ("missing_batch_after", parameters.missing_batch_after),
        ("endorse_lag_max", parameters.endorse_lag_max),
    ];
    let numbers = numbers.map(|(name, value)| (format!("parameters.{name}"), value.to_string()));
    numbers.into_iter().chain([("parameters.history".into(), history)]).collect()
}

impl FieldSchema {
    fn in_words(&self) -> String {
        let Self { id, class_name, audience, field_type, .. } = self;
        let required = if self.required { ", required" } else { "" };
        let opened = if self.opened { ", opened" } else { "" };
        format!("{id}, {field_type}, class {class_name}, audience {audience}{required}{opened}")
    }
}

#[cfg(test)]
mod tests;
