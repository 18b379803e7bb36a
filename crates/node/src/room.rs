//! A room: the thread that owns one member's side of one channel.
//!
//! It seals and pools this member's drafts, proposes a batch whenever its last anchor is final
//! (collecting meanwhile), endorses the others' batches, executes the log, and does what the channel needs
//! of its member when keys turn over. It reacts to what is put into its inbox and to nothing else.

mod ahead;
mod awake;
mod backlog;
mod claims;
mod execute;
mod fault;
mod flight;
mod halted;
mod handle;
mod handover;
mod holding;
mod legs;
mod missing;
mod newest;
mod opening;
mod queue;
mod refusing;
mod resting;
mod seat;
mod serve;
mod wanted;
mod withheld;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use parclose_channel::propose::Pooled;
use parclose_channel::{Channel, ChannelError, LegId};
use parclose_consensus::RootChain;
use parclose_exchange::{Gathering, Message, Network, Transport, split};
use parclose_types::{
    AudienceId, ChannelCommitment, Digest, Height, KeyedTag, PublicKey, RecordId, Sequence, TransactionDigest,
};
use rand_chacha::ChaCha20Rng;

use crate::desk::Bell;
use crate::randomness::generator;
use crate::root_task::RootHandle;
use crate::submission::{Outcome, SubmitError};
use ahead::Ahead;
use awake::Place;
pub use awake::{AWAKE_MAX, Awake};
use backlog::Backlog;
use claims::Claims;
use flight::Flight;
pub use halted::Halt;
use halted::Halted;
pub use handle::RoomHandle;
use handover::Gathered;
pub use holding::Held;
use holding::Questions;
pub use legs::Agreements;
use legs::Legs;
use missing::Missing;
use newest::Newest;
use opening::Openings;
use queue::Queue;
use refusing::Refusals;
use resting::{Resting, Woken};
pub use seat::Seat;
use wanted::Wanted;
use withheld::Withheld;

/// Is told what became of a submission.
pub type Answer = Box<dyn FnOnce(Result<Outcome, SubmitError>) + Send>;

type Call = Box<dyn FnOnce(&mut Channel) + Send>;

enum Order {
    Submit(Box<Wanted>),
    Frame(PublicKey, Vec<u8>),
    RootHead,
    NotAnchored(ChannelCommitment, String, bool),
    NotHandedOver,
    NotPrepared(LegId),
    RefuseLeg(LegId, RecordId),
    Refused(LegId),
    NotClaimed(KeyedTag, bool),
    Restless(Sender<bool>),
    Behind(Sender<u64>),
    Quiesce(Sender<()>),
    Pause(Sender<()>),
    Rest,
    Wake(Sender<Result<(), ChannelError>>),
    Call(Call),
    AskHolders(ChannelCommitment, Sender<Held>),
    Stop,
}

/// The state of a room.
struct Room {
    parts: Parts,
    channel: Channel,
    /// its place among the rooms that are awake
    place: Place,
    transport: Arc<dyn Transport>,
    /// the newest generation that the root chain knows, which may be ahead of what is executed here
    newest: Newest,
    rng: ChaCha20Rng,
    gathering: BTreeMap<PublicKey, Gathering>,
    message_number: u64,
    /// to be sealed, in order
    drafts: VecDeque<Wanted>,
    /// how many have come so far
    arrived: u64,
    /// wait until the secret of their audience is dealt, each since a height
    waiting: Vec<(Height, Wanted)>,
    /// audiences for which this member has put a deal forward
    dealing: BTreeSet<(Digest, AudienceId)>,
    pool: Vec<Pooled>,
    pool_bytes: usize,
    /// sealed, and without a verdict yet
    open: BTreeMap<TransactionDigest, Wanted>,
    /// the state may need something of this member: it has changed, or time has passed
    upkeep_wanted: bool,
    /// when that is looked at again, though nothing has changed
    upkeep_again: Height,
    /// what was decided may be ready to be signed
    handover_wanted: bool,
    /// a rotation or close that this member has put together
    handover: Option<Gathered>,
    /// statements that others have asked for too early
    asked: BTreeMap<PublicKey, Vec<u8>>,
    /// prepares of deals' legs
    legs: Legs,
    /// refusals of deals' legs
    refusals: Refusals,
    /// claims of keyed tags
    claims: Claims,
    /// what readers open before it is put forward
    openings: Openings,
    flight: Option<Flight>,
    deferred: Vec<(PublicKey, Vec<u8>)>,
    questions: Questions,
    /// this member's last transactions whose state no anchored batch attests: event, height
    unattested: Option<(Sequence, Height)>,
    quiescing: Vec<Sender<()>>,
    /// an anchored batch that this member lacks and has asked for
    missing: Option<Missing>,
    ahead: Ahead,
    withheld: Withheld,
    /// who had the last batch that was missing here
    informant: Option<PublicKey>,
    /// events of the channel that were ordered when this room was started
    ordered_at_start: Option<u64>,
    /// events that were ordered when the log was looked at last
    looked_at: Option<u64>,
    stopped: Option<ChannelError>,
}

