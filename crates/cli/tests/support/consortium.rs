//! Nodes as processes of their own, below one folder.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::disk::SmallDisk;
use super::namespaces::Network;
use super::ports::free_ports;
use super::{Run, receivable};

/// Everybody; all but the last are validators.
pub(crate) const MEMBERS: [&str; 5] = ["buyer", "supplier-a", "supplier-b", "bank-1", "bank-2"];
/// Who is in the channel `trade-a`.
pub(crate) const TRADERS: [&str; 3] = ["buyer", "supplier-a", "bank-1"];

const PARCLOSE: &str = env!("CARGO_BIN_EXE_parclose");
/// How long anything may take on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(180);

/// A consortium in a folder; whatever still runs is killed at the end.
pub(crate) struct Consortium {
    folder: tempfile::TempDir,
    /// where its nodes run, if not all of them side by side
    pub(super) network: Option<Network>,
}

impl Drop for Consortium {
    fn drop(&mut self) {
        for member in MEMBERS {
            let _ = self.dev(&["kill", member]);
        }
    }
}

pub(crate) fn parclose(home: &Path, arguments: &[&str]) -> Run {
    command(home, arguments).stdin(std::process::Stdio::null()).output().expect("the command starts").into()
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    with(Command::new(PARCLOSE), home, arguments)
}

/// A command that has its program already: what it is to do.
fn with(mut command: Command, home: &Path, arguments: &[&str]) -> Command {
    for variable in ["PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT", "PARCLOSE_CONFIG"] {
        command.env_remove(variable);
    }
    let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels");
    command.arg("--home").arg(home).args(["--json", "--templates", templates]).args(arguments);
    command
}

/// Two for each member.
const PORTS: u16 = 10;

