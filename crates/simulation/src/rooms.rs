//! Rooms under faults: three channels of four organisations on one root chain, and deals between pairs of them.
//!
//! The root chain is its state machine, whose blocks come by virtual time; that validators agree on them is the other world's
//! part. What members do is what their rooms do, over links that lose, double and reorder, on disks that fail.

mod closing;
mod faults;
pub mod founding;
pub mod ledger;
mod looking;
pub mod plan;
pub mod seat;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use parclose_channel::tables::EventOutcome;
use parclose_channel::{Channel, ChannelError, Executed, FinalEvent, LegId};
use parclose_exchange::Message;
use parclose_root::{DealOutcome, RootState, RootTransaction};
use parclose_store::hazmat::{Image, Medium, Moment, on_medium};
use parclose_types::{DealId, Height, Sequence};

use crate::checker::{Violation, broken};
use crate::dice::Dice;
use crate::network::Links;
use crate::queue::Queue;
use crate::trace::Trace;
use founding::{Beginning, MEMBERS, ORGS, beginning, path, wrong};
use ledger::Books;
use plan::{Fault, RoomBug, RoomPlan};
use seat::{Seat, Sent};

/// How often there is a block.
const BLOCK: Duration = Duration::from_millis(500);
/// How often a room looks what there is to do.
const TURN: Duration = Duration::from_millis(250);
/// Events of a run, at most.
const EVENTS_MAX: u64 = 100_000;

#[derive(Clone, Debug)]
enum Event {
    Block,
    Turn { org: usize, start: u64 },
    Message { channel: usize, from: usize, to: usize, bytes: Vec<u8> },
    Submitted(Box<RootTransaction>),
    Work(u64),
    Lock { leg: LegId, channel: usize, heights: (Height, Height) },
    Fault(Fault),
    SetCut { from: usize, to: usize, is_cut: bool },
    Start(usize),
    Heal,
}

/// An organisation's machine.
#[derive(Debug)]
struct Org {
    medium: Medium,
    is_up: bool,
    starts: u64,
    /// writes that its disk had refused when it started
    refused: u64,
    image: Option<Image>,
}

impl Org {
    /// Whether its disk has given it a reason to stop.
    fn has_failed(&self) -> bool {
        self.medium.is_stopped() || self.medium.refused() > self.refused
    }
}

/// What a run of rooms has come to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// why it failed, if it did
    pub violation: Option<Violation>,
    /// the hash of everything that happened
    pub hash: [u8; 32],
    /// how many things happened
    pub events: u64,
    /// faults that were injected
    pub injected: BTreeMap<&'static str, u64>,
    /// what was reached
    pub reached: BTreeMap<&'static str, u64>,
    /// syncs of each machine
    pub syncs: Vec<u64>,
    /// the last lines
    pub last: Vec<String>,
}

/// A run of rooms under way.
#[derive(Debug)]
pub struct Rooms {
    plan: RoomPlan,
    begun: &'static Beginning,
    root: RootState,
    logs: Vec<Vec<FinalEvent>>,
    waiting: Vec<RootTransaction>,
    orgs: Vec<Org>,
    seats: Vec<Seat>,
    links: Links,
    queue: Queue<Event>,
    dice: Dice,
    books: Books,
    trace: Trace,
    deals: Vec<DealId>,
    injected: BTreeMap<&'static str, u64>,
    reached: BTreeMap<&'static str, u64>,
    is_healed: bool,
    has_swept: bool,
}

fn add(counts: &mut BTreeMap<&'static str, u64>, name: &'static str) {
    let count = counts.entry(name).or_default();
    *count = count.saturating_add(1);
}

/// Runs a plan to its end.
#[must_use]
pub fn run(plan: RoomPlan, trace: Trace) -> Outcome {
    match Rooms::new(plan, trace) {
        Err(violation) => Outcome { violation: Some(violation), ..Outcome::default() },
        Ok(mut rooms) => {
            let violation = rooms.go_on().err();
            Outcome {
                violation,
                hash: rooms.trace.hash(),
                events: rooms.trace.events(),
                syncs: rooms.orgs.iter().map(|org| org.medium.syncs()).collect(),
                last: rooms.trace.last().map(str::to_owned).collect(),
                injected: rooms.injected,
                reached: rooms.reached,
            }
        }
    }
}

