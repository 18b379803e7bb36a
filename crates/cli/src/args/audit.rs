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

/// `parclose audit scan`
#[derive(Clone, Debug, ClapArgs)]
pub struct AuditScan {
    /// what is scanned
    #[command(flatten)]
    pub of: Audited,
    /// Keep in this file how far the scan is, and take it up from there; it holds amounts that have opened
    #[arg(long, value_name = "FILE")]
    pub progress: Option<PathBuf>,
}

/// `parclose audit report`
#[derive(Clone, Debug, ClapArgs)]
pub struct AuditReport {
    /// what is reported on
    #[command(flatten)]
    pub of: Audited,
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
