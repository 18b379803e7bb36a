//! The threat model holds what it says: each claim names a test that is there, each adversary what leaks all the same, and
//! each suite of the reviewer's kit stands behind a claim.
//!
//! ```text
//!   | claim | mechanism | `test`, `test` (F02), `test` (worlds, F22) |     in brackets: suites that the test runs
//! ```
//!
//! Which suites there are, the code says: the plan of a review, the fuzz suites, the simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const CLAIMS: &str = "| claim | mechanism | test |";
const LIMITS: &str = "| limit | asked at first | here | rule, constant | test |";
/// Suites of the plan that have suites of their own.
const WITH_PARTS: [&str; 2] = ["fuzz", "simulation"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).expect("a text of the repository")
}

/// All sources below a folder.
fn sources(folder: &str) -> Vec<String> {
    let (mut texts, mut open) = (Vec::new(), vec![workspace().join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(std::fs::read_to_string(path).expect("a source is UTF-8"));
            }
        }
    }
    texts
}

/// What the sources have.
struct Code {
    /// names of all functions
    functions: BTreeSet<String>,
    /// ids of all suites of the kit
    suites: BTreeSet<String>,
    /// tests that are made from a list, each with the suite that it runs
    listed: BTreeMap<String, String>,
}

impl Code {
    fn of_the_repository() -> Self {
        let texts: Vec<String> = ["crates", "tests", "fuzz/targets"].into_iter().flat_map(sources).collect();
        let lists = read("fuzz/targets/tests/suites.rs");
        let listed: BTreeMap<String, String> = lists.lines().filter_map(listed).collect();
        let named = texts.iter().flat_map(|text| text.lines()).filter_map(function);
        Self { functions: named.chain(listed.keys().cloned()).collect(), suites: suites(), listed }
    }
}

fn function(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split(['(', '<']).next().map(|name| name.trim().to_owned())
}

/// `f02_injectivity: "F02";`
fn listed(line: &str) -> Option<(String, String)> {
    let (test, id) = line.trim().strip_suffix("\";")?.split_once(": \"")?;
    is_name(test).then(|| (test.to_owned(), id.to_owned()))
}

/// Every suite: those of the plan, and in the place of two of them their parts.
fn suites() -> BTreeSet<String> {
    let plan = literals(&[read("crates/review/src/plan.rs")], "id: \"");
    let whole = plan.into_iter().filter(|id| !WITH_PARTS.contains(&id.as_str()));
    let fuzz = literals(&sources("fuzz/targets/src"), "id: \"");
    let simulated = literals(&sources("crates/simulation/src"), "\"S-");
    whole.chain(fuzz).chain(simulated.into_iter().map(|rest| format!("S-{rest}"))).collect()
}

/// What stands between `before` and the next quote; units of tests at the end of a source do not count.
fn literals(texts: &[String], before: &str) -> Vec<String> {
    let code = texts.iter().filter_map(|text| text.split("#[cfg(test)]").next());
    let found = code.flat_map(|text| text.split(before).skip(1).filter_map(|rest| rest.split('"').next()));
    found.map(str::to_owned).collect()
}

/// Whether a word could be a function's name.
fn is_name(word: &str) -> bool {
    word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Names in backticks that could be functions, each with what stands in brackets behind it.
fn cited(cell: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let parts: Vec<&str> = cell.split('`').collect();
    let pairs: Vec<_> = parts.windows(2).skip(1).step_by(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.into_iter().filter(|(name, _)| is_name(name)).map(|(name, behind)| {
        let brackets = behind.strip_prefix(" (").and_then(|rest| rest.split_once(')'));
        (name, brackets.map_or_else(Vec::new, |(within, _)| within.split(", ").collect()))
    })
}

/// Rows of the tables under a heading row, without it.
fn rows<'t>(text: &'t str, heading: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(heading).skip(1).flat_map(|table| {
        table
            .lines()
            .skip(1)
            .take_while(|line| line.starts_with("| "))
            .filter(|row| !row.starts_with("| ---"))
    })
}

fn last_cell(row: &str) -> &str {
    row.trim_end_matches('|').rsplit('|').next().unwrap_or_default()
}

fn adversaries(chapter: &str) -> &str {
    chapter.split("\n## ").find(|part| part.starts_with("Adversaries")).unwrap_or_default()
}

/// What is wrong with what the chapter says of each adversary.
fn complaints(chapter: &str, code: &Code) -> Vec<String> {
    let mut wrong = Vec::new();
    for part in adversaries(chapter).split("\n### ").skip(1) {
        let name = part.lines().next().unwrap_or_default();
        if !part.contains(CLAIMS) {
            wrong.push(format!("`{name}` has no claim"));
        }
        if !["Leaks", "Not stopped"].iter().any(|word| part.contains(&format!("\n{word}"))) {
            wrong.push(format!("`{name}` does not say what leaks"));
        }
        for row in rows(part, CLAIMS) {
            let cell = last_cell(row);
            if cited(cell).next().is_none() && !cell.contains("`demo:`") {
                wrong.push(format!("`{name}`: no test in {row}"));
            }
            let missing = cited(cell).filter(|(test, _)| !code.functions.contains(*test));
            wrong.extend(missing.map(|(test, _)| format!("`{name}`: there is no test `{test}`")));
        }
    }
    wrong
}

/// What is wrong with the suites that stand behind the claims.
fn complaints_of_suites(chapter: &str, code: &Code) -> Vec<String> {
    let (mut wrong, mut behind) = (Vec::new(), BTreeSet::new());
    for (test, ids) in rows(adversaries(chapter), CLAIMS).flat_map(|row| cited(last_cell(row))) {
        let unknown = ids.iter().filter(|id| !code.suites.contains(**id));
        wrong.extend(unknown.map(|id| format!("`{test}`: there is no suite {id}")));
        if let Some(own) = code.listed.get(test).filter(|own| !ids.contains(&own.as_str())) {
            wrong.push(format!("`{test}` runs the suite {own}"));
        }
        behind.extend(ids);
    }
    let idle = code.suites.iter().filter(|id| !behind.contains(id.as_str()));
    wrong.extend(idle.map(|id| format!("no claim rests on the suite {id}")));
    wrong
}

/// What is wrong with a table of limits: each names a test that is there, or says that there is none.
fn complaints_of_limits(chapter: &str, code: &Code) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows(chapter, LIMITS) {
        let cell = last_cell(row);
        let says_none = cell.trim() == "none";
        if cited(cell).next().is_some() == says_none {
            wrong.push(format!("neither a test nor none in {row}"));
        }
        let missing = cited(cell).filter(|(test, _)| !code.functions.contains(*test));
        wrong.extend(missing.map(|(test, _)| format!("there is no test `{test}`")));
    }
    wrong
}

