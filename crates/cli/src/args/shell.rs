//! What is for the shell: contexts, completions, manual pages.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `parclose context`
#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// All contexts, and which one is current
    List,
    /// Make a context the current one
    Use {
        /// its name
        name: String,
    },
    /// Add a context: the home of `--home`, a channel, a member
    Add(NewContext),
    /// Remove a context
    Remove {
        /// its name
        name: String,
    },
}

/// `parclose context add`
#[derive(Clone, Debug, ClapArgs)]
pub struct NewContext {
    /// its name
    pub name: String,
    /// The channel's name
    #[arg(long, short)]
    pub channel: Option<String>,
    /// The member that asks
    #[arg(long = "as")]
    pub member: Option<String>,
}

/// Shells with completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bourne-again shell
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

/// What completions ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NameKind {
    /// channels of the home
    Channels,
    /// members of the home
    Members,
    /// contexts
    Contexts,
}

/// `parclose complete-names`
#[derive(Clone, Debug, ClapArgs)]
pub struct CompleteNames {
    /// which
    pub kind: NameKind,
    /// the line so far
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub line: Vec<std::ffi::OsString>,
}

/// `parclose man`
#[derive(Clone, Debug, ClapArgs)]
pub struct ManPage {
    /// the command, as it is called: tx show
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}
