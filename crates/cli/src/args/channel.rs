//! `parclose channel`: the rooms, and how members change them.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{Handing, OfChannel};

/// `parclose channel`
#[derive(Debug, Subcommand)]
pub enum Channel {
    /// The channels of a member
    List {
        /// whose
        #[arg(long = "as")]
        member: String,
    },
    /// Found a channel among members
    Create {
        /// its name
        name: String,
        /// template: a folder of channels/, or a path
        #[arg(long)]
        template: String,
        /// a member with its roles: NAME=ROLE[+ROLE]; once for each member
        #[arg(long = "member", required = true)]
        members: Vec<String>,
    },
    /// Draft a channel among members who each have a node of their own
    Draft {
        /// its name
        name: String,
        /// template: a folder of channels/, or a path
        #[arg(long)]
        template: String,
        /// a founder with its roles: NAME=ROLE[+ROLE]; once for each founder
        #[arg(long = "member", required = true)]
        members: Vec<String>,
        /// new file, for every founder
        #[arg(long)]
        out: PathBuf,
    },
    /// Take part in founding a channel: look at its draft, and make the own part of it
    Enter {
        /// who takes part
        #[arg(long = "as")]
        member: String,
        /// the draft
        draft: PathBuf,
        /// new file, for every founder
        #[arg(long)]
        out: PathBuf,
    },
    /// Conclude a draft with everybody's part, and sign the opening of the channel
    Sign {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// the parts of the other founders
        #[arg(required = true)]
        parts: Vec<PathBuf>,
        /// new file, for whoever opens the channel
        #[arg(long)]
        out: PathBuf,
    },
    /// Open a channel that every founder has signed
    Open {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// the signatures of all founders
        #[arg(required = true)]
        signatures: Vec<PathBuf>,
    },
    /// Members, record types, state
    Show {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Recompute every value, the state tree and the log, and compare with the root chain
    Verify {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Which party sees which field
    Visibility {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Motions, their votes, and what was decided
    Motions {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Move that the channel change: members, roles, definition, keys, or its end
    Propose {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// what would change
        #[command(flatten)]
        proposal: Proposal,
    },
    /// Vote on a motion
    Vote {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// the motion, as `channel motions` names it
        motion: String,
        /// vote against it
        #[arg(long)]
        against: bool,
    },
    /// Leave the channel
    Leave {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Open the successor of a channel that was closed, with its members, roles and definition
    Succeed {
        /// the channel that was closed
        #[command(flatten)]
        of: OfChannel,
        /// name of the successor; without it, one made from that of the closed channel
        #[arg(long)]
        name: Option<String>,
    },
    /// Who belongs to the channel, by which roles and keys
    Members {
        /// which
        #[command(flatten)]
        of: OfChannel,
    },
    /// Write the channel's log into a file that proves that nothing was left out
    Export {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// first epoch whose transactions are in it; all of them if left out
        #[arg(long, requires = "to")]
        from: Option<u32>,
        /// last epoch
        #[arg(long, requires = "from")]
        to: Option<u32>,
        /// new file
        #[arg(long)]
        out: PathBuf,
        /// what the channel's access log says of it
        #[command(flatten)]
        handing: Handing,
    },
    /// What other members have signed and should not have
    Evidence {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// folder for a file of each
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Write what convicts the author of a field that does not open, or not to its amount
    Complain {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// the record, by its id
        #[arg(long)]
        record: String,
        /// the field, by its name
        #[arg(long)]
        field: String,
        /// file to write: the key of this field is in it
        #[arg(long)]
        out: PathBuf,
    },
    /// Write an invitation for somebody who shall join
    Invite {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// new file
        #[arg(long)]
        out: PathBuf,
    },
    /// Accept an invitation: make the card that members vote on
    Join {
        /// who would join
        #[arg(long = "as")]
        member: String,
        /// the invitation
        invitation: PathBuf,
        /// a role that it asks for
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// new file
        #[arg(long)]
        out: PathBuf,
    },
    /// Make the card of a member that should get other roles
    Card {
        /// which
        #[command(flatten)]
        of: OfChannel,
        /// a role that it asks for
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// new file
        #[arg(long)]
        out: PathBuf,
    },
}

/// What a motion would change. At least one; what belongs together is voted on together.
#[derive(Clone, Debug, Default, ClapArgs)]
#[group(required = true, multiple = true)]
pub struct Proposal {
    /// Let somebody in, by its card
    #[arg(long, value_name = "CARD")]
    pub admit: Vec<PathBuf>,
    /// Have a member leave, by its name
    #[arg(long, value_name = "MEMBER")]
    pub remove: Vec<String>,
    /// Give a member other roles, by its card
    #[arg(long, value_name = "CARD")]
    pub roles: Vec<PathBuf>,
    /// Another definition: a folder like those of channels/, with a higher version
    #[arg(long, value_name = "FOLDER")]
    pub definition: Option<PathBuf>,
    /// New keys for everybody
    #[arg(long)]
    pub rekey: bool,
    /// End the channel
    #[arg(long)]
    pub close: bool,
}
