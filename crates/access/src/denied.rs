//! Why a request was denied: one variant for each rule that can deny.
//!
//! A denial names the statement and the condition, with file and line, so that whoever is denied
//! can see what to change. It quotes the policy and the words of the request, which are public
//! within a channel; it has nothing else to quote.

use parclose_types::{Failure, Fault, MemberId};

use crate::source::Place;

/// The broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// ACC-02: a statement could not be evaluated.
    #[error("denied: the policy fails at {at}: {reason}")]
    Unevaluable {
        /// the first statement that fails: `forbid "no-self-dealing" (policy.cedar:30)`
        at: String,
        /// what Cedar says; for people, not for programs
        reason: String,
    },
    /// ACC-03: a `forbid` applies.
    #[error("denied: forbid \"{id}\" ({place}) applies")]
    Forbidden {
        /// the `@id` of the first `forbid` that applies
        id: String,
        /// where it stands
        place: Place,
    },
    /// ACC-04: no `permit` applies; this one came nearest.
    #[error("denied: condition `{condition}` of permit \"{id}\" ({place}) does not hold")]
    NotPermitted {
        /// its first condition that does not hold, as it stands in the policy
        condition: String,
        /// the `@id` of the permit
        id: String,
        /// where the condition stands
        place: Place,
    },
    /// ACC-04: the policy has no `permit`.
    #[error("denied: {file} permits nothing")]
    NothingPermitted {
        /// the policy's file
        file: String,
    },
    /// ACC-05: the schema does not define the action for the record type.
    #[error("denied: action `{action}` is not defined for record type `{record_type}`")]
    UnknownAction {
        /// as asked
        action: String,
        /// as asked
        record_type: String,
    },
    /// ACC-06: the schema does not define the record type.
    #[error("denied: record type `{record_type}` is not defined")]
    UnknownRecordType {
        /// as asked
        record_type: String,
    },
    /// ACC-07: the record type has no such party slot.
    #[error("denied: record type `{record_type}` has no party `{slot}`")]
    UnknownSlot {
        /// as asked
        record_type: String,
        /// as asked
        slot: String,
    },
    /// ACC-08: a party that the record type requires is missing.
    #[error("denied: record type `{record_type}` needs a party `{slot}`")]
    MissingSlot {
        /// as asked
        record_type: String,
        /// the slot to fill
        slot: String,
    },
    /// ACC-09: the request gives one member two sets of roles.
    #[error("denied: member `{member}` stands in the request with two sets of roles")]
    RolesDisagree {
        /// whose
        member: MemberId,
    },
}

impl Failure for Denied {
    fn code(&self) -> &'static str {
        "ACTION_DENIED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Unevaluable { .. } => "ACC-02",
            Self::Forbidden { .. } => "ACC-03",
            Self::NotPermitted { .. } | Self::NothingPermitted { .. } => "ACC-04",
            Self::UnknownAction { .. } => "ACC-05",
            Self::UnknownRecordType { .. } => "ACC-06",
            Self::UnknownSlot { .. } => "ACC-07",
            Self::MissingSlot { .. } => "ACC-08",
            Self::RolesDisagree { .. } => "ACC-09",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Unevaluable { .. } => Fault::Operator,
            Self::RolesDisagree { .. } => Fault::Bug,
            Self::Forbidden { .. }
            | Self::NotPermitted { .. }
            | Self::NothingPermitted { .. }
            | Self::UnknownAction { .. }
            | Self::UnknownRecordType { .. }
            | Self::UnknownSlot { .. }
            | Self::MissingSlot { .. } => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Unevaluable { .. } => "correct the statement and propose the policy anew",
            Self::Forbidden { .. } => "no role helps against a forbid; ask why: parclose policy explain",
            Self::NotPermitted { .. } | Self::NothingPermitted { .. } => {
                "ask a member for whom the condition holds; ask why: parclose policy explain"
            }
            Self::UnknownAction { .. }
            | Self::UnknownRecordType { .. }
            | Self::UnknownSlot { .. }
            | Self::MissingSlot { .. } => "use the words of the channel's policy schema",
            Self::RolesDisagree { .. } => "report this: roles come from one member list",
        }
        .into()
    }
}
