//! An auditor scans over the network what a node's audit desk hands out, and trusts that node for nothing.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]
#![allow(clippy::disallowed_methods, reason = "after what time an answer comes is what is tested")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Sandbox, receivable, repository};

const ROOM: &str = "trade-a";

/// A node with a desk; it ends with the test.
struct Node {
    process: Child,
    desk: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Node {
    fn start(sandbox: &Sandbox, set: &[&str]) -> Self {
        let mut line = vec!["node", "run", "--json", "--set", "audit_desk.listen=127.0.0.1:0"];
        set.iter().for_each(|set| line.extend(["--set", set]));
        let mut process = sandbox.command(&line).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap());
        let mut told = String::new();
        while !told.lines().any(|line| line.starts_with("ready")) {
            assert_ne!(lines.read_line(&mut told).unwrap(), 0, "it ended: {told}");
        }
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let running = std::fs::read_to_string(sandbox.home().join("running.json")).unwrap();
        let running: Value = serde_json::from_str(&running).unwrap();
        Self { process, desk: running["audit_desk"].as_str().unwrap().to_owned() }
    }

    /// What the desk answers: status, headers that tell something, body.
    fn ask(&self, request: &str) -> (u16, Vec<String>, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.desk).unwrap();
        stream.write_all(format!("{request} HTTP/1.0\r\nHost: desk\r\n\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let mut lines = head.lines().map(str::to_owned);
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter(|line| !line.to_ascii_lowercase().starts_with("date:")).collect();
        (status, headers, answer[end + 4..].to_vec())
    }

    fn export(&self, tag: &str, grant: &str) -> (u16, Vec<String>, Vec<u8>) {
        self.ask(&format!("GET /export/{tag}/{grant}"))
    }
}

/// A channel with a receivable, a regulator with view keys of its face amount, and the grant.
struct Granted {
    sandbox: Sandbox,
    tag: String,
    grant: String,
}

impl Granted {
    fn new() -> Self {
        let sandbox = Sandbox::founded();
        sandbox.submit(ROOM, "supplier-a", &receivable("INV-1", "supplier-a", "bank-1"));
        let key = sandbox.home().join("regulator/regulator.key").display().to_string();
        let view = sandbox.text("view.json");
        let scope = ["--field", "receivable.face_amount", "--from-epoch", "0", "--to-epoch", "99"];
        let rest = ["--second", "buyer", "--to", &key, "--out", &view];
        let of = ["viewkey", "issue", "-c", ROOM, "--as", "supplier-a"];
        let issued = sandbox.ok(&[&of[..], &scope, &rest].concat());
        let grant = issued["grant"].as_str().unwrap().to_owned();
        let file = sandbox.text("file.bundle");
        let exported = sandbox.ok(&["channel", "export", "-c", ROOM, "--as", "bank-1", "--out", &file]);
        let tag = exported["tag"].as_str().unwrap().to_owned();
        std::fs::copy(sandbox.home().join("genesis.json"), sandbox.path("genesis.json")).unwrap();
        std::fs::copy(&key, sandbox.path("regulator.key")).unwrap();
        Self { sandbox, tag, grant }
    }

    /// The auditor's command, with a home of its own that has nothing.
    fn scan(&self, export: &str, key: &str, more: &[&str]) -> (i32, Value) {
        let [genesis, view, export] =
            ["genesis.json", "view.json", export].map(|name| self.sandbox.text(name));
        let mut command = Command::new(env!("CARGO_BIN_EXE_parclose"));
        command.current_dir(repository()).env("PARCLOSE_CONFIG", self.sandbox.path("contexts.toml"));
        // The regulator's key of a development home opens with what lies in that home.
        command.arg("--home").arg(self.sandbox.home());
        command.args(["audit", "scan", &export, "--genesis", &genesis, "--view-key", &view, "--with", key]);
        let run = command.args(more).arg("--json").output().unwrap();
        (run.status.code().unwrap(), serde_json::from_slice(&run.stdout).unwrap_or_default())
    }

    fn key(&self) -> String {
        self.sandbox.home().join("regulator/regulator.key").display().to_string()
    }

    fn fetch(&self, host: &str, export: &str, (tag, grant): (&str, &str)) -> (i32, Value) {
        let node = format!("http://{host}");
        self.scan(export, &self.key(), &["--node", &node, "--tag", tag, "--grant", grant])
    }

