//! What the store keeps of a channel's governance, each row under a state leaf of its own.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_keys::Deal;
use parclose_transaction::{DefinitionTexts, GenerationConfig, Motion, Term};
use parclose_types::{Digest, Generation, Height, MemberId, Sequence, TransactionDigest, limits};

/// A generation: who belongs to the channel, and when it is in force.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GenerationRow {
    /// when
    pub term: Term,
    /// who, with which keys
    pub config: GenerationConfig,
    /// blinder of the rotation that put it in force; zeros for the first, which was opened
    pub blinder: [u8; 32],
}

/// A motion with its votes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MotionRow {
    /// the transaction that moved it, by which it is named
    pub transaction: TransactionDigest,
    /// the generation in which it was moved
    pub generation: Generation,
    /// what would change
    pub motion: Motion,
    /// who moved it: that is a vote for it
    pub mover: MemberId,
    /// height of the event that moved it
    pub moved_at: Height,
    /// votes, ascending by member: for it, or against
    pub votes: Vec<(MemberId, bool)>,
    /// what became of it
    pub outcome: MotionOutcome,
}

impl MotionRow {
    pub(crate) fn count(&self, approve: bool) -> usize {
        self.votes.iter().filter(|(_, vote)| *vote == approve).count()
    }
}

/// What became of a motion.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum MotionOutcome {
    /// it can still be voted on, until its last height
    Open,
    /// enough members approved
    Passed,
    /// enough members voted against it
    Rejected,
    /// enough members approved, and what it would make is not possible any more: the broken rule
    Failed(String),
}

/// What the members decided, until it takes force or its deadline has passed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DecisionRow {
    /// by which motion
    pub motion: TransactionDigest,
    /// what
    pub decided: Decided,
    /// hides it on the root chain
    pub blinder: [u8; 32],
    /// the event that decided it
    pub sequence: Sequence,
    /// height of that event
    pub decided_at: Height,
    /// last height at which it can take force
    pub deadline: Height,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Decided {
    /// another generation follows
    Rotate {
        /// who, with which keys
        config: Box<GenerationConfig>,
        /// the definition, where it changes
        texts: Option<DefinitionTexts>,
    },
    /// the channel ends
    Close,
}

impl DecisionRow {
    /// The digest of the configuration that it leads to.
    #[must_use]
    pub fn configuration(&self) -> Option<Digest> {
        match &self.decided {
            Decided::Rotate { config, .. } => Some(config.digest()),
            Decided::Close => None,
        }
    }
}

/// The deal of an audience's secret.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DealRow {
    /// who dealt which secret to whom
    pub deal: Deal,
    /// height of the event that dealt it
    pub dealt_at: Height,
    /// members that hold it, ascending: the dealer, and who has opened it
    pub acknowledged: Vec<MemberId>,
    /// members that have no wrap that opens, ascending
    pub complaints: Vec<MemberId>,
    /// who has wrapped it again for whom, ascending
    pub rewrapped: Vec<(MemberId, MemberId)>,
}

impl DealRow {
    /// Whether a majority of the audience holds the secret.
    ///
    /// # Rules
    ///
    /// > GOV-14: the secret of an audience is active once a majority of it, the dealer included, has acknowledged it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.acknowledged.len() * 2 > self.deal.members.len()
    }
}

/// Deals of one generation that one member may make: so many that all members together stay within the limit.
pub(crate) fn deals_of_one_member(members: usize) -> usize {
    (limits::AUDIENCE_SETS_MAX / members.max(1)).max(1)
}
