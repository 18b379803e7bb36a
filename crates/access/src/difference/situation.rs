//! A situation as a request to one side.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy as cedar;
use parclose_types::MemberId;

use super::Side;
use super::arrangement::{ASKER, Arrangement, Places};
use super::reading::Position;
use crate::question::Question;
use crate::request::{Party, Principal, Request};
use crate::vocabulary::{Presence, RecordShape};

/// Who stands where, with which roles.
#[derive(Clone, Debug)]
pub(super) struct Situation<'s> {
    pub(super) arrangement: &'s Arrangement,
    /// by person
    pub(super) roles: Vec<&'s BTreeSet<String>>,
}

/// One side, as far as one action and record type go.
#[derive(Debug)]
pub(super) struct Counter<'a> {
    pub(super) side: Side<'a>,
    pub(super) action: &'a str,
    pub(super) record_type: &'a str,
    pub(super) shape: Option<&'a RecordShape>,
    /// the roles that its slots demand
    pub(super) slot_roles: Option<&'a BTreeMap<String, String>>,
    /// the statements that can apply
    pub(super) statements: cedar::PolicySet,
    /// keys of members whom no statement names
    pub(super) strangers: &'a [MemberId],
}

/// So many keys that stand in no statement.
pub(super) fn strangers(members: &BTreeSet<MemberId>, count: usize) -> Vec<MemberId> {
    let numbered = |n: u64| {
        let mut key = [0; 32];
        key[24..].copy_from_slice(&n.to_be_bytes());
        MemberId(key)
    };
    (1..).map(numbered).filter(|key| !members.contains(key)).take(count).collect()
}

impl Counter<'_> {
    /// The role that a slot demands here.
    pub(super) fn role_for(&self, position: &Position) -> Option<&String> {
        match position {
            Position::Slot(slot) => self.slot_roles?.get(slot),
            Position::Principal | Position::Owner => None,
        }
    }

    /// Whether everybody has the roles that the slots of this side demand.
    fn admits(&self, request: &Request) -> bool {
        request.parties.iter().all(|(slot, party)| {
            let demanded = self.slot_roles.and_then(|roles| roles.get(slot));
            demanded.is_none_or(|role| party.roles.contains(role))
        })
    }

    /// Whether the policy permits it here.
    pub(super) fn permits(&self, request: &Request) -> bool {
        self.admits(request)
            && Question::new(self.side.policy, request)
                .is_ok_and(|question| question.permits(&self.statements))
    }

    /// The key by which a person is named, or that of a stranger.
    fn key(&self, named: &[Option<MemberId>], person: usize) -> MemberId {
        named.get(person).copied().flatten().unwrap_or(self.strangers[person])
    }

    /// The request, with the roles that this side has. Slots that are not arranged are filled with
    /// somebody of the right role.
    pub(super) fn request(&self, situation: &Situation<'_>, places: &Places) -> Request {
        let Arrangement { seats, named, .. } = situation.arrangement;
        let roles = |n: usize| (situation.roles[n] & self.side.roles).into();
        let person = |n: usize| Party { id: self.key(named, n), roles: roles(n) };
        let Party { id, roles } = person(ASKER);
        let mut request = Request {
            principal: Principal { id, roles },
            action: self.action.into(),
            record_type: self.record_type.into(),
            owner: id,
            parties: BTreeMap::new(),
        };
        for ((position, _), seat) in places.positions.iter().zip(seats) {
            match (position, seat) {
                (Position::Slot(slot), Some(n)) if self.has(position) => {
                    request.parties.insert(slot.clone(), person(*n));
                }
                (Position::Owner, Some(n)) => request.owner = self.key(named, *n),
                _ => {}
            }
        }
        for (n, (slot, role)) in (named.len()..).zip(self.unarranged(places)) {
            let party = Party { id: self.key(named, n), roles: role.into_iter().cloned().collect() };
            request.parties.insert(slot.clone(), party);
        }
        request
    }

    /// Whether the record type has such a position here.
    pub(super) fn has(&self, position: &Position) -> bool {
        match position {
            Position::Slot(slot) => self.shape.is_some_and(|shape| shape.slots.contains_key(slot)),
            Position::Principal | Position::Owner => true,
        }
    }

    /// Required slots that are not arranged, with the role that each demands.
    fn unarranged(&self, places: &Places) -> impl Iterator<Item = (&String, Option<&String>)> {
        let slots = self.shape.into_iter().flat_map(|shape| &shape.slots);
        let is_arranged = |slot: &str| {
            places.positions.iter().any(|(p, _)| matches!(p, Position::Slot(name) if name == slot))
        };
        let open =
            slots.filter(move |(slot, presence)| **presence == Presence::Required && !is_arranged(slot));
        open.map(|(slot, _)| (slot, self.slot_roles.and_then(|roles| roles.get(slot))))
    }
}
