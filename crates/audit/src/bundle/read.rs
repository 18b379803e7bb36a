//! Reading a verified bundle with view keys: the fields in scope, and every field that fails.
//!
//! Only transactions whose verdict is `applied` are read, in log order, as every member applied them.
//! A field outside the keys' scope stays sealed. One in scope that does not open, or is not of its
//! type, is named with its author: it is the writer's doing, and shown as malformed, never as absent.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::Verdict;
use parclose_keys::{SealedField, ViewKey};
use parclose_transaction::definition::RecordType;
use parclose_transaction::view::Site;
use parclose_transaction::{FieldEntry, FieldState, FieldView, Operation};
use parclose_types::{
    ClassId, Epoch, FieldId, Generation, Height, MemberId, PublicKey, RecordId, TransactionDigest,
};

use super::{Standing, VerifiedBundle, VerifiedTransaction};
use crate::ring::{self, Keys, Ring};

/// What view keys show of a bundle.
#[derive(Clone, Debug, Default)]
pub struct AuditView {
    /// every record that the exported transactions wrote, in the order of their first write
    pub records: Vec<AuditedRecord>,
    /// fields of applied transactions that opened
    pub opened_fields: u64,
    /// fields of applied transactions outside the keys' scope
    pub sealed_fields: u64,
    /// fields of applied transactions that the members have erased: [`VerifiedBundle::erasure_of`] says by which act
    pub erased_fields: u64,
    /// fields of applied transactions in scope that do not open, or are not of their type
    pub malformed: Vec<MalformedField>,
}

/// A record with its newest values.
#[derive(Clone, Debug)]
pub struct AuditedRecord {
    /// its id
    pub record: RecordId,
    /// name of its type
    pub record_type: String,
    /// its newest version
    pub version: u64,
    /// author of its first exported version
    pub author: PublicKey,
    /// the transaction that wrote its newest version
    pub transaction: TransactionDigest,
    /// the epoch of that transaction
    pub epoch: Epoch,
    /// who stands in its slots, by their index in the definition
    pub parties: Vec<(u8, MemberId)>,
    /// its fields by name, in the order of the definition's numbers
    pub fields: Vec<(String, FieldState)>,
}

/// A field in scope that does not open, or is not of its type.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MalformedField {
    /// pseudonym of the member that wrote it
    pub author: PublicKey,
    /// the transaction
    pub transaction: TransactionDigest,
    /// the record
    pub record: RecordId,
    /// which field
    pub field: FieldId,
    /// whether the author's signature over the transaction verifies; else the endorsers have applied what it did not sign
    pub signed: bool,
}

impl VerifiedBundle {
    /// Opens what the view keys reach. Needs no member's secret and no node.
    #[must_use]
    pub fn read(&self, keys: &[ViewKey]) -> AuditView {
        self.read_with(Keys::Views(keys))
    }

    pub(super) fn read_with(&self, keys: Keys<'_>) -> AuditView {
        let applied = self.applied();
        let opened = ring::each((self.channel(), keys), &applied, |ring, part| {
            part.iter().map(|transaction| self.states(ring, transaction)).collect()
        });
        self.view_of(&applied, opened)
    }

    /// The newest values of all records, from what opened of each transaction.
    pub(super) fn view_of(&self, applied: &[&VerifiedTransaction], opened: Vec<Vec<States>>) -> AuditView {
        let mut reading = Reading { bundle: self, view: AuditView::default(), places: BTreeMap::new() };
        for (transaction, states) in applied.iter().zip(opened) {
            reading.transaction(transaction, states);
        }
        reading.finish()
    }

    /// The applied transactions of the export, in log order.
    pub(super) fn applied(&self) -> Vec<&VerifiedTransaction> {
        self.applied_at().map(|(transaction, _)| transaction).collect()
    }

    /// The same, each with the height at which it was ordered.
    pub(super) fn applied_at(&self) -> impl Iterator<Item = (&VerifiedTransaction, Height)> {
        let all =
            self.batches().iter().flat_map(|batch| batch.transactions.iter().map(|of| (of, batch.height)));
        all.filter(|(transaction, _)| transaction.standing == Standing::Decided(Verdict::Applied))
    }

    /// What a ring shows of a transaction's fields, by operation; nothing of a record whose type is not known.
    pub(super) fn states(&self, ring: &Ring<'_>, transaction: &VerifiedTransaction) -> Vec<States> {
        let definition = self.definition_in(transaction.body.generation);
        let operations = transaction.body.operations.iter().zip(&transaction.sealed.fields).enumerate();
        let states = |(at, (operation, sealed)): (usize, (&Operation, &Vec<SealedField>))| {
            let record_type = definition.and_then(|d| d.record(operation.record_type))?;
            if transaction.has_erased(at) {
                return Some(
                    operation.fields.iter().map(|entry| (entry.field, FieldState::Erased)).collect(),
                );
            }
            let site = Site::of(record_type, &transaction.provenance(self.channel(), operation.record));
            let fields = operation.fields.iter().zip(sealed);
            let open = |(entry, sealed): (&FieldEntry, &SealedField)| {
                let class = record_type.field(entry.field).map(|schema| schema.class);
                (entry.field, open(ring, transaction.body.generation, class, &site, (entry, sealed)))
            };
            Some(fields.map(open).collect())
        };
        operations.map(states).collect()
    }

