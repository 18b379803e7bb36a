//! Root transactions that wait for their block: bounded, each once, and nobody's share takes another's place.

mod standing;

use std::collections::{BTreeMap, BTreeSet};

use parclose_root::{LogEntry, OpenDeal, RootReject, RootTransaction};
use parclose_types::{Digest, Height};

use super::relay::Hop;
use crate::root_chain::RootUnavailable;
use standing::Standing;

/// What became of a root transaction: its log entry, which a deal that was opened does not have, or why it was not
/// ordered.
pub type Ordered = Result<Result<Option<LogEntry>, RootReject>, RootUnavailable>;
/// Is told what became of a root transaction; dropped uncalled when the node stops before that is known.
pub type OnOrdered = Box<dyn FnOnce(Ordered) + Send>;

/// Bytes that wait at most.
pub(crate) const POOL_BYTES_MAX: usize = 32 << 20;
/// Bytes of one origin that wait at most: a peer that floods fills its own share.
pub(crate) const ORIGIN_BYTES_MAX: usize = 8 << 20;
/// Openings of channels and deals of one origin that wait at most: those of two full blocks, which anybody can make
/// and which would otherwise stand before everything else for as long as blocks take a few of them each.
pub(crate) const ORIGIN_OPENINGS_MAX: usize = 128;

/// Where a transaction came from: this node, or a peer by name.
pub(crate) type Origin = Option<String>;

/// Why a transaction does not wait here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPooled {
    /// it waits already
    Known,
    /// no room for it, or for its origin
    Full,
}

struct Waiting {
    transaction: RootTransaction,
    digest: Digest,
    bytes: usize,
    origin: Origin,
    hop: Hop,
}

/// The pool of a validator.
#[derive(Default)]
pub(crate) struct Pool {
    arrivals: u64,
    waiting: BTreeMap<u64, Waiting>,
    known: BTreeMap<Digest, u64>,
    bytes: usize,
    shares: BTreeMap<Origin, Share>,
    standing: Standing,
}

/// What of one origin waits.
#[derive(Clone, Copy, Default)]
struct Share {
    transactions: usize,
    bytes: usize,
    openings: usize,
}

impl Share {
    fn with(self, transaction: &RootTransaction, bytes: usize) -> Self {
        Self {
            transactions: self.transactions.saturating_add(1),
            bytes: self.bytes.saturating_add(bytes),
            openings: self.openings.saturating_add(opens(transaction)),
        }
    }

    fn without(self, transaction: &RootTransaction, bytes: usize) -> Self {
        Self {
            transactions: self.transactions.saturating_sub(1),
            bytes: self.bytes.saturating_sub(bytes),
            openings: self.openings.saturating_sub(opens(transaction)),
        }
    }
}

/// How many openings a transaction is: one or none.
fn opens(transaction: &RootTransaction) -> usize {
    let opening = matches!(transaction, RootTransaction::OpenChannel(_) | RootTransaction::OpenDeal(_));
    usize::from(opening)
}

/// Where a deal ends that a transaction opens.
fn settle_before(transaction: &RootTransaction) -> Option<Height> {
    match transaction {
        RootTransaction::OpenDeal(OpenDeal { deal }) => Some(deal.settle_before),
        _ => None,
    }
}

