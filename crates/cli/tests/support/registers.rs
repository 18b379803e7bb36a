//! Registers of a consortium's channels, and clients that read and write them all at once.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "one clock for all clients")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::consortium::{Consortium, eventually};
use super::history::{Chain, Did, History, Moment, Operation};
use super::{receivable, statement};

/// A record that is written again and again.
#[derive(Debug)]
struct Register {
    channel: &'static str,
    writers: &'static [&'static str],
    readers: &'static [&'static str],
    record: String,
    /// of the first version
    draft: Value,
    /// the field that holds the value, and how
    field: &'static str,
    put: fn(u64) -> Value,
}

/// All registers, and what was done to them so far.
pub(crate) struct Registers<'c> {
    consortium: &'c Consortium,
    registers: Vec<Register>,
    clock: Instant,
    values: AtomicU64,
    operations: Mutex<Vec<Operation>>,
}

/// A client that has waited for so long does not know what came of it, and goes on.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many of each kind.
const OF_EACH: usize = 2;
/// Values that clients write are above those that the registers begin with.
const FIRST_VALUE: u64 = 1_000;

impl<'c> Registers<'c> {
    /// Makes them: two that members of two nodes write to, two that one member writes to and three read.
    pub(crate) fn of(consortium: &'c Consortium) -> Self {
        let mut registers = Vec::new();
        for n in 0..OF_EACH {
            let draft = statement(&format!("2025-0{}", n + 1));
            registers.push(Register {
                channel: "banks",
                writers: &["bank-1", "bank-2"],
                readers: &["bank-1", "bank-2"],
                record: String::new(),
                draft,
                field: "documents",
                put: |value| json!(value),
            });
            registers.push(Register {
                channel: "trade-a",
                writers: &["supplier-a"],
                readers: &["supplier-a", "buyer", "bank-1"],
                record: String::new(),
                draft: receivable(&n.to_string(), "supplier-a", "bank-1"),
                field: "invoice_number",
                put: |value| json!(value.to_string()),
            });
        }
        for register in &mut registers {
            register.record = made(consortium, register);
        }
        let clock = Instant::now();
        let values = AtomicU64::new(FIRST_VALUE);
        Self { consortium, registers, clock, values, operations: Mutex::new(Vec::new()) }
    }

