//! What the statements about one action and one type of record read, so that nothing else need vary.
//!
//! Two requests that agree in what is read get the same answer. Cedar has no way to read an attribute
//! without writing its name, so the names are enough to know which slots matter. Of roles, the words
//! that a `contains`, `containsAll` or `containsAny` asks for matter; a set of roles that is used in
//! any other way is read as a whole.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy as cedar;
use parclose_types::MemberId;
use serde_json::Value;

use crate::policy::Policy;
use crate::seen::path;

/// Where a member can stand in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// who asks
    Principal,
    /// who owns the record, or will
    Owner,
    /// who stands in a party slot
    Slot(String),
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Principal => "principal",
            Self::Owner => "owner",
            Self::Slot(slot) => slot,
        })
    }
}

/// A statement, in Cedar's JSON form, and that form as text.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) statement: cedar::Policy,
    pub(super) json: Value,
    pub(super) text: String,
}

/// The statements of a policy.
pub(super) fn forms(policy: &Policy) -> Vec<Form> {
    let form = |statement: cedar::Policy| {
        let json = statement.to_json().expect("when the policy was read, this form was taken apart");
        Form { statement, text: json.to_string(), json }
    };
    policy.set.policies().cloned().map(form).collect()
}

impl Form {
    /// Whether it can apply to an action and an entity type; in doubt it can.
    pub(super) fn speaks_of(&self, action: &str, entity: &str) -> bool {
        let (of_action, of_record) = (&self.json["action"], &self.json["resource"]);
        let other_action = of_action["op"] == "==" && of_action["entity"]["id"] != action;
        let other_type = of_record["op"] == "is" && of_record["entity_type"] != entity;
        !other_action && !other_type
    }

    /// Whether it names a group of actions, or a list that may hold one.
    pub(super) fn is_of_a_group(&self) -> bool {
        self.json["action"]["op"] == "in"
    }
}

/// What some statements read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    attributes: BTreeSet<String>,
    asked: BTreeMap<Position, BTreeSet<String>>,
    whole: BTreeSet<Position>,
    whole_of_anyone: bool,
    words: BTreeSet<String>,
    members: BTreeSet<MemberId>,
}

impl Reading {
    pub(super) fn of<'f>(forms: impl IntoIterator<Item = &'f Form>) -> Self {
        let mut reading = Self::default();
        let mut open: Vec<&Value> = forms.into_iter().map(|form| &form.json).collect();
        while let Some(expression) = open.pop() {
            reading.note(expression, &mut open);
        }
        reading
    }

    /// Notes one expression, and leaves to `open` what stands inside it.
    fn note<'f>(&mut self, expression: &'f Value, open: &mut Vec<&'f Value>) {
        match expression {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                if let Some((position, words)) = role_question(expression) {
                    self.attributes.extend(attribute_of(&position));
                    self.asked.entry(position).or_default().extend(words);
                    return;
                }
                self.note_access(expression);
                self.words.extend(expression.get("Value").and_then(Value::as_str).map(str::to_owned));
                self.members.extend(member(expression));
                open.extend(members.values());
            }
            _ => {}
        }
    }

    fn note_access(&mut self, expression: &Value) {
        let Some(access) = expression.get(".").or_else(|| expression.get("has")) else { return };
        match &access["attr"] {
            Value::Array(names) => {
                self.attributes.extend(names.iter().filter_map(Value::as_str).map(str::to_owned))
            }
            name => self.attributes.extend(name.as_str().map(str::to_owned)),
        }
        let of_record = path(&access["left"]).is_some_and(|path| path == ["resource"]);
        if expression.get(".").is_some() && access["attr"] == "roles" && !of_record {
            match path(&access["left"]).and_then(|path| position(&path)) {
                Some(position) => _ = self.whole.insert(position),
                None => self.whole_of_anyone = true,
            }
        }
    }

    /// Whether a slot, or the owner, is read at all.
    pub(super) fn reads(&self, position: &Position) -> bool {
        match position {
            Position::Principal => true,
            // An owner's roles are known only if it also stands elsewhere, so every slot matters then.
            Position::Slot(slot) => self.attributes.contains(slot) || self.reads_roles_of(&Position::Owner),
            Position::Owner => self.attributes.contains("owner"),
        }
    }

    fn reads_roles_of(&self, position: &Position) -> bool {
        self.asked.contains_key(position) || self.reads_wholly(position)
    }

    /// The roles that are asked for of whoever stands there.
    pub(super) fn asked(&self, position: &Position) -> impl Iterator<Item = &String> {
        self.asked.get(position).into_iter().flatten()
    }

    /// Whether the set of roles there is used as a whole.
    pub(super) fn reads_wholly(&self, position: &Position) -> bool {
        self.whole_of_anyone || self.whole.contains(position)
    }

    /// Every role that is asked for somewhere, and every other text.
    pub(super) fn words(&self) -> impl Iterator<Item = &String> {
        self.words.iter().chain(self.asked.values().flatten())
    }

    /// The members that are named by their keys.
    pub(super) fn members(&self) -> &BTreeSet<MemberId> {
        &self.members
    }
}

