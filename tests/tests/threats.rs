//! The threat model holds what it says: each claim names a test that is there, and each adversary what leaks all the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const CLAIMS: &str = "| claim | mechanism | test |";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names of all functions in the sources.
fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open: Vec<PathBuf> =
        ["crates", "tests", "fuzz/targets"].map(|folder| workspace().join(folder)).into();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).expect("a source is UTF-8");
                names.extend(text.lines().filter_map(function));
            }
        }
    }
    names
}

fn function(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split(['(', '<']).next().map(|name| name.trim().to_owned())
}

/// Names in backticks that could be functions.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    let is_name =
        |name: &&str| name.contains('_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    cell.split('`').skip(1).step_by(2).filter(is_name)
}

/// What is wrong with the chapter.
fn complaints(chapter: &str, functions: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let adversaries = chapter.split("\n## ").find(|part| part.starts_with("Adversaries")).unwrap_or_default();
    for part in adversaries.split("\n### ").skip(1) {
        let name = part.lines().next().unwrap_or_default();
        if !part.contains(CLAIMS) {
            wrong.push(format!("`{name}` has no claim"));
        }
        if !["Leaks", "Not stopped"].iter().any(|word| part.contains(&format!("\n{word}"))) {
            wrong.push(format!("`{name}` does not say what leaks"));
        }
        let rows = part
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| ---") && *line != CLAIMS);
        for row in rows {
            let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
            if quoted(cell).next().is_none() && !cell.contains("`demo:`") {
                wrong.push(format!("`{name}`: no test in {row}"));
            }
            let missing = quoted(cell).filter(|test| !functions.contains(*test));
            wrong.extend(missing.map(|test| format!("`{name}`: there is no test `{test}`")));
        }
    }
    wrong
}

fn chapter() -> String {
    std::fs::read_to_string(workspace().join("specs/08-threats.md"))
        .expect("the chapter is in the repository")
}

#[test]
fn every_claim_against_an_adversary_names_a_test_that_is_there() {
    assert_eq!(complaints(&chapter(), &functions()), Vec::<String>::new());
}

#[test]
fn a_claim_without_a_test_and_an_adversary_without_a_leak_are_noticed() {
    let known: BTreeSet<String> = ["it_holds".to_owned()].into();
    let with = |row: &str, leaks: &str| {
        format!("# T\n\n## Adversaries\n\n### One\n\n{CLAIMS}\n| --- | --- | --- |\n{row}\n\n{leaks}\n")
    };
    assert_eq!(complaints(&with("| a | b | `it_holds` |", "Leaks: all."), &known), Vec::<String>::new());
    for (row, leaks) in [
        ("| a | b | `it_held` |", "Leaks: all."),
        ("| a | b | c |", "Leaks: all."),
        ("| a | b | `it_holds` |", "Nothing."),
    ] {
        assert_eq!(complaints(&with(row, leaks), &known).len(), 1, "{row} {leaks}");
    }
}
