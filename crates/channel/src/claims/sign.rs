//! Signing for claims: what the channel's endorsers tell the root chain of a keyed tag.

use parclose_root::Endorsement;
use parclose_root::statement::{ClaimAct, ClaimStatement};
use parclose_types::{Height, KeyedTag};

use super::{CLAIM_HEIGHTS_MAX, ClaimRow, ClaimStage, ClaimUnsigned};
use crate::channel::Channel;

/// What has to be done at the root chain about a claim, if anything.
const fn act(stage: ClaimStage) -> Option<ClaimAct> {
    match stage {
        ClaimStage::Asked => Some(ClaimAct::Claim),
        ClaimStage::Returned => Some(ClaimAct::Release),
        ClaimStage::Held | ClaimStage::Dropped => None,
    }
}

impl Channel {
    /// The claims of the channel.
    pub fn claims(&self) -> impl Iterator<Item = &ClaimRow> {
        self.claims.all()
    }

    /// A claim of the channel.
    #[must_use]
    pub fn claim(&self, tag: &KeyedTag) -> Option<&ClaimRow> {
        self.claims.get(tag)
    }

    /// What is to be signed for a claim; `None` if nothing is to be done about it, or nothing can be as the channel is closed. `head`
    /// is the height up to which this member has executed everything.
    #[must_use]
    pub fn claim_statement(&self, row: &ClaimRow, head: Height, window: u64) -> Option<ClaimStatement> {
        let act = act(row.stage)?;
        let is_closed = self.head.as_ref().is_some_and(|head| head.closed);
        if is_closed && act == ClaimAct::Claim {
            return None;
        }
        let lasts = window.min(CLAIM_HEIGHTS_MAX);
        Some(ClaimStatement {
            act,
            network: self.config().network,
            tag: self.tag(),
            generation: self.config().generation,
            claim: row.tag.0,
            last_height: Height(head.0.saturating_add(lasts - lasts / 4)),
        })
    }

    /// Signs what another member has put together.
    ///
    /// # Rules
    ///
    /// > TAG-07: an endorser signs a claim only for a tag that a record has asked for in its state, a release only for one that was given back there; for its own channel and generation, and with a last height at most 256 above the height up to which it has executed everything.
    pub fn sign_claim(
        &self,
        statement: &ClaimStatement,
        head: Height,
        window: u64,
    ) -> Result<Endorsement, ClaimUnsigned> {
        let config = self.config();
        let here = (statement.network, statement.tag, statement.generation)
            == (config.network, self.tag(), config.generation);
        if !here || !self.is_member() {
            return Err(ClaimUnsigned::Scope);
        }
        let last_height = statement.last_height;
        let lasts = window.min(CLAIM_HEIGHTS_MAX);
        if last_height.0 > head.0.saturating_add(lasts) || last_height < head {
            return Err(ClaimUnsigned::Window { last_height });
        }
        let stage = self.claims.get(&KeyedTag(statement.claim)).map(|row| row.stage);
        if stage.and_then(act) != Some(statement.act) {
            return Err(ClaimUnsigned::Stage);
        }
        Ok(statement.endorse(self.pseudonym.signing_key()))
    }
}
