//! What goes wrong, done: at machines, between them, and by validators that cheat.

use std::time::Duration;

use parclose_consensus::RootUnavailable;
use parclose_consensus::hazmat::Packet;
use parclose_store::hazmat::Refusal;

use super::{Event, World, add};
use crate::checker::Violation;
use crate::machine::Machine;
use crate::network::CUTS;
use crate::plan::Fault;
use crate::traitor::Manner;

impl World {
    /// When who cheats does so of itself.
    pub(super) fn plan_treason(&mut self) {
        let trouble = u64::try_from(self.plan.trouble.as_millis()).unwrap_or(u64::MAX);
        for at in 0..self.machines.len() {
            let manner = self.machines.get(at).and_then(|machine| machine.manner);
            if matches!(manner, Some(Manner::Amnesia | Manner::Stale)) {
                for _ in 0..3 {
                    let when = self.dice.millis(1_000, trouble);
                    self.queue.after(when, Event::Forget(at));
                }
            }
        }
    }

    /// A validator that cheats loses its memory, or is put back to what it was.
    pub(super) fn betray(&mut self, at: usize) -> Result<(), Violation> {
        let Some(machine) = self.machines.get_mut(at) else { return Ok(()) };
        let Some(manner) = machine.manner else { return Ok(()) };
        match (manner, machine.image.take()) {
            (Manner::Stale, None) => {
                machine.image = Some((machine.medium.image(), machine.log.copied_to(&machine.medium)));
                return Ok(());
            }
            (Manner::Stale, Some((image, log))) => {
                machine.end();
                machine.medium.restore(&image);
                machine.log = log;
            }
            _ => machine.end(),
        }
        add(&mut self.injected, manner.name());
        self.note(&format!("{at} betrays"), &[]);
        let pause = self.dice.millis(10, 500);
        self.queue.after(pause, Event::Start(at));
        Ok(())
    }

