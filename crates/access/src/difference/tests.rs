//! Comparisons against a model that tries every request of a small world, in plain Rust.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::small::{self, ROLES, SCHEMA, Small};
use crate::{PolicyEpoch, PolicySource, decide};
use model::World;

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn standing(roles: &[&str], positions: &[&str]) -> Standing {
    let position = |name: &&str| match *name {
        "owner" => Position::Owner,
        slot => Position::Slot(slot.into()),
    };
    Standing { roles: set(roles), positions: positions.iter().map(position).collect() }
}

fn parse(text: &str, schema_text: &str) -> Policy {
    Policy::parse(PolicySource { file_name: "policy.cedar".into(), text, schema_text }).unwrap()
}

/// A permit or forbid on notes.
fn note(id: &str, effect: &str, when: &str) -> String {
    format!(
        "@id(\"{id}\") {effect} (principal, action == Action::\"create\", resource is Note) when {{ {when} }};\n"
    )
}

fn difference(before: &str, after: &str) -> Difference {
    let (roles, slot_roles) = (set(ROLES), SlotRoles::new());
    let (before, after) = (parse(before, SCHEMA), parse(after, SCHEMA));
    let side = |policy| Side { policy, slot_roles: &slot_roles, roles: &roles };
    compare(side(&before), side(&after))
}

/// What a comparison is made of, but for its policies.
#[derive(Clone, Debug)]
struct Sides {
    before: Vec<Small>,
    after: Vec<Small>,
    slot_roles: [SlotRoles; 2],
    roles: [BTreeSet<String>; 2],
}

/// Some statements in common, some of either side alone; slots with and without demands.
fn sides() -> impl Strategy<Value = Sides> {
    let slot_roles = || {
        let demands = proptest::collection::vec(proptest::option::weighted(0.4, select(&ROLES[..2])), 4);
        demands.prop_map(|demands| {
            let slots = [("note", "writer"), ("note", "reader"), ("bill", "payer"), ("bill", "payee")];
            let mut roles = SlotRoles::new();
            for ((record_type, slot), role) in slots.into_iter().zip(demands) {
                let of_type = roles.entry(record_type.to_owned()).or_default();
                of_type.extend(role.map(|role| (slot.to_owned(), role.to_owned())));
            }
            roles
        })
    };
    let roles =
        || prop_oneof![3 => Just(set(ROLES)), 1 => Just(set(&ROLES[..2])), 1 => Just(set(&ROLES[1..]))];
    let statements = || small::statements(&ROLES[..2]);
    let statements = [statements(), statements(), statements()];
    let same = slot_roles().prop_map(|one| [one.clone(), one]);
    let demands = prop_oneof![4 => same, 1 => [slot_roles(), slot_roles()]];
    (statements, demands, [roles(), roles()]).prop_map(|([common, one, other], slot_roles, roles)| {
        let numbered = |own: Vec<Small>, sign: &str| -> Vec<Small> {
            let own = own.into_iter().map(|s| Small { id: format!("{sign}{}", s.id), ..s });
            common.iter().cloned().chain(own).collect()
        };
        let mut slot_roles = slot_roles;
        for (slots, roles) in slot_roles.iter_mut().zip(&roles) {
            slots.values_mut().for_each(|slots| slots.retain(|_, role| roles.contains(role)));
        }
        Sides { before: numbered(one, "before-"), after: numbered(other, "after-"), slot_roles, roles }
    })
}

fn compared(sides: &Sides) -> Difference {
    let policies = [small::policy(&sides.before), small::policy(&sides.after)];
    let [before, after] = [0, 1].map(|at: usize| Side {
        policy: &policies[at],
        slot_roles: &sides.slot_roles[at],
        roles: &sides.roles[at],
    });
    let difference = compare(before, after);
    for change in &difference.changes {
        let says = |at: usize, request: &Request| {
            model::admits(request, &sides.slot_roles[at])
                && decide(&policies[at], PolicyEpoch(1), request).is_ok()
        };
        let Example { before, after, .. } = &change.example;
        let gains = change.direction == Direction::Gains;
        assert_eq!((says(0, before), says(1, after)), (!gains, gains), "the example shows the change");
    }
    difference
}

