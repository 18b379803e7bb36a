//! `parclose validators`: who votes on the root chain, and who shall.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `parclose validators`
#[derive(Debug, Subcommand)]
pub enum Validators {
    /// Who votes, and who will
    Show,
    /// Draft a change of the validators, for them to sign
    Propose(ValidatorsPropose),
    /// Sign a change with the validator key of the home
    Sign {
        /// the change, or a signed copy
        file: PathBuf,
        /// new file for the signed copy
        #[arg(long)]
        out: PathBuf,
    },
    /// Hand in a change that enough have signed, and wait until it is final
    Submit {
        /// signed copies of one change
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// `parclose validators propose`
#[derive(Debug, ClapArgs)]
pub struct ValidatorsPropose {
    /// Card of a node that shall vote; once for each
    #[arg(long, value_name = "CARD")]
    pub add: Vec<PathBuf>,
    /// Member, or validator key, that shall not vote any more; once for each
    #[arg(long, value_name = "MEMBER")]
    pub remove: Vec<String>,
    /// Heights within which it is to be ordered; the most that the genesis allows without it
    #[arg(long, value_name = "HEIGHTS")]
    pub within: Option<u64>,
    /// new file
    #[arg(long)]
    pub out: PathBuf,
}
