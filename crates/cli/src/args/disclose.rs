//! `parclose disclose`: one field, or between what amounts lie, for whoever has no part in their channel.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{From, Handing, OfChannel};

/// `parclose disclose`
#[derive(Debug, Subcommand)]
pub enum Disclose {
    /// Write one field of a record into a file, with all that proves when and by whom it was written
    Field {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// The record, by its id
        #[arg(long)]
        record: String,
        /// The field, by its name
        #[arg(long)]
        field: String,
        /// Disclose it as the value as of this root height, not only as one that was written
        #[arg(long, value_name = "HEIGHT")]
        as_of: Option<u64>,
        /// File to write: whoever has it can read this field
        #[arg(long)]
        out: PathBuf,
        /// what the channel's access log says of it
        #[command(flatten)]
        handing: Handing,
    },
    /// Write into a file that an amount, or the sum of several, lies within bounds, without the amount
    Amount {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// A record, by its id; several are summed up
        #[arg(long = "record", value_name = "RECORD", required = true)]
        records: Vec<String>,
        /// The field that holds the amount, by its name
        #[arg(long)]
        field: String,
        /// between what it lies
        #[command(flatten)]
        within: Within,
        /// What it is stated for, as whoever verifies it has asked: it holds for nothing else
        #[arg(long = "for", value_name = "TEXT", default_value = "")]
        purpose: String,
        /// File to write: no amount is in it
        #[arg(long)]
        out: PathBuf,
        /// what the channel's access log says of it
        #[command(flatten)]
        handing: Handing,
    },
    /// Verify a disclosed field or amount offline, and show what is proven
    Verify {
        /// the disclosure
        file: PathBuf,
        /// what it is verified against
        #[command(flatten)]
        from: From,
        /// The channel's channel.toml, if it is known: names and types are held against it
        #[arg(long, value_name = "FILE")]
        definition: Option<PathBuf>,
        /// Root height that is asked about: a value that is not shown to be the one as of it is refused
        #[arg(long, value_name = "HEIGHT")]
        as_of: Option<u64>,
        /// What was asked for: an amount that was stated for anything else is refused
        #[arg(long = "for", value_name = "TEXT")]
        purpose: Option<String>,
    },
}

/// Between what an amount lies, in smallest units of its asset.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Within {
    /// It is not less, in smallest units
    #[arg(long, value_name = "N")]
    pub at_least: Option<u64>,
    /// It is not more, in smallest units
    #[arg(long, value_name = "N")]
    pub at_most: Option<u64>,
    /// It is neither less than the one nor more than the other
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub between: Option<Vec<u64>>,
}
