//! Disks in memory, for simulations: what is synced, what is not, and everything that a disk does wrong.
//!
//! ```text
//!   commit --> pending --sync--> durable          a crash keeps durable and some commits at the front of pending
//! ```
//!
//! A [`Medium`] is the disk of one machine. It keeps the promises that the rest of this crate makes of RocksDB (STO-14,
//! STO-15) and breaks them only where it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Change, Row};
use crate::error::StoreError;

/// What an operating system says when it takes no write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// no space: nothing of the write is kept
    NoSpace,
    /// an error of the device: nothing of the write is kept
    Device,
    /// the sync fails, and the kernel drops the dirty pages: what was written since the last sync can be read and is not durable
    Sync,
}

impl Refusal {
    fn text(self) -> String {
        match self {
            Self::NoSpace => "No space left on device",
            Self::Device => "Input/output error",
            Self::Sync => "fdatasync: Input/output error",
        }
        .into()
    }
}

/// On which side of a sync the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// nothing of it is durable for certain
    Before,
    /// it is durable, and nobody was told
    After,
}

/// Promises that a disk breaks: faults that are planted to see whether anybody notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lies {
    /// every n-th sync is said to be done and is not; none if 0
    pub skips_sync: u64,
    /// a crash keeps the second half of a commit
    pub tears_commits: bool,
}

/// The directories of a machine as they were at one moment.
#[derive(Clone, Default)]
pub struct Image(BTreeMap<PathBuf, Rows>);

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image").field("directories", &self.0.len()).finish()
    }
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Default)]
struct Directory {
    durable: Rows,
    live: Rows,
    pending: Vec<Vec<Change>>,
    /// the start of the machine in which somebody has it open
    open_since: Option<u64>,
    /// rows whose bytes have changed by themselves, which a checksum tells
    damaged: BTreeSet<Vec<u8>>,
}

#[derive(Default)]
struct Machine {
    directories: BTreeMap<PathBuf, Directory>,
    starts: u64,
    syncs: u64,
    writes: u64,
    stop_at: Option<(u64, Moment)>,
    is_stopped: bool,
    refusals: BTreeMap<u64, Refusal>,
    refused: u64,
    lies: Lies,
}

fn apply(rows: &mut Rows, changes: &[Change]) {
    for (key, value) in changes {
        match value {
            Some(value) => drop(rows.insert(key.clone(), value.clone())),
            None => drop(rows.remove(key)),
        }
    }
}

impl Directory {
    fn make_durable(&mut self) {
        for changes in self.pending.drain(..) {
            apply(&mut self.durable, &changes);
        }
    }

    /// The power fails: so many commits that were not synced have reached the disk all the same.
    fn crash(&mut self, kept: usize, tears: bool) {
        let pending = std::mem::take(&mut self.pending);
        for (number, changes) in pending.iter().enumerate() {
            if number < kept {
                apply(&mut self.durable, changes);
            } else if number == kept && tears {
                apply(&mut self.durable, changes.get(changes.len() / 2..).unwrap_or_default());
            }
        }
        self.live.clone_from(&self.durable);
    }
}

/// The disk of one machine, in memory. Clones are the same disk.
#[derive(Clone, Default)]
pub struct Medium(Arc<Mutex<Machine>>);

