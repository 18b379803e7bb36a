//! `parclose policy`: who may do and read what, and why.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::OfChannel;

/// `parclose policy`
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// The statements in force
    Show {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Check a template folder: definition, policy, policy schema
    Check {
        /// the folder
        folder: PathBuf,
        /// the definition that it is to follow as the next version; once more for each earlier one
        #[arg(long)]
        follows: Vec<PathBuf>,
    },
    /// Why a member may do something or why not, and who can open a field
    Explain(PolicyQuestion),
    /// Who could newly do and read what under another policy and definition, and who no longer could
    Diff {
        /// the channel in force instead of a first folder
        #[command(flatten)]
        of: MaybeChannel,
        /// With a channel, what this motion would put in force instead of a folder
        #[arg(long, conflicts_with = "folders")]
        motion: Option<String>,
        /// template folders: OLD NEW, or NEW alone with a channel
        #[arg(required_unless_present = "motion", num_args = 1..=2)]
        folders: Vec<PathBuf>,
    },
}

/// A channel as one of its members, or none.
#[derive(Clone, Debug, ClapArgs)]
pub struct MaybeChannel {
    /// The channel's name
    #[arg(long, short)]
    pub channel: Option<String>,
    /// The member that asks
    #[arg(long = "as", id = "member_as")]
    pub member: Option<String>,
}

/// `parclose policy explain`
#[derive(Clone, Debug, ClapArgs)]
pub struct PolicyQuestion {
    /// a channel in force
    #[command(flatten)]
    pub of: MaybeChannel,
    /// A template folder instead of a channel
    #[arg(long, conflicts_with = "channel")]
    pub template: Option<PathBuf>,
    /// With a template, a member with its roles: NAME=ROLE[+ROLE]; once for each member
    #[arg(long = "member", requires = "template")]
    pub members: Vec<String>,
    /// The member that the question is about; else the one that asks, or the first that is named
    #[arg(long)]
    pub who: Option<String>,
    /// A member in a party slot: SLOT=MEMBER; a slot that one member's role alone fits is filled by itself
    #[arg(long = "party")]
    pub parties: Vec<String>,
    /// The member that owns the record; else the one that the question is about
    #[arg(long)]
    pub owner: Option<String>,
    /// A record that is there, with its owner and parties
    #[arg(long, conflicts_with_all = ["parties", "owner", "template"])]
    pub record: Option<String>,
    /// Who can open this field: [TYPE.]FIELD
    #[arg(long, conflicts_with_all = ["action", "record_type", "owner"])]
    pub read: Option<String>,
    /// What it wants to do: create, update, …
    #[arg(required_unless_present = "read")]
    pub action: Option<String>,
    /// With which type of records
    pub record_type: Option<String>,
}