impl Pool {
    /// Takes a transaction in.
    ///
    /// # Rules
    ///
    /// > MEM-01: a validator's pool holds each transaction once, at most 32 MiB in all, and of one origin at most 8 MiB and at most 128 openings of channels and deals.
    pub(crate) fn add(
        &mut self,
        transaction: RootTransaction,
        digest: Digest,
        bytes: usize,
        (origin, hop): (Origin, Hop),
    ) -> Result<(), NotPooled> {
        if self.has(&digest) {
            return Err(NotPooled::Known);
        }
        let share = self.shares.get(&origin).copied().unwrap_or_default().with(&transaction, bytes);
        let all = self.bytes.saturating_add(bytes);
        if share.bytes > ORIGIN_BYTES_MAX || share.openings > ORIGIN_OPENINGS_MAX || all > POOL_BYTES_MAX {
            return Err(NotPooled::Full);
        }
        if let Some(height) = settle_before(&transaction) {
            if !self.standing.admits(&origin, hop, height) {
                return Err(NotPooled::Full);
            }
            self.standing.add(&origin, hop, height);
        }
        self.arrivals = self.arrivals.saturating_add(1);
        self.known.insert(digest, self.arrivals);
        self.shares.insert(origin.clone(), share);
        self.bytes = all;
        self.waiting.insert(self.arrivals, Waiting { transaction, digest, bytes, origin, hop });
        Ok(())
    }

    /// Whether it waits here.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.known.contains_key(digest)
    }

    /// There are so many validators, who share the room for deals.
    pub(crate) fn share_among(&mut self, validators: usize) {
        self.standing.share_among(validators);
    }

    /// Takes out what will never be ordered.
    pub(crate) fn remove(&mut self, digest: &Digest) {
        if let Some(gone) = self.take(digest)
            && let Some(height) = settle_before(&gone.transaction)
        {
            self.standing.remove(&gone.origin, gone.hop, height);
        }
    }

    /// Takes out what is final. A deal stands in the state from then on.
    pub(crate) fn ordered(&mut self, digest: &Digest) {
        drop(self.take(digest));
    }

    /// Forgets of whose deals the state has forgotten.
    pub(crate) fn forget_deals(&mut self, head: Height) {
        self.standing.forget(head);
    }

    fn take(&mut self, digest: &Digest) -> Option<Waiting> {
        let waiting = self.known.remove(digest).and_then(|at| self.waiting.remove(&at))?;
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        if let Some(share) = self.shares.get_mut(&waiting.origin) {
            *share = share.without(&waiting.transaction, waiting.bytes);
            if share.transactions == 0 {
                self.shares.remove(&waiting.origin);
            }
        }
        Some(waiting)
    }

    /// Openings in their turns: the first of each origin, then the second of each, and so on.
    ///
    /// # Rules
    ///
    /// > MEM-04: openings of channels and deals wait in turns: before the next one of an origin come as many of every other.
    fn openings_in_turn(&self) -> impl Iterator<Item = &Waiting> {
        let mut of_origin: BTreeMap<&Origin, usize> = BTreeMap::new();
        let mut turns = BTreeMap::new();
        for (arrival, waiting) in self.waiting.iter().filter(|(_, w)| opens(&w.transaction) > 0) {
            let turn = of_origin.entry(&waiting.origin).or_default();
            turns.insert((*turn, *arrival), waiting);
            *turn = turn.saturating_add(1);
        }
        turns.into_values()
    }

    /// The oldest transactions that fit a block of so many bytes, in the order of their arrival; but openings take
    /// turns at the places that they have.
    pub(crate) fn candidates(&self, count: usize, bytes: usize) -> Vec<(Digest, RootTransaction)> {
        let mut room = bytes;
        let mut chosen = Vec::new();
        let mut openings = self.openings_in_turn();
        for waiting in self.waiting.values() {
            let opens = opens(&waiting.transaction) > 0;
            let waiting = if opens { openings.next().unwrap_or(waiting) } else { waiting };
            let Some(left) = room.checked_sub(waiting.bytes) else { break };
            if chosen.len() >= count {
                break;
            }
            room = left;
            chosen.push((waiting.digest, waiting.transaction.clone()));
        }
        chosen
    }

    /// Keeps only what is still wanted.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&RootTransaction) -> bool) {
        let gone: BTreeSet<Digest> =
            self.waiting.values().filter(|w| !wanted(&w.transaction)).map(|w| w.digest).collect();
        for digest in &gone {
            self.remove(digest);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} transactions, {} bytes)", self.waiting.len(), self.bytes)
    }
}