impl Medium {
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Syncs so far, over all directories.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.machine().syncs
    }

    /// Writes so far, over all directories.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.machine().writes
    }

    /// Has the power fail at the n-th sync, counted over all directories from 1.
    pub fn stop_at(&self, sync: u64, moment: Moment) {
        self.machine().stop_at = Some((sync, moment));
    }

    /// A sync of something else on this machine, as of a log that is no directory: whether it is durable, and whether the power is
    /// still on.
    #[must_use]
    pub fn other_sync(&self) -> (bool, bool) {
        let mut machine = self.machine();
        let is_durable = machine.count_sync();
        (is_durable, !machine.is_stopped)
    }

    /// Whether the power has failed, so that nothing can be read or written.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.machine().is_stopped
    }

    /// Has the n-th write refused, counted over all directories from 1.
    pub fn refuse(&self, write: u64, refusal: Refusal) {
        self.machine().refusals.insert(write, refusal);
    }

    /// How many writes were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.machine().refused
    }

    /// Has the disk break its promises from now on.
    pub fn plant(&self, lies: Lies) {
        self.machine().lies = lies;
    }

    /// The power fails, or has failed, and comes back: every directory is closed, and of its unsynced commits `kept` (given their
    /// number) have reached the disk, oldest first.
    pub fn lose_power(&self, mut kept: impl FnMut(usize) -> usize) {
        let mut machine = self.machine();
        let tears = machine.lies.tears_commits;
        for directory in machine.directories.values_mut() {
            let kept = kept(directory.pending.len());
            directory.crash(kept, tears);
        }
        machine.restart();
    }

    /// The process ends: every directory is closed, and nothing is lost.
    pub fn end_process(&self) {
        self.machine().restart();
    }

    /// Everything that is durable.
    #[must_use]
    pub fn image(&self) -> Image {
        let machine = self.machine();
        let durable = machine.directories.iter().map(|(path, of)| (path.clone(), of.durable.clone()));
        Image(durable.collect())
    }

    /// Puts every directory back to an earlier state, or into that of another machine; nothing may be open.
    pub fn restore(&self, image: &Image) {
        let mut machine = self.machine();
        machine.directories.clear();
        for (path, rows) in &image.0 {
            let directory = Directory { durable: rows.clone(), live: rows.clone(), ..Directory::default() };
            machine.directories.insert(path.clone(), directory);
        }
        machine.restart();
    }

    /// Damages the row of a directory at a place in its order; `false` if there is none. Whoever reads it is told.
    pub fn damage(&self, path: &Path, place: usize) -> bool {
        let mut machine = self.machine();
        let Some(directory) = machine.directories.get_mut(path) else { return false };
        let Some(key) = directory.durable.keys().nth(place).cloned() else { return false };
        directory.damaged.insert(key);
        true
    }

    /// Every row of a directory, as somebody with the disk would find it; none if there is no such directory.
    #[must_use]
    pub fn rows(&self, path: &Path) -> Vec<Row> {
        let machine = self.machine();
        let live = machine.directories.get(path).map(|directory| directory.live.clone());
        live.unwrap_or_default().into_iter().collect()
    }

    /// Bytes of all rows of all directories.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let machine = self.machine();
        machine.directories.values().map(|directory| bytes_of(&directory.live)).sum()
    }
}

fn bytes_of(rows: &Rows) -> u64 {
    rows.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum()
}

impl std::fmt::Debug for Medium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let machine = self.machine();
        f.debug_struct("Medium").field("syncs", &machine.syncs).field("writes", &machine.writes).finish()
    }
}

impl Machine {
    fn restart(&mut self) {
        self.starts = self.starts.saturating_add(1);
        self.is_stopped = false;
        self.stop_at = None;
        for directory in self.directories.values_mut() {
            directory.open_since = None;
        }
    }

    /// Counts a sync, and has the power fail at it if it is to; whether what is synced becomes durable.
    fn count_sync(&mut self) -> bool {
        self.syncs = self.syncs.saturating_add(1);
        let stops = self.stop_at.filter(|(sync, _)| *sync == self.syncs).map(|(_, moment)| moment);
        self.is_stopped = stops.is_some();
        let is_skipped = self.lies.skips_sync > 0 && self.syncs.is_multiple_of(self.lies.skips_sync);
        stops != Some(Moment::Before) && !is_skipped
    }

    fn sync(&mut self, path: &Path) -> Result<(), String> {
        if self.count_sync() {
            self.directories.entry(path.to_owned()).or_default().make_durable();
        }
        if self.is_stopped { Err("the power has failed".into()) } else { Ok(()) }
    }

    fn refusal(&mut self) -> Option<Refusal> {
        self.writes = self.writes.saturating_add(1);
        let refusal = self.refusals.remove(&self.writes)?;
        self.refused = self.refused.saturating_add(1);
        Some(refusal)
    }
}

/// A directory of a medium, open.
pub(crate) struct Volume {
    medium: Medium,
    path: PathBuf,
    since: u64,
}

