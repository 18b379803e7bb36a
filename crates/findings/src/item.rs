//! One suite's report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Something that broke a promise, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// what happened, in one line without secrets
    pub what: String,
    /// a command, or the seed or file that brings it back
    pub replay: String,
}

/// What a suite did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// short name, as `F01` or `leak-oracle`; unique in a report
    pub id: String,
    /// what the suite holds, in one sentence
    pub holds: String,
    /// how often each function or state was reached that the suite is there for; each must be above zero
    pub reached: BTreeMap<String, u64>,
    /// how often each fault was in fact injected; each must be above zero
    pub injected: BTreeMap<String, u64>,
    /// inputs, seeds or operations that were run; must be above zero
    pub executions: u64,
    /// each planted fault, and whether the suite caught it; each must be caught
    pub controls: BTreeMap<String, bool>,
    /// what broke a promise; must be empty
    pub findings: Vec<Finding>,
    /// what could not be run here, and why; shown, and never counted as passed
    pub not_run: BTreeMap<String, String>,
    /// the command that runs this suite alone
    pub replay: String,
    /// how long it took
    pub seconds: f64,
}

/// Why a suite has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// it ran nothing
    NothingRun,
    /// this function or state was never reached
    NeverReached(String),
    /// this fault was never injected
    NeverInjected(String),
    /// this planted fault was not caught
    ControlMissed(String),
    /// a promise was broken
    Found(Finding),
}

impl Item {
    /// An empty report of a suite, with what it holds and the command that runs it alone.
    pub fn new(id: &str, holds: &str, replay: &str) -> Self {
        Self { id: id.into(), holds: holds.into(), replay: replay.into(), ..Self::default() }
    }

    /// Declares what has to be reached, so that it counts as zero until it is.
    pub fn must_reach(&mut self, names: &[&str]) {
        for name in names {
            self.reached.entry((*name).to_owned()).or_default();
        }
    }

    /// Declares what has to be injected, so that it counts as zero until it is.
    pub fn must_inject(&mut self, names: &[&str]) {
        for name in names {
            self.injected.entry((*name).to_owned()).or_default();
        }
    }

    /// Counts that something was reached.
    pub fn reach(&mut self, name: &str) {
        count(&mut self.reached, name);
    }

    /// Counts that a fault was injected.
    pub fn inject(&mut self, name: &str) {
        count(&mut self.injected, name);
    }

    /// Notes whether a planted fault was caught; one miss stays a miss.
    pub fn control(&mut self, name: &str, caught: bool) {
        let so_far = self.controls.entry(name.to_owned()).or_insert(true);
        *so_far = *so_far && caught;
    }

    /// Notes what broke a promise.
    pub fn find(&mut self, what: impl Into<String>, replay: impl Into<String>) {
        self.findings.push(Finding { what: what.into(), replay: replay.into() });
    }

    /// Notes what could not be run here, and why.
    pub fn not_run(&mut self, what: &str, why: impl Into<String>) {
        self.not_run.insert(what.to_owned(), why.into());
    }

    /// Why this suite has failed; empty when it has passed.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.executions == 0 {
            faults.push(Fault::NothingRun);
        }
        faults.extend(zeros(&self.reached).map(Fault::NeverReached));
        faults.extend(zeros(&self.injected).map(Fault::NeverInjected));
        let missed = self.controls.iter().filter(|(_, caught)| !**caught);
        faults.extend(missed.map(|(name, _)| Fault::ControlMissed(name.clone())));
        faults.extend(self.findings.iter().cloned().map(Fault::Found));
        faults
    }

    /// Planted faults that were caught, of those planted.
    pub fn caught(&self) -> (usize, usize) {
        (self.controls.values().filter(|caught| **caught).count(), self.controls.len())
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    let n = counts.entry(name.to_owned()).or_default();
    *n = n.saturating_add(1);
}

fn zeros(counts: &BTreeMap<String, u64>) -> impl Iterator<Item = String> {
    counts.iter().filter(|(_, n)| **n == 0).map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Item {
        let mut item = Item::new("F00", "nothing in particular", "make nothing");
        item.must_reach(&["verify"]);
        item.must_inject(&["torn write"]);
        item.reach("verify");
        item.inject("torn write");
        item.control("a planted leak", true);
        item.executions = 1;
        item
    }

    #[test]
    fn a_suite_that_did_what_it_is_there_for_passes() {
        assert_eq!(good().faults(), Vec::new());
        assert_eq!(good().caught(), (1, 1));
    }

    #[test]
    fn what_was_never_run_reached_injected_or_caught_fails_as_a_finding_does() {
        let mut item = good();
        item.executions = 0;
        item.must_reach(&["open"]);
        item.must_inject(&["partition"]);
        item.control("a planted leak", false);
        item.find("two values", "seed 7");
        let found = Finding { what: "two values".into(), replay: "seed 7".into() };
        assert_eq!(
            item.faults(),
            [
                Fault::NothingRun,
                Fault::NeverReached("open".into()),
                Fault::NeverInjected("partition".into()),
                Fault::ControlMissed("a planted leak".into()),
                Fault::Found(found),
            ]
        );
    }

    #[test]
    fn a_control_that_was_missed_once_stays_missed() {
        let mut item = good();
        item.control("a planted leak", false);
        item.control("a planted leak", true);
        assert_eq!(item.caught(), (0, 1));
    }

    #[test]
    fn declaring_again_forgets_nothing() {
        let mut item = good();
        item.must_reach(&["verify"]);
        assert_eq!(item.reached["verify"], 1);
    }
}