#[test]
fn acc_20_a_comparison_lists_what_the_model_finds_and_nothing_else() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(48));
    let seen = std::cell::RefCell::new(BTreeMap::<&str, usize>::new());
    let worlds = World::all();
    let count = |what: &'static str, times: usize| *seen.borrow_mut().entry(what).or_default() += times;
    runner
        .run(&sides(), |sides| {
            let difference = compared(&sides);
            prop_assert!(difference.gaps.is_empty(), "{:?}", difference.gaps);
            for world in worlds.iter() {
                let (kinds, flips) = world.kinds_and_flips(&sides);
                for kind in kinds {
                    for direction in [Direction::Gains, Direction::Loses] {
                        let listed = difference.changes.iter().any(|change| {
                            (change.direction, &*change.record_type, &*change.action)
                                == (direction, world.record_type, world.action)
                                && change.concerns(&kind.member, &kind.standing)
                        });
                        let flips = flips.contains(&(direction, kind));
                        prop_assert_eq!(
                            listed,
                            flips,
                            "{:?} {:?} {:#?}",
                            direction,
                            kind,
                            difference.changes
                        );
                        count(if flips { "flips" } else { "stays" }, 1);
                    }
                }
            }
            count("always", difference.changes.iter().filter(|change| change.always).count());
            count("sometimes", difference.changes.iter().filter(|change| !change.always).count());
            count("named", difference.changes.iter().filter(|c| matches!(c.whom, Whom::Member(_))).count());
            count("except", difference.changes.iter().filter(|change| !change.except.is_empty()).count());
            Ok(())
        })
        .unwrap();
    let seen = seen.into_inner();
    assert!(seen.len() == 6 && seen.values().all(|times| *times > 10), "{seen:?}");
}

#[test]
fn acc_20_the_same_in_other_words_changes_nothing() {
    let before = note("a", "permit", "principal.roles.contains(\"clerk\") && resource.owner == principal");
    let after = [
        note("b", "permit", "principal == resource.owner && principal.roles.containsAny([\"clerk\"])"),
        note("c", "forbid", "!(principal.roles.contains(\"clerk\") || principal.roles.contains(\"chief\"))"),
    ]
    .concat();
    let difference = difference(&before, &after);
    assert_eq!((difference.changes.as_slice(), difference.gaps.len()), (&[][..], 0));
    assert!(difference.situations > 0);
    // Statements that are the same need no trial.
    assert_eq!(super::tests::difference(&before, &before).situations, 0);
}

#[test]
fn acc_20_a_change_is_told_by_role_and_position_with_its_exceptions() {
    let before = note("a", "permit", "principal.roles.contains(\"clerk\")");
    let more = note("b", "permit", "principal.roles.contains(\"chief\") && resource.writer == principal");
    let never = note("c", "forbid", "principal.roles.contains(\"barred\")");
    let changes = difference(&before, &[before.as_str(), &more, &never].concat()).changes;
    let [gains, loses] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((gains.direction, &*gains.action, &*gains.record_type), (Direction::Gains, "create", "note"));
    assert_eq!(gains.least, standing(&["chief"], &["writer"]));
    assert_eq!(
        gains.except,
        [standing(&["barred", "chief"], &["writer"]), standing(&["chief", "clerk"], &["writer"])]
    );
    assert!(gains.always && gains.example.particular.is_empty());
    assert_eq!(gains.positions, standing(&[], &["writer"]).positions, "the owner is not asked for");
    assert_eq!(
        (loses.direction, loses.least.clone()),
        (Direction::Loses, standing(&["barred", "clerk"], &[]))
    );
    assert_eq!((loses.except.len(), loses.always), (0, true));
}

#[test]
fn acc_20_what_depends_on_others_is_shown_by_its_plainest_situation() {
    let after = note("a", "permit", "resource.writer.roles.contains(\"chief\")");
    let changes = difference("", &after).changes;
    let [change, writer] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((change.least.clone(), change.always), (standing(&[], &[]), false));
    assert_eq!(change.except, [standing(&[], &["writer"])], "a writer needs the role itself");
    assert_eq!((writer.least.clone(), writer.always), (standing(&["chief"], &["writer"]), true));
    assert_eq!(change.example.particular, ["writer has also the role chief"]);
    let after = note("a", "permit", "resource has reader && resource.reader == resource.writer");
    let changes = difference("", &after).changes;
    let particular: Vec<_> = changes.iter().map(|change| change.example.particular.concat()).collect();
    assert_eq!(particular, ["reader and writer are one member", ""]);
}

#[test]
fn acc_20_members_that_a_statement_names_are_told_apart() {
    let key = MemberId([9; 32]);
    let before = note("a", "permit", "true");
    let after = note("a", "permit", &format!("principal != Member::\"{key}\""));
    let changes = difference(&before, &after).changes;
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((change.direction, change.whom.clone()), (Direction::Loses, Whom::Member(key)));
    assert!(change.concerns(&key, &standing(&["clerk"], &[])));
    assert!(!change.concerns(&MemberId([8; 32]), &standing(&["clerk"], &[])));
    let changes =
        difference(&after, &note("a", "permit", &format!("principal == Member::\"{key}\""))).changes;
    let whom: Vec<_> = changes.iter().map(|change| (change.direction, change.whom.clone())).collect();
    let but = BTreeSet::from([key]);
    assert_eq!(whom, [(Direction::Gains, Whom::Member(key)), (Direction::Loses, Whom::Anybody { but })]);
}

