//! `parclose erase`: what members take away again, for good.

use std::path::PathBuf;

use clap::Subcommand;

use super::OfChannel;

/// `parclose erase`
#[derive(Debug, Subcommand)]
pub enum Erase {
    /// Ask that a record's fields be erased from every member's store, or approve that another member has asked
    Record {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// The record, by its id
        #[arg(long)]
        record: String,
        /// Why: every member can read it for good, so it must not name what is to be forgotten
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Erasures of a channel: who asked for them, whether they are in force, who has carried them out
    List {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
    /// Write down what was erased, by whom and why, who has confirmed it, and what is out of reach
    Certificate {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// The erasure, by the act that asked for it first
        #[arg(long, value_name = "DIGEST")]
        erasure: String,
        /// New file
        #[arg(long)]
        out: PathBuf,
    },
}
