//! Every corpus through its target, then a short deterministic campaign; on stable, within seconds.

mod seed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use parclose_fuzz_targets::mutator::{campaign, run};
use parclose_fuzz_targets::seeds::{self, Seeds};
use parclose_fuzz_targets::world::{WORLD, World};
use parclose_fuzz_targets::{Reached, TARGETS, Target};
use seed::seed;

const AGAIN: &str = "write the corpus again with `cargo run --locked --profile house -p parclose-fuzz-targets --example write_corpus`";
const MUTANTS: usize = 5_000;
const CORPUS_BYTES_MAX: usize = 1 << 20;

type Files = BTreeMap<String, Vec<u8>>;

fn corpus_of(target: &str) -> Files {
    let folder = seeds::corpus().join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("no corpus of `{target}` ({e}); {AGAIN}"));
    let file = |entry: fs::DirEntry| {
        (
            entry.file_name().to_string_lossy().into_owned(),
            fs::read(entry.path()).expect("a corpus holds files"),
        )
    };
    entries.map(|entry| file(entry.expect("a folder can be listed"))).collect()
}

fn is_bad(name: &str) -> bool {
    name.starts_with("bad-")
}

/// What is wrong with a target's corpus: empty sides, good files that do not get through, bad ones that do.
fn faults(target: &Target, files: &Files) -> Vec<String> {
    let mut faults = Vec::new();
    for bad in [false, true] {
        if !files.keys().any(|name| is_bad(name) == bad) {
            faults.push(format!("{}: no {} files", target.name, if bad { "bad" } else { "good" }));
        }
    }
    for (name, input) in files {
        match run(target.run, input) {
            Err(crash) => faults.push(format!("{}/{name}: {}", target.name, crash.message)),
            Ok(reached) if (reached == Reached::Through) == is_bad(name) => {
                faults.push(format!("{}/{name} reaches {reached:?}", target.name));
            }
            Ok(_) => {}
        }
    }
    faults
}

#[test]
fn every_corpus_file_replays_and_every_good_one_gets_through() {
    let faults: Vec<String> =
        TARGETS.iter().flat_map(|target| faults(target, &corpus_of(target.name))).collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_corpus_is_what_the_library_makes_today() {
    for (target, seeds) in seeds::all() {
        let files = corpus_of(target);
        for (name, made) in seeds::files(&seeds) {
            assert!(
                files.get(&name).is_some_and(|found| found == made),
                "{target}/{name} is of another day; {AGAIN}"
            );
        }
    }
}

#[test]
fn the_corpus_is_small_and_each_folder_has_its_target() {
    let sizes = TARGETS.iter().flat_map(|target| corpus_of(target.name).into_values());
    assert!(sizes.map(|bytes| bytes.len()).sum::<usize>() < CORPUS_BYTES_MAX);
    let folders = fs::read_dir(seeds::corpus()).unwrap();
    let folders: BTreeSet<String> =
        folders.map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(folders, TARGETS.iter().map(|target| target.name.to_owned()).collect());
}

#[test]
fn the_world_is_made_the_same_twice() {
    let again = World::make();
    assert_eq!((again.bundle, again.receipts), (WORLD.bundle.clone(), WORLD.receipts.clone()));
    assert_eq!((again.wrapped, again.view_key), (WORLD.wrapped.clone(), WORLD.view_key.clone()));
}

#[test]
fn no_mutant_breaks_a_promise() {
    let first = seed();
    let again = format!(
        "again: PARCLOSE_FUZZ_SEED={first} cargo test --locked --profile house --workspace --test replay"
    );
    for (target, seed) in TARGETS.iter().zip(first..) {
        let inputs: Vec<Vec<u8>> = corpus_of(target.name).into_values().collect();
        // An archive is 1 MiB at least, and is written to the disk on its way.
        let mutants = if target.name.starts_with("archive") { MUTANTS / 20 } else { MUTANTS };
        let tally = campaign(target.run, &inputs, mutants, seed)
            .unwrap_or_else(|crash| panic!("{}: {crash:?}; {again}", target.name));
        println!("{:24} {tally:?}", target.name);
        let past_the_door: usize =
            tally.iter().filter(|(reached, _)| **reached > Reached::Door).map(|(_, n)| n).sum();
        assert!(past_the_door > 0, "{}: every mutant stays at the door; {again}", target.name);
    }
}

/// Breaks at one byte, which no input of its corpus holds.
fn planted(input: &[u8]) -> Reached {
    assert!(!input.contains(&0xA7), "the magic byte");
    Reached::Through
}

#[test]
fn a_planted_fault_is_found() {
    let crash = campaign(planted, &[vec![0x27; 64]], MUTANTS, 1).unwrap_err();
    assert_eq!(crash.message, "the magic byte");
    assert!(crash.input.contains(&0xA7));
    assert!(run(planted, &crash.input).is_err(), "the input alone brings it back");
}

#[test]
fn a_target_that_reaches_nothing_is_noticed() {
    let asleep = Target { name: "asleep", run: |_| Reached::Door };
    let Seeds { good, bad } = Seeds { good: vec![vec![1]], bad: vec![vec![2]] };
    let files: Files = [("000".to_owned(), good[0].clone()), ("bad-000".to_owned(), bad[0].clone())].into();
    assert_eq!(faults(&asleep, &files), ["asleep/000 reaches Door"]);
    let careless = Target { name: "careless", run: |_| Reached::Through };
    assert_eq!(faults(&careless, &files), ["careless/bad-000 reaches Through"]);
    assert_eq!(faults(&careless, &Files::new()).len(), 2);
}
