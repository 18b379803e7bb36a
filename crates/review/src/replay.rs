//! Commands that bring a suite back: whether somebody who types one gets what the report says.
//!
//! ```text
//!   NAME=value … program arguments      known program; for `cargo test`, that the test is there and not left out
//! ```
//!
//! A command that runs no test passes, and whoever typed it believes that nothing is wrong any more. What is looked at here is the
//! text of commands and of tests; nothing is run.

use std::path::{Path, PathBuf};

use crate::plan;

/// What is wrong with a command; none if it would run what it names.
pub(crate) fn complaint(command: &str, checkout: &Path) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_assignment(word)).collect();
    match words.as_slice() {
        ["make", goal, ..] => of_make(goal, checkout),
        ["parclose-review", suite, ..] => plan::named(suite).err().map(|error| error.to_string()),
        ["parclose-simulate" | "fuzz_suites", ..] | ["parclose", "attack", "run", ..] => None,
        ["cargo", "test", arguments @ ..] => of_tests(arguments, checkout),
        _ => Some(format!("`{command}` begins with no program of the kit")),
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

fn of_make(goal: &str, checkout: &Path) -> Option<String> {
    let goals = std::fs::read_to_string(checkout.join("Makefile")).unwrap_or_default();
    let is_there = goals.lines().any(|line| line.split_once(':').is_some_and(|(name, _)| name == goal));
    (!is_there).then(|| format!("the Makefile has no `{goal}`"))
}

/// A run of one test: that the file and the test are there, and that the arguments do not leave it out.
fn of_tests(arguments: &[&str], checkout: &Path) -> Option<String> {
    let after = |word: &str| arguments.iter().skip_while(move |known| **known != word).nth(1).copied();
    if !arguments.contains(&"--locked") {
        return Some("it does not say --locked".into());
    }
    let (Some(binary), Some(name)) = (after("--test"), after("--exact")) else {
        return Some("it names no test".into());
    };
    let Some(file) = file_of(binary, checkout) else {
        return Some(format!("there is no file `{binary}.rs` of tests"));
    };
    let Some(Attributes { is_ignored }) =
        attributes(&std::fs::read_to_string(file).unwrap_or_default(), name)
    else {
        return Some(format!("`{binary}.rs` has no test `{name}`"));
    };
    let says = |word: &str| arguments.contains(&word);
    let is_run = says("--include-ignored") || is_ignored == says("--ignored");
    (!is_run).then(|| format!("it leaves out `{name}`"))
}

/// The file of a binary of tests.
pub(crate) fn file_of(binary: &str, checkout: &Path) -> Option<PathBuf> {
    let crates = std::fs::read_dir(checkout.join("crates")).into_iter().flatten().flatten();
    let packages = crates.map(|entry| entry.path()).chain([checkout.join("tests")]);
    packages
        .map(|package| package.join("tests").join(binary).with_extension("rs"))
        .find(|file| file.is_file())
}

/// What stands above a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// it is run only if somebody asks for it
    pub(crate) is_ignored: bool,
}

/// The attributes of a test; none if the source has no test of this name.
pub(crate) fn attributes(source: &str, name: &str) -> Option<Attributes> {
    let lines: Vec<&str> = source.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("fn {name}()")))?;
    let above = || lines.iter().take(at).rev().take_while(|line| line.starts_with("#["));
    above().any(|line| *line == "#[test]").then(|| {
        let is_ignored = above().any(|line| line.starts_with("#[ignore"));
        Attributes { is_ignored }
    })
}

#[cfg(test)]
mod test;
