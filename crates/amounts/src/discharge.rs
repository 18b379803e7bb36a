//! Payments of obligations: notes become others, and the first of them is the note that was owed.
//!
//! It is that very note, with its commitment, its owner and its leaf: nothing has to be shown to be equal, whoever
//! could open what was owed can open what is paid, and whoever was to be paid is.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{AssetId, ObligationId};
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::invalid::{Invalid, NotOwed};
use crate::ledger::Ledger;
use crate::note::{Input, NoteOutput};
use crate::obligation::owed;
use crate::operation::{Checked, NewNote, Spend};
use crate::range::RangeClaim;
use crate::statement::{DischargeStatement, Place};
use crate::transfer::Transfer;

/// A payment of an obligation as it travels inside a transaction, which says where it holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Discharge {
    /// what is paid
    pub obligation: ObligationId,
    /// what becomes of notes: the first that it makes is what was owed, the others are the rest
    pub transfer: Transfer,
}

impl Discharge {
    /// Proves and signs a payment, by whoever has the keys of all its inputs and can open the obligation.
    pub fn new(
        place: &Place,
        (asset, engine): (AssetId, RangeEngine),
        obligation: ObligationId,
        spends: &[Spend<'_>],
        made: &[NewNote<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        let stated = |inputs: &[Input], outputs: &[NoteOutput]| {
            statement(place, asset, obligation, inputs, outputs).digest()
        };
        Ok(Self { obligation, transfer: Transfer::prove((asset, engine), stated, spends, made, rng)? })
    }

    /// What is signed and proven, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> DischargeStatement {
        let Transfer { asset, inputs, outputs, .. } = &self.transfer;
        statement(place, *asset, self.obligation, inputs, outputs)
    }

    /// What its range proof has to show.
    #[must_use]
    pub fn claim(&self, place: &Place, engine: RangeEngine) -> RangeClaim {
        let statement = self.statement(place).digest();
        RangeClaim::of((engine, self.transfer.asset), statement, &self.transfer.outputs)
    }

    /// Checks everything but the range proof.
    ///
    /// # Rules
    ///
    /// > VAL-33: the first note that a payment of an obligation makes is the obligation's, with its amount commitment, owner commitment and leaf.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        let owed = owed(ledger, &self.transfer.asset, None, self.obligation)?;
        if self.transfer.outputs.first() != Some(&owed.output.note) {
            return Err(NotOwed::OtherNote.into());
        }
        let mut checked = self.transfer.check_under(self.statement(place).digest(), ledger)?;
        checked.effects.ended = vec![self.obligation];
        Ok(checked)
    }
}

fn statement(
    place: &Place,
    asset: AssetId,
    obligation: ObligationId,
    inputs: &[Input],
    outputs: &[NoteOutput],
) -> DischargeStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    let (inputs, outputs) = (inputs.to_vec(), outputs.to_vec());
    DischargeStatement {
        channel,
        generation,
        asset,
        obligation,
        inputs,
        outputs,
        salt_digest,
        expiry,
        context,
    }
}
