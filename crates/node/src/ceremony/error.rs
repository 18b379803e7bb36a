//! Why a ceremony does not go on: the broken rule.

use parclose_root::GenesisInvalid;
use parclose_types::{Failure, Fault};

use crate::home::HomeError;
use crate::key_file::KeyFileError;

/// Why a card, a draft or an address book is refused.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// CER-01: not a name of a member
    #[error("`{name}` is not a member's name")]
    Name {
        /// the name
        name: String,
    },
    /// CER-02: not the form of a card
    #[error("this is not a node's card: {reason}")]
    NotACard {
        /// what is wrong
        reason: String,
    },
    /// CER-03: a signature does not fit
    #[error("the card of `{member}` was changed, or is not signed by its {key} key")]
    NotSigned {
        /// whose card
        member: String,
        /// which key
        key: &'static str,
    },
    /// CER-04: no LEI
    #[error("the LEI of `{member}` cannot be used: {reason}")]
    Lei {
        /// whose card
        member: String,
        /// what is wrong
        reason: String,
    },
    /// CER-05: no address that others can reach
    #[error("`{address}` is not an address of a node")]
    Address {
        /// the address
        address: String,
    },
    /// CER-06: something stands twice
    #[error("`{first}` and `{second}` have the same {what}: {value}")]
    Twice {
        /// one card
        first: String,
        /// another, or the same
        second: String,
        /// what is the same
        what: &'static str,
        /// its text
        value: String,
    },
    /// CER-07: too few or too many
    #[error("a consortium has 1 to 256 validators among at most 512 members, not {validators} of {members}")]
    Count {
        /// cards with a validator key
        validators: usize,
        /// cards
        members: usize,
    },
    /// CER-08: not the form of a draft
    #[error("this is not a consortium.toml: {reason}")]
    NotADraft {
        /// what is wrong, with its line
        reason: String,
    },
    /// CER-09: an address book that does not fit its genesis
    #[error("the address book does not fit: {reason}")]
    Book {
        /// what is wrong
        reason: String,
    },
    /// CER-10: not what this home asked for
    #[error("this home cannot take them over: {reason}")]
    NotAccepted {
        /// what is wrong
        reason: &'static str,
    },
    /// CER-12: a card that the book has
    #[error("the address book has the card of `{member}` already")]
    Admitted {
        /// whose card
        member: String,
    },
    /// CER-13: another card of a member, and no later one
    #[error("the address book has another card of `{member}`, which this one does not follow")]
    NotLater {
        /// whose card
        member: String,
    },
    /// a home
    #[error(transparent)]
    Home(#[from] HomeError),
    /// a key file
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// the genesis
    #[error(transparent)]
    Genesis(#[from] GenesisInvalid),
}

impl Failure for CeremonyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } | Self::Lei { .. } | Self::Address { .. } => "NODE_CARD_REFUSED",
            Self::NotACard { .. } => "NOT_A_NODE_CARD",
            Self::NotSigned { .. } => "NODE_CARD_CHANGED",
            Self::Twice { .. } | Self::Count { .. } => "CONSORTIUM_REFUSED",
            Self::NotADraft { .. } => "NOT_A_DRAFT",
            Self::Book { .. } => "ADDRESS_BOOK_INVALID",
            Self::NotAccepted { .. } => "GENESIS_NOT_ACCEPTED",
            Self::Admitted { .. } => "NODE_CARD_KNOWN",
            Self::NotLater { .. } => "NODE_CARD_REFUSED",
            Self::Home(e) => e.code(),
            Self::Key(e) => e.code(),
            Self::Genesis(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Name { .. } => "CER-01",
            Self::NotACard { .. } => "CER-02",
            Self::NotSigned { .. } => "CER-03",
            Self::Lei { .. } => "CER-04",
            Self::Address { .. } => "CER-05",
            Self::Twice { .. } => "CER-06",
            Self::Count { .. } => "CER-07",
            Self::NotADraft { .. } => "CER-08",
            Self::Book { .. } => "CER-09",
            Self::NotAccepted { .. } => "CER-10",
            Self::Admitted { .. } => "CER-12",
            Self::NotLater { .. } => "CER-13",
            Self::Home(e) => e.rule(),
            Self::Key(e) => e.rule(),
            Self::Genesis(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotSigned { .. } | Self::Book { .. } => Fault::Peer,
            Self::Home(e) => e.fault(),
            Self::Key(e) => e.fault(),
            Self::Genesis(e) => e.fault(),
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Home(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Name { .. } => "use a-z, 0-9 and `-`, at most 64 of them".into(),
            Self::NotACard { .. } => "give the file that `parclose consortium join` wrote".into(),
            Self::NotSigned { member, .. } => format!("ask `{member}` for its card again, over another way"),
            Self::Lei { .. } => "compare with the LEI register".into(),
            Self::Address { .. } => {
                "write it as /ip4/192.0.2.1/tcp/27001 or /dns/node.example/tcp/27001".into()
            }
            Self::Twice { .. } => "ask both: one card is old, copied, or made in a copied home".into(),
            Self::Count { .. } => "let at least one member join with a validator key".into(),
            Self::NotADraft { .. } => "draft one: parclose consortium init --name NAME --out FILE".into(),
            Self::Book { .. } => "conclude again from the cards: parclose consortium genesis".into(),
            Self::NotAccepted { .. } => {
                "send your card again, and compare the network id with another member".into()
            }
            Self::Admitted { .. } => "nothing is to be done: its node is known here".into(),
            Self::NotLater { member } => {
                format!("ask `{member}` for its newest card: parclose consortium card")
            }
            Self::Home(e) => e.fix(),
            Self::Key(e) => e.fix(),
            Self::Genesis(e) => e.fix(),
        }
    }
}
