//! Everything that the nodes of this process log, kept at the level `trace`.
//!
//! A process has one log, so this one is started once and listens when it is told to.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use parclose_node::config::LogFormat;
use parclose_node::log::{LogLevel, subscriber};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LISTENS: AtomicBool = AtomicBool::new(false);
static STARTED: OnceLock<Option<LogLevel>> = OnceLock::new();

/// As much as is kept; a run of the oracle writes far less.
const KEPT_BYTES_MAX: usize = 256 << 20;

#[derive(Clone, Copy)]
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if LISTENS.load(Ordering::Relaxed) {
            let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() < KEPT_BYTES_MAX {
                lines.extend_from_slice(bytes);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Begins to listen, in the product's own form for machines; the level's handle, or `None` if this process has
/// another log already.
pub fn listen() -> Option<LogLevel> {
    let started = STARTED.get_or_init(|| {
        let (lines, level) = subscriber(LogFormat::Json, "trace", || Kept, false).ok()?;
        tracing::subscriber::set_global_default(lines).ok().map(|()| level)
    });
    LISTENS.store(started.is_some(), Ordering::Relaxed);
    started.clone()
}

/// Stops listening, and takes what was heard.
pub fn take() -> Vec<u8> {
    LISTENS.store(false, Ordering::Relaxed);
    std::mem::take(&mut LINES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What was heard so far.
pub fn heard() -> Vec<u8> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
