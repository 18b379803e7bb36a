//! What the host task and the callers of a root chain share: pool, outbox, and what is wanted of the chain.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parclose_root::{LogEntry, RootReject, RootTransaction};
use parclose_types::{Digest, Failure, Height, PublicKey, encode};
use tokio::sync::Notify;

use super::outbox::Outbox;
use super::pool::{NotPooled, OnOrdered, Origin, Pool};
use super::relay::{Hop, RootAnswer, RootRelay};
use crate::ledger::Ledger;
use crate::root_chain::RootUnavailable;

/// Is told every new head.
pub type OnHead = Box<dyn Fn(Height) + Send + Sync>;

#[derive(Debug, Default)]
struct Mail {
    pool: Pool,
    outbox: Outbox,
    tick: u64,
}

pub(crate) struct Shared {
    pub(crate) ledger: Arc<Ledger>,
    relay: Arc<dyn RootRelay>,
    /// the key by which this node votes, where the validators of a height name it
    own: Option<PublicKey>,
    /// whether those of the next height do
    votes: AtomicBool,
    mail: Mutex<Mail>,
    /// something came in, or another height is wanted
    pub(crate) changed: Notify,
    /// empty blocks are made up to this height
    wanted: AtomicU64,
    head: (Mutex<Height>, Condvar),
    on_head: OnHead,
    /// a height was decided while this node took part
    is_current: AtomicBool,
    stopped: AtomicBool,
    reason: Mutex<Option<RootUnavailable>>,
}

impl Shared {
    pub(crate) fn new(
        ledger: Arc<Ledger>,
        relay: Arc<dyn RootRelay>,
        own: Option<PublicKey>,
        on_head: OnHead,
    ) -> Result<Self, RootUnavailable> {
        let head = (Mutex::new(ledger.head()), Condvar::new());
        let shared = Self {
            ledger,
            relay,
            own,
            votes: AtomicBool::new(false),
            mail: Mutex::default(),
            changed: Notify::new(),
            wanted: AtomicU64::new(0),
            head,
            on_head,
            is_current: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            reason: Mutex::default(),
        };
        shared.take_turn()?;
        Ok(shared)
    }

    /// The height after the last final one.
    pub(crate) fn next_height(&self) -> Height {
        Height(self.ledger.head().0.saturating_add(1))
    }

    /// Whether this node votes at the next height.
    pub(crate) fn votes(&self) -> bool {
        self.votes.load(Ordering::Acquire)
    }

