//! Why evidence proves nothing: one variant for each step.

use parclose_root::{ChangeInvalid, ProofInvalid};
use parclose_types::{Failure, Fault, Malformed, Sequence};

/// Why evidence proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceInvalid {
    /// The bytes are not the canonical encoding of evidence.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// ROO-35 to ROO-43: the root chain's part does not hold.
    #[error(transparent)]
    Order(ProofInvalid),
    /// ROO-51 to ROO-61: the changes of the validators do not lead to the anchor.
    #[error(transparent)]
    Changes(#[from] ChangeInvalid),
    /// MIS-07: not the JSON form of evidence.
    #[error("not an evidence file: {reason}")]
    File {
        /// what the parser says
        reason: String,
    },
    /// MIS-08: a form that this program does not know.
    #[error("evidence of version {found} is not known to this program")]
    Version {
        /// version found
        found: u8,
    },
    /// MIS-02: nobody is named, or not by certificates of this channel and generation.
    #[error("the accused are not named by certificates of this channel and generation")]
    Accused,
    /// MIS-03: a header that does not bind the accused.
    #[error("the accused has not signed this header for this network, channel and generation")]
    NotSigned,
    /// MIS-04: headers that can both be true.
    #[error("both headers can be true: they do not say different states after event {event}")]
    NoContradiction {
        /// the event
        event: Sequence,
    },
    /// MIS-05: the header says what t endorsers have signed.
    #[error("the header says what the endorsers have signed of the state after event {event}")]
    NotFalse {
        /// the event
        event: Sequence,
    },
    /// MIS-09: an export of another channel, or of other members.
    #[error("the export is of another channel than the evidence, or has the accused for no member")]
    OtherChannel,
    /// MIS-06: the accused are not those who have signed the anchor.
    #[error("the accused are not those who have signed the anchor of event {sequence}")]
    Endorsers {
        /// the event
        sequence: Sequence,
    },
    /// MIS-10: an event that is no anchor of this generation.
    #[error("event {sequence} is not an anchor of the evidence's generation")]
    NotAnAnchor {
        /// the event
        sequence: Sequence,
    },
    /// MIS-11: header and blinder are not those of the anchor.
    #[error("header and blinder do not open the commitment of event {sequence}")]
    Unopened {
        /// the event
        sequence: Sequence,
    },
    /// MIS-14: a transaction that does not bind the accused.
    #[error("the accused has not signed this transaction for this network, channel and generation")]
    NotAuthor,
    /// MIS-15: a key or a sealed form that is not the field's.
    #[error("key and sealed form are not those of the field: whoever says so could have made them up")]
    NotTheField,
    /// MIS-17: nothing is wrong with it.
    #[error("the field opens, and is not shown to be of another type than its own")]
    Opens,
    /// MIS-12: a readable member says something else than the bytes prove.
    #[error("`{member}` of the file is not what its bytes prove")]
    Readable {
        /// which member
        member: String,
    },
}

impl Failure for EvidenceInvalid {
    fn code(&self) -> &'static str {
        "EVIDENCE_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::Order(reason) => reason.rule(),
            Self::Changes(reason) => reason.rule(),
            Self::File { .. } => "MIS-07",
            Self::Version { .. } => "MIS-08",
            Self::Accused => "MIS-02",
            Self::NotSigned => "MIS-03",
            Self::NoContradiction { .. } => "MIS-04",
            Self::NotFalse { .. } => "MIS-05",
            Self::OtherChannel => "MIS-09",
            Self::Endorsers { .. } => "MIS-06",
            Self::NotAnAnchor { .. } => "MIS-10",
            Self::Unopened { .. } => "MIS-11",
            Self::NotAuthor => "MIS-14",
            Self::NotTheField => "MIS-15",
            Self::Opens => "MIS-17",
            Self::Readable { .. } => "MIS-12",
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
            Self::OtherChannel => "compare with an export of the channel that the evidence is of",
            _ => "do not rely on this file; ask whoever accuses for a new one",
        }
        .into()
    }
}