impl Volume {
    /// As RocksDB does it: once at a time, made if it is absent.
    pub(super) fn open(medium: &Medium, path: &Path) -> Result<Self, StoreError> {
        let mut machine = medium.machine();
        let since = machine.starts;
        let directory = machine.directories.entry(path.to_owned()).or_default();
        if directory.open_since == Some(since) {
            return Err(StoreError::InUse { path: path.display().to_string() });
        }
        directory.open_since = Some(since);
        drop(machine);
        Ok(Self { medium: medium.clone(), path: path.to_owned(), since })
    }

    fn damaged(&self) -> StoreError {
        StoreError::Damaged { path: self.path.display().to_string() }
    }

    /// Looks at the rows, while the machine that opened them runs.
    fn with<T>(&self, look: impl FnOnce(&Directory) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let machine = self.medium.machine();
        let gone = StoreError::io("read a row", &"the power has failed");
        if machine.is_stopped || machine.starts != self.since {
            return Err(gone);
        }
        machine.directories.get(&self.path).map_or(Err(gone), look)
    }

    pub(super) fn get(&self, row_key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|directory| {
            if directory.damaged.contains(row_key) {
                Err(self.damaged())
            } else {
                Ok(directory.live.get(row_key).cloned())
            }
        })
    }

    /// The rows with `from <= key < end`, as of one moment, in steps: whoever reads a few does not copy all.
    pub(super) fn some(&self, from: &[u8], end: Option<&[u8]>, most: usize) -> Result<Vec<Row>, StoreError> {
        self.with(|directory| {
            let rows = directory.live.range(from.to_vec()..);
            let mut found = Vec::new();
            for (key, value) in
                rows.take_while(|(key, _)| end.is_none_or(|end| key.as_slice() < end)).take(most)
            {
                if directory.damaged.contains(key) {
                    return Err(self.damaged());
                }
                found.push((key.clone(), value.clone()));
            }
            Ok(found)
        })
    }

    pub(super) fn last(&self, from: &[u8], end: Option<Vec<u8>>) -> Result<Option<Row>, StoreError> {
        self.with(|directory| {
            let rows = directory.live.range(from.to_vec()..);
            let last = match end {
                Some(end) => rows.take_while(|(key, _)| **key < end).last(),
                None => directory.live.last_key_value().filter(|(key, _)| key.as_slice() >= from),
            };
            match last {
                Some((key, _)) if directory.damaged.contains(key) => Err(self.damaged()),
                last => Ok(last.map(|(key, value)| (key.clone(), value.clone()))),
            }
        })
    }

    pub(super) fn write(&self, changes: Vec<Change>, is_synced: bool) -> Result<(), String> {
        let mut machine = self.running()?;
        let refusal = machine.refusal();
        if let Some(refusal @ (Refusal::NoSpace | Refusal::Device)) = refusal {
            return Err(refusal.text());
        }
        let directory = machine.directories.entry(self.path.clone()).or_default();
        for (key, _) in &changes {
            directory.damaged.remove(key);
        }
        apply(&mut directory.live, &changes);
        if let Some(refusal) = refusal {
            directory.pending.clear();
            return Err(refusal.text());
        }
        directory.pending.push(changes);
        if is_synced { machine.sync(&self.path) } else { Ok(()) }
    }

    pub(super) fn sync(&self) -> Result<(), String> {
        self.running()?.sync(&self.path)
    }

    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        self.with(|directory| Ok(bytes_of(&directory.live)))
    }

    /// Makes the directory's durable rows those of another one, too.
    pub(super) fn copy(&self, to: &Path) -> Result<(), StoreError> {
        let rows = self.with(|directory| Ok(directory.durable.clone()))?;
        let directory = Directory { durable: rows.clone(), live: rows, ..Directory::default() };
        self.medium.machine().directories.insert(to.to_owned(), directory);
        Ok(())
    }

    fn running(&self) -> Result<MutexGuard<'_, Machine>, String> {
        let machine = self.medium.machine();
        if machine.is_stopped || machine.starts != self.since {
            return Err("the power has failed".into());
        }
        Ok(machine)
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let mut machine = self.medium.machine();
        if let Some(directory) = machine.directories.get_mut(&self.path)
            && directory.open_since == Some(self.since)
        {
            directory.open_since = None;
        }
    }
}

#[cfg(test)]
mod tests;
