//! A channel's definition: `channel.toml`, `policy.cedar`, `policy.cedarschema`.
//!
//! Roles, record types with party slots and fields; each field has a class (what kind of data) and
//! an audience (a rule over roles and slots). Both come from here, never from a writer. The digest
//! covers all three texts, so two members cannot hold different definitions of one version.

pub mod change;
pub mod lifecycle;
pub mod lines;
pub mod reading;
pub mod succession;

use std::collections::BTreeSet;

use parclose_types::{ClassId, Failure, Fault, FieldId, limits};
use serde::{Deserialize, Serialize};

use crate::value::FieldType;

mod parameters;
mod texts;
mod value_role;

pub use lifecycle::{
    DueDay, DueGuard, Holds, LifeState, Lifecycle, LifecycleInvalid, Outstanding, Step, TaggedBy, Transfers,
};
pub use parameters::{Approvals, Governance, History, Parameters};
pub use texts::DefinitionTexts;
pub use value_role::{
    ANSWER_FIELD, DATE_FIELD, INSTRUCTION_FIELD, KEY_FIELD, OWNER_KEY_FIELD, TERMS_FIELD, ValueRole,
};

/// A parsed and checked definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// format of this file, which stands for the rules of the channel too: [`FORMAT`]
    pub format: u32,
    /// template name
    pub template: String,
    /// version, counted up by the channel
    pub version: u32,
    /// one line for people
    pub title: String,
    /// intervals and windows, in root heights
    pub parameters: Parameters,
    /// how the channel changes
    #[serde(default)]
    pub governance: Governance,
    /// roles
    #[serde(rename = "role")]
    pub roles: Vec<Role>,
    /// classes of fields
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
    /// audience rules
    #[serde(rename = "audience")]
    pub audiences: Vec<AudienceRule>,
    /// record types
    #[serde(rename = "record")]
    pub records: Vec<RecordType>,
}

/// A role that members can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// its name
    pub name: String,
    /// one line for people
    pub description: String,
}

/// A class of fields: the unit of a view key's scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// its number, never reused
    pub id: ClassId,
    /// its name
    pub name: String,
    /// one line for people
    pub description: String,
}

/// Who may read: a rule over roles and party slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceRule {
    /// its name
    pub name: String,
    /// everyone with one of these roles
    #[serde(default)]
    pub roles: Vec<String>,
    /// whoever stands in one of these slots of the record
    #[serde(default)]
    pub slots: Vec<String>,
}

/// A type of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordType {
    /// its number, never reused
    pub id: u32,
    /// its name
    pub name: String,
    /// what its records are to value, if they are anything
    #[serde(default)]
    pub value: Option<ValueRole>,
    /// of an asset, the slot in which its issuer stands, if that is not called `issuer`
    #[serde(default)]
    pub issuer: Option<String>,
    /// its records' life, if they have one
    #[serde(default)]
    pub lifecycle: Option<Lifecycle>,
    /// party slots, in the order of their index
    #[serde(rename = "slot", default)]
    pub slots: Vec<Slot>,
    /// fields
    #[serde(rename = "field")]
    pub fields: Vec<FieldSchema>,
}

/// A party slot of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// its name
    pub name: String,
    /// role that a member needs to stand in it
    pub role: String,
}

/// A field of a record type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSchema {
    /// its number, never reused
    pub id: FieldId,
    /// its name
    pub name: String,
    /// class, by name in the file
    #[serde(rename = "class")]
    pub class_name: String,
    /// class, resolved
    #[serde(skip)]
    pub class: ClassId,
    /// audience rule, by name
    pub audience: String,
    /// type of its values
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// a new record needs it
    #[serde(default)]
    pub required: bool,
    /// one of its readers signs that it has opened it, before it can be written
    #[serde(default)]
    pub opened: bool,
}