    /// So many clients read and write, while something else is done.
    pub(crate) fn beside<T>(&self, clients: usize, seed: u64, done: impl FnOnce() -> T) -> T {
        let stopped = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for client in 0..clients {
                let (stopped, seed) = (&stopped, seed.wrapping_add(u64::try_from(client).unwrap()));
                scope.spawn(move || {
                    let mut chance = ChaCha20Rng::seed_from_u64(seed);
                    while !stopped.load(Ordering::SeqCst) {
                        self.turn(client, &mut chance);
                    }
                });
            }
            let _end = Ending(&stopped);
            done()
        })
    }

    /// How many operations have an outcome.
    pub(crate) fn count(&self) -> usize {
        self.operations.lock().unwrap().len()
    }

    /// All that was done, with what every reader has in the end.
    pub(crate) fn end(self) -> History {
        let chains = self.registers.iter().map(|register| self.settled(register)).collect();
        History { operations: self.operations.into_inner().unwrap(), chains }
    }

    /// Reads at two nodes, then writes what follows the last version that was seen.
    fn turn(&self, client: usize, chance: &mut ChaCha20Rng) {
        let index = pick(chance, self.registers.len());
        let register = &self.registers[index];
        let writer = register.writers[client % register.writers.len()];
        self.read(index, register.readers[pick(chance, register.readers.len())]);
        if let Some(version) = self.read(index, writer) {
            self.write(index, writer, version + 1);
        }
    }

    fn read(&self, index: usize, node: &'static str) -> Option<u64> {
        let began = self.now();
        let shown = self.shown(&self.registers[index], node);
        let Some((version, value, _)) = shown else {
            // Its node is down: whoever asks again at once learns nothing.
            std::thread::sleep(Duration::from_millis(20));
            return None;
        };
        self.note(index, node, began, Did::Read { version, value });
        Some(version)
    }

    fn write(&self, index: usize, node: &'static str, version: u64) {
        let register = &self.registers[index];
        let value = self.values.fetch_add(1, Ordering::SeqCst);
        let mut draft = register.draft.clone();
        draft["action"] = json!("update");
        draft["record"] = json!(register.record);
        draft["version"] = json!(version);
        draft["fields"] = json!({ register.field: (register.put)(value) });
        let line = ["--json", "tx", "submit", "-c", register.channel, "--as", node, "-"];
        let began = self.now();
        let answer = self.consortium.ask_within(Some(PATIENCE), node, &line, &draft.to_string());
        let did = match answer.as_ref().map(|answer| (&answer["value"]["verdict"], &answer["failed"]["json"]))
        {
            Some((verdict, _)) if verdict == "applied" => Did::Wrote { version, value },
            Some((_, failed)) if failed["rule"] == "STA-04" && failed["definite"] == true => {
                Did::Stale { version, value }
            }
            _ => Did::Unknown { version, value },
        };
        self.note(index, node, began, did);
    }

    fn note(&self, register: usize, node: &'static str, began: Moment, did: Did) {
        let ended = self.now();
        self.operations.lock().unwrap().push(Operation { register, node, began, ended, did });
    }

    fn now(&self) -> Moment {
        u64::try_from(self.clock.elapsed().as_nanos()).unwrap()
    }

    /// Version, value and transactions of a register, as a node tells them.
    fn shown(&self, register: &Register, node: &str) -> Option<(u64, u64, Vec<String>)> {
        let line = ["--json", "record", "show", &register.record, "-c", register.channel, "--as", node];
        let answer = self.consortium.ask_within(Some(PATIENCE), node, &line, "")?;
        let value = &answer["value"];
        let transactions = value["transactions"].as_array()?.iter();
        let transactions = transactions.filter_map(|tx| tx.as_str().map(str::to_owned)).collect();
        Some((value["version"].as_u64()?, number(&value["fields"][register.field])?, transactions))
    }

    /// What all readers of a register have once they have the same.
    fn settled(&self, register: &Register) -> Chain {
        let mut last = None;
        eventually("all readers have one version", || {
            let shown: Vec<_> = register.readers.iter().map(|node| self.shown(register, node)).collect();
            last.clone_from(&shown[0]);
            last.is_some() && shown.windows(2).all(|two| two[0] == two[1])
        });
        let (_, _, transactions) = last.unwrap();
        let entry = |transaction: &String| {
            let line =
                ["--json", "tx", "show", "-c", register.channel, "--as", register.readers[0], transaction];
            let shown = self.consortium.ask(register.readers[0], &line, "").unwrap();
            let operation = &shown["value"]["operations"][0];
            let field = operation["fields"].as_array().unwrap().iter().find(|f| f["field"] == register.field);
            (operation["version"].as_u64().unwrap(), number(&field.unwrap()["value"]).unwrap())
        };
        transactions.iter().map(entry).collect()
    }
}

/// Has the clients stop when it is dropped.
struct Ending<'s>(&'s AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn pick(chance: &mut ChaCha20Rng, count: usize) -> usize {
    usize::try_from(chance.next_u64() % u64::try_from(count).unwrap()).unwrap()
}

/// Writes the first version: the record.
fn made(consortium: &Consortium, register: &Register) -> String {
    let line = ["--json", "tx", "submit", "-c", register.channel, "--as", register.writers[0], "-"];
    let mut record = None;
    eventually("the first version is written", || {
        let answer = consortium.ask(register.writers[0], &line, &register.draft.to_string());
        record = answer.and_then(|answer| Some(answer["value"]["record"].as_str()?.to_owned()));
        record.is_some()
    });
    record.unwrap()
}