fn chapter() -> String {
    read("specs/08-threats.md")
}

#[test]
fn every_claim_against_an_adversary_names_a_test_that_is_there() {
    let code = Code::of_the_repository();
    assert!(rows(adversaries(&chapter()), CLAIMS).count() > 100, "the tables are found");
    assert_eq!(complaints(&chapter(), &code), Vec::<String>::new());
}

#[test]
fn every_suite_of_the_reviewers_kit_stands_behind_a_claim() {
    let code = Code::of_the_repository();
    for id in ["leaks", "floods", "F01", "F15", "F22b", "F24", "S-validators", "S-rooms-sweep"] {
        assert!(code.suites.contains(id), "{id} is a suite: {:?}", code.suites);
    }
    assert!(WITH_PARTS.iter().all(|id| !code.suites.contains(*id)), "{:?}", code.suites);
    assert!(code.listed.len() > 10, "{:?}", code.listed);
    assert_eq!(complaints_of_suites(&chapter(), &code), Vec::<String>::new());
}

#[test]
fn every_limit_that_was_asked_for_names_a_test_or_none() {
    let chapter = read("specs/12-node.md");
    assert!(rows(&chapter, LIMITS).count() > 15, "the table is found");
    assert_eq!(complaints_of_limits(&chapter, &Code::of_the_repository()), Vec::<String>::new());
}

/// A chapter with one adversary, one claim and what leaks.
fn with(row: &str, leaks: &str) -> String {
    format!("# T\n\n## Adversaries\n\n### One\n\n{CLAIMS}\n| --- | --- | --- |\n{row}\n\n{leaks}\n")
}

fn small() -> Code {
    Code {
        functions: ["it_holds", "f02_it", "other_it"].map(str::to_owned).into(),
        suites: ["F02", "worlds"].map(str::to_owned).into(),
        listed: [("f02_it".to_owned(), "F02".to_owned())].into(),
    }
}

#[test]
fn a_claim_without_a_test_and_an_adversary_without_a_leak_are_noticed() {
    let wrong = |row: &str, leaks: &str| complaints(&with(row, leaks), &small());
    assert_eq!(wrong("| a | b | `it_holds` |", "Leaks: all."), Vec::<String>::new());
    for (row, leaks) in [
        ("| a | b | `it_held` |", "Leaks: all."),
        ("| a | b | c |", "Leaks: all."),
        ("| a | b | `it_holds` |", "Nothing."),
    ] {
        assert_eq!(wrong(row, leaks).len(), 1, "{row} {leaks}");
    }
}

#[test]
fn a_suite_behind_no_claim_and_one_that_a_test_does_not_run_are_noticed() {
    let wrong =
        |tests: &str| complaints_of_suites(&with(&format!("| a | b | {tests} |"), "Leaks: all."), &small());
    assert_eq!(wrong("`it_holds`, `f02_it` (F02), `other_it` (worlds)"), Vec::<String>::new());
    for (tests, told) in [
        ("`f02_it` (F02)", "no claim rests on the suite worlds"),
        ("`f02_it` (F02), `other_it` (worlds, F03)", "`other_it`: there is no suite F03"),
        ("`it_holds` (F02), `f02_it` (worlds)", "`f02_it` runs the suite F02"),
        ("`other_it` (worlds), `f02_it`", "`f02_it` runs the suite F02"),
    ] {
        let wrong = wrong(tests);
        assert!(wrong.iter().any(|complaint| complaint == told), "{tests}: {wrong:?}");
    }
    // Beside a claim, and not behind one, a suite shows nothing.
    let beside = with("| `f02_it` (F02) | `other_it` (worlds) | `it_holds` |", "Leaks: `f02_it` (F02).");
    assert_eq!(complaints_of_suites(&beside, &small()).len(), 2);
}

#[test]
fn a_limit_without_a_test_that_is_there_is_noticed() {
    let wrong = |cell: &str| {
        let table = format!("{LIMITS}\n| --- | --- | --- | --- | --- |\n| a | 1 | 2 | `A_MAX` | {cell} |\n");
        complaints_of_limits(&table, &small()).len()
    };
    assert_eq!((wrong("`it_holds`"), wrong("none")), (0, 0));
    assert_eq!((wrong("`it_held`"), wrong(""), wrong("some day")), (1, 1, 1));
}