/// Why a text is not a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionInvalid {
    /// DEF-01: not TOML of this shape, or with a key that is not known
    #[error("{file}: {reason}")]
    Shape {
        /// which file
        file: String,
        /// what the parser says, with its line
        reason: String,
    },
    /// DEF-02: a name or number is empty, too long, or used twice
    #[error(
        "{what} `{name}` is used twice (`_` counts as `-`), or is not a short name of a-z, 0-9, `-` and `_`"
    )]
    Name {
        /// kind of name
        what: &'static str,
        /// the name
        name: String,
    },
    /// DEF-03: something names what is not defined
    #[error("{what} `{name}` of {of} is not defined")]
    Unresolved {
        /// kind of name
        what: &'static str,
        /// the name
        name: String,
        /// where it stands
        of: String,
    },
    /// DEF-04: a number is outside its limits
    #[error("{what} is {got}, allowed are {from} to {to}")]
    Limit {
        /// which number
        what: &'static str,
        /// lowest
        from: u64,
        /// highest
        to: u64,
        /// found
        got: u64,
    },
    /// DEF-15: a record type lacks what its value role needs, or has what only such a role has
    #[error("record type `{record}` needs {needs}")]
    ValueRole {
        /// the record type
        record: String,
        /// what it needs
        needs: &'static str,
    },
    /// DEF-17: a life cycle that does not hang together
    #[error("life cycle of `{record}`: {reason}")]
    Lifecycle {
        /// the record type
        record: String,
        /// what is wrong with it
        reason: Box<LifecycleInvalid>,
    },
    /// DEF-14: a format, and with it rules, that this program does not know
    #[error("{file} has format {found}, this program knows the rules of format {FORMAT}")]
    Format {
        /// which file
        file: String,
        /// format found
        found: u64,
    },
    /// OPN-01: a field that only its author reads is to be opened by another
    #[error(
        "field `{field}` of {record} is to be opened by another reader, and its audience is one slot: its author's own"
    )]
    ReadByNoOther {
        /// the record type
        record: String,
        /// the field
        field: String,
    },
    /// DEF-05: an audience rule that names nobody
    #[error("audience `{audience}` names neither a role nor a slot")]
    NamesNobody {
        /// the audience
        audience: String,
    },
}

/// The one format of a definition, which stands for the rules by which its channel executes.
pub const FORMAT: u32 = 1;

/// What a policy calls the channel itself, when it says who may change it; no record type has this name.
pub const CHANNEL_RESOURCE: &str = "channel";

/// Characters of a name, and of a parser's message, that an error repeats.
const NAME_SHOWN: usize = 80;
const MESSAGE_SHOWN: usize = 400;

/// Party slots of one record type, and so parties of one operation.
pub(crate) const SLOTS_MAX: usize = 16;

impl Failure for DefinitionInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Format { .. } => "RULES_UNKNOWN",
            _ => "DEFINITION_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "DEF-01",
            Self::Name { .. } => "DEF-02",
            Self::Unresolved { .. } => "DEF-03",
            Self::Limit { .. } => "DEF-04",
            Self::NamesNobody { .. } => "DEF-05",
            Self::ReadByNoOther { .. } => "OPN-01",
            Self::Format { .. } => "DEF-14",
            Self::ValueRole { .. } => "DEF-15",
            Self::Lifecycle { .. } => "DEF-17",
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
            Self::Format { .. } => "update parclose on this node to a version that knows these rules".into(),
            _ => "correct channel.toml; specs/03-access.md describes each key".into(),
        }
    }
}

impl Definition {
    /// Parses and checks `channel.toml`.
    ///
    /// # Rules
    ///
    /// > DEF-01: a definition has the known shape; an unknown key is an error that names it.
    /// > DEF-02: names and numbers are short and unique within their kind, `_` counting as `-`.
    /// > DEF-03: every class, audience, role and slot that is named is defined.
    /// > DEF-04: counts and intervals are within their limits.
    /// > DEF-05: an audience rule names at least one role or slot.
    /// > DEF-14: a definition of another format is refused before anything else in it is read: its rules are not known here.
    pub fn parse(file: &str, text: &str) -> Result<Self, DefinitionInvalid> {
        limit("bytes of the definition", text.len() as u64, 1, limits::DEFINITION_BYTES_MAX as u64)?;
        check_format(file, text)?;
        let mut definition: Self = toml::from_str(text)
            .map_err(|e| DefinitionInvalid::Shape { file: file.into(), reason: one_line(text, &e) })?;
        definition.check_limits()?;
        definition.check_names()?;
        definition.resolve()?;
        definition.records.iter().try_for_each(RecordType::check_value_role)?;
        definition.check_only_ones()?;
        definition.check_lifecycles()?;
        Ok(definition)
    }

