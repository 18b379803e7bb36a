//! Every suite keeps its promise over its corpus and some mutants of it, reaches all that it names, and catches what is planted.

mod seed;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use parclose_findings::Budget;
use parclose_fuzz_targets::mutator::Mutator;
use parclose_fuzz_targets::runner::Runner;
use parclose_fuzz_targets::suites::{ELSEWHERE, SUITES, elsewhere, suite};
use parclose_fuzz_targets::{TARGETS, packs};
use seed::seed;

/// Mutants beyond the corpus, for so long.
const MUTATED: Duration = Duration::from_millis(300);
const GOOD_MIN: usize = 2000;
const BAD_MIN: usize = 5000;
const BAD_OF_FORMAT_MIN: usize = 100;
const BYTES_MAX: u64 = 20 << 20;

macro_rules! suites {
    ($($test:ident: $id:literal;)*) => {
        $(#[test]
        fn $test() {
            let suite = suite($id).expect("a suite of this id");
            // It stays there, so that the command of a finding has its input.
            let runner = Runner::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz"));
            let item = runner.run_with(suite, &packs::read(suite), &Budget::new(seed(), MUTATED));
            println!("{item:#?}");
            assert_eq!(item.faults(), [], "again: make fuzz TARGET={} SEED={} SECONDS=60", $id, seed());
        })*

        /// The ids above, so that none is forgotten.
        const TESTED: &[&str] = &[$($id),*];
    };
}

suites! {
    f02_injectivity: "F02";
    f03_mutation: "F03";
    f04_row_keys: "F04";
    f05_policy: "F05";
    f06_changes: "F06";
    f07_sealing: "F07";
    f08_single_use: "F08";
    f09_wraps: "F09";
    f10_two_keys: "F10";
    f11_proofs: "F11";
    f12_balance: "F12";
    f13_scopes: "F13";
    f14_disclosures: "F14";
    f16_certificates: "F16";
    f18_recovery: "F18";
    f19_deals: "F19";
    f21_membership: "F21";
    f24_clocks: "F24";
}

/// Tested in `weighed.rs`, in a process of their own.
const WEIGHED: [&str; 2] = ["F01", "F23"];

#[test]
fn every_suite_of_the_plan_is_made_once() {
    let ids: Vec<&str> =
        SUITES.iter().map(|suite| suite.id).chain(ELSEWHERE.iter().map(|suite| suite.id)).collect();
    let planned: BTreeSet<String> = (1..=24).map(|n| format!("F{n:02}")).chain(["F22b".into()]).collect();
    assert_eq!(ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>(), planned);
    assert_eq!(ids.len(), planned.len(), "a suite stands twice");
    let tested: BTreeSet<&str> = TESTED.iter().chain(&WEIGHED).copied().collect();
    assert_eq!(SUITES.iter().map(|suite| suite.id).collect::<BTreeSet<_>>(), tested);
    assert!(SUITES.iter().all(|suite| !suite.controls.is_empty()), "a suite without a control");
    assert!(SUITES.iter().all(|suite| !(suite.reach)().is_empty()), "a suite that names nothing to reach");
}

#[test]
fn whoever_asks_for_a_suite_of_another_crate_is_told_its_command() {
    for of_another in ELSEWHERE {
        assert!(suite(of_another.id).is_none(), "{} is here", of_another.id);
        let told = elsewhere(&of_another.id.to_lowercase()).expect("it is known");
        assert!(told.contains(of_another.id) && told.contains(of_another.command), "{told}");
    }
    assert_eq!(elsewhere("F05"), None);
}

#[test]
fn a_seed_brings_the_same_mutants_and_another_seed_others() {
    assert_eq!(seed(), seed());
    let inputs = [vec![7; 64]];
    let mutants = |seed| {
        let mut mutator = Mutator::new(&inputs, seed);
        (0..16).map(|_| mutator.draw()).collect::<Vec<_>>()
    };
    assert_eq!(mutants(seed()), mutants(seed()));
    assert_ne!(mutants(seed()), mutants(seed() + 1));
}

#[test]
fn the_corpora_are_large_enough_and_each_bad_input_names_what_refuses_it() {
    let (mut good, mut bad, mut said) = (0, 0, std::collections::BTreeMap::<String, usize>::new());
    let mut of_format = std::collections::BTreeMap::<u8, usize>::new();
    for suite in SUITES {
        for entry in packs::read(suite) {
            assert!(
                !entry.answer.is_empty() && !entry.answer.contains(' '),
                "{}: {}",
                suite.id,
                entry.answer
            );
            if entry.is_good() {
                assert_ne!(suite.id, "F23", "a bomb is no good input");
                good += 1;
            } else if entry.names_a_rule() {
                bad += 1;
                if suite.script_bytes == 0 {
                    *of_format.entry(entry.bytes[0]).or_default() += 1;
                }
            } else {
                // A word says what came of it, and no rule: neither good nor bad.
                *said.entry(entry.answer).or_default() += 1;
            }
        }
    }
    println!("{good} good, {bad} bad, {said:?}, {of_format:?}");
    assert!(good >= GOOD_MIN, "{good} good inputs");
    assert!(bad >= BAD_MIN, "{bad} bad inputs");
    assert_eq!(of_format.len(), parclose_fuzz_targets::entrances::ENTRANCES.len());
    assert!(of_format.values().all(|count| *count >= BAD_OF_FORMAT_MIN), "{of_format:?}");
    let bytes: u64 =
        SUITES.iter().filter_map(|suite| packs::file(suite).metadata().ok()).map(|file| file.len()).sum();
    assert!(bytes <= BYTES_MAX, "{bytes} bytes");
}

#[test]
fn the_packs_begin_with_what_the_library_makes_today() {
    for suite in SUITES {
        let known: BTreeSet<Vec<u8>> = packs::read(suite).into_iter().map(|entry| entry.bytes).collect();
        let missing = packs::starts(suite).into_iter().filter(|bytes| !known.contains(bytes)).count();
        assert_eq!(
            missing, 0,
            "{}: cargo run --locked -p parclose-fuzz-targets --example write_packs {}",
            suite.name, suite.id
        );
    }
}

#[test]
fn every_suite_and_entrance_has_a_libfuzzer_binary() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../libfuzzer");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest of the binaries");
    let names = SUITES.iter().map(|suite| suite.name).chain(TARGETS.iter().map(|target| target.name));
    for name in names {
        assert!(folder.join(format!("fuzz_targets/{name}.rs")).is_file(), "{name} has no binary");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
    }
}
