//! The way to the root chain: a thread in front of an embedded validator, or the cluster's own pool.
//!
//! One block holds everything that was submitted while the one before was written, so a busy chain makes
//! fewer, fuller blocks. The thread of the embedded validator makes none while nothing comes in.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use parclose_consensus::{ClusterRoot, RootChain, RootUnavailable};
use parclose_root::RootTransaction;
use parclose_types::Height;

/// What became of a root transaction.
pub type Anchored = parclose_consensus::Ordered;

/// Is told the outcome of a root transaction.
pub type OnAnchored = parclose_consensus::OnOrdered;

enum Order {
    Submit(Box<RootTransaction>, OnAnchored),
    Advance(Height, Sender<Result<Height, RootUnavailable>>),
    Stop,
}

#[derive(Clone)]
enum Way {
    Task(Sender<Order>),
    Cluster(Arc<ClusterRoot>),
}

/// The way to the root chain.
#[derive(Clone)]
pub struct RootHandle(Way);

impl std::fmt::Debug for RootHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootHandle")
    }
}

impl From<Arc<ClusterRoot>> for RootHandle {
    fn from(cluster: Arc<ClusterRoot>) -> Self {
        Self(Way::Cluster(cluster))
    }
}

impl RootHandle {
    /// Submits a root transaction; `done` is called when it is final or refused.
    pub fn submit(&self, transaction: RootTransaction, done: OnAnchored) {
        match &self.0 {
            // A stopped task drops the order and with it `done`: whoever waits learns that nothing came.
            Way::Task(orders) => drop(orders.send(Order::Submit(Box::new(transaction), done))),
            Way::Cluster(cluster) => cluster.submit(transaction, done),
        }
    }

    /// Makes empty blocks up to a height.
    pub fn advance(&self, to: Height) -> Result<Height, RootUnavailable> {
        match &self.0 {
            Way::Task(orders) => {
                let (done, wait) = channel();
                let _ = orders.send(Order::Advance(to, done));
                wait.recv().unwrap_or(Err(RootUnavailable::Stopped))
            }
            Way::Cluster(cluster) => cluster.advance(to),
        }
    }

    /// Waits until what was submitted before to an embedded validator is final or refused. A cluster tells
    /// each submitter, and nobody waits for all.
    pub fn flush(&self) {
        if matches!(self.0, Way::Task(_)) {
            let _ = self.advance(Height(0));
        }
    }

    /// Ends the task after what it has taken in, or the cluster's engine.
    pub fn stop(&self) {
        match &self.0 {
            Way::Task(orders) => drop(orders.send(Order::Stop)),
            Way::Cluster(cluster) => cluster.stop(),
        }
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
    (RootHandle(Way::Task(orders)), task)
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
