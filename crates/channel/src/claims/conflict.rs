//! Why a keyed tag is not taken, or not signed for.

use parclose_types::{Failure, Fault, Height, RecordId};

/// A transaction does not fit the keyed tags of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TagConflict {
    /// TAG-02: a step that claims a tag has none, or one that claims none has one
    #[error("an operation has a keyed tag exactly if its step has the record claimed")]
    Unexpected,
    /// TAG-03: another record of the channel has the tag
    #[error("record `{record}` of this channel stands for the same thing already")]
    Taken {
        /// which
        record: RecordId,
    },
    /// TAG-03: it was released, and a release that was signed then may still be ordered
    #[error("the keyed tag was given back not long ago: here it can be claimed again from height {from} on")]
    TooEarly {
        /// that height
        from: Height,
    },
    /// TAG-03: two records of one transaction have the tag
    #[error("two records of the transaction stand for the same thing")]
    Twice,
    /// TAG-04: the root chain does not hold the tag for this channel
    #[error(
        "the root chain does not hold the claim's keyed tag for this channel: until it does, its notes go to its issuer only"
    )]
    NotHeld,
    /// TAG-09: a second tag key
    #[error("the channel's tag key has its own record, and this is another")]
    OtherKey,
    /// TAG-08: the channel has no tag key, or this member cannot read it
    #[error("the channel's tag key is not here: nobody has said it yet, or not to this member")]
    NoKey,
    /// TAG-08: what the tag is made of does not open here, or says nothing
    #[error("what the keyed tag is made of does not open here, or has neither letter nor digit")]
    NotMade,
}

impl Failure for TagConflict {
    fn code(&self) -> &'static str {
        match self {
            Self::Unexpected => "OFF_SCHEMA",
            Self::Taken { .. } | Self::TooEarly { .. } | Self::Twice => "ALREADY_CLAIMED",
            Self::NotHeld => "NOT_CLAIMED",
            Self::NoKey | Self::OtherKey => "NO_TAG_KEY",
            Self::NotMade => "TAG_NOT_MADE",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Unexpected => "TAG-02",
            Self::Taken { .. } | Self::TooEarly { .. } | Self::Twice => "TAG-03",
            Self::NotHeld => "TAG-04",
            Self::NoKey | Self::NotMade => "TAG-08",
            Self::OtherKey => "TAG-09",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Unexpected => "draft the step with `parclose receivable`, which makes the tag",
            Self::TooEarly { .. } => "take the step again from that height on",
            Self::Taken { .. } | Self::Twice => "compare the two records: parclose receivable show",
            Self::NotHeld => {
                "wait until it is claimed; if another channel holds it, find out with the parties why: parclose receivable show"
            }
            Self::NoKey | Self::OtherKey => "have the channel's tag key said: parclose tag-key share",
            Self::NotMade => "let a party of the record do it who can read it",
        }
        .into()
    }
}

/// Why an endorser does not sign that a tag is to be claimed or released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimUnsigned {
    /// TAG-07: for another network, channel or generation
    #[error("the statement is for another network, channel or generation")]
    Scope,
    /// TAG-07: the tag is not in that stage here
    #[error("the keyed tag is not to be claimed, or released, in this member's state")]
    Stage,
    /// TAG-07: the last height lies too far ahead, or has passed
    #[error("the last height {last_height} is not within the window")]
    Window {
        /// last height of the statement
        last_height: Height,
    },
}

impl Failure for ClaimUnsigned {
    fn code(&self) -> &'static str {
        "CLAIM_NOT_SIGNED"
    }

    fn rule(&self) -> &'static str {
        "TAG-07"
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "ask again once the member has executed the step".into()
    }
}
