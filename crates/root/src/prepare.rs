//! What a channel says of its leg of a deal: that it holds what the deal needs, or that it will not.
//!
//! ```text
//!   Prepare / Refuse --is the tag open, under these keys-->  ROO-13, 14, 15
//!                    --may it be ordered at this height-->   ROO-16, 17
//!                    --is the deal open, is this its leg-->  ROO-72 to 75
//!                    --is the lock in the log-->             ROO-76
//!                    --is there room-->                      ROO-78
//!                    --did t endorsers sign exactly this-->  ROO-08 to 11
//!                    --does the leg's approver agree-->      ROO-77
//! ```

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::verify;
use parclose_types::{DealId, Generation, Height, NetworkId, Sequence, SignatureBytes, Tag};

use crate::certificate::Certificate;
use crate::deal::Leg;
use crate::deals::DealState;
use crate::execution::Place;
use crate::reject::RootReject;
use crate::statement::{PrepareStatement, RefuseStatement};
use crate::tag::TagState;

/// Prepares and refusals of one tag in one block: as many as a block opens deals, so that a channel that
/// has a part in all of them keeps up.
pub const PREPARES_PER_TAG_AND_BLOCK: u32 = crate::deals::DEALS_PER_BLOCK;

/// A leg is ready: its channel has executed a lock that fixes both outcomes, and lets go of it by the deal's decision only.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Prepare {
    /// the leg's channel
    pub tag: Tag,
    /// the generation whose keys certify
    pub generation: Generation,
    /// the deal
    pub deal: DealId,
    /// index of the leg in the deal
    pub leg: u8,
    /// blinded commitment to both outcomes, which the lock has fixed
    pub outcome: [u8; 32],
    /// the event of this log that executed the lock
    pub lock: Sequence,
    /// last height at which this may be ordered
    pub last_height: Height,
    /// signature of the leg's approver under [`PrepareStatement::approval_bytes`], if the leg names one
    pub approval: Option<SignatureBytes>,
    /// t endorsers' signatures under [`Prepare::statement`]
    pub certificate: Certificate,
}

/// A leg will not be ready: the deal is aborted at once (R24).
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Refuse {
    /// the leg's channel
    pub tag: Tag,
    /// the generation whose keys certify
    pub generation: Generation,
    /// the deal
    pub deal: DealId,
    /// index of the leg in the deal
    pub leg: u8,
    /// last height at which this may be ordered
    pub last_height: Height,
    /// t endorsers' signatures under [`Refuse::statement`]
    pub certificate: Certificate,
}

impl Prepare {
    /// What the endorsers have signed.
    #[must_use]
    pub fn statement(&self, network: &NetworkId) -> PrepareStatement {
        PrepareStatement {
            network: *network,
            tag: self.tag,
            generation: self.generation,
            deal: self.deal,
            leg: self.leg,
            outcome: self.outcome,
            lock: self.lock,
            last_height: self.last_height,
        }
    }

    /// Orders this prepare of a leg: all rules; what it leaves is for the execution.
    ///
    /// # Rules
    ///
    /// As in [`TagState::takes`] (ROO-14, ROO-15), [`Place::is_within`] (ROO-16, ROO-17),
    /// [`DealState::unprepared`] (ROO-73 to ROO-76), [`Certificate::verify`] (ROO-08 to ROO-11), and:
    ///
    /// > ROO-77: a prepare names, as its lock, an event that is already in its tag's log.
    pub(crate) fn order(&self, tag: &TagState, deal: &DealState, at: &Place<'_>) -> Result<(), RootReject> {
        tag.takes(&self.tag, self.generation)?;
        at.is_within(self.last_height)?;
        let leg = deal.unprepared(self.leg, &self.tag, at.height)?;
        let (lock, next) = (self.lock, tag.next_sequence());
        if lock >= next {
            return Err(RootReject::LockAhead { lock, next });
        }
        finds_room(at)?;
        let statement = self.statement(at.network);
        self.certificate.verify(&tag.keys, &statement.signing_bytes())?;
        self.is_approved(leg, &statement)
    }

    /// # Rules
    ///
    /// > ROO-78: a prepare carries the signature of its leg's approver, by the strict rule, over network, tag, deal, leg, outcome and lock, and none where the leg names no approver.
    fn is_approved(&self, leg: &Leg, statement: &PrepareStatement) -> Result<(), RootReject> {
        let approved = match (&leg.approver, &self.approval) {
            (None, None) => true,
            (Some(approver), Some(approval)) => {
                verify(approver, &statement.approval_bytes(), approval).is_ok()
            }
            _ => false,
        };
        if approved { Ok(()) } else { Err(RootReject::NotApproved { leg: self.leg }) }
    }
}

/// # Rules
///
/// > ROO-79: a block orders at most 32 prepares and refusals of one tag.
fn finds_room(at: &Place<'_>) -> Result<(), RootReject> {
    let limit = PREPARES_PER_TAG_AND_BLOCK;
    if at.of_tag.prepares >= limit { Err(RootReject::BlockPrepares { limit }) } else { Ok(()) }
}

impl Refuse {
    /// What the endorsers have signed.
    #[must_use]
    pub fn statement(&self, network: &NetworkId) -> RefuseStatement {
        RefuseStatement {
            network: *network,
            tag: self.tag,
            generation: self.generation,
            deal: self.deal,
            leg: self.leg,
            last_height: self.last_height,
        }
    }

    /// Orders this refusal of a leg. A closed tag may still refuse: that takes nothing, and lets others go on.
    ///
    /// # Rules
    ///
    /// As in [`Prepare::order`], without ROO-14, ROO-77 and ROO-78.
    pub(crate) fn order(&self, tag: &TagState, deal: &DealState, at: &Place<'_>) -> Result<(), RootReject> {
        tag.is_under(self.generation)?;
        at.is_within(self.last_height)?;
        deal.unprepared(self.leg, &self.tag, at.height)?;
        finds_room(at)?;
        Ok(self.certificate.verify(&tag.keys, &self.statement(at.network).signing_bytes())?)
    }
}

#[cfg(test)]
mod tests;
