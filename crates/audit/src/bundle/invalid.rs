//! Why a bundle proves nothing: one variant for each rule, in the order in which they are checked.

use parclose_channel::SetupInvalid;
use parclose_root::{ChangeInvalid, ProofInvalid};
use parclose_types::{Failure, Fault, Malformed, NetworkId, Sequence};

/// Why a bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleInvalid {
    /// A part is not the canonical encoding of what it should be.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// ROO-35 to ROO-45: the proof of the tag's state does not hold.
    #[error(transparent)]
    Order(ProofInvalid),
    /// ROO-60, ROO-61 and what they rest on: the changes of the validators do not lead to its block.
    #[error(transparent)]
    Changes(#[from] ChangeInvalid),
    /// SET-01 to SET-04: the founding does not hold, or is not the one of the tag.
    #[error(transparent)]
    Setup(#[from] SetupInvalid),
    /// BUN-02: not a bundle file.
    #[error("not a bundle file: {reason}")]
    File {
        /// what is wrong
        reason: &'static str,
    },
    /// BUN-02: the file cannot be read.
    #[error("the bundle cannot be read: {kind}")]
    Read {
        /// what the system says
        kind: std::io::ErrorKind,
    },
    /// BUN-03: a bundle of another network.
    #[error("the bundle is of network `{found}`, the genesis of `{expected}`")]
    Foreign {
        /// network of the genesis
        expected: NetworkId,
        /// network of the bundle
        found: NetworkId,
    },
    /// BUN-04: a configuration does not fit its definition, or the proof is of another tag.
    #[error("configuration, definition and tag of the bundle do not fit together")]
    Configuration,
    /// BUN-14: a member set of no generation.
    #[error("an audience of the bundle is no set of members of its generation")]
    Audience,
    /// BUN-13: a rotation that does not open to a generation of the bundle.
    #[error("the rotation of event {sequence} does not open to the generation that the bundle holds for it")]
    Generation {
        /// the event
        sequence: Sequence,
    },
    /// BUN-05: events are missing, added or changed.
    #[error("the {found} events of the bundle are not the {proven} that the root chain has of this channel")]
    Incomplete {
        /// events by the root chain
        proven: u64,
        /// events in the bundle
        found: u64,
    },
    /// BUN-06: a batch that was not ordered there.
    #[error("the batch of event {sequence} does not open the commitment of an anchor there")]
    Unopened {
        /// the event
        sequence: Sequence,
    },
    /// BUN-07: a batch of the exported epochs is missing, or another is there.
    #[error("the batches are not those of the exported epochs: event {sequence}")]
    OtherBatches {
        /// the first event where they differ
        sequence: Sequence,
    },
    /// BUN-08: parts that are not those of the header, although they count.
    #[error("the parts of the batch of event {sequence} are not those that were ordered")]
    Parts {
        /// the event
        sequence: Sequence,
    },
    /// BUN-09: verdicts of an older state, or none.
    #[error("the verdicts are not those of the newest state that the channel attests")]
    Stale {
        /// event after which the newest attested state stands
        newest: Option<Sequence>,
        /// event of the verdicts
        found: Option<Sequence>,
    },
    /// BUN-10: the verdict log's head is not in the attested state.
    #[error("the head of the verdict log is not in the state after event {attested}")]
    NotInState {
        /// event whose state is attested
        attested: Sequence,
    },
    /// BUN-11: verdicts are missing, added or changed.
    #[error("the {found} verdicts of the bundle are not the {proven} of the attested state")]
    Verdicts {
        /// verdicts by the attested state
        proven: u64,
        /// verdicts in the bundle
        found: u64,
    },
    /// ERA-10, ERA-11: something is lacking that the log does not erase, or an act about an erasure is not of the log.
    #[error(
        "something of the batch of event {sequence} is lacking or said to be erased, and the log does not prove it"
    )]
    NotErased {
        /// the event
        sequence: Sequence,
    },
    /// BUN-12: a verdict of nothing.
    #[error("the verdict for index {index} of event {sequence} is of another transaction")]
    OtherVerdict {
        /// the event
        sequence: Sequence,
        /// index in the batch
        index: u32,
    },
}

impl From<ProofInvalid> for BundleInvalid {
    fn from(reason: ProofInvalid) -> Self {
        match reason {
            ProofInvalid::OtherNetwork { expected, found } => Self::Foreign { expected, found },
            reason => Self::Order(reason),
        }
    }
}

impl Failure for BundleInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "BUNDLE_OF_ANOTHER_NETWORK",
            Self::Read { .. } => "BUNDLE_NOT_READ",
            _ => "BUNDLE_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::Order(reason) => reason.rule(),
            Self::Changes(reason) => reason.rule(),
            Self::Setup(reason) => reason.rule(),
            Self::File { .. } | Self::Read { .. } => "BUN-02",
            Self::Foreign { .. } => "BUN-03",
            Self::Configuration => "BUN-04",
            Self::Incomplete { .. } => "BUN-05",
            Self::Unopened { .. } => "BUN-06",
            Self::OtherBatches { .. } => "BUN-07",
            Self::Parts { .. } => "BUN-08",
            Self::Stale { .. } => "BUN-09",
            Self::NotInState { .. } => "BUN-10",
            Self::Verdicts { .. } => "BUN-11",
            Self::OtherVerdict { .. } => "BUN-12",
            Self::NotErased { .. } => "ERA-10",
            Self::Generation { .. } => "BUN-13",
            Self::Audience => "BUN-14",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Read { .. } => Fault::Operator,
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Order(reason) => return reason.fix(),
            Self::Changes(reason) => return reason.fix(),
            Self::Foreign { .. } => "verify with the genesis file of the network that this bundle is from",
            Self::Read { .. } => "check the file and its medium, then read it again",
            Self::Incomplete { .. }
            | Self::OtherBatches { .. }
            | Self::Stale { .. }
            | Self::NotErased { .. } => {
                "ask another member of the channel for an export: this one leaves something out"
            }
            _ => "do not rely on this bundle; ask another member of the channel for an export",
        }
        .into()
    }
}
