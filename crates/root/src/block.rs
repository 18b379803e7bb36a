//! A root block: a header and the transactions that it orders.
//!
//! The log entries are not part of it: they follow from the transactions and the state before.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{Failure, Fault, Height};

use crate::header::Header;
use crate::reject::RootReject;
use crate::transaction::RootTransaction;

/// A block, not yet known to follow from anything: [`crate::RootState::check`] tells.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// the header
    pub header: Header,
    /// at most 4096, in the order of their events
    pub transactions: Vec<RootTransaction>,
}

/// Why a block does not follow the state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockInvalid {
    /// ROO-28: not the next block of this chain.
    #[error("a block of height {found} does not follow the head at height {head}")]
    NotNext {
        /// height of the head
        head: Height,
        /// height of the block
        found: Height,
    },
    /// ROO-29: a transaction that is not to be ordered.
    #[error("transaction {index} of the block is not to be ordered: {reject}")]
    Transaction {
        /// index in the block
        index: usize,
        /// why not
        reject: RootReject,
    },
    /// ROO-30: the header is not the one that follows from the transactions.
    #[error("the header of the block at height {height} does not follow from its transactions")]
    Header {
        /// height of the block
        height: Height,
    },
}

impl Failure for BlockInvalid {
    fn code(&self) -> &'static str {
        "ROOT_BLOCK_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotNext { .. } => "ROO-28",
            Self::Transaction { .. } => "ROO-29",
            Self::Header { .. } => "ROO-30",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::NotNext { .. } => "fetch the blocks in between".into(),
            Self::Transaction { .. } | Self::Header { .. } => {
                "compare the program versions of the validators; if they agree, the proposer is at fault"
                    .into()
            }
        }
    }
}
