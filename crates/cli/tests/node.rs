//! A node as a process, and the ceremony that it begins with, run as people run them.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{Run, Sandbox, refused};

/// Stops a process if a test fails before it has.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts the node and waits until it says that it is ready.
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the command starts");
        let stderr = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr);
        let mut told = String::new();
        while !told.lines().any(|line| line.starts_with("ready")) {
            assert_ne!(lines.read_line(&mut told).expect("it is text"), 0, "it ended: {told}");
        }
        child.stderr = Some(lines.into_inner());
        Self(child)
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).expect("a process has an id");
        kill_process(id, signal).expect("it is ours");
    }

    fn ended(mut self) -> Run {
        let child = std::mem::replace(&mut self.0, Command::new("true").spawn().expect("`true` is there"));
        child.wait_with_output().expect("it ends").into()
    }
}

/// The command in another home.
fn at(home: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parclose"));
    for variable in ["PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT", "PARCLOSE_CONFIG"] {
        command.env_remove(variable);
    }
    command.arg("--home").arg(home).args(arguments).stdin(std::process::Stdio::null());
    command.output().expect("the command starts").into()
}

fn ok(home: &Path, arguments: &[&str]) -> Value {
    let run = at(home, &[arguments, &["--json"]].concat());
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
    run.value()
}

/// What the node tells whoever collects metrics.
fn scraped(admin: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(admin).expect("it listens");
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("it reads");
    let mut told = String::new();
    stream.read_to_string(&mut told).expect("it answers");
    told
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn nod_20_a_signal_ends_a_node_and_its_home_can_be_used() {
    let sandbox = Sandbox::founded();
    for signal in [Signal::TERM, Signal::INT] {
        let running = Running::start(sandbox.command(&["node", "run", "--json"]));
        let status = sandbox.ok(&["node", "status"]);
        assert_eq!((&status["ready"], &status["checks"][4]["name"]), (&true.into(), &"channels".into()));
        sandbox.ok(&["channel", "list", "--as", "buyer"]);
        assert_eq!(refused(&sandbox, &["node", "run"]).2, "HOM-01", "one process holds a home");
        let metrics = scraped(text(&status["admin"]));
        assert_eq!(metrics.lines().filter(|line| line.starts_with("parclose_room_usable{")).count(), 8);
        for name in ["trade-a", "banks", "buyer", "supplier-a", "bank-1"] {
            assert!(!metrics.contains(&format!("\"{name}")), "{metrics}");
        }
        running.signal(signal);
        let ended = running.ended();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert_eq!(ended.value()["schema"], "parclose.node-run/1");
        sandbox.ok(&["channel", "list", "--as", "buyer"]);
    }
}

#[test]
fn cli_10_a_node_that_cannot_be_asked_is_told() {
    let sandbox = Sandbox::founded();
    let status = || refused(&sandbox, &["node", "status"]);
    assert_eq!(status(), (7, "NODE_UNREACHABLE".into(), "CLI-10".into()));
    // What a crash leaves: a file that names an address where nothing listens.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("it has one");
    drop(free);
    let network = sandbox.ok(&["consortium", "init", "--name", "n", "--out", &sandbox.text("draft")]);
    assert_eq!(network["name"], "n");
    let file = format!(
        r#"{{"schema":"parclose.running/1","pid":1,"network":"{}","admin":"{address}"}}"#,
        "00".repeat(32)
    );
    std::fs::write(sandbox.home().join("running.json"), file).expect("a test writes its own folder");
    assert_eq!(status(), (7, "NODE_UNREACHABLE".into(), "CLI-10".into()));
    std::fs::remove_file(sandbox.home().join("running.json")).expect("it was written");
    let running = Running::start(sandbox.command(&["node", "run"]));
    // The disk goes away below it; what it answers is read in the place that the home has now.
    let away = sandbox.path("away");
    std::fs::rename(sandbox.home(), &away).expect("below the node");
    let told = at(&away, &["node", "status", "--json"]);
    assert_eq!((told.code, told.value()["code"].clone()), (6, "NODE_NOT_READY".into()));
    std::fs::rename(&away, sandbox.home()).expect("back again");
    assert_eq!(sandbox.run(&["node", "status"]).code, 0);
    running.signal(Signal::TERM);
    assert_eq!(running.ended().code, 0);
}

#[test]
fn the_configuration_says_where_a_value_comes_from() {
    let sandbox = Sandbox::founded();
    sandbox.ok(&["node", "init"]);
    assert_eq!(refused(&sandbox, &["node", "init"]).2, "CLI-02", "never over another");
    let explained = sandbox.ok(&["config", "explain", "log.level"]);
    assert_eq!((text(&explained["value"]), text(&explained["from"])), ("info", "default"));
    std::fs::write(sandbox.home().join("node.toml"), "[log]\nlevel = \"warn\"\n").expect("its own folder");
    let explained = sandbox.ok(&["config", "explain", "log.level"]);
    assert_eq!(explained["value"], "warn");
    assert!(text(&explained["from"]).ends_with("node.toml:2"), "{explained}");
    let mut command = sandbox.command(&["config", "explain", "log.level", "--json"]);
    let run: Run = command.env("PARCLOSE_LOG_LEVEL", "debug").output().expect("it starts").into();
    assert_eq!(run.value()["from"], "PARCLOSE_LOG_LEVEL");
    let set = sandbox.ok(&["config", "explain", "log.level", "--set", "log.level=error"]);
    assert_eq!((text(&set["value"]), text(&set["from"])), ("error", "--set"));
    assert_eq!(sandbox.ok(&["config", "check"])["set"], 1);
    std::fs::write(sandbox.home().join("node.toml"), "[log]\nlevle = \"warn\"\n").expect("its own folder");
    let run = sandbox.run(&["config", "show"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("node.toml:2") && run.stderr.contains("did you mean `log.level`"),
        "{}",
        run.stderr
    );
}

#[test]
fn cli_09_a_preflight_lists_every_check() {
    let sandbox = Sandbox::founded();
    let free =
        ["--set", "consensus.listen=/ip4/127.0.0.1/tcp/0", "--set", "exchange.listen=/ip4/127.0.0.1/tcp/0"];
    let good = sandbox.ok(&[["node", "preflight"].as_slice(), &free].concat());
    assert_eq!(good["ready"], true);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let admin = format!("admin.listen={}", taken.local_addr().expect("it has one"));
    let run = sandbox.run(&[["node", "preflight", "--json", "--set", &admin].as_slice(), &free].concat());
    let told = run.value();
    assert_eq!((run.code, text(&told["rule"])), (6, "CLI-09"));
    let checks = told["details"]["checks"].as_array().expect("rows");
    let wrong: Vec<&str> = checks.iter().filter(|c| c["ok"] == false).map(|c| text(&c["check"])).collect();
    assert_eq!(wrong, ["admin.listen"]);
    assert!(checks.len() >= 9 && run.stderr.contains("ok    home:"), "{}", run.stderr);
}

#[test]
fn three_members_become_a_consortium_and_see_the_same_network() {
    let sandbox = Sandbox::empty();
    let draft = sandbox.text("consortium.toml");
    sandbox.ok(&["consortium", "init", "--name", "three", "--out", &draft]);
    let passphrase = sandbox.secret("passphrase", "a passphrase of a test\n");
    let names = ["buyer", "supplier", "bank"];
    let mut cards = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let lei = parclose_documents::Lei::make(&format!("PCLD00{at:012}")).expect("18 characters");
        let addresses = [1, 2].map(|port| format!("/ip4/127.0.0.1/tcp/{}", 27_100 + 10 * at + port));
        let card = sandbox.text(&format!("{name}.json"));
        let mut join = vec!["--passphrase-file", &passphrase, "consortium", "join"];
        join.extend(["--member", name, "--lei", lei.as_str(), "--out", &card]);
        join.extend(["--consensus", &addresses[0], "--exchange", &addresses[1]]);
        if *name == "bank" {
            join.push("--no-validator");
        }
        let joined = ok(&sandbox.path(name), &join);
        assert_eq!(joined["validator"].is_null(), *name == "bank");
        assert!(text(&joined["peer"]).starts_with("12D3KooW"), "{joined}");
        cards.push(card);
    }
    let mut networks = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let out = sandbox.text(&format!("{name}-out"));
        cards.rotate_left(at);
        let mut conclude = vec!["consortium", "genesis", "--draft", &draft, "--out", &out];
        conclude.extend(cards.iter().map(String::as_str));
        let concluded = sandbox.ok(&conclude);
        assert_eq!(concluded["warnings"].as_array().map(Vec::len), Some(1), "two validators");
        let (genesis, book) = (format!("{out}/genesis.json"), format!("{out}/consortium.json"));
        let home = sandbox.path(name);
        let accept = ["consortium", "accept", "--genesis", &genesis, "--book", &book];
        networks.push(text(&ok(&home, &accept)["network"]).to_owned());
        let shown = ok(&home, &["consortium", "show"]);
        assert_eq!(shown["members"].as_array().map(Vec::len), Some(3));
        ok(&home, &["node", "init"]);
        let flight = ["--passphrase-file", &passphrase, "node", "preflight"];
        assert_eq!(ok(&home, &flight)["ready"], true);
    }
    networks.dedup();
    assert_eq!(networks.len(), 1);
}

