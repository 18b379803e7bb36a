//! Who asks, as far as a comparison tells members apart: the roles it holds and the positions it takes.
//!
//! What changed is a set of profiles. [`cover`] writes it down in few patterns: "whoever has at least
//! these roles and stands at least here, but not who also …". The patterns of a set cover exactly it.

use std::collections::BTreeSet;

use super::reading::Position;

/// Roles and positions, as bits of the lists of an [`Alphabet`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Profile {
    pub(super) roles: u128,
    pub(super) positions: u64,
}

/// A profile and all above it, without some and all above those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) least: Profile,
    pub(super) except: Vec<Profile>,
}

impl Profile {
    pub(super) const fn is_within(self, other: Self) -> bool {
        self.roles & !other.roles == 0 && self.positions & !other.positions == 0
    }

    const fn size(self) -> u32 {
        self.roles.count_ones() + self.positions.count_ones()
    }
}

impl Pattern {
    pub(super) fn covers(&self, profile: Profile) -> bool {
        self.least.is_within(profile) && !self.except.iter().any(|except| except.is_within(profile))
    }
}

/// Patterns that cover `changed`, and of the profiles in `tried` nothing else.
///
/// Each round covers at least the smallest profiles that are left, so it ends.
pub(super) fn cover(changed: &BTreeSet<Profile>, tried: &BTreeSet<Profile>) -> Vec<Pattern> {
    let mut left = changed.clone();
    let mut patterns = Vec::new();
    while !left.is_empty() {
        for least in smallest(left.iter().copied()) {
            let unchanged = tried.iter().copied().filter(|p| least.is_within(*p) && !changed.contains(p));
            let pattern = Pattern { least, except: smallest(unchanged) };
            left.retain(|profile| !pattern.covers(*profile));
            patterns.push(pattern);
        }
    }
    patterns
}

/// Those that have no other within them.
fn smallest(profiles: impl Iterator<Item = Profile>) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = profiles.collect();
    profiles.sort_by_key(|profile| (profile.size(), *profile));
    let mut smallest: Vec<Profile> = Vec::new();
    for profile in profiles {
        if !smallest.iter().any(|smaller| smaller.is_within(profile)) {
            smallest.push(profile);
        }
    }
    smallest
}

/// The roles and positions that bits stand for.
#[derive(Debug)]
pub(super) struct Alphabet {
    pub(super) roles: Vec<String>,
    pub(super) positions: Vec<Position>,
}

impl Alphabet {
    /// The profile of a member, with its positions by number; what the alphabet lacks is left out.
    pub(super) fn profile(
        &self,
        roles: &BTreeSet<String>,
        positions: impl Iterator<Item = usize>,
    ) -> Profile {
        let role = |role: &String| self.roles.iter().position(|known| known == role);
        Profile {
            roles: roles.iter().filter_map(role).fold(0, |bits, at| bits | 1 << at),
            positions: positions.fold(0, |bits, at| bits | 1 << at),
        }
    }

    pub(super) fn roles(&self, profile: Profile) -> BTreeSet<String> {
        let has = |at: &usize| profile.roles >> at & 1 == 1;
        (0..self.roles.len()).filter(has).map(|at| self.roles[at].clone()).collect()
    }

    pub(super) fn positions(&self, profile: Profile) -> BTreeSet<Position> {
        let has = |at: &usize| profile.positions >> at & 1 == 1;
        (0..self.positions.len()).filter(has).map(|at| self.positions[at].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn profile(roles: u128, positions: u64) -> Profile {
        Profile { roles, positions }
    }

    #[test]
    fn a_forbidden_corner_is_an_exception() {
        let tried: BTreeSet<Profile> = (0..4).flat_map(|r| (0..4).map(move |p| profile(r, p))).collect();
        let changed = tried.iter().copied().filter(|p| p.roles & 1 == 1 && p.positions != 3).collect();
        let expected = Pattern { least: profile(1, 0), except: vec![profile(1, 3)] };
        assert_eq!(cover(&changed, &tried), [expected]);
        assert_eq!(cover(&BTreeSet::new(), &tried), []);
    }

    proptest! {
        #[test]
        fn patterns_cover_what_changed_and_nothing_else(bits in proptest::collection::vec((0..16_u128, 0..8_u64, 0..3_u8), 0..64)) {
            let tried: BTreeSet<Profile> = bits.iter().map(|(r, p, _)| profile(*r, *p)).collect();
            let changed: BTreeSet<Profile> = bits.iter().filter(|(.., c)| *c == 0).map(|(r, p, _)| profile(*r, *p)).collect();
            let patterns = cover(&changed, &tried);
            for one in &tried {
                prop_assert_eq!(patterns.iter().any(|pattern| pattern.covers(*one)), changed.contains(one));
            }
        }
    }
}
