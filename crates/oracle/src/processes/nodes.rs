//! Five nodes as processes of their own, below one folder.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parclose_cli::dev::MEMBERS;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::Failed;
use crate::ground::templates;
use crate::pages::ask;

/// Two for each member.
const PORTS: u16 = 10;

/// A consortium of processes; whatever still runs is killed at the end.
pub(super) struct Nodes {
    folder: TempDir,
    /// drafts that are handed in: the harness's own, and no node's
    drafts: TempDir,
    program: PathBuf,
}

/// A node that runs.
pub(super) struct Node {
    pub(super) pid: u32,
    pub(super) admin: SocketAddr,
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for member in MEMBERS {
            let _ = self.command(self.folder.path(), &["dev", "kill", member]).output();
        }
    }
}

impl Nodes {
    /// Four validators and a fifth member, all running.
    pub(super) fn up(program: &Path) -> Result<Self, Failed> {
        let nodes = Self {
            folder: tempfile::tempdir()?,
            drafts: tempfile::tempdir()?,
            program: std::path::absolute(program)?,
        };
        let base = free_ports().ok_or("no free ports")?.to_string();
        nodes.dev(&["up", "--validators", "4", "--port-base", &base])?;
        Ok(nodes)
    }

    /// Starts those that do not run.
    pub(super) fn again(&self) -> Result<(), Failed> {
        self.dev(&["up", "--validators", "4"]).map(drop)
    }

    /// The folder around everything.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The nodes' homes.
    pub(super) fn homes(&self) -> PathBuf {
        self.folder.path().join("nodes")
    }

    fn home(&self, member: &str) -> PathBuf {
        self.homes().join(member)
    }

    fn command(&self, home: &Path, line: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for variable in ["PARCLOSE_HOME", "PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT", "PARCLOSE_CONFIG"] {
            command.env_remove(variable);
        }
        command.arg("--home").arg(home).arg("--json").arg("--templates").arg(templates()).args(line);
        command.stdin(Stdio::null());
        command
    }

    fn told(mut command: Command) -> Result<String, Failed> {
        let output = command.output()?;
        if output.status.success() {
            Ok(String::from_utf8(output.stdout)?)
        } else {
            Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
        }
    }

    fn dev(&self, line: &[&str]) -> Result<String, Failed> {
        Self::told(self.command(self.folder.path(), &[&["dev"], line].concat()))
    }

    /// What a command of a member answers.
    pub(super) fn at(&self, member: &str, line: &[&str]) -> Result<String, Failed> {
        Self::told(self.command(&self.home(member), line))
    }

    /// Hands in a draft and waits until it is applied.
    pub(super) fn submit(&self, channel: &str, member: &str, draft: &Json) -> Result<(), Failed> {
        let path = self.drafts.path().join("draft.json");
        std::fs::write(&path, draft.to_string())?;
        let file = path.display().to_string();
        let mut last = None;
        for _ in 0..TRIES {
            match self.at(member, &["tx", "submit", "-c", channel, "--as", member, &file]) {
                Ok(told) => {
                    let told: Json = serde_json::from_str(&told)?;
                    return if told["verdict"] == "applied" {
                        Ok(())
                    } else {
                        Err("a draft was not applied".into())
                    };
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| "it was not tried".into()))
    }

    /// The node of a member.
    pub(super) fn running(&self, member: &str) -> Result<Node, Failed> {
        let file: Json = serde_json::from_slice(&std::fs::read(self.home(member).join("running.json"))?)?;
        let pid = file["pid"].as_u64().ok_or("a node has a process")?;
        let admin = file["admin"].as_str().ok_or("a node serves its pages")?;
        Ok(Node { pid: u32::try_from(pid)?, admin: admin.parse()? })
    }

    /// Ends a node as a crash would.
    pub(super) fn kill(&self, member: &str) -> Result<(), Failed> {
        self.dev(&["kill", member]).map(drop)
    }

    /// Has every node log everything.
    pub(super) fn each_logs_all(&self) -> Result<(), Failed> {
        for member in MEMBERS {
            let answer = ask(self.running(member)?.admin, "PUT /log-level", "trace")?;
            let answer = String::from_utf8_lossy(&answer);
            if !answer.contains("\"trace\"") {
                return Err(format!("a node does not log everything: {answer}").into());
            }
        }
        Ok(())
    }
}

/// While members have not met yet, nothing is ordered.
const TRIES: usize = 5;

/// The first of so many ports in a row on which nobody listens.
fn free_ports() -> Option<u16> {
    let begin = 26_000 + u16::try_from(std::process::id() % 200).ok()?.checked_mul(20)?;
    (0..100)
        .map(|step| begin + step * PORTS)
        .find(|first| (*first..first + PORTS).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()))
}
