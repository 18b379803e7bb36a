//! Small policies made at random, and what they say in plain Rust.
//!
//! The model knows nothing of Cedar: a statement is a list of conditions, a condition is true, false
//! or cannot be told, and a list stops at its first condition that is not true.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::MemberId;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::{Effect, Party, Policy, PolicySource, Principal, Request};

/// Two record types with slots, one without.
pub(crate) const SCHEMA: &str = "
entity Member { roles: Set<String> };
entity Note { owner: Member, writer: Member, reader?: Member };
entity Bill { owner: Member, payer: Member, payee: Member };
entity Room { owner: Member };
action create, update appliesTo { principal: [Member], resource: [Note, Bill] };
action join appliesTo { principal: [Member], resource: [Room] };
";

/// Record types with their slots and actions.
pub(crate) const TYPES: [(&str, &[&str], &[&str]); 3] = [
    ("note", &["writer", "reader"], &["create", "update"]),
    ("bill", &["payer", "payee"], &["create", "update"]),
    ("room", &[], &["join"]),
];

pub(crate) const ROLES: &[&str] = &["clerk", "chief", "barred"];

/// Somebody of whom a condition can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Principal,
    Owner,
    Slot(&'static str),
}

/// What a statement can demand.
#[derive(Clone, Debug)]
pub(crate) enum Cond {
    Role(Who, &'static str),
    Same(Who, Who),
    /// it is the member with the key of this number
    Is(Who, u8),
    Filled(&'static str),
    Either(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

/// A statement.
#[derive(Clone, Debug)]
pub(crate) struct Small {
    pub(crate) id: String,
    pub(crate) effect: Effect,
    pub(crate) record_type: &'static str,
    pub(crate) action: Option<&'static str>,
    /// conjuncts of its `when`
    pub(crate) when: Vec<Cond>,
    pub(crate) unless: Option<Cond>,
}

/// True, false, or not to be told.
pub(crate) type Truth = Option<bool>;

impl Who {
    fn text(self) -> String {
        match self {
            Self::Principal => "principal".into(),
            Self::Owner => "resource.owner".into(),
            Self::Slot(slot) => format!("resource.{slot}"),
        }
    }

    fn id(self, request: &Request) -> Option<MemberId> {
        match self {
            Self::Principal => Some(request.principal.id),
            Self::Owner => Some(request.owner),
            Self::Slot(slot) => request.parties.get(slot).map(|party| party.id),
        }
    }

    fn roles(self, request: &Request) -> Option<&BTreeSet<String>> {
        let id = self.id(request)?;
        let party = request.parties.values().find(|party| party.id == id).map(|party| &*party.roles);
        if request.principal.id == id { Some(&*request.principal.roles) } else { party }
    }
}

impl Cond {
    /// As Cedar writes it; a slot that may be empty is asked for first.
    fn text(&self) -> String {
        let guard = if self.slots().contains(&"reader") { "resource has reader && " } else { "" };
        match self {
            Self::Role(who, role) => format!("{guard}{}.roles.contains(\"{role}\")", who.text()),
            Self::Same(one, other) => format!("{guard}{} == {}", one.text(), other.text()),
            Self::Is(who, n) => format!("{guard}{} == Member::\"{}\"", who.text(), MemberId([*n; 32])),
            Self::Filled(slot) => format!("resource has {slot}"),
            Self::Either(one, other) => format!("({} || {})", one.text(), other.text()),
            Self::Not(inner) => format!("!({})", inner.text()),
        }
    }

    /// The slots that its own words name, not those of conditions inside it.
    fn slots(&self) -> Vec<&'static str> {
        let named = |who: &Who| if let Who::Slot(slot) = who { Some(*slot) } else { None };
        match self {
            Self::Role(who, _) | Self::Is(who, _) => named(who).into_iter().collect(),
            Self::Same(one, other) => named(one).into_iter().chain(named(other)).collect(),
            Self::Filled(_) | Self::Either(..) | Self::Not(_) => Vec::new(),
        }
    }

    /// The conjuncts that a reader sees: the question for the empty slot is one of its own.
    pub(crate) fn conjuncts(&self) -> Vec<Self> {
        let guard = self.slots().contains(&"reader").then_some(Self::Filled("reader"));
        guard.into_iter().chain([self.clone()]).collect()
    }

    /// Without the question for the empty slot.
    pub(crate) fn alone(&self, request: &Request) -> Truth {
        match self {
            Self::Role(who, role) => who.roles(request).map(|roles| roles.contains(*role)),
            Self::Same(one, other) => Some(one.id(request)? == other.id(request)?),
            Self::Is(who, n) => Some(who.id(request)? == MemberId([*n; 32])),
            Self::Filled(slot) => Some(request.parties.contains_key(*slot)),
            Self::Either(one, other) => match one.truth(request)? {
                true => Some(true),
                false => other.truth(request),
            },
            Self::Not(inner) => inner.truth(request).map(|truth| !truth),
        }
    }

    fn truth(&self, request: &Request) -> Truth {
        all(self.conjuncts().iter().map(|part| part.alone(request)))
    }
}

/// Stops at the first that is not true.
fn all(parts: impl IntoIterator<Item = Truth>) -> Truth {
    parts.into_iter().find(|part| *part != Some(true)).unwrap_or(Some(true))
}

impl Small {
    pub(crate) fn text(&self) -> String {
        let effect = self.effect;
        let (id, record) = (&self.id, crate::vocabulary::entity_type(self.record_type).unwrap());
        let action = self.action.map_or_else(|| "action".into(), |a| format!("action == Action::\"{a}\""));
        let when: Vec<String> = self.when.iter().map(Cond::text).collect();
        let when =
            if when.is_empty() { String::new() } else { format!("\nwhen {{ {} }}", when.join(" &&\n  ")) };
        let unless = self.unless.as_ref().map(|cond| format!("\nunless {{ {} }}", cond.text()));
        format!(
            "@id(\"{id}\")\n{effect} (principal, {action}, resource is {record}){when}{};\n\n",
            unless.unwrap_or_default()
        )
    }

    pub(crate) fn in_scope(&self, request: &Request) -> bool {
        self.record_type == request.record_type && self.action.is_none_or(|action| action == request.action)
    }

    /// Each conjunct and the `unless`, asked alone.
    pub(crate) fn conditions(&self, request: &Request) -> Vec<Truth> {
        let when = self.when.iter().flat_map(Cond::conjuncts);
        let unless = self.unless.iter().map(|cond| cond.truth(request).map(|truth| !truth));
        when.map(|part| part.alone(request)).chain(unless).collect()
    }

    pub(crate) fn applies(&self, request: &Request) -> Truth {
        if self.in_scope(request) { all(self.conditions(request)) } else { Some(false) }
    }
}

/// The answer, or the rule that denies.
pub(crate) fn model(statements: &[Small], request: &Request) -> Result<(), &'static str> {
    let of = |effect: Effect| statements.iter().filter(move |statement| statement.effect == effect);
    if statements.iter().any(|statement| statement.applies(request).is_none()) {
        return Err("ACC-02");
    }
    if of(Effect::Forbid).any(|statement| statement.applies(request) == Some(true)) {
        return Err("ACC-03");
    }
    let permitted = of(Effect::Permit).any(|statement| statement.applies(request) == Some(true));
    if permitted { Ok(()) } else { Err("ACC-04") }
}

pub(crate) fn policy(statements: &[Small]) -> Policy {
    let text: String = statements.iter().map(Small::text).collect();
    Policy::parse(PolicySource { file_name: "policy.cedar".into(), text: &text, schema_text: SCHEMA })
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn conds(slots: &'static [&'static str], roles: &'static [&'static str]) -> impl Strategy<Value = Cond> {
    let somebody: Vec<Who> =
        [Who::Principal, Who::Owner].into_iter().chain(slots.iter().map(|slot| Who::Slot(slot))).collect();
    let pairs: Vec<(Who, Who)> = somebody
        .iter()
        .flat_map(|one| somebody.iter().map(|other| (*one, *other)))
        .filter(|(one, other)| one != other)
        .collect();
    // The roles of an owner may be unknown: rarely asked for, or nearly every answer would be ACC-02.
    let known: Vec<Who> = somebody.iter().filter(|who| **who != Who::Owner).copied().collect();
    let is = (select(somebody), 1..=1_u8).prop_map(|(who, n)| Cond::Is(who, n));
    let leaf = prop_oneof![
        1 => is,
        12 => (select(known), select(roles)).prop_map(|(who, role)| Cond::Role(who, role)),
        1 => select(roles).prop_map(|role| Cond::Role(Who::Owner, role)),
        12 => select(pairs).prop_map(|(one, other)| Cond::Same(one, other)),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Cond::Either(one.into(), other.into())),
            inner.prop_map(|cond| Cond::Not(cond.into())),
        ]
    })
}

