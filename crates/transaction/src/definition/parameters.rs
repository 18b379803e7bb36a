//! Intervals, windows and rules of change of a channel, as its definition states them.

use parclose_types::Epoch;
use serde::{Deserialize, Serialize};

/// Intervals and windows, in root heights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// heights of one epoch
    pub epoch_length: u64,
    /// heights within which the previous epoch is still accepted (G)
    pub grace: u64,
    /// how far ahead an expiry may lie (W_tx)
    pub expiry_max: u64,
    /// heights after which a node attests its own unattested transactions (X)
    pub attest_after: u64,
    /// heights for which a batch may be missing before the channel stops visibly (D)
    pub missing_batch_after: u64,
    /// events behind which an endorser pauses (K)
    pub endorse_lag_max: u64,
    /// what a joiner gets of the past
    pub history: History,
}

/// What a joiner gets of the past: the fields of audience rules that name one of its roles, sealed in
/// these epochs. What was sealed for named parties stays with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// nothing sealed before it joined
    FromJoin,
    /// everything sealed from this epoch on
    FromEpoch(Epoch),
    /// everything
    All,
}

impl History {
    /// The first epoch of the past that a joiner gets; `None` when it gets none.
    #[must_use]
    pub fn first_epoch(self) -> Option<Epoch> {
        match self {
            Self::FromJoin => None,
            Self::FromEpoch(epoch) => Some(epoch),
            Self::All => Some(Epoch(0)),
        }
    }
}

/// How a channel changes: who has to agree, and how long things may take, in root heights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Governance {
    /// how many of the members have to approve a motion
    pub approvals: Approvals,
    /// heights for which a motion is open
    pub motion_within: u64,
    /// heights within which what was decided takes force, or lapses
    pub rotate_within: u64,
    /// heights within which a majority acknowledges a dealt secret, or another member may deal
    pub deal_within: u64,
    /// epochs of a generation after which its keys turn over without a vote; 0 for never
    pub rekey_after_epochs: u32,
    /// how many members have to agree to a grant, or to its end; all of them where there are fewer
    pub grant_signatures: u16,
    /// heights after which the others see what a member has handed out, and to whom
    pub access_delay: u64,
    /// members that have to want an erasure, of those who may; at least one
    pub erasure_approvals: u32,
}

impl Governance {
    /// Members that have to agree to a grant among so many.
    #[must_use]
    pub fn grants_need(&self, members: usize) -> usize {
        usize::from(self.grant_signatures).min(members)
    }
}

impl Default for Governance {
    fn default() -> Self {
        Self {
            approvals: Approvals::Majority,
            motion_within: 4096,
            rotate_within: 512,
            deal_within: 64,
            rekey_after_epochs: 0,
            grant_signatures: 2,
            access_delay: 0,
            erasure_approvals: 2,
        }
    }
}

/// How many of the members have to approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approvals {
    /// more than half
    Majority,
    /// at least two thirds
    TwoThirds,
    /// every one
    All,
}

impl Approvals {
    /// Approvals that a motion needs among so many members: more than half in any case.
    #[must_use]
    pub fn needed(self, members: usize) -> usize {
        let majority = (members / 2).saturating_add(1);
        match self {
            Self::Majority => majority,
            Self::TwoThirds => majority.max(members.saturating_mul(2).div_ceil(3)),
            Self::All => members,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_approval_is_more_than_half_and_at_most_all() {
        for members in 1..100 {
            for kind in [Approvals::Majority, Approvals::TwoThirds, Approvals::All] {
                let needed = kind.needed(members);
                assert!(needed * 2 > members && needed <= members, "{kind:?} of {members}: {needed}");
            }
            assert!(Approvals::TwoThirds.needed(members) * 3 >= members * 2);
        }
        assert_eq!([3, 4, 5, 6].map(|n| Approvals::TwoThirds.needed(n)), [2, 3, 4, 4]);
    }

    #[test]
    fn a_joiners_past_begins_where_the_definition_says() {
        assert_eq!(History::FromJoin.first_epoch(), None);
        assert_eq!(History::FromEpoch(Epoch(7)).first_epoch(), Some(Epoch(7)));
        assert_eq!(History::All.first_epoch(), Some(Epoch(0)));
    }
}
