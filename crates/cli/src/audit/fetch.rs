//! `parclose audit scan --node`: an export that a node's audit desk hands out, opened into a file.
//!
//! The node is trusted for nothing: what it sends opens with the grantee's key or not at all, and is then verified like
//! any other export. So the connection has no protection of its own, and no secret travels over it.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parclose_node::{audit_desk, key_file};
use parclose_types::{Fault, Tag, TransactionDigest};
use serde_json::Value;

use crate::args::{Audited, FromNode, Global};
use crate::error::CliError;
use crate::output::check_new;

/// An export is made before its first byte comes.
const ANSWERS_WITHIN: Duration = Duration::from_secs(300);
/// Status line and headers, in bytes.
const HEAD_BYTES_MAX: u64 = 16 << 10;
/// A refusal, in bytes.
const REFUSAL_BYTES_MAX: u64 = 64 << 10;

/// Where from, and which.
struct Asked {
    host: String,
    tag: Tag,
    grant: TransactionDigest,
}

/// Fetches what the options name, and opens it into the file of the export, which is new; the tag that was asked for.
pub(super) fn fetch(global: &Global, of: &Audited, from: &FromNode) -> Result<Option<Tag>, CliError> {
    let Some(asked) = asked(from)? else { return Ok(None) };
    let with =
        of.with.as_deref().ok_or_else(|| CliError::usage("no key opens what is fetched", "give --with"))?;
    check_new(&of.bundle)?;
    let key = key_file::regulator(with, &global.passphrase.opening(with, &global.home)?)?;
    let sealed = Sealed(beside(&of.bundle, "sealed"));
    download(&asked, from.max_mib, &sealed.0)?;
    // It has its name only once all of it has opened.
    let opened = Sealed(beside(&of.bundle, "opening"));
    audit_desk::open(&sealed.0, &key, (asked.tag, asked.grant), &opened.0)?;
    std::fs::rename(&opened.0, &of.bundle).map_err(|e| CliError::file(&of.bundle, &e))?;
    Ok(Some(asked.tag))
}

/// What was scanned is of the tag that was asked for, whatever the node has sent.
///
/// # Rules
///
/// > DSK-09: what was fetched is told only if it is an export of the tag that was asked for.
pub(super) fn is_of(asked: Option<Tag>, found: &Tag) -> Result<(), CliError> {
    match asked {
        Some(asked) if asked != *found => {
            let told = format!("the node has sent an export of {found}, and not of {asked}");
            Err(CliError::new("EXPORT_OF_ANOTHER_TAG", "DSK-09", Fault::Peer, told, "ask another member"))
        }
        _ => Ok(()),
    }
}

/// A file for as long as it is needed.
struct Sealed(PathBuf);

