//! Sums: between what the amounts of some records lie together, shown to whoever runs no node, without the amounts.
//!
//! ```text
//!   Receipts           each transaction was ordered, and applied                       REC-*, DIS-03
//!   operation, field   the places in it; by each field's leaf a movement has an amount  DIS-05, DIS-14
//!   proof              what is said holds of these commitments, for this question      DIS-15, DIS-16, VAL-35 to 37
//! ```
//!
//! The commitments come from the transactions and never from the file. No key and no value is in it. What it proves is that
//! the amounts **were written**: a note may have been spent since, and its amount counts all the same.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_amounts::{AmountStatement, NotStated, RangeEngine, RangeProof, StatedAmount};
use parclose_channel::Channel;
use parclose_root::OrderProof;
use parclose_types::limits::STATED_AMOUNTS_MAX;
use parclose_types::{Malformed, RecordId, Sequence, decode, encode};
use rand_core::CryptoRng;

use super::held::{Held, attested};
use super::refused::NotDisclosed;
use crate::receipt::Receipt;

mod file;
mod verify;

pub use parclose_amounts::{Bounds, Purpose};

pub use file::{FILE_BYTES_MAX, SCHEMA, verify_json};
pub use verify::{Asked, VerifiedAmount, VerifiedSum};

/// The form of a sum that this program writes and reads.
pub const VERSION: u8 = 1;

/// The receipts of as many transactions as there may be amounts, each of the usual size.
pub(crate) const BYTES_MAX: usize = 16 << 20;

/// Between what a sum lies, about which nothing has been checked: [`SumDisclosure::verify`] does.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SumDisclosure {
    /// form: [`VERSION`]
    pub version: u8,
    /// `channel.toml` by which all the records were written
    pub definition: String,
    /// the transactions, ascending by digest
    pub transactions: Vec<SumTransaction>,
    /// what is said of the sum
    pub bounds: Bounds,
    /// what it is stated for
    pub purpose: Purpose,
    /// that it is so
    pub proof: RangeProof,
}

/// Amounts of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SumTransaction {
    /// that the transaction was ordered, and what became of it
    pub receipt: Receipt,
    /// operation and field of each, ascending
    pub places: Vec<(u32, u32)>,
}

/// What is to be said: of which records, between what they lie together, and for what.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    /// the records, each once
    pub records: &'a [RecordId],
    /// the field that holds the amount of each
    pub field: &'a str,
    /// what is said of their sum
    pub bounds: Bounds,
    /// what it is for
    pub purpose: Purpose,
}

impl SumDisclosure {
    /// States something of the amounts of records as this member has them now.
    ///
    /// `order_proof` proves an event of the channel's log; `None` if the root chain's node has none.
    pub fn prove(
        channel: &Channel,
        said: &Said<'_>,
        order_proof: impl Fn(Sequence) -> Option<OrderProof>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NotDisclosed> {
        if said.records.len() > STATED_AMOUNTS_MAX {
            return Err(NotStated::Amounts.into());
        }
        let held = said.records.iter().map(|record| Held::find(channel, record, said.field));
        let mut held = held.collect::<Result<Vec<_>, _>>()?;
        held.sort_by_key(|held| (held.transaction, held.at));
        let first = held.first().ok_or(NotStated::Amounts)?;
        let (definition, asset) = (first.definition.clone(), first.amount()?.asset);
        let network = first.network();
        let (mut amounts, mut openings) = (Vec::new(), Vec::new());
        let mut transactions: Vec<SumTransaction> = Vec::new();
        let mut last = None;
        for held in &held {
            let amount = held.amount()?;
            if (&held.definition, amount.asset) != (&definition, asset) {
                return Err(NotDisclosed::Different);
            }
            if last != Some(held.transaction) {
                let receipt = attested(channel, &held.transaction, &order_proof)?;
                transactions.push(SumTransaction { receipt, places: Vec::new() });
                last = Some(held.transaction);
            }
            if let Some(transaction) = transactions.last_mut() {
                transaction.places.push(held.at);
            }
            let ((operation, field), commitment) = (held.at, amount.commitment);
            let (transaction, leaf) = (held.transaction, held.leaf);
            amounts.push(StatedAmount { transaction, operation, field, leaf, commitment });
            openings.push(amount.opening);
        }
        let statement = AmountStatement {
            network,
            tag: channel.tag(),
            asset,
            bounds: said.bounds,
            amounts,
            purpose: said.purpose.clone(),
        };
        let proof = statement.prove(RangeEngine::OF_FORMAT_1, &openings, rng)?;
        let AmountStatement { bounds, purpose, .. } = statement;
        Ok(Self { version: VERSION, definition, transactions, bounds, purpose, proof })
    }

    /// Takes up what a verifier needs of the changes of the validators, all of which are given.
    #[must_use]
    pub fn with_changes(mut self, changes: &[OrderProof]) -> Self {
        for transaction in &mut self.transactions {
            transaction.receipt = transaction.receipt.clone().with_changes(changes.to_vec());
        }
        self
    }

    /// Decodes canonical bytes, at most 16 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("sum", bytes, BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

#[cfg(test)]
mod tests;
