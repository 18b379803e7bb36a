//! Whether a claim is this channel's alone: what the channel and the root chain say of its keyed tag.

use std::time::Duration;

use parclose_channel::{Channel, ChannelError, ClaimStage};
use parclose_node::{Consortium, HomeError, RoomHandle};
use parclose_types::{KeyedTag, RecordId, Tag};
use serde_json::{Value, json};

use super::{RECEIVABLE, Seen};
use crate::context::in_room;
use crate::error::CliError;

/// How often an accepted claim is looked at, a minute in all.
const LOOKS: u32 = 3000;
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until the root chain has said whose a claim is that was just accepted, and adds it to what is told. The acceptance stands
/// whatever becomes of looking, so that is no failure of it.
pub(super) fn awaited(
    consortium: &Consortium,
    room: &RoomHandle,
    record: RecordId,
    mut value: Value,
) -> Value {
    for _ in 0..LOOKS {
        match look(consortium, room, record) {
            Ok((false, claimed)) => {
                value["claimed"] = claimed;
                return value;
            }
            Ok((true, claimed)) => value["claimed"] = claimed,
            Err(_) => return value,
        }
        std::thread::sleep(PAUSE);
    }
    value
}

/// Whether it is still open whose a claim is, and what can be said of it.
fn look(consortium: &Consortium, room: &RoomHandle, record: RecordId) -> Result<(bool, Value), CliError> {
    let claimed = in_room(room, move |channel| {
        Seen::typed(channel, &record, RECEIVABLE).map(|claim| Claimed::of(channel, &claim))
    })???;
    let Some(claimed) = claimed else { return Ok((false, Value::Null)) };
    let is_open = claimed.stage == Some(ClaimStage::Asked) && !claimed.is_elsewhere(consortium)?;
    Ok((is_open, claimed.to_json(consortium)?))
}

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

    fn holder(&self, consortium: &Consortium) -> Result<Option<Tag>, CliError> {
        Ok(consortium.root().claim(&self.tag.0).map_err(HomeError::from)?)
    }

    fn is_elsewhere(&self, consortium: &Consortium) -> Result<bool, CliError> {
        Ok(self.holder(consortium)?.is_some_and(|tag| tag != self.channel))
    }

    /// # Rules
    ///
    /// > RCV-06: a reader of a claim is told whether its channel holds its keyed tag, another does, or nobody; and, if it can make the tag itself, whether it is the invoice's.
    pub(super) fn to_json(&self, consortium: &Consortium) -> Result<Value, CliError> {
        let holder = self.holder(consortium)?;
        let held_by = match holder {
            None => "nobody",
            Some(tag) if tag == self.channel => "this channel",
            Some(_) => "another channel",
        };
        let stage = match self.stage {
            Some(ClaimStage::Asked) => "asked",
            Some(ClaimStage::Held) => "held",
            Some(ClaimStage::Returned) => "given back",
            Some(ClaimStage::Dropped) | None => "released",
        };
        Ok(json!({
            "tag": self.tag.to_string(),
            "stage": stage,
            "held_by": held_by,
            "tag_agrees": self.agrees,
        }))
    }
}
