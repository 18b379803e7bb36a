//! Deals: what several channels do together or not at all, as the root chain sees them.
//!
//! A deal names tags and heights, and 32 bytes for each leg that hide what is to happen there. Opening one
//! obliges nobody (R27): it stands in the state, and enters no log. What binds is a [`crate::Prepare`] of a
//! leg's own channel; when the last one is ordered the deal is committed, and a [`crate::Refuse`] or the
//! height `settle_before` aborts it. The root chain decides once, blind to the content.
//!
//! ```text
//!   OpenDeal --has it 2 to 8 legs, its heights in bounds--> ROO-65, 66
//!            --is it opened ahead of allocate_before-->     ROO-67
//!            --is it new, is there room-->                  ROO-68, 69, 70, 71
//!            --> an open deal: a leaf of the state tree
//! ```

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_types::{DealId, Failure, Fault, Height, NetworkId, PublicKey, Tag, encode, labels};
use serde::Serialize;

use crate::deals::DealsAhead;
use crate::execution::Place;
use crate::reject::RootReject;

/// Legs of a deal: one alone would be a transfer, and each costs a decision in a log.
pub const LEGS_MIN: usize = 2;
/// See [`LEGS_MIN`]; a chain of deals does what more legs would.
pub const LEGS_MAX: usize = 8;
/// Heights between the bounds of a deal at least: a lock that is executed at the last height allowed still
/// finds as many blocks to be prepared in, though a proposer or two leave its prepare out.
pub const SETTLE_MIN: u64 = 4;
/// Heights between the bounds of a deal at most, so how long a locked value can be held up.
pub const SETTLE_MAX: u64 = 4096;
/// How far ahead a deal's `allocate_before` may lie, so how long validators remember what nobody prepares.
pub const ALLOCATE_AHEAD_MAX: u64 = 4096;

/// Why a deal is none, whoever looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DealInvalid {
    /// ROO-65: one leg, or more than eight.
    #[error("a deal has {LEGS_MIN} to {LEGS_MAX} legs, not {got}")]
    Legs {
        /// legs found
        got: usize,
    },
    /// ROO-66: too little or too much time between its heights.
    #[error(
        "a deal is settled {SETTLE_MIN} to {SETTLE_MAX} heights after {allocate_before}, not before {settle_before}"
    )]
    Heights {
        /// height before which its locks are executed
        allocate_before: Height,
        /// height before which it is decided by its legs
        settle_before: Height,
    },
}

impl Failure for DealInvalid {
    fn code(&self) -> &'static str {
        "DEAL_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Legs { .. } => "ROO-65",
            Self::Heights { .. } => "ROO-66",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Legs { .. } => format!("agree on a deal of {LEGS_MIN} to {LEGS_MAX} legs"),
            Self::Heights { .. } => format!(
                "agree on a `settle_before` that lies {SETTLE_MIN} to {SETTLE_MAX} heights after `allocate_before`"
            ),
        }
    }
}

/// One channel's part in a deal. A tag may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Leg {
    /// the channel
    pub tag: Tag,
    /// blinded commitment to what is to happen there
    pub terms: [u8; 32],
    /// who must sign the leg's prepare besides its channel, so that the leg is as safe as this key (R26)
    pub approver: Option<PublicKey>,
}

/// What is decided at once for all legs. Its hash is its id (R20).
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Deal {
    /// random: who knows the terms cannot tell which deal is theirs
    pub nonce: [u8; 32],
    /// first height at which no lock for it is executed any more
    pub allocate_before: Height,
    /// first height at which no prepare is ordered any more: what is open then is aborted
    pub settle_before: Height,
    /// 2 to 8
    pub legs: Vec<Leg>,
}

impl Deal {
    /// The id: `H(DEAL_ID, network, borsh(deal))`.
    ///
    /// # Rules
    ///
    /// > ROO-64: the id of a deal is the hash of the network and of the whole deal.
    #[must_use]
    pub fn id(&self, network: &NetworkId) -> DealId {
        DealId(hash(labels::DEAL_ID, &[network.as_ref(), &encode(self)]))
    }

    /// What anybody can check who has the deal alone.
    ///
    /// # Rules
    ///
    /// > ROO-65: a deal has 2 to 8 legs.
    /// > ROO-66: a deal's `settle_before` lies 4 to 4096 heights after its `allocate_before`.
    pub fn check(&self) -> Result<(), DealInvalid> {
        let got = self.legs.len();
        if !(LEGS_MIN..=LEGS_MAX).contains(&got) {
            return Err(DealInvalid::Legs { got });
        }
        let (allocate_before, settle_before) = (self.allocate_before, self.settle_before);
        let between = settle_before.0.checked_sub(allocate_before.0);
        if between.is_some_and(|heights| (SETTLE_MIN..=SETTLE_MAX).contains(&heights)) {
            Ok(())
        } else {
            Err(DealInvalid::Heights { allocate_before, settle_before })
        }
    }
}

/// Opens a deal. Nobody signs it: it obliges nobody, and its id is known only to who has agreed on it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OpenDeal {
    /// the deal
    pub deal: Deal,
}

impl OpenDeal {
    /// Opens this deal among those that there are.
    ///
    /// # Rules
    ///
    /// As in [`Deal`] (ROO-65, ROO-66), [`DealsAhead::open`] (ROO-68 to ROO-71), and:
    ///
    /// > ROO-67: a deal is opened at a height below its `allocate_before`, and at most 4096 heights before it.
    pub(crate) fn order(&self, deals: &mut DealsAhead<'_>, at: &Place<'_>) -> Result<(), RootReject> {
        self.deal.check()?;
        let (height, allocate_before) = (at.height, self.deal.allocate_before);
        if height >= allocate_before {
            return Err(RootReject::OpensTooLate { height, allocate_before });
        }
        let horizon = Height(height.0.saturating_add(ALLOCATE_AHEAD_MAX));
        if allocate_before > horizon {
            return Err(RootReject::OpensTooEarly { horizon, allocate_before });
        }
        deals.open(self.deal.id(at.network), &self.deal)
    }
}

/// How a deal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DealOutcome {
    /// every leg was prepared in time
    Commit,
    /// a leg was refused, or not prepared in time
    Abort,
}

impl std::fmt::Display for DealOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Abort => "abort",
        })
    }
}

/// The outcome of a deal, as it stands in the log of each tag concerned. It follows from what is ordered and from the
/// height; nobody submits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Decision {
    /// the deal
    pub deal: DealId,
    /// how it ends
    pub outcome: DealOutcome,
}
