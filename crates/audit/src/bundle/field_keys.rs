//! The fields that view keys reach, each with a key of its own that opens it and nothing else.
//!
//! Whoever holds these keys sees of an export what the view keys show, and nothing of any other field, record or
//! epoch: neither a view key nor the key of an epoch follows from them.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::field::salt_digest;
use parclose_keys::{FieldKey, FieldPlace, SealedField, ViewKey, record_key_hash};
use parclose_transaction::Perspective;
use parclose_types::{Digest, TransactionDigest};
use zeroize::Zeroizing;

use super::{VerifiedBundle, VerifiedTransaction};
use crate::grant::GrantScope;
use crate::ring::{Keys, Ring};

/// A field of an applied transaction, and its key.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FieldLine {
    /// the transaction
    pub transaction: TransactionDigest,
    /// which operation of it
    pub operation: u32,
    /// which field of the operation
    pub field: u32,
    /// the key of this field, which opens no other
    pub key: [u8; 32],
    /// whether it opens; else its author sealed it otherwise, by the word of whoever held the view key
    pub opens: bool,
}

impl std::fmt::Debug for FieldLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldLine({} {} {}, ..)", self.transaction, self.operation, self.field)
    }
}

/// Keys of fields by the contexts in which they were sealed.
#[derive(Default)]
pub struct FieldKeys(BTreeMap<Digest, Zeroizing<[u8; 32]>>);

impl std::fmt::Debug for FieldKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldKeys({})", self.0.len())
    }
}

impl FieldKeys {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Perspective for FieldKeys {
    fn field_key(&self, _: &FieldPlace, _: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        let key = self.0.get(&Digest(sha256(context)))?;
        Some(FieldKey::of_disclosed(secret_from_bytes(**key)))
    }
}

/// A field where it stands in an applied transaction.
pub(crate) struct Placed<'b> {
    pub(crate) transaction: &'b VerifiedTransaction,
    pub(crate) operation: u32,
    pub(crate) field: u32,
    place: FieldPlace,
    sealed: &'b SealedField,
}

impl Placed<'_> {
    /// The key commitment first, then the ciphertext.
    fn opens(&self, key: &FieldKey) -> bool {
        key.open(&self.place.context(), self.sealed).is_ok()
    }

    /// Whether a line names this field.
    pub(crate) fn is_of(&self, line: &FieldLine) -> bool {
        let here = (self.transaction.digest, self.operation, self.field);
        here == (line.transaction, line.operation, line.field)
    }

    pub(crate) fn is_opened_by(&self, line: &FieldLine) -> bool {
        self.opens(&FieldKey::of_disclosed(secret_from_bytes(line.key)))
    }

    fn in_scope(&self, scope: &GrantScope) -> bool {
        let place = &self.place;
        let of = (place.channel, place.generation, place.audience, place.class);
        of == (scope.channel, scope.generation, scope.audience, scope.class)
            && (scope.from..=scope.to).contains(&place.epoch)
    }

    fn line(&self, ring: &Ring<'_>) -> Option<FieldLine> {
        let place = &self.place;
        let readers = ring.readers(place.generation, place.audience, place.class);
        let (context, salt) = (place.context(), &self.transaction.sealed.salt);
        let keys: Vec<FieldKey> = readers.filter_map(|r| r.field_key(place, salt, &context)).collect();
        let right = keys.iter().find(|key| self.opens(key));
        let key = right.or_else(|| keys.first())?;
        Some(FieldLine {
            transaction: self.transaction.digest,
            operation: self.operation,
            field: self.field,
            key: key.expose(|bytes| *bytes),
            opens: right.is_some(),
        })
    }
}

impl VerifiedBundle {
    /// Every field that view keys reach, in log order, each with its own key.
    #[must_use]
    pub fn field_lines(&self, keys: &[ViewKey]) -> Vec<FieldLine> {
        let ring = Ring::of(self.channel(), Keys::Views(keys));
        let applied = self.applied().into_iter();
        applied.flat_map(|transaction| self.placed(transaction)).filter_map(|at| at.line(&ring)).collect()
    }

    /// The fields of applied transactions in some scopes, in log order.
    pub(crate) fn placed_in<'b>(&'b self, scopes: &'b [GrantScope]) -> impl Iterator<Item = Placed<'b>> {
        let placed = self.applied().into_iter().flat_map(|transaction| self.placed(transaction));
        placed.filter(|at| scopes.iter().any(|scope| at.in_scope(scope)))
    }

    /// The fields of a transaction that its generation's definition knows.
    fn placed<'b>(&'b self, transaction: &'b VerifiedTransaction) -> Vec<Placed<'b>> {
        let body = &transaction.body;
        let definition = self.definition_in(body.generation);
        let salt_digest = salt_digest(&transaction.sealed.salt);
        let mut placed = Vec::new();
        for ((operation, fields), at) in body.operations.iter().zip(&transaction.sealed.fields).zip(0_u32..) {
            let Some(record_type) = definition.and_then(|d| d.record(operation.record_type)) else {
                continue;
            };
            let record_key = record_key_hash(&record_type.name, &operation.record);
            for ((entry, sealed), field) in operation.fields.iter().zip(fields).zip(0_u32..) {
                let Some(schema) = record_type.field(entry.field) else { continue };
                let place = FieldPlace {
                    channel: *self.channel(),
                    generation: body.generation,
                    epoch: body.epoch,
                    audience: entry.audience,
                    class: schema.class,
                    record_key,
                    field: entry.field,
                    salt_digest,
                };
                placed.push(Placed { transaction, operation: at, field, place, sealed });
            }
        }
        placed
    }
}

impl<'b> FromIterator<(Placed<'b>, &'b FieldLine)> for FieldKeys {
    fn from_iter<I: IntoIterator<Item = (Placed<'b>, &'b FieldLine)>>(lines: I) -> Self {
        let key = |(at, line): (Placed<'_>, &FieldLine)| {
            (Digest(sha256(&at.place.context())), Zeroizing::new(line.key))
        };
        Self(lines.into_iter().map(key).collect())
    }
}
