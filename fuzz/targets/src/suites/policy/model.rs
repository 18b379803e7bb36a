//! What a policy says, in plain Rust: a second opinion that knows nothing of Cedar.
//!
//! A condition is true, false, or cannot be told; conditions are read from the left and end at the first one that
//! settles them. Written from chapter 03 of the specification.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

use parclose_access::request::{Request, Roles};
use parclose_types::MemberId;

use super::{SHAPES, member};

/// Of whom a condition speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    Principal,
    Owner,
    /// a slot, and whether it is always filled
    Slot(&'static str, bool),
}

/// What a statement can demand.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Role(Who, &'static str),
    Same(Who, Who),
    Is(Who, u8),
    Not(Box<Self>),
    Either(Box<Self>, Box<Self>),
    Both(Box<Self>, Box<Self>),
}

/// A permit or a forbid.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) forbids: bool,
    pub(crate) record_type: &'static str,
    pub(crate) action: Option<&'static str>,
    pub(crate) when: Vec<Condition>,
    pub(crate) unless: Option<Condition>,
}

/// A policy. The two switches break it on purpose.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) statements: Vec<Statement>,
    pub(crate) failures_deny: bool,
    pub(crate) missing_denies: bool,
}

/// True, false, or not to be told.
type Truth = Option<bool>;

impl Who {
    fn text(self) -> String {
        match self {
            Self::Principal => "principal".into(),
            Self::Owner => "resource.owner".into(),
            Self::Slot(slot, _) => format!("resource.{slot}"),
        }
    }

    /// Cedar lets nobody read an optional slot who has not asked for it.
    fn guarded(self, condition: String) -> String {
        match self {
            Self::Slot(slot, false) => format!("(resource has {slot} && {condition})"),
            _ => condition,
        }
    }

    fn id(self, request: &Request) -> Option<MemberId> {
        match self {
            Self::Principal => Some(request.principal.id),
            Self::Owner => Some(request.owner),
            Self::Slot(slot, _) => request.parties.get(slot).map(|party| party.id),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let text = match self {
            Self::Role(who, role) => who.guarded(format!("{}.roles.contains(\"{role}\")", who.text())),
            Self::Same(one, other) => {
                one.guarded(other.guarded(format!("{} == {}", one.text(), other.text())))
            }
            Self::Is(who, number) => {
                who.guarded(format!("{} == Member::\"{}\"", who.text(), member(*number)))
            }
            Self::Not(inner) => format!("!({inner})"),
            Self::Either(one, other) => format!("({one} || {other})"),
            Self::Both(one, other) => format!("({one} && {other})"),
        };
        f.write_str(&text)
    }
}

impl Display for Model {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (number, statement) in self.statements.iter().enumerate() {
            let effect = if statement.forbids { "forbid" } else { "permit" };
            let action = statement
                .action
                .map_or_else(|| "action".into(), |name| format!("action == Action::\"{name}\""));
            let (first, rest) = statement.record_type.split_at(1);
            let resource = format!("{}{rest}", first.to_uppercase());
            write!(f, "@id(\"s{number}\")\n{effect} (principal, {action}, resource is {resource})")?;
            let when: Vec<String> = statement.when.iter().map(Condition::to_string).collect();
            if !when.is_empty() {
                write!(f, "\nwhen {{ {} }}", when.join(" && "))?;
            }
            if let Some(unless) = &statement.unless {
                write!(f, "\nunless {{ {unless} }}")?;
            }
            f.write_str(";\n")?;
        }
        Ok(())
    }
}

impl Condition {
    fn truth(&self, request: &Request, roles: &BTreeMap<MemberId, &Roles>) -> Truth {
        let absent = |who: &Who| matches!(who, Who::Slot(_, false)) && who.id(request).is_none();
        match self {
            Self::Role(who, _) | Self::Is(who, _) if absent(who) => Some(false),
            Self::Same(one, other) if absent(one) || absent(other) => Some(false),
            Self::Role(who, role) => Some(roles.get(&who.id(request)?)?.iter().any(|held| held == role)),
            Self::Same(one, other) => Some(one.id(request)? == other.id(request)?),
            Self::Is(who, number) => Some(who.id(request)? == member(*number)),
            Self::Not(inner) => inner.truth(request, roles).map(|truth| !truth),
            Self::Either(one, other) => match one.truth(request, roles)? {
                true => Some(true),
                false => other.truth(request, roles),
            },
            Self::Both(one, other) => match one.truth(request, roles)? {
                true => other.truth(request, roles),
                false => Some(false),
            },
        }
    }
}

impl Statement {
    fn truth(&self, request: &Request, roles: &BTreeMap<MemberId, &Roles>) -> Truth {
        let applies = self.record_type == request.record_type
            && self.action.is_none_or(|action| action == request.action);
        if !applies {
            return Some(false);
        }
        for condition in &self.when {
            if !condition.truth(request, roles)? {
                return Some(false);
            }
        }
        self.unless.as_ref().map_or(Some(true), |unless| unless.truth(request, roles).map(|truth| !truth))
    }
}

impl Model {
    pub(crate) fn permits(&self, request: &Request) -> bool {
        let Some((_, slots, actions)) = SHAPES.iter().find(|(name, ..)| *name == request.record_type) else {
            return false;
        };
        let known = actions.contains(&request.action.as_str())
            && request.parties.keys().all(|slot| slots.iter().any(|(name, _)| name == slot));
        let whole = slots.iter().all(|(slot, required)| !required || request.parties.contains_key(*slot));
        let mut roles = BTreeMap::from([(request.principal.id, &request.principal.roles)]);
        let agree = request
            .parties
            .values()
            .all(|party| **roles.entry(party.id).or_insert(&party.roles) == party.roles);
        if !known || !agree || (self.missing_denies && !whole) {
            return false;
        }
        let truths: Vec<(bool, Truth)> = self
            .statements
            .iter()
            .map(|statement| (statement.forbids, statement.truth(request, &roles)))
            .collect();
        let failed = self.failures_deny && truths.iter().any(|(_, truth)| truth.is_none());
        let says = |forbids| truths.contains(&(forbids, Some(true)));
        !failed && !says(true) && says(false)
    }
}
