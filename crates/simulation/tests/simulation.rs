//! The simulation in short: what it holds, that it is the same each time, and that it notices what is broken.

use std::time::Duration;

use parclose_findings::Budget;
use parclose_simulation::plan::Plan;
use parclose_simulation::planted::Bug;
use parclose_simulation::suite;
use parclose_simulation::trace::Trace;
use parclose_simulation::world::run;

#[test]
fn seeds_hold() {
    let from: u64 = option_env!("PARCLOSE_SIM_FROM").and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in from..from + 40 {
        let begun = std::time::Instant::now();
        let outcome = run(Plan::of(seed), Trace::default());
        println!(
            "{seed}: {:?} {} events, {} heights, recovered in {:?}, {:?} {:?}",
            outcome.violation,
            outcome.events,
            outcome.heights,
            outcome.recovered_in,
            begun.elapsed(),
            outcome.reached
        );
        if outcome.violation.is_some() {
            for line in outcome.last.iter().rev().take(40).rev() {
                println!("   {line}");
            }
        }
    }
}

#[test]
fn controls() {
    for bug in Bug::ALL {
        for seed in 0..12 {
            let outcome = run(bug.plan(seed), Trace::default());
            println!("{bug:?} {seed}: {:?} {:?}", outcome.violation, outcome.heights);
        }
    }
    for seed in 0..12 {
        let outcome = run(suite::too_many(seed), Trace::default());
        println!("too many {seed}: {:?} {:?}", outcome.violation, outcome.heights);
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let item = suite::determinism(&Budget::new(1, Duration::ZERO));
    assert_eq!(item.faults(), []);
}
