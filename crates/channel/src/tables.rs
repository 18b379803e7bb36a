//! What a member keeps of a channel: the rows, each type with its place and its layout.
//!
//! Every value is sealed at rest ([`crate::at_rest`]); keys that carry meaning are blinded. Batch
//! numbers are local arrival numbers and mean nothing to anybody else.

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle::Frontier;
use parclose_crypto::state_tree::StateProof;
use parclose_keys::PseudonymCertificate;
use parclose_root::{DealOutcome, LogEntry};
use parclose_store::{AnyTable, Blinded, Table};
use parclose_transaction::{Access, Day, DefinitionTexts, FieldEntry, SharedScope};
use parclose_types::{
    AudienceId, ChannelCommitment, DealId, Digest, Epoch, Generation, Height, KeyedTag, MemberId, PublicKey,
    RecordId, Sequence, SignatureBytes, StateRoot, Tag, TransactionDigest,
};

use crate::batch::BatchHeader;
use crate::claims::CLAIMS;
use crate::erasure::{ERASED_PARTS, ERASURES, PUNCTURED, TO_SHRED, WITHHELD};
use crate::governance::{
    AccessRow, CoverKey, CoverRow, DealRow, DecisionRow, GenerationRow, GrantRow, MotionRow,
};
use crate::index::{IndexPage, Indexed};
use crate::locks::LOCKS;
use crate::misconduct::MISCONDUCT;
use crate::obligations::OBLIGATIONS;
use crate::setup::Setup;
use crate::value::{NOTES, SUPPLIES};

/// Where execution stands.
pub const HEAD: Table<u8, Head> = Table::<u8, Head>::ordered(1, "head");
/// Who belongs to the channel and by which definition.
pub const SETUP: Table<u8, Setup> = Table::<u8, Setup>::ordered(2, "setup");
/// Audience secrets that this member holds, each with its generation.
pub const SECRETS: Table<AudienceId, (Generation, AudienceId, [u8; 32]), Blinded> =
    Table::<AudienceId, (Generation, AudienceId, [u8; 32])>::blinded(3, "secrets");
/// Executed events of the log.
pub const EVENTS: Table<Sequence, EventRow> = Table::<Sequence, EventRow>::ordered(4, "events");
/// Stored batches by their commitment, ordered or not.
pub const BATCHES: Table<ChannelCommitment, BatchRow, Blinded> =
    Table::<ChannelCommitment, BatchRow>::blinded(5, "batches");
/// Parts of transactions by (batch number, index).
pub type PartsTable = Table<(u64, u32), Vec<u8>>;
/// Permanent parts.
pub const PERMANENT: PartsTable = PartsTable::ordered(6, "permanent");
/// Prunable parts, whole; of what is left of one, [`crate::erasure::ERASED_PARTS`].
pub const PRUNABLE: PartsTable = PartsTable::ordered(7, "prunable");
/// Records.
pub const RECORDS: Table<RecordId, RecordRow, Blinded> = Table::<RecordId, RecordRow>::blinded(8, "records");
/// The verdict log in runs, by the index of their last verdict ([`crate::verdicts`]).
pub const VERDICTS: Table<u64, Vec<VerdictRow>> = Table::<u64, Vec<VerdictRow>>::ordered(9, "verdicts");
/// Where a transaction stands.
pub const TRANSACTIONS: Table<TransactionDigest, TransactionRow, Blinded> =
    Table::<TransactionDigest, TransactionRow>::blinded(10, "transactions");
/// Salt digests seen in an epoch.
pub const SALTS: Table<(Epoch, [u8; 32]), (), Blinded> = Table::<(Epoch, [u8; 32]), ()>::blinded(11, "salts");
/// Nodes of the state tree.
pub const NODES: Table<Vec<u8>, Vec<u8>, Blinded> = Table::<Vec<u8>, Vec<u8>>::blinded(12, "nodes");

/// Generations: who belongs to the channel, with which keys, from when on.
pub const GENERATIONS: Table<Generation, GenerationRow> =
    Table::<Generation, GenerationRow>::ordered(13, "generations");
/// Definitions by version.
pub const DEFINITIONS: Table<u32, DefinitionTexts> =
    Table::<u32, DefinitionTexts>::ordered(14, "definitions");
/// Certificates of the next generation that members have published.
pub const PUBLISHED: Table<MemberId, PseudonymCertificate, Blinded> =
    Table::<MemberId, PseudonymCertificate>::blinded(15, "published");
/// Motions, by the digest of their transaction.
pub const MOTIONS: Table<TransactionDigest, MotionRow, Blinded> =
    Table::<TransactionDigest, MotionRow>::blinded(16, "motions");
