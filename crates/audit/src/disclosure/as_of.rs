//! Values as of a height: that a disclosed field was not written again until then.
//!
//! ```text
//!   Disclosure     the value was written in a transaction at height W                                DIS-01 to DIS-13
//!   FieldProof     in the newest attested state that transaction is the last to have written it      DIS-18, DIS-19
//!   next           the event after that state's, at height N                                         DIS-20
//!                  so it is the value as of every height from W to N - 1
//! ```
//!
//! Each transaction is applied once, so what it wrote last in some state it had written last in every state since. Between an
//! event and the next one of the same log there is no other state.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::{Channel, FieldProof};
use parclose_root::OrderProof;
use parclose_types::{Height, Malformed, RecordId, Sequence, decode, encode};

use super::held::field_id;
use super::refused::NotDisclosed;
use super::{BYTES_MAX as WRITTEN_BYTES_MAX, Disclosure};

mod file;
mod verify;

pub use file::{FILE_BYTES_MAX, SCHEMA, verify_json};
pub use verify::VerifiedAsOf;

/// The form of a value as of a height that this program writes and reads.
pub const VERSION: u8 = 1;

/// A disclosed field, a proof in a state, an event.
pub(crate) const BYTES_MAX: usize = WRITTEN_BYTES_MAX + (1 << 20);

/// A value as of some heights, about which nothing has been checked: [`DisclosureAsOf::verify`] does.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DisclosureAsOf {
    /// form: [`VERSION`]
    pub version: u8,
    /// that the value was written
    pub written: Disclosure,
    /// the field in the state under which the transaction's outcome is proven
    pub proof: FieldProof,
    /// the event after that state's, unless it is the one that attests the state
    pub next: Option<OrderProof>,
}

impl DisclosureAsOf {
    /// Discloses a field of a record as the value as of `height`, and as of every other height of which that follows.
    ///
    /// `order_proof` proves an event of the channel's log; `None` if the root chain's node has none.
    pub fn prove(
        channel: &Channel,
        record: &RecordId,
        field: &str,
        height: Height,
        order_proof: impl Fn(Sequence) -> Option<OrderProof>,
    ) -> Result<Self, NotDisclosed> {
        let (attested, by) = channel.latest_attested()?.ok_or(NotDisclosed::NoState)?;
        let following = Sequence(attested.0.saturating_add(1));
        let next = order_proof(following).ok_or(NotDisclosed::NoState)?;
        let newest = Height(next.header.height.0.saturating_sub(1));
        if height > newest {
            return Err(NotDisclosed::NotYet { asked: height, newest });
        }
        let id = field_id(channel, record, field)?;
        let proof = channel.prove_field(record, id, attested)?;
        let proof = proof.ok_or(NotDisclosed::Changed { newest })?;
        let written = Disclosure::prove(channel, record, field, &order_proof)?;
        let from = written.receipt.anchor.header.height;
        if height < from {
            return Err(NotDisclosed::WrittenLater { asked: height, from });
        }
        let next = (by != following).then_some(next);
        Ok(Self { version: VERSION, written, proof, next })
    }

    /// Takes up what a verifier needs of the changes of the validators, all of which are given.
    #[must_use]
    pub fn with_changes(mut self, changes: Vec<OrderProof>) -> Self {
        self.written = self.written.with_changes(changes);
        self
    }

    /// Decodes canonical bytes, at most 3 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("value as of a height", bytes, BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

#[cfg(test)]
mod tests;