#[test]
fn cer_03_a_card_that_was_changed_on_its_way_ends_the_ceremony() {
    let sandbox = Sandbox::empty();
    let (draft, card) = (sandbox.text("consortium.toml"), sandbox.text("card.json"));
    sandbox.ok(&["consortium", "init", "--name", "one", "--out", &draft]);
    let passphrase = sandbox.secret("passphrase", "a passphrase of a test\n");
    let lei = parclose_documents::Lei::make("PCLD00000000000000").expect("18 characters");
    let mut join =
        vec!["--passphrase-file", &passphrase, "consortium", "join", "--member", "a", "--lei", lei.as_str()];
    join.extend([
        "--consensus",
        "/ip4/127.0.0.1/tcp/1",
        "--exchange",
        "/ip4/127.0.0.1/tcp/2",
        "--out",
        &card,
    ]);
    sandbox.ok(&join);
    let written = std::fs::read_to_string(&card).expect("it was written");
    let changed = sandbox.write("changed.json", &written.replace("tcp/1\"", "tcp/9\""));
    let out = sandbox.text("out");
    let conclude = ["consortium", "genesis", "--draft", &draft, "--out", &out, &changed];
    assert_eq!(refused(&sandbox, &conclude), (6, "NODE_CARD_CHANGED".into(), "CER-03".into()));
    assert!(!sandbox.path("out").exists());
    assert_eq!(refused(&sandbox, &join).2, "CLI-02", "the card is there already");
}
