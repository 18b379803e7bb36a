//! Root transactions that wait for their block: bounded, each once, and nobody's share takes another's place.

use std::collections::{BTreeMap, BTreeSet};

use parclose_root::{LogEntry, RootReject, RootTransaction};
use parclose_types::Digest;

use crate::root_chain::RootUnavailable;

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
}

/// The pool of a validator.
#[derive(Default)]
pub(crate) struct Pool {
    arrivals: u64,
    waiting: BTreeMap<u64, Waiting>,
    known: BTreeMap<Digest, u64>,
    bytes: usize,
    shares: BTreeMap<Origin, Share>,
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
        origin: Origin,
    ) -> Result<(), NotPooled> {
        if self.has(&digest) {
            return Err(NotPooled::Known);
        }
        let share = self.shares.get(&origin).copied().unwrap_or_default().with(&transaction, bytes);
        let all = self.bytes.saturating_add(bytes);
        if share.bytes > ORIGIN_BYTES_MAX || share.openings > ORIGIN_OPENINGS_MAX || all > POOL_BYTES_MAX {
            return Err(NotPooled::Full);
        }
        self.arrivals = self.arrivals.saturating_add(1);
        self.known.insert(digest, self.arrivals);
        self.shares.insert(origin.clone(), share);
        self.bytes = all;
        self.waiting.insert(self.arrivals, Waiting { transaction, digest, bytes, origin });
        Ok(())
    }

    /// Whether it waits here.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.known.contains_key(digest)
    }

    /// Takes out what is final or will never be.
    pub(crate) fn remove(&mut self, digest: &Digest) {
        let Some(waiting) = self.known.remove(digest).and_then(|at| self.waiting.remove(&at)) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        if let Some(share) = self.shares.get_mut(&waiting.origin) {
            *share = share.without(&waiting.transaction, waiting.bytes);
            if share.transactions == 0 {
                self.shares.remove(&waiting.origin);
            }
        }
    }

    /// The oldest transactions that fit a block of so many bytes, in the order of their arrival.
    pub(crate) fn candidates(&self, count: usize, bytes: usize) -> Vec<(Digest, RootTransaction)> {
        let mut room = bytes;
        let mut chosen = Vec::new();
        for waiting in self.waiting.values() {
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
