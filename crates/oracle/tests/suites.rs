//! The suites at the numbers that the security plan asks for; and that they fail when something is broken on purpose.

use std::time::Duration;

use parclose_findings::{Budget, Fault, Item};
use parclose_oracle::canary::Value;
use parclose_oracle::dictionary::{Effort, dictionary, dictionary_of};
use parclose_oracle::leak::{Volume, leak_oracle, leak_oracle_after};
use parclose_oracle::{processes, roles, worlds};

fn budget() -> Budget {
    Budget::new(20_260_801, Duration::ZERO)
}

fn passed(item: &Item) {
    assert_eq!(item.faults(), Vec::new(), "{item:#?}");
}

#[test]
fn ten_thousand_canaries_are_found_nowhere_but_with_their_readers() {
    let item = leak_oracle(&budget());
    passed(&item);
    assert!(item.reached["canaries"] >= 10_000);
    assert_eq!(item.caught(), (8, 8), "one planted leak for each class of surfaces");
}

#[test]
fn the_leak_oracle_fails_when_a_value_lies_in_the_clear() {
    let small = Volume { receivables: 6, statements: 2 };
    let item = leak_oracle_after(&budget(), small, &|ground, canaries| {
        let amount = canaries.all().iter().find_map(|canary| match canary.value {
            Value::Amount(minor) => Some(minor),
            Value::Text(_) | Value::Key(_) => None,
        });
        let path = ground.consortium().home().path().join("root").join("trace");
        Ok(std::fs::write(path, amount.unwrap_or_default().to_string())?)
    });
    assert!(item.findings.iter().any(|finding| finding.what.contains("in files")), "{:#?}", item.findings);
    assert!(!item.faults().is_empty());
}

#[test]
fn two_worlds_look_the_same_to_whoever_may_not_read_them() {
    passed(&worlds::two_worlds(&budget()));
}

#[test]
fn a_million_guesses_find_nothing() {
    let item = dictionary(&budget());
    passed(&item);
    assert_eq!(item.reached["candidate amounts"], 1_000_000);
}

#[test]
fn the_dictionary_fails_when_it_tries_no_amounts() {
    let faults = dictionary_of(&budget(), Effort { amounts: 0, keys: 1000 }).faults();
    assert!(faults.contains(&Fault::NeverReached("candidate amounts".into())), "{faults:?}");
    assert!(faults.contains(&Fault::ControlMissed("a commitment without a blinding".into())), "{faults:?}");
}

#[test]
fn every_role_is_answered_with_what_it_may_know() {
    passed(&roles::roles(&budget()));
}

#[test]
fn real_nodes_show_nothing_to_their_machines() {
    let item = processes::leak_oracle_of(&budget(), env!("CARGO_BIN_EXE_oracle-node").as_ref());
    passed(&item);
}