/// What was decided last and is not in force yet.
pub const DECISION: Table<u8, DecisionRow> = Table::<u8, DecisionRow>::ordered(17, "decision");
/// Deals of audience secrets, by configuration and audience.
pub const DEALS: Table<(Digest, AudienceId), DealRow> =
    Table::<(Digest, AudienceId), DealRow>::ordered(18, "deals");
/// This member's one-time keys, until their generation has ended.
pub const UNWRAP: Table<Generation, [u8; 32]> = Table::<Generation, [u8; 32]>::ordered(19, "unwrap");
/// Covers of the past that this member was given when it joined.
pub const SHARED: Table<u64, Vec<u8>> = Table::<u64, Vec<u8>>::ordered(20, "shared");

/// Covers of the past that members were given who joined with the newest generation.
pub const GIVEN: Table<MemberId, (MemberId, BTreeSet<SharedScope>), Blinded> =
    Table::<MemberId, (MemberId, BTreeSet<SharedScope>)>::blinded(21, "given");

/// This member's index: what it can read, and where that stands.
pub const INDEX: Table<Vec<u8>, IndexPage, Blinded> = Table::<Vec<u8>, IndexPage>::blinded(22, "index");
/// How far the index has come.
pub const INDEXED: Table<u8, Indexed> = Table::<u8, Indexed>::ordered(23, "indexed");

/// Which successor of a channel that has ended this member has signed for.
pub const SUCCESSOR: Table<u8, Tag> = Table::<u8, Tag>::ordered(24, "successor");

/// Grants, by the digest of their transaction.
pub const GRANTS: Table<TransactionDigest, GrantRow, Blinded> =
    Table::<TransactionDigest, GrantRow>::blinded(33, "grants");
/// Covers of secrets for grants, by configuration, audience and grant.
pub const COVERS: Table<CoverKey, CoverRow> = Table::<CoverKey, CoverRow>::ordered(34, "covers");

/// What members have handed out, by the digest of their notes' transactions.
pub const ACCESSES: Table<TransactionDigest, AccessRow, Blinded> =
    Table::<TransactionDigest, AccessRow>::blinded(35, "accesses");
/// What this member's own notes are about, by their commitments, each with its blinder.
pub const NOTED: Table<Digest, (Access, [u8; 32]), Blinded> =
    Table::<Digest, (Access, [u8; 32])>::blinded(31, "noted");

/// Before all rows of [`COVERS`].
pub(crate) const FIRST_COVER: CoverKey = (Digest([0; 32]), (AudienceId([0; 32]), TransactionDigest([0; 32])));
/// A state root, and the keys of nodes.
pub type ReplacedRow = (StateRoot, Vec<Vec<u8>>);
/// Nodes of the state tree that an event has replaced, until a state after it is attested. With the root of the event's
/// own state: channels of one template have no row in common.
pub const REPLACED: Table<Sequence, ReplacedRow> = Table::<Sequence, ReplacedRow>::ordered(30, "replaced");

/// Every table, for checks of all rows.
pub const ALL: &[&dyn AnyTable] = &[
    &HEAD,
    &SETUP,
    &SECRETS,
    &EVENTS,
    &BATCHES,
    &PERMANENT,
    &PRUNABLE,
    &RECORDS,
    &VERDICTS,
    &TRANSACTIONS,
    &SALTS,
    &NODES,
    &GENERATIONS,
    &DEFINITIONS,
    &PUBLISHED,
    &MOTIONS,
    &DECISION,
    &DEALS,
    &UNWRAP,
    &SHARED,
    &GIVEN,
    &INDEX,
    &INDEXED,
    &SUCCESSOR,
    &MISCONDUCT,
    &NOTES,
    &SUPPLIES,
    &LOCKS,
    &OBLIGATIONS,
    &CLAIMS,
    &GRANTS,
    &COVERS,
    &ACCESSES,
    &NOTED,
    &ERASURES,
    &ERASED_PARTS,
    &TO_SHRED,
    &WITHHELD,
    &PUNCTURED,
    &REPLACED,
];

/// The one row of [`HEAD`], [`SETUP`], [`DECISION`] and [`SUCCESSOR`].
pub const ONLY: u8 = 0;

/// Where execution stands, after its last event.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Head {
    /// the next event's sequence
    pub next: Sequence,
    /// height of the last event
    pub height: Height,
    /// state root after it
    pub root: StateRoot,
    /// right edge of the verdict log
    pub verdicts: Frontier,
    /// the last event was the close
    pub closed: bool,
}