    fn handed_out(&self) -> usize {
        let log = self.sandbox.ok(&["audit", "access-log", "-c", ROOM, "--as", "bank-1"]);
        log["entries"].as_array().unwrap().iter().filter(|entry| !entry["note"].is_null()).count()
    }
}

#[test]
fn dsk_04_dsk_05_an_auditor_scans_what_a_desk_hands_out_and_the_channel_has_noted_it() {
    let granted = Granted::new();
    let node = Node::start(&granted.sandbox, &[]);
    let before = granted.handed_out();
    let (code, scan) = granted.fetch(&node.desk, "fetched.bundle", (&granted.tag, &granted.grant));
    assert_eq!((code, &scan["tag"]), (0, &json!(granted.tag)), "{scan}");
    assert!(scan["opened_fields"].as_u64().unwrap() > 0, "{scan}");
    assert_eq!(scan["view_keys"][0]["epochs"], "0 to 99", "{scan}");
    assert_eq!(granted.handed_out(), before + 1, "the channel has noted it");
    // The file that it was opened into is scanned alike, without the node.
    let (code, again) = granted.scan("fetched.bundle", &granted.key(), &[]);
    assert_eq!((code, &again), (0, &scan));
    let left: Vec<_> = std::fs::read_dir(granted.sandbox.path("")).unwrap().collect();
    let left = left.into_iter().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.contains("sealed-") && !name.contains("opening-")));
    assert!(
        std::fs::read_dir(granted.sandbox.home())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_str().unwrap().starts_with("unfinished") })
    );
    // Once more in the pause: refused, and nothing more is noted.
    for _ in 0..20 {
        let (code, refused) = granted.fetch(&node.desk, "second.bundle", (&granted.tag, &granted.grant));
        assert_eq!(
            (code, &refused["code"], &refused["rule"]),
            (5, &json!("DESK_TOO_SOON"), &json!("DSK-06")),
            "{refused}"
        );
    }
    assert!(!granted.sandbox.path("second.bundle").exists());
    assert_eq!(granted.handed_out(), before + 1);
}

#[test]
fn dsk_03_what_is_unknown_revoked_or_no_request_is_answered_alike() {
    let granted = Granted::new();
    let Granted { sandbox, tag, grant } = &granted;
    let revoked = {
        let scope = ["--field", "receivable.due_date", "--from-epoch", "0", "--to-epoch", "99"];
        let key = granted.key();
        let of = ["viewkey", "issue", "-c", ROOM, "--as", "supplier-a"];
        let issued = sandbox.ok(&[&of[..], &scope, &["--second", "buyer", "--to", &key]].concat());
        issued["grant"].as_str().unwrap().to_owned()
    };
    for member in ["supplier-a", "buyer"] {
        sandbox.ok(&["viewkey", "revoke-future", "-c", ROOM, "--as", member, &revoked]);
    }
    let node = Node::start(sandbox, &["audit_desk.pause_s=1"]);
    let unknown = "77".repeat(32);
    let asked = [
        format!("GET /export/{unknown}/{grant}"),
        format!("GET /export/{tag}/{unknown}"),
        format!("GET /export/{tag}/{revoked}"),
        format!("GET /export/{tag}/{grant}?view-key=00"),
        format!("POST /export/{tag}/{grant}"),
        "GET /".to_owned(),
    ];
    let answers = asked.map(|request| {
        let began = Instant::now();
        let answer = node.ask(&request);
        assert!(began.elapsed() >= Duration::from_millis(500), "{request}: not sooner than any other");
        assert_eq!(answer.0, 404, "{request}");
        answer
    });
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let (code, refused) = granted.fetch(&node.desk, "none.bundle", (tag, &unknown));
    assert_eq!((code, &refused["rule"]), (3, &json!("DSK-03")), "{refused}");
    assert_eq!(node.export(tag, grant).0, 200, "and the one that stands is handed out");
}

/// Answers one request with bytes, as a node that lies would.
fn lying(answer: Vec<u8>, length: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let _ = stream.write_all(&[head.as_bytes(), &answer].concat());
    });
    host
}

