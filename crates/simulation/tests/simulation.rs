//! The simulation in short: what it holds, that a seed is the same run each time, and that it notices what is broken.
#![allow(clippy::print_stdout, reason = "a run says what it came to")]

use std::time::Duration;

use parclose_findings::{Budget, Fault, Item};
use parclose_simulation::plan::Plan;
use parclose_simulation::planted::Bug;
use parclose_simulation::rooms::plan::{RoomBug, RoomPlan};
use parclose_simulation::trace::Trace;
use parclose_simulation::{rooms, suite, world};

/// A suite as far as it goes in any case, from one seed.
fn at_least(suite: impl Fn(&Budget) -> Item) -> Item {
    let item = suite(&Budget::new(1, Duration::ZERO));
    println!(
        "{}: {} runs, {:?} of controls caught, {:.1} s",
        item.id,
        item.executions,
        item.caught(),
        item.seconds
    );
    println!("{:?}\n{:?}", item.reached, item.injected);
    assert_eq!(item.faults(), [], "{}", item.id);
    item
}

#[test]
fn validators_under_faults_keep_their_promises_and_planted_faults_are_noticed() {
    let item = at_least(suite::validators);
    assert_eq!(item.caught(), (6, 6));
}

#[test]
fn rooms_under_faults_keep_their_promises_and_planted_faults_are_noticed() {
    let item = at_least(suite::rooms);
    assert_eq!(item.caught(), (5, 5));
}

#[test]
fn f15_fewer_than_a_third_that_cheat_with_votes_change_nothing() {
    at_least(suite::streams);
}

#[test]
fn f17_whoever_fetches_takes_only_the_one_chain() {
    at_least(suite::fetching);
}

#[test]
fn power_may_fail_at_any_sync() {
    let item = at_least(suite::sweep);
    assert_eq!(item.executions, 2 * item.reached["syncs of a run"], "before and after each");
    assert!(item.executions >= 40, "{:?}", item.reached);
}

#[test]
fn power_may_fail_at_any_sync_of_a_member_in_two_channels() {
    let item = at_least(suite::rooms_sweep);
    assert_eq!(item.executions, 2 * item.reached["syncs of a run"], "before and after each");
    assert!(item.executions >= 30, "{:?}", item.reached);
}

/// Each has found a fault: a second signature on the word of old votes, an engine that does not replay its own log, a
/// promise that was none, a loss of power after all was over.
#[test]
fn seeds_that_broke_a_promise_once_keep_it() {
    for seed in [20_225, 20_913, 22_009, 23_952, 24_971, 25_227, 27_258, 27_976, 30_649, 43_822] {
        let outcome = world::run(Plan::of(seed), Trace::default());
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
}

#[test]
fn a_disk_may_refuse_any_write() {
    let item = at_least(suite::refusals);
    assert!(item.injected.values().all(|count| *count >= 20), "{:?}", item.injected);
}

#[test]
fn a_seed_is_the_same_run_each_time() {
    at_least(suite::determinism);
}

/// The suites report what a run has found: a planted fault that is not declared as one fails them.
#[test]
fn what_breaks_a_promise_fails_a_suite_and_says_how_it_comes_back() {
    let broken = (0..12).map(|seed| world::run(Bug::SecretClone.plan(seed), Trace::default()));
    let broken = broken.into_iter().find(|outcome| outcome.violation.is_some()).expect("a clone is noticed");
    let mut item = Item::new("S", "anything", "nothing");
    suite::world_outcome(&mut item, &broken, 7);
    let found = item.faults().into_iter().find_map(|fault| match fault {
        Fault::Found(finding) => Some(finding.replay),
        _ => None,
    });
    assert_eq!(found.as_deref(), Some("parclose-simulate --replay 7"));

    let broken =
        (0..12).map(|seed| rooms::run(RoomPlan::planted(RoomBug::SameRandomness, seed), Trace::default()));
    let broken = broken.into_iter().find(|outcome| outcome.violation.is_some()).expect("it is noticed");
    let mut item = Item::new("S", "anything", "nothing");
    suite::rooms_outcome(&mut item, &broken, 8);
    assert!(item.faults().iter().any(|fault| matches!(fault, Fault::Found(_))));
}
