//! Why a note is not held for a deal.

use parclose_types::{DealId, Failure, Fault, Height, MemberId};

/// Why a note is not held for a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockRefused {
    /// LOC-01: executed too late
    #[error("the lock is executed at height {height}, and has to be below {allocate_before}")]
    Late {
        /// height of the event
        height: Height,
        /// where locking ends
        allocate_before: Height,
    },
    /// LOC-01: heights in the wrong order, or far ahead
    #[error(
        "a deal cannot be locked for until {allocate_before} and settled until {settle_before}: wrong order, or too far ahead"
    )]
    Heights {
        /// where locking ends
        allocate_before: Height,
        /// where settling ends
        settle_before: Height,
    },
    /// LOC-02: the leg has its lock
    #[error("leg {leg} of deal `{deal}` has an open lock here already")]
    Open {
        /// the deal
        deal: DealId,
        /// which leg
        leg: u8,
    },
    /// LOC-11: somebody whom the lock names leaves the channel
    #[error("member `{member}` leaves the channel: nothing is held by it or for it any more")]
    Leaving {
        /// who
        member: MemberId,
    },
}

impl Failure for LockRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::Late { .. } => "NOT_ALLOCATED_IN_TIME",
            Self::Heights { .. } => "DEAL_HEIGHTS_INVALID",
            Self::Open { .. } => "LEG_ALREADY_LOCKED",
            Self::Leaving { .. } => "PARTY_LEAVES",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Late { .. } | Self::Heights { .. } => "LOC-01",
            Self::Open { .. } => "LOC-02",
            Self::Leaving { .. } => "LOC-11",
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
            Self::Late { .. } => "propose the deal again, with more time to lock",
            Self::Heights { .. } => "propose the deal with heights in order, within 8192 of now",
            Self::Open { .. } => "nothing is to be done: the leg is locked; see `parclose dvp status`",
            Self::Leaving { .. } => {
                "let the deal lapse, or wait until the removal has lapsed: parclose channel motions"
            }
        }
        .into()
    }
}
