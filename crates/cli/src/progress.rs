//! Progress on standard error, in plain lines.
#![allow(clippy::print_stderr, reason = "progress is prose for people, on standard error")]
#![allow(clippy::disallowed_methods, reason = "elapsed time is shown to people and decides nothing")]

use std::io::Write;
use std::time::{Duration, Instant};

/// Tells what a long command is doing.
#[derive(Debug)]
pub struct Progress {
    quiet: bool,
    started: Instant,
    last: Option<Instant>,
}

/// Says something for people once.
pub fn note(quiet: bool, text: &str) {
    if !quiet {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Lines about counts come at most this often.
const EVERY: Duration = Duration::from_millis(500);

impl Progress {
    /// Starts the clock.
    #[must_use]
    pub fn start(quiet: bool) -> Self {
        Self { quiet, started: Instant::now(), last: None }
    }

    /// Says what comes next.
    pub fn step(&mut self, what: &str) {
        self.last = None;
        self.line(what);
    }

    /// Says how far it is, now and then; the first time at once.
    pub fn now_and_then(&mut self, what: impl FnOnce() -> String) {
        if !self.quiet && self.last.is_none_or(|last| last.elapsed() >= EVERY) {
            self.last = Some(Instant::now());
            self.line(&what());
        }
    }

    /// Seconds since the start.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "[{:7.2} s] {text}", self.seconds());
        }
    }
}
