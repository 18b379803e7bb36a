//! Commands to a running node: the node that holds a home runs them, and this process prints what they make.
//!
//! ```text
//!   parclose record list … --> running.json of the home: socket? --> the node's own command line --> JSON value
//! ```
//!
//! Paths on the line are read and written by the node, from where it was started: give them whole.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use parclose_node::run::{Commands, Running};
use parclose_node::{Consortium, node_home};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::{Args, Command};
use crate::contexts::select;
use crate::error::CliError;

thread_local! {
    /// the consortium of the node on whose thread this is
    static HERE: RefCell<Option<Arc<Consortium>>> = const { RefCell::new(None) };
}

/// The consortium that this process has open already, on a thread of a node that answers a command.
#[must_use]
pub fn here() -> Option<Arc<Consortium>> {
    HERE.with_borrow(Clone::clone)
}

/// A command on its way to a node.
#[derive(Serialize, Deserialize)]
struct Request {
    line: Vec<String>,
}

/// What a node answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// the command's value
    Value(Value),
    /// why not
    Failed {
        /// as JSON
        json: Value,
        /// as prose
        prose: String,
        /// the exit code
        exit: u8,
    },
}

/// Runs a command in the node that holds its home; `None` if none does, or if it is not a matter of a node.
///
/// # Rules
///
/// > CLI-11: a command on a home that a running node holds is run by that node.
pub fn forward(args: &Args) -> Result<Option<Answer>, CliError> {
    if !is_of_a_node(&args.command) {
        return Ok(None);
    }
    let Some(mut stream) = connected(&args.global.home) else { return Ok(None) };
    let unknown = |error: std::io::Error| {
        let home = args.global.home.join("running.json");
        CliError::file(&home, &error)
    };
    let line = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let request = serde_json::to_vec(&Request { line }).map_err(|e| unknown(e.into()))?;
    let mut answer = Vec::new();
    stream
        .write_all(&request)
        .and_then(|()| stream.shutdown(Shutdown::Write))
        .and_then(|()| stream.read_to_end(&mut answer))
        .map_err(unknown)?;
    serde_json::from_slice(&answer).map(Some).map_err(|e| unknown(e.into()))
}

fn connected(home: &Path) -> Option<UnixStream> {
    let text = std::fs::read(node_home::running(home)).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    UnixStream::connect(running.socket?).ok()
}

/// Whether a command works on an open consortium.
fn is_of_a_node(command: &Command) -> bool {
    match command {
        Command::Member(_)
        | Command::Channel(_)
        | Command::Policy(_)
        | Command::Tx(_)
        | Command::Record(_)
        | Command::Locate(_)
        | Command::Import(_)
        | Command::Receipt(_)
        | Command::Viewkey(_)
        | Command::Audit(_) => true,
        Command::Dev(_)
        | Command::Demo(_)
        | Command::Key(_)
        | Command::Consortium(_)
        | Command::Node(_)
        | Command::Config(_)
        | Command::Backup(_)
        | Command::Bench(_)
        | Command::Context(_)
        | Command::Completions { .. }
        | Command::CompleteNames(_)
        | Command::Man(_)
        | Command::Version => false,
    }
}

/// The command line of a node.
#[derive(Clone, Copy, Debug)]
pub struct OfNode;

impl Commands for OfNode {
    fn answer(&self, consortium: &Arc<Consortium>, request: &[u8]) -> Vec<u8> {
        HERE.set(Some(consortium.clone()));
        let answer = run(consortium, request);
        HERE.set(None);
        let answer = answer.unwrap_or_else(|error| Answer::Failed {
            json: error.to_json(),
            prose: error.to_prose(),
            exit: error.exit(),
        });
        serde_json::to_vec(&answer).unwrap_or_default()
    }
}

fn run(consortium: &Consortium, request: &[u8]) -> Result<Answer, CliError> {
    let refused = |reason: String| CliError::usage(reason, "use a `parclose` of the node's version");
    let request: Request = serde_json::from_slice(request).map_err(|e| refused(e.to_string()))?;
    let line = request.line.into_iter().map(Into::into).collect();
    let mut args = match select::parse_line(line) {
        Ok(args) => args,
        Err(select::NotParsed::Usage(usage)) => return Err(refused(usage.to_string())),
        Err(select::NotParsed::Refused(error)) => return Err(*error),
    };
    consortium.home().path().clone_into(&mut args.global.home);
    if !is_of_a_node(&args.command) {
        return Err(refused("this is not a node's command".into()));
    }
    crate::run(&args).map(Answer::Value)
}
