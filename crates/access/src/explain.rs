//! Why yes, and why no: the answer of a policy with the statements that bear on it.
//!
//! ```text
//!   answer                 statements shown
//!   yes                    the permits that apply decide; the forbids in scope do not apply
//!   no, a forbid applies   the forbids that apply decide; the permits that they overrule, or else the nearest
//!   no, silence            the nearest permits, each with what is missing
//!   no, not evaluable      the statements that cannot be evaluated decide
//! ```
//!
//! The answer itself is the decision's; probes only say which part of which
//! statement holds. For each part stand the public attributes that it reads.

use crate::denied::Denied;
use crate::parts::{Held, Part, Parted};
use crate::policy::Policy;
use crate::question::Question;
use crate::request::Request;
use crate::seen::{Seen, seen};
use crate::source::Place;
use crate::statement::Effect;

/// An answer with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// as [`crate::decide`] answers
    pub answer: Result<(), Denied>,
    /// the statements that bear on it, those that decide first
    pub cases: Vec<Case>,
}

/// A statement as it bears on one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// its `@id`
    pub id: String,
    /// permit or forbid
    pub effect: Effect,
    /// where it starts
    pub place: Place,
    /// what it has to do with the answer
    pub bearing: Bearing,
    /// its conditions, in the order of its text
    pub conditions: Vec<Condition>,
}

/// What a statement has to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// it is among the statements without which the answer would be another
    Decides,
    /// a permit that applies, and a forbid wins over it
    Overruled,
    /// a permit that would apply if all of its conditions held
    Near,
    /// a forbid that would apply if all of its conditions held
    Spares,
}

/// A condition of a statement: one part of its scope, one conjunct of a `when`, or one `unless`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// as it stands in the policy
    pub text: String,
    /// where it stands
    pub place: Place,
    /// whether it holds
    pub finding: Finding,
    /// what it reads: the words of the policy, and what stands there in this request
    pub reads: Vec<(String, Seen)>,
}

/// Whether a condition holds for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// it does
    Holds,
    /// it does not
    Fails,
    /// it cannot be evaluated by itself, and Cedar says why
    Unclear(String),
}

/// Explains the answer to one request.
///
/// # Rules
///
/// > ACC-19: an explanation answers as the decision does, and without the statements that it says decide, the policy would answer otherwise.
#[must_use]
pub fn explain(policy: &Policy, request: &Request) -> Explanation {
    let question = match Question::new(policy, request) {
        Ok(question) => question,
        Err(denied) => return Explanation { answer: Err(denied), cases: Vec::new() },
    };
    let answer = question.answer().map(|_| ());
    let bearings = Bearings {
        policy,
        request,
        permits: question.held(Effect::Permit),
        forbids: question.held(Effect::Forbid),
    };
    Explanation { cases: bearings.cases(&answer), answer }
}

/// All that tells how the statements bear on a request.
struct Bearings<'a> {
    policy: &'a Policy,
    request: &'a Request,
    permits: Held,
    forbids: Held,
}

impl Bearings<'_> {
    fn cases(&self, answer: &Result<(), Denied>) -> Vec<Case> {
        match answer {
            Ok(()) => [
                self.applying(Effect::Permit, Bearing::Decides),
                self.shown(
                    self.policy.parts.of(Effect::Forbid).filter(|f| f.in_scope(&self.forbids)),
                    Bearing::Spares,
                ),
            ]
            .concat(),
            Err(Denied::Unevaluable { .. }) => {
                [self.failing(Effect::Permit), self.failing(Effect::Forbid)].concat()
            }
            Err(Denied::Forbidden { .. }) => {
                let overruled = self.applying(Effect::Permit, Bearing::Overruled);
                let permits = if overruled.is_empty() { self.near() } else { overruled };
                [self.applying(Effect::Forbid, Bearing::Decides), permits].concat()
            }
            Err(_) => self.near(),
        }
    }

    fn held(&self, effect: Effect) -> &Held {
        match effect {
            Effect::Permit => &self.permits,
            Effect::Forbid => &self.forbids,
        }
    }

    /// The statements of which every part holds.
    fn applying(&self, effect: Effect, bearing: Bearing) -> Vec<Case> {
        let applies = |parted: &&Parted| parted.first_unheld(self.held(effect)).is_none();
        self.shown(self.policy.parts.of(effect).filter(applies), bearing)
    }

    /// The statements that stop at a part which cannot be evaluated.
    fn failing(&self, effect: Effect) -> Vec<Case> {
        let held = self.held(effect);
        let fails =
            |parted: &&Parted| parted.first_unheld(held).is_some_and(|part| held.failing(part).is_some());
        self.shown(self.policy.parts.of(effect).filter(fails), Bearing::Decides)
    }

    /// The permits that speak of such a request, nearest first; if none does, those that come nearest to it.
    fn near(&self) -> Vec<Case> {
        let nearest = self.policy.parts.nearest(&self.permits);
        let most = nearest.first().map_or(0, |permit| permit.holding(&self.permits));
        let in_scope = nearest.first().is_some_and(|permit| permit.in_scope(&self.permits));
        let near = nearest.into_iter().filter(|permit| {
            if in_scope { permit.in_scope(&self.permits) } else { permit.holding(&self.permits) == most }
        });
        self.shown(near, Bearing::Near)
    }

    fn shown<'p>(&self, statements: impl Iterator<Item = &'p Parted>, bearing: Bearing) -> Vec<Case> {
        statements.map(|parted| self.case(parted, bearing)).collect()
    }

    /// Out of scope, the conditions of a statement say nothing about the request and are left out.
    fn case(&self, parted: &Parted, bearing: Bearing) -> Case {
        let held = self.held(parted.effect);
        let told = parted.scope.iter().filter(|part| !part.reads.is_empty());
        let conditions = if parted.in_scope(held) { parted.conditions.as_slice() } else { &[] };
        Case {
            id: parted.id.clone(),
            effect: parted.effect,
            place: parted.place.clone(),
            bearing,
            conditions: told.chain(conditions).map(|part| self.condition(part, held)).collect(),
        }
    }

    fn condition(&self, part: &Part, held: &Held) -> Condition {
        let finding = match held.failing(part) {
            Some(why) => Finding::Unclear(why.clone()),
            None if held.holds(part) => Finding::Holds,
            None => Finding::Fails,
        };
        let reads = part.reads.iter().map(|path| (path.join("."), seen(path, self.request))).collect();
        Condition { text: part.text.clone(), place: part.place.clone(), finding, reads }
    }
}

#[cfg(test)]
mod tests;
