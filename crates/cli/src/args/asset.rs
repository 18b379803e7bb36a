//! `parclose asset`: value that moves without its amounts being seen.

use clap::{Args as ClapArgs, Subcommand};

use super::OfChannel;

/// `parclose asset`
#[derive(Debug, Subcommand)]
pub enum Asset {
    /// Define an asset that this member issues
    Define(AssetDefine),
    /// Open an account, so that this member can be paid
    Open {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
    /// Assets of the channel, and who issues them
    List {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
    /// Make notes of an asset that this member issues
    Issue(AssetPayment),
    /// Pay with notes that this member holds
    Transfer(AssetPayment),
    /// Take notes that this member has issued and holds out of circulation
    Redeem {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// how much of what
        #[command(flatten)]
        amount: AssetAmount,
    },
    /// What this member can spend, and which notes it sees besides
    Balance {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
}

/// What an asset is.
#[derive(Debug, ClapArgs)]
pub struct AssetDefine {
    /// where
    #[command(flatten)]
    pub of: OfChannel,
    /// Its code: that of a currency (ISO 4217), an ISIN, or another
    #[arg(long)]
    pub code: String,
    /// One line for people
    #[arg(long)]
    pub title: Option<String>,
    /// Digits after the decimal point, if the code is not that of a currency
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=18))]
    pub decimals: Option<u64>,
    /// Its ISIN, in a channel whose assets have one
    #[arg(long)]
    pub isin: Option<String>,
    /// Day on which it is paid back, in a channel whose assets have one
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub maturity: Option<String>,
}

/// How much of an asset.
#[derive(Clone, Debug, ClapArgs)]
pub struct AssetAmount {
    /// The asset: its code, or its id
    #[arg(long)]
    pub asset: String,
    /// How much, with its decimals: 1000.00
    #[arg(long)]
    pub amount: String,
    /// What it is for: payer and payee read it
    #[arg(long)]
    pub purpose: Option<String>,
}

/// Whom to pay, and how much.
#[derive(Debug, ClapArgs)]
pub struct AssetPayment {
    /// where
    #[command(flatten)]
    pub of: OfChannel,
    /// how much of what
    #[command(flatten)]
    pub amount: AssetAmount,
    /// The member that is paid
    #[arg(long)]
    pub to: String,
}