    /// An audience rule by name.
    #[must_use]
    pub fn audience(&self, name: &str) -> Option<&AudienceRule> {
        self.audiences.iter().find(|rule| rule.name == name)
    }

    /// A record type by number.
    #[must_use]
    pub fn record(&self, id: u32) -> Option<&RecordType> {
        self.records.iter().find(|record| record.id == id)
    }

    /// A record type by name.
    #[must_use]
    pub fn record_named(&self, name: &str) -> Option<&RecordType> {
        self.records.iter().find(|record| record.name == name)
    }

    /// A class by name.
    #[must_use]
    pub fn class_named(&self, name: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == name)
    }

    fn check_limits(&self) -> Result<(), DefinitionInvalid> {
        limit("epoch_length", self.parameters.epoch_length, 1, 1 << 32)?;
        limit("grace", self.parameters.grace, 0, self.parameters.epoch_length)?;
        limit("expiry_max", self.parameters.expiry_max, 1, 1 << 20)?;
        limit("attest_after", self.parameters.attest_after, 1, 1 << 20)?;
        limit("missing_batch_after", self.parameters.missing_batch_after, 1, 1 << 32)?;
        limit("endorse_lag_max", self.parameters.endorse_lag_max, 1, 1 << 20)?;
        limit("motion_within", self.governance.motion_within, 1, 1 << 32)?;
        let deal = self.governance.deal_within;
        limit("rotate_within", self.governance.rotate_within, deal.saturating_add(1), 1 << 20)?;
        limit("deal_within", self.governance.deal_within, 1, 1 << 20)?;
        let members = limits::MEMBERS_MAX as u64;
        limit("grant_signatures", self.governance.grant_signatures.into(), 1, members)?;
        limit("access_delay", self.governance.access_delay, 0, 1 << 32)?;
        limit("erasure_approvals", self.governance.erasure_approvals.into(), 1, members)?;
        limit("roles", self.roles.len() as u64, 1, 64)?;
        limit("classes", self.classes.len() as u64, 1, 256)?;
        limit("audiences", self.audiences.len() as u64, 1, limits::AUDIENCES_MAX as u64)?;
        limit("record types", self.records.len() as u64, 1, 256)?;
        for record in &self.records {
            limit("fields of a record", record.fields.len() as u64, 1, limits::RECORD_FIELDS_MAX as u64)?;
            limit("slots of a record", record.slots.len() as u64, 0, SLOTS_MAX as u64)?;
            if let Some(life) = &record.lifecycle {
                limit("states of a life cycle", life.states.len() as u64, 1, 64)?;
                limit("steps of a life cycle", life.steps.len() as u64, 1, 256)?;
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), DefinitionInvalid> {
        unique("template", [&self.template])?;
        unique("role", self.roles.iter().map(|r| &r.name))?;
        unique("class", self.classes.iter().map(|c| &c.name))?;
        unique("class number", self.classes.iter().map(|c| c.id.to_string()))?;
        unique("audience", self.audiences.iter().map(|a| &a.name))?;
        unique("record type", self.records.iter().map(|r| &r.name).chain([&CHANNEL_RESOURCE.to_owned()]))?;
        unique("record number", self.records.iter().map(|r| r.id.to_string()))?;
        for record in &self.records {
            unique("slot", record.slots.iter().map(|s| &s.name))?;
            unique("field", record.fields.iter().map(|f| &f.name))?;
            unique("field number", record.fields.iter().map(|f| f.id.to_string()))?;
        }
        Ok(())
    }

    fn resolve(&mut self) -> Result<(), DefinitionInvalid> {
        self.check_audiences()?;
        self.check_slots()?;
        for record in &mut self.records {
            for field in &mut record.fields {
                let Some(class) = self.classes.iter().find(|c| c.name == field.class_name) else {
                    return unresolved("class", &field.class_name, &field.name);
                };
                field.class = class.id;
                let Some(rule) = self.audiences.iter().find(|a| a.name == field.audience) else {
                    return unresolved("audience", &field.audience, &field.name);
                };
                let known = |slot: &String| record.slots.iter().any(|s| s.name == *slot);
                if let Some(slot) = rule.slots.iter().find(|slot| !known(slot)) {
                    return unresolved("slot", slot, &format!("{}.{}", record.name, field.name));
                }
                if field.opened && !rule.can_have_others() {
                    let (record, field) = (record.name.clone(), field.name.clone());
                    return Err(DefinitionInvalid::ReadByNoOther { record, field });
                }
            }
        }
        Ok(())
    }

    /// Every audience, whether a field uses it yet or not.
    fn check_audiences(&self) -> Result<(), DefinitionInvalid> {
        let is_slot =
            |name: &String| self.records.iter().flat_map(|r| &r.slots).any(|slot| slot.name == *name);
        for rule in &self.audiences {
            if rule.roles.is_empty() && rule.slots.is_empty() {
                return Err(DefinitionInvalid::NamesNobody { audience: rule.name.clone() });
            }
            if let Some(role) = rule.roles.iter().find(|role| !self.has_role(role)) {
                return unresolved("role", role, &rule.name);
            }
            if let Some(slot) = rule.slots.iter().find(|slot| !is_slot(slot)) {
                return unresolved("slot", slot, &rule.name);
            }
        }
        Ok(())
    }

    fn check_slots(&self) -> Result<(), DefinitionInvalid> {
        let mut slots = self.records.iter().flat_map(|record| &record.slots);
        match slots.find(|slot| !self.has_role(&slot.role)) {
            Some(slot) => unresolved("role", &slot.role, &slot.name),
            None => Ok(()),
        }
    }

    fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role.name == name)
    }
}

