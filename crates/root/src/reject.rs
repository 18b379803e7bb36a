//! Why the root chain does not order a candidate. A variant is a broken rule.

use parclose_types::{
    ChannelCommitment, Digest, Failure, Fault, Generation, Height, PublicKey, Sequence, Tag,
};

use crate::certificate::NotCertified;

/// Why a root transaction was not ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootReject {
    /// ROO-05: an opening with the keys of a later generation.
    #[error("a channel opens with generation 0, not {found}")]
    FirstGeneration {
        /// generation found
        found: Generation,
    },
    /// ROO-06: not one signature per endorser.
    #[error("an opening by {endorsers} endorsers carries {got} signatures")]
    OpenSignatures {
        /// endorsers there are
        endorsers: usize,
        /// signatures found
        got: usize,
    },
    /// ROO-06: an endorser's signature does not verify.
    #[error("the signature of endorser {index} under the opening does not verify")]
    OpenSignature {
        /// index of the endorser
        index: usize,
    },
    /// ROO-07: the tag is taken.
    #[error("the tag `{tag}` is open already")]
    AlreadyOpen {
        /// the tag
        tag: Tag,
    },
    /// ROO-08 to ROO-11: the certificate does not count.
    #[error(transparent)]
    NotCertified(#[from] NotCertified),
    /// ROO-12: enough openings in this block.
    #[error("a block opens at most {limit} channels")]
    BlockOpens {
        /// openings per block
        limit: u32,
    },
    /// ROO-13: no such tag.
    #[error("the tag `{tag}` is not open")]
    UnknownTag {
        /// the tag
        tag: Tag,
    },
    /// ROO-14: an anchor after the close.
    #[error("the tag `{tag}` is closed")]
    Closed {
        /// the tag
        tag: Tag,
    },
    /// ROO-15: an anchor of another generation.
    #[error("the tag is in generation {current}, the anchor names {found}")]
    OtherGeneration {
        /// the tag's generation
        current: Generation,
        /// the anchor's
        found: Generation,
    },
    /// ROO-16: the last height has passed.
    #[error("the anchor may be ordered up to height {last_height}, this would be {height}")]
    Expired {
        /// height of the block
        height: Height,
        /// the anchor's last height
        last_height: Height,
    },
    /// ROO-17: the last height is beyond the window.
    #[error("the anchor's last height {last_height} lies beyond {horizon}")]
    TooFarAhead {
        /// the furthest last height allowed
        horizon: Height,
        /// the anchor's last height
        last_height: Height,
    },
    /// ROO-18: the commitment has its place already.
    #[error("the channel commitment `{commitment}` is ordered already")]
    AlreadyOrdered {
        /// the commitment
        commitment: ChannelCommitment,
    },
    /// ROO-19: the attested event is not in the log yet.
    #[error("the anchor attests event {attested}, the next one is {next}")]
    AttestsAhead {
        /// what the anchor attests
        attested: Sequence,
        /// the sequence that comes next
        next: Sequence,
    },
    /// ROO-21: enough anchors of this tag in this block.
    #[error("a block orders at most {limit} anchors of one tag")]
    BlockAnchors {
        /// anchors per tag and block
        limit: u32,
    },
    /// ROO-22: enough anchors of this tag within their last heights.
    #[error("a tag has at most {limit} anchors within their last heights")]
    Unexpired {
        /// unexpired anchors per tag
        limit: u32,
    },
    /// ROO-24: a second close.
    #[error("the tag `{tag}` is closed already")]
    ClosedTwice {
        /// the tag
        tag: Tag,
    },
    /// ROO-25: a close at another event than the last of the log.
    #[error("the close names event {named}, the last one is {last}")]
    ClosesElsewhere {
        /// what the close names
        named: Sequence,
        /// the last event of the log
        last: Sequence,
    },
    /// ROO-46: a rotation that does not follow the tag's generation.
    #[error("the tag is in generation {current}, the rotation leads from {found} to {next}")]
    NotTheNextGeneration {
        /// the tag's generation
        current: Generation,
        /// the generation that the rotation ends
        found: Generation,
        /// the generation of its next keys
        next: Generation,
    },
    /// ROO-47: another rotation is ordered and not in force yet.
    #[error("the tag `{tag}` is rotating already")]
    Rotating {
        /// the tag
        tag: Tag,
    },
    /// ROO-48: the certificate of the next endorsers does not count.
    #[error("the next endorsers have not certified the rotation: {0}")]
    NextNotCertified(NotCertified),
    /// ROO-51: a change of another set than the one in force, or not the next change.
    #[error(
        "the change replaces the set `{found}` as number {number}, due is number {next} and the set `{current}`"
    )]
    OtherValidators {
        /// number of the next change
        next: Sequence,
        /// the change's number
        number: Sequence,
        /// the set in force
        current: Digest,
        /// the set that the change replaces
        found: Digest,
    },
    /// ROO-52: another change is ordered and not in force yet.
    #[error("a change of the validators is on its way already, and takes force at height {from}")]
    Changing {
        /// first height that its set signs
        from: Height,
    },
    /// ROO-53: a signer twice, or out of order.
    #[error("the signatures of the change are not in strictly ascending order of their signers")]
    UpdateUnsorted,
    /// ROO-54: somebody who votes neither before nor after the change.
    #[error("`{signer}` is neither a validator nor becomes one")]
    UpdateStranger {
        /// its key
        signer: PublicKey,
    },
    /// ROO-55: a signature that does not verify.
    #[error("the signature of `{signer}` under the change does not verify")]
    UpdateSignature {
        /// its key
        signer: PublicKey,
    },
    /// ROO-56: too little power has signed.
    #[error("validators with {signed} of {total} votes have signed the change, not more than two thirds")]
    UpdatePower {
        /// power of the current validators that signed
        signed: u128,
        /// power of all current validators
        total: u128,
    },
    /// ROO-57: a new validator has not signed.
    #[error("the new validator `{validator}` has not signed the change")]
    NotPossessed {
        /// its key
        validator: PublicKey,
    },
    /// ROO-58: more changes at once than is allowed, or nothing.
    #[error(
        "the change adds {added} and removes {removed} of {total} votes: less than a third each, or one validator"
    )]
    ChangesTooMuch {
        /// power that is added
        added: u128,
        /// power that is removed
        removed: u128,
        /// power of all current validators
        total: u128,
    },
    /// ROO-27: enough transactions in this block.
    #[error("a block holds at most {limit} transactions")]
    BlockFull {
        /// transactions per block
        limit: usize,
    },
}

