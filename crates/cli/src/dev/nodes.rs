//! `parclose dev up --validators N`: the development consortium as processes of their own on loopback.
//!
//! ```text
//!   HOME/nodes/NAME/           that member's node home, as in a consortium of separate machines
//!   HOME/nodes/NAME/node.log   what its process says
//! ```
//!
//! The ceremony and the founding of channels are those of separate members; only the person at the keyboard is one.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parclose_documents::Lei;
use parclose_node::ceremony::{Draft, Joining, accept, conclude, join_for_development};
use parclose_node::config::document;
use parclose_node::found::{Party, found_channel, read_template, template_folder};
use parclose_node::home::read_json;
use parclose_node::links::Cut;
use parclose_node::randomness::generator;
use parclose_node::run::Running;
use parclose_node::{Home, node_home, shared_cache};
use parclose_transaction::{Definition, DefinitionTexts};
use parclose_types::{Fault, NetworkId};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{DEVELOPMENT, MEMBERS, Scene};
use crate::args::Global;
use crate::error::CliError;

/// How long a node may take to start, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Whole, so that a process is found by it from any directory.
pub(crate) fn folder(global: &Global, name: &str) -> PathBuf {
    let home = std::path::absolute(&global.home).unwrap_or_else(|_| global.home.clone());
    home.join("nodes").join(name)
}

/// The members that have a home here: those of the development consortium first, in their order.
fn names(global: &Global) -> Vec<String> {
    let entries = std::fs::read_dir(global.home.join("nodes")).into_iter().flatten().flatten();
    let homes = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = homes.filter_map(|home| home.file_name().into_string().ok()).collect();
    names.sort_by_key(|name| {
        (MEMBERS.iter().position(|known| known == name).unwrap_or(MEMBERS.len()), name.clone())
    });
    names
}

/// Makes everybody's home and starts the nodes, or starts those of a consortium that is there.
///
/// # Rules
///
/// > CLI-12: a consortium of processes has 1 to 5 validators, and ports that follow on from one another.
pub(super) fn up(global: &Global, validators: u8, port_base: u16) -> Result<Value, CliError> {
    let all = u8::try_from(MEMBERS.len()).unwrap_or(u8::MAX);
    if !(1..=all).contains(&validators) || port_base.checked_add(2 * u16::from(all)).is_none() {
        let text = format!("{validators} validators from port {port_base} on");
        return Err(CliError::new("USAGE", "CLI-12", Fault::Sender, text, "take 1 to 5 validators"));
    }
    if !global.home.join("nodes").exists() {
        // Its links can be cut: nobody but `dev` makes homes in which they can.
        let plan = Plan { validators, port_base, heartbeat: HEARTBEAT, awake_max: None, cuttable: true };
        make(global, &plan, &DEVELOPMENT)?;
    }
    start_all(global)?;
    status(global)
}

/// A node in a consortium for development: so often a root chain without work ticks.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Starts every node that does not run.
pub(crate) fn start_all(global: &Global) -> Result<(), CliError> {
    let names = names(global);
    let started = names.iter().map(|name| start(global, name)).collect::<Result<Vec<_>, _>>()?;
    for (name, mut child) in names.iter().zip(started) {
        wait_for(global, name, child.as_mut())?;
    }
    Ok(())
}

/// What the nodes of a consortium for development are to be.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) validators: u8,
    pub(crate) port_base: u16,
    pub(crate) heartbeat: Duration,
    /// channels whose stores are open at a time, if not so many as by default
    pub(crate) awake_max: Option<u16>,
    /// whether links between them can be cut
    pub(crate) cuttable: bool,
}

/// The ceremony, then the channels; what is left is to run.
pub(crate) fn make(global: &Global, plan: &Plan, scene: &Scene) -> Result<(), CliError> {
    let network = make_homes(global, plan, scene.members)?;
    scene.channels.iter().try_for_each(|(name, template, members)| {
        let texts = read_template(&template_folder(&global.templates, template))?;
        found(global, network, (name, members), &texts)
    })
}

