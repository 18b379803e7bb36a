//! Movements of value: whatever a transaction does with notes.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::AssetId;

use crate::asset::RangeEngine;
use crate::invalid::Invalid;
use crate::issue::Issue;
use crate::ledger::Ledger;
use crate::lock::{Hold, Lock};
use crate::note::{Input, NoteOutput, RedeemedAmount};
use crate::operation::{Checked, check_counts, check_order};
use crate::range::{RangeClaim, RangeProof};
use crate::redemption::Redemption;
use crate::statement::Place;
use crate::transfer::Transfer;

/// What a transaction does with notes of one asset.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Movement {
    /// the issuer makes notes
    Issue(Issue),
    /// notes become other notes
    Transfer(Transfer),
    /// notes leave circulation
    Redeem(Box<Redemption>),
    /// notes become others, the first of which is held for a deal
    Lock(Box<Lock>),
}

impl Movement {
    /// The asset of everything in it.
    #[must_use]
    pub const fn asset(&self) -> AssetId {
        match self {
            Self::Issue(issue) => issue.asset,
            Self::Transfer(transfer) => transfer.asset,
            Self::Redeem(redemption) => redemption.asset,
            Self::Lock(lock) => lock.transfer.asset,
        }
    }

    /// The notes that it spends.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        match self {
            Self::Issue(_) => &[],
            Self::Transfer(transfer) => &transfer.inputs,
            Self::Redeem(redemption) => &redemption.inputs,
            Self::Lock(lock) => &lock.transfer.inputs,
        }
    }

    /// The notes that it makes.
    #[must_use]
    pub fn outputs(&self) -> &[NoteOutput] {
        match self {
            Self::Issue(issue) => &issue.outputs,
            Self::Transfer(transfer) => &transfer.outputs,
            Self::Redeem(redemption) => &redemption.outputs,
            Self::Lock(lock) => &lock.transfer.outputs,
        }
    }

    /// The amount that leaves circulation, if one does.
    #[must_use]
    pub const fn redeemed(&self) -> Option<&RedeemedAmount> {
        match self {
            Self::Redeem(redemption) => Some(&redemption.redeemed),
            Self::Issue(_) | Self::Transfer(_) | Self::Lock(_) => None,
        }
    }

    /// What the first note that it makes is held for, if it is.
    #[must_use]
    pub const fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Lock(lock) => Some(&lock.hold),
            Self::Issue(_) | Self::Transfer(_) | Self::Redeem(_) => None,
        }
    }

    /// What its range proof has to show, and the proof.
    #[must_use]
    pub fn range(&self, place: &Place, engine: RangeEngine) -> (RangeClaim, &RangeProof) {
        match self {
            Self::Issue(issue) => (issue.claim(place, engine), &issue.range),
            Self::Transfer(transfer) => (transfer.claim(place, engine), &transfer.range),
            Self::Redeem(redemption) => (redemption.claim(place, engine), &redemption.range),
            Self::Lock(lock) => (lock.claim(place, engine), &lock.transfer.range),
        }
    }

    /// Checks how many notes it spends and makes, and their order (VAL-10, VAL-11): what can be said of it without looking anything up.
    pub fn check_shape(&self) -> Result<(), Invalid> {
        let (inputs, spends) = (self.inputs(), !matches!(self, Self::Issue(_)));
        let amounts = self.outputs().len().saturating_add(usize::from(self.redeemed().is_some()));
        check_counts(spends, inputs.len(), amounts)?;
        Ok(check_order(inputs)?)
    }

    /// Checks everything but the range proof.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        match self {
            Self::Issue(issue) => issue.check(place, ledger),
            Self::Transfer(transfer) => transfer.check(place, ledger),
            Self::Redeem(redemption) => redemption.check(place, ledger),
            Self::Lock(lock) => lock.check(place, ledger),
        }
    }

    /// A word for people.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Issue(_) => "issue",
            Self::Transfer(_) => "transfer",
            Self::Redeem(_) => "redeem",
            Self::Lock(_) => "lock",
        }
    }
}
