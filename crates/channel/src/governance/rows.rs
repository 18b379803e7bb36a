//! What the store keeps of a channel's governance, each row under a state leaf of its own.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_keys::Deal;
use parclose_transaction::grant::{Grant, GrantTerms, StandingGrant};
use parclose_transaction::{Access, DefinitionTexts, GenerationConfig, Motion, Term};
use parclose_types::{
    AudienceId, Digest, Generation, Height, MemberId, Sequence, SignatureBytes, TransactionDigest, limits,
};

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

/// A grant, from its proposal on.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantRow {
    /// the transaction that proposed it, by which it is named
    pub transaction: TransactionDigest,
    /// what would be, or is, granted
    pub grant: StandingGrant,
    /// height of the event that proposed it
    pub proposed_at: Height,
    /// members that have agreed to it, ascending: whoever proposed it among them
    pub approvals: Vec<MemberId>,
    /// members that have agreed to its end, ascending
    pub revocations: Vec<MemberId>,
    /// how it stands
    pub standing: GrantStanding,
}

/// How a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum GrantStanding {
    /// too few have agreed to it yet
    Proposed,
    /// secrets are covered for it
    Standing {
        /// height of the event with which it came to stand
        since: Height,
    },
    /// what is dealt from then on is not covered for it
    Revoked {
        /// height of the event that ended it
        at: Height,
    },
}

impl GrantRow {
    /// Whether secrets are covered for it.
    #[must_use]
    pub fn stands(&self) -> bool {
        matches!(self.standing, GrantStanding::Standing { .. })
    }

    /// Whether members have ended it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.standing, GrantStanding::Revoked { .. })
    }

    /// Whether anything can still come of it after a height; a proposal is open `within` heights.
    pub(crate) fn is_open(&self, height: Height, within: u64) -> bool {
        match self.standing {
            GrantStanding::Proposed => height.0 <= self.proposed_at.0.saturating_add(within),
            GrantStanding::Standing { .. } => true,
            GrantStanding::Revoked { .. } => false,
        }
    }
}

/// The cover of one audience's secret for one grant.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CoverRow {
    /// the configuration for which the secret was dealt
    pub configuration: Digest,
    /// the generation of that
    pub generation: Generation,
    /// the audience
    pub audience: AudienceId,
    /// the grant
    pub grant: TransactionDigest,
    /// height since which the next step is waited for
    pub since: Height,
    /// whether nothing is sealed with the secret until the cover counts: it was dealt while the grant stood
    pub first: bool,
    /// how far it is
    pub state: CoverState,
}

/// How far a cover is.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum CoverState {
    /// a reader is to make it
    Owed,
    /// its second reader is to sign it
    Made {
        /// what the issuer has signed
        terms: Box<GrantTerms>,
        /// by the issuer
        signature: SignatureBytes,
        /// where the wrap is
        wrapped: WrapPlace,
    },
    /// both have signed it
    Counts {
        /// what, with both signatures
        grant: Box<Grant>,
        /// where the wrap is
        wrapped: WrapPlace,
    },
}

/// Where a wrap is: the transaction, and the place among the wraps of its sealed part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WrapPlace {
    /// the transaction
    pub transaction: TransactionDigest,
    /// the place
    pub index: u32,
}

impl CoverRow {
    /// Where its row is.
    #[must_use]
    pub fn key(&self) -> CoverKey {
        (self.configuration, (self.audience, self.grant))
    }

    /// Whether both readers have signed it.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.state, CoverState::Counts { .. })
    }
}

/// Configuration, audience, grant.
pub type CoverKey = (Digest, (AudienceId, TransactionDigest));

/// What a member has handed out, from its note on.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessRow {
    /// the transaction that noted it, by which it is named
    pub transaction: TransactionDigest,
    /// who has handed it out
    pub member: MemberId,
    /// height of the event that noted it
    pub noted_at: Height,
    /// first height at which it can be revealed
    pub due: Height,
    /// commitment to what it was
    pub commitment: Digest,
    /// what it was, once that is revealed
    pub revealed: Option<Access>,
}

/// Deals of one generation that one member may make: so many that all members together stay within the limit.
pub(crate) fn deals_of_one_member(members: usize) -> usize {
    (limits::AUDIENCE_SETS_MAX / members.max(1)).max(1)
}
