//! Why proofs are refused.

use parclose_types::{Failure, Fault};

/// A proof does not show what its operation claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// VAL-06: inputs, outputs and fee do not cancel out.
    #[error("the balance proof does not hold")]
    Balance,
    /// VAL-07: the bytes are no range proof for that many amounts.
    #[error("the range proof is not one for {amounts} amounts")]
    RangeShape {
        /// amounts that it would have to cover
        amounts: usize,
    },
    /// VAL-31: a member's net is not the sum of its obligations, or nothing is shown of it.
    #[error("what a member is owed less what it owes is not shown to be the same after the netting")]
    Net,
    /// VAL-08: an amount may be outside 64 bits.
    #[error("the range proof does not hold")]
    Range,
}

impl Failure for NotProven {
    fn code(&self) -> &'static str {
        "NOT_PROVEN"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Balance => "VAL-06",
            Self::RangeShape { .. } => "VAL-07",
            Self::Range => "VAL-08",
            Self::Net => "VAL-31",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "prove the operation again, from notes that are unspent and fields that open".into()
    }
}
