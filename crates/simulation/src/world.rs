//! A run: machines, links and events in the order of virtual time, with the checker after each.

mod carrying;
mod faults;
mod fetching;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use parclose_consensus::hazmat::{Out, Packet, Planted, Timer};
use parclose_consensus::{Hop, RootUnavailable};
use parclose_root::{Genesis, Parameters, Validator};
use parclose_store::hazmat::{Lies, Moment};
use parclose_types::{Digest, Failure, Tag};

use crate::checker::{Checker, Violation, broken};
use crate::dice::Dice;
use crate::machine::{Machine, key};
use crate::network::Links;
use crate::plan::{Fault, PATIENCE, Plan};
use crate::planted::Bug;
use crate::queue::Queue;
use crate::trace::Trace;
use crate::traitor::Manner;
use carrying::Told;

/// How often what waits is looked at, and the others are told the head.
const TICK: Duration = Duration::from_millis(500);
/// Events of a run at most: a loop would be a finding too.
const EVENTS_MAX: u64 = 400_000;
/// What one run keeps waiting, at most.
const WAITING_MAX: usize = 50_000;
/// How often a validator may stop for a reason of its own.
const STOPS_MAX: u64 = 25;

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Packet { from: usize, to: usize, packet: Packet },
    Timer { at: usize, timer: Timer, count: u64 },
    Tick { at: usize, start: u64 },
    Start(usize),
    Status { from: usize, to: usize, head: u64 },
    Ask { from: usize, to: usize, first: u64 },
    Reply { from: usize, to: usize, bytes: Vec<u8> },
    Fault(Fault),
    SetCut { from: usize, to: usize, is_cut: bool },
    Forget(usize),
    Submit { at: usize, number: u8 },
    Carried { to: usize, from: usize, hop: Hop, transaction: Vec<u8> },
    Heal,
}

/// What a run has come to.
#[derive(Debug)]
pub struct Outcome {
    /// why it failed, if it did
    pub violation: Option<Violation>,
    /// the hash of everything that happened
    pub hash: [u8; 32],
    /// how many things happened
    pub events: u64,
    /// blocks that were decided
    pub heights: u64,
    /// faults that were in fact injected, and states that were reached, by name
    pub injected: BTreeMap<&'static str, u64>,
    /// what was reached
    pub reached: BTreeMap<&'static str, u64>,
    /// syncs of each machine
    pub syncs: Vec<u64>,
    /// virtual time from the healing until all had gone on
    pub recovered_in: Duration,
    /// its last lines
    pub last: Vec<String>,
}

/// A run under way.
#[derive(Debug)]
pub struct World {
    plan: Plan,
    genesis: Genesis,
    machines: Vec<Machine>,
    links: Links,
    queue: Queue<Event>,
    dice: Dice,
    checker: Checker,
    trace: Trace,
    injected: BTreeMap<&'static str, u64>,
    reached: BTreeMap<&'static str, u64>,
    healed_at: Option<(Duration, u64)>,
    recovered_in: Option<Duration>,
    told: Told,
    opened: BTreeMap<u8, Tag>,
}

fn add(counts: &mut BTreeMap<&'static str, u64>, name: &'static str) {
    let count = counts.entry(name).or_default();
    *count = count.saturating_add(1);
}

/// The genesis of a run: validators of power 1.
fn genesis(validators: usize) -> Result<Genesis, Violation> {
    let mut all: Vec<_> =
        (0..validators).map(|number| Validator { key: key(number).public(), power: 1 }).collect();
    all.sort_by_key(|validator| validator.key);
    let made = Genesis::new("simulation".into(), all, Parameters::default(), Digest([7; 32]));
    made.map_err(|reason| Violation(reason.to_string()))
}

