//! Why a disclosure proves nothing: one variant for each step, in the order of the steps.

use parclose_amounts::NotShown;
use parclose_types::{Failure, Fault, Height, Malformed};

use crate::receipt::ReceiptInvalid;

/// Why a disclosure proves nothing. It never says a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureInvalid {
    /// The bytes are not the canonical encoding of a disclosure, or of the transaction in it.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// REC-02 to REC-14: the transaction's receipt does not hold.
    #[error(transparent)]
    Receipt(#[from] ReceiptInvalid),
    /// DIS-01: not the JSON form of a disclosure.
    #[error("not a disclosure file: {reason}")]
    File {
        /// what the parser says
        reason: String,
    },
    /// DIS-02: a form that this program does not know.
    #[error("disclosures of version {found} are not known to this program")]
    Version {
        /// version found
        found: u8,
    },
    /// DIS-03: nothing is proven to have come of the transaction.
    #[error("the transaction is not proven to have been applied")]
    NotApplied,
    /// DIS-13: endorsers have applied what its author has not signed.
    #[error("the author that the transaction names has not signed it")]
    NotSigned,
    /// DIS-11: the names and types are those of another definition.
    #[error("the disclosure goes by another definition than the one that is given")]
    OtherDefinition,
    /// DIS-04: a definition of another version, or none.
    #[error("the definition is none, or not of the version that the transaction names")]
    Definition,
    /// DIS-05: no such field.
    #[error("the transaction has no such operation or field of a known type")]
    NoField,
    /// DIS-06: the key is not the field's.
    #[error("the key does not give the key commitment of this field at its place")]
    OtherKey,
    /// DIS-07: the sealed form is not the field's.
    #[error("key commitment and ciphertext are not those that the transaction commits to")]
    OtherLeaf,
    /// DIS-08: it does not open.
    #[error("the field does not open to a value of its type: {}", whose(*.known))]
    NotOpened {
        /// whether the definition was the reader's own
        known: bool,
    },
    /// DIS-09: another amount than the committed one.
    #[error("the amount is not the one that its commitment is to: {}", whose(*.known))]
    OtherAmount {
        /// whether the definition was the reader's own
        known: bool,
    },
    /// DIS-14: nothing is committed to by a field of a sum, or to an amount of another asset.
    #[error("a field of the sum is no amount to which its transaction commits, or one of another asset")]
    NoAmount,
    /// DIS-15: transactions of different channels.
    #[error("the transactions of the sum are of different channels")]
    OtherTag,
    /// DIS-16: made for another question.
    #[error("it was stated for something else than it is asked for")]
    OtherPurpose,
    /// VAL-36, VAL-37: what is said of the amounts is not shown.
    #[error(transparent)]
    NotShown(#[from] NotShown),
    /// DIS-18: nothing is shown of the record in the attested state.
    #[error("the record is not shown to be so in the attested state")]
    NotInState,
    /// DIS-19: another transaction has written it since.
    #[error("in the attested state the transaction is not the last that has written the field")]
    NotCurrent,
    /// DIS-20: the state is not shown to have lasted.
    #[error(
        "the event that is shown does not follow the attested state, or is of the transaction's own height"
    )]
    OtherNext,
    /// DIS-21: as of other heights.
    #[error("it is shown to be the value as of heights {} to {} only", from.0, to.0)]
    OtherHeight {
        /// the first of them
        from: Height,
        /// the last of them
        to: Height,
    },
    /// DIS-10: a readable member says what the bytes do not prove.
    #[error("the member `{member}` of the file is not what its bytes prove")]
    Readable {
        /// name of the member
        member: String,
    },
}

/// Nobody is blamed for what another definition would have read.
fn whose(known: bool) -> &'static str {
    if known {
        "its author has sealed it so"
    } else {
        "its author has sealed it so, or the file brings another definition"
    }
}

impl Failure for DisclosureInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Receipt(reason) => reason.code(),
            _ => "DISCLOSURE_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::Receipt(reason) => reason.rule(),
            Self::File { .. } => "DIS-01",
            Self::Version { .. } => "DIS-02",
            Self::NotApplied => "DIS-03",
            Self::NotSigned => "DIS-13",
            Self::OtherDefinition => "DIS-11",
            Self::Definition => "DIS-04",
            Self::NoField => "DIS-05",
            Self::OtherKey => "DIS-06",
            Self::OtherLeaf => "DIS-07",
            Self::NotOpened { .. } => "DIS-08",
            Self::OtherAmount { .. } => "DIS-09",
            Self::NoAmount => "DIS-14",
            Self::OtherTag => "DIS-15",
            Self::OtherPurpose => "DIS-16",
            Self::NotShown(reason) => reason.rule(),
            Self::NotInState => "DIS-18",
            Self::NotCurrent => "DIS-19",
            Self::OtherNext => "DIS-20",
            Self::OtherHeight { .. } => "DIS-21",
            Self::Readable { .. } => "DIS-10",
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
            Self::Receipt(reason) => return reason.fix(),
            Self::Version { .. } => "verify with a newer version of this program",
            Self::NotCurrent => "do not rely on the value: it was written again since",
            Self::OtherHeight { .. } => "ask for it again as of the height that you want",
            Self::OtherPurpose => "ask for a statement of your own: --for",
            Self::NotApplied => "ask for it again once a later batch attests the outcome",
            Self::Readable { .. } => "do not rely on this file: somebody has changed what it says",
            Self::NotOpened { known: true } | Self::OtherAmount { known: true } => {
                "do not rely on the value; whoever wrote the transaction has to answer for it"
            }
            Self::NotOpened { known: false } | Self::OtherAmount { known: false } => {
                "verify with the channel's own definition: --definition"
            }
            Self::OtherDefinition => {
                "compare the versions of the channel's definition, or do not rely on the value"
            }
            _ => "do not rely on this disclosure; ask a member of the channel for a new one",
        }
        .into()
    }
}
