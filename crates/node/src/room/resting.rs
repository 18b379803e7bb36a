//! A room at rest: its store is closed, and it listens.
//!
//! It wakes when its channel has an event that it has not executed, when something is due, when a member
//! speaks to it, or when somebody here wants something of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use parclose_channel::ChannelError;
use parclose_types::Height;

use super::newest::{Newest, hosts};
use super::seat::Rest;
use super::{Order, Parts, Room};

/// What is left of a room whose store is closed.
pub(super) struct Resting {
    pub(super) parts: Parts,
    pub(super) newest: Newest,
    pub(super) rest: Rest,
    pub(super) message_number: u64,
}

/// Why a room is not at rest any more.
pub(super) enum Woken {
    By(Box<Room>, Order),
    Stopped,
}

impl Resting {
    /// A room that rested when the home was closed, and has missed nothing since.
    ///
    /// # Rules
    ///
    /// > NOD-19: a room is started with its store closed only when a note says that it was closed complete, and the root chain has nothing more.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        let rest = parts.seat.rest()?;
        let state = parts.root.tag_state(&parts.seat.card.tag).ok().flatten()?;
        if state.count != rest.executed || rest.until <= parts.root.head() {
            return None;
        }
        let keys = state.next.map_or(state.keys, |next| next.keys);
        let newest = Newest::known(&parts.seat, &keys);
        if !newest.has(&newest.own) {
            return None;
        }
        // Who rests calls nobody: the others call it, and it knows them again once it is awake.
        let credentials = newest.credentials(&parts.seat, Vec::new());
        let _ = parts.network.connect(credentials, Arc::new(parts.handle()));
        parts.resting.store(true, Ordering::SeqCst);
        Some(Self { parts: parts.clone(), newest, rest, message_number: 0 })
    }

    /// Listens until there is something to do that takes the store.
    pub(super) fn listen(mut self, inbox: &Receiver<Order>) -> Woken {
        while let Ok(order) = inbox.recv() {
            match order {
                Order::Stop => return Woken::Stopped,
                Order::RootHead if !self.is_due() => {}
                Order::Behind(done) => drop(done.send(self.missed())),
                Order::Restless(done) => drop(done.send(self.missed() > 0)),
                Order::Quiesce(done) | Order::Pause(done) => drop(done.send(())),
                Order::Rest
                | Order::NotHandedOver
                | Order::NotAnchored(..)
                | Order::NotPrepared(_)
                | Order::Refused(_)
                | Order::NotClaimed(..) => {}
                order => match self.wake() {
                    Ok(room) => return Woken::By(Box::new(room), order),
                    Err((resting, error)) => {
                        if let Order::Frame(_, frame) = &order {
                            resting.parts.backlog.is_done(frame.len());
                        }
                        refuse(order, error);
                        self = *resting;
                    }
                },
            }
        }
        Woken::Stopped
    }

    fn missed(&self) -> u64 {
        let state = self.parts.root.tag_state(&self.parts.seat.card.tag).ok().flatten();
        state.map_or(0, |tag| tag.count).saturating_sub(self.rest.executed)
    }

    fn is_due(&self) -> bool {
        self.missed() > 0 || Height(self.parts.root.head().0.saturating_add(1)) >= self.rest.until
    }

    /// Opens the store. When that fails the room rests on: the next who wants something tries again.
    fn wake(self) -> Result<Room, (Box<Self>, ChannelError)> {
        let opened = match self.parts.seat.forget_rest() {
            Ok(()) => self.parts.seat.open(),
            Err(_) => Err(ChannelError::Unknown { what: "store" }),
        };
        match opened {
            Ok(channel) => {
                let Self { parts, newest, message_number, .. } = self;
                let credentials = newest.credentials(&parts.seat, hosts(&channel));
                let transport = parts.network.connect(credentials, Arc::new(parts.handle()));
                Ok(Room::awake(parts, channel, newest, transport, message_number))
            }
            Err(error) => Err((Box::new(self), error)),
        }
    }
}

/// Whoever waits is told; who has put in a call or a message learns it from the end of its way.
fn refuse(order: Order, error: ChannelError) {
    match order {
        Order::Submit(wanted) => (wanted.answer)(Err(error.into())),
        Order::Wake(done) => drop(done.send(Err(error))),
        _ => {}
    }
}

impl Room {
    /// Whether nothing is on its way here and nothing will be due before an event comes: until when.
    ///
    /// # Rules
    ///
    /// > NOD-36: a room in which deals are agreed, a note is held for one, or a keyed tag of this member's is to be claimed or released, does not rest.
    pub(super) fn rests_until(&mut self) -> Option<Height> {
        let idle = self.stopped.is_none()
            && self.flight.is_none()
            && self.handover.is_none()
            && self.missing.is_none()
            && self.unattested.is_none()
            && self.drafts.is_empty()
            && self.waiting.is_empty()
            && self.pool.is_empty()
            && self.open.is_empty()
            && self.asked.is_empty()
            && self.deferred.is_empty()
            && self.quiescing.is_empty()
            && !self.upkeep_wanted
            && !self.openings.is_busy()
            && !self.legs.is_busy()
            && !self.refusals.is_busy()
            && !self.awaits_claims()
            && !self.channel.concerns_deals()
            && !self.gathering.values().any(parclose_exchange::Gathering::is_begun);
        if !idle || self.behind() > 0 || self.comes_back() || !self.takes_part() {
            return None;
        }
        let head = self.parts.root.head();
        let until = self.channel.rests_until(head, &mut self.rng).ok().flatten()?;
        (until.0 > head.0.saturating_add(1)).then_some(until)
    }

    /// Closes the store, and notes that it is complete.
    pub(super) fn rest(self, until: Height) -> Resting {
        let rest = Rest { executed: self.executed(), until };
        let Self { parts, channel, newest, message_number, .. } = self;
        drop(channel);
        parts.seat.note_rest(rest);
        parts.resting.store(true, Ordering::SeqCst);
        Resting { parts, newest, rest, message_number }
    }
}
