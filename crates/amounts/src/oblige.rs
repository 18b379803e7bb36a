//! Obliging: a member says what it will owe others on a day.
//!
//! No signature of its own is in it: its statement covers the transaction around it, whose author the channel
//! compares with the payer (OBL-01). The range proof keeps an obligation from being a claim the other way round.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::AssetId;
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::invalid::{Invalid, Misshapen};
use crate::ledger::{Effects, Ledger};
use crate::obligation::{NewObligation, ObligationOutput, check_count, check_two, due, notes};
use crate::operation::{Checked, terms};
use crate::range::{RangeClaim, RangeProof};
use crate::statement::{ObligeStatement, Place};

/// New obligations, as they travel inside a transaction, which says where they hold.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Oblige {
    /// in which asset
    pub asset: AssetId,
    /// on which day, counted from 1970-01-01
    pub day: u32,
    /// the obligations that are made
    pub outputs: Vec<ObligationOutput>,
    /// that they are numbers of 64 bits
    pub range: RangeProof,
}

impl Oblige {
    /// Proves obligations.
    pub fn new(
        place: &Place,
        (asset, engine): (AssetId, RangeEngine),
        day: u32,
        made: &[NewObligation<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        let outputs: Vec<_> = made.iter().map(NewObligation::output).collect();
        check_shape(&outputs)?;
        let openings: Vec<_> = made.iter().map(|new| new.note.opening).collect();
        let statement = statement(place, (asset, day), &outputs).digest();
        let range = RangeProof::prove(engine, &asset, &statement, &openings, rng)?;
        Ok(Self { asset, day, outputs, range })
    }

    /// What is proven, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> ObligeStatement {
        statement(place, (self.asset, self.day), &self.outputs)
    }

    /// What its range proof has to show.
    #[must_use]
    pub fn claim(&self, place: &Place, engine: RangeEngine) -> RangeClaim {
        let statement = self.statement(place).digest();
        RangeClaim::of((engine, self.asset), statement, &notes(&self.outputs))
    }

    /// What can be said of it without looking anything up.
    pub(crate) fn check_shape(&self) -> Result<(), Misshapen> {
        check_shape(&self.outputs)
    }

    /// Checks everything but the range proof.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        self.check_shape()?;
        let terms = terms(ledger, &self.asset)?;
        let owed = due((self.asset, self.day), &self.outputs);
        let effects = Effects { owed, ..Effects::nothing(self.asset) };
        Ok(Checked { ranges: vec![(self.claim(place, terms.engine), &self.range)], effects })
    }
}

fn check_shape(outputs: &[ObligationOutput]) -> Result<(), Misshapen> {
    check_count(None, outputs.len())?;
    check_two(outputs)
}

fn statement(place: &Place, (asset, day): (AssetId, u32), outputs: &[ObligationOutput]) -> ObligeStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    let outputs = outputs.to_vec();
    ObligeStatement { channel, generation, asset, day, outputs, salt_digest, expiry, context }
}
