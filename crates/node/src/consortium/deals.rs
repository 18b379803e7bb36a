//! The desks of a consortium's members: one for each member of the home that has a room.

use std::sync::{Arc, PoisonError};

use parclose_types::{DealId, MemberId, RecordId, Tag};

use super::Consortium;
use crate::RoomHandle;
use crate::desk::{CannotWithdraw, Desk, DeskRoom, Tools};
use crate::home::HomeError;

/// Passes of all desks, each of which does something, until whoever waits for them is told to look again.
const PASSES_MAX: usize = 256;

impl Consortium {
    /// The desk of a member of the home.
    pub fn desk(&self, member: &str) -> Result<Arc<Desk>, HomeError> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(member) {
            return Ok(desk.clone());
        }
        let directory = self.home.member_directory(member)?;
        let key = self.master(member, &directory)?.identity().public();
        let desk = Arc::new(Desk::new(key, self.root.network(), self.agreements.clone()));
        desks.insert(member.to_owned(), desk.clone());
        Ok(desk)
    }

    pub(super) fn desk_rooms(&self, member: &str) -> Vec<DeskRoom> {
        let Ok(directory) = self.home.member_directory(member) else { return Vec::new() };
        let cards = directory.channels().unwrap_or_default();
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = |card: crate::home::ChannelCard| {
            let handle = rooms.get(&(member.to_owned(), card.name.clone()))?.clone();
            Some(DeskRoom { name: card.name, tag: card.tag, handle })
        };
        cards.into_iter().filter_map(room).collect()
    }

    /// The rooms of a member: name, tag, way.
    #[must_use]
    pub fn rooms_of(&self, member: &str) -> Vec<(String, Tag, RoomHandle)> {
        let rooms = self.desk_rooms(member).into_iter();
        rooms.map(|room| (room.name, room.tag, room.handle)).collect()
    }

    /// Who a member of the home is, in every channel.
    pub fn member_id(&self, member: &str) -> Result<MemberId, HomeError> {
        let directory = self.home.member_directory(member)?;
        Ok(MemberId(self.master(member, &directory)?.identity().public().0))
    }

    /// Takes a member out of a deal that all have agreed to.
    pub fn withdraw_from_deal(
        &self,
        member: &str,
        (room, instruction): (&str, &RecordId),
        deal: &DealId,
    ) -> Result<Result<(), CannotWithdraw>, HomeError> {
        let (rooms, desk) = (self.desk_rooms(member), self.desk(member)?);
        let state = self.root.deal(deal)?;
        let tools = Tools { rooms: &rooms, root: &self.root, root_handle: &self.root_handle };
        Ok(desk.withdraw((room, instruction), state.as_ref(), &tools))
    }

    /// Reads what is new, and does what is due at once.
    pub fn read_deals(&self) {
        self.work_desks();
    }

    /// Has every member's desk do what is due; whether anything was done.
    pub(crate) fn work_desks(&self) -> bool {
        let (mut done, news) = (false, self.bell.has_rung());
        for member in self.home.members() {
            let rooms = self.desk_rooms(&member.name);
            let Ok(desk) = self.desk(&member.name) else { continue };
            let tools = Tools { rooms: &rooms, root: &self.root, root_handle: &self.root_handle };
            done |= desk.work(&tools, news);
        }
        done
    }

    /// Works on deals until nothing more is due, in a process that makes its own blocks.
    pub fn settle_deals(&self) {
        for _ in 0..PASSES_MAX {
            // What was handed in before is executed everywhere, so that every desk reads of it.
            self.settle();
            if !self.work_desks() {
                return;
            }
        }
    }
}
