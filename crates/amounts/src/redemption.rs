//! Redemptions: notes leave circulation, with the consent of their owners and of the issuer.
//!
//! The redeemed amount is hidden like any other. It has to be proven to be of 64 bits like any other, or
//! a negative one would make notes.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::SigningKey;
use parclose_types::limits::TRANSFER_BYTES_MAX;
use parclose_types::{AssetId, Malformed, SignatureBytes, decode};
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::balance::{BalanceProof, Excess};
use crate::commitment::Opening;
use crate::invalid::Invalid;
use crate::ledger::{Effects, Ledger};
use crate::note::{Input, NoteOutput, RedeemedAmount};
use crate::operation::{
    Checked, NewNote, Spend, cancels_out, check_counts, check_issuer, check_order, check_owners, ordered,
    resolve, sign_as_issuer, terms,
};
use crate::range::{RangeClaim, RangeProof};
use crate::statement::{Place, RedeemStatement};
use crate::supply::SupplyChange;

/// Nothing is left over but the rest and the redeemed amount.
const FEE: u64 = 0;

/// A redemption as it travels inside a transaction, which says where it holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Redemption {
    /// the asset
    pub asset: AssetId,
    /// the notes that are spent, ascending
    pub inputs: Vec<Input>,
    /// the notes that are made of the rest; there may be none
    pub outputs: Vec<NoteOutput>,
    /// the amount that leaves circulation
    pub redeemed: RedeemedAmount,
    /// that rest and redeemed amount are numbers of 64 bits
    pub range: RangeProof,
    /// that they are what inputs were
    pub balance: BalanceProof,
    /// of the owners, in the order of the inputs
    pub signatures: Vec<SignatureBytes>,
    /// of the issuer
    pub issuer_signature: SignatureBytes,
}

/// A redemption that its owners have signed and its issuer has not: what owners send to the issuer.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[must_use = "a redemption without the issuer's signature is none"]
pub struct UnsignedRedemption(Redemption);

impl UnsignedRedemption {
    /// Proves and signs a redemption, by whoever has the keys of all its inputs.
    pub fn new(
        place: &Place,
        asset: AssetId,
        engine: RangeEngine,
        spends: &[Spend<'_>],
        rest: &[NewNote<'_>],
        redeemed: (&Opening, [u8; 32]),
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        let (amount, leaf) = redeemed;
        let spends = ordered(spends);
        let openings_in: Vec<_> = spends.iter().map(|spend| spend.opening).collect();
        let openings_out: Vec<_> = rest.iter().map(|new| new.opening).chain([amount]).collect();
        check_counts(true, openings_in.len(), openings_out.len())?;
        cancels_out(&asset, &openings_in, &openings_out)?;
        let inputs: Vec<_> = spends.iter().map(|spend| spend.input()).collect();
        check_order(&inputs)?;
        let outputs: Vec<_> = rest.iter().map(NewNote::output).collect();
        let redeemed = RedeemedAmount { commitment: amount.commitment(), leaf };
        let statement = statement(place, asset, &inputs, &outputs, redeemed).digest();
        let redemption = Redemption {
            asset,
            range: RangeProof::prove(engine, &asset, &statement, &openings_out, rng)?,
            balance: BalanceProof::prove(&statement, &openings_in, &openings_out, rng),
            signatures: spends.iter().map(|spend| spend.owner.sign(&statement)).collect(),
            inputs,
            outputs,
            redeemed,
            issuer_signature: SignatureBytes([0; 64]),
        };
        Ok(Self(redemption))
    }

    /// Decodes what owners have sent.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("unsigned redemption", bytes, TRANSFER_BYTES_MAX)
    }

    /// What the issuer is asked to sign, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> RedeemStatement {
        self.0.statement(place)
    }

    /// Signs it as the issuer.
    #[must_use]
    pub fn sign(self, place: &Place, issuer: &SigningKey) -> Redemption {
        let issuer_signature = sign_as_issuer(issuer, &self.statement(place).digest());
        Redemption { issuer_signature, ..self.0 }
    }
}

impl Redemption {
    /// Decodes a redemption.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("redemption", bytes, TRANSFER_BYTES_MAX)
    }

    /// What is signed and proven, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> RedeemStatement {
        statement(place, self.asset, &self.inputs, &self.outputs, self.redeemed)
    }

    /// What its range proof has to show: that the rest and the redeemed amount, which stands last, are of 64 bits.
    #[must_use]
    pub fn claim(&self, place: &Place, engine: RangeEngine) -> RangeClaim {
        let mut claim = RangeClaim::of((engine, self.asset), self.statement(place).digest(), &self.outputs);
        claim.commitments.push(self.redeemed.commitment);
        claim
    }

    /// Checks everything but the range proof.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        check_counts(true, self.inputs.len(), self.outputs.len().saturating_add(1))?;
        check_order(&self.inputs)?;
        let terms = terms(ledger, &self.asset)?;
        let spent = resolve(ledger, &self.asset, &self.inputs)?;
        let claim = self.claim(place, terms.engine);
        let statement = claim.statement;
        self.balance.verify(&statement, &Excess::of(&self.asset, &spent, &claim.commitments, FEE))?;
        check_owners(&statement, &self.inputs, &self.signatures)?;
        check_issuer(&terms, &statement, &self.issuer_signature)?;
        Ok(Checked {
            ranges: vec![(claim, &self.range)],
            effects: Effects {
                spent: self.inputs.iter().map(|input| input.note).collect(),
                made: self.outputs.clone(),
                supply: SupplyChange::Redeemed(self.redeemed.commitment),
                ..Effects::nothing(self.asset)
            },
        })
    }

    /// Verifies the whole redemption alone.
    pub fn verify(&self, place: &Place, ledger: &impl Ledger) -> Result<Effects, Invalid> {
        self.check(place, ledger)?.verify()
    }
}

fn statement(
    place: &Place,
    asset: AssetId,
    inputs: &[Input],
    outputs: &[NoteOutput],
    redeemed: RedeemedAmount,
) -> RedeemStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    let (inputs, outputs) = (inputs.to_vec(), outputs.to_vec());
    RedeemStatement { channel, generation, asset, inputs, outputs, redeemed, salt_digest, expiry, context }
}
