use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;

use super::*;
use crate::Home;
use crate::config::LogFormat;
use crate::consortium::Consortium;
use crate::found::found_consortium;
use crate::log::{LogLevel, subscriber};
use crate::randomness::generator;

/// A consortium that runs, and its listener.
struct Served {
    folder: tempfile::TempDir,
    consortium: Consortium,
    runtime: Runtime,
    server: Server,
    level: LogLevel,
}

fn served() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The level's subscriber need not be installed for the level to change.
    let (subscriber, level) = subscriber(LogFormat::Json, "info", std::io::sink, false).unwrap();
    std::mem::forget(subscriber);
    let admin = Admin::new(Arc::new(consortium.status()), level.clone(), &path);
    let server = runtime.block_on(admin.listen(([127, 0, 0, 1], 0).into())).unwrap();
    Served { folder, consortium, runtime, server, level }
}

/// Sends one request over a socket: status and body.
fn request(to: SocketAddr, line: &str, host: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let text = format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

impl Served {
    fn ask(&self, line: &str, body: &str) -> (u16, String) {
        request(self.server.address(), line, &self.server.address().to_string(), body)
    }

    fn json(&self, line: &str) -> (u16, Value) {
        let (status, body) = self.ask(line, "");
        (status, serde_json::from_str(&body).unwrap())
    }

    fn rule(&self, host: &str) -> Value {
        let (status, body) = request(self.server.address(), "GET /livez", host, "");
        if status == 200 {
            Value::Null
        } else {
            serde_json::from_str::<Value>(&body).unwrap()["rule"].clone()
        }
    }

    fn end(self) {
        self.runtime.block_on(self.server.stop());
        drop(self.consortium.close());
        drop(self.folder);
    }
}

#[test]
fn adm_01_health_is_served_with_a_reason_for_each_check() {
    let served = served();
    assert_eq!(served.json("GET /livez").0, 200);
    let (status, ready) = served.json("GET /readyz");
    assert_eq!((status, &ready["ready"]), (200, &Value::Bool(true)), "{ready}");
    let checks = ready["checks"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["root", "head", "validators", "peers", "channels", "keys", "disk", "clock", "evidence"]
    );
    // The disk goes away below it.
    std::fs::rename(served.folder.path().join("home"), served.folder.path().join("elsewhere")).unwrap();
    let (status, ready) = served.json("GET /readyz");
    assert_eq!((status, &ready["ready"]), (503, &Value::Bool(false)), "{ready}");
    std::fs::rename(served.folder.path().join("elsewhere"), served.folder.path().join("home")).unwrap();
    assert_eq!(served.json("GET /nothing").0, 404);
    served.end();
}

#[test]
fn adm_04_metrics_name_no_channel_and_no_member() {
    let served = served();
    let before = served.consortium.root().head();
    served.consortium.advance(parclose_types::Height(before.0 + 3)).unwrap();
    let (status, text) = served.ask("GET /metrics", "");
    assert_eq!(status, 200);
    let number = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")))
            .unwrap_or_else(|| panic!("{text}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(number("parclose_root_height"), before.0 + 3);
    assert_eq!(number("parclose_root_running"), 1);
    assert!(number("parclose_disk_free_bytes") > 0);
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    assert!(!words.contains(&"ann") && !words.contains(&"bob") && words.contains(&"parclose"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    served.end();
}

#[test]
fn adm_05_the_log_level_is_changed_over_the_socket_or_not_at_all() {
    let served = served();
    assert_eq!(served.json("GET /log-level").1["level"], "info");
    assert_eq!(served.ask("PUT /log-level", "debug,libp2p=info\n").0, 200);
    assert_eq!(served.level.current(), "debug,libp2p=info");
    let (status, body) = served.ask("PUT /log-level", "loud");
    assert_eq!((status, served.level.current().as_str()), (400, "debug,libp2p=info"));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["rule"], "ADM-05");
    assert_eq!(served.ask("PUT /log-level", &"x".repeat(2000)).0, 413);
    assert_eq!(served.ask("POST /log-level", "info").0, 405);
    served.end();
}

#[test]
fn adm_02_a_change_from_another_machine_is_refused() {
    for (from, local) in [("127.0.0.1:5", true), ("[::1]:5", true), ("[::ffff:127.0.0.1]:5", true)] {
        assert_eq!(serve::is_local(from.parse().unwrap()), local, "{from}");
    }
    let served = served();
    let status = Arc::new(served.consortium.status());
    let admin = Admin::new(status, served.level.clone(), served.folder.path());
    for from in ["192.0.2.1:5", "[2001:db8::1]:5", "0.0.0.0:5"] {
        let refused = serve::change(&admin, from.parse().unwrap(), "debug");
        assert_eq!(refused.unwrap_err(), AdminError::NotLocal, "{from}");
    }
    assert_eq!(served.level.current(), "info");
    assert!(serve::change(&admin, "127.0.0.1:5".parse().unwrap(), "debug").is_ok());
    assert_eq!(served.level.current(), "debug");
    served.end();
}

#[test]
fn adm_03_whoever_comes_by_a_name_is_not_answered() {
    let served = served();
    for host in ["localhost", "localhost:80", "127.0.0.1", "192.0.2.1:9", "[::1]:80"] {
        assert_eq!(served.rule(host), Value::Null, "{host}");
    }
    for host in ["evil.example", "evil.example:80", "", "localhost.evil.example", "127.0.0.1.evil.example"] {
        assert_eq!(served.rule(host), "ADM-03", "{host}");
    }
    served.end();
}

#[test]
fn a_stop_does_not_wait_for_whoever_says_nothing() {
    let served = served();
    let mut silent = TcpStream::connect(served.server.address()).unwrap();
    silent.write_all(b"GET /live").unwrap();
    served.end();
}
