//! `parclose disclose`: one field for whoever has no part in its channel.

use std::path::PathBuf;

use clap::Subcommand;

use super::{From, OfChannel};

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
        /// File to write: whoever has it can read this field
        #[arg(long)]
        out: PathBuf,
        /// Who gets the file, for the channel's access log
        #[arg(long, value_name = "NAME", default_value = "unnamed")]
        recipient: String,
    },
    /// Verify a disclosed field offline, and show its value
    Verify {
        /// the disclosure
        file: PathBuf,
        /// what it is verified against
        #[command(flatten)]
        from: From,
        /// The channel's channel.toml, if it is known: names and types are held against it
        #[arg(long, value_name = "FILE")]
        definition: Option<PathBuf>,
    },
}
