//! Receipts: one small file by which an outsider knows that a transaction was ordered, and its outcome.
//!
//! `ordered` is proven by three steps: the root chain ordered an anchor, the anchor's commitment opens
//! to a batch header, and the transaction stands under that header. `outcome` needs a later anchor
//! whose commitment covers a state at or after the event, and the verdict in that state. A receipt
//! tells its reader tag, channel and sponsor, and of other transactions no more than hashes. Where the
//! validators have changed since the genesis, it carries every change up to its newest block.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::outcome::OrderedIn;
use parclose_channel::{Channel, ChannelError, OutcomeProof};
use parclose_root::{OrderProof, changes_up_to};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Malformed, Sequence, TransactionDigest, decode, encode};

mod file;
mod invalid;
mod verify;

pub use file::{SCHEMA, verify_json};
pub use invalid::{BatchRole, ReceiptInvalid};
pub use verify::{VerifiedOutcome, VerifiedReceipt};

/// The form of a receipt that this program writes and reads.
pub const VERSION: u8 = 1;

/// A receipt, about which nothing has been checked: [`Receipt::verify`] does.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Receipt {
    /// form: [`VERSION`]
    pub version: u8,
    /// the transaction's place in its batch
    pub ordered: OrderedIn,
    /// the anchor of that batch, in the channel's log
    pub anchor: OrderProof,
    /// what became of it, once that is provable
    pub outcome: Option<AttestedOutcome>,
    /// the changes of the validators before both blocks, in their order
    pub changes: Vec<OrderProof>,
}

/// A verdict, and the anchor by which the state that holds it is attested.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AttestedOutcome {
    /// the verdict under the attested state
    pub proof: OutcomeProof,
    /// the anchor of the attesting batch, in the channel's log
    pub anchor: OrderProof,
}

impl Receipt {
    /// Makes the receipt of an executed transaction, with its outcome if an anchored batch attests it.
    ///
    /// `order_proof` proves an event of the channel's log; `None` if the root chain's node has none.
    pub fn prove(
        channel: &Channel,
        transaction: &TransactionDigest,
        order_proof: impl Fn(Sequence) -> Option<OrderProof>,
    ) -> Result<Self, ChannelError> {
        let event = |sequence| order_proof(sequence).ok_or(ChannelError::Unknown { what: "order proof" });
        let ordered = channel.prove_ordered(transaction)?;
        let outcome = match channel.prove_outcome(transaction) {
            Ok(proof) => Some(AttestedOutcome { anchor: event(proof.attested_by.sequence)?, proof }),
            Err(ChannelError::NotAttested { .. }) => None,
            Err(broken) => return Err(broken),
        };
        let (anchor, changes) = (event(ordered.batch.sequence)?, Vec::new());
        Ok(Self { version: VERSION, anchor, ordered, outcome, changes })
    }

    /// Takes up what a verifier needs of the changes of the validators, all of which are given.
    #[must_use]
    pub fn with_changes(mut self, changes: Vec<OrderProof>) -> Self {
        let attested = self.outcome.as_ref().map(|outcome| outcome.anchor.header.height);
        let newest = attested.into_iter().fold(self.anchor.header.height, std::cmp::Ord::max);
        self.changes = changes_up_to(changes, newest);
        self
    }

    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("receipt", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

#[cfg(test)]
mod tests;