/// Runs a plan to its end.
#[must_use]
pub fn run(plan: Plan, trace: Trace) -> Outcome {
    match World::new(plan, trace) {
        Ok(mut world) => {
            let violation = world.go_on().err();
            world.outcome(violation)
        }
        Err(violation) => Outcome {
            violation: Some(violation),
            hash: [0; 32],
            events: 0,
            heights: 0,
            injected: BTreeMap::new(),
            reached: BTreeMap::new(),
            syncs: Vec::new(),
            recovered_in: Duration::ZERO,
            last: Vec::new(),
        },
    }
}

impl World {
    fn new(plan: Plan, trace: Trace) -> Result<Self, Violation> {
        let genesis = genesis(plan.validators)?;
        let manner = |number: usize| plan.traitors.iter().find(|(at, _)| *at == number).map(|(_, how)| *how);
        let mut machines: Vec<_> =
            (0..plan.validators).map(|number| Machine::new(number, manner(number))).collect();
        for (number, how) in &plan.traitors {
            if *how == Manner::Twins {
                machines.push(Machine::new(*number, Some(*how)));
            }
        }
        if plan.bug == Some(Bug::SecretClone) {
            machines.push(Machine::new(0, None));
        }
        let mut dice = Dice::of(plan.seed, plan.stream.saturating_add(2));
        let links = Links::drawn(machines.len(), &mut dice);
        let traitors: BTreeSet<_> = plan.traitors.iter().map(|(number, _)| key(*number).public()).collect();
        let checker = Checker::new(genesis.clone(), traitors);
        let mut world = Self {
            plan,
            genesis,
            machines,
            links,
            queue: Queue::default(),
            dice,
            checker,
            trace,
            injected: BTreeMap::new(),
            reached: BTreeMap::new(),
            healed_at: None,
            recovered_in: None,
            told: Told::default(),
            opened: BTreeMap::new(),
        };
        world.plant();
        for at in 0..world.machines.len() {
            let when = world.dice.millis(0, 400);
            world.queue.after(when, Event::Start(at));
        }
        for (when, fault) in world.plan.faults.clone() {
            world.queue.after(when, Event::Fault(fault));
        }
        world.plan_treason();
        world.plan_work();
        let trouble = world.plan.trouble;
        world.queue.after(trouble, Event::Heal);
        Ok(world)
    }

    /// Switches the planted fault on.
    fn plant(&mut self) {
        let Some(bug) = self.plan.bug else { return };
        for machine in &mut self.machines {
            match bug {
                Bug::SkippedSync => machine.medium.plant(Lies { skips_sync: 2, tears_commits: false }),
                Bug::TornCommit => machine.medium.plant(Lies { skips_sync: 0, tears_commits: true }),
                Bug::HalfIsEnough => machine.planted = Planted { half_is_enough: true, no_record: false },
                Bug::NoRecord => machine.planted = Planted { half_is_enough: false, no_record: true },
                Bug::SecretClone => {}
            }
        }
    }

    fn go_on(&mut self) -> Result<(), Violation> {
        while let Some(event) = self.queue.take() {
            self.happen(event)?;
            if self.has_recovered()? {
                return self.end();
            }
            if self.trace.events() > EVENTS_MAX || self.queue.len() > WAITING_MAX {
                return broken("a run does not come to its end, or keeps more and more waiting");
            }
        }
        broken("a run has nothing left to do")
    }

    /// Whether all honest validators have gone on since the healing. They must, within [`PATIENCE`].
    fn has_recovered(&mut self) -> Result<bool, Violation> {
        let Some((when, head)) = self.healed_at else { return Ok(false) };
        let since = self.queue.now().saturating_sub(when);
        let behind = |machine: &&Machine| {
            machine.is_honest()
                && machine
                    .validator
                    .as_ref()
                    .is_none_or(|validator| validator.head().0 < head.saturating_add(2))
        };
        let Some(last) = self.machines.iter().find(behind) else {
            self.recovered_in = Some(since);
            return Ok(true);
        };
        if since > PATIENCE {
            let at = last.validator.as_ref().map(|validator| (validator.head().0, validator.round()));
            return broken(format!(
                "validator {} has not gone on {} s after all was healed at {head}: {at:?}",
                last.number,
                since.as_secs()
            ));
        }
        Ok(false)
    }

