//! Why it is not the time for a step, or for a movement of notes.

use parclose_transaction::Day;
use parclose_transaction::definition::{DueGuard, Transfers};
use parclose_types::{Failure, Fault};

/// A transaction does not fit the lives of its records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifeConflict {
    /// LIF-01: no step of that name leads from the state
    #[error("there is no step `{step}` from {}", from(state))]
    State {
        /// the action
        step: String,
        /// the state in which the record is; `None` if there is no record yet
        state: Option<String>,
    },
    /// LIF-02: it writes what the step does not name
    #[error("the step `{step}` does not write all of these fields")]
    Writes {
        /// the step
        step: String,
    },
    /// LIF-03: a public day where there is none, none where there is one, or not the first of a bucket
    #[error("the operation's public day does not fit its record type")]
    Day,
    /// LIF-04: a second calendar
    #[error("the channel's business day has its own record, and this is another")]
    OtherCalendar,
    /// LIF-04: the business day moves forward
    #[error("the business day is {day}, and moves forward only")]
    NotLater {
        /// the business day
        day: Day,
    },
    /// LIF-05: nobody has said what day it is
    #[error("the step `{step}` depends on the day, and the channel has no business day yet")]
    NoBusinessDay {
        /// the step
        step: String,
    },
    /// LIF-05: not on this day
    #[error("the step `{step}` is taken {guard}; it is due on {due}, and the business day is {today}")]
    NotTheDay {
        /// the step
        step: String,
        /// what it asks
        guard: DueGuard,
        /// the day on which the record is due
        due: Day,
        /// the business day
        today: Day,
    },
    /// LIF-06: an issue or a redemption without its step, or a step without it
    #[error("issues and redemptions of such an asset come with a step that says so, and an issue comes once")]
    Unaccompanied,
    /// LIF-07: notes do not move so in this state
    #[error("in the state `{state}` notes move so: {transfers}")]
    Frozen {
        /// the state
        state: String,
        /// how they move
        transfers: Transfers,
    },
    /// LIF-08: something is left, or nothing
    #[error("the step `{step}` demands that {} of the asset's notes left", if *none { "none is" } else { "some are" })]
    Outstanding {
        /// the step
        step: String,
        /// none may be left
        none: bool,
    },
    /// LIF-09: it does not show that its author holds what it says
    #[error("the step `{step}` is taken by a holder, who spends {} of the asset with it", if *all { "all notes" } else { "a note" })]
    NotHolder {
        /// the step
        step: String,
        /// it takes all notes
        all: bool,
    },
    /// LIF-10: a step without the one that comes with it
    #[error("the step `{step}` comes with `{with}`, one for one")]
    Alone {
        /// the step
        step: String,
        /// its partner
        with: String,
    },
    /// LIF-11: a note's record names somebody else as its debtor
    #[error("a note's record names another issuer than the asset's")]
    OtherIssuer,
}

fn from(state: &Option<String>) -> String {
    match state {
        Some(state) => format!("the state `{state}`"),
        None => "nothing: the record is new".into(),
    }
}

impl Failure for LifeConflict {
    fn code(&self) -> &'static str {
        match self {
            Self::State { .. } | Self::Frozen { .. } => "STATE_CONFLICT",
            Self::Writes { .. } | Self::Day => "OFF_SCHEMA",
            Self::OtherCalendar | Self::NotLater { .. } => "BUSINESS_DAY",
            Self::NoBusinessDay { .. } | Self::NotTheDay { .. } => "NOT_THE_DAY",
            Self::Unaccompanied | Self::Alone { .. } | Self::OtherIssuer => "STEP_INCOMPLETE",
            Self::Outstanding { .. } | Self::NotHolder { .. } => "NOT_HELD",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::State { .. } => "LIF-01",
            Self::Writes { .. } => "LIF-02",
            Self::Day => "LIF-03",
            Self::OtherCalendar | Self::NotLater { .. } => "LIF-04",
            Self::NoBusinessDay { .. } | Self::NotTheDay { .. } => "LIF-05",
            Self::Unaccompanied => "LIF-06",
            Self::Frozen { .. } => "LIF-07",
            Self::Outstanding { .. } => "LIF-08",
            Self::NotHolder { .. } => "LIF-09",
            Self::Alone { .. } => "LIF-10",
            Self::OtherIssuer => "LIF-11",
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
            Self::State { .. } | Self::Frozen { .. } => {
                "read the record's state and take a step that leads from it: parclose receivable show"
            }
            Self::Writes { .. } | Self::Day => "compare with `parclose channel show`",
            Self::OtherCalendar | Self::NotLater { .. } => {
                "look at the business day: parclose business-date show"
            }
            Self::NoBusinessDay { .. } | Self::NotTheDay { .. } => {
                "wait until who may do so advances the business day: parclose business-date show"
            }
            Self::Unaccompanied | Self::Alone { .. } | Self::OtherIssuer => {
                "draft it with `parclose receivable`, which puts together what belongs together"
            }
            Self::Outstanding { .. } | Self::NotHolder { .. } => {
                "compare with the notes that are left: parclose receivable show"
            }
        }
        .into()
    }
}