/// A stored batch.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BatchRow {
    /// local arrival number
    pub number: u64,
    /// header
    pub header: BatchHeader,
    /// the sponsor's signature over the header
    pub signature: SignatureBytes,
    /// blinder of the commitment
    pub blinder: [u8; 32],
    /// the rule that it breaks, if it breaks form or limits: it will execute as empty
    pub void: Option<String>,
}

/// What an event of the log did here.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum EventOutcome {
    /// the channel was opened
    Opened,
    /// a batch was executed
    Executed {
        /// its commitment
        commitment: ChannelCommitment,
        /// verdicts it wrote
        verdicts: u32,
    },
    /// a batch that breaks form or limits: it counts as empty, its endorsers are named
    Void {
        /// its commitment
        commitment: ChannelCommitment,
        /// the broken rule
        rule: String,
        /// who endorsed it
        endorsers: Vec<PublicKey>,
    },
    /// the channel was closed
    Closed,
    /// another generation was put in force, from the next height on
    Rotated {
        /// which
        generation: Generation,
    },
    /// the root chain has taken a leg of a deal for prepared
    Prepared {
        /// the deal
        deal: DealId,
        /// which leg
        leg: u8,
        /// who certified it though no lock here is so; empty if one is
        endorsers: Vec<PublicKey>,
    },
    /// the channel will not prepare a leg of a deal
    LegRefused {
        /// the deal
        deal: DealId,
        /// which leg
        leg: u8,
    },
    /// a deal was decided
    Decided {
        /// the deal
        deal: DealId,
        /// how
        outcome: DealOutcome,
        /// notes that were held for it here
        notes: u32,
    },
    /// a keyed tag is the channel's
    Claimed {
        /// the tag
        claim: KeyedTag,
        /// who certified it though no record here wants it; empty if one does
        endorsers: Vec<PublicKey>,
    },
    /// a keyed tag is free again
    Released {
        /// the tag
        claim: KeyedTag,
        /// who certified it though it was not given back here; empty if it was
        endorsers: Vec<PublicKey>,
    },
}

/// An executed event.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct EventRow {
    /// height of its block
    pub height: Height,
    /// what the root chain recorded
    pub entry: LogEntry,
    /// what it did
    pub outcome: EventOutcome,
    /// state root after it
    pub root: StateRoot,
    /// the head leaf of that state
    pub head: HeadLeaf,
    /// its proof under that root: what makes outcomes provable once the root is attested
    pub head_proof: StateProof,
}

/// The state leaf that every event changes (STA-02): the verdict log and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HeadLeaf {
    /// the event
    pub sequence: Sequence,
    /// verdicts so far
    pub verdicts: u64,
    /// RFC 9162 root over them
    pub verdicts_root: [u8; 32],
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecordRow {
    /// its id
    pub record: RecordId,
    /// its type
    pub record_type: u32,
    /// counts up from 1
    pub version: u64,
    /// who created it
    pub owner: MemberId,
    /// party slots
    pub parties: Vec<(u8, MemberId)>,
    /// the state of its life, if it has one
    pub status: Option<String>,
    /// the business day of the calendar; of another record the day on which it is due
    pub day: Option<Day>,
    /// the keyed tag that its last step with one has claimed
    pub keyed_tag: Option<KeyedTag>,
    /// fields, ascending
    pub fields: Vec<RecordField>,
}

/// A field of a record: what the state commits to, and where its sealed part lies.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecordField {
    /// what the state commits to
    pub state: StateField,
    /// batch number, index, operation, position: local, for finding the sealed part
    pub place: (u64, u32, u16, u16),
}

/// What the state commits to of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StateField {
    /// field, audience, leaf
    pub entry: FieldEntry,
    /// generation of sealing
    pub generation: Generation,
    /// epoch of sealing
    pub epoch: Epoch,
    /// transaction that wrote it
    pub transaction: TransactionDigest,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Verdict {
    /// it took effect
    Applied,
    /// it was refused: the broken rule
    Refused(String),
}

/// A leaf of the verdict log.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct VerdictRow {
    /// event
    pub sequence: Sequence,
    /// index in its batch
    pub index: u32,
    /// transaction
    pub transaction: TransactionDigest,
    /// what became of it
    pub verdict: Verdict,
}

/// Where a transaction with a verdict stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionRow {
    /// which
    pub transaction: TransactionDigest,
    /// batch number
    pub batch: u64,
    /// index in its batch
    pub index: u32,
    /// event
    pub sequence: Sequence,
    /// index in the verdict log
    pub verdict: u64,
    /// last height at which it could have been ordered
    pub expiry: Height,
}