#[test]
fn acc_20_what_only_one_side_has_is_left_out_of_the_question_to_the_other() {
    let schema = SCHEMA.replace("writer: Member,", "writer: Member, witness: Member,");
    let with_type = format!(
        "{SCHEMA}entity Deed {{ owner: Member, signer: Member }};\n\
         action sign appliesTo {{ principal: [Member], resource: [Deed] }};"
    );
    let text = note("a", "permit", "principal.roles.contains(\"clerk\")");
    let deed = format!(
        "{text}@id(\"d\") permit (principal, action == Action::\"sign\", resource is Deed) \
         when {{ resource.signer == principal }};"
    );
    let (roles, none) = (set(ROLES), SlotRoles::new());
    let demands = |record: &str, slot: &str| {
        SlotRoles::from([(record.to_owned(), BTreeMap::from([(slot.to_owned(), "chief".to_owned())]))])
    };
    let (of_notes, of_deeds) = (demands("note", "witness"), demands("deed", "signer"));
    let policies = [parse(&text, SCHEMA), parse(&text, &schema), parse(&deed, &with_type)];
    let side = |at: usize, slot_roles| Side { policy: &policies[at], slot_roles, roles: &roles };
    let (plain, signed) = (side(0, &none), side(2, &of_deeds));
    assert_eq!(compare(plain, side(1, &of_notes)).changes, [], "a new slot alone gives and takes nothing");
    let changes = compare(plain, signed).changes;
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((&*change.record_type, &*change.action, change.direction), ("deed", "sign", Direction::Gains));
    assert_eq!(change.least, standing(&["chief"], &["signer"]));
    assert!(change.always && change.except.is_empty(), "nobody else can stand there");
    assert_eq!(compare(signed, plain).changes[0].direction, Direction::Loses);
}

#[test]
fn acc_20_a_role_that_only_becomes_defined_counts() {
    let text = note("a", "permit", "principal.roles.contains(\"chief\")");
    let (policy, none) = (parse(&text, SCHEMA), SlotRoles::new());
    let (few, all) = (set(&ROLES[..1]), set(ROLES));
    let side = |roles| Side { policy: &policy, slot_roles: &none, roles };
    let changes = compare(side(&few), side(&all)).changes;
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((change.direction, change.least.clone()), (Direction::Gains, standing(&["chief"], &[])));
}

#[test]
fn acc_20_sets_of_roles_compared_as_wholes_are_a_gap() {
    let after = note("a", "permit", "principal.roles == [\"clerk\"]");
    let difference = difference("", &after);
    assert_eq!(difference.gaps, BTreeSet::from([Gap::WholeSets]));
    let [change] = difference.changes.as_slice() else { panic!("{difference:#?}") };
    assert_eq!(change.least, standing(&["clerk"], &[]));
    assert!(!change.except.is_empty(), "not with any other role");
}

/// As many slots, roles and named members as anybody may write, and statements that read all of them.
#[test]
fn acc_21_hostile_policies_are_compared_in_bounded_situations_and_say_so() {
    let slots: String = (0..31).map(|n| format!(", s{n}?: Member")).collect();
    let schema = format!(
        "entity Member {{ roles: Set<String> }};\nentity Note {{ owner: Member{slots} }};\n\
         action create appliesTo {{ principal: [Member], resource: [Note] }};"
    );
    let asked = |n: usize| {
        let key = format!("{n:064x}");
        let (role, other) = (n % 64, (n + 1) % 64);
        note(
            &format!("p{n}"),
            "permit",
            &format!(
                "resource has s{slot} && resource.s{slot}.roles.contains(\"r{role}\") && \
                 principal.roles.contains(\"r{other}\") && resource.owner != Member::\"{key}\"",
                slot = n % 31
            ),
        )
    };
    let text: String = (0..200).map(asked).collect();
    let roles: BTreeSet<String> = (0..64).map(|n| format!("r{n}")).collect();
    let none = SlotRoles::new();
    let policies = [parse("", &schema), parse(&text, &schema)];
    let [before, after] = policies.each_ref().map(|policy| Side { policy, slot_roles: &none, roles: &roles });
    let difference = compare(before, after);
    assert!(difference.situations * 200 <= EVALUATIONS_MAX && !difference.changes.is_empty());
    let gaps = BTreeSet::from([Gap::Arrangements, Gap::RoleSets, Gap::Situations]);
    assert_eq!(difference.gaps, gaps);
    assert!(gaps.iter().all(|gap| !gap.to_string().is_empty()));
}
