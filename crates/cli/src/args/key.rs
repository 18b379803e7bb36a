//! `parclose key` and `parclose backup`: what a member keeps, and keeps apart.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::OfChannel;
use crate::passphrase::NewPassphrase;

/// Kinds of key files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// a member's master
    Member,
    /// a regulator's key
    Regulator,
    /// a validator's signing key
    Validator,
    /// the key by which a node is known on the network
    Node,
}

/// `parclose key`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Draw a fresh key and seal it into a new file
    Generate {
        /// what it is for
        #[arg(long, default_value = "member")]
        kind: KeyKind,
        /// whose it is; stands in the file in clear
        #[arg(long)]
        name: Option<String>,
        /// new file
        #[arg(long)]
        out: PathBuf,
    },
    /// Show the public part of a key file; needs no passphrase
    Inspect {
        /// the file
        file: PathBuf,
    },
    /// List the public parts of the key files (*.key) in a folder; needs no passphrase
    List {
        /// the folder; the home if left out
        folder: Option<PathBuf>,
    },
    /// Seal a key file under another passphrase, in place
    ChangePassphrase {
        /// the file
        file: PathBuf,
        /// the passphrase from now on
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Seal a copy of a key under another passphrase, to carry it away
    Export {
        /// the file
        file: PathBuf,
        /// new file
        #[arg(long)]
        out: PathBuf,
        /// the passphrase of the copy
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Take over a key that was carried here, or one in clear text of an earlier version
    Import {
        /// the file
        file: PathBuf,
        /// new file
        #[arg(long)]
        out: PathBuf,
        /// the passphrase of the new file
        #[command(flatten)]
        new: NewPassphrase,
    },
}

/// `parclose backup`
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Seal a member's store of a channel, as it stands, into a new file; without the member's key file
    Create {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// key file that shall open it, or a file with its public key in hex; the member's own if left out
        #[arg(long, value_name = "KEYFILE")]
        to: Option<PathBuf>,
        /// new file
        #[arg(long)]
        out: PathBuf,
    },
    /// Open an archive, compute everything in it again, and compare with the home's root chain if there is one
    Verify {
        /// the archive
        file: PathBuf,
        /// key file that it was sealed to; the member's own if left out
        #[arg(long, value_name = "KEYFILE")]
        with: Option<PathBuf>,
        /// The member whose store it is; needed when the key file is not that member's
        #[arg(long = "as")]
        member: Option<String>,
    },
    /// Put a channel back into a member's home, where it has none of that name
    Restore {
        /// the archive
        file: PathBuf,
        /// key file that it was sealed to; the member's own if left out
        #[arg(long, value_name = "KEYFILE")]
        with: Option<PathBuf>,
        /// The member whose store it is
        #[arg(long = "as")]
        member: String,
    },
}
