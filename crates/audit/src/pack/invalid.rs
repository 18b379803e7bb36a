//! Why a pack proves nothing: one variant for each step.

use parclose_types::{Failure, Fault, NetworkId, PublicKey, TransactionDigest};

use crate::bundle::BundleInvalid;
use crate::grant::GrantInvalid;

/// Why a pack proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackInvalid {
    /// PCK-01: no pack file.
    #[error("not a pack file of a version that is known")]
    File,
    /// PCK-02: somebody changed it, or another signed it.
    #[error("the signer that the pack names has not signed it as it is")]
    NotSigned,
    /// PCK-03: another signer than the reader expects.
    #[error("the pack is signed by `{found}`, which is not the signer that was named")]
    OtherSigner {
        /// who signed it
        found: PublicKey,
    },
    /// BUN-03: a pack of another network.
    #[error("the pack is of network `{found}`, the genesis of `{expected}`")]
    Foreign {
        /// network of the genesis
        expected: NetworkId,
        /// network of the export
        found: NetworkId,
    },
    /// BUN-02 to BUN-14: the export does not hold.
    #[error("the export in the pack does not hold: {0}")]
    Bundle(Box<BundleInvalid>),
    /// PCK-04: a grant that the channel's members did not give.
    #[error("a grant in the pack does not hold: {0}")]
    Grant(#[from] GrantInvalid),
    /// PCK-05: a key that does not open its field.
    #[error(
        "the key for field {field} of operation {operation} of `{transaction}` is not what the pack says of it"
    )]
    OtherKey {
        /// the transaction
        transaction: TransactionDigest,
        /// which operation
        operation: u32,
        /// which field of it
        field: u32,
    },
    /// PCK-06: a field in scope is left out, or another is there.
    #[error("the pack leaves a field in scope out, or has another: transaction `{transaction}`")]
    OtherLines {
        /// the first transaction where they differ
        transaction: TransactionDigest,
    },
    /// PCK-07: a line of the report that does not follow.
    #[error("line {number} of `{list}` is not what the fields of the pack give")]
    OtherLine {
        /// member of the report
        list: &'static str,
        /// which of its lines, from 0
        number: usize,
    },
    /// PCK-08: a sum or a statement that does not follow.
    #[error("`{member}` of the report is not what the fields of the pack give")]
    OtherSum {
        /// member of the report
        member: String,
    },
    /// PCK-08: no report.
    #[error("the report in the pack is no JSON object")]
    NoReport,
    /// PCK-09: a report of another schema.
    #[error("the report in the pack is of a schema that this program does not make")]
    OtherSchema,
}

impl From<BundleInvalid> for PackInvalid {
    fn from(reason: BundleInvalid) -> Self {
        match reason {
            BundleInvalid::Foreign { expected, found } => Self::Foreign { expected, found },
            reason => Self::Bundle(Box::new(reason)),
        }
    }
}

impl Failure for PackInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "PACK_OF_ANOTHER_NETWORK",
            _ => "PACK_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::File => "PCK-01",
            Self::NotSigned => "PCK-02",
            Self::OtherSigner { .. } => "PCK-03",
            Self::Foreign { .. } => "BUN-03",
            Self::Bundle(reason) => reason.rule(),
            Self::Grant(_) => "PCK-04",
            Self::OtherKey { .. } => "PCK-05",
            Self::OtherLines { .. } => "PCK-06",
            Self::OtherLine { .. } => "PCK-07",
            Self::OtherSum { .. } | Self::NoReport => "PCK-08",
            Self::OtherSchema => "PCK-09",
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
            Self::Foreign { .. } => "verify with the genesis file of the network that this pack is from",
            Self::OtherSigner { .. } => "ask the signer that you expect for its own pack",
            Self::OtherSchema => "verify with the version of the program that made the report",
            Self::Bundle(reason) => return reason.fix(),
            _ => "do not rely on this pack; ask its signer for it again",
        }
        .into()
    }
}
