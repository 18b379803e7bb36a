//! Links between machines: what gets lost, comes twice, late, or not through a cut.

use std::time::Duration;

use crate::dice::Dice;

/// How a group of machines is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// most of them cannot reach the rest
    Majority,
    /// one cannot reach the others
    Minority,
    /// each reaches its two neighbours only
    Ring,
    /// one is heard, and hears nobody
    OneWay,
    /// links are cut one by one in a drawn order, and opened in another
    Swizzle,
}

/// All kinds, with the names by which they are counted.
pub const CUTS: [(Cut, &str); 5] = [
    (Cut::Majority, "partition: majority"),
    (Cut::Minority, "partition: minority"),
    (Cut::Ring, "partition: ring"),
    (Cut::OneWay, "partition: one way"),
    (Cut::Swizzle, "partition: swizzle-clog"),
];

/// What has happened to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// when it arrives, each time
    pub arrivals: Vec<Duration>,
    /// it was lost on a bad link
    pub is_dropped: bool,
    /// it met a cut
    pub is_cut: bool,
    /// it comes after what was sent later
    pub is_late: bool,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    drop_percent: u64,
    /// how long a message takes at most that is not held up
    usual_millis: u64,
    /// how long one is held up at most
    late_millis: u64,
    is_cut: bool,
}

/// The links of a run, one for each direction.
#[derive(Clone, Debug)]
pub struct Links {
    machines: usize,
    links: Vec<Link>,
    is_healed: bool,
}

impl Links {
    /// Links between so many machines, each as bad as the dice say.
    pub fn drawn(machines: usize, dice: &mut Dice) -> Self {
        let link = |dice: &mut Dice| Link {
            drop_percent: if dice.chance(50) { 0 } else { dice.below(31) },
            usual_millis: dice.pick(&[10, 30, 30, 120]).unwrap_or(30),
            late_millis: dice.pick(&[200, 200, 1000, 10_000]).unwrap_or(200),
            is_cut: false,
        };
        let links = (0..machines.saturating_mul(machines)).map(|_| link(dice)).collect();
        Self { machines, links, is_healed: false }
    }

    fn link(&mut self, from: usize, to: usize) -> Option<&mut Link> {
        self.links.get_mut(from.saturating_mul(self.machines).saturating_add(to))
    }

    /// Cuts or opens a direction.
    pub fn set_cut(&mut self, from: usize, to: usize, is_cut: bool) {
        if let Some(link) = self.link(from, to) {
            link.is_cut = is_cut;
        }
    }

    /// Opens every link.
    pub fn open_all(&mut self) {
        for link in &mut self.links {
            link.is_cut = false;
        }
    }

    /// Opens every link and makes it good, for the rest of the run.
    pub fn heal(&mut self) {
        self.open_all();
        self.is_healed = true;
    }

    /// The directions that a cut takes away among these machines.
    pub fn directions(&self, cut: Cut, dice: &mut Dice) -> Vec<(usize, usize)> {
        let all = self.machines;
        let pairs =
            (0..all).flat_map(|from| (0..all).map(move |to| (from, to))).filter(|(from, to)| from != to);
        let one = dice.index(all);
        let group = match cut {
            Cut::Majority => dice.some(all, all / 2),
            _ => vec![one],
        };
        let apart = |(from, to): &(usize, usize)| group.contains(from) != group.contains(to);
        let neighbours = |(from, to): &(usize, usize)| (from.abs_diff(*to) + 1) % all <= 2;
        match cut {
            Cut::Majority | Cut::Minority => pairs.filter(apart).collect(),
            Cut::Ring => pairs.filter(|pair| !neighbours(pair)).collect(),
            Cut::OneWay => pairs.filter(|(_, to)| *to == one).collect(),
            Cut::Swizzle => {
                let mut some: Vec<_> = pairs.filter(|_| dice.chance(60)).collect();
                for at in 0..some.len() {
                    let other = dice.index(some.len());
                    some.swap(at, other);
                }
                some
            }
        }
    }

    /// What becomes of a message.
    pub fn route(&mut self, from: usize, to: usize, dice: &mut Dice) -> Routed {
        let is_healed = self.is_healed;
        let mut routed = Routed::default();
        let Some(link) = self.link(from, to) else { return routed };
        if is_healed {
            routed.arrivals.push(dice.millis(1, 20));
            return routed;
        }
        if link.is_cut {
            routed.is_cut = true;
            return routed;
        }
        if dice.chance(link.drop_percent) {
            routed.is_dropped = true;
            return routed;
        }
        let copies = if dice.chance(5) { 2 } else { 1 };
        for _ in 0..copies {
            let usual = dice.millis(1, link.usual_millis);
            let is_late = dice.chance(20);
            routed.is_late |= is_late;
            let late = if is_late { dice.millis(0, link.late_millis) } else { Duration::ZERO };
            routed.arrivals.push(usual.saturating_add(late));
        }
        routed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_cut_separates_somebody() {
        let mut dice = Dice::of(1, 0);
        for machines in [4, 7] {
            let links = Links::drawn(machines, &mut dice);
            for (cut, name) in CUTS {
                let directions = links.directions(cut, &mut dice);
                assert!(!directions.is_empty() && directions.iter().all(|(from, to)| from != to), "{name}");
            }
            assert_eq!(links.directions(Cut::OneWay, &mut dice).len(), machines - 1);
            assert_eq!(links.directions(Cut::Ring, &mut dice).len(), machines * (machines - 3));
        }
    }

    #[test]
    fn a_cut_holds_until_it_is_healed() {
        let mut dice = Dice::of(2, 0);
        let mut links = Links::drawn(4, &mut dice);
        links.set_cut(0, 1, true);
        assert!((0..50).all(|_| links.route(0, 1, &mut dice).is_cut));
        links.heal();
        assert!((0..50).all(|_| links.route(0, 1, &mut dice).arrivals.len() == 1));
    }
}