#[test]
fn dsk_09_a_node_that_lies_is_caught_whatever_it_sends() {
    let granted = Granted::new();
    let Granted { sandbox, tag, grant } = &granted;
    let node = Node::start(sandbox, &["audit_desk.pause_s=1"]);
    let (status, _, sealed) = node.export(tag, grant);
    assert_eq!(status, 200);
    let refused = |answer: &[u8], length: usize, asked: (&str, &str)| {
        let (code, value) = granted.fetch(&lying(answer.to_vec(), length), "bad.bundle", asked);
        assert!(code != 0 && !sandbox.path("bad.bundle").exists(), "{value}");
        value["rule"].as_str().unwrap().to_owned()
    };
    let right = (tag.as_str(), grant.as_str());
    let cut = &sealed[..sealed.len() / 2];
    assert_eq!(refused(cut, sealed.len(), right), "CLI-10", "the connection ends too early");
    assert_eq!(refused(cut, cut.len(), right), "DSK-08");
    let mut bent = sealed.clone();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    assert_eq!(refused(&bent, bent.len(), right), "DSK-08");
    let other = "77".repeat(32);
    assert_eq!(refused(&sealed, sealed.len(), (tag, &other)), "DSK-07", "an answer for another grant");
    assert_eq!(refused(&sealed, sealed.len(), (&other, grant)), "DSK-07", "an answer for another tag");
    let plain = std::fs::read(sandbox.path("file.bundle")).unwrap();
    assert_eq!(refused(&plain, plain.len(), right), "DSK-08", "what is not sealed is not taken");
    // Somebody else's key opens nothing of it.
    let (foreign, passphrase) = (sandbox.text("foreign.key"), sandbox.secret("passphrase", "of somebody"));
    let make =
        ["key", "generate", "--kind", "regulator", "--out", &foreign, "--passphrase-file", &passphrase];
    sandbox.ok(&make);
    let node = format!("http://{}", lying(sealed.clone(), sealed.len()));
    let asked = ["--node", &node, "--tag", tag, "--grant", grant, "--passphrase-file", &passphrase];
    let (code, value) = granted.scan("bad.bundle", &foreign, &asked);
    assert_eq!((code, &value["rule"]), (6, &json!("DSK-07")), "{value}");
    // Whoever knows a grantee's public key can seal to it; what opens is still compared with what was asked for.
    let sealed_by_a_liar = sealed_as(&granted, &plain, &other);
    let host = lying(sealed_by_a_liar.clone(), sealed_by_a_liar.len());
    let (code, value) = granted.fetch(&host, "other.bundle", (&other, grant));
    assert_eq!((code, &value["rule"]), (6, &json!("DSK-09")), "{value}");
}

/// An export as somebody would seal it who passes it for one of another tag.
fn sealed_as(granted: &Granted, exported: &[u8], tag: &str) -> Vec<u8> {
    let inspected = granted.sandbox.ok(&["key", "inspect", &granted.key()]);
    let public = parclose_types::hex::decode(inspected["public"].as_str().unwrap()).unwrap();
    let asked = (tag.parse().unwrap(), granted.grant.parse().unwrap());
    let mut rng = parclose_node::randomness::generator();
    parclose_node::audit_desk::seal(Vec::new(), exported, asked, &public, &mut rng).unwrap()
}

#[test]
fn dsk_01_there_is_no_desk_unless_it_is_configured_and_a_node_without_its_address_does_not_start() {
    let sandbox = Sandbox::founded();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let set = format!("audit_desk.listen={}", taken.local_addr().unwrap());
    let (_, refused) = sandbox.json(&["node", "run", "--set", &set]);
    assert_eq!(
        (&refused["code"], &refused["rule"]),
        (&json!("ADDRESS_IN_USE"), &json!("DSK-01")),
        "{refused}"
    );
    let shown = sandbox.ok(&["config", "show"]);
    assert!(shown.to_string().contains("audit_desk.listen"), "{shown}");
    let mut process = sandbox.command(&["node", "run", "--json"]).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap());
    let mut told = String::new();
    while !told.lines().any(|line| line.starts_with("ready")) {
        assert_ne!(lines.read_line(&mut told).unwrap(), 0, "it ended: {told}");
    }
    let running = std::fs::read_to_string(sandbox.home().join("running.json")).unwrap();
    assert!(!running.contains("audit_desk"), "{running}");
    process.kill().unwrap();
    process.wait().unwrap();
}
