//! The life of a record: named states, and the steps that lead from one to the next.
//!
//! ```text
//!   step without `from`       step `accept`
//!   ----------------------> pending ----------> live ----------> …
//! ```
//!
//! A step is the action of an operation. The policy says who may take it, the life cycle says when. The state
//! that a record is in is public in the channel, and so is the day on which it is due, as coarse as the
//! definition wants it. What a state and a step allow notes of the record is said here too, where the record is an asset.

mod check;
mod words;

use serde::{Deserialize, Serialize};

pub use check::LifecycleInvalid;

use super::RecordType;

/// States and steps of a record type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// the day on which a record is due, if its records are due on one
    #[serde(default)]
    pub due: Option<DueDay>,
    /// what a keyed tag of a record is made of, if its records are claimed on the root chain
    #[serde(default)]
    pub tag: Option<TaggedBy>,
    /// states, in the order in which people read them
    pub states: Vec<LifeState>,
    /// steps
    pub steps: Vec<Step>,
}

/// Where a record's due day comes from, and how coarse it is where everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueDay {
    /// the sealed field with the exact date
    pub field: String,
    /// days of a bucket; the public day is the first one of the bucket in which the date lies
    pub bucket_days: u32,
}

/// What a keyed tag stands for: the same for two records exactly if these agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggedBy {
    /// slots, of whose members it is
    pub slots: Vec<String>,
    /// required texts
    pub fields: Vec<String>,
}

/// A state of a record's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeState {
    /// its name
    pub name: String,
    /// to whom notes of the asset may go
    #[serde(default)]
    pub transfers: Transfers,
}

/// To whom notes of an asset may go while its record is in a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transfers {
    /// they do not move
    #[default]
    None,
    /// to the asset's issuer, and back to whoever moves them
    ToIssuer,
    /// to whomever before the due day, as [`Self::ToIssuer`] from then on
    UntilDue,
    /// to whomever
    Free,
}

/// A step of a record's life: the action of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// its name, as the policy calls the action
    pub name: String,
    /// states from which it leads; without any it makes the record
    #[serde(default)]
    pub from: Vec<String>,
    /// state to which it leads
    pub to: String,
    /// fields that it may write; what makes a record writes any
    #[serde(default)]
    pub writes: Vec<String>,
    /// only before the due day
    #[serde(default)]
    pub before_due: bool,
    /// only on the due day and later
    #[serde(default)]
    pub on_or_after_due: bool,
    /// only when more than so many days have passed since the due day
    #[serde(default)]
    pub after_due: Option<u32>,
    /// it comes with the one issue of the asset's notes
    #[serde(default)]
    pub issues: bool,
    /// it comes with a redemption of notes of the asset
    #[serde(default)]
    pub redeems: bool,
    /// it has the record's keyed tag claimed, which nobody else in the network may hold then
    #[serde(default)]
    pub tags: bool,
    /// it gives the record's keyed tag back
    #[serde(default)]
    pub frees: bool,
    /// what has to be left unspent of the asset afterwards
    #[serde(default)]
    pub outstanding: Option<Outstanding>,
    /// what of the asset whoever takes the step has to spend with it, which shows that it holds it
    #[serde(default)]
    pub holds: Option<Holds>,
    /// `type.step`: that many steps of this name are taken in the same transaction as of that
    #[serde(default)]
    pub with: Option<String>,
}

/// What is left unspent of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outstanding {
    /// no note
    None,
    /// a note at least
    Some,
}

/// What whoever takes a step holds of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// a note at least
    Some,
    /// every note that is unspent
    All,
}

/// What a step asks of the due day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueGuard {
    /// the business day is before it
    Before,
    /// the business day is it, or later
    Reached,
    /// more than so many days have passed since
    Passed(u32),
}

impl Lifecycle {
    /// A state by name.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&LifeState> {
        self.states.iter().find(|state| state.name == name)
    }

    /// The step of a name that leads from a state, or makes a record where there is none yet.
    #[must_use]
    pub fn step(&self, name: &str, from: Option<&str>) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name && step.leads_from(from))
    }

    /// Whether steps of a name have the record's keyed tag claimed.
    #[must_use]
    pub fn is_tagged_by(&self, step: &str) -> bool {
        self.steps.iter().any(|known| known.name == step && known.tags)
    }

    /// The steps that lead from a state.
    pub fn steps_from<'a>(&'a self, from: Option<&'a str>) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |step| step.leads_from(from))
    }
}

impl Step {
    /// Whether it leads from a state; `None`: whether it makes a record.
    #[must_use]
    pub fn leads_from(&self, from: Option<&str>) -> bool {
        match from {
            Some(state) => self.from.iter().any(|name| name == state),
            None => self.from.is_empty(),
        }
    }

    /// What it asks of the due day.
    #[must_use]
    pub const fn due_guard(&self) -> Option<DueGuard> {
        match (self.before_due, self.on_or_after_due, self.after_due) {
            (true, ..) => Some(DueGuard::Before),
            (_, true, _) => Some(DueGuard::Reached),
            (.., Some(days)) => Some(DueGuard::Passed(days)),
            _ => None,
        }
    }

    /// The record type and the step that have to come with it.
    #[must_use]
    pub fn partner(&self) -> Option<(&str, &str)> {
        self.with.as_deref().and_then(|with| with.split_once('.'))
    }

    /// Whether it says something about notes, so that its record has to be an asset.
    const fn is_about_notes(&self) -> bool {
        self.issues || self.redeems || self.outstanding.is_some() || self.holds.is_some()
    }
}

impl std::fmt::Display for DueGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Before => f.write_str("before the due day"),
            Self::Reached => f.write_str("on the due day or later"),
            Self::Passed(days) => write!(f, "more than {days} days after the due day"),
        }
    }
}

impl RecordType {
    /// The name of the slot in which an asset's issuer stands.
    #[must_use]
    pub fn issuer_slot(&self) -> &str {
        self.issuer.as_deref().unwrap_or("issuer")
    }
}

#[cfg(test)]
mod tests;
