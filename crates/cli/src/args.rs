//! The command tree: noun, then verb.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::passphrase::{NewPassphrase, PassphraseOptions};

mod shell;
mod views;

pub use shell::{CompleteNames, ContextCommand, ManPage, NameKind, NewContext, Shell};
pub use views::TxViews;

/// A confidential ledger that competitors can share.
#[derive(Debug, Parser)]
#[command(name = "parclose", version, about, disable_help_subcommand = true, propagate_version = true)]
pub struct Args {
    /// options of every command
    #[command(flatten)]
    pub global: Global,
    /// Context to use instead of the current one [env: PARCLOSE_CONTEXT]
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// what to do
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, ClapArgs)]
pub struct Global {
    /// Home directory of the consortium
    #[arg(long, global = true, default_value = ".parclose", env = "PARCLOSE_HOME")]
    pub home: PathBuf,
    /// Folder of the channel templates
    #[arg(long, global = true, default_value = "channels", env = "PARCLOSE_TEMPLATES")]
    pub templates: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// How key files are unlocked
    #[command(flatten)]
    pub passphrase: PassphraseOptions,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Development consortium
    #[command(subcommand)]
    Dev(Dev),
    /// Import real invoices into a consortium and show what each party sees
    Demo(Demo),
    /// Members of the consortium
    #[command(subcommand)]
    Member(Member),
    /// Channels
    #[command(subcommand)]
    Channel(Channel),
    /// Who may do what
    #[command(subcommand)]
    Policy(Policy),
    /// Transactions
    #[command(subcommand)]
    Tx(Tx),
    /// Records
    #[command(subcommand)]
    Record(Record),
    /// Where a business key, a record or a transaction stands, and what proves it
    Locate(Locate),
    /// Import documents
    #[command(subcommand)]
    Import(Import),
    /// Receipts
    #[command(subcommand)]
    Receipt(Receipt),
    /// Key files
    #[command(subcommand)]
    Key(Key),
    /// Archives of a member's side of a channel
    #[command(subcommand)]
    Backup(Backup),
    /// Measure
    #[command(subcommand)]
    Bench(Bench),
    /// Names for a home, a channel and a member
    #[command(subcommand)]
    Context(ContextCommand),
    /// Print the completions of a shell
    Completions {
        /// the shell
        shell: Shell,
    },
    /// Names that completions offer
    #[command(hide = true)]
    CompleteNames(CompleteNames),
    /// Print a manual page, or write them all
    Man(ManPage),
    /// Version and CPU baseline
    Version,
}

/// `parclose dev`
#[derive(Debug, Subcommand)]
pub enum Dev {
    /// Make a consortium of five members, a regulator and three channels in the home directory
    Up,
}

/// `parclose demo`
#[derive(Clone, Debug, ClapArgs)]
pub struct Demo {
    /// Folder of invoice files, read with the Calderdale mapping; without it invoices are generated
    #[arg(long)]
    pub invoices: Option<PathBuf>,
    /// Invoices to generate
    #[arg(long, default_value_t = 12_000)]
    pub documents: usize,
    /// Seed of the generated invoices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Receipts to make and verify
    #[arg(long, default_value_t = 60)]
    pub receipts: usize,
}

/// `parclose member`
#[derive(Debug, Subcommand)]
pub enum Member {
    /// All members
    List,
    /// One member
    Show {
        /// its name
        name: String,
    },
}

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

/// A channel, as one of its members.
#[derive(Clone, Debug, ClapArgs)]
pub struct OfChannel {
    /// The channel's name
    #[arg(long, short)]
    pub channel: String,
    /// The member that asks
    #[arg(long = "as")]
    pub member: String,
}

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
    /// Folder for a receipt of each transaction that is found
    #[arg(long)]
    pub receipts: Option<PathBuf>,
}

/// `parclose tx`
#[derive(Debug, Subcommand)]
pub enum Tx {
    /// Submit a transaction and wait for its verdict
    Submit {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// JSON file: {"action","type","parties","fields"[,"record","version"]}; `-` for standard input
        file: PathBuf,
    },
    /// Verdicts, newest last
    List {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// first index of the verdict log
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// most rows
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One transaction: its verdict and each field as this member sees it
    Show {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// its digest
        transaction: String,
    },
    /// One transaction side by side, as each of several readers sees it
    Views(TxViews),
}

/// `parclose import`
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Import CSV files as records, by a mapping file
    Csv(ImportCsv),
}

/// `parclose import csv`
#[derive(Debug, ClapArgs)]
pub struct ImportCsv {
    /// The channel's name
    #[arg(long, short)]
    pub channel: Option<String>,
    /// The member that imports
    #[arg(long = "as")]
    pub member: Option<String>,
    /// files, or a folder of them
    #[arg(required = true)]
    pub sources: Vec<PathBuf>,
    /// mapping file
    #[arg(long, required_unless_present = "suggest")]
    pub mapping: Option<PathBuf>,
    /// draft a mapping from the files, print it, and do nothing else
    #[arg(long, conflicts_with_all = ["channel", "member", "mapping", "dry_run", "rejects"])]
    pub suggest: bool,
    /// currency of all lines, for a mapping that states none
    #[arg(long)]
    pub currency: Option<String>,
    /// record type to make
    #[arg(long = "type", default_value = "receivable")]
    pub record_type: String,
    /// a member in a party slot: SLOT=MEMBER; a slot that one member's role alone fits is filled by itself
    #[arg(long = "party")]
    pub parties: Vec<String>,
    /// read and check only
    #[arg(long)]
    pub dry_run: bool,
    /// write every row that was not imported to this file, one JSON object a line
    #[arg(long)]
    pub rejects: Option<PathBuf>,
}

/// What a receipt proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReceiptKind {
    /// that it was ordered
    Ordered,
    /// what became of it
    Outcome,
}

/// `parclose receipt`
#[derive(Debug, Subcommand)]
pub enum Receipt {
    /// Make the receipt of a transaction
    Get {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// its digest
        transaction: String,
        /// what it shall prove
        #[arg(long, default_value = "outcome")]
        kind: ReceiptKind,
        /// file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Verify a receipt offline
    Verify {
        /// the receipt
        file: PathBuf,
        /// the genesis that it is verified against
        #[arg(long)]
        genesis: PathBuf,
    },
}

/// Kinds of key files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// a member's master
    Member,
    /// a regulator's key
    Regulator,
    /// a validator's signing key
    Validator,
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

/// `parclose bench`
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Cost of a record write by role, as a multiple of the unavoidable
    RecordWrite {
        /// record writes to measure
        #[arg(long, default_value_t = 2000)]
        writes: usize,
        /// where the databases are made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
}

/// Records of a page: enough for a screen or a program, little enough for one answer.
fn page_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| "a number from 1 to 1000".into())
}
