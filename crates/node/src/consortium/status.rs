//! What a consortium in one process says of itself.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use parclose_consensus::RootChain;
use parclose_types::{Failure, Tag};

use super::{BTreeMap, Consortium, RoomHandle, RoomKey, Rooms, Shut};
use crate::home::{ChannelCard, MemberDirectory};
use crate::status::{NodeStatus, Reach, Report, RoomReport, RoomState, room_name};

/// For all rooms together: a room that works on a long log answers when it is done.
const ANSWERS_WITHIN: Duration = Duration::from_millis(800);

/// When heads have come.
#[derive(Clone)]
pub(super) struct Heads(Arc<Mutex<(Instant, u64)>>);

impl Default for Heads {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((now(), 0))))
    }
}

impl Heads {
    pub(super) fn another(&self) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *heads = (now(), heads.1.saturating_add(1));
    }

    fn last(&self) -> (Duration, u64) {
        let (since, count) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (now().saturating_duration_since(since), count)
    }
}

#[allow(clippy::disallowed_methods, reason = "health tells how old a head is; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

/// The way to ask a consortium how it is, also while it works.
#[derive(Clone)]
pub struct ConsortiumStatus {
    members: Vec<(String, MemberDirectory)>,
    root: Arc<dyn RootChain>,
    rooms: Rooms,
    shut: Arc<Mutex<BTreeMap<RoomKey, Shut>>>,
    heads: Heads,
}

impl std::fmt::Debug for ConsortiumStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConsortiumStatus")
    }
}

impl Consortium {
    /// The way to ask how it is.
    #[must_use]
    pub fn status(&self) -> ConsortiumStatus {
        let names = self.home.members().iter().map(|member| member.name.clone());
        let members = names.filter_map(|name| {
            let directory = self.home.member_directory(&name).ok()?;
            Some((name, directory))
        });
        ConsortiumStatus {
            members: members.collect(),
            root: self.root.clone(),
            rooms: self.rooms.clone(),
            shut: self.shut.clone(),
            heads: self.heads.clone(),
        }
    }
}

enum Asked {
    Room(RoomHandle, Receiver<u64>),
    Shut(&'static str),
}

impl ConsortiumStatus {
    fn ask(&self, key: &RoomKey) -> Option<Asked> {
        if let Some(shut) = self.shut.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Some(Asked::Shut(shut.rule()));
        }
        let room = self.rooms.lock().unwrap_or_else(PoisonError::into_inner).get(key)?.clone();
        let answer = room.ask_behind();
        Some(Asked::Room(room, answer))
    }

    /// Every room is asked before the first answer is waited for.
    fn rooms(&self) -> Vec<RoomReport> {
        let mut asked = Vec::new();
        for (member, directory) in &self.members {
            for card in directory.channels().unwrap_or_default() {
                let ChannelCard { name, channel, .. } = card;
                if let Some(answer) = self.ask(&(member.clone(), name)) {
                    asked.push((room_name(&channel, member), answer));
                }
            }
        }
        let until = now() + ANSWERS_WITHIN;
        asked.into_iter().map(|(name, asked)| told(name, &asked, until)).collect()
    }
}

fn told(name: String, asked: &Asked, until: Instant) -> RoomReport {
    match asked {
        Asked::Shut(rule) => RoomReport { name, state: RoomState::Shut(rule), behind: None },
        Asked::Room(room, answer) => {
            let behind = answer.recv_timeout(until.saturating_duration_since(now())).ok();
            let state = match room.halted() {
                Some(halt) => RoomState::Halted(halt.rule),
                None if room.has_broken_off() => RoomState::BrokenOff,
                None if room.is_resting() => RoomState::Resting,
                None => RoomState::Awake,
            };
            RoomReport { name, state, behind }
        }
    }
}

impl NodeStatus for ConsortiumStatus {
    fn report(&self) -> Report {
        let (head_age, heads) = self.heads.last();
        let alone = Reach { reached: 1, known: 1 };
        let members = u64::try_from(self.members.len()).unwrap_or(u64::MAX);
        Report {
            network: self.root.network(),
            head: self.root.head(),
            head_age,
            heartbeat: None,
            heads,
            // Any question that goes to its disk shows whether it still answers.
            stopped: self.root.tag_state(&Tag([0; 32])).err().map(|e| e.rule()),
            offences: 0,
            traffic: None,
            validators: alone,
            peers: Reach { reached: members, known: members },
            is_unlocked: true,
            rooms: self.rooms(),
        }
    }
}
