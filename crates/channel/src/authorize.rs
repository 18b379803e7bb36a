//! Authorization: the schema, then the policy. Public attributes only.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use parclose_access::{Party, Permit, Principal, Request};
use parclose_transaction::definition::{AudienceRule, CHANNEL_RESOURCE, RecordType, Slot};
use parclose_transaction::{Act, AuthenticatedTransaction, Body, FieldEntry, NotAuthentic, Operation};
use parclose_types::{AudienceId, MemberId};

use crate::governance::Dealt;
use crate::life::{check_day, check_keyed_tag};
use crate::opened::Demands;
use crate::process::{Execution, Stop};
use crate::reject::OffSchema;
use crate::tables::RecordRow;
use crate::value::{Carriers, carriers};

/// A transaction that the schema fits and the policy permits; carries one permit for each operation.
#[derive(Debug)]
pub struct AuthorizedTransaction {
    pub(crate) transaction: AuthenticatedTransaction,
    pub(crate) permits: Vec<Permit>,
    /// its records as it meets them, by operation
    pub(crate) before: Vec<Option<RecordRow>>,
    /// the records that stand for what its movements make
    pub(crate) carriers: Carriers,
}

/// What the schema's rule makes of an audience, for one operation.
struct Expected {
    audience: AudienceId,
    /// the author belongs to it
    writer: bool,
    /// its secret is dealt and acknowledged
    active: bool,
}

