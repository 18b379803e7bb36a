//! A run of one suite: planted faults, the corpus, then mutants until the time is used.
//!
//! Every run says what it reached. A crash is written to a file, and the report names the command that brings it back.

use std::path::{Path, PathBuf};

use parclose_crypto::hash::sha256;
use parclose_findings::{Budget, Item};
use parclose_types::hex;

use crate::mutator::{Crash, Mutator, run as run_once};
use crate::packs::{self, Entry};
use crate::suites::{Answer, Control, Suite, replay_command};
use crate::{Target, reach, seeds};

/// Mutants that a planted fault has to be caught with, beyond the corpus.
const CONTROL_MUTANTS: usize = 3000;
/// A suite with so many findings has failed; more of them say nothing new.
const FINDINGS_MAX: usize = 5;
/// Seconds that one input may take.
const SECONDS_OF_INPUT: f64 = 5.0;

/// Where crashes go.
#[derive(Clone, Debug)]
pub struct Runner {
    crashes: PathBuf,
}

impl Default for Runner {
    /// `target/fuzz` below the current folder.
    fn default() -> Self {
        Self { crashes: Path::new("target").join("fuzz") }
    }
}

impl Runner {
    /// With a folder for crashes.
    #[must_use]
    pub fn new(crashes: PathBuf) -> Self {
        Self { crashes }
    }

    /// Runs a suite with its own corpus.
    #[must_use]
    pub fn run(&self, suite: &Suite, budget: &Budget) -> Item {
        self.run_with(suite, &packs::read(suite), budget)
    }

    /// Runs a suite with these inputs.
    #[must_use]
    pub fn run_with(&self, suite: &Suite, corpus: &[Entry], budget: &Budget) -> Item {
        let from = budget.used();
        let mut item = Item::new(suite.id, suite.holds, &replay_command(suite.id));
        let inputs: Vec<Vec<u8>> = corpus.iter().map(|entry| entry.bytes.clone()).collect();
        for control in suite.controls {
            item.control(control.name, is_caught(control, &inputs, budget.seed));
        }
        reach::start();
        for entry in corpus {
            match self.once(suite.id, suite.run, &entry.bytes, budget, &mut item) {
                Some(answer) if answer.as_str() != entry.answer => {
                    let what = format!("was answered `{}` and is now `{}`", entry.answer, answer.as_str());
                    self.find(suite.id, &entry.bytes, &what, &mut item);
                }
                _ => {}
            }
        }
        if !inputs.is_empty() {
            self.mutate(suite.id, suite.run, &inputs, budget, &mut item);
        }
        reach::report(&(suite.reach)(), &mut item);
        item.seconds = budget.used().saturating_sub(from).as_secs_f64();
        item
    }

    /// Runs an entrance with its folder of the corpus.
    #[must_use]
    pub fn run_target(&self, target: &Target, budget: &Budget) -> Item {
        let from = budget.used();
        let holds = format!("the entrance `{}` keeps its promises", target.name);
        let mut item = Item::new(target.name, &holds, &replay_command(target.name));
        item.must_reach(&["taken", "refused"]);
        let inputs = folder_of(target.name);
        for input in &inputs {
            self.target_once(target, input, budget, &mut item);
        }
        let mut mutator = (!inputs.is_empty()).then(|| Mutator::new(&inputs, budget.seed));
        while let Some(mutator) = mutator.as_mut().filter(|_| goes_on(budget, &item)) {
            self.target_once(target, &mutator.draw(), budget, &mut item);
        }
        item.seconds = budget.used().saturating_sub(from).as_secs_f64();
        item
    }

    fn target_once(&self, target: &Target, input: &[u8], budget: &Budget, item: &mut Item) {
        let answer = self.once(target.name, target.run, input, budget, item).map(Answer::from);
        if let Some(answer) = answer {
            item.reach(if answer.is_taken() { "taken" } else { "refused" });
        }
    }

    fn mutate(
        &self,
        id: &str,
        run: fn(&[u8]) -> Answer,
        inputs: &[Vec<u8>],
        budget: &Budget,
        item: &mut Item,
    ) {
        let mut mutator = Mutator::new(inputs, budget.seed);
        while goes_on(budget, item) {
            self.once(id, run, &mutator.draw(), budget, item);
        }
    }

    /// One execution; a panic, and an input that takes too long, are findings.
    fn once<T>(
        &self,
        id: &str,
        run: fn(&[u8]) -> T,
        input: &[u8],
        budget: &Budget,
        item: &mut Item,
    ) -> Option<T> {
        let before = budget.used();
        item.executions = item.executions.saturating_add(1);
        let outcome = run_once(run, input);
        let seconds = budget.used().saturating_sub(before).as_secs_f64();
        if seconds > SECONDS_OF_INPUT {
            self.find(id, input, &format!("one input takes {seconds:.1} seconds"), item);
        }
        match outcome {
            Ok(answer) => Some(answer),
            Err(Crash { message, .. }) => {
                self.find(id, input, &message, item);
                None
            }
        }
    }

