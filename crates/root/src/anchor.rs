//! Anchors: the one transaction by which the root chain orders a channel's batch.
//!
//! This is the last page of a transaction's life. A member has sealed and signed it, another member's
//! node put it into a batch, and t endorsers have stored that batch and signed a [`Statement`]. What
//! arrives here is 32 bytes that hide all of it, and their certificate. The root chain decides only the
//! order: an anchor takes the next sequence of its tag's log, and that place is what receipts prove.
//!
//! ```text
//!   Anchor --is the tag open, under these keys-->          ROO-13, 14, 15
//!          --may it be ordered at this height-->           ROO-16, 17
//!          --is it ordered for the first time-->           ROO-18
//!          --does it attest a past, and no older, event--> ROO-19, 20
//!          --is there room-->                              ROO-21, 22
//!          --did t endorsers sign exactly this-->          ROO-08 to 11
//!          --> LogEntry                                    ROO-23
//! ```
//!
//! The certificate comes last: it costs t signature checks, the other rules almost nothing.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{ChannelCommitment, Generation, Height, NetworkId, Sequence, Tag};

use crate::certificate::Certificate;
use crate::execution::Place;
use crate::reject::RootReject;
use crate::statement::Statement;
use crate::tag::TagState;

/// Orders one batch of a channel.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Anchor {
    /// the channel
    pub tag: Tag,
    /// the generation whose keys certify
    pub generation: Generation,
    /// hiding commitment to the batch and to the state after `attested` (END-04)
    pub commitment: ChannelCommitment,
    /// an earlier event of this log: its state is what the endorsers agree on
    pub attested: Sequence,
    /// last height at which this may be ordered
    pub last_height: Height,
    /// t endorsers' signatures under [`Anchor::statement`]
    pub certificate: Certificate,
}

impl Anchor {
    /// What the endorsers have signed.
    #[must_use]
    pub fn statement(&self, network: &NetworkId) -> Statement {
        Statement {
            network: *network,
            tag: self.tag,
            generation: self.generation,
            commitment: self.commitment,
            attested: self.attested,
            last_height: self.last_height,
        }
    }

    /// Orders this anchor at a place in a block: all rules, then what the tag remembers of it.
    ///
    /// # Rules
    ///
    /// As in [`TagState::append`] (ROO-23), [`TagState::takes`] (ROO-14, ROO-15),
    /// [`TagState::has_in_its_log`] (ROO-19), [`Place::is_within`] (ROO-16, ROO-17),
    /// [`Certificate::verify`] (ROO-08 to ROO-11), those of the private functions below, and:
    ///
    /// > ROO-20: a tag's attested sequence is the highest that its anchors attest; an anchor that attests an earlier event is ordered, and lowers nothing.
    pub(crate) fn order(&self, tag: &mut TagState, at: &Place<'_>) -> Result<(), RootReject> {
        tag.takes(&self.tag, self.generation)?;
        at.is_within(self.last_height)?;
        self.for_the_first_time(tag, at)?;
        tag.has_in_its_log(self.attested)?;
        self.finds_room(tag, at)?;
        self.certificate.verify(&tag.keys, &self.statement(at.network).signing_bytes())?;

        tag.attested = tag.attested.max(Some(self.attested));
        tag.recent.push((self.last_height, self.commitment));
        Ok(())
    }

    /// Replays are refused per tag, not over all tags: commitments are public before they are ordered,
    /// and under a global rule another channel could certify a copy of one and so keep the original
    /// out. In its own tag a copy needs t of that channel's endorsers. Two tags may well order the same
    /// 32 bytes; they open to different channel ids, so at most one of them has an opening.
    ///
    /// # Rules
    ///
    /// > ROO-18: a tag does not order a commitment again while an anchor of it that was ordered is within its last height.
    fn for_the_first_time(&self, tag: &TagState, at: &Place<'_>) -> Result<(), RootReject> {
        if tag.unexpired(at.height).any(|commitment| *commitment == self.commitment) {
            return Err(RootReject::AlreadyOrdered { commitment: self.commitment });
        }
        Ok(())
    }

    /// One busy channel must not fill the blocks of the others, nor the memory of the validators.
    ///
    /// # Rules
    ///
    /// > ROO-21: a block orders at most as many anchors of one tag as the genesis allows.
    /// > ROO-22: a tag has at most as many anchors within their last heights as the genesis allows.
    fn finds_room(&self, tag: &TagState, at: &Place<'_>) -> Result<(), RootReject> {
        let limit = at.parameters.anchors_per_tag_and_block;
        if at.of_tag.anchors >= limit {
            return Err(RootReject::BlockAnchors { limit });
        }
        let limit = at.parameters.unexpired_per_tag;
        if tag.unexpired(at.height).count() >= limit as usize {
            return Err(RootReject::Unexpired { limit });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
