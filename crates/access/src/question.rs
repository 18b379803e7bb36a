//! A request in Cedar's terms, and Cedar's answer in ours.
//!
//! ```text
//!   Principal, Party      Member::"<64 hex digits>" { roles }
//!   record                Receivable::"this" { owner, one attribute for each party slot }
//!   action                Action::"create"
//! ```
//!
//! The record is always `"this"`: were its id in it, a decision would depend on more than public
//! attributes, could not be remembered, and a policy could treat single records apart.
//!
//! An owner who neither asks nor is a party has no roles here, not none: a statement that reads
//! them fails, and so denies (ACC-02). An empty set would let `!owner.roles.contains(…)` pass.

use std::collections::BTreeMap;

use cedar_policy as cedar;
use parclose_types::MemberId;

use crate::denied::Denied;
use crate::nearest::nearest;
use crate::parts::Held;
use crate::policy::Policy;
use crate::request::{Request, Roles};
use crate::source::quotable;
use crate::statement::{Effect, failure};
use crate::vocabulary::{ActionShape, Presence, RecordShape, entity_type};

/// Evidence that the policy allowed one question; only [`Question::answer`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed(());

/// A well-formed request to a policy.
pub(crate) struct Question<'p> {
    policy: &'p Policy,
    request: cedar::Request,
    entities: cedar::Entities,
}

impl<'p> Question<'p> {
    /// Puts a request to a policy.
    ///
    /// # Rules
    ///
    /// > ACC-01: a decision depends on the policy and the public attributes of the request only; no record id, field or clock enters it.
    pub(crate) fn new(policy: &'p Policy, request: &Request) -> Result<Self, Denied> {
        let (record, action) = words(policy, request)?;
        slots(record, request)?;
        let roles = roles(request)?;
        let vocabulary = &policy.vocabulary;
        let uid = |key: &MemberId| {
            let id = cedar::EntityId::new(key.to_string());
            cedar::EntityUid::from_type_name_and_id(vocabulary.member.clone(), id)
        };
        let this =
            cedar::EntityUid::from_type_name_and_id(record.entity.clone(), cedar::EntityId::new("this"));
        let parties = request.parties.iter().map(|(slot, party)| (slot.clone(), uid(&party.id)));
        let links = parties.chain([("owner".into(), uid(&request.owner))]);
        let links = links.map(|(slot, uid)| (slot, cedar::RestrictedExpression::new_entity_uid(uid)));
        let mut entities = vec![entity(this.clone(), links)?];
        for (key, roles) in roles {
            let roles = roles.iter().cloned().map(cedar::RestrictedExpression::new_string);
            let roles = cedar::RestrictedExpression::new_set(roles);
            entities.push(entity(uid(key), [("roles".into(), roles)])?);
        }
        let context = cedar::Context::empty();
        let (principal, action, schema) =
            (uid(&request.principal.id), action.entity.clone(), Some(&vocabulary.schema));
        Ok(Self {
            policy,
            request: cedar::Request::new(principal, action, this, context, schema)
                .map_err(|error| unevaluable("the request", &error))?,
            entities: cedar::Entities::from_entities(entities, schema)
                .map_err(|error| unevaluable("the request", &error))?,
        })
    }

    /// Asks the policy.
    ///
    /// # Rules
    ///
    /// > ACC-02: a statement that cannot be evaluated denies, whatever the others say.
    /// > ACC-03: a forbid wins over every permit.
    /// > ACC-04: a request that no statement permits is denied.
    pub(crate) fn answer(&self) -> Result<Allowed, Denied> {
        let policy = self.policy;
        let response = cedar::Authorizer::new().is_authorized(&self.request, &policy.set, &self.entities);
        let diagnostics = response.diagnostics();
        let failures: BTreeMap<&str, String> = diagnostics.errors().map(failure).collect();
        if !failures.is_empty() {
            return Err(self.failed(&failures));
        }
        if response.decision() == cedar::Decision::Allow {
            return Ok(Allowed(()));
        }
        match policy.first(diagnostics.reason()) {
            Some(forbid) => Err(Denied::Forbidden { id: forbid.id.clone(), place: forbid.place.clone() }),
            None => Err(nearest(&policy.parts, &policy.file, &self.request, &self.entities)),
        }
    }

