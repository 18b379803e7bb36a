//! Following the log: every final event of the channel's tag is executed, in order.

use parclose_channel::tables::EventOutcome;
use parclose_channel::{ChannelError, Executed, FinalEvent};
use parclose_types::Sequence;

use super::Room;
use super::newest::Before;
use crate::submission::{Outcome, SubmitError};

/// Events read from the root chain at a time.
const EVENTS: usize = 64;

impl Room {
    /// A block is final.
    pub(super) fn on_root_head(&mut self) {
        self.handover_wanted = true;
        self.legs.wanted = true;
        self.claims.wanted = true;
        self.refuse_legs();
        self.catch_up();
        self.ask_for_withheld();
        self.time_passes();
    }

    /// Executes everything that is final.
    pub(super) fn catch_up(&mut self) {
        self.look_how_far();
        // Most heads bring a room nothing, and there are many rooms.
        let ordered = self.ordered();
        if self.looked_at != Some(ordered) || self.executed() < ordered {
            self.follow_log();
            self.shred();
            self.looked_at = Some(ordered);
            // What else is on its way comes too late.
            if self.executed() >= ordered {
                self.ahead.forget();
            }
        }
        self.retry_deferred();
        self.retry_asked();
        self.retry_prepares();
        self.retry_claims();
        self.retry_openings();
    }

    fn follow_log(&mut self) {
        self.refresh_newest();
        self.come_back();
        let before = Before::of(&self.channel);
        self.execute_final();
        if self.channel.config().generation != before.generation {
            self.part_from(&before);
            // The rotation may have been ordered after this was looked at above.
            self.refresh_newest();
            self.turn_over();
        }
    }

    fn execute_final(&mut self) {
        while self.stopped.is_none() {
            let next = self.channel.head().map_or(Sequence(0), |head| head.next);
            let Ok(events) = self.parts.root.events(&self.channel.tag(), next, EVENTS) else { return };
            if events.is_empty() {
                return;
            }
            for event in events {
                // Who is removed goes to the end of that block: what it wrote there counts.
                let begun = self.channel.head().is_some_and(|head| head.height == event.height);
                if !begun && !self.takes_part() {
                    return;
                }
                let event =
                    FinalEvent { height: event.height, entry: event.entry, transaction: event.transaction };
                if !self.execute(&event) {
                    return;
                }
            }
        }
    }

    /// Executes one event; `false` when it cannot go on now.
    fn execute(&mut self, event: &FinalEvent) -> bool {
        match self.channel.execute(event) {
            Ok(executed) => {
                self.missing = None;
                self.on_executed(executed);
                true
            }
            Err(ChannelError::BatchMissing { commitment, sequence }) => {
                if !self.ask_for_missing(commitment) {
                    self.stopped = Some(ChannelError::BatchMissing { commitment, sequence });
                }
                false
            }
            Err(error) => {
                self.stopped = Some(error);
                false
            }
        }
    }

    /// Answers whoever waits for what this event decided.
    ///
    /// # Rules
    ///
    /// > NOD-03: a transaction whose batch was ordered after its expiry has no verdict, and its submitter is told so.
    fn on_executed(&mut self, executed: Executed) {
        if self.unattested.is_some_and(|(sequence, _)| executed.attested >= Some(sequence)) {
            self.unattested = None;
        }
        for (transaction, verdict) in executed.verdicts {
            if let Some(wanted) = self.open.remove(&transaction) {
                self.unattested = Some((executed.sequence, self.parts.root.head()));
                (wanted.answer)(Ok(Outcome { transaction, sequence: executed.sequence, verdict }));
            }
        }
        self.legs.wanted = true;
        self.claims.wanted = true;
        if executed.deals {
            self.parts.bell.ring();
        }
        if executed.governed {
            self.look_again();
            self.handover_wanted = true;
        }
        let commitment = match executed.outcome {
            EventOutcome::Executed { commitment, .. } | EventOutcome::Void { commitment, .. } => commitment,
            _ => return,
        };
        if self.flight.as_ref().is_some_and(|flight| flight.commitment == commitment) {
            let flight = self.flight.take();
            for digest in flight.into_iter().flat_map(|flight| flight.transactions) {
                // Executed without a verdict: it had expired when its batch was ordered.
                if let Some(wanted) = self.open.remove(&digest) {
                    (wanted.answer)(Err(SubmitError::Expired));
                }
            }
        }
    }
}
