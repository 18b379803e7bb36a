//! Each rule of succession, broken alone, from the shipped templates.

use super::*;
use crate::fixtures::{BILATERAL, SCF};

fn parse(text: &str) -> Definition {
    Definition::parse("channel.toml", text).unwrap()
}

/// A template as the next version of itself, with some pieces of text replaced.
fn next(text: &str, changes: &[(&str, &str)]) -> String {
    let mut text = text.replacen("version = 1", "version = 2", 1);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

fn follows(changes: &[(&str, &str)]) -> Result<(), CannotFollow> {
    parse(&next(SCF, changes)).may_follow(&parse(SCF), &[])
}

/// The rule that a change breaks, and what is said of it.
fn broken(changes: &[(&str, &str)]) -> (&'static str, String) {
    let error = follows(changes).unwrap_err();
    (error.rule(), error.to_string())
}

const PRICING: &str = "[[class]]\nid = 6\nname = \"pricing\"\ndescription = \"what a financing costs\"\n";
const ADVANCE: &str = "[[record.field]]\nid = 9\nname = \"requested_advance\"\nclass = \"pricing\"\naudience = \"financing\"\ntype = \"amount\"\n";
const COST_CENTRE: &str = "[[record.field]]\nid = 3\nname = \"cost_centre\"\nclass = \"lines\"\naudience = \"trade\"\ntype = \"text\"\n";
const FIRST_SLOTS: &str = "[[record.slot]]\nname = \"buyer\"\nrole = \"buyer\"\n[[record.slot]]\nname = \"supplier\"\nrole = \"supplier\"\n";

#[test]
fn everything_but_meanings_may_change() {
    for text in [SCF, BILATERAL] {
        assert_eq!(parse(&next(text, &[])).may_follow(&parse(text), &[]), Ok(()));
    }
    let optional = "[[record.field]]\nid = 10\nname = \"purpose\"\nclass = \"terms\"\naudience = \"trade\"\ntype = \"text\"\n";
    let record = format!(
        "[[record]]\nid = 33\nname = \"dispute\"\n{FIRST_SLOTS}[[record.field]]\nid = 1\nname = \"why\"\nclass = \"terms\"\naudience = \"trade\"\ntype = \"text\"\nrequired = true\n"
    );
    let changes: &[&[(&str, &str)]] = &[
        &[("grace = 16", "grace = 8"), ("title = \"", "title = \"New: ")],
        &[("audience = \"financing\"", "audience = \"parties\"")],
        &[("slots = [\"supplier\", \"bank\"]", "roles = [\"bank\"]")],
        &[("description = \"what a financing costs\"", "description = \"rates\"")],
        &[(ADVANCE, ""), (PRICING, "")],
        &[(ADVANCE, &format!("{ADVANCE}{optional}"))],
        &[(
            "type = \"date\"\nrequired = true\n[[record.field]]\nid = 3\n",
            "type = \"date\"\n[[record.field]]\nid = 3\n",
        )],
        &[(COST_CENTRE, &format!("{COST_CENTRE}{record}"))],
        &[(
            "[[role]]\nname = \"bank\"",
            "[[role]]\nname = \"auditor\"\ndescription = \"\"\n[[role]]\nname = \"bank\"",
        )],
    ];
    for change in changes {
        assert_eq!(follows(change), Ok(()), "{change:?}");
    }
    let without_acceptance = SCF.split("[[record]]\nid = 2").next().unwrap();
    assert_eq!(parse(&next(without_acceptance, &[])).may_follow(&parse(SCF), &[]), Ok(()));
}

#[test]
fn def_06_the_version_is_counted_up_by_one() {
    for version in ["version = 1", "version = 3", "version = 0"] {
        let (rule, _) = broken(&[("version = 2", version)]);
        assert_eq!(rule, "DEF-06", "{version}");
    }
    assert_eq!(broken(&[("version = 2", "version = 3")]).1, "version 3 cannot follow version 1");
    let mut last = parse(SCF);
    last.version = u32::MAX;
    let error = parse(&next(SCF, &[("version = 2", "version = 0")])).may_follow(&last, &[]).unwrap_err();
    assert_eq!(error.rule(), "DEF-06");
}

#[test]
fn def_07_the_template_keeps_its_name() {
    let told = broken(&[("template = \"scf-receivable\"", "template = \"scf_receivable\"")]);
    assert_eq!(told, ("DEF-07", "template `scf_receivable` cannot follow template `scf-receivable`".into()));
}

#[test]
fn def_08_a_class_keeps_number_and_name() {
    let told = broken(&[("id = 6\nname = \"pricing\"", "id = 70\nname = \"pricing\"")]);
    assert_eq!(told, ("DEF-08", "class 6 `pricing` of version 1 would become 70 `pricing`".into()));
    let renamed =
        broken(&[("name = \"pricing\"", "name = \"price\""), ("class = \"pricing\"", "class = \"price\"")]);
    assert_eq!(renamed.0, "DEF-08");
    // Left out, its number and its name stay taken.
    for other in ["id = 6\nname = \"rates\"", "id = 70\nname = \"pricing\""] {
        let class = PRICING.replace("id = 6\nname = \"pricing\"", other);
        assert_eq!(broken(&[(ADVANCE, ""), (PRICING, &class)]).0, "DEF-08", "{other}");
    }
}

#[test]
fn def_09_a_record_type_keeps_number_and_name() {
    let told = broken(&[("id = 2\nname = \"acceptance\"", "id = 30\nname = \"acceptance\"")]);
    assert_eq!(
        told,
        ("DEF-09", "record type 2 `acceptance` of version 1 would become 30 `acceptance`".into())
    );
    assert_eq!(broken(&[("id = 2\nname = \"acceptance\"", "id = 2\nname = \"dispute\"")]).0, "DEF-09");
}

#[test]
fn def_10_a_field_keeps_number_and_name() {
    let told = broken(&[("id = 9\nname = \"requested_advance\"", "id = 10\nname = \"requested_advance\"")]);
    let said = "field of `receivable` 9 `requested_advance` of version 1 would become 10 `requested_advance`";
    assert_eq!(told, ("DEF-10", said.into()));
    assert_eq!(broken(&[("name = \"requested_advance\"", "name = \"advance\"")]).0, "DEF-10");
    // `_` counts as `-`, so this would be the same name; it is hashed as it stands.
    assert_eq!(broken(&[("name = \"requested_advance\"", "name = \"requested-advance\"")]).0, "DEF-10");
}

#[test]
fn def_11_a_field_keeps_type_and_class() {
    let told = broken(&[(ADVANCE, &ADVANCE.replace("type = \"amount\"", "type = \"integer\""))]);
    let said = "field `requested_advance` of `receivable` was amount of class 6 `pricing` in version 1 and would be \
                integer of class 6 `pricing`";
    assert_eq!(told, ("DEF-11", said.into()));
    assert_eq!(
        broken(&[(ADVANCE, &ADVANCE.replace("class = \"pricing\"", "class = \"amount\""))]).0,
        "DEF-11"
    );
}

#[test]
fn def_12_slots_keep_order_names_and_roles() {
    let swapped = "[[record.slot]]\nname = \"supplier\"\nrole = \"supplier\"\n[[record.slot]]\nname = \"buyer\"\nrole = \"buyer\"\n";
    let told = broken(&[(FIRST_SLOTS, swapped)]);
    let said = "record type `receivable` had the slots buyer (buyer), supplier (supplier), bank (bank) in version 1 and \
                would have supplier (supplier), buyer (buyer), bank (bank)";
    assert_eq!(told, ("DEF-12", said.into()));
    let bank = "[[record.slot]]\nname = \"bank\"\nrole = \"bank\"\n";
    for (from, to) in [
        (bank, format!("{bank}[[record.slot]]\nname = \"insurer\"\nrole = \"bank\"\n")),
        (bank, bank.replace("role = \"bank\"", "role = \"buyer\"")),
    ] {
        assert_eq!(broken(&[(from, &to)]).0, "DEF-12", "{to}");
    }
}

#[test]
fn def_13_a_required_field_was_always_required() {
    let added = "[[record.field]]\nid = 10\nname = \"purpose\"\nclass = \"terms\"\naudience = \"trade\"\ntype = \"text\"\nrequired = true\n";
    let told = broken(&[(ADVANCE, &format!("{ADVANCE}{added}"))]);
    let said = "field `purpose` of `receivable` would be required, and was not in version 1";
    assert_eq!(told, ("DEF-13", said.into()));
    assert_eq!(broken(&[(ADVANCE, &format!("{ADVANCE}required = true\n"))]).0, "DEF-13");
}

/// What was left out two versions ago is still not free for another meaning, and free for its own.
#[test]
fn def_10_def_11_def_13_earlier_versions_count() {
    let second = parse(&next(SCF, &[(ADVANCE, "")]));
    let third = |advance: &str| {
        let text = next(SCF, &[("version = 2", "version = 3"), (ADVANCE, advance)]);
        parse(&text).may_follow(&second, &[parse(SCF)])
    };
    assert_eq!(third(ADVANCE), Ok(()));
    let rule = |advance: String| third(&advance).unwrap_err().rule();
    assert_eq!(rule(ADVANCE.replace("requested_advance", "fee")), "DEF-10");
    assert_eq!(rule(ADVANCE.replace("id = 9", "id = 10")), "DEF-10");
    assert_eq!(rule(ADVANCE.replace("type = \"amount\"", "type = \"text\"")), "DEF-11");
    assert_eq!(rule(format!("{ADVANCE}required = true\n")), "DEF-13");
    // A comparison with the version in force alone would not notice.
    let text =
        next(SCF, &[("version = 2", "version = 3"), ("name = \"requested_advance\"", "name = \"fee\"")]);
    assert_eq!(parse(&text).may_follow(&second, &[]), Ok(()));
}

#[test]
fn every_refusal_is_the_operators_and_says_what_to_do() {
    for (changes, fix) in [
        ([("version = 2", "version = 9")], "count"),
        ([("template = \"scf-receivable\"", "template = \"x\"")], "found"),
        ([("name = \"requested_advance\"", "name = \"x\"")], "never used"),
        ([("type = \"json\"", "type = \"text\"")], "leave"),
        ([("role = \"bank\"", "role = \"buyer\"")], "record type"),
        (
            [(
                "type = \"json\"\nrequired = true\n",
                "type = \"json\"\nrequired = true\n[[record.field]]\nid = 77\nname = \"z\"\nclass = \"terms\"\naudience = \"trade\"\ntype = \"text\"\nrequired = true\n",
            )],
            "optional",
        ),
    ] {
        let error = follows(&changes).unwrap_err();
        assert_eq!(
            (error.code(), error.fault(), error.definite()),
            ("DEFINITION_CANNOT_FOLLOW", Fault::Operator, true)
        );
        assert!(error.fix().contains(fix), "{}", error.fix());
    }
}
