//! Where a setting came from.

use std::fmt;
use std::path::PathBuf;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// nobody set it
    Default,
    /// the file
    File {
        /// its path
        path: PathBuf,
        /// counted from 1
        line: usize,
    },
    /// an environment variable
    Variable(String),
    /// an option of the command
    Option,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Option => f.write_str("--set"),
        }
    }
}