impl Execution<'_> {
    /// Checks every operation against the schema, and it or the act against the policy in force; last whether readers have signed
    /// as they have to, so that nobody is asked for what is refused anyway.
    pub(crate) fn authorize(
        &mut self,
        transaction: AuthenticatedTransaction,
    ) -> Result<AuthorizedTransaction, Stop> {
        let operations = &transaction.body().operations;
        let mut permits = Vec::with_capacity(operations.len());
        let mut before = Vec::with_capacity(operations.len());
        for operation in operations {
            let record = self.current(&operation.record)?;
            permits.push(self.authorize_operation(transaction.body(), operation, record.as_ref())?);
            before.push(record);
        }
        if let Some(act) = &transaction.body().act {
            self.authorize_act(transaction.body(), act, &mut permits)?;
        }
        let carriers = carriers(transaction.body(), &self.in_force.definition)?;
        Demands::of(transaction.body(), &self.in_force).check(transaction.openers())?;
        Ok(AuthorizedTransaction { transaction, permits, before, carriers })
    }

    /// The policy speaks of the channel itself as a resource of the name `channel`. What a member does with
    /// its own keys, and its own leaving, needs nobody's permit.
    ///
    /// # Rules
    ///
    /// > GOV-01: a motion needs the policy's permit for each of its changes, and a vote the permit to vote.
    fn authorize_act(&mut self, body: &Body, act: &Act, permits: &mut Vec<Permit>) -> Result<(), Stop> {
        let author = self.member(&body.author)?;
        let actions: Vec<&str> = match act {
            Act::Move(motion) => {
                let needed = motion.changes.iter().filter(|change| !change.is_leaving(&author.id));
                needed.map(parclose_transaction::Change::action).collect()
            }
            Act::Vote { .. } => vec!["vote"],
            Act::Grant(_) | Act::Approve { .. } => vec!["grant"],
            Act::Revoke { .. } => vec!["revoke"],
            _ => Vec::new(),
        };
        for action in actions {
            let request = Request {
                principal: author.clone(),
                action: action.into(),
                record_type: CHANNEL_RESOURCE.into(),
                owner: author.id,
                parties: BTreeMap::new(),
            };
            permits.push(self.decider.decide(&request)?);
        }
        Ok(())
    }

    fn authorize_operation(
        &mut self,
        body: &Body,
        operation: &Operation,
        record: Option<&RecordRow>,
    ) -> Result<Permit, Stop> {
        let in_force = self.in_force.clone();
        let record_type = in_force
            .definition
            .record(operation.record_type)
            .ok_or(OffSchema::Unknown { what: "record type", id: operation.record_type })?;
        let parties = self.check_parties(record_type, operation)?;
        self.check_fields(body, record_type, &parties, &operation.fields)?;
        check_required(record_type, operation)?;
        check_day(record_type, operation)?;
        check_keyed_tag(record_type, operation)?;
        let author = self.member(&body.author)?;
        let owner = record.map_or(author.id, |row| row.owner);
        let party = |(slot, id): (&&str, &MemberId)| {
            ((*slot).to_owned(), Party { id: *id, roles: in_force.roles(id) })
        };
        let request = Request {
            principal: author,
            action: operation.action.clone(),
            record_type: record_type.name.clone(),
            owner,
            parties: parties.iter().map(party).collect(),
        };
        Ok(self.decider.decide(&request)?)
    }

    /// One member with the right role for each slot, no more and no less. A member that has left, or has
    /// lost the role, stands in the slots of the records that it was party to, and in no new one.
    ///
    /// # Rules
    ///
    /// > SCH-02: the parties of a new record are one member with the slot's role for each slot of its record type; an update names them again.
    fn check_parties<'t>(
        &self,
        record_type: &'t RecordType,
        operation: &Operation,
    ) -> Result<BTreeMap<&'t str, MemberId>, OffSchema> {
        if record_type.slots.len() != operation.parties.len() {
            return Err(OffSchema::Parties);
        }
        let named = |(at, slot): (usize, &'t Slot)| {
            let (index, member) = operation.parties.get(at)?;
            let holds = operation.version > 1 || self.in_force.has_role(member, &slot.role);
            (usize::from(*index) == at && holds).then_some((slot.name.as_str(), *member))
        };
        record_type.slots.iter().enumerate().map(named).collect::<Option<_>>().ok_or(OffSchema::Parties)
    }

    /// The audience is the schema's, its secret is dealt, and the author belongs to it.
    ///
    /// # Rules
    ///
    /// > SCH-01: an operation names only record types and fields of the definition.
    /// > SCH-03: a field is sealed for exactly the audience that the schema's rule names.
    /// > SCH-04: an author belongs to every audience that it seals for.
    /// > SCH-06: a field is sealed for an audience whose secret is active in this generation.
    fn check_fields(
        &self,
        body: &Body,
        record_type: &RecordType,
        parties: &BTreeMap<&str, MemberId>,
        entries: &[FieldEntry],
    ) -> Result<(), OffSchema> {
        let mut audiences: BTreeMap<&str, Expected> = BTreeMap::new();
        for entry in entries {
            let field = entry.field.0;
            let unknown = || OffSchema::Unknown { what: "field", id: field };
            let schema = record_type.field(entry.field).ok_or_else(unknown)?;
            let expected = match audiences.entry(schema.audience.as_str()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let rule = self.in_force.definition.audience(&schema.audience).ok_or_else(unknown)?;
                    new.insert(self.expected(rule, parties, body))
                }
            };
            if entry.audience != expected.audience {
                return Err(OffSchema::Audience { field });
            }
            if !expected.writer {
                return Err(OffSchema::Writer { field });
            }
            if !expected.active {
                return Err(OffSchema::NotDealt { field });
            }
        }
        Ok(())
    }

    fn expected(&self, rule: &AudienceRule, parties: &BTreeMap<&str, MemberId>, body: &Body) -> Expected {
        let config = &self.in_force.config;
        let members = config.audience_members(rule, parties);
        let audience = config.audience_of(&members);
        let dealt = self.governance().dealt(self.in_force.configuration, &audience, self.height());
        Expected { audience, writer: members.contains(&body.author), active: dealt == Dealt::Active }
    }

    /// The member behind the author's pseudonym: authentication has found it.
    fn member(&self, pseudonym: &parclose_types::PublicKey) -> Result<Principal, Stop> {
        let id = self.in_force.config.member(pseudonym).ok_or(NotAuthentic::NotMember)?.id();
        Ok(Principal { id, roles: self.in_force.roles(&id) })
    }
}

/// # Rules
///
/// > SCH-05: a new record has every required field.
fn check_required(record_type: &RecordType, operation: &Operation) -> Result<(), OffSchema> {
    let lacks = |id| operation.fields.iter().all(|entry| entry.field != id);
    match record_type.fields.iter().find(|f| f.required && operation.version == 1 && lacks(f.id)) {
        Some(field) => Err(OffSchema::Required { field: field.id.0 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
