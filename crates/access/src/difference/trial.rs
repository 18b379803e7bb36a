//! The situations of one action and record type: tried one by one, counted, and summed up.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::MemberId;

use super::arrangement::{ASKER, Arrangement, Places};
use super::profile::{Alphabet, Pattern, Profile, cover};
use super::reading::{Position, Reading};
use super::roles::RoleSets;
use super::situation::{Counter, Situation};
use super::{Change, Direction, Example, Gap, Standing, Whom};
use crate::request::Request;

/// Positions that are arranged; those beyond are filled with somebody else.
const POSITIONS_MAX: usize = 24;

/// Roles that are told apart.
const ROLES_MAX: usize = 128;

/// Party slots, and whether one may stay empty on either side.
pub(super) type Slots<'a> = BTreeMap<&'a String, bool>;

/// What came of a pair.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) changes: Vec<Change>,
    pub(super) situations: usize,
    pub(super) gaps: BTreeSet<Gap>,
}

/// A pair under trial.
#[derive(Debug)]
pub(super) struct Trial<'t> {
    action: &'t str,
    record_type: &'t str,
    reading: &'t Reading,
    counters: &'t [Counter<'t>; 2],
    /// every role that a member of either side can have
    roles: BTreeSet<String>,
    places: Places,
    alphabet: Alphabet,
    situations: usize,
    gaps: BTreeSet<Gap>,
    /// situations by who asks: named by key or not, and its profile
    tried: BTreeMap<Option<MemberId>, BTreeMap<Profile, usize>>,
    changed: BTreeMap<(Direction, Option<MemberId>), BTreeMap<Profile, Changed>>,
}

/// Situations that the two sides decide differently, and the plainest of them.
#[derive(Debug)]
struct Changed {
    situations: usize,
    example: Example,
}

impl<'t> Trial<'t> {
    pub(super) fn new(
        action: &'t str,
        record_type: &'t str,
        reading: &'t Reading,
        counters: &'t [Counter<'t>; 2],
        slots: &Slots<'_>,
    ) -> Self {
        let slots = slots.iter().map(|(slot, may_be_empty)| (Position::Slot((*slot).clone()), *may_be_empty));
        let mut positions: Vec<(Position, bool)> =
            [(Position::Owner, false)].into_iter().chain(slots).collect();
        let [before, after] = counters;
        // A slot that only demands another role than before matters though no statement reads it.
        let matters = |position: &Position| {
            reading.reads(position) || demand(counters, 0, position) != demand(counters, 1, position)
        };
        positions.retain(|(position, _)| matters(position));
        let roles = before.side.roles | after.side.roles;
        let mut trial = Self {
            action,
            record_type,
            reading,
            counters,
            alphabet: Alphabet { roles: Vec::new(), positions: Vec::new() },
            roles,
            places: Places { positions, members: reading.members().iter().copied().collect() },
            situations: 0,
            gaps: BTreeSet::new(),
            tried: BTreeMap::new(),
            changed: BTreeMap::new(),
        };
        if trial.places.positions.len() > POSITIONS_MAX {
            trial.places.positions.truncate(POSITIONS_MAX);
            trial.gaps.insert(Gap::Arrangements);
        }
        let told_apart = trial.told_apart();
        if told_apart.len() > ROLES_MAX {
            trial.gaps.insert(Gap::RoleSets);
        }
        trial.alphabet.roles = told_apart.into_iter().take(ROLES_MAX).collect();
        trial.alphabet.positions =
            trial.places.positions.iter().map(|(position, _)| position.clone()).collect();
        trial
    }

    /// Every role that a statement or a slot names, and one more to stand for the rest.
    fn told_apart(&self) -> BTreeSet<String> {
        let of_slots =
            self.counters.iter().filter_map(|counter| counter.slot_roles).flat_map(BTreeMap::values);
        let named: BTreeSet<String> = self.reading.words().chain(of_slots).cloned().collect();
        let rest = self.roles.iter().find(|role| !named.contains(*role));
        rest.into_iter().chain(named.intersection(&self.roles)).cloned().collect()
    }

    /// Tries every situation, at most so many.
    pub(super) fn run(&mut self, situations_max: usize) {
        let (arrangements, is_all) = self.places.arrangements();
        if !is_all {
            self.gaps.insert(Gap::Arrangements);
        }
        for arrangement in &arrangements {
            let persons = 0..arrangement.named.len();
            let role_sets: Vec<RoleSets> =
                persons.map(|person| self.role_sets(arrangement, person)).collect();
            for roles in choices(&role_sets) {
                if self.situations == situations_max {
                    self.gaps.insert(Gap::Situations);
                    return;
                }
                self.situations += 1;
                self.put(&Situation { arrangement, roles });
            }
        }
    }

    /// The sets of roles that can make a difference for a person.
    fn role_sets(&mut self, arrangement: &Arrangement, person: usize) -> RoleSets {
        let mut positions: Vec<&Position> =
            arrangement.positions(person).map(|at| &self.places.positions[at].0).collect();
        if person != ASKER && positions == [&Position::Owner] {
            return RoleSets::untold();
        }
        let demanded = [0, 1].map(|side: usize| {
            positions
                .iter()
                .filter_map(|p| demand(self.counters, side, p))
                .cloned()
                .collect::<BTreeSet<String>>()
        });
        positions.extend((person == ASKER).then_some(&Position::Principal));
        let mut asked: BTreeSet<String> =
            positions.iter().flat_map(|p| self.reading.asked(p)).cloned().collect();
        if positions.iter().any(|position| self.reading.reads_wholly(position)) {
            self.gaps.insert(Gap::WholeSets);
            asked = self.told_apart();
        }
        let sets = RoleSets::of(&asked, [&demanded[0], &demanded[1]], &self.roles);
        if !sets.is_all {
            self.gaps.insert(Gap::RoleSets);
        }
        sets
    }

    /// Puts one situation to both sides.
    fn put(&mut self, situation: &Situation<'_>) {
        let asks = situation.arrangement.named[ASKER];
        let profile = self.alphabet.profile(situation.roles[ASKER], situation.arrangement.positions(ASKER));
        *self.tried.entry(asks).or_default().entry(profile).or_default() += 1;
        let requests = self.counters.each_ref().map(|counter| counter.request(situation, &self.places));
        let [before, after] = [0, 1].map(|side| self.counters[side].permits(&requests[side]));
        let direction = match (before, after) {
            (false, true) => Direction::Gains,
            (true, false) => Direction::Loses,
            _ => return,
        };
        let changed = self.changed.entry((direction, asks)).or_default().entry(profile);
        let changed = changed.or_insert_with(|| Changed {
            situations: 0,
            example: example(situation, requests, &self.places, self.counters),
        });
        changed.situations += 1;
    }

    /// Sums up.
    pub(super) fn into_tried(self) -> Tried {
        let changes =
            [Direction::Gains, Direction::Loses].into_iter().flat_map(|d| self.changes(d)).collect();
        Tried { changes, situations: self.situations, gaps: self.gaps }
    }

    /// A member that is named by key has changes of its own where they are not those of everybody.
    fn changes(&self, direction: Direction) -> Vec<Change> {
        let profiles = |asks: Option<MemberId>| -> BTreeSet<Profile> {
            self.changed.get(&(direction, asks)).into_iter().flat_map(BTreeMap::keys).copied().collect()
        };
        let of_anybody = profiles(None);
        let others = self.tried.keys().flatten().copied();
        let but: BTreeSet<MemberId> = others.filter(|key| profiles(Some(*key)) != of_anybody).collect();
        let own = but.iter().map(|key| (Some(*key), Whom::Member(*key)));
        [(None, Whom::Anybody { but: but.clone() })]
            .into_iter()
            .chain(own)
            .flat_map(|(asks, whom)| {
                self.patterns(direction, asks).into_iter().map(move |p| (asks, whom.clone(), p))
            })
            .filter_map(|(asks, whom, pattern)| self.change(direction, asks, whom, &pattern))
            .collect()
    }

    fn patterns(&self, direction: Direction, asks: Option<MemberId>) -> Vec<Pattern> {
        let Some(changed) = self.changed.get(&(direction, asks)) else { return Vec::new() };
        let tried = self.tried.get(&asks).into_iter().flat_map(BTreeMap::keys).copied().collect();
        cover(&changed.keys().copied().collect(), &tried)
    }

    fn change(
        &self,
        direction: Direction,
        asks: Option<MemberId>,
        whom: Whom,
        pattern: &Pattern,
    ) -> Option<Change> {
        let changed = self.changed.get(&(direction, asks))?;
        let tried = self.tried.get(&asks)?;
        let always = changed
            .iter()
            .filter(|(profile, _)| pattern.covers(**profile))
            .all(|(profile, changed)| tried.get(profile) == Some(&changed.situations));
        let standing = |profile: &Profile| Standing {
            roles: self.alphabet.roles(*profile),
            positions: self.alphabet.positions(*profile),
        };
        Some(Change {
            direction,
            action: self.action.to_owned(),
            record_type: self.record_type.to_owned(),
            whom,
            least: standing(&pattern.least),
            except: pattern.except.iter().map(standing).collect(),
            positions: self.alphabet.positions.iter().cloned().collect(),
            always,
            example: changed.get(&pattern.least)?.example.clone(),
        })
    }
}

