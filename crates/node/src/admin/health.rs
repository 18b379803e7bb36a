//! Whether a node is fit to be used: checks, each with its reason.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::machine::{self, ClockWatch};
use crate::status::{Reach, Report};

/// A room that is further behind is still catching up.
const BEHIND_MAX: u64 = 1024;
/// Heartbeats that may be missed before the head is too old.
const HEARTBEATS: u32 = 6;
/// How far the wall clock may move against the time that has passed.
const JUMP_MAX: Duration = Duration::from_secs(5);

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// what is checked
    pub name: &'static str,
    /// whether it holds
    pub ok: bool,
    /// why, or why not
    pub reason: String,
}

/// All checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    schema: &'static str,
    /// whether all hold
    pub ready: bool,
    /// each of them
    pub checks: Vec<Check>,
}

impl Health {
    /// Checks a report, the disk below `home` and the clock.
    ///
    /// # Rules
    ///
    /// > ADM-01: a node is ready when every check holds: root chain, head, validators, peers, channels, keys, disk and clock; each says why.
    #[must_use]
    pub fn of(report: &Report, home: &std::path::Path, clock: &ClockWatch) -> Self {
        let checks = vec![
            root(report),
            head(report),
            validators(report.validators),
            peers(report.peers),
            channels(report),
            check("keys", report.is_unlocked, if report.is_unlocked { "open" } else { "locked" }),
            disk(home),
            watched(clock.jump()),
            evidence(report.offences),
        ];
        Self { schema: "parclose.ready/1", ready: checks.iter().all(|check| check.ok), checks }
    }
}

fn check(name: &'static str, ok: bool, reason: impl Into<String>) -> Check {
    Check { name, ok, reason: reason.into() }
}

fn root(report: &Report) -> Check {
    match report.stopped {
        None => check("root", true, "the root chain answers"),
        Some(rule) => check("root", false, format!("the root chain has stopped: {rule}")),
    }
}

fn head(report: &Report) -> Check {
    let (height, age) = (report.head, report.head_age.as_secs());
    let Some(heartbeat) = report.heartbeat else {
        return check("head", true, format!("height {height}; heights are made on demand"));
    };
    let recent = report.head_age <= heartbeat.saturating_mul(HEARTBEATS);
    check("head", recent, format!("height {height}, {age} s old; one is due every {} s", heartbeat.as_secs()))
}

/// What others have done does not make this node unfit; whoever looks after it should know.
fn evidence(offences: u64) -> Check {
    match offences {
        0 => check("evidence", true, "no validator was found to sign twice"),
        found => {
            check("evidence", true, format!("validators signed twice, {found} times: parclose node evidence"))
        }
    }
}

/// More than two thirds must be there for a height to be decided.
fn validators(Reach { reached, known }: Reach) -> Check {
    let enough = reached.saturating_mul(3) > known.saturating_mul(2);
    check("validators", enough, format!("{reached} of {known} reached"))
}

/// Somebody must be there, if there is anybody; who endorses a channel is that channel's matter.
fn peers(Reach { reached, known }: Reach) -> Check {
    check("peers", known <= 1 || reached > 1, format!("{reached} of {known} reached"))
}

fn channels(report: &Report) -> Check {
    let count = |wrong: &dyn Fn(&crate::status::RoomReport) -> bool| {
        report.rooms.iter().filter(|room| wrong(room)).count()
    };
    let unusable = count(&|room| !room.state.is_usable());
    let late = count(&|room| room.behind.is_some_and(|behind| behind > BEHIND_MAX));
    let silent = count(&|room| room.state.is_usable() && room.behind.is_none());
    let all = report.rooms.len();
    let rules: BTreeSet<&str> = report.rooms.iter().filter_map(|room| room.state.rule()).collect();
    let why =
        if rules.is_empty() { String::new() } else { format!(" ({})", Vec::from_iter(rules).join(", ")) };
    let reason = format!(
        "{all} channels: {unusable} cannot be used{why}, {late} are catching up, {silent} are too busy to say"
    );
    check("channels", unusable == 0 && late == 0, reason)
}

fn disk(home: &std::path::Path) -> Check {
    match machine::disk(home) {
        Ok(free) => {
            let reason =
                format!("writable, {} MiB free, {} needed", free >> 20, machine::DISK_FREE_MIN >> 20);
            check("disk", free >= machine::DISK_FREE_MIN, reason)
        }
        Err(error) => check("disk", false, format!("not writable: {error}")),
    }
}

fn watched(jump: Duration) -> Check {
    let reason = format!("moved by {} s against the time that has passed", jump.as_secs());
    check("clock", jump <= JUMP_MAX, reason)
}

#[cfg(test)]
mod tests;
