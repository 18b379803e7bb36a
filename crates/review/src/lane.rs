//! Suites one after the other, each as a process of its own.

use std::collections::VecDeque;
use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use parclose_findings::{Budget, Item};

use crate::plan::Suite;
use crate::{checkout, replay};

/// A suite with its time.
type Work = (&'static Suite, Duration);

/// Runs all of the work: first what bears company, in so many lanes, then what must be alone. Each item is told as it comes.
pub(crate) fn run(
    work: Vec<Work>,
    lanes: usize,
    seed: u64,
    tell: impl Fn(&Item) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<Vec<Item>> {
    let (alone, together): (Vec<Work>, Vec<Work>) = work.into_iter().partition(|(suite, _)| suite.is_alone);
    let mut items = beside(together, lanes, seed, &tell)?;
    items.extend(beside(alone, 1, seed, &tell)?);
    Ok(items)
}

fn beside(
    work: Vec<Work>,
    lanes: usize,
    seed: u64,
    tell: &(impl Fn(&Item) -> anyhow::Result<()> + Sync),
) -> anyhow::Result<Vec<Item>> {
    let waiting = Mutex::new(VecDeque::from(work));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let lane = || -> anyhow::Result<Vec<Item>> {
        let mut items = Vec::new();
        while let Some((suite, time)) = next() {
            for item in process(suite, time, seed) {
                tell(&item)?;
                items.push(item);
            }
        }
        Ok(items)
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let mut items = Vec::new();
        for lane in lanes {
            items.extend(lane.join().map_err(|_| anyhow::anyhow!("a lane ended"))??);
        }
        Ok(items)
    })
}

/// One suite as a process: its items, or one that says how the process ended.
fn process(suite: &Suite, time: Duration, seed: u64) -> Vec<Item> {
    let replay = format!("parclose-review {} --seed {seed}", suite.id);
    let mut items = read(suite, time, seed).unwrap_or_else(|error| {
        let mut item = Item::new(suite.id, suite.about, &replay);
        item.find(format!("the suite itself ended: {error:#}"), &replay);
        vec![item]
    });
    items.iter_mut().for_each(hold_to_its_command);
    items
}

/// An item whose command would not run it has not said how to see it again.
fn hold_to_its_command(item: &mut Item) {
    if let Some(wrong) = replay::complaint(&item.replay, &checkout::folder()) {
        item.find(format!("its own command would not run it: {wrong}"), item.replay.clone());
    }
}

fn read(suite: &Suite, time: Duration, seed: u64) -> anyhow::Result<Vec<Item>> {
    let folder = tempfile::tempdir()?;
    let [items, says] = ["items.json", "says"].map(|name| folder.path().join(name));
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(suite.id).arg("--alone").arg(&items);
    command.args(["--seconds", &time.as_secs().to_string(), "--seed", &seed.to_string()]);
    // A file takes whatever a suite says; a pipe that nobody empties would stop it.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&says)?);
    let status = wait(command, time.saturating_mul(3).saturating_add(GRACE))?;
    if !status.success() {
        let says = String::from_utf8_lossy(&std::fs::read(&says)?).into_owned();
        let told = says.lines().find(|line| line.contains("panicked") || line.contains("Error"));
        bail!("{status}: {}", told.or_else(|| says.lines().last()).unwrap_or_default());
    }
    Ok(serde_json::from_slice(&std::fs::read(&items)?)?)
}

/// What every suite may take beyond three times its time, before it counts as one that hangs.
const GRACE: Duration = Duration::from_secs(3600);

/// Waits for a process, and ends it when it takes longer.
fn wait(mut command: Command, limit: Duration) -> anyhow::Result<ExitStatus> {
    let mut child = command.spawn()?;
    let begun = Budget::new(0, limit);
    while begun.is_left() {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill()?;
    child.wait()?;
    bail!("it was not done after {} s", limit.as_secs())
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn an_item_without_a_command_is_found_out() {
        let told = |replay: &str| {
            let mut item = Item::new("leaks", "nothing leaks", replay);
            hold_to_its_command(&mut item);
            item.findings.len()
        };
        assert_eq!(told("parclose-review leaks --seed 7"), 0);
        assert_eq!(told("cargo nextest run -p parclose-oracle ten_thousand (seed 7)"), 1);
    }

    #[test]
    fn what_hangs_is_ended_and_said_to() {
        let mut hangs = Command::new("sleep");
        hangs.arg("1000");
        let told = wait(hangs, Duration::ZERO).expect_err("it hangs").to_string();
        assert_eq!(told, "it was not done after 0 s");
        assert!(!wait(Command::new("false"), GRACE).expect("it ends").success());
    }
}
