//! The thread in front of the root chain: gathers what comes in while a block is being written.
//!
//! One block holds everything that was submitted meanwhile, so a busy chain makes fewer, fuller blocks
//! and an idle one makes none.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use parclose_consensus::{RootChain, RootUnavailable};
use parclose_root::{LogEntry, RootReject, RootTransaction};
use parclose_types::Height;

/// What became of a root transaction.
pub type Anchored = Result<Result<LogEntry, RootReject>, RootUnavailable>;

/// Is told the outcome of a root transaction.
pub type OnAnchored = Box<dyn FnOnce(Anchored) + Send>;

enum Order {
    Submit(Box<RootTransaction>, OnAnchored),
    Advance(Height, Sender<Result<Height, RootUnavailable>>),
    Stop,
}

/// The way to the root task.
#[derive(Clone)]
pub struct RootHandle(Sender<Order>);

impl std::fmt::Debug for RootHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootHandle")
    }
}

impl RootHandle {
    /// Submits a root transaction; `done` is called when it is final or refused.
    pub fn submit(&self, transaction: RootTransaction, done: OnAnchored) {
        // A stopped task drops the order and with it `done`: whoever waits learns that nothing came.
        let _ = self.0.send(Order::Submit(Box::new(transaction), done));
    }

    /// Makes empty blocks up to a height.
    pub fn advance(&self, to: Height) -> Result<Height, RootUnavailable> {
        let (done, wait) = channel();
        let _ = self.0.send(Order::Advance(to, done));
        wait.recv().unwrap_or(Err(RootUnavailable::Stopped))
    }

    /// Waits until what was submitted before is final or refused.
    pub fn flush(&self) {
        let _ = self.advance(Height(0));
    }

    /// Ends the task after what it has taken in.
    pub fn stop(&self) {
        let _ = self.0.send(Order::Stop);
    }
}

/// Starts the root task; `on_head` is called with every new head.
///
/// # Panics
///
/// If the system has no thread to give.
pub fn start(
    root: Arc<dyn RootChain>,
    on_head: impl Fn(Height) + Send + 'static,
) -> (RootHandle, JoinHandle<()>) {
    let (orders, inbox) = channel();
    let task = std::thread::Builder::new()
        .name("root".into())
        .spawn(move || run(root.as_ref(), &inbox, on_head))
        .expect("the system has threads");
    (RootHandle(orders), task)
}

fn run(root: &dyn RootChain, inbox: &Receiver<Order>, on_head: impl Fn(Height)) {
    while let Ok(first) = inbox.recv() {
        let mut candidates = Vec::new();
        let mut waiting = Vec::new();
        let mut advance = Vec::new();
        let mut stop = false;
        for order in std::iter::once(first).chain(inbox.try_iter()) {
            match order {
                Order::Submit(transaction, done) => {
                    candidates.push(*transaction);
                    waiting.push(done);
                }
                Order::Advance(to, done) => advance.push((to, done)),
                Order::Stop => stop = true,
            }
        }
        if !candidates.is_empty() {
            commit(root, candidates, waiting);
            on_head(root.head());
        }
        for (to, done) in advance {
            let made = root.advance(to).map(|_| root.head());
            on_head(root.head());
            let _ = done.send(made);
        }
        if stop {
            return;
        }
    }
}

fn commit(root: &dyn RootChain, candidates: Vec<RootTransaction>, waiting: Vec<OnAnchored>) {
    match root.commit(candidates) {
        Ok(committed) => {
            for (done, outcome) in waiting.into_iter().zip(committed.outcomes) {
                done(Ok(outcome));
            }
        }
        Err(_) => {
            for done in waiting {
                done(Err(RootUnavailable::Stopped));
            }
        }
    }
}
