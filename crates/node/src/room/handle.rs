//! The way to a room, for everybody outside: what it can be handed, asked and told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use parclose_channel::{Channel, ChannelError, LegId};
use parclose_exchange::transport::Inbox;
use parclose_transaction::{Act, DraftMovement, DraftOperation};
use parclose_types::{ChannelCommitment, PublicKey, RecordId};

use super::backlog::Backlog;
use super::halted::{Halt, Halted};
use super::holding::Held;
use super::queue::Queue;
use super::wanted::{Content, Wanted};
use super::{Answer, Order};
use crate::submission::{Outcome, SubmitError};

/// The way to a room.
#[derive(Clone)]
pub struct RoomHandle {
    pub(super) orders: Sender<Order>,
    pub(super) broken_off: Arc<AtomicBool>,
    pub(super) resting: Arc<AtomicBool>,
    pub(super) halted: Halted,
    pub(super) backlog: Backlog,
    pub(super) queue: Queue,
}

impl std::fmt::Debug for RoomHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomHandle")
    }
}

impl Inbox for RoomHandle {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
        let bytes = frame.len();
        self.backlog.takes(bytes) && self.orders.send(Order::Frame(from, frame)).is_ok()
    }
}

impl RoomHandle {
    /// Hands in operations to write as one transaction; `answer` is called with the verdict.
    pub fn submit(&self, operations: Vec<DraftOperation>, answer: Answer) {
        self.submit_with(operations, Vec::new(), answer);
    }

    /// Hands in operations to write, and notes to move with them, as one transaction.
    pub fn submit_with(
        &self,
        operations: Vec<DraftOperation>,
        movements: Vec<DraftMovement>,
        answer: Answer,
    ) {
        let Some(place) = self.queue.enter() else { return answer(Err(SubmitError::Busy)) };
        let answer: Answer = Box::new(move |outcome| {
            drop(place);
            answer(outcome);
        });
        self.want(Content::Records(operations, movements), answer);
    }

    /// Hands in an act by which this member changes its channel; `answer` is called with the verdict.
    pub fn act(&self, act: Act, answer: Answer) {
        self.want(Content::Act(Box::new(act)), answer);
    }

    fn want(&self, content: Content, answer: Answer) {
        let order = Order::Submit(Box::new(Wanted { content, answer, since: None, place: 0 }));
        if let Err(std::sync::mpsc::SendError(Order::Submit(wanted))) = self.orders.send(order) {
            (wanted.answer)(Err(SubmitError::Stopped { transaction: None }));
        }
    }

    /// Hands in an act and waits for the verdict.
    pub fn act_and_wait(&self, act: Act) -> Result<Outcome, SubmitError> {
        let (done, wait) = channel();
        self.act(act, Box::new(move |outcome| drop(done.send(outcome))));
        wait.recv().unwrap_or(Err(SubmitError::Stopped { transaction: None }))
    }

    /// Submits and waits for the verdict.
    pub fn submit_and_wait(&self, operations: Vec<DraftOperation>) -> Result<Outcome, SubmitError> {
        self.submit_with_and_wait(operations, Vec::new())
    }

    /// Submits records and the notes that move with them, and waits for the verdict.
    pub fn submit_with_and_wait(
        &self,
        operations: Vec<DraftOperation>,
        movements: Vec<DraftMovement>,
    ) -> Result<Outcome, SubmitError> {
        let (done, wait) = channel();
        self.submit_with(operations, movements, Box::new(move |outcome| drop(done.send(outcome))));
        wait.recv().unwrap_or(Err(SubmitError::Stopped { transaction: None }))
    }

    /// Runs `call` in the room, with its channel; `None` when the room has stopped.
    pub fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Channel) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, wait) = channel();
        let order = Order::Call(Box::new(move |channel| drop(done.send(call(channel)))));
        self.orders.send(order).ok()?;
        wait.recv().ok()
    }

    /// Runs `call` in the room, with its channel, and does not wait for it.
    pub(crate) fn tell(&self, call: impl FnOnce(&mut Channel) + Send + 'static) {
        let _ = self.orders.send(Order::Call(Box::new(call)));
    }

    /// Asks the other members whether they hold a batch; their answers come as they are given, and only those that count.
    #[must_use]
    pub fn ask_holders(&self, commitment: ChannelCommitment) -> Receiver<Held> {
        let (to, answers) = channel();
        let _ = self.orders.send(Order::AskHolders(commitment, to));
        answers
    }

    /// Has a leg refused that this member would receive by an instruction, if enough others sign that.
    pub(crate) fn refuse_leg(&self, leg: LegId, instruction: RecordId) {
        let _ = self.orders.send(Order::RefuseLeg(leg, instruction));
    }

    /// Waits until everything submitted has its verdict and this member's transactions are attested.
    pub fn quiesce(&self) {
        let (done, wait) = channel();
        if self.orders.send(Order::Quiesce(done)).is_ok() {
            let _ = wait.recv();
        }
    }

    /// Whether a panic has ended the work of this room (NOD-16).
    #[must_use]
    pub fn has_broken_off(&self) -> bool {
        self.broken_off.load(Ordering::SeqCst)
    }

    /// Why its channel cannot go on, if it cannot.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        self.halted.why()
    }

    /// Whether something is on its way here, or would be if the others took part.
    pub(crate) fn is_restless(&self) -> bool {
        let (done, wait) = channel();
        self.orders.send(Order::Restless(done)).is_ok() && wait.recv().unwrap_or(false)
    }

    /// Events that are ordered and not executed here, as long as they can be.
    pub(crate) fn behind(&self) -> u64 {
        let (done, wait) = channel();
        if self.orders.send(Order::Behind(done)).is_err() {
            return 0;
        }
        wait.recv().unwrap_or(0)
    }

    /// Asks how far it is behind, and does not wait for the answer; none comes from a room that has stopped.
    pub(crate) fn ask_behind(&self) -> Receiver<u64> {
        let (done, wait) = channel();
        let _ = self.orders.send(Order::Behind(done));
        wait
    }

    /// Whether its store is closed.
    pub(crate) fn is_resting(&self) -> bool {
        self.resting.load(Ordering::SeqCst)
    }

    /// Waits until everything that was put into the inbox before has been looked at.
    pub(crate) fn pause(&self) {
        let (done, wait) = channel();
        if self.orders.send(Order::Pause(done)).is_ok() {
            let _ = wait.recv();
        }
    }

    /// Has a room at rest open its store: whoever wants something of it is told when that fails.
    pub(crate) fn wake(&self) -> Result<(), ChannelError> {
        if !self.resting.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (done, wait) = channel();
        let _ = self.orders.send(Order::Wake(done));
        // Without an answer it has stopped, and says so to whoever wants something of it.
        wait.recv().unwrap_or(Ok(()))
    }

    /// Has the room look whether it should close its store.
    pub(super) fn rest(&self) {
        let _ = self.orders.send(Order::Rest);
    }

    pub(crate) fn root_head(&self) {
        let _ = self.orders.send(Order::RootHead);
    }

    pub(crate) fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
    }
}
