//! Why an act is refused: a variant is a broken rule.

use parclose_access::PolicyError;
use parclose_transaction::DefinitionInvalid;
use parclose_transaction::definition::succession::CannotFollow;
use parclose_types::{Failure, Fault, Height};

/// Why an act is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ActRefused {
    /// GOV-02: changes that cannot stand together, or name somebody twice or nobody
    #[error("{0}")]
    Motion(String),
    /// GOV-03: a certificate that does not verify for the next generation, or is of somebody else
    #[error("the certificate is not one that this member has made for the next generation")]
    Certificate,
    /// GOV-04: a definition that does not hold
    #[error("the next definition does not hold: {0}")]
    Definition(#[from] DefinitionInvalid),
    /// GOV-04: a policy that does not hold
    #[error("the next policy does not hold: {0}")]
    Policy(#[from] PolicyError),
    /// GOV-04: a definition that would give another meaning to what was written (DEF-06 to DEF-13)
    #[error("the next definition does not follow: {0}")]
    Follows(#[from] CannotFollow),
    /// GOV-05: the members that would be left cannot go on
    #[error("{0}")]
    Members(String),
    /// GOV-06: no such motion, or not open any more
    #[error("there is no open motion of that name")]
    NotOpen,
    /// GOV-07: a second vote
    #[error("the member has voted on this motion already")]
    Voted,
    /// GOV-08: a decision is on its way
    #[error("what was decided before takes force by height {deadline}, or lapses then")]
    Deciding {
        /// its last height
        deadline: Height,
    },
    /// GOV-10: not the author's own certificate with its own roles
    #[error("a member publishes its own certificate, with the roles that it has")]
    NotOwn,
    /// GOV-11: somebody who stays has no certificate for the next generation
    #[error("not yet in the next generation, because they have published no key for it: {names}")]
    NotPublished {
        /// names
        names: String,
    },
    /// GOV-12: a deal that does not hold
    #[error(
        "the deal is for no configuration in force or decided, or not by a member of a set that it can have"
    )]
    Deal,
    /// GOV-13: another deal stands
    #[error("the secret of this audience is dealt already")]
    Dealt,
    /// GOV-12: enough deals by this member
    #[error("a member deals at most {limit} secrets in a generation")]
    TooMany {
        /// deals of one member
        limit: usize,
    },
    /// GOV-16: not one whom the deal concerns in this way
    #[error("the deal does not stand, or does not concern the member in this way")]
    NotConcerned,
    /// GOV-18: not what the history of the definition gives
    #[error("the definition's history does not give this to this member")]
    NotGiven,
    /// GRA-12: a grant of nothing, to nobody, or narrowed to a stranger
    #[error("the grant cannot stand: {0}")]
    Grant(String),
    /// GRA-13: not proposed, not any more, or agreed to already
    #[error("no such grant waits for this member's agreement")]
    NotProposed,
    /// GRA-14: no such grant, or its end was agreed to already
    #[error("no such grant could end by this member's agreement")]
    NotRevocable,
    /// GRA-15: not a cover that is owed
    #[error("a cover does not hold: {0}")]
    Cover(&'static str),
    /// GRA-16: not the second reader's signature under a cover that waits for it
    #[error("no such cover waits for this member's signature")]
    Confirmation,
    /// TRA-02: not the author's note, revealed already, too early, or about something else
    #[error("no such note can be revealed like this")]
    NotRevealed,
    /// TRA-03: too many notes
    #[error("the member has as many notes as it may that are not revealed")]
    TooManyNotes,
    /// GRA-18: more than a channel can keep up with
    #[error("the channel has as many grants as it can, or the grant reaches too far back")]
    TooManyGrants,
    /// GOV-19: the generation has ended
    #[error("the generation has ended with an earlier event of this block")]
    Ended,
}

impl Failure for ActRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOpen
            | Self::Voted
            | Self::Deciding { .. }
            | Self::Dealt
            | Self::Ended
            | Self::NotProposed
            | Self::NotRevocable => "STALE",
            _ => "ACT_REFUSED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Motion(_) => "GOV-02",
            Self::Certificate => "GOV-03",
            Self::Definition(_) | Self::Policy(_) | Self::Follows(_) => "GOV-04",
            Self::Members(_) => "GOV-05",
            Self::NotOpen => "GOV-06",
            Self::Voted => "GOV-07",
            Self::Deciding { .. } => "GOV-08",
            Self::NotOwn => "GOV-10",
            Self::NotPublished { .. } => "GOV-11",
            Self::Deal | Self::TooMany { .. } => "GOV-12",
            Self::Dealt => "GOV-13",
            Self::NotConcerned => "GOV-16",
            Self::NotGiven => "GOV-18",
            Self::Grant(_) => "GRA-12",
            Self::NotProposed => "GRA-13",
            Self::NotRevocable => "GRA-14",
            Self::Cover(_) => "GRA-15",
            Self::Confirmation => "GRA-16",
            Self::TooManyGrants => "GRA-18",
            Self::NotRevealed => "TRA-02",
            Self::TooManyNotes => "TRA-03",
            Self::Ended => "GOV-19",
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
            Self::Motion(_) | Self::Members(_) => "change the motion and move it again".into(),
            Self::Certificate => {
                "let the member make its card again for the next generation: parclose channel card".into()
            }
            Self::Definition(e) => e.fix(),
            Self::Policy(e) => e.fix(),
            Self::Follows(e) => e.fix(),
            Self::NotOpen | Self::Voted => "parclose channel motions".into(),
            Self::Deciding { .. } | Self::Ended => "try again once the next generation is in force".into(),
            Self::NotPublished { .. } => {
                "wait until their nodes have, or remove them with the same motion".into()
            }
            Self::TooMany { .. } => {
                "have another of its readers write for this audience first, or turn the keys \
                over: parclose channel propose --rekey"
                    .into()
            }
            Self::NotOwn
            | Self::Deal
            | Self::Dealt
            | Self::NotConcerned
            | Self::Cover(_)
            | Self::Confirmation
            | Self::NotRevealed => "nothing is to be done: the node tries again where it has to".into(),
            Self::Grant(_) => {
                "change the grant: parclose channel visibility names audiences and classes".into()
            }
            Self::NotProposed | Self::NotRevocable => "parclose viewkey list".into(),
            Self::TooManyNotes => "wait until some are revealed: parclose audit access-log".into(),
            Self::TooManyGrants => "end another grant, or grant later epochs".into(),
            Self::NotGiven => "compare with `history` in the channel's definition".into(),
        }
    }
}
