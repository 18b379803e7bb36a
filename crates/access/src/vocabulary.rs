//! The words a policy may use: what its schema declares, in the one shape this project serves.
//!
//! ```text
//!   entity Member { roles: Set<String> };
//!   entity BankStatement { owner: Member, bank: Member, auditor?: Member };     record type `bank-statement`
//!   action create appliesTo { principal: [Member], resource: [BankStatement] };
//! ```
//!
//! Cedar's schema language can say more. Anything more would be an attribute that no request
//! carries, a condition that silently never holds; so it is refused when the policy is read. It
//! also keeps types that expand without end away from the validator.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy as cedar;
use cedar_policy::ffi::DetailedError;
use parclose_types::limits::NAME_BYTES_MAX;
use serde_json::{Map, Value};

use crate::bounds::{ACTION_TARGETS_MAX, ACTIONS_MAX, RECORD_TYPES_MAX, SLOTS_MAX, tokens_within};
use crate::policy::PolicyError;
use crate::source::{File, Place, Token, quotable, tokens};
use crate::statement::not_cedar;

/// Words that stand for something else in Cedar, so no record type may be called so.
const RESERVED: [&str; 9] =
    ["Action", "Member", "String", "Bool", "Boolean", "Long", "Set", "Record", "Entity"];

/// Whether a party slot must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// every record has this party
    Required,
    /// the schema marks the slot with `?`
    Optional,
}

/// A record type.
#[derive(Clone, Debug)]
pub(crate) struct RecordShape {
    pub(crate) entity: cedar::EntityTypeName,
    pub(crate) slots: BTreeMap<String, Presence>,
}

/// An action, and the record types (as Cedar names them) it applies to; none for a mere group.
#[derive(Clone, Debug)]
pub(crate) struct ActionShape {
    pub(crate) entity: cedar::EntityUid,
    pub(crate) targets: BTreeSet<String>,
}

/// What the schema declares.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    pub(crate) schema: cedar::Schema,
    pub(crate) member: cedar::EntityTypeName,
    pub(crate) records: BTreeMap<String, RecordShape>,
    pub(crate) actions: BTreeMap<String, ActionShape>,
}

/// Cedar's name of a record type: `bank-statement` is `BankStatement`.
///
/// `None` for what is not a lower-case name of parts that start with a letter, joined by single
/// `-` or `_`. So two names share an entity type only if they differ in `-` against `_`.
#[must_use]
pub fn entity_type(record_type: &str) -> Option<String> {
    if record_type.len() > NAME_BYTES_MAX {
        return None;
    }
    let mut name = String::new();
    for part in record_type.split(['-', '_']) {
        let plain = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let first = part.chars().next().filter(|c| plain && c.is_ascii_lowercase())?;
        name.push(first.to_ascii_uppercase());
        name.push_str(part.get(1..).unwrap_or_default());
    }
    Some(name)
}

/// A record type that [`entity_type`] names so, written with `-`.
pub(crate) fn record_type(entity: &str) -> String {
    let mut name = String::new();
    for c in entity.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// Reads a schema.
///
/// # Rules
///
/// > ACC-14: a schema declares `Member` with its roles, record types with an owner and member slots, and actions on them; nothing else.
pub(crate) fn read(file: &File<'_>) -> Result<Vocabulary, PolicyError> {
    let tokens = tokens(file.text);
    tokens_within(file, &tokens, true)?;
    let refused = |error: &DetailedError| not_cedar(file, 0, error);
    let (fragment, warnings) = cedar::SchemaFragment::from_cedarschema_str(file.text)
        .map_err(|error| refused(&DetailedError::from(&error)))?;
    if let Some(warning) = warnings.into_iter().next() {
        return Err(refused(&DetailedError::from(&warning)));
    }
    let json = fragment.clone().to_json_value().map_err(|error| refused(&DetailedError::from(&error)))?;
    let (records, actions) = Reader { file, tokens: &tokens }.declarations(&json)?;
    let schema = cedar::Schema::from_schema_fragments([fragment])
        .map_err(|error| refused(&DetailedError::from(&error)))?;
    Ok(Vocabulary { schema, member: type_name("Member").expect("it is a name"), records, actions })
}

fn type_name(name: &str) -> Option<cedar::EntityTypeName> {
    name.parse().ok()
}

type Declarations = (BTreeMap<String, RecordShape>, BTreeMap<String, ActionShape>);

/// Walks the JSON form of a schema and refuses what it does not know.
struct Reader<'f, 't> {
    file: &'f File<'t>,
    tokens: &'f [Token<'t>],
}

impl Reader<'_, '_> {
    fn declarations(&self, json: &Value) -> Result<Declarations, PolicyError> {
        let empty = Value::Object(Map::new());
        let spaces = self.object("namespace", json, &[""])?;
        let space = spaces.get("").unwrap_or(&empty);
        let space = self.object("type", space, &["entityTypes", "actions"])?;
        let entities = space.get("entityTypes").and_then(Value::as_object);
        let mut records = BTreeMap::new();
        let mut has_member = false;
        for (name, entity) in entities.into_iter().flatten() {
            let attributes = self.attributes(name, entity)?;
            if name == "Member" {
                self.member(attributes)?;
                has_member = true;
            } else {
                records.insert(name.clone(), self.record(name, attributes)?);
            }
        }
        if !has_member {
            return Err(self.refuse("entity", "the schema declares no `Member`"));
        }
        self.at_most(RECORD_TYPES_MAX, records.len(), "record types", "entity")?;
        let actions = space.get("actions").and_then(Value::as_object);
        self.at_most(ACTIONS_MAX, actions.map_or(0, Map::len), "actions", "action")?;
        let actions = actions.into_iter().flatten().map(|(name, action)| self.action(name, action, &records));
        let actions = actions.collect::<Result<BTreeMap<_, _>, _>>()?;
        if actions.values().map(|action| action.targets.len()).sum::<usize>() > ACTION_TARGETS_MAX {
            let place = self.file.place(0);
            return Err(PolicyError::TooComplex {
                place,
                what: "pairs of action and record type",
                limit: ACTION_TARGETS_MAX,
            });
        }
        Ok((records, actions))
    }

