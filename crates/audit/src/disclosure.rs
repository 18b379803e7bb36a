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
//! another statement, of which it says nothing: [`as_of`] is that one. A field's key is used once: it opens no other field, and neither the
//! epoch's key nor a sibling's follows from it.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::Channel;
use parclose_keys::SealedField;
use parclose_root::OrderProof;
use parclose_types::{Malformed, RecordId, Sequence, decode, encode};

use crate::receipt::Receipt;

use held::Held;

pub mod as_of;
mod file;
pub(crate) mod held;
mod invalid;
mod refused;
pub mod sum;
mod verify;
mod written;

pub use file::{FILE_BYTES_MAX, SCHEMA, schema_of, verify_json};
pub use invalid::DisclosureInvalid;
pub use refused::NotDisclosed;
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
        let held = Held::find(channel, record, field)?;
        let receipt = held::attested(channel, &held.transaction, order_proof)?;
        let (operation, field) = held.at;
        Ok(Self {
            version: VERSION,
            receipt,
            definition: held.definition,
            operation,
            field,
            key: held.key.expose(|bytes| *bytes),
            sealed: held.sealed,
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

#[cfg(test)]
mod tests;
