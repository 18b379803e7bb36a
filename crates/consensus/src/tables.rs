//! The rows of the root chain's directory. Table ids and row types are a disk format.
//!
//! ```text
//!   1 head          ()                 -> height and history of the last block
//!   2 headers       height             -> header, certificate
//!   3 entries       height, index      -> log entry
//!   4 transactions  height, index      -> root transaction
//!   5 tags          tag                -> state
//!   6 log           tag, sequence      -> height, index
//!   7 signed        ()                 -> what this validator has signed last
//!   8 undecided     height, value      -> a block that was proposed and is not decided
//!   9 evidence      height, validator  -> two signed messages that exclude each other
//!  10 validators    ()                 -> who votes, once that has changed
//!  11 causes        height, index      -> what a log entry is of, unless it is the transaction of its own index
//!  12 deals         deal               -> state
//!  13 claims        32 bytes           -> the tag that holds them
//! ```
//!
//! All of it is public among the validators and stands in the clear. The state tree has no rows: it is
//! rebuilt from tags, deals and claims, which so are checked one and all against the last header.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle::Frontier;
use parclose_root::{
    Cause, Changes, CommitCertificate, DealState, Event, Header, LogEntry, Prepared, RootTransaction,
    TagState, Validators,
};
use parclose_store::{Batch, RowKey, Table};
use parclose_types::{DealId, Height, PublicKey, Sequence, SignatureBytes, Tag, ValueHash};

use crate::cluster::Pair;
use crate::engine::SignedRow;

/// A block and an index in it.
pub(crate) type Place = (Height, u32);

pub(crate) const HEAD: Table<(), HeadRow> = Table::ordered(1, "head");
pub(crate) const HEADERS: Table<Height, HeaderRow> = Table::ordered(2, "headers");
pub(crate) const ENTRIES: Table<Place, LogEntry> = Table::ordered(3, "entries");
pub(crate) const TRANSACTIONS: Table<Place, RootTransaction> = Table::ordered(4, "transactions");
pub(crate) const TAGS: Table<Tag, TagState> = Table::ordered(5, "tags");
pub(crate) const LOG: Table<(Tag, Sequence), Place> = Table::ordered(6, "log");

pub(crate) const SIGNED: Table<(), SignedRow> = Table::ordered(7, "signed");
pub(crate) const UNDECIDED: Table<(Height, ValueHash), UndecidedRow> = Table::ordered(8, "undecided");
pub(crate) const EVIDENCE: Table<(Height, PublicKey), Pair> = Table::ordered(9, "evidence");

pub(crate) const VALIDATORS: Table<(), Validators> = Table::ordered(10, "validators");

pub(crate) const CAUSES: Table<Place, Cause> = Table::ordered(11, "causes");
pub(crate) const DEALS: Table<DealId, DealState> = Table::ordered(12, "deals");
pub(crate) const CLAIMS: Table<[u8; 32], Tag> = Table::ordered(13, "claims");

/// A block that may yet be decided.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct UndecidedRow {
    /// round in which it was first proposed
    pub(crate) round: u32,
    /// who proposed it then
    pub(crate) proposer: PublicKey,
    /// the proposer's signature under the parts; `None` if it came as a decided value
    pub(crate) signature: Option<SignatureBytes>,
    /// canonical bytes of the block
    pub(crate) block: Vec<u8>,
}

/// Where the chain ends.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct HeadRow {
    /// height of the last block
    pub(crate) height: Height,
    /// right edge of the tree over the header hashes before it
    pub(crate) history: Frontier,
}

/// A header that is final, and why.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct HeaderRow {
    pub(crate) header: Header,
    pub(crate) certificate: CommitCertificate,
}

/// Puts all rows of one block.
pub(crate) fn put_block(batch: &mut Batch, prepared: &Prepared, certificate: CommitCertificate) {
    let (block, rows) = (prepared.block(), prepared.rows());
    let (header, height) = (block.header.clone(), block.header.height);
    batch.put(&HEAD, &(), &HeadRow { height, history: rows.history.clone() });
    batch.put(&HEADERS, &height, &HeaderRow { header, certificate });
    for (transaction, index) in block.transactions.iter().zip(0_u32..) {
        batch.put(&TRANSACTIONS, &(height, index), transaction);
    }
    for (Event { entry, cause }, index) in rows.events.iter().zip(0_u32..) {
        let place = (height, index);
        batch.put(&ENTRIES, &place, entry);
        batch.put(&LOG, &(entry.tag, entry.sequence), &place);
        if *cause != Cause::Transaction(index) {
            batch.put(&CAUSES, &place, cause);
        }
    }
    if let Some(validators) = &rows.validators {
        batch.put(&VALIDATORS, &(), validators);
    }
    for (tag, state) in &rows.tags {
        batch.put(&TAGS, tag, state);
    }
    put_changes(batch, &DEALS, &rows.deals);
    put_changes(batch, &CLAIMS, &rows.claims);
}

fn put_changes<K: RowKey, V: BorshSerialize>(
    batch: &mut Batch,
    table: &Table<K, V>,
    changes: &Changes<K, V>,
) {
    for (key, change) in changes {
        match change {
            Some(value) => batch.put(table, key, value),
            None => batch.delete(table, key),
        }
    }
}
