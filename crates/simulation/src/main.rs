//! `parclose-simulate`: many seeds, or one again.
//!
//! ```text
//! parclose-simulate --seeds N [--from S] [--minutes M] [--rooms | --streams | --fetching] [--json FILE]
//! parclose-simulate [--rooms | --streams | --fetching] --replay SEED        one run, every event shown
//! parclose-simulate --sweep [--from S] [--point P]              power fails at every sync, or at one
//! parclose-simulate --all [--from S] [--minutes M] [--json FILE]  every suite, with its controls
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use parclose_findings::{Budget, Item, Report};
use parclose_simulation::plan::Plan;
use parclose_simulation::rooms;
use parclose_simulation::rooms::plan::RoomPlan;
use parclose_simulation::trace::Trace;
use parclose_simulation::{suite, world};

/// What was asked for: words, and values by word.
struct Asked(BTreeMap<String, String>);

impl Asked {
    fn read() -> Self {
        let mut words = std::env::args().skip(1).peekable();
        let mut found = BTreeMap::new();
        while let Some(word) = words.next() {
            let value = words.next_if(|next| !next.starts_with("--")).unwrap_or_default();
            found.insert(word, value);
        }
        Self(found)
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains_key(word)
    }

    fn number(&self, word: &str) -> Option<u64> {
        self.0.get(word).and_then(|value| value.parse().ok())
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is for a person")]
fn main() -> ExitCode {
    let asked = Asked::read();
    if let Some(seed) = asked.number("--replay") {
        return one(&asked, seed);
    }
    if let Some(point) = asked.number("--point") {
        return told(world::run(suite::sweep_plan(Some(point)), Trace::loud()).violation);
    }
    let from = asked.number("--from").unwrap_or_default();
    let budget =
        || Budget::new(from, Duration::from_secs(asked.number("--minutes").unwrap_or_default() * 60));
    let items: Vec<Item> = if asked.has("--all") {
        suite::suites().into_iter().map(|suite| suite(&budget())).collect()
    } else if asked.has("--sweep") {
        vec![suite::sweep(&budget())]
    } else {
        vec![seeds(&asked, from)]
    };
    let mut report = Report::new(env!("CARGO_PKG_VERSION"), from);
    for item in items {
        let (caught, planted) = item.caught();
        println!(
            "{}: {} runs, {caught} of {planted} planted faults caught, {:.1} s",
            item.id, item.executions, item.seconds
        );
        for (title, counts) in [("reached", &item.reached), ("injected", &item.injected)] {
            for (name, count) in counts {
                println!("  {title} {count:>8} {name}");
            }
        }
        for finding in &item.findings {
            println!("  FOUND {}\n    {}", finding.what, finding.replay);
        }
        if let Err(id) = report.take(item) {
            eprintln!("two suites are called {id}");
        }
    }
    let json = report.to_json().unwrap_or_default();
    if let Some(file) = asked.0.get("--json")
        && let Err(reason) = std::fs::write(file, json)
    {
        eprintln!("{file}: {reason}");
        return ExitCode::FAILURE;
    }
    if report.items.iter().all(|item| item.findings.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[allow(clippy::print_stdout, reason = "its output is for a person")]
fn told(violation: Option<parclose_simulation::checker::Violation>) -> ExitCode {
    match violation {
        None => ExitCode::SUCCESS,
        Some(violation) => {
            println!("FOUND {violation}");
            ExitCode::FAILURE
        }
    }
}

fn one(asked: &Asked, seed: u64) -> ExitCode {
    let trace = Trace::loud();
    if asked.has("--rooms") {
        return told(rooms::run(RoomPlan::of(seed), trace).violation);
    }
    told(world::run(plan(asked, seed), trace).violation)
}

/// What a seed means, in the kind of run that was asked for.
fn plan(asked: &Asked, seed: u64) -> Plan {
    if asked.has("--fetching") {
        return suite::fetching_plan(seed);
    }
    if asked.has("--streams") { suite::streams_plan(seed) } else { Plan::of(seed) }
}

/// So many seeds, without controls.
fn seeds(asked: &Asked, from: u64) -> Item {
    let mut item = Item::new("seeds", "every seed holds", "parclose-simulate --seeds 400");
    let minutes = asked.number("--minutes").unwrap_or_default();
    let budget = Budget::new(from, Duration::from_secs(minutes * 60));
    let wanted = asked.number("--seeds").unwrap_or(400);
    let mut number = 0;
    while number < wanted || budget.is_left() {
        let seed = from.wrapping_add(number);
        if asked.has("--rooms") {
            let outcome = rooms::run(RoomPlan::of(seed), Trace::default());
            suite::rooms_outcome(&mut item, &outcome, seed);
        } else {
            suite::world_outcome(&mut item, &world::run(plan(asked, seed), Trace::default()), seed);
        }
        number += 1;
    }
    item.seconds = budget.used().as_secs_f64();
    item
}
