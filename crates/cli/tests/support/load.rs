//! Clients that write invoices beside whatever goes wrong, and the comparison of what they were told with what members have.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::consortium::{Consortium, eventually};
use super::journal::{Journal, complaints};
use super::receivable;

/// The channels with their writers: supplier, bank.
pub(crate) const WRITERS: [(&str, &str, &str); 2] =
    [("trade-a", "supplier-a", "bank-1"), ("trade-b", "supplier-b", "bank-2")];

/// What clients of a consortium have sent, and what they were told.
pub(crate) struct Load<'c> {
    consortium: &'c Consortium,
    path: PathBuf,
    journal: Journal,
    numbers: AtomicUsize,
}

/// Has the clients stop when it is dropped.
struct Ending<'s>(&'s AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'c> Load<'c> {
    /// Nothing was sent yet.
    pub(crate) fn of(consortium: &'c Consortium) -> Self {
        let path = consortium.path("journal");
        Self { consortium, journal: Journal::create(&path), path, numbers: AtomicUsize::new(0) }
    }

    /// So many clients of each writer write while something else is done.
    pub(crate) fn beside<T>(&self, clients: usize, done: impl FnOnce() -> T) -> T {
        let stopped = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in WRITERS.iter().flat_map(|writer| vec![writer; clients]) {
                let stopped = &stopped;
                scope.spawn(move || {
                    while !stopped.load(Ordering::SeqCst) {
                        self.write(*writer);
                    }
                });
            }
            // They stop as well if something goes wrong there.
            let _end = Ending(&stopped);
            done()
        })
    }

    /// How many were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.journal.count()
    }

    /// The journal as it is on the disk.
    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    /// Writes an invoice once, and notes what it is told.
    fn write(&self, (channel, supplier, bank): (&str, &str, &str)) {
        let number = format!("INV-{}", self.numbers.fetch_add(1, Ordering::SeqCst));
        let draft = receivable(&number, supplier, bank).to_string();
        let line = ["--json", "tx", "submit", "-c", channel, "--as", supplier, "-"];
        let answer = self.consortium.ask(supplier, &line, &draft);
        let failed = answer.as_ref().map(|answer| &answer["failed"]["json"]);
        match answer.as_ref().map(|answer| answer["value"]["verdict"].as_str()) {
            Some(Some("applied")) => self.journal.acknowledged(&number),
            Some(_) if failed.is_some_and(|failed| failed["definite"] == true) => {
                self.journal.refused(&number);
            }
            _ => self.journal.unknown(&number),
        }
        if answer.is_none() {
            // Its node is down: whoever asks again at once learns nothing.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Every member of a channel has the same state, whole, and in it what the journal says.
    pub(crate) fn compare(&self) {
        assert_eq!(complaints(&self.text(), &self.written()), Vec::<String>::new());
    }

    /// What all members of the channels have, once each of them has the same.
    pub(crate) fn written(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (channel, supplier, bank) in WRITERS {
            let members = ["buyer", supplier, bank];
            eventually("all members have one state", || {
                let states = members.map(|member| self.consortium.verified(member, channel));
                states[0].is_some() && states.windows(2).all(|two| two[0] == two[1])
            });
            let has = members.map(|member| self.consortium.numbers(member, channel));
            assert!(has.windows(2).all(|two| two[0] == two[1]), "{channel}: one list");
            all.extend(has.into_iter().next().unwrap());
        }
        all
    }
}
