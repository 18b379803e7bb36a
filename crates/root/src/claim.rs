//! Claimed tags: 32 bytes that one channel of the network holds at a time.
//!
//! Channels that finance receivables claim a keyed tag of each, so that no other channel can finance the
//! same one. The root chain compares 32 bytes and does not care who computes them: today whoever holds the
//! consortium's tag key, later a threshold OPRF.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::state_tree::{Change, leaf_key, leaf_value};
use parclose_types::{Generation, Height, NetworkId, Tag};

use crate::certificate::Certificate;
use crate::execution::Place;
use crate::overlay::{Changes, Overlay, apply};
use crate::reject::RootReject;
use crate::statement::{ClaimAct, ClaimStatement};
use crate::tag::TagState;

/// The name of the claims' table in the state tree.
const TABLE: &str = "claims";
/// Claims and releases of one tag in one block: as many as anchors by default, each of which may register one.
pub const CLAIMS_PER_TAG_AND_BLOCK: u32 = 64;
/// Claims that one tag holds at most: they stay until they are released, in the memory of every validator. Some 20 MB.
pub const CLAIMS_PER_TAG: u32 = 65_536;

/// Takes 32 bytes that nobody holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClaimTag {
    /// the channel
    pub tag: Tag,
    /// the generation whose keys certify
    pub generation: Generation,
    /// what is claimed
    pub claim: [u8; 32],
    /// last height at which this may be ordered
    pub last_height: Height,
    /// t endorsers' signatures under [`ClaimTag::statement`]
    pub certificate: Certificate,
}

/// Gives back what the tag holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ReleaseTag {
    /// the channel
    pub tag: Tag,
    /// the generation whose keys certify
    pub generation: Generation,
    /// what is given back
    pub claim: [u8; 32],
    /// last height at which this may be ordered
    pub last_height: Height,
    /// t endorsers' signatures under [`ReleaseTag::statement`]
    pub certificate: Certificate,
}

impl ClaimTag {
    /// What the endorsers have signed.
    #[must_use]
    pub fn statement(&self, network: &NetworkId) -> ClaimStatement {
        let Self { tag, generation, claim, last_height, .. } = *self;
        ClaimStatement { act: ClaimAct::Claim, network: *network, tag, generation, claim, last_height }
    }

    /// Orders this claim: all rules; what it leaves is for the execution.
    ///
    /// # Rules
    ///
    /// As in [`TagState::takes`] (ROO-14, ROO-15), [`Place::is_within`] (ROO-16, ROO-17),
    /// [`Certificate::verify`] (ROO-08 to ROO-11), and:
    ///
    /// > ROO-84: a claim is held by one tag at most: it is claimed while nobody holds it.
    /// > ROO-87: a tag holds at most 65536 claims.
    pub(crate) fn order(
        &self,
        tag: &TagState,
        claims: &ClaimsAhead<'_>,
        at: &Place<'_>,
    ) -> Result<(), RootReject> {
        tag.takes(&self.tag, self.generation)?;
        if claims.rows.get(&self.claim).is_some() {
            return Err(RootReject::ClaimTaken);
        }
        let limit = CLAIMS_PER_TAG;
        if claims.held(&self.tag) >= limit {
            return Err(RootReject::TagClaims { limit });
        }
        is_certified(&self.statement(at.network), &self.certificate, tag, at)
    }
}

impl ReleaseTag {
    /// What the endorsers have signed.
    #[must_use]
    pub fn statement(&self, network: &NetworkId) -> ClaimStatement {
        let Self { tag, generation, claim, last_height, .. } = *self;
        ClaimStatement { act: ClaimAct::Release, network: *network, tag, generation, claim, last_height }
    }

