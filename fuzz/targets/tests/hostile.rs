//! Hostile vectors: each is refused by exactly its rule, and accepted without its one fault; and every rule of
//! the register either has one, or stands among the exceptions with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use parclose_fuzz_targets::entrances::{ENTRANCES, entrance};
use parclose_fuzz_targets::vectors::{self, File, Stored};

const AGAIN: &str = "write the vectors again with `cargo run --locked --profile house -p parclose-fuzz-targets --example write_vectors`";

/// Below this many, something was not read.
const VECTORS_AT_LEAST: usize = 550;

fn stored() -> BTreeMap<String, File> {
    let entries =
        std::fs::read_dir(vectors::folder()).unwrap_or_else(|e| panic!("no vectors ({e}); {AGAIN}"));
    let json = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"));
    json.map(|path| {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("vectors are text");
        (name, File::from_json(&text).unwrap_or_else(|| panic!("{} is no file of vectors", path.display())))
    })
    .collect()
}

/// What is wrong with one vector.
fn faults(name: &str, file: &File, vector: &Stored) -> Vec<String> {
    let take = entrance(name).unwrap_or_else(|| panic!("there is no entrance `{name}`")).take;
    let good = file.good[vector.good].bytes();
    let bad = vector.change.apply(&good);
    let at = |what: String| format!("{name}: {} ({}): {what}", vector.fault, vector.rule);
    let mut faults = Vec::new();
    match take(&bad) {
        Err(rule) if rule == vector.reported => {}
        other => faults.push(at(format!("{other:?}, not {}", vector.reported))),
    }
    if let Err(rule) = take(&good) {
        faults.push(at(format!("without its fault it is refused, too: {rule}")));
    }
    faults
}

#[test]
fn every_vector_breaks_its_rule_and_nothing_else() {
    let (mut ran, mut found) = (0, Vec::new());
    for (name, file) in &stored() {
        for vector in &file.vectors {
            found.extend(faults(name, file, vector));
            ran += 1;
        }
    }
    assert!(found.is_empty(), "{} of {ran}:\n{}", found.len(), found.join("\n"));
    assert!(ran >= VECTORS_AT_LEAST, "only {ran} vectors ran");
    println!("{ran} vectors");
}

#[test]
fn a_vector_whose_fault_is_none_and_one_of_another_rule_are_noticed() {
    let files = stored();
    let file = &files["view_key"];
    let mut harmless = file.vectors[0].clone();
    harmless.change.cut = 0;
    harmless.change.insert = vectors::Shown::Hex(Vec::new());
    assert_eq!(faults("view_key", file, &harmless).len(), 1, "a good value is no vector");
    let mut other = file.vectors[0].clone();
    other.reported = "KEY-10".into();
    assert_eq!(faults("view_key", file, &other).len(), 1, "another rule refuses it");
    let mut spoilt = file.clone();
    spoilt.good[0] = vectors::Shown::Hex(vec![2]);
    let bad_twice =
        Stored { change: vectors::Change { at: 0, cut: 0, insert: vectors::Shown::Hex(vec![2]) }, ..other };
    assert!(!faults("view_key", &spoilt, &bad_twice).is_empty(), "without its fault it must be accepted");
}

#[test]
fn the_vectors_are_what_the_library_makes_today() {
    let made = vectors::files();
    for (name, text) in &made {
        let found = std::fs::read_to_string(vectors::folder().join(name)).unwrap_or_default();
        assert!(found == *text, "{name} is of another day; {AGAIN}");
    }
    let names: BTreeSet<String> = stored().into_keys().map(|name| format!("{name}.json")).collect();
    assert_eq!(names, made.into_keys().collect(), "a file that nobody writes");
}

#[test]
fn every_entrance_has_vectors() {
    let files = stored();
    let without: Vec<&str> =
        ENTRANCES.iter().map(|entrance| entrance.name).filter(|name| !files.contains_key(*name)).collect();
    assert_eq!(without, Vec::<&str>::new());
}

/// Rules without a vector: an id or a prefix, and why.
fn exceptions() -> BTreeMap<String, String> {
    let text =
        std::fs::read_to_string(vectors::folder().join("exceptions.txt")).expect("a list of exceptions");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .flat_map(|line| {
            let (rules, why) = line.split_once(": ").unwrap_or_else(|| panic!("`{line}` gives no reason"));
            assert!(why.split(' ').count() > 3, "`{line}` gives no reason");
            rules.split(' ').map(|rule| (rule.to_owned(), why.to_owned()))
        })
        .collect()
}

fn register() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/rules.md");
    let text = std::fs::read_to_string(path).expect("the register of rules");
    let id = |line: &str| line.strip_prefix("| ").and_then(|rest| rest.get(..6)).map(str::to_owned);
    text.lines().filter_map(id).filter(|id| id.as_bytes()[3] == b'-').collect()
}

/// Rules that have neither a vector nor a reason, reasons that nothing needs, and rules that have both.
fn complaints(
    register: &BTreeSet<String>,
    with_vector: &BTreeSet<String>,
    exceptions: &BTreeMap<String, String>,
) -> Vec<String> {
    let excepted = |id: &str| exceptions.contains_key(id) || exceptions.contains_key(&id[..3]);
    let mut wrong = Vec::new();
    for id in register {
        if !with_vector.contains(id) && !excepted(id) {
            wrong.push(format!("{id}: neither a vector nor a reason why not"));
        }
        if with_vector.contains(id) && exceptions.contains_key(id) {
            wrong.push(format!("{id}: an exception, though it has a vector"));
        }
    }
    for id in with_vector.iter().filter(|id| !register.contains(*id)) {
        wrong.push(format!("{id}: has a vector, and is no rule"));
    }
    for name in exceptions.keys() {
        let of = |id: &&String| if name.len() == 3 { id.starts_with(name) } else { *id == name };
        if !register.iter().any(|id| of(&id)) {
            wrong.push(format!("{name}: an exception of no rule"));
        } else if name.len() == 3 && register.iter().filter(of).all(|id| with_vector.contains(id)) {
            wrong.push(format!("{name}: an exception that nothing needs"));
        }
    }
    wrong
}

#[test]
fn every_rule_that_refuses_outside_bytes_has_a_vector() {
    let with_vector: BTreeSet<String> =
        stored().into_values().flat_map(|file| file.vectors).map(|vector| vector.rule).collect();
    let wrong = complaints(&register(), &with_vector, &exceptions());
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} rules with vectors", with_vector.len());
}

#[test]
fn a_rule_without_vector_and_reason_is_noticed() {
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>();
    let why = |names: &[&str]| {
        names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect::<BTreeMap<String, String>>()
    };
    let rules = set(&["AAA-01", "AAA-02", "BBB-01"]);
    assert_eq!(complaints(&rules, &set(&["AAA-01"]), &why(&["AAA-02", "BBB"])), Vec::<String>::new());
    assert_eq!(complaints(&rules, &set(&["AAA-01"]), &why(&["BBB"])).len(), 1, "no reason");
    assert_eq!(complaints(&rules, &set(&["AAA-01", "AAA-02"]), &why(&["AAA-02", "BBB"])).len(), 1, "both");
    assert_eq!(complaints(&rules, &set(&["AAA-01", "CCC-01"]), &why(&["AAA-02", "BBB"])).len(), 1, "no rule");
    assert_eq!(complaints(&rules, &set(&["AAA-01"]), &why(&["AAA-02", "BBB", "CCC"])).len(), 1, "of no rule");
}
