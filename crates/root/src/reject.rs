//! Why the root chain does not order a candidate. A variant is a broken rule.

use parclose_types::{ChannelCommitment, DealId, Digest, Generation, Height, PublicKey, Sequence, Tag};

use crate::certificate::NotCertified;
use crate::deal::{DealInvalid, DealOutcome};

mod told;

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
    /// ROO-14: something that binds the tag, after its close.
    #[error("the tag `{tag}` is closed")]
    Closed {
        /// the tag
        tag: Tag,
    },
    /// ROO-15: certified in another generation.
    #[error("the tag is in generation {current}, the transaction names {found}")]
    OtherGeneration {
        /// the tag's generation
        current: Generation,
        /// the transaction's
        found: Generation,
    },
    /// ROO-16: the last height has passed.
    #[error("the transaction may be ordered up to height {last_height}, this would be {height}")]
    Expired {
        /// height of the block
        height: Height,
        /// the transaction's last height
        last_height: Height,
    },
    /// ROO-17: the last height is beyond the window.
    #[error("the last height {last_height} lies beyond {horizon}")]
    TooFarAhead {
        /// the furthest last height allowed
        horizon: Height,
        /// the transaction's last height
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
    /// ROO-65, ROO-66: not a deal, whenever it is opened.
    #[error(transparent)]
    NoDeal(#[from] DealInvalid),
    /// ROO-67: the deal's locks could not be executed any more.
    #[error("the deal allocates before height {allocate_before}, this would be {height}")]
    OpensTooLate {
        /// height of the block
        height: Height,
        /// the deal's `allocate_before`
        allocate_before: Height,
    },
    /// ROO-67: the deal lies too far in the future.
    #[error("the deal's `allocate_before` {allocate_before} lies beyond {horizon}")]
    OpensTooEarly {
        /// the furthest `allocate_before` allowed
        horizon: Height,
        /// the deal's
        allocate_before: Height,
    },
    /// ROO-68: the deal was opened before.
    #[error("the deal `{deal}` is opened already")]
    DealOpenedTwice {
        /// the deal
        deal: DealId,
    },
    /// ROO-69: enough deals in this block.
    #[error("a block opens at most {limit} deals")]
    BlockDeals {
        /// deals per block
        limit: u32,
    },
    /// ROO-70: enough deals of this `settle_before`.
    #[error("at most {limit} deals are settled before height {height}")]
    HeightDeals {
        /// the `settle_before`
        height: Height,
        /// deals per height
        limit: u32,
    },
    /// ROO-71: enough deals in the state.
    #[error("the state holds at most {limit} deals")]
    DealsFull {
        /// deals at most
        limit: u32,
    },
    /// ROO-72: no such deal.
    #[error("the deal `{deal}` is not open")]
    UnknownDeal {
        /// the deal
        deal: DealId,
    },
    /// ROO-73: the deal has its decision.
    #[error("the deal is decided already: {outcome}")]
    DealDecided {
        /// how it ended
        outcome: DealOutcome,
    },
    /// ROO-74: the deal's time is over.
    #[error("the deal settles before height {settle_before}, this would be {height}")]
    DealTooLate {
        /// height of the block
        height: Height,
        /// the deal's `settle_before`
        settle_before: Height,
    },
    /// ROO-75: no such leg, or another tag's.
    #[error("leg {leg} of the deal is not one of the tag `{tag}`")]
    LegMismatch {
        /// index of the leg
        leg: u8,
        /// the tag
        tag: Tag,
    },
    /// ROO-76: the leg is ready.
    #[error("leg {leg} of the deal is prepared already")]
    LegPrepared {
        /// index of the leg
        leg: u8,
    },
    /// ROO-77: the lock is not in the log yet.
    #[error("the prepare names event {lock} as its lock, the next one is {next}")]
    LockAhead {
        /// what the prepare names
        lock: Sequence,
        /// the sequence that comes next
        next: Sequence,
    },
    /// ROO-78: the approver's signature is missing, wrong, or not asked for.
    #[error("leg {leg} of the deal is not approved as it asks for")]
    NotApproved {
        /// index of the leg
        leg: u8,
    },
    /// ROO-79: enough prepares of this tag in this block.
    #[error("a block orders at most {limit} prepares and refusals of one tag")]
    BlockPrepares {
        /// prepares and refusals per tag and block
        limit: u32,
    },
    /// ROO-82: a decision, which follows from other transactions.
    #[error("a decision is not submitted: it follows from what is ordered, or from the height")]
    NotSubmitted,
    /// ROO-84: somebody holds the claim.
    #[error("the claim is held already")]
    ClaimTaken,
    /// ROO-85: the tag does not hold the claim.
    #[error("the tag `{tag}` does not hold the claim")]
    ClaimNotHeld {
        /// the tag
        tag: Tag,
    },
    /// ROO-86: enough claims of this tag in this block.
    #[error("a block orders at most {limit} claims and releases of one tag")]
    BlockClaims {
        /// claims and releases per tag and block
        limit: u32,
    },
    /// ROO-87: the tag holds enough.
    #[error("a tag holds at most {limit} claims")]
    TagClaims {
        /// claims per tag
        limit: u32,
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
                | Self::BlockDeals { .. }
                | Self::DealsFull { .. }
                | Self::OpensTooEarly { .. }
                | Self::UnknownDeal { .. }
                | Self::LockAhead { .. }
                | Self::BlockPrepares { .. }
                | Self::BlockClaims { .. }
                | Self::TagClaims { .. }
                | Self::ClaimTaken
                | Self::ClaimNotHeld { .. }
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
                | Self::BlockDeals { .. }
                | Self::BlockPrepares { .. }
                | Self::BlockClaims { .. }
        )
    }
}
