//! Which definition may follow which, as the next version of a channel's.
//!
//! Records outlive the definition that they were written by. They name their type, their fields and
//! their slots by number or index, and a field's key and place are derived from the record type's name,
//! the field's number and the class: were one of these given another meaning, an old record would be
//! read as something that nobody wrote. So a meaning is kept for ever, also of what was left out for a
//! while. Whatever else a definition says may change: audiences, roles, parameters, texts.
//!
//! A required field is what every record of its type has. An update need not carry it, and a record
//! from before would lack it for good; so a record type that is there gets optional fields only. Where
//! a new field must be required, a new record type has it.

use parclose_types::{Failure, Fault};

use super::{Definition, FieldSchema, RecordType, Slot};

/// Why a definition cannot be the next version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotFollow {
    /// DEF-06: not the next version
    #[error("version {got} cannot follow version {in_force}")]
    Version {
        /// of the definition in force
        in_force: u32,
        /// of the one that should follow
        got: u32,
    },
    /// DEF-07: another template
    #[error("template `{got}` cannot follow template `{in_force}`")]
    Template {
        /// of the definition in force
        in_force: String,
        /// of the one that should follow
        got: String,
    },
    /// DEF-08: a class with another number or name
    #[error("{0}")]
    Class(Renumbered),
    /// DEF-09: a record type with another number or name
    #[error("{0}")]
    RecordType(Renumbered),
    /// DEF-10: a field with another number or name
    #[error("{0}")]
    Field(Renumbered),
    /// DEF-11: a field of another type or class
    #[error("field `{field}` of `{record}` was {was} in version {version} and would be {now}")]
    FieldMeaning {
        /// record type
        record: String,
        /// field
        field: String,
        /// the earlier version
        version: u32,
        /// type and class there
        was: String,
        /// type and class now
        now: String,
    },
    /// DEF-12: other party slots
    #[error("record type `{record}` had the slots {was} in version {version} and would have {now}")]
    Slots {
        /// record type
        record: String,
        /// the earlier version
        version: u32,
        /// slots there
        was: String,
        /// slots now
        now: String,
    },
    /// DEF-16: another value role
    #[error("record type `{record}` was {was} to value in version {version} and would be {now}")]
    ValueRole {
        /// record type
        record: String,
        /// the earlier version
        version: u32,
        /// role there
        was: String,
        /// role now
        now: String,
    },
    /// DEF-18: a state of a life cycle is gone, or a due day is another
    #[error("record type `{record}` had {was} in version {version}, and would not have it")]
    Life {
        /// record type
        record: String,
        /// the earlier version
        version: u32,
        /// what it had
        was: String,
    },
    /// DEF-13: a required field that not every record has
    #[error("field `{field}` of `{record}` would be required, and was not in version {version}")]
    Required {
        /// record type
        record: String,
        /// field
        field: String,
        /// the earlier version
        version: u32,
    },
}

/// A number and a name that no longer belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {was} of version {version} would become {now}")]
pub struct Renumbered {
    /// kind, and for a field its record type
    pub what: String,
    /// number and name in the earlier version
    pub was: String,
    /// number and name now
    pub now: String,
    /// the earlier version
    pub version: u32,
}

impl Failure for CannotFollow {
    fn code(&self) -> &'static str {
        "DEFINITION_CANNOT_FOLLOW"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Version { .. } => "DEF-06",
            Self::Template { .. } => "DEF-07",
            Self::Class(_) => "DEF-08",
            Self::RecordType(_) => "DEF-09",
            Self::Field(_) => "DEF-10",
            Self::FieldMeaning { .. } => "DEF-11",
            Self::Slots { .. } => "DEF-12",
            Self::Required { .. } => "DEF-13",
            Self::ValueRole { .. } => "DEF-16",
            Self::Life { .. } => "DEF-18",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Version { .. } => "count the version up by one",
            Self::Template { .. } => "keep the template's name, or found a new channel",
            Self::Class(_) | Self::RecordType(_) | Self::Field(_) => {
                "use a number and a name that were never used"
            }
            Self::FieldMeaning { .. } => "leave the field out and add one with a new number and name",
            Self::ValueRole { .. } => "keep what the record type is to value, or add a record type",
            Self::Life { .. } => "keep states and due day, or add a record type with another life",
            Self::Slots { .. } => "keep the slots, or add a record type with the new ones",
            Self::Required { .. } => "make the field optional, or add a record type with it",
        }
        .into()
    }
}

impl Definition {
    /// Whether this definition may follow the one in force; `earlier` are those before that.
    ///
    /// # Rules
    ///
    /// > DEF-06: the next definition's version is one more than that of the definition in force.
    /// > DEF-07: the next definition keeps the template's name.
    /// > DEF-08: a class keeps its number and its name through all versions, also while it is left out.
    /// > DEF-09: a record type keeps its number and its name through all versions, also while it is left out.
    /// > DEF-10: a field keeps its number and its name within its record type through all versions, also while it is left out.
    pub fn may_follow(&self, in_force: &Self, earlier: &[Self]) -> Result<(), CannotFollow> {
        if in_force.version.checked_add(1) != Some(self.version) {
            return Err(CannotFollow::Version { in_force: in_force.version, got: self.version });
        }
        if self.template != in_force.template {
            let (in_force, got) = (in_force.template.clone(), self.template.clone());
            return Err(CannotFollow::Template { in_force, got });
        }
        for before in earlier.iter().chain([in_force]) {
            keep_together("class", before.version, &before.class_names(), &self.class_names())
                .map_err(CannotFollow::Class)?;
            keep_together("record type", before.version, &before.record_names(), &self.record_names())
                .map_err(CannotFollow::RecordType)?;
            for record in &self.records {
                let was = before.record(record.id);
                was.map_or(Ok(()), |was| record.keeps_meanings(was, before.version))?;
            }
        }
        Ok(())
    }

