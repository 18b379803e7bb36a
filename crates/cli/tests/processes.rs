//! A consortium of separate processes, run as people run it: started, used, killed, started again.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

mod support;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use support::{Run, receivable};

/// How long anything may take on a loaded machine.
const LONG: Duration = Duration::from_secs(180);

/// A consortium in a folder; whatever still runs is killed at the end.
struct Consortium {
    folder: tempfile::TempDir,
}

impl Drop for Consortium {
    fn drop(&mut self) {
        for member in ["buyer", "supplier-a", "supplier-b", "bank-1", "bank-2"] {
            let _ = self.dev(&["kill", member]);
        }
    }
}

fn parclose(home: &Path, arguments: &[&str]) -> Run {
    command(home, arguments).stdin(std::process::Stdio::null()).output().expect("the command starts").into()
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parclose"));
    for variable in ["PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT", "PARCLOSE_CONFIG"] {
        command.env_remove(variable);
    }
    let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels");
    command.arg("--home").arg(home).args(["--json", "--templates", templates]).args(arguments);
    command
}

/// A first port after which nobody listens on the next nine.
fn port_base() -> u16 {
    (0..50)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
        .find(|first| {
            let ports = *first..first.saturating_add(10);
            *first < 60_000 && ports.into_iter().all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        })
        .expect("ten ports in a row are free")
}

impl Consortium {
    fn up() -> Self {
        let consortium = Self { folder: tempfile::tempdir().unwrap() };
        let base = port_base().to_string();
        let up = consortium.dev(&["up", "--validators", "4", "--port-base", &base]);
        assert_eq!(up.code, 0, "{}", up.stderr);
        consortium
    }

    fn dev(&self, arguments: &[&str]) -> Run {
        parclose(self.folder.path(), &[&["dev"], arguments].concat())
    }

    fn at(&self, member: &str, arguments: &[&str]) -> Run {
        parclose(&self.folder.path().join("nodes").join(member), arguments)
    }