    /// Looks up whether the validators of the next height name this node. Who votes no more keeps no pool:
    /// whoever handed something in hands it in again.
    ///
    /// # Rules
    ///
    /// > CON-20: a node votes, proposes and takes in transactions at the heights whose validators name its key, and follows at all others.
    pub(crate) fn take_turn(&self) -> Result<(), RootUnavailable> {
        let Some(own) = &self.own else { return Ok(()) };
        let validators = self.ledger.next_validators()?;
        let votes = validators.power_of(own).is_some();
        self.mail().pool.share_among(validators.validators().len());
        if self.votes.swap(votes, Ordering::AcqRel) != votes {
            tracing::info!(votes, head = %self.ledger.head(), "the validators have changed");
        }
        if !votes {
            self.mail().pool.retain(|_| false);
        }
        Ok(())
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the next block could hold the transaction, were it alone in it.
    fn check(&self, transaction: &RootTransaction) -> Result<Option<RootReject>, RootUnavailable> {
        let state = self.ledger.state()?;
        let (_, rejected) = state.prepare([transaction.clone()]);
        Ok(rejected.first().map(|(_, reason)| *reason))
    }

    /// Takes in this node's own transaction; `done` is told when it is final, or never will be.
    ///
    /// # Rules
    ///
    /// > MEM-02: a submitted transaction is handed in again until it is final, until it cannot be ordered any more, or until its last height has passed; its submitter is told which.
    pub(crate) fn submit(&self, transaction: RootTransaction, done: OnOrdered) {
        if let Some(reason) = self.why_stopped() {
            return done(Err(reason));
        }
        match self.check(&transaction) {
            Err(reason) => return done(Err(reason)),
            Ok(Some(reason)) if !reason.is_for_now() => return done(Ok(Err(reason))),
            Ok(_) => {}
        }
        let digest = transaction.digest();
        let is_new = {
            let mut mail = self.mail();
            let tick = mail.tick;
            mail.outbox.add(digest, transaction.clone(), done, tick)
        };
        if is_new {
            self.hand_in(&digest, transaction);
        }
    }

    /// Another validator's turn, unless there is none to be reached.
    fn hand_in(&self, digest: &Digest, transaction: RootTransaction) {
        let bytes = encode(&transaction);
        if self.relay.hand_in(&bytes) || !self.votes() {
            return;
        }
        let _ = self.mail().pool.add(transaction, *digest, bytes.len(), (None, Hop::HandedIn));
        self.relay.spread(&bytes);
        self.changed.notify_one();
    }

    /// Takes in what a peer offers.
    ///
    /// # Rules
    ///
    /// > MEM-03: a validator takes in and passes on only transactions that decode and that the next block could hold; it passes on what it was handed in, and not what was passed on to it.
    pub(crate) fn offered(&self, from: &str, bytes: &[u8], hop: Hop) -> RootAnswer {
        if !self.votes() {
            return RootAnswer::Full;
        }
        let transaction = match RootTransaction::decode(bytes) {
            Ok(transaction) => transaction,
            Err(malformed) => return RootAnswer::Refused { rule: malformed.rule() },
        };
        let digest = transaction.digest();
        // Before its signatures are checked: everybody passes everything on.
        if self.mail().pool.has(&digest) {
            return RootAnswer::Known;
        }
        match self.check(&transaction) {
            Err(_) => return RootAnswer::Full,
            Ok(Some(reason)) if !reason.is_for_now() => return RootAnswer::Refused { rule: reason.rule() },
            Ok(_) => {}
        }
        let origin: Origin = Some(from.to_owned());
        let added = self.mail().pool.add(transaction, digest, bytes.len(), (origin, hop));
        match added {
            Err(NotPooled::Known) => RootAnswer::Known,
            Err(NotPooled::Full) => RootAnswer::Full,
            Ok(()) => {
                if hop == Hop::HandedIn {
                    self.relay.spread(bytes);
                }
                self.changed.notify_one();
                RootAnswer::Taken
            }
        }
    }

    pub(crate) fn candidates(&self, count: usize, bytes: usize) -> Vec<(Digest, RootTransaction)> {
        self.mail().pool.candidates(count, bytes)
    }

    pub(crate) fn drop_candidates(&self, digests: &[Digest]) {
        let mut mail = self.mail();
        for digest in digests {
            mail.pool.remove(digest);
        }
    }

    /// A block is final: who submitted one of its transactions is told, and what has lapsed is given up.
    pub(crate) fn ordered(&self, placed: &[Option<LogEntry>], transactions: &[RootTransaction]) {
        let head = self.ledger.head();
        let mut told: Vec<(OnOrdered, Result<Option<LogEntry>, RootReject>)> = Vec::new();
        {
            let mut mail = self.mail();
            for (entry, transaction) in placed.iter().zip(transactions) {
                let digest = transaction.digest();
                mail.pool.ordered(&digest);
                told.extend(mail.outbox.take(&digest).into_iter().map(|done| (done, Ok(*entry))));
            }
            let next = Height(head.0.saturating_add(1));
            for (digest, reason) in mail.outbox.lapsed(next) {
                told.extend(mail.outbox.take(&digest).into_iter().map(|done| (done, Err(reason))));
            }
            mail.pool.retain(|transaction| transaction.lapsed(next).is_none());
            mail.pool.forget_deals(head);
        }
        *self.head.0.lock().unwrap_or_else(PoisonError::into_inner) = head;
        self.head.1.notify_all();
        for (done, outcome) in told {
            done(Ok(outcome));
        }
        (self.on_head)(head);
    }

    /// Time has passed: what is not final is looked at and handed in again.
    pub(crate) fn tick(&self) {
        let due = {
            let mut mail = self.mail();
            mail.tick = mail.tick.saturating_add(1);
            let tick = mail.tick;
            mail.outbox.due(tick)
        };
        for (digest, transaction) in due {
            match self.check(&transaction) {
                Ok(Some(reason)) if !reason.is_for_now() => {
                    let done = self.mail().outbox.take(&digest);
                    done.into_iter().for_each(|done| done(Ok(Err(reason))));
                }
                _ => self.hand_in(&digest, transaction),
            }
        }
    }

    /// A height was decided and did not have to be fetched: what came before is here.
    pub(crate) fn has_caught_up(&self) {
        self.is_current.store(true, Ordering::Release);
    }

    pub(crate) fn is_current(&self) -> bool {
        self.is_current.load(Ordering::Acquire)
    }

    /// Whether a block is wanted now.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire) > self.ledger.head().0 || !self.mail().pool.is_empty()
    }

    pub(crate) fn pooled(&self) -> usize {
        self.mail().pool.len()
    }

    /// Has empty blocks made up to a height, and waits for it.
    pub(crate) fn advance(&self, to: Height, patience: Duration) -> Result<Height, RootUnavailable> {
        self.wanted.fetch_max(to.0, Ordering::AcqRel);
        self.changed.notify_one();
        let mut head = self.head.0.lock().unwrap_or_else(PoisonError::into_inner);
        while *head < to {
            if let Some(reason) = self.why_stopped() {
                return Err(reason);
            }
            let before = *head;
            let (now, waited) =
                self.head.1.wait_timeout(head, patience).unwrap_or_else(PoisonError::into_inner);
            head = now;
            if waited.timed_out() && *head == before {
                return Err(RootUnavailable::NoProgress { head: before });
            }
        }
        Ok(*head)
    }

    /// The host has ended: nobody waits any longer.
    pub(crate) fn stop(&self, reason: Option<RootUnavailable>) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
        self.stopped.store(true, Ordering::Release);
        self.head.1.notify_all();
        self.mail().outbox.clear();
    }

    pub(crate) fn why_stopped(&self) -> Option<RootUnavailable> {
        if !self.stopped.load(Ordering::Acquire) {
            return None;
        }
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(reason.unwrap_or(RootUnavailable::Stopped))
    }
}
