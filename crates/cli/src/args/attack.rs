//! Attacks on a throw-away consortium.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `parclose attack`
#[derive(Debug, Subcommand)]
pub enum Attack {
    /// All attacks: what each tries, and which rules have to notice it
    List,
    /// Perform attacks on a consortium that is made for it; exit code 6 if one is missed
    Run(AttackRun),
}

/// `parclose attack run`
#[derive(Clone, Debug, Args)]
pub struct AttackRun {
    /// names of attacks, as `attack list` has them
    #[arg(required_unless_present_any = ["all", "planted"], conflicts_with = "all")]
    pub names: Vec<String>,
    /// Every attack
    #[arg(long)]
    pub all: bool,
    /// Also an attack that nothing notices, to see that a miss is told
    #[arg(long)]
    pub planted: bool,
    /// What everything that the consortium draws at random follows from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Make the consortium in this new directory, and keep it with what each attack has left
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}