    /// At the end nobody honest is convicted. A damaged disk may not be able to say.
    fn end(&mut self) -> Result<(), Violation> {
        self.acknowledged()?;
        for machine in self.machines.iter().filter(|machine| machine.is_honest() && !machine.is_damaged) {
            if let Some(validator) = &machine.validator
                && self.checker.convicted(validator)? > 0
            {
                add(&mut self.reached, "a traitor is convicted");
            }
        }
        Ok(())
    }

    fn outcome(self, violation: Option<Violation>) -> Outcome {
        Outcome {
            violation,
            hash: self.trace.hash(),
            events: self.trace.events(),
            heights: self.checker.heights(),
            injected: self.injected,
            reached: self.reached,
            syncs: self.machines.iter().map(|machine| machine.medium.syncs()).collect(),
            recovered_in: self.recovered_in.unwrap_or_default(),
            last: self.trace.last().map(str::to_owned).collect(),
        }
    }

    fn note(&mut self, what: &str, bytes: &[u8]) {
        self.trace.note(self.queue.now(), what, bytes);
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Packet { from, to, packet } => {
                self.note(&format!("{from}->{to} packet"), packet.bytes());
                let Some(name) = self.machines.get(from).map(|machine| machine.name) else { return Ok(()) };
                self.with(to, |validator| validator.hear(&name, &packet))
            }
            Event::Timer { at, timer, count } => self.timer(at, timer, count),
            Event::Tick { at, start } => self.tick(at, start),
            Event::Start(at) => self.start(at),
            Event::Status { from, to, head } => self.status(from, to, head),
            Event::Ask { from, to, first } => self.asked(from, to, first),
            Event::Reply { from, to, bytes } => self.replied(from, to, &bytes),
            Event::Fault(fault) => self.fault(fault),
            Event::SetCut { from, to, is_cut } => {
                if self.healed_at.is_none() {
                    self.links.set_cut(from, to, is_cut);
                }
                Ok(())
            }
            Event::Forget(at) => self.betray(at),
            Event::Submit { at, number } => self.submit(at, number),
            Event::Carried { to, from, hop, transaction } => self.carried(to, from, hop, &transaction),
            Event::Heal => self.heal(),
        }
    }

    fn timer(&mut self, at: usize, timer: Timer, count: u64) -> Result<(), Violation> {
        let now = self.queue.now();
        let Some(machine) = self.machines.get_mut(at) else { return Ok(()) };
        if machine.timers.get(&timer) != Some(&count) {
            return Ok(());
        }
        let standing = machine.clock.stands_until.saturating_sub(now);
        if standing > Duration::ZERO {
            self.queue.after(standing, Event::Timer { at, timer, count });
            return Ok(());
        }
        machine.timers.remove(&timer);
        self.note(&format!("{at} timer {timer:?}"), &[]);
        self.with(at, |validator| validator.ring(timer))
    }

    fn tick(&mut self, at: usize, start: u64) -> Result<(), Violation> {
        let Some(machine) = self.machines.get(at).filter(|machine| machine.starts == start) else {
            return Ok(());
        };
        let Some(head) = machine.validator.as_ref().map(|validator| validator.head().0) else {
            return Ok(());
        };
        for to in 0..self.machines.len() {
            self.send(at, to, |from, to| Event::Status { from, to, head });
        }
        self.queue.after(TICK, Event::Tick { at, start });
        self.with(at, parclose_consensus::hazmat::Stepped::tick)
    }

    /// Carries something from machine to machine, as often and as late as its link says.
    fn send(&mut self, from: usize, to: usize, event: impl Fn(usize, usize) -> Event) {
        if from == to {
            return;
        }
        let routed = self.links.route(from, to, &mut self.dice);
        if routed.is_dropped {
            add(&mut self.injected, "message: dropped");
        }
        if routed.is_late {
            add(&mut self.injected, "message: reordered");
        }
        if routed.arrivals.len() > 1 {
            add(&mut self.injected, "message: duplicated");
        }
        if routed.arrivals.iter().any(|after| *after > Duration::from_secs(1)) {
            add(&mut self.injected, "message: delayed for seconds");
        }
        for after in routed.arrivals {
            self.queue.after(after, event(from, to));
        }
    }

    /// Lets a validator do something, and takes what comes of it.
    fn with(
        &mut self,
        at: usize,
        step: impl FnOnce(&mut parclose_consensus::hazmat::Stepped) -> Result<(), RootUnavailable>,
    ) -> Result<(), Violation> {
        let Some(validator) = self.machines.get_mut(at).and_then(|machine| machine.validator.as_mut()) else {
            return Ok(());
        };
        let stepped = step(validator);
        let out = validator.take_out();
        self.take(at, out)?;
        match stepped {
            Ok(()) => self.check(at),
            Err(reason) => self.stopped(at, &reason),
        }
    }

    fn check(&mut self, at: usize) -> Result<(), Violation> {
        let Some(machine) = self.machines.get_mut(at).filter(|machine| machine.is_honest()) else {
            return Ok(());
        };
        let Some(validator) = machine.validator.as_ref() else { return Ok(()) };
        for _ in 0..self.checker.head(at, validator)? {
            add(&mut self.reached, "a block is final");
        }
        if validator.passed() > machine.passed {
            add(&mut self.reached, "an engine ends by itself, and its height is passed");
            machine.passed = validator.passed();
        }
        if validator.sits_out() {
            add(&mut self.reached, "a validator sits out");
        }
        if validator.round().is_some_and(|(_, round)| round > 0) {
            add(&mut self.reached, "a height needs another round");
        }
        Ok(())
    }

    /// Does what a validator wants.
    fn take(&mut self, at: usize, out: Vec<Out>) -> Result<(), Violation> {
        for one in out {
            match one {
                Out::Publish(packet) => self.publish(at, &packet)?,
                Out::Set(timer, after) => self.set(at, timer, after),
                Out::Cancel(timer) => {
                    if let Some(machine) = self.machines.get_mut(at) {
                        machine.timers.remove(&timer);
                    }
                }
                Out::CancelAll => {
                    if let Some(machine) = self.machines.get_mut(at) {
                        machine.timers.retain(|timer, _| !timer.is_of_engine());
                    }
                }
                Out::Blame(peer) => self.blame(at, peer)?,
            }
        }
        self.carry_out(at);
        Ok(())
    }

    fn set(&mut self, at: usize, timer: Timer, after: Duration) {
        let count = self.trace.events().saturating_mul(64).saturating_add(self.queue.len() as u64);
        let Some(machine) = self.machines.get_mut(at) else { return };
        let rate = machine.clock.rate.max(1);
        let after = after.saturating_mul(100) / u32::try_from(rate).unwrap_or(100);
        machine.timers.insert(timer, count);
        self.queue.after(after, Event::Timer { at, timer, count });
    }

    fn publish(&mut self, at: usize, packet: &Packet) -> Result<(), Violation> {
        self.note(&format!("{at} publishes"), packet.bytes());
        let manner = self.machines.get(at).and_then(|machine| machine.manner);
        if manner.is_none() {
            self.checker.published(packet)?;
        }
        for to in 0..self.machines.len() {
            let Some(sent) = self.distorted(at, to, manner, packet) else { continue };
            self.send(at, to, |from, to| Event::Packet { from, to, packet: sent.clone() });
        }
        Ok(())
    }

    fn start(&mut self, at: usize) -> Result<(), Violation> {
        let Some(machine) = self.machines.get_mut(at).filter(|machine| machine.validator.is_none()) else {
            return Ok(());
        };
        if machine.manner == Some(Manner::Amnesia) && machine.has_run {
            machine.wipe();
        }
        let started = machine.start(&self.genesis);
        let (start, is_honest) = (machine.starts, machine.is_honest());
        self.note(&format!("{at} starts"), &[u8::from(started.is_ok())]);
        match started {
            Ok(()) => {
                add(&mut self.reached, "a validator starts");
                if self.machines.get(at).is_some_and(|machine| machine.is_damaged) {
                    add(&mut self.reached, "a damaged store is opened");
                }
                if let Some(validator) = self.machines.get(at).and_then(|machine| machine.validator.as_ref())
                    && is_honest
                {
                    self.checker.started(at, validator)?;
                }
                let first = self.dice.millis(1, 500);
                self.queue.after(first, Event::Tick { at, start });
                self.with(at, |_| Ok(()))
            }
            Err(reason) => self.not_started(at, &reason),
        }
    }

    /// Whether somebody may refuse to start, and what its operator does about it.
    fn not_started(&mut self, at: usize, reason: &RootUnavailable) -> Result<(), Violation> {
        if self.replace_damaged(at, reason, "a damaged store is not opened") {
            return Ok(());
        }
        let Some(machine) = self.machines.get_mut(at) else { return Ok(()) };
        if machine.medium.is_stopped() {
            add(&mut self.injected, "disk: power lost at a sync");
        } else if machine.is_honest() && !machine.disk_has_failed() {
            return broken(format!(
                "machine {at} does not start, though its disk has kept everything: {reason}"
            ));
        }
        machine.lose_power(&mut self.dice);
        let pause = self.dice.millis(200, 3_000);
        self.queue.after(pause, Event::Start(at));
        Ok(())
    }

    /// A validator has ended by itself.
    fn stopped(&mut self, at: usize, reason: &RootUnavailable) -> Result<(), Violation> {
        self.note(&format!("{at} stops: {} {reason}", reason.rule()), &[]);
        if self.replace_damaged(at, reason, "damage is noticed by who reads") {
            return Ok(());
        }
        let Some(machine) = self.machines.get_mut(at) else { return Ok(()) };
        // A handle of before the loss says so as well.
        let power_has_failed =
            machine.medium.is_stopped() || reason.to_string().ends_with("the power has failed");
        if power_has_failed {
            add(&mut self.injected, "disk: power lost at a sync");
        }
        if machine.disk_has_failed() {
            // After a failed sync nobody knows what the disk holds: the machine is started anew.
            machine.lose_power(&mut self.dice);
        } else {
            machine.end();
            machine.stops = machine.stops.saturating_add(1);
            if machine.is_honest() && !power_has_failed {
                return broken(format!("the engine of honest machine {at} ends by itself: {reason}"));
            }
            // Two machines with one key hear each other's votes: at a replay the engine finds what it has not derived.
            add(&mut self.reached, "the engine of a traitor ends by itself");
        }
        if machine.is_honest() && machine.stops > STOPS_MAX {
            return broken(format!("machine {at} stops again and again: {reason}"));
        }
        let pause = self.dice.millis(200, 3_000);
        self.queue.after(pause, Event::Start(at));
        Ok(())
    }

    /// From here on nothing goes wrong any more.
    fn heal(&mut self) -> Result<(), Violation> {
        self.note("healed", &[]);
        self.links.heal();
        let now = self.queue.now();
        for at in 0..self.machines.len() {
            if let Some(machine) = self.machines.get_mut(at) {
                (machine.clock.rate, machine.clock.stands_until) = (100, now);
                // A loss of power that was to come, and did not, does not come any more.
                machine.medium.stop_at(u64::MAX, Moment::After);
                if machine.validator.is_none() {
                    self.queue.after(Duration::from_millis(200), Event::Start(at));
                }
            }
        }
        let honest = self.machines.iter().filter(|machine| machine.is_honest());
        let heads =
            honest.filter_map(|machine| machine.validator.as_ref()).map(|validator| validator.head().0);
        self.healed_at = Some((now, heads.max().unwrap_or_default()));
        Ok(())
    }
}