    fn class_names(&self) -> Vec<(u32, &str)> {
        self.classes.iter().map(|class| (class.id.0, class.name.as_str())).collect()
    }

    fn record_names(&self) -> Vec<(u32, &str)> {
        self.records.iter().map(|record| (record.id, record.name.as_str())).collect()
    }
}

impl RecordType {
    /// Against the same record type of an earlier version.
    ///
    /// # Rules
    ///
    /// > DEF-11: a field keeps its type and its class.
    /// > DEF-12: a record type keeps its party slots: which there are, their order, names and roles.
    /// > DEF-13: a field can be required only if it was required in every version that had its record type.
    /// > DEF-16: a record type keeps its value role, or its having none, and an asset the slot of its issuer.
    /// > DEF-18: a record type keeps its having a life cycle or none, with every state, the due day and the keyed tag of it; steps may change.
    fn keeps_meanings(&self, was: &Self, version: u32) -> Result<(), CannotFollow> {
        let record = || self.name.clone();
        if self.slots != was.slots {
            let (was, now) = (was.slots_in_words(), self.slots_in_words());
            return Err(CannotFollow::Slots { record: record(), version, was, now });
        }
        if let Some(was) = lost_life(was, self) {
            return Err(CannotFollow::Life { record: record(), version, was });
        }
        if (self.value, &self.issuer) != (was.value, &was.issuer) {
            let (was, now) = (value_in_words(was), value_in_words(self));
            return Err(CannotFollow::ValueRole { record: record(), version, was, now });
        }
        keep_together(&format!("field of `{}`", self.name), version, &was.field_names(), &self.field_names())
            .map_err(CannotFollow::Field)?;
        for field in &self.fields {
            let before = was.field(field.id);
            if let Some(before) = before.filter(|before| before.meaning() != field.meaning()) {
                return Err(CannotFollow::FieldMeaning {
                    record: record(),
                    field: field.name.clone(),
                    version,
                    was: before.meaning(),
                    now: field.meaning(),
                });
            }
            if field.required && !before.is_some_and(|before| before.required) {
                return Err(CannotFollow::Required { record: record(), field: field.name.clone(), version });
            }
        }
        Ok(())
    }

    fn field_names(&self) -> Vec<(u32, &str)> {
        self.fields.iter().map(|field| (field.id.0, field.name.as_str())).collect()
    }

    fn slots_in_words(&self) -> String {
        let slot = |slot: &Slot| format!("{} ({})", slot.name, slot.role);
        self.slots.iter().map(slot).collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn value_in_words(record: &RecordType) -> String {
    let issued = record.issuer.as_ref().map_or_else(String::new, |slot| format!(" issued by `{slot}`"));
    record.value.map_or_else(|| "nothing".into(), |role| format!("`{role}`{issued}"))
}

/// What of an earlier life is gone: a record that is in a state would be in none.
fn lost_life(was: &RecordType, now: &RecordType) -> Option<String> {
    match (&was.lifecycle, &now.lifecycle) {
        (None, None) => None,
        (Some(_), None) => Some("a life cycle".into()),
        (None, Some(_)) => Some("no life cycle".into()),
        (Some(was), Some(now)) if was.due != now.due => Some("another due day, or none".into()),
        (Some(was), Some(now)) if was.tag.is_some() && was.tag != now.tag => {
            Some("another keyed tag, or none".into())
        }
        (Some(was), Some(now)) => {
            let gone = was.states.iter().find(|state| now.state(&state.name).is_none());
            gone.map(|state| format!("the state `{}`", state.name))
        }
    }
}

impl FieldSchema {
    fn meaning(&self) -> String {
        format!("{} of class {} `{}`", self.field_type, self.class, self.class_name)
    }
}

/// Whoever has a number or a name of before has both. Names that differ in `-` against `_` are the same.
fn keep_together(
    what: &str,
    version: u32,
    before: &[(u32, &str)],
    now: &[(u32, &str)],
) -> Result<(), Renumbered> {
    let plain = |name: &str| name.replace('_', "-");
    let moved = |(one, other): &(&(u32, &str), &(u32, &str))| {
        one != other && (one.0 == other.0 || plain(one.1) == plain(other.1))
    };
    let mut pairs = before.iter().flat_map(|one| now.iter().map(move |other| (one, other)));
    match pairs.find(moved) {
        None => Ok(()),
        Some((was, now)) => {
            let named = |(number, name): &(u32, &str)| format!("{number} `{name}`");
            Err(Renumbered { what: what.into(), was: named(was), now: named(now), version })
        }
    }
}

#[cfg(test)]
mod tests;
