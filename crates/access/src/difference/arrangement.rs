//! Who stands where: every way to seat members in the positions that are read.
//!
//! Person 0 asks. Each position is left empty, taken by a person that stands elsewhere already, or by
//! a new one; each person is somebody whom no statement names, or one of those that are named. A
//! decision knows members only by whether they are the same and by their keys, so these are all the
//! cases there are.
//!
//! The plain case is that everybody is somebody else and nobody is named; each step away from it is a
//! coincidence. Where there are too many arrangements, those with few coincidences are kept.

use parclose_types::MemberId;

use super::reading::Position;

/// Arrangements for one action and record type.
pub(super) const ARRANGEMENTS_MAX: usize = 8192;

/// Who asks.
pub(super) const ASKER: usize = 0;

/// One way to seat members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrangement {
    /// the person in each position, in the order of [`Places`]; nobody in an empty one
    pub(super) seats: Vec<Option<usize>>,
    /// for each person, the key by which a statement names it
    pub(super) named: Vec<Option<MemberId>>,
    coincidences: usize,
}

impl Arrangement {
    /// Nobody but who asks.
    fn of_one() -> Self {
        Self { seats: Vec::new(), named: vec![None], coincidences: 0 }
    }

    /// The next position is taken.
    fn seated(&self, person: usize) -> Self {
        let mut next = self.clone();
        if person == self.named.len() {
            next.named.push(None);
        } else {
            next.coincidences += 1;
        }
        next.seats.push(Some(person));
        next
    }

    /// The next position is left empty.
    fn left_empty(&self) -> Self {
        let mut next = Self { coincidences: self.coincidences + 1, ..self.clone() };
        next.seats.push(None);
        next
    }

    fn with_name(&self, person: usize, key: MemberId) -> Self {
        let mut next = Self { coincidences: self.coincidences + 1, ..self.clone() };
        next.named[person] = Some(key);
        next
    }

    /// The positions of a person, by number.
    pub(super) fn positions(&self, person: usize) -> impl Iterator<Item = usize> {
        (0..self.seats.len()).filter(move |at| self.seats[*at] == Some(person))
    }

    /// What is not plain about it, but for where the asker stands.
    pub(super) fn in_words(&self, places: &Places) -> Vec<String> {
        let word = |at: usize| places.positions[at].0.to_string();
        let empty = (0..self.seats.len()).filter(|at| self.seats[*at].is_none());
        let mut words: Vec<String> = empty.map(|at| format!("no {}", word(at))).collect();
        for (person, named) in self.named.iter().enumerate().skip(ASKER + 1) {
            let stands: Vec<String> = self.positions(person).map(word).collect();
            match named {
                Some(key) => words.push(format!("{} is member {key}", stands.join(" and "))),
                None if stands.len() > 1 => words.push(format!("{} are one member", stands.join(" and "))),
                None => {}
            }
        }
        words
    }
}

/// What there is to arrange.
#[derive(Debug)]
pub(super) struct Places {
    /// positions to fill, and whether one may stay empty
    pub(super) positions: Vec<(Position, bool)>,
    /// members whom a statement names
    pub(super) members: Vec<MemberId>,
}

impl Places {
    /// The arrangements, those with fewer coincidences first, and whether these are all.
    pub(super) fn arrangements(&self) -> (Vec<Arrangement>, bool) {
        let most = 2 * self.positions.len() + 1;
        let (mut found, is_all) = self.search(most);
        if !is_all {
            found = self.search(0).0;
            for coincidences_max in 1..most {
                let (more, is_whole) = self.search(coincidences_max);
                if !is_whole {
                    break;
                }
                found = more;
            }
        }
        found.sort_by_key(|arrangement| arrangement.coincidences);
        (found, is_all)
    }

    /// The arrangements with so many coincidences, and whether there are not too many.
    fn search(&self, coincidences_max: usize) -> (Vec<Arrangement>, bool) {
        let mut search = Search { places: self, coincidences_max, found: Vec::new() };
        let is_whole = search.seat(&Arrangement::of_one());
        (search.found, is_whole)
    }
}

