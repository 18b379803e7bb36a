//! Authorization: the schema, then the policy. Public attributes only.

use std::collections::{BTreeMap, BTreeSet};

use parclose_access::{Party, Permit, Principal, Request};
use parclose_transaction::definition::RecordType;
use parclose_transaction::{AuthenticatedTransaction, Body, FieldEntry, Operation};
use parclose_types::PublicKey;

use crate::process::{Execution, Stop};
use crate::reject::OffSchema;

/// A transaction that the schema fits and the policy permits; carries one permit for each operation.
#[derive(Debug)]
pub struct AuthorizedTransaction {
    pub(crate) transaction: AuthenticatedTransaction,
    pub(crate) permits: Vec<Permit>,
}

impl Execution<'_> {
    /// Checks every operation against the schema and the policy in force.
    pub(crate) fn authorize(
        &mut self,
        transaction: AuthenticatedTransaction,
    ) -> Result<AuthorizedTransaction, Stop> {
        let mut permits = Vec::with_capacity(transaction.body().operations.len());
        for operation in &transaction.body().operations {
            permits.push(self.authorize_operation(transaction.body(), operation)?);
        }
        Ok(AuthorizedTransaction { transaction, permits })
    }

    fn authorize_operation(&mut self, body: &Body, operation: &Operation) -> Result<Permit, Stop> {
        let record_type = self
            .definition
            .record(operation.record_type)
            .ok_or(OffSchema::Unknown { what: "record type", id: operation.record_type })?;
        let parties = self.check_parties(record_type, operation)?;
        for entry in &operation.fields {
            self.check_field(body, record_type, &parties, entry)?;
        }
        check_required(record_type, operation)?;
        let owner = self.current(&operation.record)?.map_or(body.author, |row| row.owner);
        let request = Request {
            principal: Principal { id: body.author, roles: self.roles(&body.author) },
            action: operation.action.clone(),
            record_type: record_type.name.clone(),
            owner,
            parties: parties
                .iter()
                .map(|(slot, key)| ((*slot).to_owned(), Party { id: *key, roles: self.roles(key) }))
                .collect(),
        };
        Ok(self.decider.decide(&request)?)
    }

    /// One member with the right role for each slot, no more and no less.
    ///
    /// # Rules
    ///
    /// > SCH-02: the parties of an operation are one member with the slot's role for each slot of its record type.
    fn check_parties<'t>(
        &self,
        record_type: &'t RecordType,
        operation: &Operation,
    ) -> Result<BTreeMap<&'t str, PublicKey>, OffSchema> {
        if record_type.slots.len() != operation.parties.len() {
            return Err(OffSchema::Parties);
        }
        let named = |(at, slot): (usize, &'t parclose_transaction::definition::Slot)| {
            let (index, key) = operation.parties.get(at)?;
            let holds = self.config.member(key)?.certificate.roles.contains(&slot.role);
            (usize::from(*index) == at && holds).then_some((slot.name.as_str(), *key))
        };
        record_type.slots.iter().enumerate().map(named).collect::<Option<_>>().ok_or(OffSchema::Parties)
    }

    /// The audience is the schema's, and the author belongs to it.
    ///
    /// # Rules
    ///
    /// > SCH-01: an operation names only record types and fields of the definition.
    /// > SCH-03: a field is sealed for exactly the audience that the schema's rule names.
    /// > SCH-04: an author belongs to every audience that it seals for.
    fn check_field(
        &self,
        body: &Body,
        record_type: &RecordType,
        parties: &BTreeMap<&str, PublicKey>,
        entry: &FieldEntry,
    ) -> Result<(), OffSchema> {
        let field = entry.field.0;
        let unknown = OffSchema::Unknown { what: "field", id: field };
        let schema = record_type.field(entry.field).ok_or_else(|| unknown.clone())?;
        let rule = self.definition.audience(&schema.audience).ok_or(unknown)?;
        let members = self.config.audience_members(rule, parties);
        if entry.audience != self.config.audience_of(&members) {
            return Err(OffSchema::Audience { field });
        }
        if members.contains(&body.author) { Ok(()) } else { Err(OffSchema::Writer { field }) }
    }

    fn roles(&self, member: &PublicKey) -> BTreeSet<String> {
        let entry = self.config.member(member);
        entry.map(|entry| entry.certificate.roles.iter().cloned().collect()).unwrap_or_default()
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
