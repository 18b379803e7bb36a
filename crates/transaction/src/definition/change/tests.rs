//! Changes of definitions against every reader there can be.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::definition::AudienceRule;
use crate::fixtures::{BILATERAL, SCF};

fn parse(text: &str) -> Definition {
    Definition::parse("channel.toml", text).unwrap()
}

fn changed(from: &str, to: &str) -> DefinitionChange {
    assert!(SCF.contains(from), "{from}");
    parse(SCF).changes(&parse(&SCF.replacen(from, to, 1)))
}

fn read(change: &DefinitionChange) -> Vec<(Turn, String, String)> {
    let row = |c: &ReadingChange| (c.turn, format!("{}.{}", c.record, c.field), c.reader.to_string());
    change.reading.iter().map(row).collect()
}

#[test]
fn aud_03_a_definition_changes_nothing_against_itself() {
    for text in [SCF, BILATERAL] {
        let same = DefinitionChange { reading: Vec::new(), classes: Vec::new(), edits: Vec::new() };
        assert_eq!(parse(text).changes(&parse(text)), same);
    }
}

#[test]
fn aud_03_a_slot_more_in_a_rule_opens_the_fields_of_the_rule() {
    let change = changed("slots = [\"buyer\", \"supplier\"]", "slots = [\"buyer\", \"supplier\", \"bank\"]");
    let row = |field: &str| (Turn::Gains, field.to_owned(), "slot bank".to_owned());
    assert_eq!(read(&change), [row("acceptance.cost_centre"), row("receivable.lines")]);
    assert!(change.reading.iter().all(|row| !row.whole_field) && change.classes.is_empty());
    let edit = Edit {
        what: "audience.trade".into(),
        before: Some("slot buyer, slot supplier".into()),
        after: Some("slot buyer, slot supplier, slot bank".into()),
    };
    assert_eq!(change.edits, [edit]);
}

#[test]
fn aud_03_a_role_stands_for_the_slots_that_demand_it() {
    let change =
        changed("slots = [\"buyer\", \"supplier\"]", "slots = [\"buyer\", \"supplier\"]\nroles = [\"bank\"]");
    let rows: Vec<String> =
        read(&change).into_iter().map(|(_, field, who)| format!("{field} {who}")).collect();
    assert_eq!(rows, ["acceptance.cost_centre role bank", "receivable.lines role bank"]);
    let narrowed = parse(&SCF.replacen("slots = [\"buyer\", \"supplier\"]", "roles = [\"buyer\"]", 1));
    let wide =
        parse(&SCF.replacen("slots = [\"buyer\", \"supplier\"]", "roles = [\"buyer\", \"supplier\"]", 1));
    let rows: Vec<_> = read(&wide.changes(&narrowed)).into_iter().map(|(turn, _, who)| (turn, who)).collect();
    assert_eq!(rows, [(Turn::Loses, "role supplier".to_owned()), (Turn::Loses, "role supplier".to_owned())]);
}

#[test]
fn aud_03_a_field_that_comes_or_goes_is_one_as_a_whole() {
    let field = "[[record.field]]\nid = 9\nname = \"requested_advance\"\nclass = \"pricing\"\naudience = \"financing\"\ntype = \"amount\"\n";
    let change = changed(field, "");
    let row = |who: &str| (Turn::Loses, "receivable.requested_advance".to_owned(), who.to_owned());
    assert_eq!(read(&change), [row("slot bank"), row("slot supplier")]);
    assert!(change.reading.iter().all(|row| row.whole_field));
    let edit = &change.edits[0];
    assert_eq!(
        (edit.what.as_str(), edit.after.as_ref()),
        ("record.receivable.field.requested_advance", None)
    );
    assert_eq!(edit.before.as_deref(), Some("9, amount, class pricing, audience financing"));
}

#[test]
fn a_field_of_another_class_comes_under_other_view_keys() {
    let change = changed("class = \"pricing\"\naudience", "class = \"amount\"\naudience");
    let class = |name: &str| name.to_owned();
    let expected = ClassChange {
        record: "receivable".into(),
        field: "requested_advance".into(),
        before: class("pricing"),
        after: class("amount"),
    };
    assert_eq!((change.classes, change.reading), (vec![expected], Vec::new()));
}

