//! Answers: what is said of what does not open.

use super::*;

#[test]
fn an_answer_says_whether_it_is_whole_in_part_or_none() {
    let answered = |answer: &Answer| answer.to_json(1, "?")["answered"].clone();
    let whole = Answer::of("two".into(), vec![json!({}), json!({})]);
    assert_eq!(answered(&whole), "yes");
    assert_eq!(answered(&whole.but(Some("one is sealed".into()))), "in part");
    let none = Answer::cannot("this channel has no trades");
    assert_eq!(
        (answered(&none), &none.to_json(5, "?")["because"]),
        (json!("no"), &json!("this channel has no trades"))
    );
}

#[test]
fn every_name_of_a_regulator_is_of_a_field_that_a_template_has() {
    let texts = [
        include_str!("../../../../../channels/scf-receivable/channel.toml"),
        include_str!("../../../../../channels/dvp-securities/channel.toml"),
        include_str!("../../../../../channels/dvp-cash/channel.toml"),
        include_str!("../../../../../channels/netting/channel.toml"),
    ];
    let definitions =
        texts.map(|text| parclose_transaction::Definition::parse("channel.toml", text).unwrap());
    // A trade's parties, quantity and price in money stand in the terms of its instruction.
    let of_terms = ["receiver", "sender", "quantity", "net_amount"];
    let mut named = std::collections::BTreeSet::new();
    for definition in &definitions {
        for row in names::of(definition) {
            let (record_type, field) = (row["record_type"].as_str().unwrap(), row["field"].as_str().unwrap());
            let record_type = definition.record_named(record_type).unwrap();
            let slot = record_type.slots.iter().any(|slot| slot.name == field);
            let known = slot || record_type.field_named(field).is_some() || of_terms.contains(&field);
            assert!(known, "{row}");
            named.insert(row.to_string());
        }
    }
    assert_eq!(named.len(), names::NAMES.len());
    for name in ["trade_reference", "receiver", "sender", "isin", "price"] {
        assert!(names::of_trade(name).is_some(), "{name}");
    }
}