impl AudienceRule {
    /// Whether somebody else than an author can belong to it: an author belongs to every audience that it seals for (SCH-04), so
    /// it is whoever stands in a slot that is alone.
    ///
    /// # Rules
    ///
    /// > OPN-01: a field that is to be opened has an audience of at least one role or two slots; of a single slot its author is the only member.
    fn can_have_others(&self) -> bool {
        let slots: BTreeSet<&String> = self.slots.iter().collect();
        !self.roles.is_empty() || slots.len() > 1
    }
}

impl RecordType {
    /// A field by number.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// A field by name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// A slot's index by name.
    #[must_use]
    pub fn slot_index(&self, name: &str) -> Option<u8> {
        self.slots.iter().position(|slot| slot.name == name).and_then(|at| u8::try_from(at).ok())
    }
}

/// What a format that comes later adds is not known here, so nothing else is asked of the text.
fn check_format(file: &str, text: &str) -> Result<(), DefinitionInvalid> {
    #[derive(Deserialize)]
    struct Formatted {
        format: u64,
    }
    match toml::from_str::<Formatted>(text) {
        Ok(Formatted { format }) if format != u64::from(FORMAT) => {
            Err(DefinitionInvalid::Format { file: file.into(), found: format })
        }
        // What is no definition at all is told by its shape.
        _ => Ok(()),
    }
}

fn limit(what: &'static str, got: u64, from: u64, to: u64) -> Result<(), DefinitionInvalid> {
    if (from..=to).contains(&got) { Ok(()) } else { Err(DefinitionInvalid::Limit { what, from, to, got }) }
}

/// A policy names types without `-` and `_`, so names that differ only there would be one type to it.
fn unique<N: AsRef<str>>(
    what: &'static str,
    names: impl IntoIterator<Item = N>,
) -> Result<(), DefinitionInvalid> {
    let mut seen = BTreeSet::new();
    for name in names {
        let name = name.as_ref();
        let short = (1..=limits::NAME_BYTES_MAX).contains(&name.len());
        let plain = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if !(short && plain && seen.insert(name.replace('_', "-"))) {
            return Err(DefinitionInvalid::Name { what, name: cut(name, NAME_SHOWN) });
        }
    }
    Ok(())
}

/// Input that is repeated to people, cut to so many characters.
fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn unresolved<T>(what: &'static str, name: &str, of: &str) -> Result<T, DefinitionInvalid> {
    Err(DefinitionInvalid::Unresolved { what, name: cut(name, NAME_SHOWN), of: of.into() })
}

/// The parser's message in one line, with the line number where it knows it.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let lines_before = |start: usize| text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    let line = error.span().map(|span| lines_before(span.start).saturating_add(1));
    let message = cut(&error.message().replace('\n', " "), MESSAGE_SHOWN);
    match line {
        Some(line) => format!("line {line}: {message}"),
        None => message,
    }
}

#[cfg(test)]
mod tests;
