//! What the simulation reports: seeds, the sweep over every sync, planted faults, and the same run twice.

mod refusals;
mod rooms;

use std::collections::BTreeMap;
use std::time::Duration;

use parclose_findings::{Budget, Item};
use parclose_store::hazmat::Moment;

use crate::checker::Violation;
use crate::network::CUTS;
use crate::plan::{Fault, Plan, most_traitors};
use crate::planted::Bug;
use crate::trace::Trace;
use crate::traitor::Manner;
use crate::world::{Outcome, run};

/// Seeds that are run whatever the time.
pub const SEEDS_MIN: u64 = 400;
/// The same of F15, and of F17.
const STREAMS_MIN: u64 = 15;
const FETCHING_MIN: u64 = 12;
/// Seeds that are run twice, which must come to the same.
pub const TWICE: u64 = 20;
/// Seeds that are tried for a planted fault: a torn commit does harm only where what is lost of it is needed.
const TRIES: u64 = 400;

/// Everything that goes wrong in some run.
const FAULTS: [&str; 17] = [
    "message: dropped",
    "message: duplicated",
    "message: reordered",
    "message: delayed for seconds",
    "process: killed",
    "machine: power lost",
    "machine: everything lost",
    "disk: power lost at a sync",
    "disk: no space",
    "disk: write refused",
    "disk: sync failed",
    "disk: bit flip",
    "engine log: tail cut off",
    "clock: jumps ahead",
    "clock: set back or frozen",
    "clock: too slow or too fast",
    "partition: two groups",
];

/// What has to be reached.
const STATES: [&str; 10] = [
    "a transaction is acknowledged",
    "a block is final",
    "a validator starts",
    "a validator sits out",
    "a height needs another round",
    "blocks are served",
    "a fetched block is taken",
    "a forged reply is found out",
    "a damaged store is not opened",
    "a damaged store is opened",
];

pub use refusals::{refusal_plan, refusals};
pub use rooms::{rooms, rooms_of, rooms_outcome, rooms_sweep};

/// Adds what one run has counted.
fn merge(counts: &mut BTreeMap<String, u64>, of: &BTreeMap<&'static str, u64>) {
    for (name, count) in of {
        let so_far = counts.entry((*name).to_owned()).or_default();
        *so_far = so_far.saturating_add(*count);
    }
}

/// All suites, in the order in which they are run.
#[must_use]
pub fn suites() -> Vec<fn(&Budget) -> Item> {
    vec![validators, rooms, streams, fetching, sweep, rooms_sweep, refusals, determinism]
}

fn replay(seed: u64) -> String {
    format!("parclose-simulate --replay {seed}")
}

/// Takes in what a run of validators has come to.
pub fn world_outcome(item: &mut Item, outcome: &Outcome, seed: u64) {
    take(item, outcome, replay(seed));
}

fn take(item: &mut Item, outcome: &Outcome, again: String) {
    let Outcome { injected, reached, violation, .. } = outcome;
    count(item, injected, reached, violation.as_ref(), again);
}

/// Takes in one run: what it injected and reached, and what it broke.
fn count(
    item: &mut Item,
    injected: &BTreeMap<&'static str, u64>,
    reached: &BTreeMap<&'static str, u64>,
    violation: Option<&Violation>,
    again: String,
) {
    item.executions = item.executions.saturating_add(1);
    merge(&mut item.injected, injected);
    merge(&mut item.reached, reached);
    if let Some(violation) = violation {
        item.find(violation.to_string(), again);
    }
}

/// Says of a run of few seeds what it leaves out.
fn is_short(item: &mut Item, seeds: u64, least: u64) -> bool {
    if seeds < least {
        item.not_run("planted faults, and what has to be reached", format!("fewer than {least} seeds"));
    }
    seeds < least
}

/// Validators under faults: [`SEEDS_MIN`] seeds, and more while time is left.
#[must_use]
pub fn validators(budget: &Budget) -> Item {
    validators_of(budget, SEEDS_MIN)
}

