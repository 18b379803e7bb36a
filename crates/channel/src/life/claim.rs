//! Keyed tags of records: which a step has claimed or gives up, and whether it may.

use std::collections::BTreeSet;

use parclose_transaction::Operation;
use parclose_transaction::definition::{RecordType, Step};
use parclose_transaction::tag::tag_key_record;
use parclose_types::{AssetId, KeyedTag, MemberId, RecordId};

use crate::claims::{ClaimRow, ClaimStage, TagConflict, freed};
use crate::process::Execution;
use crate::tables::RecordRow;

impl Execution<'_> {
    /// A claim as this transaction meets it.
    fn claim(&self, tag: &KeyedTag) -> Option<&ClaimRow> {
        match self.claimed.get(tag) {
            Some(row) => row.as_ref(),
            None => self.claims.get(tag),
        }
    }

    /// What a step does to the claim of its record.
    ///
    /// # Rules
    ///
    /// > TAG-03: no two records of a channel stand for the same thing: a tag is asked for while no other record of the channel has asked for it, holds it, or has yet to give it back.
    pub(super) fn claim_of(
        &self,
        step: &Step,
        operation: &Operation,
        before: Option<&RecordRow>,
        author: MemberId,
    ) -> Result<Option<ClaimRow>, TagConflict> {
        let (record, sequence) = (operation.record, self.sequence);
        if let Some(tag) = operation.keyed_tag {
            return match self.claim(&tag) {
                Some(row) if row.stage != ClaimStage::Dropped => {
                    Err(TagConflict::Taken { record: row.record })
                }
                _ => Ok(Some(ClaimRow { tag, record, author, sequence, stage: ClaimStage::Asked })),
            };
        }
        let held = before.and_then(|row| self.claim(&row.keyed_tag?)).filter(|row| row.record == record);
        Ok(held.filter(|_| step.frees).map(|row| freed(row, author, sequence)))
    }

    /// Whether notes of an asset may go to whomever, as far as its tag is concerned.
    pub(super) fn is_claimed(
        &self,
        record_type: &RecordType,
        tag: Option<KeyedTag>,
        asset: &AssetId,
    ) -> bool {
        let is_tagged = record_type.lifecycle.as_ref().is_some_and(|life| life.tag.is_some());
        let row = tag.and_then(|tag| self.claim(&tag));
        let is_held = row.is_some_and(|row| row.record == RecordId(asset.0) && row.stage == ClaimStage::Held);
        !is_tagged || is_held
    }

    /// # Rules
    ///
    /// > TAG-09: the tag key is that of the one record whose id follows from the channel's.
    pub(super) fn check_tag_key(&self, operation: &Operation) -> Result<(), TagConflict> {
        let is_it = operation.record == tag_key_record(&self.in_force.config.channel);
        if is_it { Ok(()) } else { Err(TagConflict::OtherKey) }
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