    fn attributes<'v>(&self, name: &str, entity: &'v Value) -> Result<&'v Map<String, Value>, PolicyError> {
        let entity = self.object(name, entity, &["shape"])?;
        let shape = entity.get("shape").and_then(|shape| shape.get("attributes")).and_then(Value::as_object);
        shape.ok_or_else(|| self.refuse(name, format!("`{}` has no attributes", quotable(name))))
    }

    fn member(&self, attributes: &Map<String, Value>) -> Result<(), PolicyError> {
        let is_string = |value: &Value| {
            value.get("name").and_then(Value::as_str) == Some("String") || value["type"] == "String"
        };
        let is_roles =
            |value: &Value| value["type"] == "Set" && is_string(&value["element"]) && required(value);
        match attributes.get("roles") {
            Some(roles) if attributes.len() == 1 && is_roles(roles) => Ok(()),
            _ => Err(self.refuse("Member", "`Member` must have one attribute, `roles: Set<String>`")),
        }
    }

    fn record(&self, name: &str, attributes: &Map<String, Value>) -> Result<RecordShape, PolicyError> {
        let refuse = |text: &str| self.refuse(name, format!("`{}` {text}", quotable(name)));
        let is_record_type = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
            && name.len() <= NAME_BYTES_MAX
            && !RESERVED.contains(&name);
        let entity = type_name(name).filter(|_| is_record_type);
        let entity = entity.ok_or_else(|| refuse("cannot name a record type"))?;
        self.at_most(SLOTS_MAX, attributes.len(), "slots of a record type", name)?;
        let mut slots = BTreeMap::new();
        for (slot, value) in attributes {
            if value["name"] != "Member" || slot.len() > NAME_BYTES_MAX {
                return Err(self.refuse(slot, format!("`{}` of `{name}` must be a `Member`", quotable(slot))));
            }
            let presence = if required(value) { Presence::Required } else { Presence::Optional };
            slots.insert(slot.clone(), presence);
        }
        match slots.remove("owner") {
            Some(Presence::Required) => Ok(RecordShape { entity, slots }),
            _ => Err(refuse("must have the attribute `owner: Member`")),
        }
    }

    fn action(
        &self,
        name: &str,
        action: &Value,
        records: &BTreeMap<String, RecordShape>,
    ) -> Result<(String, ActionShape), PolicyError> {
        let refuse = |text: String| self.refuse(name, format!("action `{}` {text}", quotable(name)));
        let entity = cedar::EntityUid::from_type_name_and_id(
            type_name("Action").expect("it is a name"),
            cedar::EntityId::new(name),
        );
        let action = self.object(name, action, &["appliesTo", "memberOf"])?;
        let Some(applies) = action.get("appliesTo") else {
            return Ok((name.into(), ActionShape { entity, targets: BTreeSet::new() }));
        };
        let applies = self.object(name, applies, &["principalTypes", "resourceTypes"])?;
        let (principals, targets) =
            (strings(applies.get("principalTypes")), strings(applies.get("resourceTypes")));
        let is_group = principals.is_empty() && targets.is_empty();
        if !is_group && principals != BTreeSet::from(["Member".into()]) {
            return Err(refuse("must apply to the principal `Member` alone".into()));
        }
        if let Some(other) = targets.iter().find(|target| !records.contains_key(*target)) {
            return Err(refuse(format!("applies to `{}`, which is no record type", quotable(other))));
        }
        Ok((name.into(), ActionShape { entity, targets }))
    }

    /// The object's members, if it has none but `keys` and annotations.
    fn object<'v>(
        &self,
        name: &str,
        value: &'v Value,
        keys: &[&str],
    ) -> Result<&'v Map<String, Value>, PolicyError> {
        let refuse = |text: String| self.refuse(name, text);
        let object =
            value.as_object().ok_or_else(|| refuse(format!("`{}` is not understood", quotable(name))))?;
        match object.keys().find(|key| !keys.contains(&key.as_str()) && *key != "annotations") {
            None => Ok(object),
            Some(key) => {
                Err(refuse(format!("`{}` of `{}` has no use in a channel", quotable(key), quotable(name))))
            }
        }
    }

    /// Refuses the declaration of `name`, at the line where that word first stands.
    fn refuse(&self, name: &str, text: impl Into<String>) -> PolicyError {
        PolicyError::SchemaShape { place: self.place(name), text: text.into() }
    }

    /// Refuses, at the line where `name` first stands, what there is more of than may be (ACC-22).
    fn at_most(&self, limit: usize, count: usize, what: &'static str, name: &str) -> Result<(), PolicyError> {
        if count <= limit {
            return Ok(());
        }
        Err(PolicyError::TooMuch { place: self.place(name), what, limit })
    }

    fn place(&self, name: &str) -> Place {
        let word = self.tokens.iter().find(|token| token.text.trim_matches('"') == name);
        self.file.place(word.map_or(0, |token| token.start))
    }
}

fn required(attribute: &Value) -> bool {
    attribute.get("required").and_then(Value::as_bool).unwrap_or(true)
}

fn strings(list: Option<&Value>) -> BTreeSet<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}
