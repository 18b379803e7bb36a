//! Runs suites and entrances on a stable toolchain, and says what was reached: see `fuzz/README.md`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use parclose_findings::report::fault_line;
use parclose_findings::{Budget, Item, Report};
use parclose_fuzz_targets::runner::Runner;
use parclose_fuzz_targets::suites::formats::{METER, Meter};
use parclose_fuzz_targets::suites::{SUITES, elsewhere, suite};
use parclose_fuzz_targets::{TARGETS, mutator};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Runs the fuzz suites.
#[derive(Parser)]
struct Arguments {
    /// seconds for each suite and entrance, after its corpus
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// one suite (`F05`, `f05_policy`) or entrance (`bundle`) instead of all
    #[arg(long)]
    target: Option<String>,
    /// where the mutants begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// writes the report there
    #[arg(long)]
    json: Option<PathBuf>,
    /// runs this one input instead
    #[arg(long, requires = "target")]
    replay: Option<PathBuf>,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let _ = METER.set(Meter {
        start: || {
            ALLOCATOR.reset_peak_usage();
            ALLOCATOR.current_usage()
        },
        peak: || ALLOCATOR.peak_usage(),
    });
    if let (Some(file), Some(target)) = (&arguments.replay, &arguments.target) {
        return replay(target, file);
    }
    mutator::keep_runs_quiet();
    let mut report = Report::new("fuzz", arguments.seed);
    for item in run(&arguments) {
        println!("{}", line(&item));
        item.faults().iter().for_each(|fault| println!("    {}", fault_line(fault)));
        if let Err(id) = report.take(item) {
            eprintln!("{id} stands twice");
            return ExitCode::FAILURE;
        }
    }
    if report.items.is_empty() {
        eprintln!("{}", missing(arguments.target.as_deref().unwrap_or_default()));
        return ExitCode::FAILURE;
    }
    if let (Some(path), Ok(text)) = (&arguments.json, report.to_json())
        && let Err(error) = std::fs::write(path, text)
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    if report.has_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(arguments: &Arguments) -> impl Iterator<Item = Item> {
    let (wanted, seed) = (arguments.target.clone(), arguments.seed);
    let limit = Duration::from_secs(arguments.seconds);
    let suites = SUITES.iter().filter({
        let wanted = wanted.clone();
        move |suite| {
            wanted.as_ref().is_none_or(|name| suite.id.eq_ignore_ascii_case(name) || suite.name == name)
        }
    });
    let targets = TARGETS.iter().filter(move |target| wanted.as_ref().is_none_or(|name| target.name == name));
    let of_suites = suites.map(move |suite| Runner::default().run(suite, &Budget::new(seed, limit)));
    of_suites
        .chain(targets.map(move |target| Runner::default().run_target(target, &Budget::new(seed, limit))))
}

/// What is said of a name that nothing here has.
fn missing(name: &str) -> String {
    elsewhere(name).unwrap_or_else(|| format!("there is no suite and no entrance `{name}`"))
}

fn line(item: &Item) -> String {
    let (caught, planted) = item.caught();
    let reached: u64 = item.reached.values().sum();
    let verdict = if item.faults().is_empty() { "ok" } else { "FAILED" };
    format!(
        "{:24} {:>10} executions {:>10} reached at {:>3} of {:>3} points  {caught}/{planted} planted  {:>6.1} s  {verdict}",
        item.id,
        item.executions,
        reached,
        item.reached.values().filter(|n| **n > 0).count(),
        item.reached.len(),
        item.seconds,
    )
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
fn replay(target: &str, file: &PathBuf) -> ExitCode {
    let input = match std::fs::read(file) {
        Ok(input) => input,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let of_suite =
        suite(target).map(|suite| mutator::run(suite.run, &input).map(|answer| format!("{answer:?}")));
    let entrance = TARGETS.iter().find(|known| known.name == target);
    let of_entrance =
        || entrance.map(|known| mutator::run(known.run, &input).map(|reached| format!("{reached:?}")));
    match of_suite.or_else(of_entrance) {
        Some(Ok(answer)) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Some(Err(_)) => ExitCode::FAILURE,
        None => {
            eprintln!("{}", missing(target));
            ExitCode::FAILURE
        }
    }
}
