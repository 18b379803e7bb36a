//! Which column means what: by its name, if its values can mean that.

use std::collections::{BTreeMap, BTreeSet};

use super::dictionary::{Dictionary, Kind};
use super::profile::{Column, Profile};

/// Role -> place of its column.
#[derive(Debug, Default)]
pub(super) struct Roles(BTreeMap<&'static str, usize>);

impl Roles {
    fn add(&mut self, role: &'static str, column: Option<usize>) {
        if let Some(column) = column {
            self.0.insert(role, column);
        }
    }

    pub(super) fn get(&self, role: &str) -> Option<usize> {
        self.0.get(role).copied()
    }

    /// The first of these roles that a column has.
    pub(super) fn first<'r>(&self, roles: &[&'r str]) -> Option<(&'r str, usize)> {
        roles.iter().find_map(|role| Some((*role, self.get(role)?)))
    }
}

/// Gives each role to the column that its names fit best, the best fit first; a column has one role.
pub(super) fn assign(profile: &Profile, dictionary: &'static Dictionary) -> Roles {
    let mut fits: Vec<(u32, usize, usize)> = Vec::new();
    for (role_at, role) in dictionary.roles.iter().enumerate() {
        for (at, column) in profile.columns.iter().enumerate() {
            let score = role.score(&column.name);
            if score > 0 && can_be(column, role.kind, dictionary) {
                fits.push((score, role_at, at));
            }
        }
    }
    // Of two that fit as well, the role that the dictionary has first, and the column that stands first.
    fits.sort_unstable_by_key(|(score, role, column)| (std::cmp::Reverse(*score), *role, *column));
    let (mut roles, mut taken) = (Roles::default(), BTreeSet::new());
    for (_, role, column) in fits {
        let Some(role) = dictionary.roles.get(role) else { continue };
        if !roles.0.contains_key(role.name.as_str()) && taken.insert(column) {
            roles.0.insert(&role.name, column);
        }
    }
    add_by_values(profile, dictionary, &mut roles, &taken);
    roles
}

fn can_be(column: &Column, kind: Kind, dictionary: &Dictionary) -> bool {
    column.filled > 0
        && column.unreadable == 0
        && match kind {
            Kind::Amount => column.numbers.is_amount() && column.redacted.is_empty(),
            Kind::Currency => column.no_currency == 0 && column.redacted.is_empty(),
            Kind::Date => column.days.format(dictionary).is_some(),
            Kind::Text => true,
        }
}

/// What no name tells, values may: numbers with decimals in every row, codes of currencies, days.
fn add_by_values(profile: &Profile, dictionary: &Dictionary, roles: &mut Roles, taken: &BTreeSet<usize>) {
    let find = |fits: &dyn Fn(&Column) -> bool| {
        let mut columns = profile.columns.iter().enumerate();
        let free = |at: usize, column: &Column| !taken.contains(&at) && !column.name.is_empty();
        columns.find(|(at, column)| free(*at, column) && fits(column)).map(|(at, _)| at)
    };
    let has = |roles: &Roles, names: &[&str]| roles.first(names).is_some();
    let pair = has(roles, &["debit"]) && has(roles, &["credit"]);
    if !pair && !has(roles, &["amount"]) {
        let of_money = |column: &Column| column.empty + column.odd == 0 && column.numbers.decimals_max > 0;
        roles.add("amount", find(&|column| of_money(column) && can_be(column, Kind::Amount, dictionary)));
    }
    if !has(roles, &["currency"]) {
        roles.add("currency", find(&|column| can_be(column, Kind::Currency, dictionary)));
    }
    if !has(roles, &["due", "paid", "issue"]) {
        let no_number = |column: &Column| column.numbers.read == 0;
        roles.add("paid", find(&|column| no_number(column) && can_be(column, Kind::Date, dictionary)));
    }
}
