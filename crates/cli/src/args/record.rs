//! `parclose record` and `parclose locate`: what stands in the rooms, and where.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::OfChannel;

/// `parclose record`
#[derive(Debug, Subcommand)]
pub enum Record {
    /// One record as this member sees it, and the transactions that have written it
    Show {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// its id
        record: String,
    },
    /// Records as this member sees them, in the order in which they were made
    List {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// which
        #[command(flatten)]
        query: RecordQuery,
    },
}

/// Which records, and from where on.
#[derive(Clone, Debug, ClapArgs)]
pub struct RecordQuery {
    /// Records of this type alone
    #[arg(long = "type")]
    pub record_type: Option<String>,
    /// Records for which this holds: FIELD=VALUE, or one of < <= > >=; once more for each condition
    #[arg(long = "where")]
    pub conditions: Vec<String>,
    /// Place to go on from: `next` of the page before
    #[arg(long, default_value_t = 0)]
    pub after: u64,
    /// Most records of a page
    #[arg(long, default_value_t = 50, value_parser = page_size)]
    pub limit: usize,
}

/// `parclose locate`
#[derive(Debug, ClapArgs)]
pub struct Locate {
    /// A text that a field says, a record id, or a transaction digest
    pub text: String,
    /// The member that asks
    #[arg(long = "as")]
    pub member: String,
    /// This channel alone
    #[arg(long, short)]
    pub channel: Option<String>,
    /// Ask no other member whether it holds a copy
    #[arg(long)]
    pub no_copies: bool,
    /// Folder for a receipt of each transaction that is found
    #[arg(long)]
    pub receipts: Option<PathBuf>,
}

/// Records of a page: enough for a screen or a program, little enough for one answer.
fn page_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| "a number from 1 to 1000".into())
}