impl Drop for Sealed {
    fn drop(&mut self) {
        // Gone already when it was renamed.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn beside(file: &Path, what: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{what}-{}", std::process::id()));
    file.with_file_name(name)
}

fn asked(from: &FromNode) -> Result<Option<Asked>, CliError> {
    let (Some(node), Some(tag), Some(grant)) = (&from.node, &from.tag, &from.grant) else { return Ok(None) };
    let host = node.strip_prefix("http://").map(|host| host.trim_end_matches('/'));
    let host =
        host.filter(|host| host.contains(':') && !host.contains(['/', '?', '#', '@', ' ', '\r', '\n']));
    let host = host.ok_or_else(|| {
        CliError::usage(format!("`{node}` is no address of a desk"), "write it as http://HOST:PORT")
    })?;
    let wrong = |what: &str, text: &str| {
        CliError::usage(
            format!("`{text}` is no {what}"),
            "ask the member that runs the desk for tag and grant",
        )
    };
    Ok(Some(Asked {
        host: host.to_owned(),
        tag: tag.parse().map_err(|_| wrong("tag", tag))?,
        grant: grant.parse().map_err(|_| wrong("grant", grant))?,
    }))
}

fn download(asked: &Asked, max_mib: u64, to: &Path) -> Result<(), CliError> {
    let gone = |e: &std::io::Error| unreachable(&asked.host, &e.to_string());
    let mut stream = connected(&asked.host).map_err(|e| gone(&e))?;
    let Asked { host, tag, grant } = asked;
    // Version 1.0 is answered with a length, in one piece.
    let request = format!("GET /export/{tag}/{grant} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|e| gone(&e))?;
    let mut answer = BufReader::new(stream);
    let (status, length) = head(&mut answer).map_err(|e| gone(&e))?;
    if status != 200 {
        let mut body = Vec::new();
        answer.take(REFUSAL_BYTES_MAX).read_to_end(&mut body).map_err(|e| gone(&e))?;
        return Err(refused(status, &body));
    }
    let length = length.ok_or_else(|| unreachable(host, "it does not say how much it sends"))?;
    if length > max_mib.saturating_mul(1 << 20) {
        let told = format!("the node would send {length} bytes");
        return Err(CliError::usage(told, "allow more: --max-mib"));
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|e| CliError::file(to, &e))?;
    let copied = std::io::copy(&mut answer.take(length), &mut file).map_err(|e| gone(&e))?;
    if copied < length {
        return Err(unreachable(host, "its answer was cut off"));
    }
    Ok(())
}

fn connected(host: &str) -> std::io::Result<TcpStream> {
    let mut error = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, Duration::from_secs(10)) {
            Ok(stream) => {
                stream.set_read_timeout(Some(ANSWERS_WITHIN))?;
                stream.set_write_timeout(Some(ANSWERS_WITHIN))?;
                return Ok(stream);
            }
            Err(e) => error = e,
        }
    }
    Err(error)
}

/// The status, and how long the body is, if it is said.
fn head(answer: &mut impl BufRead) -> std::io::Result<(u16, Option<u64>)> {
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let mut head = answer.take(HEAD_BYTES_MAX);
    let mut line = String::new();
    let mut next = || -> std::io::Result<String> {
        line.clear();
        head.read_line(&mut line)?;
        line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(invalid)
    };
    let status = next()?;
    let status = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(invalid)?;
    let mut length = None;
    loop {
        let line = next()?;
        if line.is_empty() {
            return Ok((status, length));
        }
        let (name, value) = line.split_once(':').ok_or_else(invalid)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().map_err(|_| invalid())?);
        }
    }
}

/// Of what the node says of itself only known words are passed on.
fn refused(status: u16, body: &[u8]) -> CliError {
    let seconds = serde_json::from_slice::<Value>(body).ok();
    let fix = seconds.as_ref().and_then(|value| value["fix"].as_str()).unwrap_or_default();
    let seconds =
        fix.strip_prefix("ask again in ").and_then(|rest| rest.strip_suffix(" seconds")?.parse::<u64>().ok());
    let again = seconds
        .map_or_else(|| "ask again later".to_owned(), |seconds| format!("ask again in {seconds} seconds"));
    let error = |code, rule, told: &str, fix: &str| CliError::new(code, rule, Fault::Peer, told.into(), fix);
    match status {
        404 => error(
            "NOT_FOUND",
            "DSK-03",
            "the node has nothing under this tag and grant",
            "ask a member for tag and grant, and whether the grant stands",
        ),
        413 => error(
            "DESK_TOO_LARGE",
            "DSK-06",
            "the export is larger than the node hands out",
            "ask a member for a file: parclose channel export",
        ),
        429 => error(
            "DESK_TOO_SOON",
            "DSK-06",
            "an export for this grant was made within the desk's pause",
            &again,
        ),
        503 => error("DESK_NOT_NOW", "DSK-06", "the node makes no export at the moment", &again),
        status => error(
            "NODE_UNREACHABLE",
            "CLI-10",
            &format!("the node answers with status {status}"),
            "is it an audit desk?",
        ),
    }
}

fn unreachable(host: &str, why: &str) -> CliError {
    let told = format!("`{host}` has not answered: {why}");
    CliError::new("NODE_UNREACHABLE", "CLI-10", Fault::Peer, told, "check the address, and try again")
}
