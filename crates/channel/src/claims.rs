//! Claims in the state: keyed tags that records want for themselves, and what the root chain has said to that.
//!
//! ```text
//!   a step tags        Asked     wanted; another channel may hold it          TAG-03
//!   ClaimTag, event    Held      nobody else can have it                      TAG-05
//!   a step frees       Returned  ours still, and to be released; or Dropped, if it was not ours yet
//!   ReleaseTag, event  Dropped   whoever wants it can have it                 TAG-05
//! ```
//!
//! Every event may end or begin some, and notes are looked up by them, so they are kept in memory beside their rows.

mod conflict;
mod key;
mod sign;

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::state_tree::{self, Change};
use parclose_store::{Batch, Blinded, Database, Table};
use parclose_types::{Height, KeyedTag, MemberId, RecordId, Sequence, encode};

use crate::error::ChannelError;

pub use conflict::{ClaimUnsigned, TagConflict};

/// Keyed tags that records of the channel want, hold or give back.
pub const CLAIMS: Table<KeyedTag, ClaimRow, Blinded> = Table::<KeyedTag, ClaimRow>::blinded(32, "claims");

/// How a claim stands between this channel and the root chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ClaimStage {
    /// a record wants it
    Asked,
    /// the root chain holds it for this channel
    Held,
    /// its record gave it up, and it is not held; what was signed for it before may still be ordered
    Dropped,
    /// its record gave it up, and the root chain holds it still
    Returned,
}

/// A keyed tag, and whose it is in this channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClaimRow {
    /// the tag
    pub tag: KeyedTag,
    /// the record that wants it, or did
    pub record: RecordId,
    /// whose step said so last: who asks the others to sign
    pub author: MemberId,
    /// the event of that step
    pub sequence: Sequence,
    /// how it stands
    pub stage: ClaimStage,
    /// once it was released: the first height at which no release that was signed before can be ordered any more
    pub free_from: Height,
}

/// Heights that what endorsers sign of a claim lasts, counted from what they have executed.
pub const CLAIM_HEIGHTS_MAX: u64 = 256;

/// What an event does to claims. None ends: what was signed for one may be ordered later.
pub(crate) type ClaimsWritten = BTreeMap<KeyedTag, ClaimRow>;

/// The claims of a channel, as they stood before an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims(BTreeMap<KeyedTag, ClaimRow>);

impl Claims {
    pub(crate) fn read(store: &Database) -> Result<Self, ChannelError> {
        let mut claims = BTreeMap::new();
        store.for_each(&CLAIMS, |_, row: ClaimRow| {
            claims.insert(row.tag, row);
        })?;
        Ok(Self(claims))
    }

    pub(crate) fn get(&self, tag: &KeyedTag) -> Option<&ClaimRow> {
        self.0.get(tag)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &ClaimRow> {
        self.0.values()
    }

    /// Takes over what an event has written.
    pub(crate) fn follow(&mut self, written: &ClaimsWritten) {
        self.0.extend(written);
    }

    /// What a claim of the root chain makes of a tag's row; `None` if nobody here wanted it: t endorsers have certified what is not so.
    ///
    /// # Rules
    ///
    /// > TAG-05: by the root chain's claim a channel holds what its record has asked for, and has to give back what was given up, also what it has given back before; by its release it holds nothing. Any other claim or release is unfounded, and its endorsers are named; what was released is held no more all the same.
    pub(crate) fn claimed(&self, tag: &KeyedTag) -> Option<ClaimRow> {
        let row = self.get(tag)?;
        let stage = match row.stage {
            ClaimStage::Asked => ClaimStage::Held,
            ClaimStage::Dropped => ClaimStage::Returned,
            ClaimStage::Held | ClaimStage::Returned => return None,
        };
        Some(ClaimRow { stage, ..*row })
    }

    /// What a release of the root chain at a height makes of a tag's row, if anything, and whether it was founded (TAG-05).
    pub(crate) fn released(&self, tag: &KeyedTag, height: Height) -> (Option<ClaimRow>, bool) {
        match self.get(tag) {
            Some(row) if row.stage == ClaimStage::Returned => {
                // Whoever has signed has not executed this event, so no other release lasts longer.
                let free_from = Height(height.0.saturating_add(CLAIM_HEIGHTS_MAX).saturating_add(1));
                (Some(ClaimRow { stage: ClaimStage::Dropped, free_from, ..*row }), true)
            }
            Some(row) if row.stage == ClaimStage::Held => {
                (Some(ClaimRow { stage: ClaimStage::Asked, ..*row }), false)
            }
            _ => (None, false),
        }
    }
}

/// What becomes of a tag whose record gives it up.
pub(crate) fn freed(row: &ClaimRow, author: MemberId, sequence: Sequence) -> ClaimRow {
    let stage = match row.stage {
        ClaimStage::Asked | ClaimStage::Dropped => ClaimStage::Dropped,
        ClaimStage::Held | ClaimStage::Returned => ClaimStage::Returned,
    };
    ClaimRow { author, sequence, stage, ..*row }
}

const CLAIM_LEAF: &str = "claims";

/// The state leaf's key of a claim.
#[must_use]
pub fn claim_key(tag: &KeyedTag) -> [u8; 32] {
    state_tree::leaf_key(CLAIM_LEAF, tag.as_ref())
}

/// The state leaf that changes with a claim.
///
/// # Rules
///
/// > TAG-06: the state has one leaf for each claim, over its tag, record, author, event, stage and the height from which it is free.
pub(crate) fn claim_change(row: &ClaimRow) -> Change {
    (claim_key(&row.tag), Some(state_tree::leaf_value(CLAIM_LEAF, row.tag.as_ref(), &encode(row))))
}

pub(crate) fn put_claims(batch: &mut Batch, written: &ClaimsWritten) {
    for (tag, row) in written {
        batch.put(&CLAIMS, tag, row);
    }
}

/// The leaves of all stored rows; `None` if one does not stand where it is looked for.
pub(crate) fn stored_leaves(store: &Database) -> Result<Option<Vec<Change>>, ChannelError> {
    let claims = Claims::read(store)?;
    let mut leaves = Vec::new();
    for row in claims.all() {
        if store.get(&CLAIMS, &row.tag)?.as_ref() != Some(row) {
            return Ok(None);
        }
        leaves.push(claim_change(row));
    }
    Ok(Some(leaves))
}

#[cfg(test)]
mod tests;
