//! `parclose node`: the process that serves one home.

mod evidence;
mod status;

use parclose_node::config::{NodeConfig, document};
use parclose_node::preflight::{Finding, preflight};
use parclose_node::run::Running;
use parclose_node::{Home, Unlock, log, node_home, run as process};
use serde_json::{Value, json};

use crate::args::{Global, Node, Set};
use crate::error::CliError;
use crate::hosting::OfNode;
use crate::output::write_text;
use crate::{config, progress};

/// Runs `parclose node …`.
pub fn run(global: &Global, command: &Node) -> Result<Value, CliError> {
    match command {
        Node::Init => init(global),
        Node::Run { set } => start(global, set),
        Node::Status => status::run(global),
        Node::Evidence { verify: Some(file), genesis: Some(genesis), .. } => evidence::verify(file, genesis),
        Node::Evidence { out, .. } => evidence::list(global, out.as_deref()),
        Node::Preflight { set } => check(global, set),
    }
}

/// The file of a node that has a card listens where the card says that others reach it.
fn init(global: &Global) -> Result<Value, CliError> {
    let home = Home::open(&global.home)?;
    let mut set = Vec::new();
    if node_home::is_node_home(home.path()) {
        let card = node_home::read_card(home.path())?;
        set.push(("consensus.listen", card.claims().consensus.listen_address().to_string()));
        set.push(("exchange.listen", card.claims().exchange.listen_address().to_string()));
    }
    let path = node_home::configuration(home.path());
    write_text(&path, &document(&set))?;
    Ok(json!({
        "schema": "parclose.node-init/1",
        "file": path.display().to_string(),
        "next": "parclose node preflight",
    }))
}

/// The process ends with a value like any command; what it tells while it runs goes to its log.
fn start(global: &Global, set: &Set) -> Result<Value, CliError> {
    let settings = config::settings(global, set)?;
    let config = NodeConfig::of(&settings, &global.home);
    let level = log::start(config.log_format, &config.log_level)?;
    let home = global.passphrase.unlock(Home::open(&global.home)?)?;
    if !node_home::is_node_home(&global.home) {
        process::tell_unused(&settings);
    }
    let mut told = None;
    process::run(home, &config, level, &OfNode, |running: &Running| {
        progress::note(global.quiet, &ready(running));
        told = Some(running.clone());
    })?;
    Ok(json!({
        "schema": "parclose.node-run/1",
        "home": global.home.display().to_string(),
        "network": told.map(|running| running.network.to_string()),
        "ended": "as it was told to",
    }))
}

fn ready(running: &Running) -> String {
    match running.admin {
        Some(admin) => format!("ready; health: http://{admin}/readyz  metrics: http://{admin}/metrics"),
        None => "ready".into(),
    }
}

/// # Rules
///
/// > CLI-09: a preflight that finds something wrong ends with exit code 6 and lists every check.
fn check(global: &Global, set: &Set) -> Result<Value, CliError> {
    let settings = config::settings(global, set)?;
    let config = NodeConfig::of(&settings, &global.home);
    let unlock = unlock(global)?;
    let checks = preflight(&global.home, &unlock, &config);
    let wrong: Vec<&Finding> = checks.iter().filter(|finding| !finding.ok).collect();
    let value = json!({ "schema": "parclose.node-preflight/1", "ready": wrong.is_empty(), "checks": checks });
    if wrong.is_empty() {
        return Ok(value);
    }
    checks.iter().for_each(|finding| progress::note(false, &line(finding)));
    let names: Vec<&str> = wrong.iter().map(|finding| finding.check).collect();
    let message = format!("the node could not run: {}", names.join(", "));
    let fix = "do what stands under each, and check again";
    let fault = parclose_types::Fault::Operator;
    Err(CliError::new("VERIFICATION_FAILED", "CLI-09", fault, message, fix).with_details(value))
}

fn line(Finding { check, ok, found, fix }: &Finding) -> String {
    if *ok { format!("ok    {check}: {found}") } else { format!("wrong {check}: {found}; {fix}") }
}

fn unlock(global: &Global) -> Result<Unlock, CliError> {
    let key = node_home::validator_key(&global.home);
    global.passphrase.opening(&key, &global.home)
}
