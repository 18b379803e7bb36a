//! Programs that others keep, with data that others keep: asked where they are, and named where they are not.

use std::path::Path;
use std::process::{Command, Output};

use parclose_findings::Item;

/// One question to one program.
struct Question {
    name: &'static str,
    /// the Cargo subcommand, to see whether it is there
    tool: &'static str,
    arguments: &'static [&'static str],
    /// what it says when its data is not there
    without_data: &'static [&'static str],
}

const QUESTIONS: &[Question] = &[
    Question {
        name: "cargo deny: bans, licences, sources",
        tool: "deny",
        arguments: &["deny", "--offline", "--locked", "check", "bans", "licenses", "sources"],
        without_data: &[],
    },
    Question {
        name: "cargo deny: advisories",
        tool: "deny",
        arguments: &["deny", "--locked", "check", "advisories"],
        without_data: &["failed to fetch advisory database", "failed to load advisory database"],
    },
    Question {
        name: "cargo audit",
        tool: "audit",
        arguments: &["audit", "--deny", "warnings"],
        without_data: &["couldn't fetch advisory database", "error loading advisory database"],
    },
];

/// Asks every program; an answer that there is something wrong is a finding.
pub fn ask(checkout: &Path, item: &mut Item) {
    for question in QUESTIONS {
        match question.ask(checkout) {
            Answer::Good => item.reach(question.name),
            Answer::Bad(says) => {
                item.reach(question.name);
                item.find(
                    format!("{}: {says}", question.name),
                    format!("cargo {}", question.arguments.join(" ")),
                );
            }
            Answer::NotRun(why) => item.not_run(question.name, why),
        }
    }
}

enum Answer {
    Good,
    Bad(String),
    NotRun(String),
}

impl Question {
    fn ask(&self, checkout: &Path) -> Answer {
        let version = Command::new("cargo").args([self.tool, "--version"]).output();
        if !version.is_ok_and(|output| output.status.success()) {
            return Answer::NotRun(format!("cargo-{} is not installed", self.tool));
        }
        match Command::new("cargo").args(self.arguments).current_dir(checkout).output() {
            Ok(output) => self.judge(&output),
            Err(error) => Answer::NotRun(error.to_string()),
        }
    }

    fn judge(&self, output: &Output) -> Answer {
        if output.status.success() {
            return Answer::Good;
        }
        let says = String::from_utf8_lossy(&output.stderr);
        if self.without_data.iter().any(|text| says.contains(text)) {
            return Answer::NotRun("its advisory data cannot be had here".into());
        }
        let line = says.lines().find(|line| line.contains("error")).unwrap_or("it failed without a word");
        Answer::Bad(line.trim().to_owned())
    }
}
