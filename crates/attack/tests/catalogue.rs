//! Every attack of the catalogue, once; and that a miss is told.

use std::collections::BTreeSet;
use std::time::Duration;

use parclose_attack::{ALL, Ground, Outcome, PLANTED, all, try_one};
use parclose_findings::Budget;

#[test]
fn every_attack_is_noticed_by_the_rules_that_it_names() {
    let item = all(&Budget::new(1, Duration::ZERO));
    assert_eq!(item.faults(), Vec::new());
    assert_eq!(item.injected.len(), ALL.len());
    assert!(item.executions >= ALL.len() as u64, "each attack makes an attempt at least");
    let (caught, planted) = item.caught();
    assert_eq!(
        (caught, planted),
        (ALL.len() + 1, ALL.len() + 1),
        "an honest hand for each, and the planted miss"
    );
}

#[test]
fn an_attack_that_nothing_notices_is_told_to_be_missed() {
    let ground = Ground::temporary(2).expect("a consortium is founded");
    let trial = try_one(&ground, PLANTED);
    assert_eq!(trial.honest.len(), 1);
    let Outcome::Missed(what) = &trial.outcome else { panic!("{:?}", trial.outcome) };
    assert!(what[0].ends_with("let through"), "{what:?}");
}

#[test]
fn names_are_plain_and_stand_once() {
    let names: BTreeSet<&str> = ALL.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), ALL.len());
    let is_plain =
        |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit());
    assert!(names.iter().all(|name| is_plain(name)), "{names:?}");
    for attack in ALL {
        assert!(!attack.notices.is_empty() && !attack.tries.contains('\n'), "{}", attack.name);
    }
}
