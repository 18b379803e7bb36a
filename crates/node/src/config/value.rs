//! What a key's value may be, and reading one.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Refused;
use crate::ceremony::ListenAddress;
use crate::log;

/// The type of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Listen,
    SocketOrOff,
    Number { least: u64, most: u64, unit: &'static str },
    OneOf(&'static [&'static str]),
    Level,
    Path,
    PathOrOff,
}

/// A value as it was written: TOML has types, variables and options are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Text(String),
    Integer(String),
    /// from a variable or an option
    Untyped(String),
    /// of a type that no key has
    Other(&'static str),
}

/// A value that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// where a network is listened for
    Listen(ListenAddress),
    /// where a server listens; none if it is off
    Socket(Option<SocketAddr>),
    /// a number in its range
    Number(u64),
    /// a word or a text
    Text(String),
    /// a file or a directory; none if it is off
    Path(Option<PathBuf>),
}

const OFF: &str = "off";

impl Kind {
    pub(super) fn allowed(self) -> String {
        match self {
            Self::Listen => "an address such as /ip4/0.0.0.0/tcp/27001".into(),
            Self::SocketOrOff => "IP:PORT, or off".into(),
            Self::Number { least, most, unit: "" } => format!("a whole number from {least} to {most}"),
            Self::Number { least, most, unit } => format!("{unit}, a whole number from {least} to {most}"),
            Self::OneOf(words) => words.join(" or "),
            Self::Level => "error, warn, info, debug, trace, or directives TARGET=LEVEL".into(),
            Self::Path => "a path".into(),
            Self::PathOrOff => "a path, or off".into(),
        }
    }

    /// # Rules
    ///
    /// > CFG-03: a value has the type of its key and lies in its range.
    pub(super) fn read(self, written: &Written) -> Result<Value, Refused> {
        let number = matches!(self, Self::Number { .. });
        let text = match written {
            Written::Untyped(text) => text,
            Written::Text(text) if !number => text,
            Written::Integer(text) if number => text,
            Written::Text(_) => return Err(self.refused("it is a text")),
            Written::Integer(_) => return Err(self.refused("it is a number")),
            Written::Other(name) => return Err(self.refused(&format!("it is of the type {name}"))),
        };
        self.of_text(text).ok_or_else(|| self.refused(&format!("it is `{text}`")))
    }

    fn of_text(self, text: &str) -> Option<Value> {
        let path = || (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text));
        match self {
            Self::Listen => Some(Value::Listen(text.parse().ok()?)),
            Self::SocketOrOff if text == OFF => Some(Value::Socket(None)),
            Self::SocketOrOff => Some(Value::Socket(Some(text.parse().ok()?))),
            Self::Number { least, most, .. } => {
                let number: u64 = text.parse().ok()?;
                (least..=most).contains(&number).then_some(Value::Number(number))
            }
            Self::OneOf(words) => words.contains(&text).then(|| Value::Text(text.into())),
            Self::Level => log::is_level(text).then(|| Value::Text(text.into())),
            Self::PathOrOff if text == OFF => Some(Value::Path(None)),
            Self::Path | Self::PathOrOff => Some(Value::Path(Some(path()?))),
        }
    }

    fn refused(self, found: &str) -> Refused {
        Refused::Value { allowed: self.allowed(), found: found.into() }
    }

    /// Whether its values stand in quotes.
    pub(super) fn is_text(self) -> bool {
        !matches!(self, Self::Number { .. })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Listen(address) => address.fmt(f),
            Self::Socket(Some(address)) => address.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Path(Some(path)) => path.display().fmt(f),
            Self::Socket(None) | Self::Path(None) => f.write_str(OFF),
        }
    }
}
