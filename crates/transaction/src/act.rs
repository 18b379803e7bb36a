//! Acts: how members change their channel. A transaction writes records or holds one act.
//!
//! ```text
//!   Move(changes) --Vote…--> decided: the next generation's configuration is fixed
//!   PublishKey, ahead of time: each member's one-time key of the next generation
//!   Deal --Acknowledge… | Complain --> Rewrap--> an audience's secret is active
//!   all deals active --> Rotate on the root chain (parclose-root)
//!   Share: what a joiner gets of the past
//!   Grant --Approve…--> it stands: each secret that it spans gets a Cover, which a second reader Confirms;
//!       until Revoke… what is dealt from then on gets none
//!   Note --after the delay--> Reveal: what was handed out, and to whom
//! ```
//!
//! What an act says is read by every member of the channel; wrapped secrets travel in the sealed part,
//! which can be pruned, and the act commits to them.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_keys::{Deal, PseudonymCertificate};
use parclose_types::{AudienceId, ClassId, Digest, Epoch, Generation, MemberId, RecordId, TransactionDigest};

use crate::access::Access;
use crate::definition::DefinitionTexts;
use crate::generation::MemberEntry;
use crate::grant::{GrantConfirmation, GrantCovers, StandingGrant};

/// Changes of one motion.
pub const CHANGES_MAX: usize = 16;
/// Acknowledgements and shared covers of one act.
pub const ACT_ITEMS_MAX: usize = 4096;
/// Bytes of the reason of an erasure.
pub const REASON_BYTES_MAX: usize = 256;

/// What a member does to its channel.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Act {
    /// moves that the channel change
    Move(Motion),
    /// votes on a motion, which is named by the digest of its transaction
    Vote {
        /// the motion
        motion: TransactionDigest,
        /// for it, or against
        approve: bool,
    },
    /// publishes the author's certificate of the next generation, ahead of time
    PublishKey(PseudonymCertificate),
    /// deals the secret of an audience; the wraps of its first members are in the sealed part
    Deal {
        /// the configuration whose generation it is for
        configuration: Digest,
        /// the dealer's signed statement
        deal: Deal,
    },
    /// says that the author has opened the secrets of these audiences, ascending
    Acknowledge {
        /// the configuration whose generation they are for
        configuration: Digest,
        /// which
        audiences: Vec<AudienceId>,
    },
    /// says that the author has no wrap that opens to the secret of the check value
    Complain {
        /// the configuration whose generation it is for
        configuration: Digest,
        /// of which audience
        audience: AudienceId,
    },
    /// wraps the secret of an audience again, for one of its members
    Rewrap {
        /// the configuration whose generation it is for
        configuration: Digest,
        /// of which audience
        audience: AudienceId,
        /// for whom
        member: MemberId,
        /// RFC 9162 root over the one wrap of the sealed part
        wraps_root: [u8; 32],
    },
    /// gives a joiner what the definition's history says of the past
    Share(Share),
    /// asks that somebody outside may read, and agrees to it
    Grant(Box<StandingGrant>),
    /// agrees to a grant, which is named by the digest of its transaction
    Approve {
        /// the grant
        grant: TransactionDigest,
    },
    /// agrees that nothing dealt from then on is covered for a grant
    Revoke {
        /// the grant
        grant: TransactionDigest,
    },
    /// covers secrets for a grant that stands; the wraps to the grantee are in the sealed part
    Cover(GrantCovers),
    /// signs covers as their second reader
    Confirm(GrantConfirmation),
    /// notes that something was handed out of the channel
    Note {
        /// commitment to what it was ([`Access::commitment`])
        commitment: Digest,
    },
    /// reveals what a note was about
    Reveal {
        /// the note, named by its transaction
        note: TransactionDigest,
        /// what was handed out
        access: Access,
        /// blinder of the note's commitment
        blinder: [u8; 32],
    },
    /// asks that something be erased, or approves what another member has asked
    Erase(Erasure),
    /// says that the author's store holds nothing any more of what was erased
    Erased {
        /// what
        target: ErasureTarget,
    },
}

