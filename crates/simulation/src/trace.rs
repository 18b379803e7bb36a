//! What happened in a run, as one hash and its last lines.

use std::collections::VecDeque;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Lines that are kept for whoever looks at a run.
const KEPT: usize = 200;

/// The log of a run.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    hash: Sha256,
    events: u64,
    last: VecDeque<String>,
    /// every line is printed
    is_loud: bool,
}

impl Trace {
    /// One that prints each line.
    #[must_use]
    pub fn loud() -> Self {
        Self { is_loud: true, ..Self::default() }
    }

    /// Notes an event: what, and the bytes that came with it.
    #[allow(clippy::print_stderr, reason = "a replay is asked for by a person, who reads it")]
    pub fn note(&mut self, now: Duration, what: &str, bytes: &[u8]) {
        self.events = self.events.saturating_add(1);
        self.hash.update(now.as_nanos().to_be_bytes());
        self.hash.update((what.len() as u64).to_be_bytes());
        self.hash.update(what.as_bytes());
        self.hash.update((bytes.len() as u64).to_be_bytes());
        self.hash.update(bytes);
        let line = format!("{:>9.3} {what} ({} bytes)", now.as_secs_f64(), bytes.len());
        if self.is_loud {
            eprintln!("{line}");
        }
        if self.last.len() >= KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Events so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The hash over all of them.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// The last lines.
    pub fn last(&self) -> impl Iterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }
}
