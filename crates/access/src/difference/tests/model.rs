//! Every request of a small world, decided by the model of small policies.
//!
//! Members: as many strangers as there are positions, and one whom statements name by key. Roles:
//! all sets of the two that statements ask for, and one that nobody asks for in place of all others.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use parclose_types::MemberId;

use super::{Direction, Position, Sides, SlotRoles, Standing, set};
use crate::small::{ROLES, Small, TYPES, model};
use crate::{Party, Principal, Request};

/// Who asks, as a comparison tells members apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) member: MemberId,
    pub(super) standing: Standing,
}

/// The requests about one action on one record type.
pub(super) struct World {
    pub(super) record_type: &'static str,
    pub(super) action: &'static str,
    requests: Vec<(Kind, Request)>,
}

const NAMED: u8 = 1;
const ASKER: u8 = 100;

fn role_sets() -> [BTreeSet<String>; 4] {
    [set(&ROLES[..1]), set(&ROLES[1..2]), set(&ROLES[..2]), set(&ROLES[2..])]
}

/// Every way to give each of so many places one of the choices.
fn every<T: Clone>(choices: &[T], places: usize) -> Vec<Vec<T>> {
    let mut all = vec![Vec::new()];
    for _ in 0..places {
        all = all
            .iter()
            .flat_map(|one| choices.iter().map(move |c| [one.as_slice(), std::slice::from_ref(c)].concat()))
            .collect();
    }
    all
}

impl World {
    pub(super) fn all() -> Vec<Self> {
        let pairs =
            TYPES.iter().flat_map(|(name, slots, actions)| actions.iter().map(|a| (*name, *a, *slots)));
        pairs.map(|(name, action, slots)| Self::of(name, action, slots)).collect()
    }

    fn of(record_type: &'static str, action: &'static str, slots: &[&'static str]) -> Self {
        let positions: Vec<&str> = ["owner"].into_iter().chain(slots.iter().copied()).collect();
        let mut requests = Vec::new();
        for asker in [ASKER, NAMED] {
            // 0 is nobody; the first stranger that is met is 2, the next 3, and so on.
            let seats: Vec<u8> =
                [0, asker, NAMED].into_iter().chain((2..ASKER).take(positions.len())).collect();
            for seated in every(&seats, positions.len()) {
                if positions.iter().zip(&seated).any(|(position, who)| *who == 0 && *position != "reader") {
                    continue;
                }
                let present: BTreeSet<u8> =
                    seated.iter().copied().filter(|who| *who != 0).chain([asker]).collect();
                let strangers: Vec<u8> =
                    present.iter().copied().filter(|who| (2..ASKER).contains(who)).collect();
                if strangers.iter().zip(2..).any(|(who, expected)| *who != expected) {
                    continue;
                }
                for roles in every(&role_sets(), present.len()) {
                    let roles = present.iter().copied().zip(roles).collect();
                    requests.push(request(record_type, action, asker, &positions, &seated, &roles));
                }
            }
        }
        Self { record_type, action, requests }
    }

    /// Every kind of member that can ask, as its slots demand on either side; and the kinds for which
    /// some request is decided differently.
    pub(super) fn kinds_and_flips(&self, sides: &Sides) -> (BTreeSet<&Kind>, BTreeSet<(Direction, &Kind)>) {
        let (mut kinds, mut flips) = (BTreeSet::new(), BTreeSet::new());
        let roles = &sides.roles[0] | &sides.roles[1];
        for (kind, request) in self.requests.iter().filter(|(_, request)| exist(request, &roles)) {
            let says = |statements: &[Small], at: usize| {
                let request = on_side(request, &sides.roles[at]);
                admits(&request, &sides.slot_roles[at]).then(|| model(statements, &request).is_ok())
            };
            let (before, after) = (says(&sides.before, 0), says(&sides.after, 1));
            if before.is_some() || after.is_some() {
                kinds.insert(kind);
            }
            match (before.unwrap_or(false), after.unwrap_or(false)) {
                (false, true) => _ = flips.insert((Direction::Gains, kind)),
                (true, false) => _ = flips.insert((Direction::Loses, kind)),
                _ => {}
            }
        }
        (kinds, flips)
    }
}

fn request(
    record_type: &str,
    action: &str,
    asker: u8,
    positions: &[&str],
    seated: &[u8],
    roles: &BTreeMap<u8, BTreeSet<String>>,
) -> (Kind, Request) {
    let party = |who: u8| Party { id: MemberId([who; 32]), roles: roles[&who].clone().into() };
    let parties = positions.iter().zip(seated).skip(1).filter(|(_, who)| **who != 0);
    let own = positions.iter().zip(seated).filter(|(_, who)| **who == asker);
    let own = own.map(|(position, _)| match *position {
        "owner" => Position::Owner,
        slot => Position::Slot(slot.into()),
    });
    let Party { id, roles } = party(asker);
    let kind = Kind { member: id, standing: Standing { roles: (*roles).clone(), positions: own.collect() } };
    let request = Request {
        principal: Principal { id, roles },
        action: action.into(),
        record_type: record_type.into(),
        owner: MemberId([seated[0]; 32]),
        parties: parties.map(|(slot, who)| ((*slot).to_owned(), party(*who))).collect(),
    };
    (kind, request)
}

/// Nobody has a role that neither side has.
fn exist(request: &Request, roles: &BTreeSet<String>) -> bool {
    let held = request.parties.values().map(|party| &party.roles).chain([&request.principal.roles]);
    held.into_iter().all(|held| held.is_subset(roles))
}

/// A side knows its own roles only.
fn on_side<'r>(request: &'r Request, roles: &BTreeSet<String>) -> Cow<'r, Request> {
    if roles.len() == ROLES.len() {
        return Cow::Borrowed(request);
    }
    let mut request = request.clone();
    request.principal.roles.retain(|role| roles.contains(role));
    for party in request.parties.values_mut() {
        party.roles.retain(|role| roles.contains(role));
    }
    Cow::Owned(request)
}

/// Everybody has the roles that slots demand.
pub(super) fn admits(request: &Request, slot_roles: &SlotRoles) -> bool {
    let Some(slots) = slot_roles.get(&request.record_type) else { return true };
    request.parties.iter().all(|(slot, party)| slots.get(slot).is_none_or(|role| party.roles.contains(role)))
}
