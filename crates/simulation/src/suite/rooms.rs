//! The suites of rooms.

use parclose_findings::{Budget, Item};

use super::{TWICE, count, is_short};
use crate::rooms::plan::{Ill, RoomBug, RoomPlan};
use crate::rooms::{Outcome, run};
use crate::trace::Trace;

/// Seeds that are run whatever the time.
const SEEDS_MIN: u64 = 400;
/// Seeds that are tried for a planted fault.
const TRIES: u64 = 12;

const FAULTS: [&str; 9] = [
    "message: lost",
    "root transaction: lost",
    "process: killed",
    "machine: power lost",
    "machine: an old backup restored",
    "disk: power lost at a sync",
    "disk: write or sync refused",
    "partition: swizzle-clog",
    "member: does not lock its leg",
];

const STATES: [&str; 13] = [
    "a transaction is applied",
    "a transaction is refused",
    "a member refuses",
    "a deal is opened",
    "a leg is prepared",
    "a deal is done",
    "a deal is given up",
    "what was held has lapsed",
    "a machine starts",
    "cash is compared after an event",
    "what was applied is read at once",
    "a store is looked through",
    "stores are searched for other channels",
];

/// Takes in what a run of rooms has come to.
pub fn rooms_outcome(item: &mut Item, outcome: &Outcome, seed: u64) {
    let Outcome { injected, reached, violation, .. } = outcome;
    count(item, injected, reached, violation.as_ref(), format!("parclose-simulate --rooms --replay {seed}"));
}

/// Channels and deals under faults: 400 seeds, and more while time is left.
#[must_use]
pub fn rooms(budget: &Budget) -> Item {
    rooms_of(budget, SEEDS_MIN)
}

/// Channels and deals under faults: so many seeds from `budget.seed` on, and more while time is left. Fewer than 400
/// are run without planted faults.
#[must_use]
pub fn rooms_of(budget: &Budget, seeds: u64) -> Item {
    let holds = "members crash, disks fail, messages are lost, one member of a channel cheats: one state for each event, cash \
                 neither made nor lost, both legs of a deal or neither, what was acknowledged is there for its readers, and no \
                 channel in another's store";
    let replay = format!("parclose-simulate --rooms --seeds {seeds} --from {}", budget.seed);
    let mut item = Item::new("S-rooms", holds, &replay);
    let mut number = 0;
    while number < seeds || budget.is_left() {
        let seed = budget.seed.wrapping_add(number);
        rooms_outcome(&mut item, &run(RoomPlan::of(seed), Trace::default()), seed);
        number = number.saturating_add(1);
    }
    if !is_short(&mut item, seeds, SEEDS_MIN) {
        item.must_inject(&FAULTS);
        item.must_inject(&Ill::ALL.map(Ill::name));
        item.must_reach(&STATES);
        again(&mut item, budget.seed);
        controls(&mut item, budget.seed);
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

/// Some seeds twice, which must come to the same.
fn again(item: &mut Item, first: u64) {
    for number in 0..TWICE / 2 {
        let seed = first.wrapping_add(number.wrapping_mul(7));
        let [one, other] = [(), ()].map(|()| run(RoomPlan::of(seed), Trace::default()));
        item.reach("a run was run again");
        if one.hash != other.hash {
            item.find(
                "the same seed came to another run",
                format!("parclose-simulate --rooms --replay {seed}"),
            );
        }
    }
}

/// Power fails at every sync of an organisation in two channels, one run for each: between the two stores of a deal too.
#[must_use]
pub fn rooms_sweep(budget: &Budget) -> Item {
    let holds = "power that fails at any sync of a member leaves both legs of a deal or neither, and all that was acknowledged";
    let mut item = Item::new("S-rooms-sweep", holds, "parclose-simulate --rooms --sweep");
    item.must_inject(&["disk: power lost at a sync"]);
    item.must_reach(&["a deal is opened", "a leg is prepared", "a deal is done"]);
    let counted = run(RoomPlan::swept(None), Trace::default());
    let syncs = counted.syncs.first().copied().unwrap_or_default();
    item.reached.insert("syncs of a run".into(), syncs);
    for point in 0..syncs.saturating_mul(2) {
        let Outcome { injected, reached, violation, .. } =
            run(RoomPlan::swept(Some(point)), Trace::default());
        let again = format!("parclose-simulate --rooms --sweep --point {point}");
        count(&mut item, &injected, &reached, violation.as_ref(), again);
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

fn controls(item: &mut Item, seed: u64) {
    for bug in RoomBug::ALL {
        let caught = (0..TRIES).any(|number| {
            let outcome = run(RoomPlan::planted(bug, seed.wrapping_add(number)), Trace::default());
            outcome
                .violation
                .is_some_and(|violation| bug.shows_as().iter().any(|text| violation.0.contains(text)))
        });
        item.control(bug.name(), caught);
    }
}
