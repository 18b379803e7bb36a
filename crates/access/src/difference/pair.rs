//! One action on one record type, asked of both sides in every situation.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy as cedar;
use parclose_types::MemberId;

use super::Side;
use super::reading::{Form, Reading};
use super::situation::{Counter, strangers};
use super::trial::{Slots, Trial, Tried};
use crate::vocabulary::{Presence, entity_type, record_type};

/// What two requests cost, in evaluations of statements.
const REQUEST_EVALUATIONS: usize = 8;

/// An action and a record type that at least one side defines.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    sides: [Side<'a>; 2],
    action: &'a str,
    entity: &'a str,
    /// the record type as the definitions name it
    record_type: String,
    forms: [Vec<&'a Form>; 2],
}

impl<'a> Pair<'a> {
    /// Every pair that a side defines, by record type and action.
    pub(super) fn all(sides: [Side<'a>; 2], forms: [&'a [Form]; 2]) -> Vec<Self> {
        let actions = sides.iter().flat_map(|side| &side.policy.vocabulary.actions);
        let pairs: BTreeSet<(&str, &str)> = actions
            .flat_map(|(name, shape)| shape.targets.iter().map(|entity| (entity.as_str(), name.as_str())))
            .collect();
        let of = |(entity, action)| {
            let forms =
                forms.map(|forms| forms.iter().filter(|form| form.speaks_of(action, entity)).collect());
            Self { sides, action, entity, record_type: named(&sides, entity), forms }
        };
        pairs.into_iter().map(of).collect()
    }

    /// False if both sides define the same, demand the same, and have the same statements about it.
    pub(super) fn may_differ(&self) -> bool {
        let defined = |side: &Side<'_>| {
            let action = side.policy.vocabulary.actions.get(self.action);
            action.is_some_and(|action| action.targets.contains(self.entity))
        };
        let slots = |side: &Side<'_>| {
            side.policy.vocabulary.records.get(self.entity).map(|shape| shape.slots.clone())
        };
        let texts =
            |forms: &[&'a Form]| forms.iter().map(|form| form.text.as_str()).collect::<BTreeSet<&str>>();
        let [before, after] = &self.sides;
        defined(before) != defined(after)
            || slots(before) != slots(after)
            || before.roles != after.roles
            || self.slot_roles(before) != self.slot_roles(after)
            || texts(&self.forms[0]) != texts(&self.forms[1])
            // The members of a group of actions stand in the schema, not in the statement.
            || self.forms.iter().flatten().any(|form| form.is_of_a_group())
    }

    fn slot_roles(&self, side: &Side<'a>) -> Option<&'a BTreeMap<String, String>> {
        let of_type =
            |(name, _): &(&String, _)| entity_type(name).is_some_and(|entity| entity == self.entity);
        side.slot_roles.iter().find(of_type).map(|(_, slots)| slots)
    }

    /// Puts situations to both sides, as long as they take no more evaluations of statements.
    pub(super) fn compare(&self, evaluations_max: usize) -> Tried {
        let reading = Reading::of(self.forms.iter().flatten().copied());
        let slots = self.slots();
        let strangers = strangers(reading.members(), 2 * (slots.len() + 2));
        let counters = [0, 1].map(|side| self.counter(side, &strangers));
        let mut trial = Trial::new(self.action, &self.record_type, &reading, &counters, &slots);
        let statements: usize = self.forms.iter().map(Vec::len).sum();
        trial.run((evaluations_max / (statements + REQUEST_EVALUATIONS)).max(1));
        trial.into_tried()
    }

    fn counter<'c>(&'c self, side: usize, strangers: &'c [MemberId]) -> Counter<'c> {
        let statements = self.forms[side].iter().map(|form| form.statement.clone());
        let side = self.sides[side];
        Counter {
            side,
            action: self.action,
            record_type: &self.record_type,
            shape: side.policy.vocabulary.records.get(self.entity),
            slot_roles: self.slot_roles(&side),
            statements: cedar::PolicySet::from_policies(statements)
                .expect("they have different ids, as they have in the whole policy"),
            strangers,
        }
    }

    /// The slots of either side.
    fn slots(&self) -> Slots<'a> {
        let mut slots = Slots::new();
        let shapes = self.sides.iter().filter_map(|side| side.policy.vocabulary.records.get(self.entity));
        for (slot, presence) in shapes.flat_map(|shape| &shape.slots) {
            *slots.entry(slot).or_default() |= *presence == Presence::Optional;
        }
        slots
    }
}

/// What the definitions call an entity type.
fn named(sides: &[Side<'_>; 2], entity: &str) -> String {
    let mut names = sides.iter().flat_map(|side| side.slot_roles.keys());
    let name = names.find(|name| entity_type(name).is_some_and(|named| named == entity));
    name.cloned().unwrap_or_else(|| record_type(entity))
}
