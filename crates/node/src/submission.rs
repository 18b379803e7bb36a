//! What became of a submission.

use parclose_channel::{ChannelError, Reject, Verdict};
use parclose_transaction::DraftInvalid;
use parclose_types::{Failure, Fault, Sequence, TransactionDigest};

use crate::room::Halt;

/// What helps when a room has broken off.
pub const BROKEN_OFF_FIX: &str =
    "start the node again: the channel goes on from its disk; report what it said as a bug";

/// A transaction with its final verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// the transaction
    pub transaction: TransactionDigest,
    /// the event that ordered it
    pub sequence: Sequence,
    /// what became of it
    pub verdict: Verdict,
}

/// A reader that was to open a transaction, and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// the member
    pub member: String,
    /// the rule that it named, or that it did not answer
    pub said: String,
}

/// Why a submission has no verdict.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// it could not be built
    #[error(transparent)]
    Draft(#[from] DraftInvalid),
    /// it was refused before ordering: nothing was written
    #[error(transparent)]
    Reject(#[from] Reject),
    /// this member's node failed
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// NOD-01: not enough members endorsed the batch
    #[error("members refused to endorse the batch: rule {rule}")]
    NotEndorsed {
        /// the rule that the last refusal named
        rule: String,
    },
    /// NOD-02: the node stopped before the verdict was known
    #[error("the node stopped before the outcome was known")]
    Stopped {
        /// the transaction, if it was signed already
        transaction: Option<TransactionDigest>,
    },
    /// NOD-16: a panic has ended the room
    #[error("the room has broken off after a fault of this program")]
    BrokenOff,
    /// NOD-27: the channel cannot go on here, and nothing was signed
    #[error("the channel has stopped on this node: {}", .0.message)]
    Halted(Halt),
    /// NOD-08: the root chain did not take the batch's anchor
    #[error("the root chain did not take the anchor: rule {rule}")]
    NotAnchored {
        /// the rule that it named
        rule: String,
        /// the transaction, which somebody who has the anchor could still get ordered until it expires
        transaction: TransactionDigest,
    },
    /// NOD-03: it expired before it was ordered
    #[error("the transaction expired before it was ordered")]
    Expired,
    /// NOD-13: the channel has ended
    #[error("the channel is closed")]
    Closed,
    /// NOD-31: too many submissions wait
    #[error("too many submissions wait for their verdict in this channel")]
    Busy,
    /// NOD-12: the secret of its audience was not acknowledged in time
    #[error("too few readers of the audience have acknowledged its secret")]
    NotDealt,
    /// OPN-07: no reader of a set has signed that it opens
    #[error("no reader has signed that it has opened the transaction ({})", in_words(.asked))]
    NotOpened {
        /// the readers of the set
        asked: Vec<Asked>,
    },
}

fn in_words(asked: &[Asked]) -> String {
    let each = asked.iter().map(|Asked { member, said }| format!("{member}: {said}"));
    each.collect::<Vec<_>>().join("; ")
}

impl Failure for SubmitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Draft(e) => e.code(),
            Self::Reject(e) => e.code(),
            Self::Channel(e) => e.code(),
            Self::NotEndorsed { .. } => "NOT_ENDORSED",
            Self::NotAnchored { .. } => "OUTCOME_UNKNOWN",
            Self::Stopped { .. } => "OUTCOME_UNKNOWN",
            Self::BrokenOff => "ROOM_STOPPED",
            Self::Halted(_) => "CHANNEL_STOPPED",
            Self::Expired => "TRANSACTION_EXPIRED",
            Self::NotDealt => "AUDIENCE_NOT_READY",
            Self::NotOpened { .. } => "NOT_OPENED",
            Self::Closed => "CHANNEL_CLOSED",
            Self::Busy => "ROOM_BUSY",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Draft(e) => e.rule(),
            Self::Reject(e) => e.rule(),
            Self::Channel(e) => e.rule(),
            Self::NotEndorsed { .. } => "NOD-01",
            Self::NotAnchored { .. } => "NOD-08",
            Self::Stopped { .. } => "NOD-02",
            Self::BrokenOff => "NOD-16",
            Self::Halted(halt) => halt.rule,
            Self::Expired => "NOD-03",
            Self::NotDealt => "NOD-12",
            Self::NotOpened { .. } => "OPN-07",
            Self::Closed => "NOD-13",
            Self::Busy => "NOD-31",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Draft(e) => e.fault(),
            Self::Reject(e) => e.fault(),
            Self::Channel(e) => e.fault(),
            Self::NotEndorsed { .. } | Self::NotAnchored { .. } | Self::NotDealt | Self::NotOpened { .. } => {
                Fault::Peer
            }
            Self::Stopped { .. } => Fault::Operator,
            Self::BrokenOff => Fault::Bug,
            Self::Halted(halt) => halt.fault,
            Self::Expired | Self::Closed | Self::Busy => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Channel(e) => e.definite(),
            Self::Stopped { .. } | Self::NotAnchored { .. } => false,
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Draft(e) => e.fix(),
            Self::Reject(e) => e.fix(),
            Self::Channel(e) => e.fix(),
            Self::NotEndorsed { rule } if rule == "END-14" => {
                "the channel is about to end: write in its successor, parclose channel succeed".into()
            }
            Self::NotEndorsed { .. } => "run `parclose channel verify` on each member of the channel".into(),
            Self::Stopped { transaction: Some(tx) } | Self::NotAnchored { transaction: tx, .. } => {
                format!("ask for it: parclose tx show {tx}")
            }
            Self::Stopped { transaction: None } => "submit it again".into(),
            Self::BrokenOff => BROKEN_OFF_FIX.into(),
            Self::Halted(halt) => halt.fix.clone(),
            Self::Expired => "submit it again".into(),
            Self::Closed => "open its successor: parclose channel succeed".into(),
            Self::Busy => "submit it again once others are answered; nothing was written".into(),
            Self::NotOpened { .. } => {
                "nothing was put forward: submit it again once one of these readers can be asked".into()
            }
            Self::NotDealt => "submit it again once a majority of its readers takes part".into(),
        }
    }
}