impl Consortium {
    /// A folder in which none has been made.
    pub(crate) fn absent() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), network: None }
    }

    /// Four validators and a fifth member, all running.
    pub(crate) fn up() -> Self {
        let consortium = Self::absent();
        let base = free_ports(PORTS).start.to_string();
        let up = consortium.dev(&["up", "--validators", "4", "--port-base", &base]);
        assert_eq!(up.code, 0, "{}", up.stderr);
        consortium
    }

    /// As [`Self::up`], with a root chain that ticks so often when nobody writes to it.
    pub(crate) fn ticking(every: Duration) -> Self {
        let consortium = Self::up();
        assert_eq!(consortium.dev(&["down"]).code, 0);
        for member in MEMBERS {
            let file = consortium.home(member).join("node.toml");
            let text = std::fs::read_to_string(&file).unwrap();
            let line = |line: &str| {
                let is_it = line.trim_start().starts_with("heartbeat_ms");
                if is_it { format!("heartbeat_ms = {}", every.as_millis()) } else { line.to_owned() }
            };
            let changed: Vec<String> = text.lines().map(line).collect();
            assert_ne!(changed.join("\n"), text.trim_end(), "{text}");
            std::fs::write(&file, changed.join("\n") + "\n").unwrap();
        }
        let up = consortium.dev(&["up", "--validators", "4"]);
        assert_eq!(up.code, 0, "{}", up.stderr);
        consortium
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn dev(&self, arguments: &[&str]) -> Run {
        parclose(self.folder.path(), &[&["dev"], arguments].concat())
    }

    pub(crate) fn home(&self, member: &str) -> PathBuf {
        self.folder.path().join("nodes").join(member)
    }

    pub(crate) fn at(&self, member: &str, arguments: &[&str]) -> Run {
        let mut command = with(self.on_machine(member, PARCLOSE), &self.home(member), arguments);
        command.stdin(std::process::Stdio::null()).output().expect("the command starts").into()
    }

    /// A program on the machine of a member.
    pub(super) fn on_machine(&self, member: &str, program: &str) -> Command {
        match &self.network {
            None => Command::new(program),
            Some(network) => {
                let mut command = network.at(member);
                command.arg(program);
                command
            }
        }
    }

    /// A command as somebody types it who stands in the consortium's folder.
    pub(crate) fn typed(&self, member: &str, arguments: &[&str], input: &str) -> Run {
        use std::io::Write;
        let home = Path::new("nodes").join(member);
        let mut child = command(&home, arguments)
            .current_dir(self.folder.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the command starts");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().expect("it ends").into()
    }

    /// A channel that its members found by passing files round; the first of them drafts and opens it.
    pub(crate) fn found_channel(&self, name: &str, template: &str, members: &[&str]) {
        let file = |what: &str| self.path(&format!("{name}.{what}")).display().to_string();
        let run = |member: &str, line: &[&str]| {
            let run = self.at(member, line);
            assert_eq!(run.code, 0, "{line:?}: {}", run.stderr);
        };
        let names: Vec<&str> = members.iter().map(|member| member.split('=').next().unwrap()).collect();
        let draft = file("draft.json");
        let mut drafted = vec!["channel", "draft", name, "--template", template];
        members.iter().for_each(|member| drafted.extend(["--member", member]));
        drafted.extend(["--out", &draft]);
        run(names[0], &drafted);
        let each = |what: &str| -> Vec<String> {
            names.iter().map(|member| file(&format!("{member}.{what}.json"))).collect()
        };
        let (parts, signatures) = (each("part"), each("signature"));
        for (member, part) in names.iter().zip(&parts) {
            run(member, &["channel", "enter", &draft, "--as", member, "--out", part]);
        }
        for (member, signature) in names.iter().zip(&signatures) {
            let mut sign = vec!["channel", "sign", "-c", name, "--as", member];
            sign.extend(parts.iter().map(String::as_str));
            sign.extend(["--out", signature]);
            run(member, &sign);
        }
        let mut open = vec!["channel", "open", "-c", name, "--as", names[0]];
        open.extend(signatures.iter().map(String::as_str));
        run(names[0], &open);
    }

    /// Ends a member's node at once, as `kill -9` does, and waits until it has let go of its home: whether one ran until then.
    pub(crate) fn strike(&self, member: &str) -> bool {
        let Some(pid) = self.process(member) else { return false };
        let number = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        let struck = rustix::process::kill_process(number, rustix::process::Signal::KILL).is_ok();
        eventually("the struck process ends", || {
            let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
            threads == 0 || (threads == 1 && matches!(state, Some('Z' | 'X')))
        });
        struck
    }

    /// The process of a member's node, if one runs.
    fn process(&self, member: &str) -> Option<u32> {
        let running = std::fs::read(self.home(member).join("running.json")).ok()?;
        let running: serde_json::Value = serde_json::from_slice(&running).ok()?;
        let pid = u32::try_from(running["pid"].as_u64()?).ok()?;
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let home = self.home(member).into_os_string().into_encoded_bytes();
        line.split(|byte| *byte == 0).any(|word| word == home).then_some(pid)
    }

    pub(crate) fn running(&self) -> usize {
        let status = self.dev(&["status"]).value();
        status["nodes"].as_array().unwrap().iter().filter(|node| node["running"] == true).count()
    }

    /// Digests of the records' transactions of `trade-a` that a member has executed, in their order.
    pub(crate) fn written(&self, member: &str) -> Vec<String> {
        let listed = self.at(member, &["tx", "list", "-c", "trade-a", "--as", member, "--limit", "100000"]);
        if listed.code != 0 {
            return Vec::new();
        }
        let rows = listed.value()["transactions"].as_array().cloned().unwrap_or_default();
        let records = rows.iter().filter(|row| row["act"].is_null());
        records.filter_map(|row| row["tx"].as_str().map(str::to_owned)).collect()
    }

    /// Submits an invoice until it is acknowledged: the digest of its transaction.
    pub(crate) fn issue(&self, number: &str) -> String {
        let path = self.folder.path().join(format!("{number}.json"));
        std::fs::write(&path, receivable(number, "supplier-a", "bank-1").to_string()).unwrap();
        let path = path.display().to_string();
        let begun = Instant::now();
        loop {
            let told = self.at("supplier-a", &["tx", "submit", "-c", "trade-a", "--as", "supplier-a", &path]);
            if told.code == 0 {
                assert_eq!(told.value()["verdict"], "applied");
                return told.value()["tx"].as_str().unwrap().to_owned();
            }
            // Nothing is ordered while too few members have met; then it is tried again.
            assert!(begun.elapsed() < LONG, "{number}: {}", told.stderr);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Moves a member's home onto a file system of its own; its node is down after. `None`, and nothing has moved, where
    /// none can be mounted.
    pub(crate) fn lay(&self, member: &str, mount: impl Fn(&Path) -> Option<SmallDisk>) -> Option<SmallDisk> {
        assert_eq!(self.dev(&["kill", member]).code, 0);
        let (home, before) = (self.path(&format!("nodes/{member}")), self.path("before"));
        std::fs::rename(&home, &before).unwrap();
        std::fs::create_dir(&home).unwrap();
        let Some(disk) = mount(&home) else {
            std::fs::remove_dir(&home).unwrap();
            std::fs::rename(&before, &home).unwrap();
            return None;
        };
        let all = before.join(".");
        assert!(Command::new("cp").arg("-a").args([&all, &home]).status().unwrap().success());
        // A node has synced what it needs; what was copied of it is to be as safe.
        assert!(Command::new("sync").arg("-f").arg(&home).status().unwrap().success());
        Some(disk)
    }

    /// Submits an invoice once, and waits.
    pub(crate) fn submit(&self, (channel, supplier, bank): (&str, &str, &str), number: &str) -> Run {
        let path = self.path(&format!("{number}.json"));
        std::fs::write(&path, receivable(number, supplier, bank).to_string()).unwrap();
        let path = path.display().to_string();
        self.at(supplier, &["tx", "submit", "-c", channel, "--as", supplier, &path])
    }

    /// Sends a line to a node as a command does, and waits: what it answers, if it does.
    pub(crate) fn ask(&self, member: &str, line: &[&str], input: &str) -> Option<serde_json::Value> {
        self.ask_within(None, member, line, input)
    }

    /// The same, and waits for so long.
    pub(crate) fn ask_within(
        &self,
        limit: Option<Duration>,
        member: &str,
        line: &[&str],
        input: &str,
    ) -> Option<serde_json::Value> {
        use std::io::Read;
        let running = std::fs::read(self.path(&format!("nodes/{member}/running.json"))).ok()?;
        let running: serde_json::Value = serde_json::from_slice(&running).ok()?;
        let mut stream = std::os::unix::net::UnixStream::connect(running["socket"].as_str()?).ok()?;
        stream.set_read_timeout(limit).ok()?;
        let line = [&["parclose"], line].concat();
        let request = serde_json::json!({ "line": line, "input": input });
        serde_json::to_writer(&stream, &request).ok()?;
        stream.shutdown(std::net::Shutdown::Write).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        serde_json::from_slice(&answer).ok()
    }

    /// Invoice numbers of all receivables that a member has in a channel.
    pub(crate) fn numbers(&self, member: &str, channel: &str) -> Vec<String> {
        let (mut numbers, mut after) = (Vec::new(), 0_u64);
        loop {
            let from = after.to_string();
            let line =
                ["record", "list", "-c", channel, "--as", member, "--limit", "500", "--after", from.as_str()];
            let page = self.at(member, &line);
            assert_eq!(page.code, 0, "{}", page.stderr);
            let page = page.value();
            for record in page["records"].as_array().unwrap() {
                numbers.push(record["fields"]["invoice_number"].as_str().unwrap().to_owned());
            }
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => return numbers,
            }
        }
    }

    /// The state of a channel at a member, every row of it checked: how many events, and the state root.
    pub(crate) fn verified(&self, member: &str, channel: &str) -> Option<(u64, String)> {
        let told = self.at(member, &["channel", "verify", "-c", channel, "--as", member]);
        let value = (told.code == 0).then(|| told.value())?;
        Some((value["events"].as_u64()?, value["state_root"].as_str()?.to_owned()))
    }

    /// The last final height that a node knows.
    pub(crate) fn height(&self, member: &str) -> u64 {
        self.metric(member, "parclose_root_height").unwrap_or_default()
    }

    /// A number that a node tells of itself.
    pub(crate) fn metric(&self, member: &str, name: &str) -> Option<u64> {
        let running = std::fs::read(self.home(member).join("running.json")).ok()?;
        let running: serde_json::Value = serde_json::from_slice(&running).ok()?;
        let admin = running["admin"].as_str()?;
        let text = match &self.network {
            None => asked(admin)?,
            Some(network) => network.asked(member, admin)?,
        };
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// Whether a check of a node's health holds, and why.
    pub(crate) fn check(&self, member: &str, name: &str) -> Option<(bool, String)> {
        let told = self.at(member, &["node", "status"]).value();
        let checks = if told["checks"].is_array() { &told["checks"] } else { &told["details"]["checks"] };
        let check = checks.as_array()?.iter().find(|check| check["name"] == name)?;
        Some((check["ok"] == true, check["reason"].as_str()?.to_owned()))
    }

    /// Every member comes to have the same list, with each acknowledged transaction in it once.
    pub(crate) fn audit(&self, acknowledged: &[String]) {
        eventually("all members have the same", || {
            let lists = ["supplier-a", "buyer", "bank-1"].map(|member| self.written(member));
            lists[0].len() >= acknowledged.len() && lists.windows(2).all(|two| two[0] == two[1])
        });
        let list = self.written("bank-1");
        for digest in acknowledged {
            assert_eq!(list.iter().filter(|listed| *listed == digest).count(), 1, "{digest}");
        }
    }
}

/// What the admin listener of a node tells whoever measures.
fn asked(admin: &str) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(admin).ok()?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