/// Transactions and bytes gathered for one batch: few syncs, and answers that do not wait long.
pub(crate) const BATCH_TRANSACTIONS: usize = 512;
const BATCH_BYTES: usize = 1 << 20;

/// What a room has, whether it is awake or at rest.
#[derive(Clone)]
struct Parts {
    seat: Seat,
    network: Arc<dyn Network>,
    root: Arc<dyn RootChain>,
    root_handle: RootHandle,
    awake: Awake,
    agreements: Agreements,
    /// tells the home that something of a deal was executed
    bell: Bell,
    own: Sender<Order>,
    /// a panic has ended this room's work
    broken_off: Arc<AtomicBool>,
    /// its store is closed
    resting: Arc<AtomicBool>,
    halted: Halted,
    backlog: Backlog,
    queue: Queue,
}

impl Parts {
    fn handle(&self) -> RoomHandle {
        RoomHandle {
            orders: self.own.clone(),
            broken_off: self.broken_off.clone(),
            resting: self.resting.clone(),
            halted: self.halted.clone(),
            backlog: self.backlog.clone(),
            queue: self.queue.clone(),
        }
    }
}

/// What the rooms of a process have in common.
#[derive(Clone)]
pub struct Surroundings {
    /// the network between members
    pub network: Arc<dyn Network>,
    /// the root chain
    pub root: Arc<dyn RootChain>,
    /// the way to its task
    pub root_handle: RootHandle,
    /// the rooms whose stores are open
    pub awake: Awake,
    /// what the members have agreed to get by deals
    pub agreements: Agreements,
    /// is rung when something of a deal was executed
    pub bell: Bell,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Surroundings({:?})", self.awake)
    }
}

/// Starts a room: at rest, if it rested when it was left and has missed nothing, and else with its store open.
///
/// # Panics
///
/// If the system has no thread to give.
pub fn start(seat: Seat, around: Surroundings) -> Result<(RoomHandle, JoinHandle<()>), ChannelError> {
    let (own, inbox) = channel();
    let member = seat.directory.path().file_name().unwrap_or_default().to_string_lossy();
    let name = format!("{member}/{}", seat.card.name);
    let Surroundings { network, root, root_handle, awake, agreements, bell } = around;
    let broken_off = Arc::new(AtomicBool::new(false));
    let (broken, resting) = (broken_off.clone(), Arc::default());
    let backlog = Backlog::default();
    let parts = Parts {
        seat,
        network,
        root,
        root_handle,
        awake,
        agreements,
        bell,
        own,
        broken_off: broken,
        resting,
        halted: Halted::default(),
        backlog,
        queue: Queue::default(),
    };
    let handle = parts.handle();
    let state = match Resting::of(&parts) {
        Some(resting) => State::Resting(Box::new(resting)),
        None => {
            parts.seat.forget_rest().map_err(|_| ChannelError::Unknown { what: "store" })?;
            let channel = parts.seat.open()?;
            let newest = Newest::of(&channel, parts.root.as_ref());
            let credentials = newest.credentials(&parts.seat, newest::hosts(&channel));
            let transport = parts.network.connect(credentials, Arc::new(parts.handle()));
            State::Awake(Box::new(Room::awake(parts, channel, newest, transport, 0)))
        }
    };
    Ok((handle, spawn(name, move || run(state, &inbox, &broken_off))))
}

fn spawn(name: String, task: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let thread = std::thread::Builder::new().name(name).stack_size(8 << 20);
    thread.spawn(task).expect("the system has threads")
}

enum State {
    Awake(Box<Room>),
    Resting(Box<Resting>),
}

