use crate::definition::{Definition, ValueRole};

const CASH: &str = include_str!("../../../../../channels/dvp-cash/channel.toml");

fn parse(text: &str) -> Result<Definition, String> {
    Definition::parse("channel.toml", text)
        .map_err(|error| format!("{} {error}", parclose_types::Failure::rule(&error)))
}

fn changed(from: &str, to: &str) -> String {
    assert!(CASH.contains(from), "{from}");
    CASH.replacen(from, to, 1)
}

#[test]
fn the_template_of_cash_has_every_role() {
    let definition = parse(CASH).unwrap();
    let roles: Vec<_> = definition.records.iter().map(|record| record.value).collect();
    let all = [ValueRole::Asset, ValueRole::Account, ValueRole::Note, ValueRole::Redemption];
    assert_eq!(roles, all.map(Some));
    assert_eq!(definition.record_named("holding").unwrap().quantity_field().unwrap().name, "quantity");
    assert_eq!(all.map(|role| role.to_string()), ["asset", "account", "note", "redemption"]);
}

const NETTING: &str = include_str!("../../../../../channels/netting/channel.toml");

#[test]
fn def_15_what_is_owed_has_its_slots_and_its_quantity() {
    let definition = parse(NETTING).unwrap();
    let role = |name: &str| definition.record_named(name).unwrap().value.unwrap();
    let roles = [role("obligation"), role("netting"), role("settlement")];
    assert_eq!(roles, [ValueRole::Obligation, ValueRole::Netting, ValueRole::Discharge]);
    assert_eq!(roles.map(|role| role.to_string()), ["obligation", "netting", "discharge"]);
    assert_eq!(roles.map(ValueRole::has_quantity), [true, false, false]);
    assert!(roles.into_iter().all(ValueRole::comes_with_movement));
    assert!(!ValueRole::Account.comes_with_movement());
    let from_the = |record: &str| NETTING.split_at(NETTING.find(&format!("name = \"{record}\"")).unwrap());
    for (from, to) in [("name = \"payer\"", "name = \"debtor\""), ("name = \"payee\"", "name = \"creditor\"")]
    {
        for record in ["obligation", "settlement"] {
            let (before, rest) = from_the(record);
            let odd = rest.replacen(from, to, 1);
            assert_ne!(odd, rest);
            let told = parse(&format!("{before}{odd}")).unwrap_err();
            assert!(told.starts_with("DEF-15 ") || told.starts_with("DEF-03 "), "{record} {to}: {told}");
        }
    }
    let (before, obligation) = from_the("obligation");
    for (from, to) in [
        ("type = \"quantity\"\nrequired = true", "type = \"integer\"\nrequired = true"),
        ("type = \"quantity\"\nrequired = true", "type = \"quantity\""),
        ("value = \"obligation\"\n", ""),
    ] {
        let odd = obligation.replacen(from, to, 1);
        assert_ne!(odd, obligation);
        let told = parse(&format!("{before}{odd}")).unwrap_err();
        assert!(told.starts_with("DEF-15 ") || told.starts_with("DEF-03 "), "{to}: {told}");
    }
}

#[test]
fn def_15_a_value_role_needs_its_slot_and_its_field() {
    let note = "name = \"holding\"\nvalue = \"note\"";
    let odd = [
        // An asset without an issuer, an account without a holder, without a key, with a key that may be left out.
        changed("name = \"account\"\nvalue = \"account\"", "name = \"account\"\nvalue = \"asset\""),
        changed("name = \"asset\"\nvalue = \"asset\"", "name = \"asset\"\nvalue = \"account\""),
        changed("name = \"owner_key\"", "name = \"key\""),
        changed(
            "audience = \"everybody\"\ntype = \"text\"\nrequired = true\n\n[[record]]\nid = 3",
            "audience = \"everybody\"\ntype = \"text\"\n\n[[record]]\nid = 3",
        ),
        // A note without a quantity, with two, with one that may be left out; a quantity where there is no note.
        changed("type = \"quantity\"\nrequired = true", "type = \"integer\"\nrequired = true"),
        changed("type = \"quantity\"\nrequired = true", "type = \"quantity\""),
        changed(
            "name = \"purpose\"\nclass = \"purpose\"\naudience = \"parties\"\ntype = \"text\"",
            "name = \"purpose\"\nclass = \"purpose\"\naudience = \"parties\"\ntype = \"quantity\"\nrequired = true",
        ),
        changed(note, "name = \"holding\""),
        changed(
            "name = \"title\"\nclass = \"reference\"\naudience = \"everybody\"\ntype = \"text\"",
            "name = \"title\"\nclass = \"reference\"\naudience = \"everybody\"\ntype = \"quantity\"",
        ),
    ];
    for (number, text) in odd.iter().enumerate() {
        let told = parse(text).unwrap_err();
        assert!(told.starts_with("DEF-15 "), "{number}: {told}");
    }
    assert!(
        parse(&changed(note, "name = \"holding\"\nvalue = \"coin\"")).unwrap_err().starts_with("DEF-01 ")
    );
}

#[test]
fn def_16_a_record_type_keeps_its_value_role() {
    let before = parse(CASH).unwrap();
    let next = |from: &str, to: &str| {
        let text = changed(from, to).replacen("version = 1", "version = 2", 1);
        parse(&text).unwrap().may_follow(&before, &[]).map_err(|error| parclose_types::Failure::rule(&error))
    };
    assert_eq!(next("title = \"Cash", "title = \"Money"), Ok(()));
    // An account becomes a plain record.
    assert_eq!(next("name = \"account\"\nvalue = \"account\"", "name = \"account\""), Err("DEF-16"));
    assert_eq!(next("name = \"asset\"\nvalue = \"asset\"", "name = \"asset\""), Err("DEF-16"));
}