    /// The answer without its reason, of those statements alone that can apply to the question.
    pub(crate) fn permits(&self, statements: &cedar::PolicySet) -> bool {
        let response = cedar::Authorizer::new().is_authorized(&self.request, statements, &self.entities);
        let has_failed = response.diagnostics().errors().next().is_some();
        !has_failed && response.decision() == cedar::Decision::Allow
    }

    /// Which parts of the statements of one effect hold.
    pub(crate) fn held(&self, effect: Effect) -> Held {
        self.policy.parts.held(effect, &self.request, &self.entities)
    }

    /// The first failing statement of the file, whatever order Cedar met them in.
    fn failed(&self, failures: &BTreeMap<&str, String>) -> Denied {
        let mut statements = self.policy.statements().iter();
        let first = statements.find_map(|statement| Some((statement, failures.get(statement.id.as_str())?)));
        match first {
            Some((statement, reason)) => {
                let at = format!("{} \"{}\" ({})", statement.effect, statement.id, statement.place);
                Denied::Unevaluable { at, reason: reason.clone() }
            }
            None => unevaluable("a statement", &"unknown to the policy"),
        }
    }
}

fn unevaluable(at: &str, reason: &impl ToString) -> Denied {
    Denied::Unevaluable { at: at.into(), reason: reason.to_string() }
}

fn entity(
    uid: cedar::EntityUid,
    attributes: impl IntoIterator<Item = (String, cedar::RestrictedExpression)>,
) -> Result<cedar::Entity, Denied> {
    cedar::Entity::new_with_tags(uid, attributes, [], []).map_err(|error| unevaluable("the request", &error))
}

/// What the schema declares of the request's record type and action.
///
/// # Rules
///
/// > ACC-05: an action that the schema does not define for the record type is denied.
/// > ACC-06: a record type that the schema does not define is denied.
fn words<'p>(policy: &'p Policy, request: &Request) -> Result<(&'p RecordShape, &'p ActionShape), Denied> {
    let Request { action, record_type, .. } = request;
    let target = entity_type(record_type).unwrap_or_default();
    let record = policy.vocabulary.records.get(&target);
    let record = record.ok_or_else(|| Denied::UnknownRecordType { record_type: quotable(record_type) })?;
    let shape = policy.vocabulary.actions.get(action).filter(|shape| shape.targets.contains(&target));
    let unknown = || Denied::UnknownAction { action: quotable(action), record_type: record_type.clone() };
    Ok((record, shape.ok_or_else(unknown)?))
}

/// Holds the parties of the request against the slots of the record type.
///
/// # Rules
///
/// > ACC-07: a party in a slot that the record type does not have is denied.
/// > ACC-08: a record without a party that its type requires is denied.
fn slots(record: &RecordShape, request: &Request) -> Result<(), Denied> {
    let record_type = &request.record_type;
    if let Some(slot) = request.parties.keys().find(|slot| !record.slots.contains_key(*slot)) {
        return Err(Denied::UnknownSlot { record_type: record_type.clone(), slot: quotable(slot) });
    }
    let mut required = record.slots.iter().filter(|(_, presence)| **presence == Presence::Required);
    match required.find(|(slot, _)| !request.parties.contains_key(*slot)) {
        None => Ok(()),
        Some((slot, _)) => Err(Denied::MissingSlot { record_type: record_type.clone(), slot: slot.clone() }),
    }
}

/// The roles of everybody whose roles the request tells.
///
/// # Rules
///
/// > ACC-09: a request that gives one member two different sets of roles is denied.
fn roles(request: &Request) -> Result<BTreeMap<&MemberId, &Roles>, Denied> {
    let parties = request.parties.values().map(|party| (&party.id, &party.roles));
    let mut known = BTreeMap::from([(&request.principal.id, &request.principal.roles)]);
    for (member, roles) in parties {
        if *known.entry(member).or_insert(roles) != roles {
            return Err(Denied::RolesDisagree { member: *member });
        }
    }
    Ok(known)
}
