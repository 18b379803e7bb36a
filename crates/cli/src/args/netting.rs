//! `parclose netting`: what members owe each other on a day.

use clap::{Args as ClapArgs, Subcommand};

use super::{AssetAmount, OfChannel};

/// `parclose netting`
#[derive(Debug, Subcommand)]
pub enum Netting {
    /// Say what this member owes another on a day
    Oblige(NettingOblige),
    /// As an agent, put what each member owes in the end in the place of all that is due on a day
    Run(NettingRun),
    /// What is owed, as far as this member can open it
    Show {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// One day alone: 2026-11-26
        #[arg(long)]
        day: Option<String>,
    },
    /// Pay what this member owes
    Pay {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// The obligation: parclose netting show
        obligation: String,
        /// For what: payer and payee read it
        #[arg(long, default_value = "")]
        reference: String,
    },
}

/// What is owed to whom.
#[derive(Debug, ClapArgs)]
pub struct NettingOblige {
    /// where
    #[command(flatten)]
    pub of: OfChannel,
    /// how much of what
    #[command(flatten)]
    pub amount: AssetAmount,
    /// The member that is owed
    #[arg(long)]
    pub to: String,
    /// The day on which it is due: 2026-11-26
    #[arg(long)]
    pub day: String,
    /// The member that may net it: it reads the amount
    #[arg(long)]
    pub agent: String,
}

/// What is netted.
#[derive(Debug, ClapArgs)]
pub struct NettingRun {
    /// where
    #[command(flatten)]
    pub of: OfChannel,
    /// The asset: its code, or its id
    #[arg(long)]
    pub asset: String,
    /// The day on which it is due: 2026-11-26
    #[arg(long)]
    pub day: String,
    /// What the netting is called: every member reads it
    #[arg(long, default_value = "")]
    pub reference: String,
}
