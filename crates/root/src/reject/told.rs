//! What a refusal says of itself: its code, its rule, and what is to be done.

use parclose_types::{Failure, Fault};

use super::RootReject;

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
            | Self::BlockDeals { .. }
            | Self::HeightDeals { .. }
            | Self::DealsFull { .. }
            | Self::BlockPrepares { .. }
            | Self::BlockClaims { .. }
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
            Self::NoDeal(reason) => reason.code(),
            Self::OpensTooLate { .. } | Self::DealTooLate { .. } => "DEAL_TOO_LATE",
            Self::OpensTooEarly { .. } => "DEAL_TOO_FAR_AHEAD",
            Self::DealOpenedTwice { .. } => "DEAL_ALREADY_OPEN",
            Self::UnknownDeal { .. } => "DEAL_UNKNOWN",
            Self::DealDecided { .. } => "DEAL_ALREADY_DECIDED",
            Self::LegMismatch { .. } => "LEG_MISMATCH",
            Self::LegPrepared { .. } => "LEG_ALREADY_PREPARED",
            Self::LockAhead { .. } => "LOCK_NOT_IN_LOG",
            Self::NotApproved { .. } => "NOT_APPROVED",
            Self::NotSubmitted => "DECISION_SUBMITTED",
            Self::ClaimTaken => "CLAIM_TAKEN",
            Self::ClaimNotHeld { .. } => "CLAIM_NOT_HELD",
            Self::TagClaims { .. } => "CLAIMS_EXHAUSTED",
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
            Self::NoDeal(reason) => reason.rule(),
            Self::OpensTooLate { .. } | Self::OpensTooEarly { .. } => "ROO-67",
            Self::DealOpenedTwice { .. } => "ROO-68",
            Self::BlockDeals { .. } => "ROO-69",
            Self::HeightDeals { .. } => "ROO-70",
            Self::DealsFull { .. } => "ROO-71",
            Self::UnknownDeal { .. } => "ROO-72",
            Self::DealDecided { .. } => "ROO-73",
            Self::DealTooLate { .. } => "ROO-74",
            Self::LegMismatch { .. } => "ROO-75",
            Self::LegPrepared { .. } => "ROO-76",
            Self::LockAhead { .. } => "ROO-77",
            Self::NotApproved { .. } => "ROO-78",
            Self::BlockPrepares { .. } => "ROO-79",
            Self::NotSubmitted => "ROO-82",
            Self::ClaimTaken => "ROO-84",
            Self::ClaimNotHeld { .. } => "ROO-85",
            Self::BlockClaims { .. } => "ROO-86",
            Self::TagClaims { .. } => "ROO-87",
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
                "have it endorsed again in the current generation, a batch after it is sealed for it"
            }
            Self::Expired { .. } => "have it endorsed again with a later last height",
            Self::TooFarAhead { .. } => "have it endorsed with a last height within the window",
            Self::AlreadyOrdered { .. } => "nothing is to be done: the batch has its place in the log",
            Self::AttestsAhead { .. } => "attest an event that is in the log",
            Self::ClosesElsewhere { .. } => "execute the log to its end and sign the close again",
            Self::NoDeal(reason) => return reason.fix(),
            Self::OpensTooLate { .. } => "agree on the deal anew, with later heights",
            Self::OpensTooEarly { .. } => "open the deal later, or agree on earlier heights",
            Self::DealOpenedTwice { .. } => "use the deal that is open; a new one needs another nonce",
            Self::HeightDeals { .. } => "agree on the deal anew, with another `settle_before`",
            Self::UnknownDeal { .. } => "open the deal first; one that was decided long ago is forgotten",
            Self::DealDecided { .. } => "nothing is to be done: the decision stands in the log of each tag concerned",
            Self::DealTooLate { .. } => "nothing is to be done for this deal: agree on a new one",
            Self::LegMismatch { .. } => "name the index of a leg of the deal that is this channel's",
            Self::LegPrepared { .. } => "nothing is to be done: the leg is prepared, and the deal's decision follows",
            Self::LockAhead { .. } => "name the event of the log that executed the lock",
            Self::NotApproved { .. } => {
                "have the approver whom the leg names sign the prepare, or leave the approval out if it names none"
            }
            Self::NotSubmitted => "submit the prepare or the refusal from which the decision follows",
            Self::ClaimTaken => "do not finance this: another channel has claimed it, or this one has before",
            Self::ClaimNotHeld { .. } => "release what this channel has claimed itself",
            Self::TagClaims { .. } => "release claims that are not needed any more",
            Self::BlockOpens { .. }
            | Self::BlockAnchors { .. }
            | Self::BlockFull { .. }
            | Self::BlockDeals { .. }
            | Self::DealsFull { .. }
            | Self::BlockPrepares { .. }
            | Self::BlockClaims { .. }
            | Self::Unexpired { .. } => "submit it again for a later block",
        }
        .into()
    }
}