    /// A command as somebody types it who stands in the consortium's folder.
    fn typed(&self, member: &str, arguments: &[&str], input: &str) -> Run {
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

    fn running(&self) -> usize {
        let status = self.dev(&["status"]).value();
        status["nodes"].as_array().unwrap().iter().filter(|node| node["running"] == true).count()
    }

    /// Digests of the records' transactions of `trade-a` that a member has executed, in their order.
    fn written(&self, member: &str) -> Vec<String> {
        let listed = self.at(member, &["tx", "list", "-c", "trade-a", "--as", member, "--limit", "100000"]);
        if listed.code != 0 {
            return Vec::new();
        }
        let rows = listed.value()["transactions"].as_array().cloned().unwrap_or_default();
        let records = rows.iter().filter(|row| row["act"].is_null());
        records.filter_map(|row| row["tx"].as_str().map(str::to_owned)).collect()
    }

    /// Submits an invoice until it is acknowledged: the digest of its transaction.
    fn issue(&self, number: &str) -> String {
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

    /// Every member comes to have the same list, with each acknowledged transaction in it once.
    fn audit(&self, acknowledged: &[String]) {
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

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn cli_11_commands_on_a_running_node_are_run_by_it_and_nothing_acknowledged_is_lost_in_crashes() {
    let consortium = Consortium::up();
    assert_eq!(consortium.running(), 5);
    let mut acknowledged = vec![consortium.issue("INV-0"), consortium.issue("INV-1")];
    let members = consortium.at("buyer", &["member", "list"]);
    assert_eq!(members.code, 0, "a node answers about its home too: {}", members.stderr);
    // A stranger to the channel has its node, and no such channel.
    assert_eq!(consortium.at("bank-2", &["tx", "list", "-c", "trade-a", "--as", "bank-2"]).code, 3);
    consortium.audit(&acknowledged);
    for (number, victim) in (2..).zip(["bank-1", "buyer", "bank-2", "supplier-a"]) {
        assert_eq!(consortium.dev(&["kill", victim]).code, 0);
        assert_eq!(consortium.running(), 4, "{victim} is gone");
        if victim != "supplier-a" {
            acknowledged.push(consortium.issue(&format!("INV-{number}")));
        }
        let back = consortium.dev(&["restart", victim]);
        assert_eq!(back.code, 0, "{}", back.stderr);
    }
    acknowledged.push(consortium.issue("INV-9"));
    consortium.audit(&acknowledged);
    // All of them at once.
    for member in ["buyer", "supplier-a", "supplier-b", "bank-1", "bank-2"] {
        assert_eq!(consortium.dev(&["kill", member]).code, 0);
    }
    assert_eq!(consortium.running(), 0);
    let up = consortium.dev(&["up", "--validators", "4"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    acknowledged.push(consortium.issue("INV-10"));
    consortium.audit(&acknowledged);
    // What a command reads goes with it: standard input, and a path from where it was typed.
    let draft = receivable("INV-11", "supplier-a", "bank-1").to_string();
    let line = ["tx", "submit", "-c", "trade-a", "--as", "supplier-a"];
    let typed = consortium.typed("supplier-a", &[&line[..], &["-"]].concat(), &draft);
    assert_eq!(typed.value()["verdict"], "applied", "{}", typed.stderr);
    std::fs::write(consortium.folder.path().join("here.json"), draft.replace("INV-11", "INV-12")).unwrap();
    let here = consortium.typed("supplier-a", &[&line[..], &["here.json"]].concat(), "");
    assert_eq!(here.value()["verdict"], "applied", "{}", here.stderr);
    // Two of four validators are gone: nothing is ordered, and who waits for it does not keep the node from stopping.
    for member in ["supplier-b", "bank-1"] {
        assert_eq!(consortium.dev(&["kill", member]).code, 0);
    }
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| consortium.typed("supplier-a", &[&line[..], &["-"]].concat(), &draft));
        let down = consortium.dev(&["down"]);
        assert_eq!((down.code, consortium.running()), (0, 0), "{}", down.stderr);
        waiting.join().unwrap()
    });
    assert_ne!(waiting.code, 0, "nobody said that it was written");
}

#[test]
fn cli_14_a_node_that_does_not_answer_leaves_the_outcome_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("client.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let running = serde_json::json!({
        "schema": "parclose.running/1", "pid": 1, "network": "00".repeat(32), "admin": null, "socket": socket,
    });
    std::fs::write(folder.path().join("running.json"), running.to_string()).unwrap();
    let asked = std::thread::scope(|scope| {
        scope.spawn(|| drop(listener.accept().unwrap()));
        parclose(folder.path(), &["channel", "list", "--as", "buyer"])
    });
    let told = asked.value();
    assert_eq!(
        (asked.code, told["rule"].as_str(), told["definite"].as_bool()),
        (7, Some("CLI-14"), Some(false))
    );
}

#[test]
fn cli_12_a_consortium_of_processes_has_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["--validators", "0"], ["--validators", "6"]] {
        let refused = parclose(folder.path(), &[&["dev", "up"], &arguments[..]].concat());
        assert_eq!((refused.code, refused.value()["rule"].as_str()), (2, Some("CLI-12")));
    }
    let ports = parclose(folder.path(), &["dev", "up", "--validators", "1", "--port-base", "65530"]);
    assert_eq!(ports.value()["rule"], "CLI-12");
    assert_eq!(parclose(folder.path(), &["dev", "status"]).code, 3, "nothing was made");
}

#[test]
fn cli_13_a_node_that_does_not_come_up_is_named() {
    let consortium = Consortium { folder: tempfile::tempdir().unwrap() };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = (taken.local_addr().unwrap().port() - 1).to_string();
    // Its second port is taken: the first member's node cannot be reached by the others.
    let up = consortium.dev(&["up", "--validators", "1", "--port-base", &base]);
    assert_eq!((up.code, up.value()["rule"].as_str()), (7, Some("CLI-13")), "{}", up.stderr);
    assert!(up.value()["fix"].as_str().unwrap().contains("buyer"), "{}", up.stderr);
}
