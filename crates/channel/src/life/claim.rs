//! Keyed tags of records: which a step has claimed or gives up, and whether it may.

use std::collections::BTreeSet;

use parclose_transaction::Operation;
use parclose_transaction::definition::{RecordType, Step};
use parclose_transaction::tag::tag_key_record;
use parclose_types::{AssetId, Height, KeyedTag, MemberId, RecordId};

use crate::claims::{ClaimRow, ClaimStage, TagConflict, freed};
use crate::process::Execution;
use crate::tables::RecordRow;

impl Execution<'_> {
    /// A claim as this transaction meets it.
    fn claim(&self, tag: &KeyedTag) -> Option<&ClaimRow> {
        self.claimed.get(tag).or_else(|| self.claims.get(tag))
    }

    /// What a step does to the claim of its record.
    ///
    /// # Rules
    ///
    /// > TAG-03: no two records of a channel stand for the same thing, and no record for two: a tag is asked for while no record of the channel has asked for it, holds it, or has yet to give it back, and no earlier than 257 heights after its release, so that no release that was signed for one record frees it of another.
    pub(super) fn claim_of(
        &self,
        step: &Step,
        operation: &Operation,
        before: Option<&RecordRow>,
        author: MemberId,
    ) -> Result<Option<ClaimRow>, TagConflict> {
        let (record, sequence) = (operation.record, self.sequence);
        let own = before.and_then(|row| self.claim(&row.keyed_tag?)).filter(|row| row.record == record);
        if let Some(tag) = operation.keyed_tag {
            let met = self.claim(&tag);
            if let Some(row) = met.into_iter().chain(own).find(|row| row.stage != ClaimStage::Dropped) {
                return Err(TagConflict::Taken { record: row.record });
            }
            let free_from = met.map_or(Height(0), |row| row.free_from);
            if self.height() < free_from {
                return Err(TagConflict::TooEarly { from: free_from });
            }
            let stage = ClaimStage::Asked;
            return Ok(Some(ClaimRow { tag, record, author, sequence, stage, free_from }));
        }
        Ok(own.filter(|_| step.frees).map(|row| freed(row, author, sequence)))
    }

    /// Whether notes of an asset may go to whomever, as far as its tag is concerned.
    pub(super) fn is_claimed(
        &self,
        record_type: &RecordType,
        tag: Option<KeyedTag>,
        asset: &AssetId,
    ) -> bool {
        let is_tagged = record_type.lifecycle.as_ref().is_some_and(|life| life.tag.is_some());
        // What was issued before the definition had tags has none, and moves as it did (DEF-17).
        let Some(tag) = tag.filter(|_| is_tagged) else { return true };
        let row = self.claim(&tag);
        row.is_some_and(|row| row.record == RecordId(asset.0) && row.stage == ClaimStage::Held)
    }

    /// # Rules
    ///
    /// > TAG-09: the tag key is that of the one record whose id follows from the channel's, and no other record has that id.
    pub(super) fn check_tag_key(&self, operation: &Operation, is_key: bool) -> Result<(), TagConflict> {
        let is_its_record = operation.record == tag_key_record(&self.in_force.config.channel);
        if is_its_record == is_key { Ok(()) } else { Err(TagConflict::OtherKey) }
    }
}

/// What two steps of one transaction have claimed are two things (TAG-03).
pub(super) fn check_apart(claimed: &[ClaimRow]) -> Result<(), TagConflict> {
    let apart: BTreeSet<&KeyedTag> = claimed.iter().map(|row| &row.tag).collect();
    if apart.len() == claimed.len() { Ok(()) } else { Err(TagConflict::Twice) }
}

/// What the definition says of an operation's keyed tag; no state is asked.
///
/// # Rules
///
/// > TAG-02: an operation has a keyed tag exactly if its step has its record claimed.
pub(crate) fn check_keyed_tag(record_type: &RecordType, operation: &Operation) -> Result<(), TagConflict> {
    let life = record_type.lifecycle.as_ref();
    let tags = life.is_some_and(|life| life.is_tagged_by(&operation.action));
    if tags == operation.keyed_tag.is_some() { Ok(()) } else { Err(TagConflict::Unexpected) }
}
