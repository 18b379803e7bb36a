//! `parclose viewkey` and `parclose audit`: what a regulator is given, and reads.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{From, OfChannel};

/// `parclose viewkey`
#[derive(Debug, Subcommand)]
pub enum ViewKey {
    /// Give somebody the power to read one class of fields over some epochs; two readers sign
    Issue(ViewKeyIssue),
    /// Draw up and sign the grant of a view key, for a second reader at another node
    Draft(ViewKeyIssue),
    /// Look at a drafted grant, sign it as its second reader, and issue the view key
    Countersign {
        /// which channel, and who signs
        #[command(flatten)]
        of: OfChannel,
        /// the drafted grant
        draft: PathBuf,
        /// new file
        #[arg(long)]
        out: PathBuf,
    },
    /// Show what a view key file says of itself; needs no key
    Inspect {
        /// the file
        file: PathBuf,
    },
}

/// `parclose viewkey issue`
#[derive(Clone, Debug, ClapArgs)]
pub struct ViewKeyIssue {
    /// which channel, and who issues it
    #[command(flatten)]
    pub of: OfChannel,
    /// Another reader of the same fields, who signs too
    #[arg(long, value_name = "MEMBER")]
    pub second: String,
    /// A field; the view key opens all fields of its class and audience
    #[arg(long, value_name = "TYPE.FIELD")]
    pub field: String,
    /// a member in a party slot: SLOT=MEMBER; a slot that one member's role alone fits is filled by itself
    #[arg(long = "party", value_name = "SLOT=MEMBER")]
    pub parties: Vec<String>,
    /// First epoch
    #[arg(long)]
    pub from: u32,
    /// Last epoch
    #[arg(long)]
    pub to: u32,
    /// Key file of whoever shall read; its public part is enough
    #[arg(long = "for", value_name = "KEY")]
    pub grantee: PathBuf,
    /// new file
    #[arg(long)]
    pub out: PathBuf,
}

/// `parclose audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Verify an export offline, and show what a view key opens of it
    Report(AuditReport),
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

/// `parclose audit report`
#[derive(Clone, Debug, ClapArgs)]
pub struct AuditReport {
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
    /// Write the report as a page for people into a new file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write every field as a row of a table into a new file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}
