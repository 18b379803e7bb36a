//! Who could newly do what under another policy, and who no longer could.
//!
//! ```text
//!   two policies --statements on (action, record type)--> what they read
//!   what is read --> who can stand where, with which roles --> situations
//!   each situation, asked of both policies --> profiles that gain or lose --> patterns
//! ```
//!
//! A situation is everything that the statements in question can tell apart: who is the same as
//! whom, which slots are empty, who is named by key, and which of the roles that are asked for each
//! one has. Requests carry nothing else (ACC-01), so where all situations were tried the result is
//! exact; where not, it says so ([`Gap`]). A member stands only in slots for which it has the role.
//!
//! A slot, a role or a record type that one side does not have is left out of the question to that side.

#![allow(clippy::indexing_slicing, reason = "every index is counted off the list that it goes into")]

mod arrangement;
mod pair;
mod profile;
mod reading;
mod roles;
mod situation;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::MemberId;

use crate::policy::Policy;
use crate::request::Request;
use pair::Pair;
use reading::forms;

pub use reading::Position;

/// Evaluations of statements in one comparison: a few seconds.
pub const EVALUATIONS_MAX: usize = 1 << 19;

/// Role that a party slot demands, by record type and slot.
pub type SlotRoles = BTreeMap<String, BTreeMap<String, String>>;

/// A policy with what its channel definition says of the people in requests.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// the policy
    pub policy: &'a Policy,
    /// who may stand in which slot; a slot that is missing here takes anybody
    pub slot_roles: &'a SlotRoles,
    /// every role that its members can have
    pub roles: &'a BTreeSet<String>,
}

/// What another policy changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// by action and record type; gains before losses
    pub changes: Vec<Change>,
    /// how many situations were put to both policies
    pub situations: usize,
    /// what was not tried
    pub gaps: BTreeSet<Gap>,
}

/// Whether a right comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// the second policy permits what the first does not
    Gains,
    /// the first policy permits what the second does not
    Loses,
}

/// Whom a change concerns, besides its roles and positions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    /// everybody but these members, whom a statement names by key
    Anybody {
        /// those with changes of their own, or none
        but: BTreeSet<MemberId>,
    },
    /// one member, whom a statement names by key
    Member(MemberId),
}

/// Roles and positions of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// roles
    pub roles: BTreeSet<String>,
    /// where it stands in the record
    pub positions: BTreeSet<Position>,
}

/// Members of one kind gain, or lose, the right to one action on one record type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// gains or loses
    pub direction: Direction,
    /// what
    pub action: String,
    /// on which records
    pub record_type: String,
    /// who, by key
    pub whom: Whom,
    /// who, by what it has at least
    pub least: Standing,
    /// not who has at least one of these
    pub except: Vec<Standing>,
    /// positions that make a difference here; where else somebody stands does not matter
    pub positions: BTreeSet<Position>,
    /// in every situation that was tried, and not just in some
    pub always: bool,
    /// the plainest situation in which it is so
    pub example: Example,
}

/// A situation that the two policies decide differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// as the first policy is asked
    pub before: Request,
    /// as the second policy is asked
    pub after: Request,
    /// what is particular about it, in words; empty if everybody else is somebody else
    pub particular: Vec<String>,
}

/// Something that was not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// so many parties that only arrangements with few coincidences were tried
    Arrangements,
    /// so many roles that only sets of few were tried
    RoleSets,
    /// sets of roles are compared as wholes; only one role that is not asked for was tried in them
    WholeSets,
    /// so many situations that the first of them were tried
    Situations,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Arrangements => "of so many parties, only arrangements with few coincidences were tried",
            Self::RoleSets => "of so many roles, only small sets were tried",
            Self::WholeSets => "a statement compares sets of roles as wholes, and not all sets were tried",
            Self::Situations => "of so many situations, only the plainest were tried",
        })
    }
}

impl Change {
    /// Whether it concerns a member with these roles in these positions.
    #[must_use]
    pub fn concerns(&self, member: &MemberId, standing: &Standing) -> bool {
        let has = |least: &Standing| {
            least.roles.is_subset(&standing.roles) && least.positions.is_subset(&standing.positions)
        };
        let is_meant = match &self.whom {
            Whom::Anybody { but } => !but.contains(member),
            Whom::Member(key) => key == member,
        };
        is_meant && has(&self.least) && !self.except.iter().any(has)
    }
}

/// Compares what two policies permit.
///
/// # Rules
///
/// > ACC-20: a comparison lists a change exactly where the two policies decide a tried situation differently, and it names every kind of situation that it did not try.
/// > ACC-21: a comparison evaluates at most 524288 statements, but tries at least one situation of each action and record type; the plainest come first.
#[must_use]
pub fn compare(before: Side<'_>, after: Side<'_>) -> Difference {
    let forms = [forms(before.policy), forms(after.policy)];
    let pairs = Pair::all([before, after], [&forms[0], &forms[1]]);
    let pairs: Vec<Pair<'_>> = pairs.into_iter().filter(Pair::may_differ).collect();
    let share = EVALUATIONS_MAX / pairs.len().max(1);
    let mut difference = Difference { changes: Vec::new(), situations: 0, gaps: BTreeSet::new() };
    for pair in &pairs {
        let tried = pair.compare(share);
        difference.situations += tried.situations;
        difference.gaps.extend(tried.gaps);
        difference.changes.extend(tried.changes);
    }
    difference
}

#[cfg(test)]
mod tests;
