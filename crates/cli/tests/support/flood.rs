//! Floods of a consortium of processes, and how honest clients fare meanwhile.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "how long honest clients wait is measured")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::consortium::{Consortium, MEMBERS};
use super::{receivable, statement};

/// Who floods, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flood {
    /// strangers connect to every port of every node and send what is no message, of announced lengths that are lies
    Strangers,
    /// a member writes to its own channel as fast as its node takes it
    Member,
    /// a user of the machine asks for health and metrics without end
    Admin,
}

/// Honest clients' share of things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fared {
    /// the time within which 99 of 100 were acknowledged
    pub(crate) p99: Duration,
    /// acknowledgements in a second
    pub(crate) rate: f64,
}

/// Who floods with what it may send.
const FLOODER: &str = "supplier-a";
/// Connections or clients of a flood at a time.
const AT_A_TIME: usize = 16;
/// Honest clients at a time.
const HONEST: usize = 4;

impl Flood {
    pub(crate) const ALL: [Self; 3] = [Self::Strangers, Self::Member, Self::Admin];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Strangers => "strangers send garbage to every port",
            Self::Member => "a member writes as fast as it can",
            Self::Admin => "health and metrics are asked for without end",
        }
    }

    /// Floods while something else is done: its result, and how many pieces the flood sent.
    pub(crate) fn beside<T>(self, consortium: &Consortium, done: impl FnOnce() -> T) -> (T, u64) {
        let (stopped, sent) = (AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for n in 0..AT_A_TIME {
                let (stopped, sent) = (&stopped, &sent);
                scope.spawn(move || {
                    while !stopped.load(Ordering::SeqCst) {
                        if self.piece(consortium, n, sent.load(Ordering::Relaxed)) {
                            sent.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            let _end = Ending(&stopped);
            let done = done();
            (done, sent.load(Ordering::Relaxed))
        })
    }

    fn piece(self, consortium: &Consortium, flooder: usize, number: u64) -> bool {
        match self {
            Self::Strangers => {
                let ports = consortium.ports();
                garbage(ports[(flooder + usize::try_from(number).unwrap()) % ports.len()], number)
            }
            Self::Member => {
                let draft = receivable(&format!("FLOOD-{flooder}-{number}"), FLOODER, "bank-1").to_string();
                let line = ["--json", "tx", "submit", "-c", "trade-a", "--as", FLOODER, "-"];
                consortium.ask(FLOODER, &line, &draft).is_some()
            }
            Self::Admin => {
                let member = MEMBERS[flooder % MEMBERS.len()];
                consortium.metric(member, "parclose_root_height").is_some()
            }
        }
    }
}

struct Ending<'s>(&'s AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Connects, says that much comes, sends what is none of it, and reads what comes back: whether a connection was had.
fn garbage(port: u16, number: u64) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
    let mut bytes = vec![0xff_u8; 8];
    bytes.extend(number.to_le_bytes().repeat(512));
    let _ = stream.write_all(&bytes);
    let _ = stream.read(&mut [0; 256]);
    true
}

/// So many writes by honest clients of another channel than the one that is flooded.
pub(crate) fn honest(consortium: &Consortium, writes: usize, round: usize) -> Fared {
    let begun = Instant::now();
    let waited = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..HONEST)
            .map(|client| scope.spawn(move || write(consortium, client, writes / HONEST, round)))
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    let took = begun.elapsed();
    let count = waited.len();
    let mut waited = waited;
    waited.sort();
    Fared {
        p99: waited[(count * 99 / 100).min(count - 1)],
        rate: f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64(),
    }
}

/// Every one of them is acknowledged, or the test ends.
fn write(consortium: &Consortium, client: usize, writes: usize, round: usize) -> Vec<Duration> {
    let line = ["--json", "tx", "submit", "-c", "banks", "--as", "bank-1", "-"];
    let one = |number: usize| {
        let draft = statement(&format!("{round}-{client}-{number}")).to_string();
        let begun = Instant::now();
        let answer = consortium.ask("bank-1", &line, &draft);
        let told = answer.expect("an honest client is answered");
        assert_eq!(told["value"]["verdict"], "applied", "{told}");
        begun.elapsed()
    };
    (0..writes).map(one).collect()
}

impl Consortium {
    /// Ports on which nodes listen for each other.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let of = |member: &&str| {
            let text = std::fs::read_to_string(self.home(member).join("node.toml")).unwrap();
            let listens = text.lines().filter(|line| line.contains("listen") && line.contains("/tcp/"));
            let port = |line: &str| line.split("/tcp/").nth(1)?.trim_matches(['"', ' ', ']']).parse().ok();
            listens.filter_map(port).collect::<Vec<u16>>()
        };
        MEMBERS.iter().flat_map(of).collect()
    }

    /// Most memory that a node has had, in MiB: what the system has counted.
    pub(crate) fn memory(&self, member: &str) -> u64 {
        let running = std::fs::read(self.home(member).join("running.json")).unwrap();
        let running: serde_json::Value = serde_json::from_slice(&running).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", running["pid"])).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
    }

    /// Lets a node have the processor only when nobody else wants it: a flooder has a machine of its own, and what its own work
    /// costs is not what its flood costs others.
    pub(crate) fn set_back(&self, member: &str) {
        let running = std::fs::read(self.home(member).join("running.json")).unwrap();
        let running: serde_json::Value = serde_json::from_slice(&running).unwrap();
        let set =
            Command::new("renice").args(["-n", "19", "-p", &running["pid"].to_string()]).output().unwrap();
        assert!(set.status.success(), "{member}");
    }
}