/// What is to be erased, and why.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Erasure {
    /// what
    pub target: ErasureTarget,
    /// why, for every member to read, for good
    pub reason: String,
}

/// What can be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum ErasureTarget {
    /// the sealed fields of a record, in whatever transaction
    Record(RecordId),
    /// what was sealed in an epoch, with the keys that open it
    Epoch(Epoch),
    /// what was sealed in a generation, with all of its keys
    Generation(Generation),
}

impl ErasureTarget {
    /// The record, where it is one.
    #[must_use]
    pub fn record(&self) -> Option<&RecordId> {
        match self {
            Self::Record(record) => Some(record),
            Self::Epoch(_) | Self::Generation(_) => None,
        }
    }
}

/// Changes that members decide on together.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Motion {
    /// what would change, in this order
    pub changes: Vec<Change>,
    /// 32 fresh bytes: they hide on the root chain what was decided
    pub blinder: [u8; 32],
}

/// One change of a channel.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Change {
    /// somebody joins, with the certificate that it has made for the next generation
    Join(MemberEntry),
    /// a member leaves, or is made to
    Remove(MemberId),
    /// a member has other roles: those of its certificate for the next generation
    Roles(PseudonymCertificate),
    /// the channel has another definition
    Redefine(Box<DefinitionTexts>),
    /// nothing but the keys changes
    Rekey,
    /// the channel ends
    Close,
}

/// Covers of past generations for a joiner, each wrapped to its one-time key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Share {
    /// for whom
    pub member: MemberId,
    /// what the covers open, ascending
    pub scopes: Vec<SharedScope>,
    /// RFC 9162 root over the wraps of the sealed part, one for each scope
    pub wraps_root: [u8; 32],
}

/// What one shared cover opens: a class of an audience of a past generation, over all epochs that the
/// definition's history gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct SharedScope {
    /// generation
    pub generation: Generation,
    /// audience
    pub audience: AudienceId,
    /// class of fields
    pub class: ClassId,
    /// first epoch
    pub from: Epoch,
    /// last epoch
    pub to: Epoch,
}

impl Act {
    /// The root over the wraps that the sealed part must hold; `None` for an act without wraps.
    #[must_use]
    pub fn wraps_root(&self) -> Option<[u8; 32]> {
        match self {
            Self::Deal { deal, .. } => Some(deal.wraps_root),
            Self::Rewrap { wraps_root, .. } => Some(*wraps_root),
            Self::Share(share) => Some(share.wraps_root),
            Self::Cover(covers) => Some(covers.wraps_root),
            Self::Move(_)
            | Self::Vote { .. }
            | Self::PublishKey(_)
            | Self::Acknowledge { .. }
            | Self::Complain { .. }
            | Self::Grant(_)
            | Self::Approve { .. }
            | Self::Revoke { .. }
            | Self::Confirm(_)
            | Self::Note { .. }
            | Self::Reveal { .. }
            | Self::Erase(_)
            | Self::Erased { .. } => None,
        }
    }

    /// A word for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Move(_) => "move",
            Self::Vote { .. } => "vote",
            Self::PublishKey(_) => "publish-key",
            Self::Deal { .. } => "deal",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Complain { .. } => "complain",
            Self::Rewrap { .. } => "rewrap",
            Self::Share(_) => "share",
            Self::Grant(_) => "grant",
            Self::Approve { .. } => "approve",
            Self::Revoke { .. } => "revoke",
            Self::Cover(_) => "cover",
            Self::Confirm(_) => "confirm",
            Self::Note { .. } => "note",
            Self::Reveal { .. } => "reveal",
            Self::Erase(_) => "erase",
            Self::Erased { .. } => "erased",
        }
    }
}

impl Change {
    /// Whether it is a member's own leaving.
    #[must_use]
    pub fn is_leaving(&self, of: &MemberId) -> bool {
        matches!(self, Self::Remove(member) if member == of)
    }

    /// The action that the policy has to permit for whoever moves it.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Join(_) => "join",
            Self::Remove(_) => "remove",
            Self::Roles(_) => "roles",
            Self::Redefine(_) => "redefine",
            Self::Rekey => "rekey",
            Self::Close => "close",
        }
    }
}
