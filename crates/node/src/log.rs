//! The log: what the node tells its operator, on standard error, for people or one JSON object a line.
//!
//! The engine and the network library log a lot, and name peers; they are quiet unless they are asked for by name. A
//! secret never gets here: types that hold one print their name only, which a test with planted secrets holds.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use parclose_types::{Failure, Fault};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::LogFormat;

/// Quiet unless a directive names them.
const QUIET: &str = "arc_malachitebft=warn,libp2p=warn,yamux=warn,multistream_select=warn,hyper=warn";

/// The longest level, in bytes.
const LEVEL_BYTES_MAX: usize = 256;

/// ADM-05: not a level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no log level")]
pub struct NotALevel(pub String);

impl Failure for NotALevel {
    fn code(&self) -> &'static str {
        "LOG_LEVEL"
    }

    fn rule(&self) -> &'static str {
        "ADM-05"
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "give error, warn, info, debug, trace, off, or directives such as `info,libp2p=debug`".into()
    }
}

/// The way to change the level while the node runs.
#[derive(Clone)]
pub struct LogLevel {
    filter: reload::Handle<EnvFilter, Registry>,
    current: Arc<Mutex<String>>,
}

impl std::fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogLevel({})", self.current())
    }
}

impl LogLevel {
    /// What holds now.
    #[must_use]
    pub fn current(&self) -> String {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes it.
    ///
    /// # Rules
    ///
    /// > ADM-05: the log level is changed to a level, or to directives of targets and levels, or not at all.
    pub fn set(&self, level: &str) -> Result<(), NotALevel> {
        let refused = || NotALevel(level.chars().take(LEVEL_BYTES_MAX).collect());
        let filter = filter(level).ok_or_else(refused)?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        self.filter.reload(filter).map_err(|_| refused())?;
        level.clone_into(&mut current);
        Ok(())
    }
}

/// Whether a text is a level or directives. The filter's own reader takes a misspelt level for a target.
#[must_use]
pub fn is_level(text: &str) -> bool {
    let words = ["off", "error", "warn", "info", "debug", "trace"];
    let level = |text: &str| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let target = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
    };
    let directive = |part: &str| match part.split_once('=') {
        Some((of, least)) => target(of) && level(least),
        None => level(part),
    };
    (1..=LEVEL_BYTES_MAX).contains(&text.len()) && text.split(',').all(directive)
}

fn filter(level: &str) -> Option<EnvFilter> {
    if !is_level(level) {
        return None;
    }
    // What stands later goes before what stands earlier, for the same target.
    EnvFilter::builder().parse(format!("{QUIET},{level}")).ok()
}

/// Makes the log that writes to `writer`.
pub fn subscriber<W>(
    format: LogFormat,
    level: &str,
    writer: W,
    colours: bool,
) -> Result<(impl Subscriber + Send + Sync + use<W>, LogLevel), NotALevel>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let first = filter(level).ok_or_else(|| NotALevel(level.into()))?;
    let (filter, handle) = reload::Layer::new(first);
    let lines = fmt::layer().with_writer(writer).with_ansi(colours);
    let lines = match format {
        LogFormat::Pretty => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let current = Arc::new(Mutex::new(level.to_owned()));
    Ok((Registry::default().with(filter).with(lines), LogLevel { filter: handle, current }))
}

/// Starts the log of this process. A process has one: a second start leaves the first in place and changes nothing.
pub fn start(format: LogFormat, level: &str) -> Result<LogLevel, NotALevel> {
    let colours = std::io::stderr().is_terminal();
    let (subscriber, level) = subscriber(format, level, std::io::stderr, colours)?;
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(level)
}

#[cfg(test)]
mod tests;