/// Depth first: the positions one after the other, then the names of the persons. Both return false
/// when there are too many.
struct Search<'p> {
    places: &'p Places,
    coincidences_max: usize,
    found: Vec<Arrangement>,
}

impl Search<'_> {
    /// Fills the positions that are left in every way.
    fn seat(&mut self, so_far: &Arrangement) -> bool {
        let Some((_, may_be_empty)) = self.places.positions.get(so_far.seats.len()) else {
            return self.name(ASKER, so_far);
        };
        let new = so_far.named.len();
        let mut whole = self.seat(&so_far.seated(new));
        if self.is_full(so_far) {
            return whole;
        }
        for person in 0..new {
            whole = whole && self.seat(&so_far.seated(person));
        }
        whole && (!may_be_empty || self.seat(&so_far.left_empty()))
    }

    /// Names the persons from number `person` on in every way.
    fn name(&mut self, person: usize, so_far: &Arrangement) -> bool {
        if person == so_far.named.len() || self.is_full(so_far) {
            self.found.push(so_far.clone());
            return self.found.len() < ARRANGEMENTS_MAX;
        }
        let mut free = self.places.members.iter().filter(|key| !so_far.named.contains(&Some(**key)));
        self.name(person + 1, so_far)
            && free.all(|key| self.name(person + 1, &so_far.with_name(person, *key)))
    }

    /// Whether no further coincidence is allowed.
    const fn is_full(&self, so_far: &Arrangement) -> bool {
        so_far.coincidences >= self.coincidences_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(slots: usize, optional: bool, members: u8) -> Places {
        let slot = |n| (Position::Slot(format!("s{n:02}")), optional);
        Places {
            positions: (0..slots).map(slot).collect(),
            members: (0..members).map(|n| MemberId([n; 32])).collect(),
        }
    }

    #[test]
    fn every_partition_is_an_arrangement() {
        // Bell numbers: who asks and n positions.
        for (positions, bell) in [(0, 1), (1, 2), (2, 5), (3, 15), (4, 52), (6, 877)] {
            let (found, is_all) = places(positions, false, 0).arrangements();
            assert_eq!((found.len(), is_all), (bell, true));
        }
        // One optional position: somebody else, the asker, nobody; one member named: nobody, either, each.
        assert_eq!(places(1, true, 0).arrangements().0.len(), 3);
        assert_eq!(places(1, false, 1).arrangements().0.len(), 3 + 2);
    }

    #[test]
    fn the_plain_one_comes_first_and_all_are_different() {
        let (found, _) = places(3, true, 2).arrangements();
        assert_eq!(found[0].seats, [Some(1), Some(2), Some(3)]);
        assert_eq!(found[0].in_words(&places(3, true, 2)), Vec::<String>::new());
        for (at, one) in found.iter().enumerate() {
            assert!(!found[..at].contains(one), "{one:?}");
        }
    }

    #[test]
    fn acc_21_too_many_are_cut_to_those_with_few_coincidences() {
        let (found, is_all) = places(17, true, 0).arrangements();
        assert!(!is_all && found.len() < ARRANGEMENTS_MAX);
        // Each single coincidence is there: the asker in each position, each pair, each empty one.
        assert_eq!(found.len(), 1 + 17 + 17 * 16 / 2 + 17);
        let (found, is_all) = places(16, false, 255).arrangements();
        assert!(!is_all && found.len() <= ARRANGEMENTS_MAX);
    }

    #[test]
    fn what_is_odd_is_told_in_words() {
        let places = places(3, true, 1);
        let pair = Arrangement::of_one().seated(1).seated(1).seated(ASKER);
        assert_eq!(pair.in_words(&places), ["s00 and s01 are one member"]);
        let named = Arrangement::of_one().seated(1).left_empty().seated(2).with_name(2, places.members[0]);
        let key = "00".repeat(32);
        assert_eq!(named.in_words(&places), ["no s01".to_owned(), format!("s02 is member {key}")]);
    }
}