    /// One applied transaction as the view keys show it, its fields by operation; `None` when it is not in the export.
    #[must_use]
    pub fn view_transaction(
        &self,
        keys: &[ViewKey],
        digest: &TransactionDigest,
    ) -> Option<Vec<Vec<FieldView>>> {
        let transaction = self.applied().into_iter().find(|found| found.digest == *digest)?;
        let ring = Ring::of(self.channel(), Keys::Views(keys));
        let views = |states: States| {
            let view = |(field, state)| FieldView { field, state };
            Some(states?.into_iter().map(view).collect())
        };
        self.states(&ring, transaction).into_iter().map(views).collect()
    }
}

/// What opens of a record that a transaction wrote; `None` where its type is not known.
pub(super) type States = Option<Vec<(FieldId, FieldState)>>;

/// Opened if one key opens it: a key that somebody made up for the same scope must not hide it.
fn open(
    ring: &Ring<'_>,
    generation: Generation,
    class: Option<ClassId>,
    site: &Site<'_>,
    (entry, sealed): (&FieldEntry, &SealedField),
) -> FieldState {
    let mut best = FieldState::Sealed;
    let Some(class) = class else {
        return if ring.is_empty() { best } else { FieldState::Malformed };
    };
    for reader in ring.readers(generation, entry.audience, class) {
        match site.open_field(reader, entry, sealed) {
            FieldState::Opened(value) => return FieldState::Opened(value),
            FieldState::Malformed => best = FieldState::Malformed,
            // A reader sees what is in a part, and neither of these is.
            FieldState::Sealed | FieldState::Erased | FieldState::Missing => {}
        }
    }
    best
}

impl AuditView {
    /// # Rules
    ///
    /// > BUN-16: a field that does not open is laid to its author only where the author's own signature over the transaction verifies.
    pub(super) fn count(
        &mut self,
        transaction: &VerifiedTransaction,
        operation: &Operation,
        states: &[(FieldId, FieldState)],
    ) {
        for (field, state) in states {
            match state {
                FieldState::Opened(_) => self.opened_fields = self.opened_fields.saturating_add(1),
                FieldState::Sealed => self.sealed_fields = self.sealed_fields.saturating_add(1),
                FieldState::Erased | FieldState::Missing => {
                    self.erased_fields = self.erased_fields.saturating_add(1);
                }
                FieldState::Malformed => self.malformed.push(MalformedField {
                    author: transaction.body.author,
                    transaction: transaction.digest,
                    record: operation.record,
                    field: *field,
                    signed: transaction.is_signed_by_author(),
                }),
            }
        }
    }
}

struct Reading<'a> {
    bundle: &'a VerifiedBundle,
    view: AuditView,
    /// index of each record in the view, and its fields by number
    places: BTreeMap<RecordId, (usize, BTreeMap<FieldId, FieldState>)>,
}

impl Reading<'_> {
    fn transaction(&mut self, transaction: &VerifiedTransaction, states: Vec<States>) {
        let definition = self.bundle.definition_in(transaction.body.generation);
        for (operation, states) in transaction.body.operations.iter().zip(states) {
            let record_type = definition.and_then(|d| d.record(operation.record_type));
            let Some((record_type, states)) = record_type.zip(states) else { continue };
            self.view.count(transaction, operation, &states);
            self.write(transaction, operation, record_type, states);
        }
    }

    fn write(
        &mut self,
        transaction: &VerifiedTransaction,
        operation: &Operation,
        record_type: &RecordType,
        states: Vec<(FieldId, FieldState)>,
    ) {
        let records = &mut self.view.records;
        let (at, fields) = self.places.entry(operation.record).or_insert_with(|| {
            records.push(AuditedRecord {
                record: operation.record,
                record_type: record_type.name.clone(),
                version: 0,
                author: transaction.body.author,
                transaction: transaction.digest,
                epoch: transaction.body.epoch,
                parties: operation.parties.clone(),
                fields: Vec::new(),
            });
            (records.len().saturating_sub(1), BTreeMap::new())
        });
        fields.extend(states);
        if let Some(record) = records.get_mut(*at) {
            record.version = operation.version;
            record.transaction = transaction.digest;
            record.epoch = transaction.body.epoch;
        }
    }

    fn finish(mut self) -> AuditView {
        for (at, fields) in self.places.into_values() {
            let Some(record) = self.view.records.get_mut(at) else { continue };
            let record_type = self.bundle.definition().record_named(&record.record_type);
            let name = |field: FieldId| {
                record_type.and_then(|t| t.field(field)).map_or_else(|| field.to_string(), |f| f.name.clone())
            };
            record.fields = fields.into_iter().map(|(field, state)| (name(field), state)).collect();
        }
        self.view
    }
}
