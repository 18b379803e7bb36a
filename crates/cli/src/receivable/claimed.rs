//! Whether a claim is this channel's alone: what the channel and the root chain say of its keyed tag.

use parclose_channel::{Channel, ChannelError, ClaimStage};
use parclose_node::{Consortium, HomeError};
use parclose_types::{KeyedTag, Tag};
use serde_json::{Value, json};

use super::Seen;
use crate::error::CliError;

/// What a channel knows of a claim's keyed tag.
pub(super) struct Claimed {
    tag: KeyedTag,
    channel: Tag,
    stage: Option<ClaimStage>,
    /// it is the one that the invoice makes; `None` if this member cannot tell
    agrees: Option<bool>,
}

impl Claimed {
    /// `None` if the claim has no tag yet.
    pub(super) fn of(channel: &Channel, claim: &Seen) -> Result<Option<Self>, ChannelError> {
        let Some(tag) = claim.row.keyed_tag else { return Ok(None) };
        let row = channel.claim(&tag).filter(|row| row.record == claim.row.record);
        let agrees = channel.has_own_tag(&claim.row.record)?;
        Ok(Some(Self { tag, channel: channel.tag(), stage: row.map(|row| row.stage), agrees }))
    }

    /// # Rules
    ///
    /// > RCV-06: a reader of a claim is told whether its channel holds its keyed tag, another does, or nobody; and, if it can make the tag itself, whether it is the invoice's.
    pub(super) fn to_json(&self, consortium: &Consortium) -> Result<Value, CliError> {
        let holder = consortium.root().claim(&self.tag.0).map_err(HomeError::from)?;
        let held_by = match holder {
            None => "nobody",
            Some(tag) if tag == self.channel => "this channel",
            Some(_) => "another channel",
        };
        let stage = match self.stage {
            Some(ClaimStage::Asked) => "asked",
            Some(ClaimStage::Held) => "held",
            Some(ClaimStage::Dropped | ClaimStage::Returned) => "given back",
            None => "released",
        };
        Ok(json!({
            "tag": self.tag.to_string(),
            "stage": stage,
            "held_by": held_by,
            "tag_agrees": self.agrees,
        }))
    }
}
