//! Which suites there are, and which share of the time each gets.

use std::time::Duration;

use anyhow::bail;
use parclose_findings::{Budget, Item};

use crate::{checkout, fuzzing, tests};

/// What can be run as a whole.
pub(crate) struct Suite {
    /// its name on the command line
    pub(crate) id: &'static str,
    /// what it does, in a few words
    pub(crate) about: &'static str,
    /// share of the time, beside the others' shares; zero for what ends by itself, and is told the whole
    pub(crate) share: u32,
    /// whether it must have the machine for itself, because it waits for real processes
    pub(crate) is_alone: bool,
    /// runs it: one item, or one for each of its parts
    pub(crate) run: fn(&Budget) -> Vec<Item>,
}

/// All suites, in the order in which they are begun.
pub(crate) const SUITES: &[Suite] = &[
    Suite {
        id: "supply-chain",
        about: "lock file, licences, code that runs at build time, scanners where they are",
        share: 0,
        is_alone: false,
        run: |budget| vec![parclose_supply::run(&checkout::folder(), budget)],
    },
    Suite {
        id: "leaks",
        about: "canaries of all members searched in everything that outsiders hold, in one process",
        share: 5,
        is_alone: false,
        run: |budget| vec![parclose_oracle::leak::leak_oracle(budget)],
    },
    Suite {
        id: "leaks-processes",
        about: "the same over real processes: answers, pages, logs, files, command lines, memory",
        share: 3,
        is_alone: false,
        run: |budget| vec![parclose_oracle::processes::leak_oracle_of_processes(budget)],
    },
    Suite {
        id: "worlds",
        about: "two consortia that differ in their secrets only, as outsiders see them (F22)",
        share: 3,
        is_alone: false,
        run: |budget| vec![parclose_oracle::worlds::two_worlds(budget)],
    },
    Suite {
        id: "dictionary",
        about: "a million candidates tried on everything that outsiders hold (F22b)",
        share: 3,
        is_alone: false,
        run: |budget| vec![parclose_oracle::dictionary::dictionary(budget)],
    },
    Suite {
        id: "roles",
        about: "commands and pages as each role (F20)",
        share: 3,
        is_alone: false,
        run: |budget| vec![parclose_oracle::roles::roles(budget)],
    },
    Suite {
        id: "attacks",
        about: "every attack of the kit on a throw-away consortium",
        share: 5,
        is_alone: false,
        run: |budget| vec![parclose_attack::suite::all(budget)],
    },
    Suite {
        id: "fuzz",
        about: "suites F01 to F24 but F15 and F17 (simulation), F20 (roles), F22 (worlds), F22b (dictionary), and every \
                entrance: corpora, then mutants, against oracles",
        share: 40,
        is_alone: false,
        run: fuzzing::all,
    },
    Suite {
        id: "simulation",
        about: "validators, rooms and deals under seeded faults, a crash at every sync, planted bugs (F15, F17)",
        share: 35,
        is_alone: false,
        run: simulation,
    },
    Suite {
        id: "linearizable",
        about: "histories of clients of real processes under kills, cuts and stops",
        share: 0,
        is_alone: true,
        run: tests::linearizable,
    },
    Suite {
        id: "nothing-lost",
        about: "acknowledgements of real processes under kills, compared with what members have",
        share: 0,
        is_alone: true,
        run: tests::nothing_lost,
    },
    Suite {
        id: "floods",
        about: "honest clients of real processes while strangers, a member and a local user flood the nodes; draws nothing from \
                the seed",
        share: 0,
        is_alone: true,
        run: tests::floods,
    },
];

/// Five of them go on as long as there is time; the others end by themselves.
fn simulation(budget: &Budget) -> Vec<Item> {
    let suites = parclose_simulation::suite::suites();
    suites.into_iter().map(|suite| suite(&budget.part(5))).collect()
}

/// A suite by its name.
pub(crate) fn named(id: &str) -> anyhow::Result<&'static Suite> {
    match SUITES.iter().find(|suite| suite.id == id) {
        Some(suite) => Ok(suite),
        None => {
            let known: Vec<&str> = SUITES.iter().map(|suite| suite.id).collect();
            bail!("no suite is named `{id}`; there are {}", known.join(", "))
        }
    }
}

/// Those that were named, or all.
pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Suite>> {
    if names.is_empty() {
        return Ok(SUITES.iter().collect());
    }
    names.iter().map(|name| named(name)).collect()
}

/// Each with its time: the whole, times the lanes, divided by shares.
pub(crate) fn divided(
    suites: &[&'static Suite],
    whole: Duration,
    lanes: usize,
) -> Vec<(&'static Suite, Duration)> {
    let all: u32 = suites.iter().map(|suite| suite.share).sum();
    let lanes = u32::try_from(lanes).unwrap_or(u32::MAX);
    let part = |suite: &&'static Suite| {
        if suite.share == 0 {
            return whole;
        }
        whole.saturating_mul(lanes).saturating_mul(suite.share).checked_div(all).unwrap_or_default()
    };
    suites.iter().map(|suite| (*suite, part(suite))).collect()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn suites_have_one_name_each_and_an_unknown_one_is_told_what_there_is() {
        for suite in SUITES {
            assert_eq!(SUITES.iter().filter(|other| other.id == suite.id).count(), 1, "{}", suite.id);
            assert_eq!(named(suite.id).expect("it is there").about, suite.about);
        }
        let refused = named("no-such-suite").err().expect("there is none").to_string();
        assert!(refused.contains("supply-chain"), "{refused}");
    }

    /// Ids of suites that are missing in what the fuzz suite says of those that others run.
    fn unnamed<'a>(about: &str, ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let named = |id: &str| about.split([' ', ',', ')']).any(|word| word == id);
        ids.filter(|id| !named(id)).collect()
    }

    #[test]
    fn fuzzing_names_every_suite_that_is_run_elsewhere() {
        let about = named("fuzz").expect("it is there").about;
        let elsewhere = || parclose_fuzz_targets::suites::ELSEWHERE.iter().map(|suite| suite.id);
        assert_eq!(unnamed(about, elsewhere()), Vec::<&str>::new());
        assert_eq!(unnamed("suites F01 to F24", elsewhere()), elsewhere().collect::<Vec<_>>());
    }

    #[test]
    fn time_is_divided_by_shares_and_what_ends_by_itself_is_told_the_whole() {
        let suite = |share| -> &'static Suite {
            Box::leak(Box::new(Suite { id: "a", about: "", share, is_alone: false, run: |_| Vec::new() }))
        };
        let parts = divided(&[suite(3), suite(1), suite(0)], Duration::from_secs(100), 2);
        let seconds: Vec<u64> = parts.iter().map(|(_, part)| part.as_secs()).collect();
        assert_eq!(seconds, [150, 50, 100]);
    }
}
