//! Suites that are tests of real processes: Cargo runs them, and each tells its item in a line.

use std::process::Command;

use anyhow::{Context, bail};
use parclose_findings::{Budget, Item};

use crate::checkout;

/// Before the item in a line of output.
const MARK: &str = "review-item: ";

/// A test, and in which binary it is.
struct Test {
    id: &'static str,
    binary: &'static str,
    /// what is run when there is little time, and when there is much
    names: [&'static str; 2],
}

/// So much time is much: the long form takes about an hour.
const MUCH_SECONDS: u64 = 4 * 3600;

/// Histories of clients.
pub(crate) fn linearizable(budget: &Budget) -> Vec<Item> {
    let names = [
        "writes_are_linearizable_and_reads_at_a_node_sequential_whatever_befalls_the_nodes",
        "ten_long_histories",
    ];
    Test { id: "linearizable", binary: "linearizable", names }.run(budget)
}

/// Acknowledgements under kills.
pub(crate) fn nothing_lost(budget: &Budget) -> Vec<Item> {
    let names = ["nothing_acknowledged_is_lost_or_doubled_however_nodes_are_killed", "soak_of_kills"];
    Test { id: "nothing-lost", binary: "faults", names }.run(budget)
}

/// Floods, and how honest clients fare.
pub(crate) fn floods(budget: &Budget) -> Vec<Item> {
    let name = "a_flood_slows_honest_clients_three_times_at_most";
    Test { id: "floods", binary: "floods", names: [name, name] }.run(budget)
}

impl Test {
    fn run(&self, budget: &Budget) -> Vec<Item> {
        let name = self.names[usize::from(budget.limit().as_secs() >= MUCH_SECONDS)];
        let replay = format!(
            "cargo test --locked --profile house --workspace --test {} -- --ignored --exact {name}",
            self.binary
        );
        let item = self.item(name).unwrap_or_else(|error| {
            let mut item = Item::new(self.id, "what its test says", &replay);
            item.find(format!("{error:#}"), replay);
            item
        });
        vec![Item { seconds: budget.used().as_secs_f64(), ..item }]
    }

    fn item(&self, name: &str) -> anyhow::Result<Item> {
        let mut command = Command::new("cargo");
        command.args(["test", "--locked", "--profile", "house", "--workspace", "--test", self.binary, "--"]);
        command.args(["--include-ignored", "--nocapture", "--exact", name]);
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
