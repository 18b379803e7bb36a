//! `parclose consortium`, `parclose node` and `parclose config`: a member's node as a process of its own.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `parclose consortium`
#[derive(Debug, Subcommand)]
pub enum Consortium {
    /// Draft what the members agree on, once for all of them
    Init {
        /// name of the network
        #[arg(long)]
        name: String,
        /// new file
        #[arg(long, default_value = "consortium.toml")]
        out: PathBuf,
    },
    /// Make the home of a member's node with fresh keys, and the card that the others get
    Join(ConsortiumJoin),
    /// Make genesis and address book from the draft and every member's card
    Genesis {
        /// the draft
        #[arg(long, default_value = "consortium.toml")]
        draft: PathBuf,
        /// folder for genesis.json and consortium.json
        #[arg(long)]
        out: PathBuf,
        /// every member's card, in any order
        #[arg(required = true)]
        cards: Vec<PathBuf>,
    },
    /// Take genesis and address book over into the home
    Accept {
        /// the genesis
        #[arg(long)]
        genesis: PathBuf,
        /// the address book
        #[arg(long)]
        book: PathBuf,
    },
    /// Take the card of a member that comes later into the address book; its node is called from the next start on
    Admit {
        /// the card
        card: PathBuf,
    },
    /// Make the next card of the home's member, with other addresses of its node; others take it in with `admit`
    Card {
        /// where the root chain's network reaches the node
        #[arg(long, value_name = "ADDRESS")]
        consensus: String,
        /// where members of its channels reach it
        #[arg(long, value_name = "ADDRESS")]
        exchange: String,
        /// new file for the card
        #[arg(long)]
        out: PathBuf,
    },
    /// Show the network and the members' nodes, as the home knows them
    Show,
}

/// `parclose consortium join`
#[derive(Debug, ClapArgs)]
pub struct ConsortiumJoin {
    /// the member's name
    #[arg(long)]
    pub member: String,
    /// its ISO 17442 identifier
    #[arg(long)]
    pub lei: String,
    /// where the root chain's network reaches the node, such as /dns/node.example/tcp/27001
    #[arg(long, value_name = "ADDRESS")]
    pub consensus: String,
    /// where members of its channels reach the node
    #[arg(long, value_name = "ADDRESS")]
    pub exchange: String,
    /// the node follows the root chain and does not vote
    #[arg(long)]
    pub no_validator: bool,
    /// new file for the card
    #[arg(long)]
    pub out: PathBuf,
}

/// What is set on the command line.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Set {
    /// Set a key of the configuration; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `parclose node`
#[derive(Debug, Subcommand)]
pub enum Node {
    /// Write a commented node.toml into the home
    Init,
    /// Run the node of the home until SIGTERM or SIGINT
    Run {
        /// what goes before node.toml
        #[command(flatten)]
        set: Set,
    },
    /// Ask the node that runs in the home how it is
    Status,
    /// Validators that the node has found to sign twice
    Evidence {
        /// Write it to this new file too, for others to judge
        #[arg(long)]
        out: Option<PathBuf>,
        /// Judge such a file instead, offline
        #[arg(long, value_name = "FILE", requires = "genesis", conflicts_with = "out")]
        verify: Option<PathBuf>,
        /// The genesis that it is judged by
        #[arg(long, requires = "verify")]
        genesis: Option<PathBuf>,
    },
    /// Check whether the node could run, and change nothing
    Preflight {
        /// what goes before node.toml
        #[command(flatten)]
        set: Set,
    },
}

/// `parclose config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Every key with its value and where that comes from
    Show {
        /// what goes before node.toml
        #[command(flatten)]
        set: Set,
    },
    /// Check node.toml and the variables
    Check {
        /// what goes before node.toml
        #[command(flatten)]
        set: Set,
    },
    /// What a key means, what it may be, what holds and why
    Explain {
        /// the key
        key: String,
        /// what goes before node.toml
        #[command(flatten)]
        set: Set,
    },
}
