//! Why a channel is not founded: the broken rule.

use parclose_types::{Failure, Fault, Tag};

use crate::home::HomeError;

/// Why a founder does not go on.
#[derive(Debug, thiserror::Error)]
pub enum FoundingRefused {
    /// FOU-01: not a draft that this member can look at
    #[error("the draft cannot be entered: {reason}")]
    Draft {
        /// what is wrong
        reason: String,
    },
    /// FOU-01: not for this member
    #[error("this member is not one of the draft's founders")]
    NotAFounder,
    /// FOU-02: a channel of that name or id
    #[error("this member has another channel of that name or id")]
    Known,
    /// FOU-03: not a founder's part
    #[error("the part of `{name}` cannot be used: {reason}")]
    Part {
        /// whose
        name: String,
        /// what is wrong
        reason: &'static str,
    },
    /// FOU-04: two different ones
    #[error("there are two different parts of `{name}`")]
    TwoParts {
        /// whose
        name: String,
    },
    /// FOU-04: not all
    #[error("the parts of these founders are missing: {}", missing.join(", "))]
    PartsMissing {
        /// whose
        missing: Vec<String>,
    },
    /// FOU-05: signed for other parts before
    #[error("this member has signed another conclusion of the draft: tag `{tag}`")]
    SignedAnother {
        /// of that
        tag: Tag,
    },
    /// FOU-06: not all
    #[error("the signatures of these founders are missing: {}", missing.join(", "))]
    NotSigned {
        /// whose
        missing: Vec<String>,
    },
    /// FOU-06: not its signature
    #[error("the signature of `{name}` does not fit")]
    WrongSignature {
        /// whose
        name: String,
    },
    /// FOU-07: no home of a node
    #[error("this is not the home of a node that belongs to a consortium")]
    NoNode,
    /// a home
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl Failure for FoundingRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::Draft { .. } | Self::NotAFounder => "CHANNEL_DRAFT_REFUSED",
            Self::Known => "CHANNEL_NAME_TAKEN",
            Self::Part { .. } | Self::TwoParts { .. } => "FOUNDING_PART_INVALID",
            Self::PartsMissing { .. } | Self::NotSigned { .. } => "FOUNDING_INCOMPLETE",
            Self::SignedAnother { .. } => "FOUNDING_SIGNED",
            Self::WrongSignature { .. } => "FOUNDING_SIGNATURE_INVALID",
            Self::NoNode => "NOT_A_NODE_HOME",
            Self::Home(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Draft { .. } | Self::NotAFounder => "FOU-01",
            Self::Known => "FOU-02",
            Self::Part { .. } => "FOU-03",
            Self::TwoParts { .. } | Self::PartsMissing { .. } => "FOU-04",
            Self::SignedAnother { .. } => "FOU-05",
            Self::NotSigned { .. } | Self::WrongSignature { .. } => "FOU-06",
            Self::NoNode => "FOU-07",
            Self::Home(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Part { .. } | Self::TwoParts { .. } | Self::WrongSignature { .. } => Fault::Peer,
            Self::Home(e) => e.fault(),
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Home(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Draft { .. } => "compare address books, then draft anew: parclose channel draft".into(),
            Self::NotAFounder => "ask for a draft that names you".into(),
            Self::Known => "ask for a draft under another name".into(),
            Self::Part { name, .. } | Self::TwoParts { name } => {
                format!("ask `{name}` for its part again, over another way")
            }
            Self::PartsMissing { .. } => "ask them: parclose channel enter".into(),
            Self::SignedAnother { .. } => {
                "ask who sent you other parts than before; found it anew under another name".into()
            }
            Self::NotSigned { .. } => "ask them: parclose channel sign".into(),
            Self::WrongSignature { name } => {
                format!("compare tags with `{name}`: one of you has concluded other parts")
            }
            Self::NoNode => "in a home of a whole consortium: parclose channel create".into(),
            Self::Home(e) => e.fix(),
        }
    }
}
