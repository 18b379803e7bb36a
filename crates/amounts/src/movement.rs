//! Movements of value: whatever a transaction does with notes, or with obligations.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{AssetId, ObligationId};

use crate::asset::RangeEngine;
use crate::discharge::Discharge;
use crate::invalid::Invalid;
use crate::issue::Issue;
use crate::ledger::Ledger;
use crate::lock::{Hold, Lock};
use crate::net::Net;
use crate::note::{Input, NoteOutput, RedeemedAmount};
use crate::obligation::{Obligation, due};
use crate::oblige::Oblige;
use crate::operation::{Checked, check_counts, check_order};
use crate::range::{RangeClaim, RangeProof};
use crate::redemption::Redemption;
use crate::statement::Place;
use crate::transfer::Transfer;

/// What a transaction does with notes of one asset, or with obligations in it.
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
    /// a member says what it will owe
    Oblige(Box<Oblige>),
    /// obligations become others, the same for every member
    Net(Box<Net>),
    /// notes become others, the first of which is what was owed
    Discharge(Box<Discharge>),
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
            Self::Oblige(oblige) => oblige.asset,
            Self::Net(net) => net.asset,
            Self::Discharge(discharge) => discharge.transfer.asset,
        }
    }

    /// The notes that it spends.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        match self {
            Self::Issue(_) | Self::Oblige(_) | Self::Net(_) => &[],
            Self::Transfer(transfer) => &transfer.inputs,
            Self::Redeem(redemption) => &redemption.inputs,
            Self::Lock(lock) => &lock.transfer.inputs,
            Self::Discharge(discharge) => &discharge.transfer.inputs,
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
            Self::Discharge(discharge) => &discharge.transfer.outputs,
            Self::Oblige(_) | Self::Net(_) => &[],
        }
    }

    /// The obligations that it names, to net or to pay them.
    #[must_use]
    pub fn ended(&self) -> &[ObligationId] {
        match self {
            Self::Net(net) => &net.inputs,
            Self::Discharge(discharge) => std::slice::from_ref(&discharge.obligation),
            Self::Issue(_) | Self::Transfer(_) | Self::Redeem(_) | Self::Lock(_) | Self::Oblige(_) => &[],
        }
    }

    /// The obligation that it pays: the first note that it makes is the one that was owed.
    #[must_use]
    pub const fn pays(&self) -> Option<ObligationId> {
        match self {
            Self::Discharge(discharge) => Some(discharge.obligation),
            _ => None,
        }
    }

    /// The obligations that it makes.
    #[must_use]
    pub fn obligations(&self) -> Vec<Obligation> {
        match self {
            Self::Oblige(oblige) => due((oblige.asset, oblige.day), &oblige.outputs),
            Self::Net(net) => due((net.asset, net.day), &net.outputs),
            Self::Issue(_) | Self::Transfer(_) | Self::Redeem(_) | Self::Lock(_) | Self::Discharge(_) => {
                Vec::new()
            }
        }
    }

    /// The amount that leaves circulation, if one does.
    #[must_use]
    pub const fn redeemed(&self) -> Option<&RedeemedAmount> {
        match self {
            Self::Redeem(redemption) => Some(&redemption.redeemed),
            _ => None,
        }
    }

    /// What the first note that it makes is held for, if it is.
    #[must_use]
    pub const fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Lock(lock) => Some(&lock.hold),
            _ => None,
        }
    }

    /// What its range proofs have to show, and the proofs.
    #[must_use]
    pub fn ranges(&self, place: &Place, engine: RangeEngine) -> Vec<(RangeClaim, &RangeProof)> {
        vec![match self {
            Self::Issue(issue) => (issue.claim(place, engine), &issue.range),
            Self::Transfer(transfer) => (transfer.claim(place, engine), &transfer.range),
            Self::Redeem(redemption) => (redemption.claim(place, engine), &redemption.range),
            Self::Lock(lock) => (lock.claim(place, engine), &lock.transfer.range),
            Self::Oblige(oblige) => (oblige.claim(place, engine), &oblige.range),
            Self::Net(net) => return net.claims(place, engine).into_iter().zip(&net.ranges).collect(),
            Self::Discharge(discharge) => (discharge.claim(place, engine), &discharge.transfer.range),
        }]
    }

    /// Checks how many notes it spends and makes, and their order (VAL-10, VAL-11), or how many obligations, their order and
    /// their sides (VAL-26 to VAL-28): what can be said of it without looking anything up.
    pub fn check_shape(&self) -> Result<(), Invalid> {
        match self {
            Self::Oblige(oblige) => return Ok(oblige.check_shape()?),
            Self::Net(net) => return Ok(net.check_shape()?),
            _ => {}
        }
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
            Self::Oblige(oblige) => oblige.check(place, ledger),
            Self::Net(net) => net.check(place, ledger),
            Self::Discharge(discharge) => discharge.check(place, ledger),
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
            Self::Oblige(_) => "oblige",
            Self::Net(_) => "net",
            Self::Discharge(_) => "discharge",
        }
    }
}
