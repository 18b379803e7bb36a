//! What a client was told, written down and synced before it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A client's journal: a line for each outcome.
pub(crate) struct Journal {
    file: Mutex<std::fs::File>,
    acknowledged: AtomicUsize,
}

impl Journal {
    pub(crate) fn create(path: &Path) -> Self {
        let file = std::fs::File::create(path).expect("a test writes its own folder");
        Self { file: Mutex::new(file), acknowledged: AtomicUsize::new(0) }
    }

    /// An acknowledgement counts once it is on the disk.
    pub(crate) fn acknowledged(&self, number: &str) {
        self.line("acknowledged", number);
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// Nobody has told what became of it.
    pub(crate) fn unknown(&self, number: &str) {
        self.line("unknown", number);
    }

    /// It was refused for good.
    pub(crate) fn refused(&self, number: &str) {
        self.line("refused", number);
    }

    pub(crate) fn count(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    fn line(&self, outcome: &str, number: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written =
            file.write_all(format!("{outcome} {number}\n").as_bytes()).and_then(|()| file.sync_data());
        written.expect("the journal is kept");
    }
}

/// What is wrong with what a member has, by a journal: lost, doubled, or written though it was refused.
pub(crate) fn complaints(journal: &str, has: &[String]) -> Vec<String> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for number in has {
        *times.entry(number).or_default() += 1;
    }
    let mut known = BTreeSet::new();
    let mut wrong = Vec::new();
    for (outcome, number) in journal.lines().filter_map(|line| line.split_once(' ')) {
        let found = times.get(number).copied().unwrap_or_default();
        if !known.insert(number) {
            wrong.push(format!("{number} stands twice in the journal"));
        }
        match (outcome, found) {
            ("acknowledged", 1) | ("unknown", 0 | 1) | ("refused", 0) => {}
            ("acknowledged", 0) => wrong.push(format!("{number} was acknowledged and is lost")),
            (_, found) => wrong.push(format!("{number} was {outcome} and is there {found} times")),
        }
    }
    wrong.extend(
        times.keys().filter(|number| !known.contains(**number)).map(|n| format!("{n} was never sent")),
    );
    wrong
}
