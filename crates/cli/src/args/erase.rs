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
    /// Ask that all be erased that was sealed in an epoch, with the keys that open it, or approve that
    Epoch {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// An epoch of a generation that has ended
        #[arg(long, value_name = "NUMBER")]
        epoch: u32,
        /// Why: every member can read it for good, so it must not name what is to be forgotten
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Ask that all be erased that was sealed in a generation, with all of its keys, or approve that
    Generation {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// A generation that has ended
        #[arg(long, value_name = "NUMBER")]
        generation: u64,
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
