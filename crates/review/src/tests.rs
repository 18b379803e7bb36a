//! Suites that are tests of real processes: Cargo runs them, and each tells its item in a line.

use std::process::Command;

use anyhow::{Context, bail};
use parclose_findings::{Budget, Item};

use crate::checkout;

/// Before the item in a line of output.
const MARK: &str = "review-item: ";

/// What a test reads the seed from, if it draws from one.
const SEED: &str = "PARCLOSE_SEED";

/// A test, and in which binary it is.
struct Test {
    id: &'static str,
    binary: &'static str,
    /// what is run when there is little time, and when there is much
    names: [&'static str; 2],
    /// it draws from a seed
    is_seeded: bool,
}

/// So much time is much: the long form takes about an hour.
const MUCH_SECONDS: u64 = 4 * 3600;

const LINEARIZABLE: Test = Test {
    id: "linearizable",
    binary: "linearizable",
    names: [
        "writes_are_linearizable_and_reads_at_a_node_sequential_whatever_befalls_the_nodes",
        "ten_long_histories",
    ],
    is_seeded: true,
};

const NOTHING_LOST: Test = Test {
    id: "nothing-lost",
    binary: "faults",
    names: ["nothing_acknowledged_is_lost_or_doubled_however_nodes_are_killed", "soak_of_kills"],
    is_seeded: true,
};

const FLOODS: Test = Test {
    id: "floods",
    binary: "floods",
    names: ["a_flood_slows_honest_clients_no_more_than_is_declared"; 2],
    is_seeded: false,
};

/// Histories of clients.
pub(crate) fn linearizable(budget: &Budget) -> Vec<Item> {
    LINEARIZABLE.run(budget)
}

/// Acknowledgements under kills.
pub(crate) fn nothing_lost(budget: &Budget) -> Vec<Item> {
    NOTHING_LOST.run(budget)
}

/// Floods, and how honest clients fare.
pub(crate) fn floods(budget: &Budget) -> Vec<Item> {
    FLOODS.run(budget)
}

impl Test {
    fn run(&self, budget: &Budget) -> Vec<Item> {
        let name = self.names[usize::from(budget.limit().as_secs() >= MUCH_SECONDS)];
        let replay = self.replay(name, budget.seed);
        let item = self.item(name, budget.seed).unwrap_or_else(|error| {
            let mut item = Item::new(self.id, "what its test says", &replay);
            item.find(format!("{error:#}"), replay);
            item
        });
        vec![Item { seconds: budget.used().as_secs_f64(), ..item }]
    }

    /// Arguments of Cargo. Long forms are ignored tests and short ones are not: `--ignored` would leave these out, run nothing
    /// and pass.
    fn arguments(&self, name: &'static str) -> Vec<&'static str> {
        let mut words = vec!["test", "--locked", "--profile", "house", "--workspace", "--test", self.binary];
        words.extend(["--", "--include-ignored", "--exact", name]);
        words
    }

    /// What somebody types to run it again.
    fn replay(&self, name: &'static str, seed: u64) -> String {
        let command = format!("cargo {}", self.arguments(name).join(" "));
        if self.is_seeded { format!("{SEED}={seed} {command}") } else { command }
    }

    fn item(&self, name: &'static str, seed: u64) -> anyhow::Result<Item> {
        let mut command = Command::new("cargo");
        command.args(self.arguments(name)).arg("--nocapture").env(SEED, seed.to_string());
        let output = command.current_dir(checkout::folder()).output()?;
        let says = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            let told = error
                .lines()
                .chain(says.lines())
                .find(|line| line.contains("panicked") || line.contains("error"));
            bail!("{name} failed: {}", told.unwrap_or_default());
        }
        let line = says.lines().find_map(|line| line.split_once(MARK)).context("the test tells no item")?;
        Ok(serde_json::from_str(line.1)?)
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::replay;

    /// Each test in each form.
    fn all() -> impl Iterator<Item = (&'static Test, &'static str)> {
        const ALL: &[Test] = &[LINEARIZABLE, NOTHING_LOST, FLOODS];
        ALL.iter().flat_map(|test| test.names.map(|name| (test, name)))
    }

    fn source(binary: &str) -> String {
        let file = replay::file_of(binary, &checkout::folder()).expect("there is such a file");
        std::fs::read_to_string(file).expect("it is text")
    }

    /// The text of a function.
    fn body<'a>(source: &'a str, name: &str) -> &'a str {
        let (_, after) = source.split_once(&format!("fn {name}() {{")).expect("there is such a function");
        after.split_once("\n}").expect("it ends").0
    }

    #[test]
    fn the_command_of_each_test_would_run_it() {
        for (test, name) in all() {
            let command = test.replay(name, 7);
            assert_eq!(replay::complaint(&command, &checkout::folder()), None);
            assert_eq!(command.starts_with("PARCLOSE_SEED=7 cargo test "), test.is_seeded);
            // As it once was: long forms alone would be run.
            let ignored = command.replace("--include-ignored", "--ignored");
            let is_ignored = replay::attributes(&source(test.binary), name).expect("it is there").is_ignored;
            assert_eq!(replay::complaint(&ignored, &checkout::folder()).is_none(), is_ignored);
        }
    }

    #[test]
    fn each_test_tells_its_own_name_and_reads_the_seed_if_it_draws_from_one() {
        for (test, name) in all() {
            let source = source(test.binary);
            let body = body(&source, name);
            assert!(body.contains(&format!("\"{name}\"")), "{name} tells another test");
            assert_eq!(body.contains("seed("), test.is_seeded, "{name}");
            let command = if test.is_seeded { "&seeded_replay(" } else { "&replay(" };
            assert!(source.contains(&format!("{command}\"{}\", ", test.binary)), "{}", test.binary);
        }
    }
}
