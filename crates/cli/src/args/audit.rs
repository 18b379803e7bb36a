//! `parclose viewkey` and `parclose audit`: what a regulator is given, and reads.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{From, Handing, OfChannel};

/// `parclose viewkey`
#[derive(Debug, Subcommand)]
pub enum ViewKey {
    /// Propose that somebody outside may read one class of fields over some epochs; recorded in the channel
    Issue(ViewKeyIssue),
    /// Agree to a grant that another member has proposed
    Approve {
        /// which channel, and who agrees
        #[command(flatten)]
        of: OfChannel,
        /// the grant
        grant: String,
    },
    /// The grants of a channel: how they stand, and how far their covers are
    List {
        /// which channel, and who asks
        #[command(flatten)]
        of: OfChannel,
    },
    /// Write the view keys of a grant into a file, as they are recorded in the channel
    Export {
        /// which channel, and who exports
        #[command(flatten)]
        of: OfChannel,
        /// the grant
        grant: String,
        /// new file
        #[arg(long)]
        out: PathBuf,
        /// Also while covers are owed still
        #[arg(long)]
        partial: bool,
        /// what the channel's access log says of it
        #[command(flatten)]
        handing: Handing,
    },
    /// Agree that nothing dealt from now on is covered for a grant: it ends with the generation
    RevokeFuture {
        /// which channel, and who agrees
        #[command(flatten)]
        of: OfChannel,
        /// the grant
        grant: String,
    },
    /// Show what a view key file says of itself; needs no key
    Inspect {
        /// the file
        file: PathBuf,
    },
    /// Pass a part of a view key on, offline: fewer epochs, to somebody else
    Narrow(ViewKeyNarrow),
}

/// `parclose viewkey issue`
#[derive(Clone, Debug, ClapArgs)]
pub struct ViewKeyIssue {
    /// which channel, and who proposes it
    #[command(flatten)]
    pub of: OfChannel,
    /// Another member of this home, who agrees at once
    #[arg(long, value_name = "MEMBER")]
    pub second: Option<String>,
    /// The audience rule, by its name in the channel's definition
    #[arg(long, value_name = "AUDIENCE", requires = "class", conflicts_with = "field")]
    pub audience: Option<String>,
    /// The class of fields, by its name
    #[arg(long, value_name = "CLASS", requires = "audience")]
    pub class: Option<String>,
    /// Instead: a field; its audience and its class are meant
    #[arg(long, value_name = "TYPE.FIELD", required_unless_present = "audience")]
    pub field: Option<String>,
    /// Only sets of readers to which this member belongs; once for each
    #[arg(long = "with", value_name = "MEMBER")]
    pub members: Vec<String>,
    /// Only the set that these parties make: SLOT=MEMBER; a slot that one member's role alone fits is filled by itself
    #[arg(long = "party", value_name = "SLOT=MEMBER", conflicts_with = "members", requires = "field")]
    pub parties: Vec<String>,
    /// First epoch
    #[arg(long)]
    pub from_epoch: u32,
    /// Last epoch
    #[arg(long)]
    pub to_epoch: u32,
    /// Key file of whoever shall read; its public part is enough
    #[arg(long, value_name = "KEY")]
    pub to: PathBuf,
    /// What the members call the reader
    #[arg(long, default_value = "regulator")]
    pub name: String,
    /// Write the view keys into a new file, once enough have agreed
    #[arg(long, requires = "second")]
    pub out: Option<PathBuf>,
}

/// `parclose viewkey narrow`
#[derive(Clone, Debug, ClapArgs)]
pub struct ViewKeyNarrow {
    /// The view keys
    pub file: PathBuf,
    /// Key file that they are wrapped to
    #[arg(long, value_name = "KEY")]
    pub with: PathBuf,
    /// First epoch
    #[arg(long)]
    pub from_epoch: u32,
    /// Last epoch
    #[arg(long)]
    pub to_epoch: u32,
    /// Key file of whoever shall read the part; its public part is enough
    #[arg(long, value_name = "KEY")]
    pub to: PathBuf,
    /// new file
    #[arg(long)]
    pub out: PathBuf,
}