    /// Orders this release. A closed tag may still release: what it held would be lost to all others.
    ///
    /// # Rules
    ///
    /// As in [`ClaimTag::order`] without ROO-14, and:
    ///
    /// > ROO-85: a claim is released by the tag that holds it.
    pub(crate) fn order(
        &self,
        tag: &TagState,
        claims: &ClaimsAhead<'_>,
        at: &Place<'_>,
    ) -> Result<(), RootReject> {
        tag.is_under(self.generation)?;
        if claims.rows.get(&self.claim) != Some(&self.tag) {
            return Err(RootReject::ClaimNotHeld { tag: self.tag });
        }
        is_certified(&self.statement(at.network), &self.certificate, tag, at)
    }
}

/// # Rules
///
/// > ROO-86: a block orders at most 64 claims and releases of one tag.
fn is_certified(
    statement: &ClaimStatement,
    certificate: &Certificate,
    tag: &TagState,
    at: &Place<'_>,
) -> Result<(), RootReject> {
    at.is_within(statement.last_height)?;
    let limit = CLAIMS_PER_TAG_AND_BLOCK;
    if at.of_tag.claims >= limit {
        return Err(RootReject::BlockClaims { limit });
    }
    Ok(certificate.verify(&tag.keys, &statement.signing_bytes())?)
}

/// The leaf of a claim in the state tree, whether anybody holds it or not.
pub(crate) fn leaf(claim: &[u8; 32], holder: Option<&Tag>) -> Change {
    (leaf_key(TABLE, claim), holder.map(|tag| leaf_value(TABLE, claim, tag.as_ref())))
}

/// All claims of the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    rows: BTreeMap<[u8; 32], Tag>,
    /// how many each tag holds
    held: BTreeMap<Tag, u32>,
}

impl Claims {
    pub(crate) fn of(rows: BTreeMap<[u8; 32], Tag>) -> Self {
        let mut claims = Self::default();
        claims.apply(&rows.into_iter().map(|(claim, tag)| (claim, Some(tag))).collect());
        claims
    }

    pub(crate) fn rows(&self) -> &BTreeMap<[u8; 32], Tag> {
        &self.rows
    }

    pub(crate) fn apply(&mut self, changes: &Changes<[u8; 32], Tag>) {
        for (claim, holder) in changes {
            if let Some(before) = self.rows.get(claim) {
                let held = self.held.entry(*before).or_default();
                *held = held.saturating_sub(1);
            }
            if let Some(after) = holder {
                let held = self.held.entry(*after).or_default();
                *held = held.saturating_add(1);
            }
        }
        self.held.retain(|_, held| *held > 0);
        apply(&mut self.rows, changes);
    }
}

/// The claims while a block is in the making.
#[derive(Debug)]
pub(crate) struct ClaimsAhead<'a> {
    before: &'a Claims,
    rows: Overlay<'a, [u8; 32], Tag>,
    /// what each tag has taken in this block
    added: BTreeMap<Tag, u32>,
}

impl<'a> ClaimsAhead<'a> {
    pub(crate) fn over(before: &'a Claims) -> Self {
        Self { before, rows: Overlay::over(before.rows()), added: BTreeMap::new() }
    }

    /// How many a tag holds. What this block has released still counts in it.
    fn held(&self, tag: &Tag) -> u32 {
        let before = self.before.held.get(tag).copied().unwrap_or_default();
        before.saturating_add(self.added.get(tag).copied().unwrap_or_default())
    }

    pub(crate) fn take(&mut self, claim: [u8; 32], tag: Tag) {
        self.rows.put(claim, tag);
        let added = self.added.entry(tag).or_default();
        *added = added.saturating_add(1);
    }

    pub(crate) fn release(&mut self, claim: [u8; 32]) {
        self.rows.remove(claim);
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = Change> {
        self.rows.changes().iter().map(|(claim, holder)| leaf(claim, holder.as_ref()))
    }

    pub(crate) fn into_changes(self) -> Changes<[u8; 32], Tag> {
        self.rows.into_changes()
    }
}

#[cfg(test)]
mod tests;