impl RootReject {
    /// The same candidate may be ordered in a later block.
    #[must_use]
    pub fn passes_later(&self) -> bool {
        matches!(
            self,
            Self::BlockOpens { .. }
                | Self::BlockAnchors { .. }
                | Self::BlockFull { .. }
                | Self::Unexpired { .. }
                | Self::TooFarAhead { .. }
                | Self::AttestsAhead { .. }
                | Self::ClosesElsewhere { .. }
                | Self::UnknownTag { .. }
                | Self::Changing { .. }
        )
    }
}

impl RootReject {
    /// Whether the same transaction may be ordered later: it found a block or a tag full.
    #[must_use]
    pub fn is_for_now(&self) -> bool {
        matches!(
            self,
            Self::BlockOpens { .. }
                | Self::BlockAnchors { .. }
                | Self::Unexpired { .. }
                | Self::BlockFull { .. }
                | Self::Changing { .. }
        )
    }
}

impl Failure for RootReject {
    fn code(&self) -> &'static str {
        match self {
            Self::FirstGeneration { .. } | Self::OpenSignatures { .. } | Self::OpenSignature { .. } => {
                "OPENING_INVALID"
            }
            Self::AlreadyOpen { .. } => "CHANNEL_ALREADY_OPEN",
            Self::NotCertified(reason) | Self::NextNotCertified(reason) => reason.code(),
            Self::BlockOpens { .. }
            | Self::BlockAnchors { .. }
            | Self::BlockFull { .. }
            | Self::Unexpired { .. } => "ROOT_BUSY",
            Self::UnknownTag { .. } => "CHANNEL_NOT_OPEN",
            Self::Closed { .. } | Self::ClosedTwice { .. } => "CHANNEL_CLOSED",
            Self::OtherGeneration { .. } | Self::NotTheNextGeneration { .. } | Self::Rotating { .. } => {
                "GENERATION_STALE"
            }
            Self::Expired { .. } => "ANCHOR_EXPIRED",
            Self::TooFarAhead { .. } => "ANCHOR_TOO_FAR_AHEAD",
            Self::AlreadyOrdered { .. } => "ANCHOR_ALREADY_ORDERED",
            Self::AttestsAhead { .. } => "ATTESTED_SEQUENCE_INVALID",
            Self::ClosesElsewhere { .. } => "CLOSE_SEQUENCE_INVALID",
            Self::OtherValidators { .. } | Self::Changing { .. } => "VALIDATORS_CHANGED",
            Self::UpdateUnsorted
            | Self::UpdateStranger { .. }
            | Self::UpdateSignature { .. }
            | Self::UpdatePower { .. }
            | Self::NotPossessed { .. } => "VALIDATOR_CHANGE_NOT_SIGNED",
            Self::ChangesTooMuch { .. } => "VALIDATOR_CHANGE_TOO_LARGE",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::FirstGeneration { .. } => "ROO-05",
            Self::OpenSignatures { .. } | Self::OpenSignature { .. } => "ROO-06",
            Self::AlreadyOpen { .. } => "ROO-07",
            Self::NotCertified(reason) => reason.rule(),
            Self::BlockOpens { .. } => "ROO-12",
            Self::UnknownTag { .. } => "ROO-13",
            Self::Closed { .. } => "ROO-14",
            Self::OtherGeneration { .. } => "ROO-15",
            Self::Expired { .. } => "ROO-16",
            Self::TooFarAhead { .. } => "ROO-17",
            Self::AlreadyOrdered { .. } => "ROO-18",
            Self::AttestsAhead { .. } => "ROO-19",
            Self::BlockAnchors { .. } => "ROO-21",
            Self::Unexpired { .. } => "ROO-22",
            Self::ClosedTwice { .. } => "ROO-24",
            Self::ClosesElsewhere { .. } => "ROO-25",
            Self::BlockFull { .. } => "ROO-27",
            Self::NotTheNextGeneration { .. } => "ROO-46",
            Self::Rotating { .. } => "ROO-47",
            Self::NextNotCertified(_) => "ROO-48",
            Self::OtherValidators { .. } => "ROO-51",
            Self::Changing { .. } => "ROO-52",
            Self::UpdateUnsorted => "ROO-53",
            Self::UpdateStranger { .. } => "ROO-54",
            Self::UpdateSignature { .. } => "ROO-55",
            Self::UpdatePower { .. } => "ROO-56",
            Self::NotPossessed { .. } => "ROO-57",
            Self::ChangesTooMuch { .. } => "ROO-58",
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
            Self::FirstGeneration { .. } => "open the channel with the keys of generation 0",
            Self::OpenSignatures { .. } | Self::OpenSignature { .. } => {
                "collect one signature of every endorser under this opening"
            }
            Self::AlreadyOpen { .. } => "use the channel that is open",
            Self::NotCertified(reason) | Self::NextNotCertified(reason) => return reason.fix(),
            Self::NotTheNextGeneration { .. } | Self::Rotating { .. } => {
                "wait for the next height, and rotate from the generation that is in force then"
            }
            Self::OtherValidators { .. } => {
                "propose the change anew, from the validators that are in force now"
            }
            Self::Changing { .. } => {
                "wait until the change before it is in force, and propose from its validators"
            }
            Self::UpdateUnsorted => "assemble the change anew, with one signature of each signer",
            Self::UpdateStranger { .. } | Self::UpdateSignature { .. } => {
                "leave this signature out, or have it made under exactly this change"
            }
            Self::UpdatePower { .. } => "collect the signatures of more current validators",
            Self::NotPossessed { .. } => "have the new validator sign the change with its own key",
            Self::ChangesTooMuch { .. } => "make several changes of it, one after the other",
            Self::UnknownTag { .. } => "open the channel first",
            Self::Closed { .. } | Self::ClosedTwice { .. } => {
                "open a successor channel from the state at the close"
            }
            Self::OtherGeneration { .. } => {
                "seal the batch under the current generation and endorse it again"
            }
            Self::Expired { .. } => "endorse the batch again with a later last height",
            Self::TooFarAhead { .. } => "endorse the batch with a last height within the window",
            Self::AlreadyOrdered { .. } => "nothing is to be done: the batch has its place in the log",
            Self::AttestsAhead { .. } => "attest an event that is in the log",
            Self::ClosesElsewhere { .. } => "execute the log to its end and sign the close again",
            Self::BlockOpens { .. }
            | Self::BlockAnchors { .. }
            | Self::BlockFull { .. }
            | Self::Unexpired { .. } => "submit it again for a later block",
        }
        .into()
    }
}