/// Whose roles a path leads to, without the word `roles`.
fn position(path: &[String]) -> Option<Position> {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["principal"] => Some(Position::Principal),
        ["resource", "owner"] => Some(Position::Owner),
        ["resource", slot] => Some(Position::Slot((*slot).to_owned())),
        _ => None,
    }
}

fn attribute_of(position: &Position) -> Option<String> {
    match position {
        Position::Principal => None,
        other => Some(other.to_string()),
    }
}

/// `somebody.roles.contains("role")`, and its like with lists of texts.
fn role_question(expression: &Value) -> Option<(Position, Vec<String>)> {
    let question = ["contains", "containsAll", "containsAny"].iter().find_map(|name| expression.get(name))?;
    let mut roles = path(question.get("left")?)?;
    if roles.pop()? != "roles" {
        return None;
    }
    let right = question.get("right")?;
    let words = match right.get("Set") {
        Some(set) => set.as_array()?.iter().map(text).collect::<Option<_>>()?,
        None => vec![text(right)?],
    };
    Some((position(&roles)?, words))
}

fn text(expression: &Value) -> Option<String> {
    expression.get("Value")?.as_str().map(str::to_owned)
}

/// A member that is named by its key, in a condition or in a scope.
fn member(expression: &Value) -> Option<MemberId> {
    let is_member = expression.get("type").is_some_and(|name| name == "Member");
    expression.get("id").filter(|_| is_member)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicySource;
    use crate::small::SCHEMA;

    fn reading(body: &str) -> Reading {
        let text = format!("@id(\"a\") permit (principal, action, resource is Note) when {{ {body} }};");
        let source = PolicySource { file_name: "policy.cedar".into(), text: &text, schema_text: SCHEMA };
        Reading::of(&forms(&Policy::parse(source).unwrap()))
    }

    fn slot(name: &str) -> Position {
        Position::Slot(name.into())
    }

    fn asked(reading: &Reading, position: &Position) -> Vec<String> {
        reading.asked(position).cloned().collect()
    }

    #[test]
    fn what_is_asked_for_is_told_apart_by_who_is_asked() {
        let reading = reading(
            "principal.roles.contains(\"a\") && resource.writer.roles.containsAny([\"b\", \"c\"]) && resource.owner == principal",
        );
        assert_eq!(asked(&reading, &Position::Principal), ["a"]);
        assert_eq!(asked(&reading, &slot("writer")), ["b", "c"]);
        assert!(reading.reads(&slot("writer")) && reading.reads(&Position::Owner));
        assert!(!reading.reads(&slot("reader")));
        assert!(
            [Position::Principal, Position::Owner, slot("writer")].iter().all(|p| !reading.reads_wholly(p))
        );
    }

    #[test]
    fn a_set_of_roles_used_otherwise_is_read_as_a_whole() {
        for body in
            ["principal.roles == [\"a\"]", "principal.roles.isEmpty()", "[principal.roles].contains([\"a\"])"]
        {
            let reading = reading(body);
            assert!(reading.reads_wholly(&Position::Principal), "{body}");
            assert!(!reading.reads_wholly(&Position::Owner), "{body}");
        }
        let other = reading(
            "(if resource.owner == principal then principal else resource.writer).roles.contains(\"a\")",
        );
        assert!(other.reads_wholly(&slot("writer")) && other.words().any(|word| word == "a"));
        let of_both = reading("principal.roles.containsAll(resource.writer.roles)");
        assert!(of_both.reads_wholly(&Position::Principal) && of_both.reads_wholly(&slot("writer")));
    }

    #[test]
    fn every_slot_matters_where_the_roles_of_an_owner_do() {
        let reading = reading("resource.owner.roles.contains(\"a\")");
        assert!(reading.reads(&slot("writer")) && reading.reads(&slot("reader")));
    }

    #[test]
    fn guards_records_and_named_members_are_read() {
        let key = "07".repeat(32);
        let reading =
            reading(&format!("resource has reader && {{a: resource}}.a.writer == Member::\"{key}\""));
        assert!(reading.reads(&slot("reader")) && reading.reads(&slot("writer")));
        assert_eq!(reading.members().iter().map(ToString::to_string).collect::<Vec<_>>(), [key]);
    }

    #[test]
    fn a_statement_speaks_of_what_its_scope_lets_in() {
        let text = "@id(\"a\") permit (principal, action == Action::\"create\", resource is Note);";
        let source = PolicySource { file_name: "policy.cedar".into(), text, schema_text: SCHEMA };
        let form = &forms(&Policy::parse(source).unwrap())[0];
        assert!(form.speaks_of("create", "Note") && !form.is_of_a_group());
        assert!(!form.speaks_of("update", "Note") && !form.speaks_of("create", "Bill"));
        let text = "@id(\"a\") permit (principal, action in [Action::\"create\"], resource);";
        let source = PolicySource { file_name: "policy.cedar".into(), text, schema_text: SCHEMA };
        let form = &forms(&Policy::parse(source).unwrap())[0];
        assert!(form.speaks_of("update", "Bill") && form.is_of_a_group(), "in doubt it can");
    }
}