impl Rooms {
    fn new(plan: RoomPlan, trace: Trace) -> Result<Self, Violation> {
        let begun = beginning()?;
        let mut dice = Dice::of(plan.seed, 31);
        let links = Links::drawn(ORGS, &mut dice);
        let mut orgs = Vec::new();
        for image in &begun.images {
            let medium = Medium::default();
            medium.restore(image);
            orgs.push(Org { medium, is_up: false, starts: 0, refused: 0, image: None });
        }
        let mut seats = Vec::new();
        for (number, members) in MEMBERS.iter().enumerate() {
            for (place, org) in members.iter().enumerate() {
                let rng = Dice::of(plan.seed, 5_000 + seats.len() as u64).rng().clone();
                let mut seat = Seat::new(number, place, *org, rng);
                seat.signs_unseen = plan.bug == Some(RoomBug::SignsUnseen);
                seat.keeps_unasked = plan.bug == Some(RoomBug::KeepsUnasked);
                seats.push(seat);
            }
        }
        let mut rooms = Self {
            begun,
            root: begun.root.clone(),
            logs: begun.channels.iter().map(|channel| channel.log.clone()).collect(),
            waiting: Vec::new(),
            orgs,
            seats,
            links,
            queue: Queue::default(),
            dice,
            books: Books::default(),
            trace,
            deals: Vec::new(),
            injected: BTreeMap::new(),
            reached: BTreeMap::new(),
            is_healed: false,
            has_swept: false,
            plan,
        };
        for org in 0..ORGS {
            rooms.start(org)?;
        }
        rooms.begin_books()?;
        rooms.queue.after(BLOCK, Event::Block);
        for number in 0..rooms.plan.work {
            let when = rooms.dice.millis(100, 7_000);
            rooms.queue.after(when, Event::Work(number));
        }
        for (when, fault) in rooms.plan.faults.clone() {
            rooms.queue.after(when, Event::Fault(fault));
        }
        rooms.queue.after(plan::TROUBLE, Event::Heal);
        Ok(rooms)
    }

    fn begin_books(&mut self) -> Result<(), Violation> {
        for seat in &self.seats {
            let Some(channel) = &seat.channel else { continue };
            let notes = channel.own_notes().map_err(wrong)?;
            let amount = notes.iter().map(|note| note.opened.value).sum();
            self.books.begin(seat.number, channel.own_id(), amount);
        }
        Ok(())
    }

    fn go_on(&mut self) -> Result<(), Violation> {
        while let Some(event) = self.queue.take() {
            self.happen(event)?;
            if self.is_healed && self.has_ended()? {
                return self.close();
            }
            if self.trace.events() > EVENTS_MAX {
                return broken("a run of rooms does not come to its end");
            }
        }
        broken("a run of rooms has nothing left to do")
    }

    fn note(&mut self, what: &str, bytes: &[u8]) {
        self.trace.note(self.queue.now(), what, bytes);
    }