/// The ceremony: a home of each, and no channel.
pub(crate) fn make_homes(global: &Global, plan: &Plan, members: &[&str]) -> Result<NetworkId, CliError> {
    let mut cards = Vec::new();
    for (number, name) in (0_u16..).zip(members) {
        let lei = Lei::make(&format!("PCLD00{number:012}"));
        let lei = lei.map_err(|e| CliError::usage(e.to_string(), "this is a fault of the program"))?;
        let address = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse();
        let first = plan.port_base.saturating_add(number.saturating_mul(2));
        let joining = Joining {
            member: (*name).into(),
            lei: lei.as_str().into(),
            validator: number < u16::from(plan.validators),
            consensus: address(first)?,
            exchange: address(first.saturating_add(1))?,
        };
        let home = folder(global, name);
        cards.push(join_for_development(&home, &joining, &mut generator())?);
        let listen = [first, first.saturating_add(1)].map(|port| format!("/ip4/127.0.0.1/tcp/{port}"));
        let [consensus, exchange] = listen;
        let mut set = vec![
            ("consensus.listen", consensus),
            ("exchange.listen", exchange),
            ("consensus.heartbeat_ms", plan.heartbeat.as_millis().to_string()),
            ("admin.listen", "127.0.0.1:0".into()),
        ];
        set.extend(plan.awake_max.map(|most| ("channels.awake_max", most.to_string())));
        crate::output::write_text(&node_home::configuration(&home), &document(&set))?;
        if plan.cuttable {
            Cut::off(BTreeSet::new()).impose(&home)?;
        }
    }
    let concluded = conclude(&Draft::new("development", &mut generator()), cards)?;
    for name in members {
        accept(&Home::open(&folder(global, name))?, &concluded.genesis, &concluded.book)?;
    }
    Ok(concluded.genesis.network())
}

/// Founds a channel in the homes of its members, none of whose nodes runs.
pub(crate) fn found(
    global: &Global,
    network: NetworkId,
    (channel, members): (&str, &[(&str, &str)]),
    texts: &DefinitionTexts,
) -> Result<(), CliError> {
    let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
    let party = |(name, role): &(&str, &str)| {
        let directory = Home::open(&folder(global, name))?.member_directory(name)?;
        Ok(Party { directory, name: (*name).into(), roles: super::roles_of(role) })
    };
    let parties = members.iter().map(party).collect::<Result<Vec<_>, CliError>>()?;
    let cache = shared_cache(8 << 20);
    let (open, _) = found_channel(channel, network, texts.clone(), &definition, &parties, &cache)?;
    for party in &parties {
        party.directory.keep_opening(&party.directory.channel(channel)?, &open)?;
    }
    Ok(())
}

/// The process of a node, if one runs.
fn process(global: &Global, name: &str) -> Option<(Pid, Running)> {
    let running: Running = read_json(&node_home::running(&folder(global, name))).ok()?;
    let pid = i32::try_from(running.pid).ok().and_then(Pid::from_raw)?;
    is_of(running.pid, &folder(global, name)).then_some((pid, running))
}

/// Whether a process is the node of a home. What a crash left behind names a process that is no more, or by now
/// somebody else's; one that has ended and nobody has asked for has no command line.
fn is_of(pid: u32, home: &Path) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    words.contains(&b"node".as_slice()) && words.contains(&home.as_os_str().as_bytes())
}

/// Whether a process has let go of everything that it had. Its command line is gone before its files are closed, and its
/// first thread may end before others do.
fn has_ended(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    // A command's name may hold anything, but ends with the last parenthesis.
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    threads <= 1 && matches!(state, Some('Z' | 'X'))
}

