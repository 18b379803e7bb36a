//! Why a channel cannot go on, or cannot answer. Refused transactions are [`crate::Reject`].

use parclose_crypto::state_tree::NodesUnavailable;
use parclose_store::StoreError;
use parclose_types::{ChannelCommitment, Failure, Fault, Sequence};

use crate::setup::SetupInvalid;

/// Why a channel cannot go on, or cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// the store failed or was changed
    #[error(transparent)]
    Store(#[from] StoreError),
    /// the channel's setup does not hold
    #[error(transparent)]
    Setup(#[from] SetupInvalid),
    /// CHA-01: an event out of order
    #[error("event {got} does not follow: event {expected} is next")]
    OutOfOrder {
        /// next sequence
        expected: Sequence,
        /// sequence of the event
        got: Sequence,
    },
    /// CHA-02: an anchored batch is not here
    #[error("the batch of event {sequence} is not here")]
    BatchMissing {
        /// the event
        sequence: Sequence,
        /// its commitment
        commitment: ChannelCommitment,
    },
    /// CHA-03: an anchored batch attests another state than this node has
    #[error("event {sequence} attests another state after event {attested} than this node has")]
    Diverged {
        /// the event
        sequence: Sequence,
        /// the event whose state it attests
        attested: Sequence,
    },
    /// CHA-04: stored rows do not agree with each other, or with the state root
    #[error("{what} does not agree with the state root after event {sequence}")]
    Inconsistent {
        /// which rows
        what: &'static str,
        /// the event
        sequence: Sequence,
    },
    /// CHA-05: the state root is not the one that the root chain knows
    #[error("the log of this channel does not agree with the root chain at event {sequence}")]
    NotOfRoot {
        /// the event
        sequence: Sequence,
    },
    /// CHA-08: a rotation that was not decided here
    #[error("event {sequence} hands the channel to keys that its log has not decided on")]
    NotDecided {
        /// the event
        sequence: Sequence,
    },
    /// CHA-09: this member does not belong to the newest generation
    #[error("this member does not belong to the channel any more")]
    Left,
    /// CHA-06: nothing of that name
    #[error("no {what} of that name")]
    Unknown {
        /// what was asked for
        what: &'static str,
    },
    /// CHA-07: not yet provable
    #[error("no anchored batch attests the state after event {sequence} yet")]
    NotAttested {
        /// the event
        sequence: Sequence,
    },
}

impl From<NodesUnavailable> for ChannelError {
    fn from(_: NodesUnavailable) -> Self {
        Self::Inconsistent { what: "the state tree", sequence: Sequence(0) }
    }
}

impl Failure for ChannelError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(e) => e.code(),
            Self::Setup(e) => e.code(),
            Self::OutOfOrder { .. } => "EVENT_OUT_OF_ORDER",
            Self::BatchMissing { .. } => "BATCH_MISSING",
            Self::Diverged { .. } | Self::NotDecided { .. } => "STATE_DIVERGED",
            Self::Inconsistent { .. } | Self::NotOfRoot { .. } => "STATE_TAMPERED",
            Self::Unknown { .. } => "NOT_FOUND",
            Self::Left => "NOT_A_MEMBER",
            Self::NotAttested { .. } => "NOT_YET_ATTESTED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Store(e) => e.rule(),
            Self::Setup(e) => e.rule(),
            Self::OutOfOrder { .. } => "CHA-01",
            Self::BatchMissing { .. } => "CHA-02",
            Self::Diverged { .. } => "CHA-03",
            Self::NotDecided { .. } => "CHA-08",
            Self::Inconsistent { .. } => "CHA-04",
            Self::NotOfRoot { .. } => "CHA-05",
            Self::Unknown { .. } => "CHA-06",
            Self::Left => "CHA-09",
            Self::NotAttested { .. } => "CHA-07",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Store(e) => e.fault(),
            Self::Setup(e) => e.fault(),
            Self::OutOfOrder { .. } => Fault::Bug,
            Self::BatchMissing { .. } | Self::Diverged { .. } | Self::NotDecided { .. } => Fault::Peer,
            Self::Inconsistent { .. } | Self::NotOfRoot { .. } => Fault::Operator,
            Self::Unknown { .. } | Self::NotAttested { .. } | Self::Left => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Store(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Store(e) => e.fix(),
            Self::Setup(e) => e.fix(),
            Self::OutOfOrder { .. } => "restart the node: it reads the log again".into(),
            Self::BatchMissing { .. } => "fetch the batch from one of its endorsers".into(),
            Self::Diverged { .. } | Self::NotDecided { .. } => {
                "keep this store as evidence and compare with another member".into()
            }
            Self::Inconsistent { .. } | Self::NotOfRoot { .. } => {
                "restore this channel from a backup or from another member; keep this store as evidence"
                    .into()
            }
            Self::Unknown { .. } => "list what there is".into(),
            Self::Left => "what it could read then it can read still; ask a member to be let in again".into(),
            Self::NotAttested { .. } => "wait for the next batch of this channel, or submit one".into(),
        }
    }
}