    fn head(&self) -> Height {
        self.root.head().height
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Block => self.block(),
            Event::Turn { org, start } => self.turn(org, start),
            Event::Message { channel, from, to, bytes } => self.message(channel, (from, to), &bytes),
            Event::Submitted(transaction) => {
                if self.waiting.len() < 4096 && !self.waiting.contains(&transaction) {
                    self.waiting.push(*transaction);
                }
                Ok(())
            }
            Event::Work(number) => self.work(number),
            Event::Lock { leg, channel, heights } => self.lock(leg, channel, heights),
            Event::Fault(fault) => self.fault(&fault),
            Event::SetCut { from, to, is_cut } => {
                if !self.is_healed {
                    self.links.set_cut(from, to, is_cut);
                }
                Ok(())
            }
            Event::Start(org) => {
                if self.orgs.get(org).is_some_and(|org| !org.is_up) {
                    self.start(org)
                } else {
                    Ok(())
                }
            }
            Event::Heal => {
                self.note("healed", &[]);
                self.isolation()?;
                self.links.heal();
                self.is_healed = true;
                // A loss of power that was to come, and did not, does not come any more.
                self.orgs.iter().for_each(|org| org.medium.stop_at(u64::MAX, Moment::After));
                for org in 0..ORGS {
                    self.queue.after(Duration::from_millis(100), Event::Start(org));
                }
                Ok(())
            }
        }
    }

    /// The next block of the root chain, of what can be ordered.
    fn block(&mut self) -> Result<(), Violation> {
        self.stores_are_members()?;
        self.queue.after(BLOCK, Event::Block);
        let waiting = std::mem::take(&mut self.waiting);
        let (block, rejected) = self.root.build(waiting);
        for (_, reason) in &rejected {
            add(
                &mut self.reached,
                if reason.is_for_now() { "refused for now" } else { "refused by the root chain" },
            );
        }
        let events = self.root.apply(&block).map_err(wrong)?.events;
        self.note(
            &format!("block {} of {}", block.header.height, events.len()),
            block.header.hash().as_ref(),
        );
        for event in events {
            let Some(transaction) = event.content(&block) else { continue };
            let final_event = FinalEvent { height: block.header.height, entry: event.entry, transaction };
            let of = self
                .logs
                .iter_mut()
                .find(|log| log.first().is_some_and(|first| first.entry.tag == event.entry.tag));
            if let Some(log) = of {
                log.push(final_event);
            }
        }
        Ok(())
    }

    fn start(&mut self, org: usize) -> Result<(), Violation> {
        let reuses = self.plan.bug == Some(RoomBug::SameRandomness);
        let Some(machine) = self.orgs.get_mut(org) else { return Ok(()) };
        machine.starts = machine.starts.saturating_add(1);
        machine.is_up = true;
        machine.refused = machine.medium.refused();
        let (start, cache) = (machine.starts, on_medium(&machine.medium));
        for (at, seat) in self.seats.iter_mut().enumerate().filter(|(_, seat)| seat.org == org) {
            let Some(founded) = self.begun.channels.get(seat.number) else { continue };
            let Some(secret) = founded.secrets.get(seat.place) else { continue };
            let number = if reuses { 0 } else { start };
            let purpose = 10_000 + number * 100 + at as u64;
            seat.rng = Dice::of(self.plan.seed, purpose).rng().clone();
            let salts = Box::new(Dice::of(self.plan.seed, purpose + 50).rng().clone());
            match Channel::open(&path(seat.number), secret, &founded.id, &cache, salts) {
                Ok(channel) => seat.channel = Some(channel),
                Err(reason) => return self.not_started(org, &reason),
            }
        }
        self.note(&format!("{org} starts"), &[]);
        add(&mut self.reached, "a machine starts");
        self.queue.after(TURN, Event::Turn { org, start });
        Ok(())
    }

    fn not_started(&mut self, org: usize, reason: &ChannelError) -> Result<(), Violation> {
        let is_fault = self.orgs.get(org).is_some_and(Org::has_failed);
        if !is_fault {
            return broken(format!(
                "organisation {org} does not start, though its disk has kept everything: {reason}"
            ));
        }
        self.stopped(org, reason);
        Ok(())
    }

    /// A machine has stopped, by a fault of its disk, and comes back.
    fn stopped(&mut self, org: usize, reason: &dyn std::fmt::Display) {
        self.note(&format!("{org} stops: {reason}"), &[]);
        let has_lost_power = self.orgs.get(org).is_some_and(|org| org.medium.is_stopped());
        if has_lost_power {
            add(&mut self.injected, "disk: power lost at a sync");
        }
        // After a failed sync nobody knows what the disk holds: the machine is started anew.
        self.down(org, true);
        let pause = self.dice.millis(100, 1_500);
        self.queue.after(pause, Event::Start(org));
    }

    fn down(&mut self, org: usize, has_lost_power: bool) {
        for seat in self.seats.iter_mut().filter(|seat| seat.org == org) {
            seat.close();
        }
        let Some(machine) = self.orgs.get_mut(org) else { return };
        machine.is_up = false;
        if has_lost_power {
            let dice = &mut self.dice;
            machine.medium.lose_power(|pending| dice.index(pending.saturating_add(1)));
        } else {
            machine.medium.end_process();
        }
    }

    /// A failure of a channel: of its disk, for which the machine stops, or one that must not be.
    fn failed(&mut self, org: usize, reason: &ChannelError) -> Result<(), Violation> {
        let is_fault = self.orgs.get(org).is_some_and(Org::has_failed);
        if !is_fault {
            return broken(format!("a room of organisation {org} has failed: {reason}"));
        }
        self.stopped(org, reason);
        Ok(())
    }

    fn turn(&mut self, org: usize, start: u64) -> Result<(), Violation> {
        if self.orgs.get(org).is_none_or(|machine| !machine.is_up || machine.starts != start) {
            return Ok(());
        }
        self.queue.after(TURN, Event::Turn { org, start });
        let head = self.head();
        let of: Vec<usize> =
            (0..self.seats.len()).filter(|at| self.seats.get(*at).is_some_and(|s| s.org == org)).collect();
        for at in of {
            if !self.catch_up(at)? {
                return Ok(());
            }
            let Some(seat) = self.seats.get_mut(at) else { continue };
            match seat.turn(head) {
                Err(reason) => return self.failed(org, &reason),
                Ok((sent, submitted)) => {
                    if let Some(flight) = &seat.flight {
                        self.books.fresh(flight.proposal.blinder, flight.commitment.0)?;
                    }
                    self.send_all(at, sent);
                    for transaction in submitted {
                        self.submit(transaction);
                    }
                }
            }
        }
        Ok(())
    }

    /// A seat executes what is final; whether its machine still runs.
    fn catch_up(&mut self, at: usize) -> Result<bool, Violation> {
        loop {
            let Some(seat) = self.seats.get_mut(at).filter(|seat| seat.channel.is_some()) else {
                return Ok(true);
            };
            let (org, number, next) = (seat.org, seat.number, seat.next());
            let index = usize::try_from(next.0).unwrap_or(usize::MAX);
            let Some(event) = self.logs.get(number).and_then(|log| log.get(index)).cloned() else {
                return Ok(true);
            };
            match seat.execute(&event) {
                Ok(None) => return Ok(true),
                Ok(Some(executed)) => self.executed(at, &event, &executed)?,
                Err(reason) => {
                    self.failed(org, &reason)?;
                    return Ok(false);
                }
            }
            self.betray(at, &event)?;
        }
    }

    fn executed(&mut self, at: usize, event: &FinalEvent, executed: &Executed) -> Result<(), Violation> {
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        let number = seat.number;
        let Some(channel) = &seat.channel else { return Ok(()) };
        let Some(root) = channel.head().map(|head| head.root) else { return Ok(()) };
        let epoch = channel.epoch_at(event.height).0.0;
        if epoch < seat.epoch {
            return broken("an epoch has come back");
        }
        seat.epoch = epoch;
        let sequence = executed.sequence;
        self.books.executed(number, sequence, (root, event.entry.chain), &executed.verdicts)?;
        for (_, verdict) in &executed.verdicts {
            let is_applied = matches!(verdict, parclose_channel::Verdict::Applied);
            add(
                &mut self.reached,
                if is_applied { "a transaction is applied" } else { "a transaction is refused" },
            );
        }
        match &executed.outcome {
            EventOutcome::Void { .. } => add(&mut self.reached, "a batch is void"),
            EventOutcome::Prepared { .. } => add(&mut self.reached, "a leg is prepared"),
            EventOutcome::Decided { deal, outcome, .. } => {
                let is_done = *outcome == DealOutcome::Commit;
                add(&mut self.reached, if is_done { "a deal is done" } else { "a deal is given up" });
                self.books.decided(number, *deal, is_done)?;
            }
            _ => {}
        }
        self.note(&format!("seat {at} executes {sequence}"), root.as_ref());
        self.look(at, executed)
    }

    fn submit(&mut self, transaction: RootTransaction) {
        if !self.is_healed && self.dice.chance(15) {
            add(&mut self.injected, "root transaction: lost");
            return;
        }
        let after = self.dice.millis(5, if self.is_healed { 50 } else { 1_200 });
        self.queue.after(after, Event::Submitted(Box::new(transaction)));
    }

    fn send_all(&mut self, at: usize, sent: Vec<Sent>) {
        let Some((number, place)) = self.seats.get(at).map(|seat| (seat.number, seat.place)) else { return };
        for (to, message) in sent {
            let others: Vec<usize> =
                (0..3).filter(|other| *other != place && to.is_none_or(|to| to == *other)).collect();
            let bytes = message.to_bytes();
            for to in others {
                self.carry(number, (place, to), &bytes);
            }
        }
    }

    fn carry(&mut self, channel: usize, (from, to): (usize, usize), bytes: &[u8]) {
        let Some(members) = MEMBERS.get(channel) else { return };
        let (Some(one), Some(other)) = (members.get(from), members.get(to)) else { return };
        let routed = self.links.route(*one, *other, &mut self.dice);
        if routed.is_dropped || routed.is_cut {
            add(&mut self.injected, "message: lost");
        }
        for after in routed.arrivals {
            let bytes = bytes.to_vec();
            self.queue.after(after, Event::Message { channel, from, to, bytes });
        }
    }

    fn message(&mut self, channel: usize, (from, to): (usize, usize), bytes: &[u8]) -> Result<(), Violation> {
        let head = self.head();
        let at = channel.saturating_mul(3).saturating_add(to);
        let Ok(message) = Message::from_bytes(bytes) else {
            add(&mut self.reached, "a message does not decode");
            return Ok(());
        };
        let Some(seat) = self.seats.get_mut(at).filter(|seat| seat.channel.is_some()) else { return Ok(()) };
        let org = seat.org;
        match seat.hear(from, message, head) {
            Err(reason) => self.failed(org, &reason),
            Ok((answer, refused)) => {
                self.note(
                    &format!("{channel}: {from}->{to} {}", refused.as_deref().unwrap_or("heard")),
                    bytes,
                );
                if refused.is_some() {
                    add(&mut self.reached, "a member refuses");
                }
                self.send_all(at, answer);
                Ok(())
            }
        }
    }

    fn sequences(&self) -> Vec<Sequence> {
        self.logs.iter().map(|log| Sequence(log.len() as u64)).collect()
    }
}
