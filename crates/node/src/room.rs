//! A room: the thread that owns one member's side of one channel.
//!
//! It seals and pools this member's drafts, proposes a batch whenever its last anchor is final
//! (collecting meanwhile), endorses the others' batches, and executes the log. It reacts to what is put
//! into its inbox and to nothing else.

mod execute;
mod flight;
mod serve;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use parclose_channel::propose::Pooled;
use parclose_channel::{Channel, ChannelError};
use parclose_consensus::RootChain;
use parclose_exchange::transport::Inbox;
use parclose_exchange::{Gathering, MemoryNetwork, Message, Transport, split};
use parclose_transaction::draft::Desk;
use parclose_transaction::{Draft, DraftOperation};
use parclose_types::{ChannelCommitment, Height, PublicKey, Sequence, TransactionDigest};
use rand_chacha::ChaCha20Rng;

use crate::randomness::generator;
use crate::root_task::RootHandle;
use crate::submission::{Outcome, SubmitError};
use flight::Flight;

/// Is told what became of a submission.
pub type Answer = Box<dyn FnOnce(Result<Outcome, SubmitError>) + Send>;

type Call = Box<dyn FnOnce(&mut Channel) + Send>;

enum Order {
    Submit(Vec<DraftOperation>, Answer),
    Frame(PublicKey, Vec<u8>),
    RootHead,
    NotAnchored(ChannelCommitment, String, bool),
    Quiesce(Sender<()>),
    Call(Call),
    Stop,
}

/// The way to a room.
#[derive(Clone)]
pub struct RoomHandle(Sender<Order>);

impl std::fmt::Debug for RoomHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomHandle")
    }
}

impl Inbox for RoomHandle {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) {
        let _ = self.0.send(Order::Frame(from, frame));
    }
}

impl RoomHandle {
    /// Hands in operations to write as one transaction; `answer` is called with the verdict.
    pub fn submit(&self, operations: Vec<DraftOperation>, answer: Answer) {
        if let Err(std::sync::mpsc::SendError(Order::Submit(_, answer))) =
            self.0.send(Order::Submit(operations, answer))
        {
            answer(Err(SubmitError::Stopped { transaction: None }));
        }
    }

    /// Submits and waits for the verdict.
    pub fn submit_and_wait(&self, operations: Vec<DraftOperation>) -> Result<Outcome, SubmitError> {
        let (done, wait) = channel();
        self.submit(operations, Box::new(move |outcome| drop(done.send(outcome))));
        wait.recv().unwrap_or(Err(SubmitError::Stopped { transaction: None }))
    }

    /// Runs `call` in the room, with its channel; `None` when the room has stopped.
    pub fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Channel) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, wait) = channel();
        let order = Order::Call(Box::new(move |channel| drop(done.send(call(channel)))));
        self.0.send(order).ok()?;
        wait.recv().ok()
    }

    /// Waits until everything submitted has its verdict and this member's transactions are attested.
    pub fn quiesce(&self) {
        let (done, wait) = channel();
        if self.0.send(Order::Quiesce(done)).is_ok() {
            let _ = wait.recv();
        }
    }

    pub(crate) fn root_head(&self) {
        let _ = self.0.send(Order::RootHead);
    }

    pub(crate) fn stop(&self) {
        let _ = self.0.send(Order::Stop);
    }
}

/// The state of a room.
struct Room {
    channel: Channel,
    transport: Arc<dyn Transport>,
    root: Arc<dyn RootChain>,
    root_handle: RootHandle,
    own: Sender<Order>,
    rng: ChaCha20Rng,
    gathering: BTreeMap<PublicKey, Gathering>,
    message_number: u64,
    drafts: VecDeque<(Vec<DraftOperation>, Answer)>,
    pool: Vec<Pooled>,
    pool_bytes: usize,
    answers: BTreeMap<TransactionDigest, Answer>,
    flight: Option<Flight>,
    deferred: Vec<(PublicKey, Vec<u8>)>,
    /// this member's last transactions whose state no anchored batch attests: event, height
    unattested: Option<(Sequence, Height)>,
    quiescing: Vec<Sender<()>>,
    /// an anchored batch that this member lacks and has asked for
    missing: Option<ChannelCommitment>,
    stopped: Option<ChannelError>,
}

/// Transactions and bytes gathered for one batch: few syncs, and answers that do not wait long.
const BATCH_TRANSACTIONS: usize = 512;
const BATCH_BYTES: usize = 1 << 20;

/// What a room is started with.
pub struct RoomParts {
    /// the member's side of the channel
    pub channel: Channel,
    /// the network between members
    pub network: MemoryNetwork,
    /// the root chain
    pub root: Arc<dyn RootChain>,
    /// the way to its task
    pub root_handle: RootHandle,
}

