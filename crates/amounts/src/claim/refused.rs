//! Why a statement about amounts is not made, and why it is not believed.

use parclose_types::{Failure, Fault};

/// A statement about amounts shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// VAL-36: none, too many, or one of them twice.
    #[error("the amounts are none, too many, not in order, or one of them counts twice")]
    Amounts,
    /// VAL-37: it is not proven.
    #[error("the proof does not show what is said of the amounts")]
    Proof,
}

impl Failure for NotShown {
    fn code(&self) -> &'static str {
        "STATEMENT_NOT_SHOWN"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Amounts => "VAL-36",
            Self::Proof => "VAL-37",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "do not rely on it; ask whoever stated it to state it again".into()
    }
}

/// A statement about amounts that cannot be proven. It does not say how far off it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStated {
    /// VAL-36: none, too many, or one of them twice.
    #[error("the amounts are none, too many, not in order, or one of them counts twice")]
    Amounts,
    /// what should open them does not
    #[error("the amounts do not open to what is committed to")]
    NotOpened,
    /// the prover adds up in 64 bits
    #[error("the sum of the amounts is 2^64 or more")]
    Large,
    /// it is not so
    #[error("it is not true of these amounts")]
    Untrue,
}

impl Failure for NotStated {
    fn code(&self) -> &'static str {
        "NOT_STATED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Amounts => "VAL-36",
            Self::NotOpened => "VAL-03",
            Self::Large | Self::Untrue => "VAL-37",
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
            Self::Amounts => "name 1 to 1024 records, each once",
            Self::NotOpened => "look the records up: a member states only what it opens",
            Self::Large => "state several sums",
            Self::Untrue => "look the amounts up, and state what is true of them",
        }
        .into()
    }
}
