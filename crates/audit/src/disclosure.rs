//! Disclosures: one field of one record, shown to whoever runs no node and holds no view key.
//!
//! ```text
//!   Receipt          the transaction was ordered, and applied                       REC-*
//!   operation, field the place in it; the definition says what stands there         DIS-04, DIS-05
//!   key, sealed      the key of this one field opens the commitment and the leaf    DIS-06, DIS-07
//!   value            opened last, and of its type; an amount is the committed one   DIS-08, DIS-09
//! ```
//!
//! What it proves is that the value **was written** in that transaction. Whether a later one has written another is
//! another statement, of which it says nothing. A field's key is used once: it opens no other field, and neither the
//! epoch's key nor a sibling's follows from it.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::{Channel, ChannelError};
use parclose_keys::field::salt_digest;
use parclose_keys::{FieldPlace, SealedField, record_key_hash};
use parclose_root::OrderProof;
use parclose_transaction::Perspective;
use parclose_types::{Failure, Fault, Malformed, RecordId, Sequence, TransactionDigest, decode, encode};

use crate::receipt::Receipt;

mod file;
mod invalid;
mod verify;

pub use file::{FILE_BYTES_MAX, SCHEMA, verify_json};
pub use invalid::DisclosureInvalid;
pub use verify::VerifiedDisclosure;

/// The form of a disclosure that this program writes and reads.
pub const VERSION: u8 = 1;

/// A receipt at its largest, a definition, a field.
pub(crate) const BYTES_MAX: usize = 2 << 20;

/// A disclosure, about which nothing has been checked: [`Disclosure::verify`] does.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Disclosure {
    /// form: [`VERSION`]
    pub version: u8,
    /// that the transaction was ordered, and what became of it
    pub receipt: Receipt,
    /// `channel.toml` of the generation in which it was sealed
    pub definition: String,
    /// which operation of the transaction
    pub operation: u32,
    /// which field of the operation
    pub field: u32,
    /// the key of this field, which opens no other field
    pub key: [u8; 32],
    /// its sealed form
    pub sealed: SealedField,
}

impl std::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosure(operation {}, field {}, ..)", self.operation, self.field)
    }
}

/// Why a member cannot disclose a field.
#[derive(Debug, thiserror::Error)]
pub enum NotDisclosed {
    /// this member's store failed, or lacks what it should hold
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// no such record or field is there, or its sealed part is not
    #[error("the record has no such field here")]
    NoField,
    /// this member cannot open it, so it cannot disclose it
    #[error("this member cannot open the field")]
    Sealed,
}

impl Failure for NotDisclosed {
    fn code(&self) -> &'static str {
        match self {
            Self::Channel(error) => error.code(),
            Self::NoField | Self::Sealed => "NOT_DISCLOSED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Channel(error) => error.rule(),
            Self::NoField | Self::Sealed => "DIS-12",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Channel(error) => error.fault(),
            Self::NoField | Self::Sealed => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Channel(error) => return error.fix(),
            Self::NoField => "look the record and its fields up: parclose record show",
            Self::Sealed => "ask a member that reads the field",
        }
        .into()
    }
}

impl Disclosure {
    /// Discloses a field of a record as this member has it now.
    ///
    /// # Rules
    ///
    /// > DIS-12: a member discloses only what it can open itself, of a transaction whose outcome is attested.
    ///
    /// `order_proof` proves an event of the channel's log; `None` if the root chain's node has none.
    pub fn prove(
        channel: &Channel,
        record: &RecordId,
        field: &str,
        order_proof: impl Fn(Sequence) -> Option<OrderProof>,
    ) -> Result<Self, NotDisclosed> {
        let written = writer(channel, record, field)?;
        let stored = channel.transaction(&written)?.ok_or(NotDisclosed::NoField)?;
        let generation = stored.body.generation;
        let (_, texts, _) = channel.kept_of(generation)?;
        let definition = channel.definition_in(generation)?;
        let mut operations = stored.body.operations.iter().zip(0_u32..);
        let found = operations.find(|(operation, _)| operation.record == *record);
        let (operation, at) = found.ok_or(NotDisclosed::NoField)?;
        let record_type = definition.record(operation.record_type).ok_or(NotDisclosed::NoField)?;
        let schema = record_type.field_named(field).ok_or(NotDisclosed::NoField)?;
        let place = operation.fields.iter().zip(0_u32..).find(|(entry, _)| entry.field == schema.id);
        let (entry, field) = place.ok_or(NotDisclosed::NoField)?;
        let sealed_part = stored.sealed.as_ref().ok_or(NotDisclosed::NoField)?;
        let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let sealed = sealed_part.fields.get(index(at)).and_then(|fields| fields.get(index(field)));
        let place = FieldPlace {
            channel: channel.config().channel,
            generation,
            epoch: stored.body.epoch,
            audience: entry.audience,
            class: schema.class,
            record_key: record_key_hash(&record_type.name, record),
            field: entry.field,
            salt_digest: salt_digest(&sealed_part.salt),
        };
        let key = channel.keys().field_key(&place, &sealed_part.salt, &place.context());
        let key = key.ok_or(NotDisclosed::Sealed)?.expose(|bytes| *bytes);
        let receipt = Receipt::prove(channel, &written, order_proof)?;
        if receipt.outcome.is_none() {
            let sequence = receipt.ordered.batch.sequence;
            return Err(ChannelError::NotAttested { sequence }.into());
        }
        Ok(Self {
            version: VERSION,
            receipt,
            definition: texts.channel_toml,
            operation: at,
            field,
            key,
            sealed: sealed.ok_or(NotDisclosed::NoField)?.clone(),
        })
    }

    /// Takes up what a verifier needs of the changes of the validators, all of which are given.
    #[must_use]
    pub fn with_changes(mut self, changes: Vec<OrderProof>) -> Self {
        self.receipt = self.receipt.with_changes(changes);
        self
    }

    /// Decodes canonical bytes, at most 2 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("disclosure", bytes, BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// The transaction that wrote what a field of a record is now.
fn writer(channel: &Channel, record: &RecordId, field: &str) -> Result<TransactionDigest, NotDisclosed> {
    let row = channel.record(record)?.ok_or(NotDisclosed::NoField)?;
    let record_type = channel.definition().record(row.record_type).ok_or(NotDisclosed::NoField)?;
    let schema = record_type.field_named(field).ok_or(NotDisclosed::NoField)?;
    let held = row.fields.iter().find(|held| held.state.entry.field == schema.id);
    held.map(|held| held.state.transaction).ok_or(NotDisclosed::NoField)
}

#[cfg(test)]
mod tests;
