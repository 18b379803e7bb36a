//! The engine's log of a height, in memory: what of it survives a crash.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use malachite_app::app::consensus::Input;
use parclose_store::hazmat::Medium;

use crate::engine::{EngineHeight, RootContext};

#[derive(Default)]
struct Log {
    height: EngineHeight,
    entries: Vec<Input<RootContext>>,
    /// entries that are on the disk
    flushed: usize,
}

/// The write-ahead log of one validator's engine, on its machine. Clones are the same log.
#[derive(Clone)]
pub struct EngineLog {
    medium: Medium,
    log: Arc<Mutex<Log>>,
}

impl EngineLog {
    /// An empty log on a machine, whose syncs count among the machine's.
    #[must_use]
    pub fn on(medium: &Medium) -> Self {
        Self { medium: medium.clone(), log: Arc::default() }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The power fails: of the entries that are not flushed so many are kept, given their number.
    pub fn lose_power(&self, kept: impl FnOnce(usize) -> usize) {
        let mut log = self.log();
        let (flushed, unflushed) = (log.flushed, log.entries.len().saturating_sub(log.flushed));
        let kept = kept(unflushed).min(unflushed);
        log.entries.truncate(flushed.saturating_add(kept));
        log.flushed = log.entries.len();
    }

    /// Its tail is damaged, and cut off when it is opened: so many entries are left.
    pub fn cut(&self, left: usize) {
        let mut log = self.log();
        log.entries.truncate(left);
        log.flushed = log.flushed.min(left);
    }

    /// A copy for another machine, or to be put back later.
    #[must_use]
    pub fn copied_to(&self, medium: &Medium) -> Self {
        let log = self.log();
        let entries = log.entries.get(..log.flushed).unwrap_or_default().to_vec();
        let copy = Log { height: log.height, flushed: entries.len(), entries };
        Self { medium: medium.clone(), log: Arc::new(Mutex::new(copy)) }
    }

    /// Entries, flushed or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log().entries.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log().entries.is_empty()
    }

    /// Begins a height: what is there of it, or nothing, when it was of another.
    pub(super) fn begin(&self, height: EngineHeight, keeps: bool) -> Result<Vec<Input<RootContext>>, String> {
        let entries = {
            let mut log = self.log();
            if log.height != height || !keeps {
                *log = Log { height, ..Log::default() };
            }
            log.entries.clone()
        };
        self.flush()?;
        Ok(entries)
    }

    pub(super) fn append(&self, height: EngineHeight, entry: Input<RootContext>) {
        let mut log = self.log();
        if log.height == height {
            log.entries.push(entry);
        }
    }

    /// Makes all entries durable.
    pub(super) fn flush(&self) -> Result<(), String> {
        let mut log = self.log();
        if log.flushed == log.entries.len() {
            return Ok(());
        }
        let (is_durable, goes_on) = self.medium.other_sync();
        if is_durable {
            log.flushed = log.entries.len();
        }
        if goes_on { Ok(()) } else { Err("the power has failed".into()) }
    }
}

impl std::fmt::Debug for EngineLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let log = self.log();
        f.debug_struct("EngineLog")
            .field("entries", &log.entries.len())
            .field("flushed", &log.flushed)
            .finish()
    }
}
