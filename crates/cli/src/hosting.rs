//! Commands to a running node: the node that holds a home runs them, and this process prints what they make.
//!
//! ```text
//!   parclose record list … --> running.json of the home: socket? --> the node's own command line --> JSON value
//! ```
//!
//! Paths on the line are made whole here, and what the command reads from its standard input goes with it.

mod line;

use std::cell::RefCell;
use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use parclose_node::run::{Commands, Running};
use parclose_node::{Consortium, node_home};
use parclose_types::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::{Args, Audit, Bench, Channel, Command, Disclose, Node, ViewKey};
use crate::contexts::select;
use crate::error::CliError;

/// What a command may have on its standard input.
const INPUT_BYTES_MAX: u64 = 1 << 20;

thread_local! {
    /// the consortium of the node on whose thread this is
    static HERE: RefCell<Option<Arc<Consortium>>> = const { RefCell::new(None) };
}

/// The consortium that this process has open already, on a thread of a node that answers a command.
#[must_use]
pub fn here() -> Option<Arc<Consortium>> {
    HERE.with_borrow(Clone::clone)
}

/// Has commands of this thread work on an open consortium, or on none again.
pub(crate) fn host_here(consortium: Option<Arc<Consortium>>) {
    HERE.set(consortium);
}

thread_local! {
    /// what the command that is answered on this thread has on its standard input
    static INPUT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What a command reads where it is given `-`: this process's standard input, or that of whoever sent it here.
pub fn standard_input(bytes_max: u64) -> std::io::Result<String> {
    if here().is_some() {
        return INPUT.take().ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into());
    }
    let mut text = String::new();
    std::io::stdin().take(bytes_max).read_to_string(&mut text)?;
    Ok(text)
}

/// A command on its way to a node.
#[derive(Serialize, Deserialize)]
struct Request {
    line: Vec<String>,
    input: Option<String>,
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
/// > CLI-14: a command whose node does not answer ends with exit code 7, and its outcome counts as not known.
pub fn forward(args: &Args) -> Result<Option<Answer>, CliError> {
    if !is_of_a_node(&args.command) {
        return Ok(None);
    }
    let Some(stream) = connected(&args.global.home) else { return Ok(None) };
    let (line, reads_input) = line::whole(std::env::args_os().collect())?;
    let input = if reads_input { Some(standard_input(INPUT_BYTES_MAX)) } else { None };
    let input = input.transpose().map_err(|e| CliError::file(Path::new("-"), &e))?;
    let answer = ask(stream, &Request { line, input });
    answer.map(Some).map_err(|reason| {
        let told = format!("the node of this home has not answered: {reason}");
        let fix = "look whether it happened, for example with `parclose tx list`, and at the node's log";
        CliError::new("OUTCOME_UNKNOWN", "CLI-14", Fault::Operator, told, fix).not_definite()
    })
}

/// Has the node of a home run a command; paths on the line must be whole.
pub(crate) fn ask_node(home: &Path, words: &[&str], input: Option<String>) -> Result<Answer, CliError> {
    let stream = connected(home).ok_or_else(|| {
        let told = format!("no node runs in `{}`", home.display());
        CliError::new("NODE_UNREACHABLE", "CLI-10", Fault::Operator, told, "parclose dev status")
    })?;
    let line = ["parclose"].iter().chain(words).map(|word| (*word).to_owned()).collect();
    ask(stream, &Request { line, input }).map_err(|e| CliError::file(home, &e))
}

fn ask(mut stream: UnixStream, request: &Request) -> std::io::Result<Answer> {
    serde_json::to_writer(&stream, request)?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(serde_json::from_slice(&answer)?)
}

fn connected(home: &Path) -> Option<UnixStream> {
    let text = std::fs::read(node_home::running(home)).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    UnixStream::connect(running.socket?).ok()
}

/// Whether a command works on an open consortium.
fn is_of_a_node(command: &Command) -> bool {
    match command {
        // Public files of the home are all that it needs, and a folder of this directory.
        Command::Channel(Channel::Draft { .. }) => false,
        // A view key is opened by whoever runs the command, and by no node.
        Command::Viewkey(ViewKey::Inspect { .. } | ViewKey::Narrow(_)) => false,
        Command::Member(_)
        | Command::Channel(_)
        | Command::Policy(_)
        | Command::Tx(_)
        | Command::Record(_)
        | Command::Asset(_)
        | Command::Dvp(_)
        | Command::Netting(_)
        | Command::Receivable(_)
        | Command::BusinessDate(_)
        | Command::TagKey(_)
        | Command::Locate(_)
        | Command::Import(_)
        | Command::Receipt(_)
        | Command::Erase(_)
        | Command::Disclose(Disclose::Field { .. } | Disclose::Amount { .. })
        | Command::Validators(_)
        | Command::Node(Node::Evidence { verify: None, .. })
        | Command::Viewkey(_)
        | Command::Bench(Bench::Load(_) | Bench::Usage)
        | Command::Audit(Audit::AccessLog { .. }) => true,
        Command::Dev(_)
        | Command::Demo(_)
        | Command::Key(_)
        | Command::Consortium(_)
        | Command::Node(_)
        | Command::Config(_)
        | Command::Backup(_)
        | Command::Attack(_)
        | Command::Bench(_)
        | Command::Audit(_)
        | Command::Disclose(_)
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
        INPUT.set(None);
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
    INPUT.set(request.input);
    let line = request.line.into_iter().map(Into::into).collect();
    let mut args = match select::parse_line(line) {
        Ok(args) => args,
        Err(select::NotParsed::Usage(usage)) => return Err(refused(usage.to_string())),
        Err(select::NotParsed::Refused(error)) => return Err(*error),
    };
    consortium.home().path().clone_into(&mut args.global.home);
    // Nobody sits at a node.
    args.global.passphrase.no_input = true;
    if !is_of_a_node(&args.command) {
        return Err(refused("this is not a node's command".into()));
    }
    crate::run(&args).map(Answer::Value)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn is_sent(line: &[&str]) -> bool {
        let args = Args::try_parse_from([&["parclose"], line].concat()).expect("a command line");
        is_of_a_node(&args.command)
    }

    /// A view key reaches a node as what the channel has recorded, wrapped to somebody else, and never as a key to open.
    #[test]
    fn no_node_is_asked_to_open_a_view_key() {
        let with = ["--view-key", "k.json", "--with", "r.key"];
        let bundle = ["b.bundle", "--genesis", "g.json"];
        for what in ["report", "scan", "complain"] {
            let out: &[&str] = if what == "complain" { &["--out", "folder"] } else { &[] };
            assert!(!is_sent(&[&["audit", what], &bundle[..], &with, out].concat()), "{what}");
        }
        assert!(!is_sent(&["audit", "verify", "p.pack", "--genesis", "g.json"]));
        assert!(!is_sent(&["viewkey", "inspect", "k.json"]));
        let narrow = ["viewkey", "narrow", "k.json", "--with", "r.key", "--to", "o.key", "--out", "n.json"];
        assert!(!is_sent(&[&narrow[..], &["--from-epoch", "0", "--to-epoch", "3"]].concat()));
        assert!(is_sent(&["viewkey", "list", "-c", "a", "--as", "b"]), "what the channel has recorded");
        assert!(is_sent(&["audit", "access-log", "-c", "a", "--as", "b"]));
    }
}
