//! `parclose-review`: the whole reviewer's kit by one command, and its report.
//!
//! ```text
//!   plan --time to each--> lanes --a process for each suite--> items --> review.json, review.html
//! ```
//!
//! Every suite runs in a process of its own, so that one that aborts, runs out of memory or hangs is a finding of the report and
//! not its end. Exit code 6 when anything has failed.
//!
//! - [`plan`]: which suites there are, and which share of the time each gets
//! - [`lane`]: suites one after the other, each as a process
//! - [`fuzzing`]: the fuzz suites; [`tests`]: suites that are tests of real processes
//! - [`replay`]: whether the command that an item tells would run it
//! - [`checkout`]: what is reviewed

mod checkout;
mod fuzzing;
mod lane;
mod plan;
mod replay;
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use parclose_findings::report::fault_line;
use parclose_findings::{Budget, Item, Report};

/// Something was found, or a suite has not looked at what it is there for.
const FOUND: u8 = 6;

/// Runs the reviewer's kit and writes a report
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Time for the suites together; each runs once at least, however short this is
    #[arg(long, default_value_t = 0.3)]
    hours: f64,
    /// What the suites draw at random follows from it; the pace of real processes does not
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of the report
    #[arg(long, default_value = "review")]
    out: PathBuf,
    /// Suites at the same time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..))]
    lanes: u8,
    /// These suites only, as `--list` names them
    suites: Vec<String>,
    /// Names the suites and ends
    #[arg(long)]
    list: bool,
    /// Runs one suite for so many seconds in this process, and writes its item here
    #[arg(long, hide = true, requires = "seconds")]
    alone: Option<PathBuf>,
    /// With --alone
    #[arg(long, hide = true)]
    seconds: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        for suite in plan::SUITES {
            say(&format!("{:16} {}", suite.id, suite.about))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    match &arguments.alone {
        Some(file) => alone(&arguments, file),
        None => review(&arguments),
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// One suite, here.
fn alone(arguments: &Arguments, file: &Path) -> anyhow::Result<ExitCode> {
    let [id] = arguments.suites.as_slice() else { bail!("--alone runs one suite") };
    let suite = plan::named(id)?;
    let limit = Duration::from_secs(arguments.seconds.unwrap_or_default());
    let items = (suite.run)(&Budget::new(arguments.seed, limit));
    std::fs::write(file, serde_json::to_vec(&items)?).with_context(|| file.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// All of them, and the report.
fn review(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let chosen = plan::chosen(&arguments.suites)?;
    std::fs::create_dir_all(&arguments.out)?;
    let limit = Duration::from_secs_f64(arguments.hours * 3600.0);
    let work = plan::divided(&chosen, limit, usize::from(arguments.lanes));
    let items = lane::run(work, usize::from(arguments.lanes), arguments.seed, |item| say(&line(item)))?;
    let mut report = Report::new(&checkout::name(), arguments.seed);
    for item in items {
        report.take(item).map_err(|id| anyhow::anyhow!("two suites report as {id}"))?;
    }
    let [json, page] = ["review.json", "review.html"].map(|file| arguments.out.join(file));
    std::fs::write(&json, report.to_json()?)?;
    std::fs::write(&page, report.to_html())?;
    for item in &report.items {
        for fault in item.faults() {
            say(&format!("{}: {}", item.id, fault_line(&fault)))?;
        }
        for (what, why) in &item.not_run {
            say(&format!("{}: not run: {what}: {why}", item.id))?;
        }
    }
    let verdict = if report.has_passed() { "passed" } else { "FAILED" };
    say(&format!("{verdict}: {} suites; {} and {}", report.items.len(), json.display(), page.display()))?;
    Ok(if report.has_passed() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// One line of progress for a suite that is done.
fn line(item: &Item) -> String {
    let above_zero =
        |counts: &std::collections::BTreeMap<String, u64>| counts.values().filter(|n| **n > 0).count();
    let (caught, planted) = item.caught();
    format!(
        "{:16} {:>9} runs  reached {}/{}  injected {}/{}  controls {caught}/{planted}  findings {}  {:.0} s",
        item.id,
        item.executions,
        above_zero(&item.reached),
        item.reached.len(),
        above_zero(&item.injected),
        item.injected.len(),
        item.findings.len(),
        item.seconds,
    )
}
