//! Suites one after the other, each as a process of its own.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parclose_findings::Item;

use crate::plan::Suite;

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
    read(suite, time, seed).unwrap_or_else(|error| {
        let mut item = Item::new(suite.id, suite.about, &replay);
        item.find(format!("the suite itself ended: {error:#}"), replay);
        vec![item]
    })
}

fn read(suite: &Suite, time: Duration, seed: u64) -> anyhow::Result<Vec<Item>> {
    let file = std::env::temp_dir().join(format!("parclose-review-{}-{}.json", std::process::id(), suite.id));
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(suite.id).arg("--alone").arg(&file);
    command.args(["--seconds", &time.as_secs().to_string(), "--seed", &seed.to_string()]);
    let output = command.stdin(Stdio::null()).output()?;
    let items = std::fs::read(&file);
    let _ = std::fs::remove_file(&file);
    if !output.status.success() {
        let says = String::from_utf8_lossy(&output.stderr);
        let told = says.lines().find(|line| line.contains("panicked") || line.contains("Error"));
        anyhow::bail!("{}: {}", output.status, told.or_else(|| says.lines().last()).unwrap_or_default());
    }
    Ok(serde_json::from_slice(&items?)?)
}