fn statement(roles: &'static [&'static str]) -> impl Strategy<Value = Small> {
    select(TYPES.to_vec()).prop_flat_map(move |(record_type, slots, actions)| {
        let actions = proptest::option::of(select(actions.to_vec()));
        let effect = prop_oneof![3 => Just(Effect::Permit), 1 => Just(Effect::Forbid)];
        let when = proptest::collection::vec(conds(slots, roles), 0..3);
        (effect, actions, when, proptest::option::weighted(0.2, conds(slots, roles))).prop_map(
            move |(effect, action, when, unless)| Small {
                id: String::new(),
                effect,
                record_type,
                action,
                when,
                unless,
            },
        )
    })
}

/// Up to six statements, numbered, that ask for such roles.
pub(crate) fn statements(roles: &'static [&'static str]) -> impl Strategy<Value = Vec<Small>> {
    proptest::collection::vec(statement(roles), 0..7).prop_map(|mut statements| {
        for (at, statement) in statements.iter_mut().enumerate() {
            statement.id = format!("s{at}");
        }
        statements
    })
}

/// One of four members, with the roles that the member has.
#[derive(Clone, Debug)]
pub(crate) struct People(pub(crate) Vec<BTreeSet<String>>);

impl People {
    pub(crate) fn party(&self, n: usize) -> Party {
        Party { id: MemberId([u8::try_from(n).unwrap() + 1; 32]), roles: self.0[n].clone().into() }
    }
}

