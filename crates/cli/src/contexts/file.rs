//! The file of contexts: TOML that a person may edit, so what is wrong in it is told by its line.
//!
//! It names places and members and holds no secret: there is no key for one, and an unknown key is an error.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use parclose_node::bounded::read_text;
use parclose_types::{Failure, Fault};
use serde::{Deserialize, Serialize};

use crate::output::replace_in_one_step;

/// The variable that names the file.
pub const VARIABLE: &str = "PARCLOSE_CONFIG";

const FILE_BYTES_MAX: usize = 64 << 10;
const NAME_BYTES_MAX: usize = 64;

/// All contexts, and which one is current.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contexts {
    /// the one that counts where none is named
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// by name
    #[serde(default)]
    pub contexts: BTreeMap<String, Context>,
}

/// What may be left out of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// home directory
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// channel
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// member that asks
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
}

/// Why there is no context to work with.
#[derive(Debug, thiserror::Error)]
pub enum ContextRefused {
    /// CTX-01: not a file of contexts
    #[error("`{path}` line {line}: {reason}")]
    File {
        /// file
        path: String,
        /// line, from 1 on
        line: usize,
        /// what is wrong
        reason: String,
    },
    /// CTX-02: not a name
    #[error("`{name}` is not a name of a context")]
    Name {
        /// the name
        name: String,
    },
    /// CTX-03: not there
    #[error("there is no context `{name}`")]
    Absent {
        /// the name
        name: String,
    },
    /// CTX-05: there already
    #[error("there is a context `{name}` already")]
    Taken {
        /// the name
        name: String,
    },
    /// CTX-06: cannot be read or written
    #[error("`{path}`: {reason}")]
    Place {
        /// file
        path: String,
        /// what went wrong
        reason: String,
    },
}

impl Failure for ContextRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } | Self::Name { .. } | Self::Place { .. } => "CONTEXT_REFUSED",
            Self::Absent { .. } => "CONTEXT_NOT_FOUND",
            Self::Taken { .. } => "CONTEXT_EXISTS",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::File { .. } => "CTX-01",
            Self::Name { .. } => "CTX-02",
            Self::Absent { .. } => "CTX-03",
            Self::Taken { .. } => "CTX-05",
            Self::Place { .. } => "CTX-06",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::File { .. } => {
                "correct the line: keys are current, and home, channel, as of a context".into()
            }
            Self::Name { .. } => "use letters, digits, `.`, `_` and `-`, at most 64 of them".into(),
            Self::Absent { .. } => "parclose context list".into(),
            Self::Taken { .. } => "parclose context remove NAME, or use another name".into(),
            Self::Place { .. } => {
                format!("check the path and its permissions, or name another file: {VARIABLE}")
            }
        }
    }
}

/// Where the file is: `PARCLOSE_CONFIG`, else in the user's folder of configurations; none if there is no such folder.
#[must_use]
pub fn place(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = || path("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
    let folder = || folder().or_else(|| path("HOME").map(|home| home.join(".config")));
    path(VARIABLE).or_else(|| folder().map(|folder| folder.join("parclose/contexts.toml")))
}

impl Contexts {
    /// Reads the file; one that is not there holds nothing.
    ///
    /// # Rules
    ///
    /// > CTX-06: a file of contexts that cannot be read or written is named.
    pub fn read(path: &Path) -> Result<Self, ContextRefused> {
        match read_text(path, FILE_BYTES_MAX) {
            Ok(text) => Self::parse(&text, path),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(at(path, &e)),
        }
    }

    /// Reads its text.
    ///
    /// # Rules
    ///
    /// > CTX-01: a file of contexts is TOML of at most 64 KiB with `current` and, by name, `home`, `channel` and `as`; any other key is an error that names its line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ContextRefused> {
        if text.len() > FILE_BYTES_MAX {
            return Err(refused(path, 1, "a file of contexts has at most 64 KiB"));
        }
        let read: Self = toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            refused(path, before.matches('\n').count() + 1, e.message())
        })?;
        match read.contexts.keys().find(|name| !is_name(name)) {
            Some(name) => Err(refused(path, line_of(text, name), "this is not a name of a context")),
            None => Ok(read),
        }
    }

    /// A context by its name.
    ///
    /// # Rules
    ///
    /// > CTX-03: a context that is named, in the file as current too, is in the file; no other takes its place.
    pub fn named(&self, name: &str) -> Result<&Context, ContextRefused> {
        self.contexts.get(name).ok_or_else(|| ContextRefused::Absent { name: name.into() })
    }

    /// Adds one.
    ///
    /// # Rules
    ///
    /// > CTX-02: a context is named with letters, digits, `.`, `_` and `-` of ASCII, at most 64 of them.
    /// > CTX-05: a context is never written over by another of its name.
    pub fn add(&mut self, name: &str, context: Context) -> Result<(), ContextRefused> {
        if !is_name(name) {
            return Err(ContextRefused::Name { name: name.into() });
        }
        if self.contexts.contains_key(name) {
            return Err(ContextRefused::Taken { name: name.into() });
        }
        self.contexts.insert(name.to_owned(), context);
        Ok(())
    }

    /// Removes one; if it was the current one, none is current.
    pub fn remove(&mut self, name: &str) -> Result<(), ContextRefused> {
        self.named(name)?;
        self.contexts.remove(name);
        self.current = self.current.take().filter(|current| current != name);
        Ok(())
    }

    /// Writes the file in one step: there is the old one or the new one.
    pub fn write(&self, path: &Path) -> Result<(), ContextRefused> {
        let text = toml::to_string(self).map_err(std::io::Error::other);
        let written = text.and_then(|text| {
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            std::fs::create_dir_all(folder)?;
            replace_in_one_step(path, text.as_bytes())
        });
        written.map_err(|e| at(path, &e))
    }
}

fn is_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    (1..=NAME_BYTES_MAX).contains(&name.len()) && plain
}

fn line_of(text: &str, name: &str) -> usize {
    text.lines().position(|line| line.contains(name)).map_or(1, |at| at + 1)
}

fn refused(path: &Path, line: usize, reason: &str) -> ContextRefused {
    ContextRefused::File { path: path.display().to_string(), line, reason: reason.trim().replace('\n', ", ") }
}

fn at(path: &Path, error: &std::io::Error) -> ContextRefused {
    ContextRefused::Place { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests;
