//! The end of a run of rooms: everything is in place, and nothing anywhere else.

use std::time::Duration;

use parclose_channel::Channel;
use parclose_root::{DealOutcome, DealState};

use super::founding::{MEMBERS, NOTES};
use super::looking::is_there;
use super::work::SWEEP;
use super::{Event, Rooms, add, plan};
use crate::checker::{Violation, broken};

/// After the healing: until when every deal has ended, one way or the other.
const SETTLED: Duration = Duration::from_secs(13);

impl Rooms {
    /// Whether all machines run and have executed everything, nothing is on its way, and every deal has ended.
    pub(super) fn has_ended(&mut self) -> Result<bool, Violation> {
        let since = self.queue.now().saturating_sub(plan::TROUBLE);
        if since >= SETTLED && !self.has_swept {
            self.has_swept = true;
            self.queue.after(Duration::from_millis(1), Event::Work(SWEEP));
            return Ok(false);
        }
        if since < SETTLED + Duration::from_secs(3) {
            return Ok(false);
        }
        let sequences = self.sequences();
        let waits = self.seats.iter().find(|seat| {
            let end = sequences.get(seat.number).copied();
            let cheats = self
                .plan
                .ill
                .is_some_and(|(channel, place, _)| (channel, place) == (seat.number, seat.place));
            let is_busy = !cheats && (seat.flight.is_some() || !seat.pool.is_empty());
            seat.channel.is_none() || Some(seat.next()) != end || is_busy
        });
        match waits {
            None => Ok(true),
            Some(seat) if since > plan::PATIENCE => broken(format!(
                "a batch of channel {} is not in place at member {} {} s after all was healed",
                seat.number,
                seat.place,
                since.as_secs()
            )),
            Some(_) => Ok(false),
        }
    }

    /// The last look.
    pub(super) fn close(&mut self) -> Result<(), Violation> {
        self.close_deals()?;
        for at in 0..self.seats.len() {
            self.close_seat(at)?;
        }
        for channel in 0..MEMBERS.len() {
            let members = self.seats.iter().filter(|seat| seat.number == channel);
            let ids = members.filter_map(|seat| seat.channel.as_ref()).map(Channel::own_id);
            let sum: u64 = ids.map(|id| self.books.balance(channel, id)).sum();
            if sum != NOTES.iter().sum::<u64>().saturating_mul(3) {
                return broken(format!("cash of channel {channel} was made or lost: {sum}"));
            }
        }
        self.isolation()
    }

    /// What is still held in the books was held for deals that were not done.
    fn close_deals(&mut self) -> Result<(), Violation> {
        for channel in 0..MEMBERS.len() {
            for deal in self.books.held(channel).collect::<Vec<_>>() {
                if self.root.deal(&deal).and_then(DealState::outcome) == Some(DealOutcome::Commit) {
                    return broken(format!("a deal is done, and channel {channel} still holds its leg"));
                }
                self.books.decided(channel, deal, false)?;
                add(&mut self.reached, "what was held has lapsed");
            }
        }
        for deal in &self.deals {
            let decided = self.root.deal(deal).and_then(DealState::outcome);
            if decided.is_some_and(|outcome| self.books.is_otherwise(deal, outcome == DealOutcome::Commit)) {
                return broken("a deal is decided otherwise in a channel than on the root chain");
            }
        }
        Ok(())
    }

    fn close_seat(&mut self, at: usize) -> Result<(), Violation> {
        let Some(seat) = self.seats.get(at) else { return Ok(()) };
        let Some(channel) = &seat.channel else { return Ok(()) };
        let number = seat.number;
        if channel.open_locks().next().is_some() {
            return broken(format!("something is still held in channel {number}"));
        }
        for (digest, wish) in self.books.acknowledged(number) {
            is_there(channel, digest, wish)?;
        }
        self.is_balanced(at)?;
        let log = self.logs.get(number);
        let chain = |sequence: parclose_types::Sequence| {
            let index = usize::try_from(sequence.0).ok()?;
            Some(log?.get(index)?.entry.chain)
        };
        if seat.place == usize::try_from(self.plan.seed % 3).unwrap_or_default() {
            channel
                .verify(chain)
                .map_err(|reason| Violation(format!("a store of channel {number}: {reason}")))?;
        }
        add(&mut self.reached, "a store is looked through");
        Ok(())
    }
}