/// Validators under faults: so many seeds from `budget.seed` on, and more while time is left. Fewer than [`SEEDS_MIN`] are run
/// without planted faults.
#[must_use]
pub fn validators_of(budget: &Budget, seeds: u64) -> Item {
    let holds = "fewer than a third cheat, machines crash, disks fail, links are cut: no two blocks of one height, no \
                 honest validator signs twice, nothing final is lost, and all go on within 30 s after the faults end";
    let again = format!("parclose-simulate --seeds {seeds} --from {}", budget.seed);
    let mut item = Item::new("S-validators", holds, &again);
    let mut number = 0;
    while number < seeds || budget.is_left() {
        let seed = budget.seed.wrapping_add(number);
        take(&mut item, &run(Plan::of(seed), Trace::default()), replay(seed));
        number = number.saturating_add(1);
    }
    if !is_short(&mut item, seeds, SEEDS_MIN) {
        item.must_inject(&FAULTS);
        item.must_inject(&CUTS.map(|(_, name)| name));
        item.must_inject(&Manner::ALL.map(Manner::name));
        item.must_reach(&STATES);
        let again = format!("parclose-simulate --split --replay {}", budget.seed);
        take(&mut item, &run(split_plan(budget.seed), Trace::default()), again);
        controls(&mut item, budget.seed);
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

/// Two honest ones on each side of four, which can decide nothing until they hear each other.
#[must_use]
pub fn split_plan(seed: u64) -> Plan {
    let mut split = Plan::quiet(seed, 4);
    split.faults = vec![(Duration::from_secs(1), Fault::Split(vec![0, 1], Duration::from_secs(9)))];
    split
}

/// F15: validators that cheat with votes and proposals, as many as may be.
#[must_use]
pub fn streams(budget: &Budget) -> Item {
    streams_of(budget, STREAMS_MIN)
}

/// F15 with so many seeds.
#[must_use]
pub fn streams_of(budget: &Budget, seeds: u64) -> Item {
    let holds = "whatever fewer than a third of the validators send, the others decide one block for each height, sign once for \
                 each step, and go on";
    let again = format!("parclose-simulate --streams --seeds {seeds} --from {}", budget.seed);
    let mut item = Item::new("F15", holds, &again);
    let mut number = 0;
    while number < seeds || budget.is_left() {
        let seed = budget.seed.wrapping_add(number);
        let again = format!("parclose-simulate --streams --replay {seed}");
        take(&mut item, &run(streams_plan(seed), Trace::default()), again);
        number = number.saturating_add(1);
    }
    if !is_short(&mut item, seeds, STREAMS_MIN) {
        item.must_inject(&STREAM_MANNERS.map(Manner::name));
        item.must_reach(&["a block is final", "a height needs another round", "a traitor is convicted"]);
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

const STREAM_MANNERS: [Manner; 5] =
    [Manner::Twins, Manner::Amnesia, Manner::Silence, Manner::Garbage, Manner::Stale];

/// The run of a seed, in which as many cheat as may.
#[must_use]
pub fn streams_plan(seed: u64) -> Plan {
    let mut plan = Plan::of(seed);
    // Who cheats is as many as may: nobody else may have to pass a height.
    plan.faults.retain(|(_, fault)| {
        let passes = matches!(
            fault,
            Fault::Wipe(_)
                | Fault::Damage(_)
                | Fault::PowerLossAt(..)
                | Fault::Refuse(..)
                | Fault::CutLog(..)
        );
        !passes
    });
    let most = most_traitors(plan.validators);
    let first = usize::try_from(seed % 5).unwrap_or_default();
    plan.traitors = STREAM_MANNERS
        .iter()
        .cycle()
        .skip(first)
        .take(most)
        .enumerate()
        .map(|(number, how)| ((first + number * 2) % plan.validators, *how))
        .collect();
    plan
}

/// F17: who has lost everything fetches it from others, of whom some cheat.
#[must_use]
pub fn fetching(budget: &Budget) -> Item {
    fetching_of(budget, FETCHING_MIN)
}

/// F17 with so many seeds.
#[must_use]
pub fn fetching_of(budget: &Budget, seeds: u64) -> Item {
    let holds = "whoever fetches blocks takes a prefix of the one chain, from whomever; who sends what is not certified is \
                 blamed, and nobody else";
    let again = format!("parclose-simulate --fetching --seeds {seeds} --from {}", budget.seed);
    let mut item = Item::new("F17", holds, &again);
    let mut number = 0;
    while number < seeds || budget.is_left() {
        let seed = budget.seed.wrapping_add(number);
        let again = format!("parclose-simulate --fetching --replay {seed}");
        take(&mut item, &run(fetching_plan(seed), Trace::default()), again);
        number = number.saturating_add(1);
    }
    if !is_short(&mut item, seeds, FETCHING_MIN) {
        let cheats = [Manner::BadCertificates.name(), Manner::WrongChain.name()];
        item.must_inject(&cheats);
        item.must_inject(&["machine: everything lost"]);
        item.must_reach(&["a fetched block is taken", "a forged reply is found out", "blocks are served"]);
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

/// Seven validators: one cheats whoever fetches, another loses everything, again and again.
#[must_use]
pub fn fetching_plan(seed: u64) -> Plan {
    let how = if seed.is_multiple_of(2) { Manner::BadCertificates } else { Manner::WrongChain };
    let mut plan = Plan::quiet(seed, 7);
    plan.traitors = vec![(3, how)];
    plan.faults = (0..4).map(|number| (Duration::from_secs(3 + 3 * number), Fault::Wipe(5))).collect();
    plan
}

/// Power fails at every sync of a run, one run for each: before it, and after it. More runs while time is left.
#[must_use]
pub fn sweep(budget: &Budget) -> Item {
    let holds = "power that fails at any sync of a validator loses nothing that was shown as final, and has nobody sign twice";
    let mut item = Item::new("S-sweep", holds, &format!("parclose-simulate --sweep --from {}", budget.seed));
    item.must_inject(&["disk: power lost at a sync"]);
    item.must_reach(&["a block is final", "a validator starts", "syncs of a run"]);
    let mut seed = budget.seed;
    loop {
        sweep_one(&mut item, seed);
        seed = seed.wrapping_add(1);
        if !budget.is_left() {
            break;
        }
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

/// Every sync of the run of a seed.
fn sweep_one(item: &mut Item, seed: u64) {
    let counted = run(sweep_plan(seed, None), Trace::default());
    let syncs = counted.syncs.first().copied().unwrap_or_default();
    let so_far = item.reached.entry("syncs of a run".into()).or_default();
    *so_far = so_far.saturating_add(syncs);
    for point in 0..syncs.saturating_mul(2) {
        let outcome = run(sweep_plan(seed, Some(point)), Trace::default());
        take(item, &outcome, format!("parclose-simulate --sweep --from {seed} --point {point}"));
    }
}

/// A short run of four; the power of the first fails at a sync, before or after it.
#[must_use]
pub fn sweep_plan(seed: u64, point: Option<u64>) -> Plan {
    let mut plan = Plan::quiet(seed, 4);
    plan.trouble = Duration::from_secs(6);
    if let Some(point) = point {
        let moment = if point.is_multiple_of(2) { Moment::Before } else { Moment::After };
        plan.faults = vec![(Duration::ZERO, Fault::PowerLossAt(0, point / 2 + 1, moment))];
    }
    plan
}

/// The same seeds again, which must come to the same.
#[must_use]
pub fn determinism(budget: &Budget) -> Item {
    let mut item = Item::new(
        "S-determinism",
        "the same seed brings back the same run, event by event",
        "parclose-simulate --seeds 20",
    );
    for number in 0..TWICE {
        let seed = budget.seed.wrapping_add(number.wrapping_mul(31));
        let [first, second] = [(), ()].map(|()| run(Plan::of(seed), Trace::default()));
        item.executions = item.executions.saturating_add(2);
        item.reach("a run was run again");
        if first.hash != second.hash || first.events != second.events {
            item.find("the same seed came to another run", replay(seed));
        }
    }
    let [one, other] =
        [1, 2].map(|stream| run(Plan { stream, ..Plan::quiet(budget.seed, 4) }, Trace::default()));
    item.control("another seed is another run", one.hash != other.hash);
    item.seconds = budget.used().as_secs_f64();
    item
}

/// Whether what is broken on purpose is noticed.
fn controls(item: &mut Item, seed: u64) {
    let third = (0..TRIES).any(|number| {
        let outcome = run(too_many(seed.wrapping_add(number)), Trace::default());
        outcome.violation.is_some_and(|violation| violation.0.contains("two blocks are final"))
    });
    item.control("a third of the validators cheat", third);
    for bug in Bug::ALL {
        let caught = (0..TRIES).any(|number| {
            let outcome = run(bug.plan(seed.wrapping_add(number)), Trace::default());
            outcome
                .violation
                .is_some_and(|violation| bug.shows_as().iter().any(|text| violation.0.contains(text)))
        });
        item.control(bug.name(), caught);
    }
}

/// Two of four cheat, and each half hears both.
#[must_use]
pub fn too_many(seed: u64) -> Plan {
    let mut plan = Plan::quiet(seed, 4);
    plan.traitors = vec![(2, Manner::Twins), (3, Manner::Twins)];
    // Machines 4 and 5 are the second ones of 2 and 3.
    plan.faults = vec![(Duration::from_millis(450), Fault::Split(vec![0, 2, 3], Duration::from_secs(14)))];
    plan
}
