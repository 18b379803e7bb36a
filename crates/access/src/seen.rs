//! What a condition reads of a request, so that an answer can say why it holds.
//!
//! A condition reads under paths: `principal`, `principal.roles`, `resource.buyer.roles`. What stands
//! there is public within the channel; there is nothing else to read.

use std::collections::BTreeSet;

use parclose_types::MemberId;
use serde_json::Value;

use crate::request::Request;

/// Words from a variable on: `resource`, `buyer`, `roles`.
pub(crate) type Path = Vec<String>;

/// What stands under a path in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// a member
    Member(MemberId),
    /// a member's roles
    Roles(BTreeSet<String>),
    /// the action
    Action(String),
    /// the type of the record
    RecordType(String),
    /// nobody stands in the slot
    Nobody,
    /// the roles of an owner who neither asks nor is a party are not in the request
    NotTold,
}

/// The path that an expression is, in Cedar's JSON form; `None` for anything but attributes of a variable.
pub(crate) fn path(expression: &Value) -> Option<Path> {
    let mut attributes = Vec::new();
    let mut inner = expression;
    while let Some(access) = inner.get(".") {
        attributes.push(access.get("attr")?.as_str()?.to_owned());
        inner = access.get("left")?;
    }
    attributes.push(inner.get("Var")?.as_str()?.to_owned());
    attributes.reverse();
    Some(attributes)
}

/// Every path that an expression reads.
pub(crate) fn paths(expression: &Value) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        if let Some(path) = path(expression) {
            found.insert(path);
            continue;
        }
        if let Some(asked) = expression.get("has").and_then(asked_for) {
            found.insert(asked);
            continue;
        }
        match expression {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

/// The path that a `has` asks for.
fn asked_for(has: &Value) -> Option<Path> {
    let mut asked = path(has.get("left")?)?;
    match has.get("attr")? {
        Value::Array(attributes) => {
            asked.extend(attributes.iter().filter_map(Value::as_str).map(str::to_owned))
        }
        attribute => asked.push(attribute.as_str()?.to_owned()),
    }
    Some(asked)
}

/// What stands under a path.
pub(crate) fn seen(path: &[String], request: &Request) -> Seen {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["principal"] => Seen::Member(request.principal.id),
        ["principal", "roles"] => Seen::Roles((*request.principal.roles).clone()),
        ["action"] => Seen::Action(request.action.clone()),
        ["resource"] => Seen::RecordType(request.record_type.clone()),
        ["resource", "owner"] => Seen::Member(request.owner),
        ["resource", "owner", "roles"] => owner_roles(request),
        ["resource", slot] => request.parties.get(*slot).map_or(Seen::Nobody, |party| Seen::Member(party.id)),
        ["resource", slot, "roles"] => {
            request.parties.get(*slot).map_or(Seen::Nobody, |party| Seen::Roles((*party.roles).clone()))
        }
        _ => Seen::NotTold,
    }
}

fn owner_roles(request: &Request) -> Seen {
    let owner = &request.owner;
    if request.principal.id == *owner {
        return Seen::Roles((*request.principal.roles).clone());
    }
    let party = request.parties.values().find(|party| party.id == *owner);
    party.map_or(Seen::NotTold, |party| Seen::Roles((*party.roles).clone()))
}
