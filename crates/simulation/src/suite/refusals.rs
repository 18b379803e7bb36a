//! A disk that refuses, at each of a validator's next writes.

use std::time::Duration;

use parclose_findings::{Budget, Item};
use parclose_store::hazmat::Refusal;

use super::take;
use crate::plan::{Fault, Plan};
use crate::trace::Trace;
use crate::world::run;

/// Twenty writes for each of three refusals, one in each run.
const POINTS: u64 = 60;

/// No space, no write, no sync, at each of twenty writes: whoever is refused stops, and takes nothing for written.
#[must_use]
pub fn refusals(budget: &Budget) -> Item {
    let holds = "a validator whose disk refuses any one write or sync stops, and comes back with all that it has shown";
    let mut item = Item::new("S-refusals", holds, "parclose-simulate --refusals");
    item.must_inject(&["disk: no space", "disk: write refused", "disk: sync failed"]);
    item.must_reach(&["a block is final", "a validator starts"]);
    for point in 0..POINTS {
        let outcome = run(refusal_plan(point), Trace::default());
        take(&mut item, &outcome, format!("parclose-simulate --refusals --point {point}"));
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

/// A short run of four; the disk of the first refuses once: kinds go by turns, and places one after the other.
#[must_use]
pub fn refusal_plan(point: u64) -> Plan {
    let mut plan = Plan::quiet(1, 4);
    plan.trouble = Duration::from_secs(6);
    let refusal = match point % 3 {
        0 => Refusal::NoSpace,
        1 => Refusal::Device,
        _ => Refusal::Sync,
    };
    plan.faults = vec![(Duration::from_millis(500), Fault::Refuse(0, point / 3 + 1, refusal))];
    plan
}
