//! The command tree: noun, then verb.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::passphrase::PassphraseOptions;

mod asset;
mod attack;
mod audit;
mod bench;
mod channel;
mod disclose;
mod dvp;
mod erase;
mod key;
mod netting;
mod node;
mod policy;
mod receivable;
mod record;
mod shell;
mod validators;
mod views;

pub use asset::{Asset, AssetAmount, AssetDefine, AssetPayment};
pub use attack::{Attack, AttackRun};
pub use audit::{
    Audit, AuditReport, AuditScan, Audited, FromNode, Narrowing, ViewKey, ViewKeyIssue, ViewKeyNarrow,
};
pub use bench::{Bench, Load};
pub use channel::{Channel, Proposal};
pub use disclose::{Disclose, Within};
pub use dvp::{Dvp, DvpAnswer, DvpPropose};
pub use erase::Erase;
pub use key::{Backup, Key, KeyKind};
pub use netting::{Netting, NettingOblige, NettingRun};
pub use node::{Config, Consortium, ConsortiumJoin, Node, Set};
pub use policy::{MaybeChannel, Policy, PolicyQuestion};
pub use receivable::{
    BusinessDate, DisputeEnd, OneReceivable, Receivable, ReceivableIssue, Recourse, TagKeyCommand,
};
pub use record::{Locate, Record, RecordQuery};
pub use shell::{CompleteNames, ContextCommand, ManPage, NameKind, NewContext, Shell};
pub use validators::{Validators, ValidatorsPropose};
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
    /// Value: amounts that only payer and payee see, and every member checks
    #[command(subcommand)]
    Asset(Asset),
    /// Deals between channels: both legs or neither
    #[command(subcommand)]
    Dvp(Dvp),
    /// What members owe each other on a day: netted, and paid
    #[command(subcommand)]
    Netting(Netting),
    /// Claims: accepted, split, passed on, offered, paid
    #[command(subcommand)]
    Receivable(Receivable),
    /// The day that a channel goes by
    #[command(subcommand)]
    BusinessDate(BusinessDate),
    /// The key by which channels see that nothing is financed twice
    #[command(subcommand, name = "tag-key")]
    TagKey(TagKeyCommand),
    /// Where a business key, a record or a transaction stands, and what proves it
    Locate(Locate),
    /// Import documents
    #[command(subcommand)]
    Import(Import),
    /// Receipts
    #[command(subcommand)]
    Receipt(Receipt),
    /// One field, for somebody who has no part in its channel
    #[command(subcommand)]
    Disclose(Disclose),
    /// Fields that members take away again, for good
    #[command(subcommand)]
    Erase(Erase),
    /// View keys: what somebody outside a channel may read of it
    #[command(subcommand)]
    Viewkey(ViewKey),
    /// Exports, verified and read offline
    #[command(subcommand)]
    Audit(Audit),
    /// Key files
    #[command(subcommand)]
    Key(Key),
    /// Archives of a member's side of a channel
    #[command(subcommand)]
    Backup(Backup),
    /// Members becoming a consortium, each with a node of its own
    #[command(subcommand)]
    Consortium(Consortium),
    /// Who votes on the root chain, and who shall
    #[command(subcommand)]
    Validators(Validators),
    /// The node of the home as a process
    #[command(subcommand)]
    Node(Node),
    /// Configuration of the node
    #[command(subcommand)]
    Config(Config),
    /// Attacks on a throw-away consortium, each with what has to notice it
    #[command(subcommand)]
    Attack(Attack),
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
    Up {
        /// Each member as a process of its own, so many of them validators; without it all in one process
        #[arg(long, value_name = "N")]
        validators: Option<u8>,
        /// First of the ports of these processes
        #[arg(long, default_value_t = 26_600)]
        port_base: u16,
    },
    /// Which of the processes run, and where
    Status,
    /// End all processes; what they hold stays
    Down,
    /// End one as a crash would
    Kill {
        /// The member
        node: String,
    },
    /// End one in good order, if it runs, and start it
    Restart {
        /// The member
        node: String,
    },
    /// Cut the links between two groups of them
    Partition {
        /// Members of one side, with commas between them
        group: String,
        /// Members of the other side; everybody else without it
        from: Option<String>,
    },
    /// Join all links again
    Heal,
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
    /// Write the regulator's report as a page into this file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Receipts to make and verify
    #[arg(long, default_value_t = 60)]
    pub receipts: usize,
    /// Each member as a process of its own, four of them validators
    #[arg(long)]
    pub nodes: bool,
    /// What is shown
    #[arg(long, value_enum, default_value_t = Scenario::Invoices)]
    pub scenario: Scenario,
    /// Settlement: the Treasury's table of auctions; without it a small one is generated
    #[arg(long)]
    pub trades: Option<PathBuf>,
    /// Settlement: how many legs, in the order of their settlement dates; supply chain: how many invoices, in that of their due days
    #[arg(long, conflicts_with = "all")]
    pub legs: Option<usize>,
    /// Every leg, or every invoice
    #[arg(long)]
    pub all: bool,
}

/// What `parclose demo` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// a year of invoices that each party sees differently
    Invoices,
    /// invoices as claims: accepted, split, passed on, discounted at a bank, paid when due
    SupplyChain,
    /// auctions of securities, settled against cash in another channel
    Settlement,
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

/// What the channel's access log says of a file that leaves it.
#[derive(Clone, Debug, ClapArgs)]
pub struct Handing {
    /// Who gets the file, for the channel's access log
    #[arg(long, value_name = "NAME", default_value = "unnamed")]
    pub recipient: String,
    /// Write it without a note in the log, as when too few members are there to order one
    #[arg(long)]
    pub unnoted: bool,
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

/// What somebody trusts who verifies offline.
#[derive(Clone, Debug, ClapArgs)]
pub struct From {
    /// Genesis file
    #[arg(long, required_unless_present = "checkpoint")]
    pub genesis: Option<PathBuf>,
    /// Checkpoint that was verified before: only what comes after it is judged
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
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
        /// what it is verified against
        #[command(flatten)]
        from: From,
    },
    /// Write the newest block as a checkpoint, with the validators after it
    Checkpoint {
        /// file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Verify a checkpoint from the genesis, offline: afterwards it may be kept as trusted
    Trust {
        /// the checkpoint
        file: PathBuf,
        /// the genesis that it is verified against
        #[arg(long)]
        genesis: PathBuf,
    },
}