/// Four members of whatever roles.
pub(crate) fn people() -> impl Strategy<Value = People> {
    let roles = subsequence(ROLES.to_vec(), 0..=3)
        .prop_map(|roles| roles.into_iter().map(str::to_owned).collect::<BTreeSet<String>>());
    proptest::collection::vec(roles, 4).prop_map(People)
}

/// A well-formed request among some people.
pub(crate) fn requests(people: People) -> impl Strategy<Value = Request> {
    let seats = proptest::collection::vec(0..4_usize, 4);
    let kind = select(TYPES.to_vec()).prop_flat_map(|(record_type, slots, actions)| {
        (Just((record_type, slots)), select(actions.to_vec()))
    });
    (kind, seats, any::<bool>()).prop_map(move |(((record_type, slots), action), seats, has_reader)| {
        let filled = slots.iter().enumerate().filter(|(_, slot)| **slot != "reader" || has_reader);
        let parties: BTreeMap<String, Party> =
            filled.map(|(at, slot)| ((*slot).to_owned(), people.party(seats[at]))).collect();
        let Party { id, roles } = people.party(seats[2]);
        Request {
            principal: Principal { id, roles },
            action: action.into(),
            record_type: record_type.into(),
            owner: people.party(seats[3]).id,
            parties,
        }
    })
}
