//! Fields in an attested state: that a transaction was the last to write a field of a record.
//!
//! ```text
//! attested state root ── state proof ── record's leaf ── root over its fields ── inclusion ── field, and who wrote it last
//! ```
//!
//! Only the newest state's nodes are in the tree for good; those of the newest **attested** one stay until a later one is
//! attested. So a record is proven as it was then, if it has not changed since.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle::{self, Inclusion, ProvingList};
use parclose_crypto::state_tree::{self, StateProof};
use parclose_transaction::Day;
use parclose_types::{FieldId, KeyedTag, MemberId, RecordId, Sequence, StateRoot, encode};

use crate::channel::Channel;
use crate::commit::{RECORD_LEAF, record_key};
use crate::error::ChannelError;
use crate::tables::{RecordRow, StateField};

/// What the state's leaf of a record is over, beside the record's id: the record's head, with an RFC 9162 root over its fields.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecordLeaf {
    /// its type
    pub record_type: u32,
    /// its version
    pub version: u64,
    /// who created it
    pub owner: MemberId,
    /// party slots
    pub parties: Vec<(u8, MemberId)>,
    /// the state of its life, if it has one
    pub status: Option<String>,
    /// its business day
    pub day: Option<Day>,
    /// the keyed tag that it has claimed
    pub keyed_tag: Option<KeyedTag>,
    /// root over its fields, each a `StateField`
    pub fields_root: [u8; 32],
    /// how many they are
    pub fields: u64,
}

/// A field of a record, proven to be in a state.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FieldProof {
    /// the record, but for its fields
    pub record: RecordLeaf,
    /// the field's place under the root over them
    pub inclusion: Inclusion,
    /// the record's leaf under the state root
    pub proof: StateProof,
}

/// Why a field is not as it is said to be in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInState {
    /// the state has no such leaf
    #[error("the record's leaf is not in the state")]
    Record,
    /// the record has no such field, or another transaction was the last to write it
    #[error("the record has the field otherwise")]
    Field,
}

impl RecordLeaf {
    /// Of a record as it stands.
    ///
    /// # Rules
    ///
    /// > STA-11: a record's leaf covers type, version, owner, parties, the state of its life, its day, its keyed tag, and every field with its generation, epoch and transaction.
    #[must_use]
    pub fn of(row: &RecordRow) -> Self {
        Self {
            record_type: row.record_type,
            version: row.version,
            owner: row.owner,
            parties: row.parties.clone(),
            status: row.status.clone(),
            day: row.day,
            keyed_tag: row.keyed_tag,
            fields_root: merkle::root(row.fields.iter().map(|field| encode(&field.state))),
            fields: row.fields.len() as u64,
        }
    }

    /// The value of the leaf of the record with this id.
    #[must_use]
    pub fn value(&self, record: &RecordId) -> [u8; 32] {
        state_tree::leaf_value(RECORD_LEAF, record.as_ref(), &encode(self))
    }
}

impl FieldProof {
    /// Verifies that in the state with this root the record has this field, with all that the state says of it.
    pub fn verify(&self, root: &StateRoot, record: &RecordId, field: &StateField) -> Result<(), NotInState> {
        let value = self.record.value(record);
        self.proof.verify(root, &record_key(record), Some(&value)).map_err(|_| NotInState::Record)?;
        let (inclusion, leaf) = (&self.inclusion, encode(field));
        if inclusion.length != self.record.fields
            || inclusion.verify(&self.record.fields_root, &leaf).is_err()
        {
            return Err(NotInState::Field);
        }
        Ok(())
    }
}

impl Channel {
    /// Proves a field of a record in the state after an attested event; `None` if the record has changed since, or has no such field.
    ///
    /// # Rules
    ///
    /// > DIS-17: what an event replaces of the state tree is kept until a state after it is attested, so the newest attested state proves each record that has not changed since.
    pub fn prove_field(
        &self,
        record: &RecordId,
        field: FieldId,
        attested: Sequence,
    ) -> Result<Option<FieldProof>, ChannelError> {
        let Some(event) = self.event(attested)? else { return Ok(None) };
        let Some(row) = self.record(record)? else { return Ok(None) };
        let Some(at) = row.fields.iter().position(|held| held.state.entry.field == field) else {
            return Ok(None);
        };
        let (leaf, key) = (RecordLeaf::of(&row), record_key(record));
        let value = leaf.value(record);
        // A leaf that is another now has another value then, or none; and of older states nodes are missing.
        let Ok(proof) = state_tree::prove(&self.nodes(), attested.0, &key, Some(&value)) else {
            return Ok(None);
        };
        if proof.verify(&event.root, &key, Some(&value)).is_err() {
            return Ok(None);
        }
        let list = ProvingList::new(row.fields.iter().map(|held| encode(&held.state)));
        let inclusion = list.prove(at as u64);
        Ok(inclusion.map(|inclusion| FieldProof { record: leaf, inclusion, proof }))
    }
}

#[cfg(test)]
mod tests;
