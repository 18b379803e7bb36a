//! What can be known before a node is started: everything that would make it fail, at once, each with a remedy.
//!
//! Nothing is changed; the home is held while it is looked at, as by any command, so a node that runs is told as that.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use parclose_types::Failure;
use serde::Serialize;

use crate::ceremony::CeremonyError;
use crate::config::NodeConfig;
use crate::consortium::open_channel;
use crate::home::{Home, MemberDirectory};
use crate::unlock::Unlock;
use crate::{key_file, machine, node_home, shared_cache};

/// Seconds since 1970 that no clock of a running machine is behind: the first of January 2025.
const CLOCK_MIN: u64 = 1_735_689_600;
/// Files of a process beside its stores, and files of one store.
const FILES: (u64, u64) = (256, 48);

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// what was checked
    pub check: &'static str,
    /// whether it holds
    pub ok: bool,
    /// what was found
    pub found: String,
    /// what to do, if it does not hold
    pub fix: String,
}

fn good(check: &'static str, found: impl Into<String>) -> Finding {
    Finding { check, ok: true, found: found.into(), fix: String::new() }
}

fn bad(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { check, ok: false, found: found.into(), fix: fix.into() }
}

fn told<E: Failure>(check: &'static str, result: Result<String, E>) -> Finding {
    match result {
        Ok(found) => good(check, found),
        Err(error) => bad(check, format!("{}: {error}", error.rule()), error.fix()),
    }
}

/// Checks what a node needs.
///
/// # Rules
///
/// > NOD-21: a preflight reports every check, also after one has failed, and changes nothing in the home.
#[must_use]
pub fn preflight(home: &Path, unlock: &Unlock, config: &NodeConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Home::open(home) {
        Ok(opened) => {
            let opened = opened.with_unlock(unlock.clone());
            let members = opened.members().len();
            findings
                .push(good("home", format!("of {members} member{}", if members == 1 { "" } else { "s" })));
            findings.push(told("keys", keys(&opened)));
            findings.push(told("genesis", genesis(&opened)));
            findings.push(told("stores", stores(&opened)));
        }
        Err(error) => findings.push(told("home", Err(error))),
    }
    findings.push(told_port("consensus.listen", config.consensus.listen.socket()));
    findings.push(told_port("exchange.listen", config.exchange_listen.socket()));
    findings.push(told_port("admin.listen", config.admin_listen));
    findings.push(disk(home));
    findings.push(clock(home));
    findings.push(files(config));
    findings
}

/// Every key opens, and is the one that the card names.
fn keys(home: &Home) -> Result<String, CeremonyError> {
    for member in home.members() {
        let directory = home.member_directory(&member.name)?;
        key_file::member(&directory.key_file(), home.unlock())?;
    }
    if !node_home::is_node_home(home.path()) {
        key_file::validator(&node_home::validator_key(home.path()), home.unlock())?;
        return Ok("all open".into());
    }
    let claims = node_home::read_card(home.path())?.claims().clone();
    let node = key_file::node(&node_home::node_key(home.path()), home.unlock())?.public();
    let file = node_home::validator_key(home.path());
    let votes = file.exists().then(|| key_file::validator(&file, home.unlock())).transpose()?;
    let votes = votes.map(|key| key.public());
    let listed = home.member(&claims.member)?.identity == claims.identity.to_string();
    if node == claims.node && votes == claims.validator && listed {
        return Ok("all open, and those of the card".into());
    }
    Err(CeremonyError::NotAccepted { reason: "a key file is not the one that its card names" })
}

/// The genesis is there, and the address book fits it and has the own card.
fn genesis(home: &Home) -> Result<String, CeremonyError> {
    let genesis = home.genesis()?;
    if node_home::is_node_home(home.path()) {
        let book = node_home::read_address_book(home.path())?;
        book.check_against(&genesis)?;
        let own = node_home::read_card(home.path())?;
        if book.card(&own.claims().member) != Some(&own) {
            return Err(CeremonyError::NotAccepted { reason: "the address book does not have its own card" });
        }
    }
    Ok(format!("network {}", genesis.network()))
}

/// Every store opens: its format is known, its key is this member's.
fn stores(home: &Home) -> Result<String, crate::HomeError> {
    let cache = shared_cache(8 << 20);
    let mut opened = 0;
    for member in home.members() {
        let directory: MemberDirectory = home.member_directory(&member.name)?;
        for card in directory.channels()? {
            open_channel(&directory, &card, &cache)?;
            opened += 1;
        }
    }
    Ok(format!("{opened} can be read"))
}

fn told_port(key: &'static str, address: Option<SocketAddr>) -> Finding {
    let Some(address) = address else { return good(key, "off") };
    match TcpListener::bind(address) {
        Ok(_) => good(key, format!("{address} is free")),
        Err(error) => {
            bad(key, format!("{address}: {error}"), format!("set {key} to a free address of this machine"))
        }
    }
}

fn disk(home: &Path) -> Finding {
    let fix = "make room below the home, and let its owner write there";
    match machine::disk(home) {
        Ok(free) if free >= machine::DISK_FREE_MIN => good("disk", format!("{} MiB free", free >> 20)),
        Ok(free) => bad("disk", format!("{} MiB free", free >> 20), fix),
        Err(error) => bad("disk", error.to_string(), fix),
    }
}

/// No decision reads the clock; certificates of other software and the operator's log do.
fn clock(home: &Path) -> Finding {
    let (now, written) = (machine::wall_clock(), machine::written_at(&home.join("genesis.json")));
    if now >= CLOCK_MIN.max(written.unwrap_or_default()) {
        return good("clock", "not behind the home");
    }
    bad("clock", "behind the files of the home", "set the clock of this machine")
}

fn files(config: &NodeConfig) -> Finding {
    let awake = u64::try_from(config.awake_max).unwrap_or(u64::MAX);
    let needed = FILES.0.saturating_add(awake.saturating_mul(FILES.1));
    match machine::open_files_max() {
        Some(files) if files < needed => bad(
            "open files",
            format!("{files} allowed, {needed} may be needed"),
            format!("raise the limit (ulimit -n {needed}), or lower channels.awake_max"),
        ),
        Some(files) => good("open files", format!("{files} allowed, {needed} may be needed")),
        None => good("open files", "no limit"),
    }
}

#[cfg(test)]
mod tests;