impl std::fmt::Debug for RoomParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.channel.fmt(f)
    }
}

/// Starts a room.
///
/// # Panics
///
/// If the system has no thread to give.
pub fn start(parts: RoomParts, name: &str) -> (RoomHandle, JoinHandle<()>) {
    let (own, inbox) = channel();
    let handle = RoomHandle(own.clone());
    let transport = parts.network.connect(parts.channel.pseudonym().public(), Arc::new(handle.clone()));
    let room = Room {
        channel: parts.channel,
        transport,
        root: parts.root,
        root_handle: parts.root_handle,
        own,
        rng: generator(),
        gathering: BTreeMap::new(),
        message_number: 0,
        drafts: VecDeque::new(),
        pool: Vec::new(),
        pool_bytes: 0,
        answers: BTreeMap::new(),
        flight: None,
        deferred: Vec::new(),
        unattested: None,
        quiescing: Vec::new(),
        missing: None,
        stopped: None,
    };
    let task = std::thread::Builder::new()
        .name(name.into())
        .stack_size(8 << 20)
        .spawn(move || room.run(&inbox))
        .expect("the system has threads");
    (handle, task)
}

impl Room {
    fn run(mut self, inbox: &Receiver<Order>) {
        self.catch_up();
        while let Ok(order) = inbox.recv() {
            match order {
                Order::Submit(operations, answer) => self.drafts.push_back((operations, answer)),
                Order::Frame(from, frame) => self.on_frame(from, &frame),
                Order::RootHead => self.catch_up(),
                Order::NotAnchored(commitment, rule, final_answer) => {
                    self.on_not_anchored(&commitment, &rule, final_answer);
                }
                Order::Quiesce(done) => self.quiescing.push(done),
                Order::Call(call) => call(&mut self.channel),
                Order::Stop => break,
            }
            self.drive();
        }
        self.give_up();
    }

    /// Does what can be done now: seal, propose, attest, answer. A batch that nobody can endorse fails at
    /// once, so there may be more to do after it.
    fn drive(&mut self) {
        while self.stopped.is_none() {
            self.fill_pool();
            if self.flight.is_some() {
                return;
            }
            if !self.pool.is_empty() {
                let pool = std::mem::take(&mut self.pool);
                self.pool_bytes = 0;
                self.propose(pool);
            } else if self.wants_attestation() {
                self.propose(Vec::new());
            } else {
                if self.unattested.is_none() {
                    self.quiescing.clear();
                }
                return;
            }
        }
        self.give_up();
    }

    /// Whether one empty batch should attest the state after this member's last transactions: when it
    /// is about to rest, or when they have waited long enough.
    ///
    /// # Rules
    ///
    /// > NOD-05: a member whose transactions no batch attests posts one empty batch after `attest_after` heights, or before it rests.
    fn wants_attestation(&self) -> bool {
        let after = self.channel.definition().parameters.attest_after;
        let due = |(_, height): (Sequence, Height)| self.root.head().0 >= height.0.saturating_add(after);
        self.unattested.is_some_and(|since| due(since) || !self.quiescing.is_empty())
    }

    /// Seals drafts into the pool until a batch is full.
    fn fill_pool(&mut self) {
        while self.pool.len() < BATCH_TRANSACTIONS && self.pool_bytes < BATCH_BYTES {
            let Some((operations, answer)) = self.drafts.pop_front() else { return };
            match self.pool_draft(operations) {
                Ok((digest, pooled)) => {
                    self.pool_bytes += pooled.bytes();
                    self.pool.push(pooled);
                    self.answers.insert(digest, answer);
                }
                Err(error) => answer(Err(error)),
            }
        }
    }

    fn pool_draft(
        &mut self,
        operations: Vec<DraftOperation>,
    ) -> Result<(TransactionDigest, Pooled), SubmitError> {
        let head = self.root.head();
        let expiry = Height(head.0 + self.channel.definition().parameters.expiry_max);
        let (epoch, _) = self.channel.epoch_at(head);
        let desk = Desk {
            config: self.channel.config(),
            definition: self.channel.definition(),
            keys: self.channel.keys(),
            author: self.channel.pseudonym(),
            epoch,
        };
        let signed =
            Draft { operations, expiry }.seal(&desk, &mut self.rng)?.sign(self.channel.pseudonym())?;
        let pooled = self.channel.advise(&signed, head)??;
        Ok((signed.digest(), pooled))
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
    fn give_up(&mut self) {
        self.pool.clear();
        self.flight = None;
        for (digest, answer) in std::mem::take(&mut self.answers) {
            answer(Err(SubmitError::Stopped { transaction: Some(digest) }));
        }
        for (_, answer) in std::mem::take(&mut self.drafts) {
            answer(Err(SubmitError::Stopped { transaction: None }));
        }
        self.quiescing.clear();
    }
}
