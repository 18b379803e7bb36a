//! What goes wrong in rooms, done; and planted faults that show when an event is executed.

use parclose_channel::FinalEvent;
use parclose_root::{DealOutcome, Decision, LogEntry, RootTransaction};
use parclose_types::Sequence;

use super::plan::{Fault, RoomBug};
use super::{Event, Rooms, add};
use crate::checker::Violation;
use crate::network::{CUTS, Cut};

impl Rooms {
    pub(super) fn fault(&mut self, fault: &Fault) -> Result<(), Violation> {
        if self.is_healed {
            return Ok(());
        }
        self.note(&format!("fault {fault:?}"), &[]);
        match *fault {
            Fault::Cut(cut, length) => {
                if let Some((_, name)) = CUTS.iter().find(|(known, _)| *known == cut) {
                    add(&mut self.injected, name);
                }
                for (from, to) in self.links.directions(cut, &mut self.dice) {
                    let longest = if cut == Cut::Swizzle { 1_500 } else { 1 };
                    let (begin, end) = (self.dice.millis(0, longest), self.dice.millis(0, longest));
                    self.queue.after(begin, Event::SetCut { from, to, is_cut: true });
                    let end = begin.saturating_add(length).saturating_add(end);
                    self.queue.after(end, Event::SetCut { from, to, is_cut: false });
                }
            }
            Fault::Kill(org) => self.goes_down(org, "process: killed", false),
            Fault::PowerLoss(org) => self.goes_down(org, "machine: power lost", true),
            Fault::PowerLossAt(org, ahead, moment) => {
                if let Some(machine) = self.orgs.get(org).filter(|org| org.is_up) {
                    machine.medium.stop_at(machine.medium.syncs().saturating_add(ahead), moment);
                }
            }
            Fault::Refuse(org, ahead, refusal) => {
                if let Some(machine) = self.orgs.get(org).filter(|org| org.is_up) {
                    machine.medium.refuse(machine.medium.writes().saturating_add(ahead), refusal);
                    add(&mut self.injected, "disk: write or sync refused");
                }
            }
            Fault::Backup(org) => {
                if let Some(machine) = self.orgs.get_mut(org) {
                    machine.image = Some(machine.medium.image());
                }
            }
            Fault::Restore(org) => {
                self.goes_down(org, "machine: an old backup restored", false);
                if let Some(machine) = self.orgs.get(org)
                    && let Some(image) = &machine.image
                {
                    machine.medium.restore(image);
                }
            }
        }
        Ok(())
    }

    fn goes_down(&mut self, org: usize, name: &'static str, has_lost_power: bool) {
        if self.orgs.get(org).is_none_or(|org| !org.is_up) {
            return;
        }
        add(&mut self.injected, name);
        self.down(org, has_lost_power);
        let pause = self.dice.millis(100, 2_000);
        self.queue.after(pause, Event::Start(org));
    }

    /// Planted faults of execution.
    pub(super) fn betray(&mut self, at: usize, event: &FinalEvent) -> Result<(), Violation> {
        match self.plan.bug {
            Some(RoomBug::AppliedTwice) if at == 0 => self.apply_twice(at, event),
            Some(RoomBug::ForgedDecision) if at / 3 == 1 => {
                self.forge_decision(at, event);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn apply_twice(&mut self, at: usize, event: &FinalEvent) -> Result<(), Violation> {
        if !matches!(event.transaction, RootTransaction::Anchor(_)) {
            return Ok(());
        }
        let again = FinalEvent {
            entry: LogEntry { sequence: Sequence(event.entry.sequence.0.saturating_add(1)), ..event.entry },
            ..event.clone()
        };
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        match seat.execute(&again) {
            Ok(Some(executed)) => self.executed(at, &again, &executed),
            _ => Ok(()),
        }
    }

    /// The log of the second channel says that a deal is done, as soon as something is held for it there.
    fn forge_decision(&mut self, at: usize, event: &FinalEvent) {
        let Some(channel) = self.seats.get(at).and_then(|seat| seat.channel.as_ref()) else { return };
        let Some(row) = channel.open_locks().next() else { return };
        let (deal, _) = row.leg();
        let Some(log) = self.logs.get_mut(1) else { return };
        let is_forged = |known: &FinalEvent| matches!(&known.transaction, RootTransaction::Decision(decision) if decision.deal == deal);
        if log.iter().any(is_forged) || log.len() as u64 != event.entry.sequence.0.saturating_add(1) {
            return;
        }
        let entry = LogEntry { sequence: Sequence(log.len() as u64), ..event.entry };
        let transaction = RootTransaction::Decision(Decision { deal, outcome: DealOutcome::Commit });
        log.push(FinalEvent { height: event.height, entry, transaction });
    }
}
