//! `parclose node status`: asks the node that runs in the home how it is.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use parclose_node::home::read_json;
use parclose_node::node_home;
use parclose_node::run::Running;
use parclose_types::Fault;
use serde_json::{Value, json};

use crate::args::Global;
use crate::error::CliError;

/// A report is made within about a second.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// The most that an answer may have, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Asks for `/readyz`.
///
/// # Rules
///
/// > CLI-10: a node that is not running, or does not answer, ends its status with exit code 7; one that is not ready with 6.
pub(super) fn run(global: &Global) -> Result<Value, CliError> {
    let file = node_home::running(&global.home);
    if !file.exists() {
        return Err(unreachable("no node is running in this home", "start it: parclose node run"));
    }
    let running: Running = read_json(&file)?;
    let Some(admin) = running.admin else {
        let fix = "set admin.listen, and start it again";
        return Err(unreachable("the node serves no health: admin.listen is off", fix));
    };
    let fix = "look at its log; if it has crashed, start it again: parclose node run";
    let health = ask(admin).ok_or_else(|| unreachable(&format!("nothing answers on {admin}"), fix))?;
    let value = json!({
        "schema": "parclose.node-status/1",
        "pid": running.pid,
        "network": running.network.to_string(),
        "admin": admin.to_string(),
        "ready": health["ready"],
        "checks": health["checks"],
    });
    if health["ready"] == true {
        return Ok(value);
    }
    let fix = "see which check does not hold: parclose node status --json";
    let message = "the node is not ready".to_owned();
    let error = CliError::new("NODE_NOT_READY", "CLI-10", Fault::Operator, message, fix);
    Err(error.with_details(value))
}

fn unreachable(message: &str, fix: &str) -> CliError {
    CliError::new("NODE_UNREACHABLE", "CLI-10", Fault::Operator, message.into(), fix)
}

/// One request over one connection; `None` when there is no answer that can be read.
fn ask(admin: SocketAddr) -> Option<Value> {
    // A node that listens everywhere is asked on this machine.
    let address = if admin.ip().is_unspecified() {
        let local: std::net::IpAddr =
            if admin.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        SocketAddr::new(local, admin.port())
    } else {
        admin
    };
    let mut stream = TcpStream::connect_timeout(&address, ANSWERS_WITHIN).ok()?;
    stream.set_read_timeout(Some(ANSWERS_WITHIN)).ok()?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}
