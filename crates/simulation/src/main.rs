//! `parclose-simulate`: many seeds, or one again.
//!
//! Without more it runs seeds of validators, from 400 on with planted faults; `--replay` runs one again and shows every event; `--sweep` lets the power fail at
//! every sync, `--point` at one; `--all` runs every suite with its controls.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use parclose_findings::report::fault_line;
use parclose_findings::{Budget, Item, Report};
use parclose_simulation::plan::Plan;
use parclose_simulation::rooms;
use parclose_simulation::rooms::plan::RoomPlan;
use parclose_simulation::trace::Trace;
use parclose_simulation::{suite, world};

/// Runs the real state machines under seeded faults, in virtual time.
#[derive(Debug, Parser)]
struct Asked {
    /// seeds to run
    #[arg(long, default_value_t = 400)]
    seeds: u64,
    /// the first of them
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// goes on for so many minutes
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// channels and deals, in place of validators
    #[arg(long, group = "kind")]
    rooms: bool,
    /// validators whose inputs are hostile (F15)
    #[arg(long, group = "kind")]
    streams: bool,
    /// validators that fetch blocks (F17)
    #[arg(long, group = "kind")]
    fetching: bool,
    /// four validators, two on each side of a cut
    #[arg(long, group = "kind", requires = "replay")]
    split: bool,
    /// one seed again, every event shown
    #[arg(long, conflicts_with_all = ["all", "points"])]
    replay: Option<u64>,
    /// the power fails at every sync, before and after it
    #[arg(long, group = "points", conflicts_with_all = ["all", "streams", "fetching"])]
    sweep: bool,
    /// a disk refuses, at each of twenty writes
    #[arg(long, group = "points", conflicts_with_all = ["all", "kind"])]
    refusals: bool,
    /// or at this one only, every event shown
    #[arg(long, requires = "points")]
    point: Option<u64>,
    /// every suite, with its controls
    #[arg(long, conflicts_with = "kind")]
    all: bool,
    /// writes the report there
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Asked {
    fn budget(&self) -> Budget {
        Budget::new(self.from, Duration::from_secs(self.minutes.saturating_mul(60)))
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is for a person")]
fn main() -> ExitCode {
    let asked = Asked::parse();
    if let Some(seed) = asked.replay {
        return one(&asked, seed);
    }
    if let Some(point) = asked.point {
        if asked.rooms {
            return told(rooms::run(RoomPlan::swept(Some(point)), Trace::loud()).violation);
        }
        let plan = if asked.refusals {
            suite::refusal_plan(point)
        } else {
            suite::sweep_plan(asked.from, Some(point))
        };
        return told(world::run(plan, Trace::loud()).violation);
    }
    let items: Vec<Item> = if asked.all {
        suite::suites().into_iter().map(|suite| suite(&asked.budget())).collect()
    } else if asked.sweep && asked.rooms {
        vec![suite::rooms_sweep(&asked.budget())]
    } else if asked.sweep {
        vec![suite::sweep(&asked.budget())]
    } else if asked.refusals {
        vec![suite::refusals(&asked.budget())]
    } else {
        vec![seeds(&asked)]
    };
    let mut report = Report::new(env!("CARGO_PKG_VERSION"), asked.from);
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
        for (what, why) in &item.not_run {
            println!("  not run: {what}: {why}");
        }
        item.faults().iter().for_each(|fault| println!("  FOUND {}", fault_line(fault)));
        if let Err(id) = report.take(item) {
            eprintln!("two suites are called {id}");
        }
    }
    let json = report.to_json().unwrap_or_default();
    if let Some(file) = &asked.json
        && let Err(reason) = std::fs::write(file, json)
    {
        eprintln!("{}: {reason}", file.display());
        return ExitCode::FAILURE;
    }
    if report.has_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
    if asked.rooms {
        return told(rooms::run(RoomPlan::of(seed), trace).violation);
    }
    told(world::run(plan(asked, seed), trace).violation)
}

/// What a seed means, in the kind of run that was asked for.
fn plan(asked: &Asked, seed: u64) -> Plan {
    if asked.fetching {
        return suite::fetching_plan(seed);
    }
    if asked.split {
        return suite::split_plan(seed);
    }
    if asked.streams { suite::streams_plan(seed) } else { Plan::of(seed) }
}

/// So many seeds of what was asked for.
fn seeds(asked: &Asked) -> Item {
    let (budget, seeds) = (asked.budget(), asked.seeds);
    if asked.rooms {
        suite::rooms_of(&budget, seeds)
    } else if asked.streams {
        suite::streams_of(&budget, seeds)
    } else if asked.fetching {
        suite::fetching_of(&budget, seeds)
    } else {
        suite::validators_of(&budget, seeds)
    }
}