    fn find(&self, id: &str, input: &[u8], what: &str, item: &mut Item) {
        if item.findings.len() >= FINDINGS_MAX {
            return;
        }
        let name: String = hex::encode(&sha256(input)).chars().take(12).collect();
        let path = self.crashes.join(format!("{id}-{name}"));
        let written = std::fs::create_dir_all(&self.crashes).and_then(|()| std::fs::write(&path, input));
        let first = what.lines().next().unwrap_or_default();
        match written {
            Ok(()) => item.find(first, format!("make fuzz TARGET={id} REPLAY={}", path.display())),
            Err(_) => item.find(first, format!("input {}", hex::encode(input))),
        }
    }
}

fn goes_on(budget: &Budget, item: &Item) -> bool {
    budget.is_left() && item.findings.len() < FINDINGS_MAX
}

/// The inputs of an entrance, by the names of their files.
fn folder_of(target: &str) -> Vec<Vec<u8>> {
    let folder = seeds::corpus().join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Whether a subject that is broken on purpose is found out: by the corpus, or by mutants of it.
fn is_caught(control: &Control, inputs: &[Vec<u8>], seed: u64) -> bool {
    if inputs.is_empty() {
        return false;
    }
    let mut mutator = Mutator::new(inputs, seed);
    let breaks = |input: &[u8]| run_once(control.run, input).is_err();
    inputs.iter().any(|input| breaks(input)) || (0..CONTROL_MUTANTS).any(|_| breaks(&mutator.draw()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parclose_findings::Fault;

    use super::*;
    use crate::reach::Point;

    static SAID: Point = Point::decides("said");

    fn honest(input: &[u8]) -> Answer {
        let answer = SAID.ask(|| if input.starts_with(b"good") { Ok(()) } else { Err("BAD-01") });
        answer.into()
    }

    fn broken(input: &[u8]) -> Answer {
        assert!(input.starts_with(b"good"), "it is not good");
        Answer::Taken
    }

    const SUITE: Suite = Suite {
        id: "F00",
        name: "f00_test",
        holds: "nothing",
        reach: || vec![&SAID],
        run: honest,
        controls: &[Control { name: "breaks at all that is not good", run: broken }],
        script_bytes: 4,
    };

    fn entry(answer: &str, bytes: &[u8]) -> Entry {
        Entry { bytes: bytes.to_vec(), answer: answer.into() }
    }

    fn run(suite: &Suite, corpus: &[Entry], limit: Duration) -> Item {
        let folder = tempfile::tempdir().expect("a folder for crashes");
        Runner::new(folder.path().into()).run_with(suite, corpus, &Budget::new(1, limit))
    }

    #[test]
    fn a_suite_that_keeps_its_promise_passes() {
        let item = run(&SUITE, &[entry("taken", b"good"), entry("BAD-01", b"evil")], Duration::ZERO);
        assert_eq!(item.faults(), []);
        assert_eq!((item.executions, item.caught()), (2, (1, 1)));
    }

    #[test]
    fn a_panic_is_a_finding_with_a_file_that_brings_it_back() {
        let folder = tempfile::tempdir().expect("a folder for crashes");
        let suite = Suite { run: broken, ..SUITE };
        let item = Runner::new(folder.path().into()).run_with(
            &suite,
            &[entry("taken", b"evil")],
            &Budget::new(1, Duration::ZERO),
        );
        assert_eq!(item.findings.len(), 1);
        assert_eq!(item.findings[0].what, "it is not good");
        let path = item.findings[0].replay.rsplit_once('=').expect("a file").1;
        assert_eq!(std::fs::read(path).expect("it was written"), b"evil");
    }

    #[test]
    fn an_answer_that_changed_is_a_finding() {
        let item = run(&SUITE, &[entry("BAD-01", b"good"), entry("BAD-01", b"evil")], Duration::ZERO);
        assert!(item.findings[0].what.contains("was answered `BAD-01` and is now `taken`"));
    }

    #[test]
    fn a_reach_of_zero_and_a_control_that_is_not_caught_fail_the_suite() {
        let item = run(&SUITE, &[entry("taken", b"good")], Duration::ZERO);
        assert_eq!(item.faults(), [Fault::NeverReached("said: refused".into())]);
        let blind = Suite { controls: &[Control { name: "breaks nothing", run: honest }], ..SUITE };
        let item = run(&blind, &[entry("taken", b"good"), entry("BAD-01", b"evil")], Duration::ZERO);
        assert_eq!(item.faults(), [Fault::ControlMissed("breaks nothing".into())]);
    }

    #[test]
    fn a_suite_without_inputs_has_run_nothing() {
        assert!(run(&SUITE, &[], Duration::ZERO).faults().contains(&Fault::NothingRun));
    }
}