/// The room's task: awake and at rest in turn.
fn run(mut state: State, inbox: &Receiver<Order>, broken_off: &AtomicBool) {
    let mut first = None;
    loop {
        state = match state {
            State::Awake(mut room) => {
                let first = first.take();
                match fault::guard(broken_off, || room.run(first, inbox)) {
                    Some(Some(until)) => State::Resting(Box::new(room.rest(until))),
                    Some(None) => return room.stop(),
                    None => {
                        room.give_up();
                        drop(room);
                        return fault::refuse(inbox);
                    }
                }
            }
            State::Resting(resting) => match fault::guard(broken_off, || resting.listen(inbox)) {
                Some(Woken::By(room, order)) => {
                    first = Some(order);
                    State::Awake(room)
                }
                Some(Woken::Stopped) => return,
                None => return fault::refuse(inbox),
            },
        };
    }
}

impl Room {
    fn awake(
        parts: Parts,
        channel: Channel,
        newest: Newest,
        transport: Arc<dyn Transport>,
        message_number: u64,
    ) -> Self {
        parts.resting.store(false, Ordering::SeqCst);
        Self {
            place: parts.awake.wakes(parts.handle()),
            parts,
            channel,
            transport,
            newest,
            rng: generator(),
            gathering: BTreeMap::new(),
            message_number,
            drafts: VecDeque::new(),
            arrived: 0,
            waiting: Vec::new(),
            dealing: BTreeSet::new(),
            pool: Vec::new(),
            pool_bytes: 0,
            open: BTreeMap::new(),
            upkeep_wanted: true,
            upkeep_again: Height(0),
            handover_wanted: true,
            handover: None,
            asked: BTreeMap::new(),
            legs: Legs::default(),
            refusals: Refusals::default(),
            claims: Claims::of_start(),
            openings: Openings::default(),
            flight: None,
            deferred: Vec::new(),
            questions: Questions::default(),
            unattested: None,
            quiescing: Vec::new(),
            missing: None,
            ahead: Ahead::default(),
            withheld: Withheld::default(),
            informant: None,
            ordered_at_start: None,
            looked_at: None,
            stopped: None,
        }
    }

    /// Works until it is stopped, or may rest: until when.
    fn run(&mut self, first: Option<Order>, inbox: &Receiver<Order>) -> Option<Height> {
        self.catch_up();
        self.parts.halted.tell(self.stopped.as_ref());
        let mut next = first;
        while let Some(order) = next.or_else(|| inbox.recv().ok()) {
            if !self.follow(order) {
                return None;
            }
            self.drive();
            self.parts.halted.tell(self.stopped.as_ref());
            if let Some(until) = self.place.should_rest().then(|| self.rests_until()).flatten() {
                return Some(until);
            }
            next = None;
        }
        None
    }

    /// Does what an order says; `false` when it is to stop.
    fn follow(&mut self, order: Order) -> bool {
        if matches!(&order, Order::Submit(_) | Order::Frame(..) | Order::Call(_) | Order::AskHolders(..)) {
            self.place.used();
        }
        match order {
            Order::Submit(wanted) => self.take(*wanted),
            Order::Frame(from, frame) => {
                self.parts.backlog.is_done(frame.len());
                self.on_frame(from, &frame);
            }
            Order::RootHead => self.on_root_head(),
            Order::NotAnchored(commitment, rule, final_answer) => {
                self.on_not_anchored(&commitment, &rule, final_answer);
            }
            Order::NotHandedOver => self.on_not_handed_over(),
            Order::NotPrepared(leg) => self.on_not_prepared(leg),
            Order::RefuseLeg(leg, instruction) => self.on_refuse_leg(leg, &instruction),
            Order::Refused(leg) => self.on_refused(leg),
            Order::NotClaimed(tag, for_now) => self.on_not_claimed(&tag, for_now),
            Order::Quiesce(done) => self.quiescing.push(done),
            Order::Pause(done) => drop(done.send(())),
            Order::Rest => {}
            Order::Wake(done) => drop(done.send(Ok(()))),
            Order::Behind(done) => drop(done.send(self.behind())),
            Order::Restless(done) => drop(done.send(self.is_restless())),
            Order::Call(call) => call(&mut self.channel),
            Order::AskHolders(commitment, to) => self.ask_holders(commitment, to),
            Order::Stop => return false,
        }
        true
    }

    /// The end: who waits is told, and a room with nothing to do rests until the home is opened again.
    fn stop(mut self) {
        let until = self.rests_until();
        self.give_up();
        if let Some(until) = until {
            drop(self.rest(until));
        }
    }