    /// What another machine gets of what somebody publishes: `None` is nothing.
    pub(super) fn distorted(
        &mut self,
        from: usize,
        to: usize,
        manner: Option<Manner>,
        packet: &Packet,
    ) -> Option<Packet> {
        match manner {
            Some(how @ Manner::Silence) if to % 2 == from % 2 => {
                add(&mut self.injected, how.name());
                None
            }
            Some(how @ Manner::Twins) => {
                if packet.place().is_some_and(|place| place.value.is_some()) {
                    add(&mut self.injected, how.name());
                }
                Some(packet.clone())
            }
            Some(how @ Manner::Garbage) if self.dice.chance(20) => {
                add(&mut self.injected, how.name());
                let later = packet.clone();
                let after = self.dice.millis(500, 9_000);
                self.queue.after(after, Event::Packet { from, to, packet: later });
                let mut bytes = packet.bytes().to_vec();
                let place = self.dice.index(bytes.len());
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << self.dice.below(8);
                }
                Some(packet.with(bytes))
            }
            _ => Some(packet.clone()),
        }
    }

    /// A fault of the plan.
    pub(super) fn fault(&mut self, fault: Fault) -> Result<(), Violation> {
        if self.healed_at.is_some() {
            return Ok(());
        }
        self.note(&format!("fault {fault:?}"), &[]);
        match fault {
            Fault::Cut(cut, length) => {
                if let Some((_, name)) = CUTS.iter().find(|(known, _)| *known == cut) {
                    add(&mut self.injected, name);
                }
                self.cut(&fault, length);
            }
            Fault::Split(group, length) => {
                add(&mut self.injected, "partition: two groups");
                for from in 0..self.machines.len() {
                    for to in
                        (0..self.machines.len()).filter(|to| group.contains(&from) != group.contains(to))
                    {
                        self.links.set_cut(from, to, true);
                        self.queue.after(length, Event::SetCut { from, to, is_cut: false });
                    }
                }
            }
            Fault::Kill(at) => self.down(at, "process: killed", Machine::end),
            Fault::PowerLoss(at) => {
                let running = self.machines.get_mut(at).filter(|machine| machine.validator.is_some());
                if let Some(machine) = running {
                    machine.lose_power(&mut self.dice);
                    add(&mut self.injected, "machine: power lost");
                    self.comes_back(at);
                }
            }
            Fault::PowerLossAt(at, ahead, moment) => {
                if let Some(machine) = self.machines.get(at) {
                    machine.medium.stop_at(machine.medium.syncs().saturating_add(ahead), moment);
                }
            }
            Fault::Refuse(at, ahead, refusal) => {
                if let Some(machine) = self.running(at) {
                    machine.medium.refuse(machine.medium.writes().saturating_add(ahead), refusal);
                    add(&mut self.injected, refusal_name(refusal));
                }
            }
            Fault::CutLog(at, percent) => self.down(at, "engine log: tail cut off", |machine| {
                machine.end();
                let left = (machine.log.len() as u64).saturating_mul(percent) / 100;
                machine.log.cut(usize::try_from(left).unwrap_or_default());
            }),
            Fault::Damage(at) => self.damage(at),
            Fault::Wipe(at) => {
                self.checker.forget(at);
                self.down(at, "machine: everything lost", Machine::wipe);
            }
            Fault::ClockAhead(at) => self.clock_ahead(at),
            Fault::ClockBack(at, length) => {
                let until = self.queue.now().saturating_add(length);
                if let Some(machine) = self.running(at) {
                    machine.clock.stands_until = until;
                    add(&mut self.injected, "clock: set back or frozen");
                }
            }
            Fault::ClockRate(at, rate) => {
                if let Some(machine) = self.running(at) {
                    machine.clock.rate = rate;
                    add(&mut self.injected, "clock: too slow or too fast");
                }
            }
        }
        Ok(())
    }

    fn running(&mut self, at: usize) -> Option<&mut Machine> {
        self.machines.get_mut(at).filter(|machine| machine.validator.is_some())
    }

    /// A machine that runs goes down, and comes back after a while.
    fn down(&mut self, at: usize, name: &'static str, how: impl FnOnce(&mut Machine)) {
        let Some(machine) = self.running(at) else { return };
        how(machine);
        add(&mut self.injected, name);
        self.comes_back(at);
    }

    fn comes_back(&mut self, at: usize) {
        let pause = self.dice.millis(100, 4_000);
        self.queue.after(pause, Event::Start(at));
    }

    fn cut(&mut self, fault: &Fault, length: Duration) {
        let Fault::Cut(cut, _) = fault else { return };
        let directions = self.links.directions(*cut, &mut self.dice);
        let is_slow = *cut == crate::network::Cut::Swizzle;
        for (from, to) in directions {
            let later = if is_slow { self.dice.millis(0, 2_000) } else { Duration::ZERO };
            let longer = if is_slow { self.dice.millis(0, 2_000) } else { Duration::ZERO };
            self.queue.after(later, Event::SetCut { from, to, is_cut: true });
            let end = length.saturating_add(later).saturating_add(longer);
            self.queue.after(end, Event::SetCut { from, to, is_cut: false });
        }
    }

    /// A row changes by itself, and the machine starts anew: whoever reads the row is told, at the opening or later.
    fn damage(&mut self, at: usize) {
        let path = Machine::database();
        let Some(machine) = self.running(at) else { return };
        let medium = machine.medium.clone();
        machine.end();
        let place = self.dice.index(medium.rows(&path).len());
        if !medium.damage(&path, place) {
            return self.comes_back(at);
        }
        if let Some(machine) = self.machines.get_mut(at) {
            machine.is_damaged = true;
        }
        add(&mut self.injected, "disk: bit flip");
        self.comes_back(at);
    }

    /// Somebody has come upon a damaged row, and its operator gets everything anew from the others; `false` if it is for another
    /// reason that it stops.
    pub(super) fn replace_damaged(
        &mut self,
        at: usize,
        reason: &RootUnavailable,
        noticed: &'static str,
    ) -> bool {
        let says_so = reason.to_string().contains("damaged");
        let Some(machine) = self.machines.get_mut(at).filter(|machine| machine.is_damaged && says_so) else {
            return false;
        };
        machine.wipe();
        self.checker.forget(at);
        add(&mut self.reached, noticed);
        self.comes_back(at);
        true
    }

    /// Every timer of a machine is due at once.
    fn clock_ahead(&mut self, at: usize) {
        let Some(machine) = self.running(at) else { return };
        let due: Vec<_> = machine.timers.iter().map(|(timer, count)| (*timer, *count)).collect();
        add(&mut self.injected, "clock: jumps ahead");
        for (timer, count) in due {
            self.queue.after(Duration::ZERO, Event::Timer { at, timer, count });
        }
    }
}

fn refusal_name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoSpace => "disk: no space",
        Refusal::Device => "disk: write refused",
        Refusal::Sync => "disk: sync failed",
    }
}
