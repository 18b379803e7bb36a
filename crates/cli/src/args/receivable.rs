//! `parclose receivable`, `parclose business-date` and `parclose tag-key`: the life of a claim, the day that it is, and the key of its tag.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::OfChannel;

/// `parclose receivable`
#[derive(Debug, Subcommand)]
pub enum Receivable {
    /// Issue a claim: as its supplier, or as the buyer that undertakes to pay it
    Issue(Box<ReceivableIssue>),
    /// Accept a claim that this member owes: its supplier gets the one slice of it
    Accept {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// Whether the supplier answers for a buyer that does not pay
        #[arg(long)]
        recourse: Recourse,
        /// Keep defences: the claim can be disputed later
        #[arg(long)]
        reserve_defences: bool,
        /// The supplier does not pass the claim on
        #[arg(long, conflicts_with = "reserve_defences")]
        not_assignable: bool,
        /// A slice is not split into smaller ones, with its decimals
        #[arg(long, value_name = "AMOUNT")]
        smallest_piece: Option<String>,
    },
    /// Refuse a claim that this member would owe
    Reject {
        /// which
        #[command(flatten)]
        of: OneReceivable,
    },
    /// Take back a claim that nobody has accepted, an offer, or a bid
    Withdraw {
        /// which
        #[command(flatten)]
        of: OneReceivable,
    },
    /// Split slices that this member holds
    Split {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// A piece to make, with its decimals; once more for each, and the rest is one more
        #[arg(long = "into", required = true, value_name = "AMOUNT")]
        pieces: Vec<String>,
    },
    /// Merge slices of the same terms that this member holds
    Merge {
        /// which
        #[command(flatten)]
        of: OneReceivable,
    },
    /// Pass slices on, or a part of one
    Transfer {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// The member that holds them then
        #[arg(long)]
        to: String,
        /// How much, with its decimals
        #[arg(long)]
        amount: String,
        /// Whether this member answers for a buyer that does not pay
        #[arg(long)]
        recourse: Recourse,
        /// Where the buyer pays from now on: the buyer reads it
        #[arg(long)]
        pay_to: Option<String>,
    },
    /// Offer slices to the banks of the channel
    Offer {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// How much, with its decimals
        #[arg(long)]
        amount: String,
        /// Whether this member would answer for a buyer that does not pay
        #[arg(long)]
        recourse: Recourse,
    },
    /// Bid for an offer: whoever made it reads the bid, and nobody else
    Bid {
        /// which offer
        #[command(flatten)]
        of: OneReceivable,
        /// What this bank would pay, with its decimals
        #[arg(long)]
        price: String,
        /// Last day on which it would
        #[arg(long, value_name = "YYYY-MM-DD")]
        valid_until: Option<String>,
    },
    /// Award an offer of this member's to one bid
    Award {
        /// which offer
        #[command(flatten)]
        of: OneReceivable,
        /// The bid that wins
        #[arg(long)]
        bid: String,
    },
    /// Sell what an awarded offer is about to the bank that won it: one deal, the claim against the price
    Finance {
        /// which offer
        #[command(flatten)]
        of: OneReceivable,
        /// The channel of the cash; its asset is called as the currency
        #[arg(long, value_name = "CHANNEL")]
        cash: String,
        /// The channel where deals are agreed
        #[arg(long, value_name = "CHANNEL")]
        deals: String,
        /// Heights within which both have to lock
        #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(2..=4000))]
        allocate_within: u64,
        /// Heights after that within which the deal has to be settled
        #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(4..=4096))]
        settle_within: u64,
    },
    /// Take slices back that this member owes, holds and has paid
    Settle {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// How much, with its decimals; all that it holds without it
        #[arg(long)]
        amount: Option<String>,
    },
    /// Declare that a claim is overdue
    Overdue {
        /// which
        #[command(flatten)]
        of: OneReceivable,
    },
    /// Declare as a holder that the buyer has defaulted
    Default {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// Write the claim off: whoever does so holds every slice
        #[arg(long)]
        write_off: bool,
    },
    /// Dispute a claim that was accepted with defences reserved, or end a dispute
    Dispute {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// How it ends; without it the buyer raises it
        #[arg(long)]
        end: Option<DisputeEnd>,
    },
    /// One claim as this member sees it: its state, its slices, and what can be done now
    Show {
        /// which
        #[command(flatten)]
        of: OneReceivable,
        /// Draw its life with the state that it is in into a new file
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Claims, offers and bids of the channel as this member sees them
    List {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
}

/// A record of the channel, by its id.
#[derive(Clone, Debug, ClapArgs)]
pub struct OneReceivable {
    /// where
    #[command(flatten)]
    pub of: OfChannel,
    /// its id
    pub record: String,
}

/// What a claim is.
#[derive(Clone, Debug, ClapArgs)]
pub struct ReceivableIssue {
    /// where
    #[command(flatten)]
    pub of: OfChannel,
    /// The member that owes; this member is the supplier
    #[arg(long, required_unless_present = "supplier", conflicts_with = "supplier")]
    pub buyer: Option<String>,
    /// The member that is owed; this member undertakes to pay it
    #[arg(long, requires = "recourse")]
    pub supplier: Option<String>,
    /// With --supplier, whether that member answers for this one
    #[arg(long, requires = "supplier")]
    pub recourse: Option<Recourse>,
    /// With --supplier, a slice is not split into smaller ones, with its decimals
    #[arg(long, requires = "supplier", value_name = "AMOUNT")]
    pub smallest_piece: Option<String>,
    /// The bank that may finance it
    #[arg(long)]
    pub bank: String,
    /// Invoice number
    #[arg(long)]
    pub invoice: String,
    /// Face amount, with its decimals: 1000.00
    #[arg(long)]
    pub amount: String,
    /// Its currency (ISO 4217)
    #[arg(long)]
    pub currency: String,
    /// Day on which it is due
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub due: String,
    /// Day of the invoice
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub issued: Option<String>,
    /// The buyer's name in the supplier's books; the member's name without it
    #[arg(long)]
    pub buyer_name: Option<String>,
    /// The supplier's number in the buyer's books; the member's name without it
    #[arg(long)]
    pub supplier_id: Option<String>,
    /// JSON file with the lines of the invoice, for buyer and supplier alone
    #[arg(long, value_name = "FILE")]
    pub lines: Option<PathBuf>,
    /// What the supplier would like in advance: the buyer does not read it
    #[arg(long)]
    pub advance: Option<String>,
}

/// Whether whoever passes a claim on answers for a buyer that does not pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Recourse {
    /// it answers
    With,
    /// it is released
    Without,
}

/// How a dispute ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DisputeEnd {
    /// the buyer gives it up
    Drop,
    /// the arbiter finds for the holders
    Dismiss,
    /// the arbiter finds for the buyer
    Uphold,
}

/// `parclose business-date`
#[derive(Debug, Subcommand)]
pub enum BusinessDate {
    /// The channel's business day
    Show {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
    /// Say a later business day
    Advance {
        /// where
        #[command(flatten)]
        of: OfChannel,
        /// the day, YYYY-MM-DD
        #[arg(value_name = "DATE")]
        date: String,
    },
}

/// `parclose tag-key`
#[derive(Debug, Subcommand)]
pub enum TagKeyCommand {
    /// Make a channel's tag key
    Create {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
    /// Say the tag key of one channel in another, of which this member is one, too
    Share {
        /// the channel that has the key
        #[command(flatten)]
        of: OfChannel,
        /// the channel that is to have it
        #[arg(long, value_name = "CHANNEL")]
        to: String,
    },
    /// Show the check value of a channel's tag key: the same wherever the key is the same
    Show {
        /// where
        #[command(flatten)]
        of: OfChannel,
    },
}