    /// Does what can be done now: seal, propose, attest, answer. A batch that nobody can endorse fails at
    /// once, so there may be more to do after it.
    fn drive(&mut self) {
        if self.comes_back() {
            // Nothing is on its way from here, and what was handed in waits.
            self.quiescing.clear();
            return self.give_up_if_stopped();
        }
        self.prepare_legs();
        self.make_claims();
        while self.stopped.is_none() {
            self.hand_over();
            self.fill_pool();
            if self.flight.is_some() || self.stopped.is_some() {
                return self.give_up_if_stopped();
            }
            if !self.pool.is_empty() {
                let pool = std::mem::take(&mut self.pool);
                self.pool_bytes = 0;
                self.propose(pool);
            } else if self.wants_attestation() || self.wants_lapse() {
                self.propose(Vec::new());
            } else {
                if self.unattested.is_none() || self.channel.head().is_some_and(|head| head.closed) {
                    self.quiescing.clear();
                }
                return;
            }
        }
        self.give_up();
    }

    fn give_up_if_stopped(&mut self) {
        if self.stopped.is_some() {
            self.give_up();
        }
    }

    fn behind(&self) -> u64 {
        if self.stopped.is_some() { 0 } else { self.ordered().saturating_sub(self.executed()) }
    }

    /// Events of the channel that the root chain has ordered.
    fn ordered(&self) -> u64 {
        self.parts.root.tag_state(&self.channel.tag()).ok().flatten().map_or(0, |tag| tag.count)
    }

    fn executed(&self) -> u64 {
        self.channel.head().map_or(0, |head| head.next.0)
    }

    fn is_restless(&self) -> bool {
        let behind = self.behind() > 0;
        let busy = self.flight.is_some()
            || self.handover.is_some()
            || !self.waiting.is_empty()
            || self.openings.is_busy()
            || self.legs.is_busy()
            || self.refusals.is_busy()
            || self.is_claiming();
        self.stopped.is_none() && (busy || behind || self.channel.hands_over(self.parts.root.head()))
    }

    /// Whether one empty batch should attest the state after this member's last transactions: when it
    /// is about to rest, or when they have waited long enough.
    ///
    /// # Rules
    ///
    /// > NOD-05: a member whose transactions no batch attests posts one empty batch after `attest_after` heights, or before it rests.
    fn wants_attestation(&self) -> bool {
        let after = self.channel.definition().parameters.attest_after;
        let due =
            |(_, height): (Sequence, Height)| self.parts.root.head().0 >= height.0.saturating_add(after);
        let open = self.channel.head().is_some_and(|head| !head.closed);
        let soon = !self.quiescing.is_empty() || self.channel.is_ending(self.parts.root.head());
        open && self.unattested.is_some_and(|since| due(since) || soon)
    }

    /// Sends a message; `false` when the member cannot be reached. It catches up from the log.
    fn send(&mut self, to: &PublicKey, message: &Message) -> bool {
        self.message_number += 1;
        split(self.message_number, &message.to_bytes())
            .into_iter()
            .all(|frame| self.transport.send(to, frame).is_ok())
    }

    /// Sends a message to all other members; those that cannot be reached.
    fn send_to_others(&mut self, message: &Message) -> Vec<PublicKey> {
        let own = self.channel.pseudonym().public();
        let mut unreachable = self.channel.config().pseudonyms();
        unreachable.retain(|member| *member != own && !self.send(member, message));
        unreachable
    }

    /// Tells everybody who waits that no answer will come.
    ///
    /// # Rules
    ///
    /// > NOD-02: whoever waits for a verdict when its room stops is told that the outcome is not known.
    /// > NOD-27: a channel that cannot go on is told of in its node's health, and what is not signed yet is refused by the rule that stopped it.
    fn give_up(&mut self) {
        self.pool.clear();
        self.flight = None;
        for (digest, wanted) in std::mem::take(&mut self.open) {
            (wanted.answer)(Err(SubmitError::Stopped { transaction: Some(digest) }));
        }
        let left = matches!(self.stopped, Some(ChannelError::Left));
        let halt = self.stopped.as_ref().and_then(Halt::of);
        let waiting = self.waiting.drain(..).map(|(_, wanted)| wanted);
        for wanted in self.drafts.drain(..).chain(waiting).chain(self.openings.take_all()) {
            (wanted.answer)(Err(if left {
                SubmitError::Channel(ChannelError::Left)
            } else if let Some(halt) = &halt {
                SubmitError::Halted(halt.clone())
            } else {
                SubmitError::Stopped { transaction: None }
            }));
        }
        self.quiescing.clear();
    }
}
