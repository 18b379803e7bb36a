//! Why a receipt proves nothing: one variant for each step, in the order of the steps.

use parclose_root::{ChangeInvalid, ProofInvalid};
use parclose_types::{Failure, Fault, Malformed, NetworkId, Sequence};

/// Which of a receipt's two batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchRole {
    /// the one that holds the transaction
    Ordering,
    /// the one that attests the state with the verdict
    Attesting,
}

impl std::fmt::Display for BatchRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ordering => "ordering",
            Self::Attesting => "attesting",
        })
    }
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptInvalid {
    /// The bytes are not the canonical encoding of a receipt, or of the transaction in it.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// ROO-35 to ROO-43: the root chain's part does not hold.
    #[error(transparent)]
    Order(ProofInvalid),
    /// ROO-60, ROO-61 and what they rest on: the changes of the validators do not lead to its blocks.
    #[error(transparent)]
    Changes(ChangeInvalid),
    /// REC-01: not the JSON form of a receipt.
    #[error("not a receipt file: {reason}")]
    File {
        /// what the parser says
        reason: String,
    },
    /// REC-02: a receipt of another network.
    #[error("the receipt is of network `{found}`, the genesis of `{expected}`")]
    Foreign {
        /// network of the genesis
        expected: NetworkId,
        /// network of the receipt
        found: NetworkId,
    },
    /// REC-03: a form that this program does not know.
    #[error("receipts of version {found} are not known to this program")]
    Version {
        /// version found
        found: u8,
    },
    /// REC-04: an event that orders no batch.
    #[error("the event of the {batch} batch is not an anchor")]
    NotAnAnchor {
        /// which batch
        batch: BatchRole,
    },
    /// REC-05: header and blinder are not those of the anchor.
    #[error("header and blinder of the {batch} batch do not open the commitment of its anchor")]
    Unopened {
        /// which batch
        batch: BatchRole,
    },
    /// REC-06: the batch names another event, generation or attested event than its anchor.
    #[error("the {batch} batch names another sequence, generation or attested event than its anchor")]
    OtherEvent {
        /// which batch
        batch: BatchRole,
    },
    /// REC-07: the sponsor has not signed.
    #[error("the sponsor's signature over the {batch} batch does not verify")]
    Sponsor {
        /// which batch
        batch: BatchRole,
    },
    /// REC-08: the transaction is not in the batch.
    #[error("the transaction is not at its place in the batch")]
    NotInBatch,
    /// REC-09: the attesting batch is of another channel.
    #[error("the attesting batch is of another channel")]
    OtherChannel,
    /// REC-10: the attested state lies before the transaction.
    #[error("the state after event {attested} says nothing of a transaction of event {sequence}")]
    TooEarly {
        /// event whose state is attested
        attested: Sequence,
        /// event that holds the transaction
        sequence: Sequence,
    },
    /// REC-11: the verdict log's head is not in the attested state.
    #[error("the head of the verdict log is not in the attested state")]
    NotInState,
    /// REC-12: the head is that of another event.
    #[error("the state attested for event {attested} is that after event {found}")]
    OtherState {
        /// event that the batch attests
        attested: Sequence,
        /// event that the state names
        found: Sequence,
    },
    /// REC-13: the verdict is not in the log.
    #[error("the verdict is not at its place in the verdict log")]
    NotInLog,
    /// REC-14: the verdict of something else.
    #[error("the verdict is that of another transaction, or of another place")]
    OtherVerdict,
    /// REC-15: a readable member says what the bytes do not prove.
    #[error("the member `{member}` of the file is not what its bytes prove")]
    Readable {
        /// name of the member
        member: String,
    },
}

impl From<ChangeInvalid> for ReceiptInvalid {
    fn from(reason: ChangeInvalid) -> Self {
        match reason {
            ChangeInvalid::NotProven { reason: ProofInvalid::OtherNetwork { expected, found }, .. } => {
                Self::Foreign { expected, found }
            }
            reason => Self::Changes(reason),
        }
    }
}

impl Failure for ReceiptInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "RECEIPT_OF_ANOTHER_NETWORK",
            _ => "RECEIPT_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::Order(reason) => reason.rule(),
            Self::Changes(reason) => reason.rule(),
            Self::File { .. } => "REC-01",
            Self::Foreign { .. } => "REC-02",
            Self::Version { .. } => "REC-03",
            Self::NotAnAnchor { .. } => "REC-04",
            Self::Unopened { .. } => "REC-05",
            Self::OtherEvent { .. } => "REC-06",
            Self::Sponsor { .. } => "REC-07",
            Self::NotInBatch => "REC-08",
            Self::OtherChannel => "REC-09",
            Self::TooEarly { .. } => "REC-10",
            Self::NotInState => "REC-11",
            Self::OtherState { .. } => "REC-12",
            Self::NotInLog => "REC-13",
            Self::OtherVerdict => "REC-14",
            Self::Readable { .. } => "REC-15",
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
            Self::Order(reason) => return reason.fix(),
            Self::Changes(reason) => return reason.fix(),
            Self::Foreign { .. } => "verify with the genesis file of the network that this receipt is from",
            Self::Version { .. } => "verify with a newer version of this program",
            Self::Readable { .. } => "do not rely on this file: somebody has changed what it says",
            _ => "do not rely on this receipt; ask a member of the channel for a new one",
        }
        .into()
    }
}
