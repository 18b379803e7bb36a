//! `parclose dvp`: deals between channels.

use clap::{Args as ClapArgs, Subcommand};

use super::OfChannel;

/// `parclose dvp`
#[derive(Debug, Subcommand)]
pub enum Dvp {
    /// Propose a deal to one or two other members
    Propose(DvpPropose),
    /// Accept a deal that somebody has proposed: what this member gives is locked, what it gets is approved
    Accept(DvpAnswer),
    /// Take no part in a deal, or take it back, as long as something that this member gets by it is not prepared
    Abort(DvpAnswer),
    /// How deals stand, of which this member is a party
    Status {
        /// where deals are agreed
        #[command(flatten)]
        of: OfChannel,
        /// One deal, by its instruction
        instruction: Option<String>,
    },
    /// Wait until a deal is over
    Watch {
        /// which
        #[command(flatten)]
        answer: DvpAnswer,
        /// For how long at most
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        seconds: u64,
    },
}

/// What is proposed.
#[derive(Debug, ClapArgs)]
pub struct DvpPropose {
    /// where deals are agreed
    #[command(flatten)]
    pub of: OfChannel,
    /// The other party
    #[arg(long)]
    pub to: String,
    /// A third party
    #[arg(long)]
    pub third: Option<String>,
    /// What this member gives to the other: CHANNEL:ASSET:AMOUNT
    #[arg(long, value_name = "CHANNEL:ASSET:AMOUNT")]
    pub give: Vec<String>,
    /// What this member gets from the other: CHANNEL:ASSET:AMOUNT
    #[arg(long, value_name = "CHANNEL:ASSET:AMOUNT")]
    pub get: Vec<String>,
    /// Any leg between parties: FROM:TO:CHANNEL:ASSET:AMOUNT
    #[arg(long, value_name = "FROM:TO:CHANNEL:ASSET:AMOUNT")]
    pub leg: Vec<String>,
    /// Heights within which everybody has to lock
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(2..=4000))]
    pub allocate_within: u64,
    /// Heights after that within which the deal has to be settled
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(4..=4096))]
    pub settle_within: u64,
    /// The trade's own reference: the parties read it
    #[arg(long)]
    pub reference: Option<String>,
    /// Price, for people
    #[arg(long)]
    pub price: Option<String>,
    /// Trade date, YYYY-MM-DD
    #[arg(long)]
    pub trade_date: Option<String>,
    /// Intended settlement date, YYYY-MM-DD
    #[arg(long)]
    pub settlement_date: Option<String>,
}

/// Which deal.
#[derive(Debug, ClapArgs)]
pub struct DvpAnswer {
    /// where deals are agreed
    #[command(flatten)]
    pub of: OfChannel,
    /// The deal, by its instruction
    pub instruction: String,
}
