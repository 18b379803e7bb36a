//! Commands as a member types them, run in this process.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use parclose_cli::args::Args;
use serde_json::Value;

use crate::ground::templates;

/// What a command came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// its value
    Done(Value),
    /// refused: everything that is told, to programs and to people
    Refused {
        /// the JSON form
        json: Value,
        /// the form for people
        prose: String,
        /// the exit code
        exit: u8,
    },
}

/// Where commands are run.
#[derive(Clone, Debug)]
pub struct Desk {
    home: PathBuf,
}

impl Desk {
    /// In a home that nothing else has open.
    pub fn at(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Runs one command.
    pub fn run(&self, line: &[&str]) -> Answer {
        let (home, templates) = (self.home.display().to_string(), templates().display().to_string());
        let globals = ["parclose", "--home", &home, "--templates", &templates, "--json", "--no-input"];
        let args = match Args::try_parse_from(globals.into_iter().chain(line.iter().copied())) {
            Ok(args) => args,
            Err(usage) => {
                return Answer::Refused { json: Value::Null, prose: usage.to_string(), exit: 2 };
            }
        };
        match parclose_cli::run(&args) {
            Ok(value) => Answer::Done(value),
            Err(error) => Answer::Refused {
                json: error.to_json(),
                prose: format!("{}\n{error:?}", error.to_prose()),
                exit: error.exit(),
            },
        }
    }

    /// Runs one command that has to succeed.
    pub fn done(&self, line: &[&str]) -> Result<Value, crate::Failed> {
        match self.run(line) {
            Answer::Done(value) => Ok(value),
            Answer::Refused { prose, .. } => Err(format!("{line:?}: {prose}").into()),
        }
    }
}

impl Answer {
    /// All of it, as bytes.
    pub fn text(&self) -> String {
        match self {
            Self::Done(value) => value.to_string(),
            Self::Refused { json, prose, exit } => format!("{json}\n{prose}\n{exit}"),
        }
    }

    /// A refusal without what is its own each time: the correlation id.
    pub fn refusal(&self) -> Option<(Value, u8)> {
        let Self::Refused { json, exit, .. } = self else { return None };
        let mut json = json.clone();
        if let Some(members) = json.as_object_mut() {
            members.remove("correlation_id");
        }
        Some((json, *exit))
    }
}
