//! The suites F01 to F24: what each promises, which functions it must reach, and the plain function that checks it.
//!
//! ```text
//!   bytes --a script--> one scenario --run--> accepted, or the rule that refused     a broken promise is a panic
//! ```
//!
//! One string of bytes is one whole scenario, so replay on a stable toolchain, seeded mutation and libFuzzer drive the
//! same function. A suite has faults of its own as well: the same scenarios, put to a subject that is broken on purpose.
//! They have to be caught in every run, or the run fails.

use crate::Reached;
use crate::entrances::Rule;
use crate::reach::Point;

pub mod balance;
pub mod bombs;
pub mod certificates;
pub mod changes;
pub mod clocks;
pub mod deals;
pub mod disclosures;
pub mod formats;
pub mod injectivity;
pub mod membership;
pub mod mutation;
pub mod policy;
pub mod proofs;
pub mod recovery;
pub mod row_keys;
pub mod scopes;
pub mod sealing;
pub mod single_use;
pub mod two_keys;
pub mod wraps;

/// What came of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// the honest thing was done
    Taken,
    /// a rule refused what was not, or a word says what came of it
    Refused(Rule),
}

impl Answer {
    /// Taken if it is so, else refused with a word.
    #[must_use]
    pub const fn when(is_taken: bool, otherwise: Rule) -> Self {
        if is_taken { Self::Taken } else { Self::Refused(otherwise) }
    }

    /// The rule or word, and `taken` for what was.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused(rule) => rule,
        }
    }

    /// Whether it was taken.
    #[must_use]
    pub fn is_taken(self) -> bool {
        self == Self::Taken
    }
}

impl<T> From<Result<T, Rule>> for Answer {
    fn from(result: Result<T, Rule>) -> Self {
        result.map_or_else(Self::Refused, |_| Self::Taken)
    }
}

impl From<Reached> for Answer {
    fn from(reached: Reached) -> Self {
        match reached {
            Reached::Through => Self::Taken,
            Reached::Inside => Self::Refused("inside"),
            Reached::Door => Self::Refused("door"),
        }
    }
}

/// A subject that is broken on purpose, put to the same scenarios.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// what is broken
    pub name: &'static str,
    /// the scenarios over the broken subject
    pub run: fn(&[u8]) -> Answer,
}

/// One suite.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// `F01`
    pub id: &'static str,
    /// name of its file of inputs and of its libFuzzer binary
    pub name: &'static str,
    /// the oracle, in one sentence
    pub holds: &'static str,
    /// what has to be reached
    pub reach: fn() -> Vec<&'static Point>,
    /// one scenario
    pub run: fn(&[u8]) -> Answer,
    /// what has to be caught
    pub controls: &'static [Control],
    /// bytes of a script that decides everything; 0 if inputs are values of a format and not scripts
    pub script_bytes: usize,
}

/// A suite of the plan whose scenarios are made by another crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// its id
    pub id: &'static str,
    /// what it is about
    pub name: &'static str,
    /// the crate
    pub made_by: &'static str,
    /// what runs it
    pub command: &'static str,
}

/// The suites of this crate, in the order of their ids.
pub const SUITES: &[Suite] = &[
    formats::SUITE,
    injectivity::SUITE,
    mutation::SUITE,
    row_keys::SUITE,
    policy::SUITE,
    changes::SUITE,
    sealing::SUITE,
    single_use::SUITE,
    wraps::SUITE,
    two_keys::SUITE,
    proofs::SUITE,
    balance::SUITE,
    scopes::SUITE,
    disclosures::SUITE,
    certificates::SUITE,
    recovery::SUITE,
    deals::SUITE,
    membership::SUITE,
    bombs::SUITE,
    clocks::SUITE,
];

/// The suites of the plan that other crates run.
pub const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        id: "F15",
        name: "consensus inputs",
        made_by: "parclose-simulation",
        command: "cargo run --locked --profile house -p parclose-simulation --bin parclose-simulate -- --streams --seeds 20",
    },
    Elsewhere {
        id: "F17",
        name: "sync responses",
        made_by: "parclose-simulation",
        command: "cargo run --locked --profile house -p parclose-simulation --bin parclose-simulate -- --fetching --seeds 12",
    },
    Elsewhere {
        id: "F20",
        name: "the interface as each role",
        made_by: "parclose-oracle",
        command: "make review SUITES=roles",
    },
    Elsewhere {
        id: "F22",
        name: "two worlds",
        made_by: "parclose-oracle",
        command: "make review SUITES=worlds",
    },
    Elsewhere {
        id: "F22b",
        name: "dictionary",
        made_by: "parclose-oracle",
        command: "make review SUITES=dictionary",
    },
];

/// A suite by its id or its name.
#[must_use]
pub fn suite(name: &str) -> Option<&'static Suite> {
    SUITES.iter().find(|suite| suite.id.eq_ignore_ascii_case(name) || suite.name == name)
}

/// What to say to somebody who asks here for a suite of another crate.
#[must_use]
pub fn elsewhere(name: &str) -> Option<String> {
    let suite = ELSEWHERE.iter().find(|suite| suite.id.eq_ignore_ascii_case(name))?;
    let Elsewhere { id, name, made_by, command } = suite;
    Some(format!("{id} ({name}) is in {made_by}: {command}"))
}

/// The one line that brings a suite back.
#[must_use]
pub fn replay_command(name: &str) -> String {
    format!("make fuzz TARGET={name}")
}