#[test]
fn every_statement_of_a_definition_can_be_an_edit() {
    let words = |from: &str, to: &str| {
        let edits = changed(from, to).edits;
        edits.into_iter().map(|edit| edit.what).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(words("version = 1", "version = 2"), "version");
    assert_eq!(words("title = \"", "title = \"x"), "title");
    assert_eq!(words("template = \"scf", "template = \"x"), "template");
    for name in
        ["epoch_length", "grace", "expiry_max", "attest_after", "missing_batch_after", "endorse_lag_max"]
    {
        let from = SCF.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(words(from, &format!("{name} = 17")), format!("parameters.{name}"));
    }
    assert_eq!(words("history = \"from-join\"", "history = \"all\""), "parameters.history");
    assert_eq!(words("description = \"finances receivables\"", "description = \"x\""), "role.bank");
    assert_eq!(words("description = \"dates\"", "description = \"x\""), "class.terms");
    assert_eq!(words("role = \"bank\"", "role = \"buyer\""), "record.receivable.slot.2");
    assert_eq!(words("type = \"json\"\nrequired = true", "type = \"json\""), "record.receivable.field.lines");
    let opened = "type = \"json\"\nopened = true\nrequired = true";
    assert_eq!(words("type = \"json\"\nrequired = true", opened), "record.receivable.field.lines");
    assert_eq!(words("id = 2\nname = \"acceptance\"", "id = 30\nname = \"acceptance\""), "record.acceptance");
}

const ROLES: [&str; 3] = ["buyer", "supplier", "bank"];

/// The receivables template with other rules, another rule for the lines, and other roles of two slots.
fn definitions() -> impl Strategy<Value = Definition> {
    let some = || subsequence(ROLES.to_vec(), 0..=3);
    let rules = proptest::collection::vec((some(), some()), 3);
    let which = select(vec!["parties", "trade", "financing"]);
    (rules, which, proptest::collection::vec(select(ROLES.to_vec()), 2)).prop_map(
        |(rules, which, demanded)| {
            let mut definition = parse(SCF);
            for (rule, (roles, slots)) in definition.audiences.iter_mut().zip(rules) {
                let words = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
                *rule = AudienceRule { name: rule.name.clone(), roles: words(roles), slots: words(slots) };
            }
            definition.records[0].fields[7].audience = which.into();
            for (slot, role) in definition.records[0].slots.iter_mut().zip(demanded) {
                slot.role = role.into();
            }
            definition
        },
    )
}

/// Every subset.
fn subsets(words: &[&str]) -> Vec<BTreeSet<String>> {
    let chosen = |bits: usize| (0..words.len()).filter(move |at| bits >> at & 1 == 1);
    (0..1 << words.len()).map(|bits| chosen(bits).map(|at| words[at].to_owned()).collect()).collect()
}

proptest! {
    #[test]
    fn aud_03_a_reader_comes_exactly_where_it_is_listed_and_read_nothing_before(before in definitions(), after in definitions()) {
        let change = before.changes(&after);
        for (record, field) in names(&before) {
            for (roles, slots) in subsets(&ROLES).iter().flat_map(|r| subsets(&ROLES).into_iter().map(move |s| (r, s))) {
                let reads = |definition: &Definition| {
                    let record = definition.record_named(&record).unwrap();
                    let fits = record.slots.iter().all(|slot| !slots.contains(&slot.name) || roles.contains(&slot.role));
                    let rule = definition.audience(&record.field_named(&field).unwrap().audience).unwrap();
                    fits.then(|| rule.grounds(roles, &slots).is_some())
                };
                // Who cannot stand there under both is no reader of both.
                let (Some(was), Some(is)) = (reads(&before), reads(&after)) else { continue };
                let listed = |turn: Turn| change.reading.iter().any(|row| {
                    let own = match &row.reader {
                        Grounds::Role(role) => roles.contains(role),
                        Grounds::Slot(slot) => slots.contains(slot),
                    };
                    own && (row.turn, &row.record, &row.field) == (turn, &record, &field)
                });
                prop_assert_eq!(!was && is, listed(Turn::Gains) && !was, "{:?} {:?} {} {}", roles, slots, record, field);
                prop_assert_eq!(was && !is, listed(Turn::Loses) && !is, "{:?} {:?} {} {}", roles, slots, record, field);
            }
        }
    }
}
