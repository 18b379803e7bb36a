//! Which sets of roles a member can have, as far as anybody asks.

use std::collections::BTreeSet;

/// So many roles of which all sets are tried; of more, those with few more than a slot demands.
const ROLES_MAX: usize = 6;

/// How many more.
const MORE_MAX: usize = 2;

/// Sets of roles, smallest first, and whether these are all that can be told apart.
#[derive(Debug)]
pub(super) struct RoleSets {
    pub(super) sets: Vec<BTreeSet<String>>,
    pub(super) is_all: bool,
}

impl RoleSets {
    /// The sets that fit what either side demands, made of the roles that are asked for or demanded.
    ///
    /// A member has at least one role; so a set is empty only if there are roles that nobody asks for.
    pub(super) fn of(
        asked: &BTreeSet<String>,
        demanded: [&BTreeSet<String>; 2],
        all: &BTreeSet<String>,
    ) -> Self {
        let wanted = asked | &(demanded[0] | demanded[1]);
        let roles: Vec<&String> = wanted.intersection(all).collect();
        let is_all = roles.len() <= ROLES_MAX;
        let more = if is_all { roles.len() } else { MORE_MAX };
        let mut sets = BTreeSet::new();
        for demanded in demanded.into_iter().filter(|demanded| demanded.is_subset(all)) {
            extend(demanded, &roles, more, &mut sets);
        }
        if roles.len() == all.len() && !all.is_empty() {
            sets.remove(&BTreeSet::new());
        }
        let mut sets: Vec<BTreeSet<String>> = sets.into_iter().collect();
        sets.sort_by_key(BTreeSet::len);
        Self { sets, is_all }
    }

    /// The one set of somebody whose roles nobody can ask for.
    pub(super) fn untold() -> Self {
        Self { sets: vec![BTreeSet::new()], is_all: true }
    }
}

/// Notes a set, and every set with at most so many more of the roles.
fn extend(set: &BTreeSet<String>, roles: &[&String], more: usize, sets: &mut BTreeSet<BTreeSet<String>>) {
    sets.insert(set.clone());
    let Some(more) = more.checked_sub(1) else { return };
    for (at, role) in roles.iter().enumerate().filter(|(_, role)| !set.contains(**role)) {
        let mut larger = set.clone();
        larger.insert((*role).clone());
        extend(&larger, &roles[at + 1..], more, sets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn all_sets_that_either_side_lets_in() {
        let all = set(&["a", "b", "c", "d"]);
        let found = RoleSets::of(&set(&["a", "nobody-has-it"]), [&set(&["b"]), &set(&["c"])], &all);
        let expected = [
            set(&["b"]),
            set(&["c"]),
            set(&["a", "b"]),
            set(&["a", "c"]),
            set(&["b", "c"]),
            set(&["a", "b", "c"]),
        ];
        assert_eq!((found.sets, found.is_all), (expected.to_vec(), true));
    }

    #[test]
    fn nobody_is_without_roles_unless_there_are_others() {
        let none = set(&[]);
        assert_eq!(RoleSets::of(&set(&["a"]), [&none, &none], &set(&["a"])).sets, [set(&["a"])]);
        assert_eq!(
            RoleSets::of(&set(&["a"]), [&none, &none], &set(&["a", "b"])).sets,
            [set(&[]), set(&["a"])]
        );
        assert_eq!(RoleSets::untold().sets, [none]);
    }

    #[test]
    fn acc_21_of_many_roles_small_sets_are_tried() {
        let names: Vec<String> = (0..64).map(|n| format!("r{n:02}")).collect();
        let all: BTreeSet<String> = names.iter().cloned().collect();
        let found = RoleSets::of(&all, [&set(&["r00"]), &set(&["r00"])], &all);
        assert!(!found.is_all && found.sets.iter().all(|set| set.contains("r00") && set.len() <= 3));
        assert_eq!(found.sets.len(), 1 + 63 + 63 * 62 / 2);
    }
}