/// The process that was started; none if one runs.
fn start(global: &Global, name: &str) -> Result<Option<Child>, CliError> {
    if process(global, name).is_some() {
        return Ok(None);
    }
    let home = folder(global, name);
    let _ = std::fs::remove_file(node_home::running(&home));
    let path = home.join("node.log");
    let log = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let log = log.map_err(|e| CliError::file(&path, &e))?;
    let program = std::env::current_exe().map_err(|e| CliError::file(Path::new("parclose"), &e))?;
    let started = Command::new(program)
        .args(["node", "run", "--quiet", "--home"])
        .arg(&home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    started.map(Some).map_err(|e| CliError::file(&path, &e))
}

/// # Rules
///
/// > CLI-13: a node of the development consortium that does not come up or down in a minute is named, with its log.
fn wait(
    global: &Global,
    name: &str,
    what: &str,
    mut look: impl FnMut() -> Option<bool>,
) -> Result<(), CliError> {
    let until = now() + PATIENCE;
    loop {
        let seen = look();
        if seen == Some(true) {
            return Ok(());
        }
        if seen == Some(false) || now() >= until {
            let log = folder(global, name).join("node.log");
            let message = format!("the node of {name} does not {what}");
            let fix = format!("read {}", log.display());
            return Err(CliError::new("NODE_UNREACHABLE", "CLI-13", Fault::Operator, message, &fix));
        }
        std::thread::sleep(PAUSE);
    }
}

#[allow(clippy::disallowed_methods, reason = "a person waits for processes; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

/// Waits until a node is ready, or its process has ended before.
fn wait_for(global: &Global, name: &str, mut child: Option<&mut Child>) -> Result<(), CliError> {
    wait(global, name, "come up", || {
        let has_ended = child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))));
        let is_up = process(global, name).is_some();
        (is_up || has_ended).then_some(is_up)
    })
}

/// What runs, and what can be tried.
pub(super) fn status(global: &Global) -> Result<Value, CliError> {
    if !global.home.join("nodes").exists() {
        return Err(CliError::not_found("consortium of nodes"));
    }
    let node = |name: &String| {
        let home = folder(global, name);
        let found = process(global, name);
        json!({
            "member": name,
            "home": home.display().to_string(),
            "running": found.is_some(),
            "cut_from": Cut::read(&home).map(|cut| cut.cut).unwrap_or_default(),
            "pid": found.as_ref().map(|(_, running)| running.pid),
            "health": found.and_then(|(_, running)| running.admin).map(|at| format!("http://{at}/readyz")),
        })
    };
    let buyer = folder(global, "buyer").display().to_string();
    Ok(json!({
        "schema": "parclose.dev-nodes/1",
        "nodes": names(global).iter().map(node).collect::<Vec<_>>(),
        "try": [
            format!("parclose --home {buyer} channel list --as buyer"),
            format!("parclose --home {buyer} channel members -c trade-a --as buyer"),
            "parclose dev kill bank-1".to_owned(),
            "parclose dev restart bank-1".to_owned(),
            "parclose dev partition buyer,supplier-a".to_owned(),
            "parclose dev heal".to_owned(),
            "parclose dev down".to_owned(),
        ],
    }))
}

fn known(global: &Global, name: &str) -> Result<(), CliError> {
    if names(global).iter().any(|known| known == name) { Ok(()) } else { Err(CliError::not_found("member")) }
}

fn end(global: &Global, name: &str, signal: Signal) -> Result<(), CliError> {
    let Some((pid, running)) = process(global, name) else { return Ok(()) };
    let _ = kill_process(pid, signal);
    // It takes its running.json away before it lets go of its home.
    wait(global, name, "go down", || has_ended(running.pid).then_some(true))
}

/// Ends all nodes in good order; their homes stay.
pub(crate) fn down(global: &Global) -> Result<Value, CliError> {
    let names = names(global);
    let running: Vec<_> = names.iter().filter_map(|name| Some((name, process(global, name)?))).collect();
    for (_, (pid, _)) in &running {
        let _ = kill_process(*pid, Signal::TERM);
    }
    for (name, (_, running)) in &running {
        wait(global, name, "go down", || has_ended(running.pid).then_some(true))?;
    }
    status(global)
}

/// Ends a node as a crash would.
pub(super) fn kill(global: &Global, name: &str) -> Result<Value, CliError> {
    known(global, name)?;
    end(global, name, Signal::KILL)?;
    status(global)
}

/// Starts a node again.
pub(super) fn restart(global: &Global, name: &str) -> Result<Value, CliError> {
    known(global, name)?;
    end(global, name, Signal::TERM)?;
    start_one(global, name)?;
    status(global)
}

/// Starts one node that does not run.
pub(crate) fn start_one(global: &Global, name: &str) -> Result<(), CliError> {
    let mut child = start(global, name)?;
    wait_for(global, name, child.as_mut())
}

/// Ends one node in good order.
pub(crate) fn stop_one(global: &Global, name: &str) -> Result<(), CliError> {
    end(global, name, Signal::TERM)
}