/// `parclose audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Verify an export offline, and show what a view key opens of it
    Report(AuditReport),
    /// Who has granted, exported and disclosed what of a channel, as far as it is revealed
    AccessLog {
        /// which channel, and who asks
        #[command(flatten)]
        of: OfChannel,
    },
    /// Verify an export of any length offline, and open everything in it that view keys reach, batch by batch
    Scan(AuditScan),
    /// Verify an evidence pack offline: derive its report anew, line by line and sum by sum
    Verify {
        /// the pack
        file: PathBuf,
        /// what it is verified against
        #[command(flatten)]
        from: From,
        /// Public key of whoever has to have signed it
        #[arg(long, value_name = "PUBLICKEY")]
        signer: Option<String>,
    },
    /// Write what convicts the authors of fields that a view key should open and does not
    Complain {
        /// the export
        bundle: PathBuf,
        /// genesis file
        #[arg(long)]
        genesis: PathBuf,
        /// View key file; once for each
        #[arg(long = "view-key", value_name = "FILE", required = true)]
        view_keys: Vec<PathBuf>,
        /// Key file that the view keys are wrapped to
        #[arg(long, value_name = "KEY")]
        with: PathBuf,
        /// folder for a file of each: the key of its field is in it
        #[arg(long)]
        out: PathBuf,
    },
    /// Verify offline what a file says that members have signed
    Evidence {
        /// the file
        file: PathBuf,
        /// genesis file
        #[arg(long)]
        genesis: PathBuf,
        /// export of the channel, to compare with
        #[arg(long)]
        bundle: Option<PathBuf>,
    },
}

/// What is read, and with which keys.
#[derive(Clone, Debug, ClapArgs)]
pub struct Audited {
    /// the export
    pub bundle: PathBuf,
    /// what it is verified against
    #[command(flatten)]
    pub from: From,
    /// View key file; once for each
    #[arg(long = "view-key", value_name = "FILE", requires = "with")]
    pub view_keys: Vec<PathBuf>,
    /// Key file that the view keys are wrapped to
    #[arg(long, value_name = "KEY", requires = "view_keys")]
    pub with: Option<PathBuf>,
}

/// The desk of a node that hands out the export
#[derive(Clone, Debug, ClapArgs)]
pub struct FromNode {
    /// Fetch the export from this node's audit desk into the new file that is named as the export
    #[arg(long, value_name = "http://HOST:PORT", requires_all = ["tag", "grant", "with"])]
    pub node: Option<String>,
    /// The channel's tag
    #[arg(long, requires = "node")]
    pub tag: Option<String>,
    /// The grant, by its digest
    #[arg(long, requires = "node")]
    pub grant: Option<String>,
    /// Most that is fetched, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    pub max_mib: u64,
}

/// `parclose audit scan`
#[derive(Clone, Debug, ClapArgs)]
pub struct AuditScan {
    /// what is scanned
    #[command(flatten)]
    pub of: Audited,
    /// where it comes from, if it is not there yet
    #[command(flatten)]
    pub from_node: FromNode,
    /// Keep in this file how far the scan is, and take it up from there; it holds amounts that have opened
    #[arg(long, value_name = "FILE")]
    pub progress: Option<PathBuf>,
}

/// Which part of an export a report shows; what is complete is told of the whole
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Narrowing {
    /// Only what concerns a security, by its ISIN or its code
    #[arg(long)]
    pub isin: Option<String>,
    /// Only records in which a member stands, or which it has written: by its name or its identity key
    #[arg(long, value_name = "MEMBER")]
    pub party: Option<String>,
    /// Only records of a legal entity: a field says its LEI, or it is the member whose card does
    #[arg(long)]
    pub lei: Option<String>,
    /// Card of a member's node, which says its LEI; once for each
    #[arg(long = "card", value_name = "FILE", requires = "lei")]
    pub cards: Vec<PathBuf>,
    /// Only records that were written in this epoch or later
    #[arg(long, value_name = "EPOCH")]
    pub from_epoch: Option<u32>,
    /// Only records that were written in this epoch or earlier
    #[arg(long, value_name = "EPOCH")]
    pub to_epoch: Option<u32>,
    /// Only records that were written on this business day of the channel or later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from_day: Option<String>,
    /// Only records that were written on this business day of the channel or earlier
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to_day: Option<String>,
}

/// `parclose audit report`
#[derive(Clone, Debug, ClapArgs)]
pub struct AuditReport {
    /// what is reported on
    #[command(flatten)]
    pub of: Audited,
    /// of which part
    #[command(flatten)]
    pub narrowed: Narrowing,
    /// Write the report as a page for people into a new file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write every field as a row of a table into a new file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write report, fields and export into a new file that proves itself to whoever holds no view key
    #[arg(long, value_name = "FILE", requires = "sign")]
    pub pack: Option<PathBuf>,
    /// Member's key file whose identity signs the pack
    #[arg(long, value_name = "KEYFILE", requires = "pack")]
    pub sign: Option<PathBuf>,
}
