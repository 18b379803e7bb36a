//! Transfers: notes of an asset become other notes of the same total.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::limits::TRANSFER_BYTES_MAX;
use parclose_types::{AssetId, Malformed, SignatureBytes, decode};
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::balance::{BalanceProof, Excess};
use crate::invalid::Invalid;
use crate::ledger::{Effects, Ledger};
use crate::note::{Input, NoteOutput};
use crate::operation::{
    Checked, NewNote, Spend, cancels_out, check_counts, check_order, check_owners, ordered, resolve, terms,
};
use crate::range::{RangeClaim, RangeProof};
use crate::statement::{Place, StatementDigest, TransferStatement};

/// Nobody is paid for a transfer: a fee would leave circulation unseen.
const FEE: u64 = 0;

/// A transfer as it travels inside a transaction, which says where it holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Transfer {
    /// the asset of all that goes in and comes out
    pub asset: AssetId,
    /// the notes that are spent, ascending
    pub inputs: Vec<Input>,
    /// the notes that are made
    pub outputs: Vec<NoteOutput>,
    /// that the outputs are numbers of 64 bits
    pub range: RangeProof,
    /// that outputs are what inputs were
    pub balance: BalanceProof,
    /// of the owners, in the order of the inputs
    pub signatures: Vec<SignatureBytes>,
}

impl Transfer {
    /// Proves and signs a transfer, by whoever has the keys of all its inputs.
    pub fn new(
        place: &Place,
        asset: AssetId,
        engine: RangeEngine,
        spends: &[Spend<'_>],
        made: &[NewNote<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        let stated =
            |inputs: &[Input], outputs: &[NoteOutput]| statement(place, asset, inputs, outputs).digest();
        Self::prove((asset, engine), stated, spends, made, rng)
    }

    /// Proves and signs what notes become, for whatever is stated of them.
    pub(crate) fn prove(
        (asset, engine): (AssetId, RangeEngine),
        stated: impl FnOnce(&[Input], &[NoteOutput]) -> StatementDigest,
        spends: &[Spend<'_>],
        made: &[NewNote<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        check_counts(true, spends.len(), made.len())?;
        let spends = ordered(spends);
        let openings_in: Vec<_> = spends.iter().map(|spend| spend.opening).collect();
        let openings_out: Vec<_> = made.iter().map(|new| new.opening).collect();
        cancels_out(&asset, &openings_in, &openings_out)?;
        let inputs: Vec<_> = spends.iter().map(|spend| spend.input()).collect();
        check_order(&inputs)?;
        let outputs: Vec<_> = made.iter().map(NewNote::output).collect();
        let statement = stated(&inputs, &outputs);
        Ok(Self {
            asset,
            range: RangeProof::prove(engine, &asset, &statement, &openings_out, rng)?,
            balance: BalanceProof::prove(&statement, &openings_in, &openings_out, rng),
            signatures: spends.iter().map(|spend| spend.owner.sign(&statement)).collect(),
            inputs,
            outputs,
        })
    }

    /// Decodes a transfer.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("transfer", bytes, TRANSFER_BYTES_MAX)
    }

    /// What is signed and proven, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> TransferStatement {
        statement(place, self.asset, &self.inputs, &self.outputs)
    }

    /// What its range proof has to show.
    #[must_use]
    pub fn claim(&self, place: &Place, engine: RangeEngine) -> RangeClaim {
        RangeClaim::of((engine, self.asset), self.statement(place).digest(), &self.outputs)
    }

    /// Checks everything but the range proof.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        self.check_under(self.statement(place).digest(), ledger)
    }

    /// Checks everything but the range proof, for what is stated.
    pub(crate) fn check_under(
        &self,
        statement: StatementDigest,
        ledger: &impl Ledger,
    ) -> Result<Checked<'_>, Invalid> {
        check_counts(true, self.inputs.len(), self.outputs.len())?;
        check_order(&self.inputs)?;
        let terms = terms(ledger, &self.asset)?;
        let spent = resolve(ledger, &self.asset, &self.inputs)?;
        let claim = RangeClaim::of((terms.engine, self.asset), statement, &self.outputs);
        self.balance.verify(&statement, &Excess::of(&self.asset, &spent, &claim.commitments, FEE))?;
        check_owners(&statement, &self.inputs, &self.signatures)?;
        Ok(Checked {
            ranges: vec![(claim, &self.range)],
            effects: Effects {
                spent: self.inputs.iter().map(|input| input.note).collect(),
                made: self.outputs.clone(),
                ..Effects::nothing(self.asset)
            },
        })
    }

    /// Verifies the whole transfer alone.
    pub fn verify(&self, place: &Place, ledger: &impl Ledger) -> Result<Effects, Invalid> {
        self.check(place, ledger)?.verify()
    }
}

fn statement(place: &Place, asset: AssetId, inputs: &[Input], outputs: &[NoteOutput]) -> TransferStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    let (inputs, outputs) = (inputs.to_vec(), outputs.to_vec());
    TransferStatement { channel, generation, asset, inputs, outputs, fee: FEE, salt_digest, expiry, context }
}