/// The role that a position demands on a side; a slot that the side does not have demands what it does
/// on the other.
fn demand<'c>(counters: &'c [Counter<'_>; 2], side: usize, position: &Position) -> Option<&'c String> {
    let at = if counters[side].has(position) { side } else { 1 - side };
    counters[at].role_for(position)
}

/// Every choice of one set for each person, all smallest ones first.
fn choices(role_sets: &[RoleSets]) -> impl Iterator<Item = Vec<&BTreeSet<String>>> {
    let count = role_sets.iter().map(|sets| sets.sets.len()).fold(1, usize::saturating_mul);
    (0..count).map(move |mut number| {
        let choose = |sets: &'_ RoleSets| {
            let at = number % sets.sets.len();
            number /= sets.sets.len();
            at
        };
        let chosen: Vec<usize> = role_sets.iter().map(choose).collect();
        role_sets.iter().zip(chosen).map(|(sets, at)| &sets.sets[at]).collect()
    })
}

/// A situation as requests and in words: a role beyond those that slots demand is particular.
fn example(
    situation: &Situation<'_>,
    requests: [Request; 2],
    places: &Places,
    counters: &[Counter<'_>; 2],
) -> Example {
    let mut particular = situation.arrangement.in_words(places);
    for (person, roles) in situation.roles.iter().enumerate().skip(ASKER + 1) {
        let positions: Vec<&Position> =
            situation.arrangement.positions(person).map(|at| &places.positions[at].0).collect();
        let demands = |role: &String| {
            positions.iter().any(|p| counters.iter().any(|counter| counter.role_for(p) == Some(role)))
        };
        let more: Vec<&str> = roles.iter().filter(|role| !demands(role)).map(String::as_str).collect();
        if let (Some(position), false) = (positions.first(), more.is_empty()) {
            particular.push(format!("{position} has also the role {}", more.join(" and ")));
        }
    }
    let [before, after] = requests;
    Example { before, after, particular }
}
