//! Rotating a channel: the endorsers of the next generation take over.
//!
//! The root chain learns who endorses from the next height on, and 32 bytes that hide why. It cannot know
//! whether a channel's members have decided this; so t of the current endorsers certify it, and t' of the
//! next, who thereby accept their part (R17). One silent member blocks neither.
//!
//! ```text
//!   Rotate --does it follow the tag's generation-->             ROO-46
//!          --is none on its way already-->                      ROO-47
//!          --may it be ordered at this height-->                ROO-16, 17
//!          --does it name a past event-->                       ROO-19
//!          --did t of the current, t' of the next sign this-->  ROO-08 to 11, ROO-48
//!          --> in force at the next height                      ROO-49
//! ```

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{Digest, Generation, Height, NetworkId, Sequence, Tag};

use crate::certificate::Certificate;
use crate::execution::Place;
use crate::keys::GenerationKeys;
use crate::reject::RootReject;
use crate::statement::RotateStatement;
use crate::tag::{NextKeys, TagState};

/// Hands a tag on to the endorsers of its next generation.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rotate {
    /// the channel
    pub tag: Tag,
    /// the generation that ends
    pub generation: Generation,
    /// who endorses from the next height on
    pub next: GenerationKeys,
    /// hiding commitment to the channel's record of what was decided
    pub commitment: Digest,
    /// an earlier event of this log: the endorsers have executed it, and the decision stands in its state
    pub executed: Sequence,
    /// last height at which this may be ordered
    pub last_height: Height,
    /// t signatures of the endorsers of the generation that ends
    pub certificate: Certificate,
    /// t' signatures of the endorsers of the next
    pub next_certificate: Certificate,
}

impl Rotate {
    /// What both certificates are over.
    #[must_use]
    pub fn statement(&self, network: &NetworkId) -> RotateStatement {
        RotateStatement {
            network: *network,
            tag: self.tag,
            generation: self.generation,
            next: self.next.clone(),
            commitment: self.commitment,
            executed: self.executed,
            last_height: self.last_height,
        }
    }

    /// Orders this rotation.
    ///
    /// # Rules
    ///
    /// > ROO-48: a rotation is certified by the threshold of the current endorsers, and by that of the next.
    /// > ROO-49: a rotation takes force at the height after its block; until then the current endorsers certify.
    /// > ROO-50: a rotation attests no state: a tag's attested sequence stays as it was.
    pub(crate) fn order(&self, tag: &mut TagState, at: &Place<'_>) -> Result<(), RootReject> {
        self.follows(tag)?;
        at.is_within(self.last_height)?;
        tag.has_in_its_log(self.executed)?;
        let signed = self.statement(at.network).signing_bytes();
        self.certificate.verify(&tag.keys, &signed)?;
        self.next_certificate.verify(&self.next, &signed).map_err(RootReject::NextNotCertified)?;
        let from = Height(at.height.0.saturating_add(1));
        tag.next = Some(NextKeys { from, keys: self.next.clone() });
        Ok(())
    }

    /// # Rules
    ///
    /// > ROO-46: a rotation names the tag's current generation, and its next keys are of the one that follows.
    /// > ROO-47: a tag has one rotation on its way at most.
    fn follows(&self, tag: &TagState) -> Result<(), RootReject> {
        if tag.closed.is_some() {
            return Err(RootReject::Closed { tag: self.tag });
        }
        let current = tag.keys.generation();
        let next = self.next.generation();
        if self.generation != current || current.0.checked_add(1) != Some(next.0) {
            return Err(RootReject::NotTheNextGeneration { current, found: self.generation, next });
        }
        if tag.next.is_some() {
            return Err(RootReject::Rotating { tag: self.tag });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
