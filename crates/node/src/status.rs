//! What a running node says of itself, whoever runs its root chain.
//!
//! A report names no channel, no record and no member other than itself: health and metrics are read by people and
//! programs that have no part in any channel.

use std::time::Duration;

use parclose_exchange::Traffic;
use parclose_types::{ChannelId, Height, NetworkId, hex, labels};

/// Whoever can say how a node is. Asked from several threads; it answers within about a second, whatever the rooms do.
pub trait NodeStatus: Send + Sync {
    /// How it is now.
    fn report(&self) -> Report;
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// its network
    pub network: NetworkId,
    /// the last final height that it knows
    pub head: Height,
    /// since it learned of that
    pub head_age: Duration,
    /// how long it may take at most until the next height; none if heights are made on demand only
    pub heartbeat: Option<Duration>,
    /// heights that it has learned of since it was started
    pub heads: u64,
    /// why the root chain has stopped: the broken rule; none while it goes on
    pub stopped: Option<&'static str>,
    /// how often it has found out that a validator signed two things which exclude each other
    pub offences: u64,
    /// nodes of the root chain that it is connected to
    pub validators: Reach,
    /// nodes of members that it is connected to
    pub peers: Reach,
    /// what went between it and the nodes of other members, if there are such
    pub traffic: Option<Traffic>,
    /// whether its keys are open
    pub is_unlocked: bool,
    /// its channels
    pub rooms: Vec<RoomReport>,
}

/// How many are connected, of how many there are; itself counts in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// connected
    pub reached: u64,
    /// known
    pub known: u64,
}

/// How one of its channels is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomReport {
    /// the channel's name for this purpose, see [`room_name`]
    pub name: String,
    /// what it does
    pub state: RoomState,
    /// events that were ordered and not executed; none if the room is too busy to say
    pub behind: Option<u64>,
}

/// What a room does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomState {
    /// its store is open
    Awake,
    /// its store is closed, and is opened when somebody wants something
    Resting,
    /// it was stopped by a fault of this program
    BrokenOff,
    /// its channel cannot go on: the broken rule
    Halted(&'static str),
    /// its channel could not be opened: the broken rule
    Shut(&'static str),
}

impl RoomState {
    /// Whether the channel can be used.
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Awake | Self::Resting)
    }

    /// The rule by which it cannot be used.
    #[must_use]
    pub fn rule(self) -> Option<&'static str> {
        match self {
            Self::Awake | Self::Resting => None,
            Self::BrokenOff => Some("NOD-16"),
            Self::Halted(rule) | Self::Shut(rule) => Some(rule),
        }
    }
}

/// The name of a member's room where a channel may not be named.
///
/// # Rules
///
/// > ADM-04: metrics and health name a channel by a hash over its id, which only its members know.
#[must_use]
pub fn room_name(channel: &ChannelId, member: &str) -> String {
    let digest = parclose_crypto::hash(labels::ROOM_NAME, &[channel.as_ref(), member.as_bytes()]);
    hex::encode(digest.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adm_04_a_room_is_named_by_its_channels_id_and_its_member() {
        let name = room_name(&ChannelId([1; 32]), "a");
        assert_eq!(name, room_name(&ChannelId([1; 32]), "a"));
        assert_eq!(name.len(), 16);
        assert_ne!(name, room_name(&ChannelId([2; 32]), "a"));
        assert_ne!(name, room_name(&ChannelId([1; 32]), "b"));
        assert!(!ChannelId([1; 32]).to_string().contains(&name));
    }
}
