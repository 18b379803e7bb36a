use super::*;
use crate::fixtures::{BILATERAL, SCF};

/// The receivables template with one piece of text replaced.
fn with(from: &str, to: &str) -> Result<Definition, DefinitionInvalid> {
    assert!(SCF.contains(from), "{from}");
    Definition::parse("channel.toml", &SCF.replacen(from, to, 1))
}

fn refused(from: &str, to: &str) -> DefinitionInvalid {
    with(from, to).unwrap_err()
}

/// A template with more text at its end, or at the end of its parameters.
fn and(more: &str) -> Result<Definition, DefinitionInvalid> {
    Definition::parse("channel.toml", &format!("{SCF}\n{more}"))
}

fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).unwrap() + 1
}

#[test]
fn the_shipped_templates_parse() {
    let scf = Definition::parse("channel.toml", SCF).unwrap();
    assert_eq!((scf.template.as_str(), scf.version, scf.roles.len()), ("scf-receivable", 1, 6));
    let receivable = scf.record_named("receivable").unwrap();
    assert_eq!(scf.record(1), Some(receivable));
    assert_eq!(receivable.slot_index("bank"), Some(2));
    assert_eq!(receivable.slot_index("notary"), None);
    let lines = receivable.field_named("lines").unwrap();
    assert_eq!(receivable.field(lines.id), Some(lines));
    assert_eq!((lines.class, lines.field_type, lines.required), (ClassId(5), FieldType::Json, true));
    assert_eq!(scf.class_named("lines").unwrap().id, ClassId(5));
    assert_eq!(scf.audience(&lines.audience).unwrap().slots, ["buyer", "supplier"]);
    assert!(scf.record(99).is_none() && scf.record_named("x").is_none() && scf.audience("x").is_none());

    let bilateral = Definition::parse("channel.toml", BILATERAL).unwrap();
    assert_eq!((bilateral.template.as_str(), bilateral.records.len()), ("bilateral", 1));
    assert_eq!(bilateral.parameters.history, History::All);
}

#[test]
fn every_field_has_the_number_of_its_class() {
    for text in [SCF, BILATERAL] {
        let definition = Definition::parse("channel.toml", text).unwrap();
        for field in definition.records.iter().flat_map(|record| &record.fields) {
            assert_eq!(definition.class_named(&field.class_name).unwrap().id, field.class, "{}", field.name);
        }
    }
}

#[test]
fn the_digest_is_over_all_three_texts_and_where_they_end() {
    let digest = |(channel_toml, policy, policy_schema): (&str, &str, &str)| {
        let (channel_toml, policy, policy_schema) =
            (channel_toml.into(), policy.into(), policy_schema.into());
        DefinitionTexts { channel_toml, policy, policy_schema }.digest()
    };
    let base = digest(("a", "b", "c"));
    for other in [("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x"), ("ab", "", "c"), ("a", "bc", "")] {
        assert_ne!(base, digest(other));
    }
}

#[test]
fn def_01_an_unknown_key_is_named_with_its_line() {
    for (place, key) in [
        ("grace = 16", "gracee = 16"),
        ("description = \"finances receivables\"", "describtion = \"x\""),
        ("slots = [\"buyer\", \"supplier\"]", "members = [\"acme\"]"),
        ("type = \"json\"", "typ = \"json\""),
        ("title =", "titel ="),
    ] {
        let error = refused(place, key);
        let (name, line) = (key.split(' ').next().unwrap(), line_of(SCF, place));
        assert_eq!(error.rule(), "DEF-01", "{name}");
        let DefinitionInvalid::Shape { file, reason } = error else { panic!("{name}") };
        assert_eq!(file, "channel.toml");
        assert!(reason.contains(&format!("`{name}`")), "{reason}");
        assert!(reason.starts_with(&format!("line {line}: ")), "{reason} is not of line {line}");
    }
}

#[test]
fn def_01_what_is_missing_mistyped_or_no_toml_is_refused() {
    let rule = |from, to| refused(from, to).rule();
    assert_eq!(rule("title = \"", "title = "), "DEF-01");
    assert_eq!(rule("epoch_length = 64\n", ""), "DEF-01");
    assert_eq!(rule("epoch_length = 64", "epoch_length = -64"), "DEF-01");
    assert_eq!(rule("epoch_length = 64", "epoch_length = \"64\""), "DEF-01");
    assert_eq!(rule("type = \"json\"", "type = \"yaml\""), "DEF-01");
    assert_eq!(rule("history = \"from-join\"", "history = \"some\""), "DEF-01");
    assert_eq!(rule("format = 1", "format = 1\nformat = 1"), "DEF-01");
    assert_eq!(and("[[classes]]").unwrap_err().rule(), "DEF-01");
    assert_eq!(Definition::parse("channel.toml", "ü = [").unwrap_err().rule(), "DEF-01");
    assert_eq!(Definition::parse("channel.toml", "x").unwrap_err().to_string().lines().count(), 1);
}

#[test]
fn def_02_names_and_numbers_are_unique_within_their_kind() {
    let name = |from, to| match refused(from, to) {
        DefinitionInvalid::Name { what, name } => (what, name),
        other => panic!("{other}"),
    };
    let pair = |what, name: &str| (what, name.to_owned());
    assert_eq!(
        name("name = \"supplier\"\ndescription", "name = \"buyer\"\ndescription"),
        pair("role", "buyer")
    );
    assert_eq!(name("name = \"pricing\"", "name = \"lines\""), pair("class", "lines"));
    assert_eq!(name("id = 6\nname = \"pricing\"", "id = 5\nname = \"pricing\""), pair("class number", "5"));
    assert_eq!(name("name = \"trade\"", "name = \"parties\""), pair("audience", "parties"));
    assert_eq!(name("name = \"acceptance\"", "name = \"receivable\""), pair("record type", "receivable"));
    assert_eq!(
        name("id = 2\nname = \"acceptance\"", "id = 1\nname = \"acceptance\""),
        pair("record number", "1")
    );
    let slot = "name = \"supplier\"\nrole = \"supplier\"";
    assert_eq!(name(slot, "name = \"buyer\"\nrole = \"supplier\""), pair("slot", "buyer"));
    assert_eq!(name("name = \"supplier_id\"", "name = \"buyer_name\""), pair("field", "buyer_name"));
    assert_eq!(
        name("id = 2\nname = \"buyer_name\"", "id = 1\nname = \"buyer_name\""),
        pair("field number", "1")
    );
    assert_eq!(refused("name = \"trade\"", "name = \"parties\"").rule(), "DEF-02");
    // The same name in another kind, or a field's name in another record type, is no collision.
    assert!(with("name = \"trade\"", "name = \"buyer\"").is_err_and(|e| e.rule() == "DEF-03"));
    assert!(with("name = \"cost_centre\"", "name = \"supplier_id\"").is_ok());
}

#[test]
fn def_02_names_that_differ_in_hyphen_and_underscore_are_one_to_a_policy() {
    let renamed = |one: &str, other: &str| {
        let text = SCF.replacen("name = \"receivable\"", &format!("name = {one:?}"), 1);
        let text = text.replacen("name = \"acceptance\"", &format!("name = {other:?}"), 1);
        Definition::parse("channel.toml", &text)
    };
    assert!(renamed("a-b", "a-c").is_ok() && renamed("a_b", "ab").is_ok());
    for (one, other) in [("a-b", "a_b"), ("a_b", "a-b"), ("a_b-c", "a-b_c")] {
        let expected = DefinitionInvalid::Name { what: "record type", name: other.into() };
        assert_eq!(renamed(one, other), Err(expected));
    }
    assert_eq!(refused("name = \"supplier_id\"", "name = \"buyer-name\"").rule(), "DEF-02");
}

#[test]
fn def_02_names_are_short_and_plain() {
    let rename = |name: &str| with("name = \"requested_advance\"", &format!("name = {name:?}"));
    assert!(rename(&"x".repeat(64)).is_ok());
    for name in ["", "Name", "a b", "a.b", "ü", "a\"b", "a\tb", &"x".repeat(65)] {
        assert_eq!(rename(name).unwrap_err().rule(), "DEF-02", "{name}");
    }
    assert_eq!(refused("template = \"scf-receivable\"", "template = \"../x\"").rule(), "DEF-02");
    // A hostile name is cut before it is repeated to anybody.
    let long = "ü".repeat(60_000);
    let unknown_class = with("class = \"lines\"", &format!("class = {long:?}"));
    let unknown_key = and(&format!("[{}]", "x".repeat(60_000)));
    for refused in [rename(&long), unknown_class, unknown_key] {
        assert!(refused.unwrap_err().to_string().len() < 600);
    }
}

#[test]
fn def_03_whatever_is_named_is_defined() {
    let missing = |from, to| match refused(from, to) {
        DefinitionInvalid::Unresolved { what, name, of } => (what, name, of),
        other => panic!("{other}"),
    };
    let told = |what, name: &str, of: &str| (what, name.to_owned(), of.to_owned());
    let field = "class = \"lines\"\naudience = \"trade\"";
    assert_eq!(missing(field, "class = \"line\"\naudience = \"trade\""), told("class", "line", "lines"));
    assert_eq!(missing(field, "class = \"lines\"\naudience = \"all\""), told("audience", "all", "lines"));
    let slot = "name = \"bank\"\nrole = \"bank\"";
    assert_eq!(missing(slot, "name = \"bank\"\nrole = \"banker\""), told("role", "banker", "bank"));
    let rule = "slots = [\"supplier\", \"bank\"]";
    assert_eq!(missing(rule, "slots = [\"supplier\", \"banks\"]"), told("slot", "banks", "financing"));
    assert_eq!(missing(rule, "roles = [\"banker\"]"), told("role", "banker", "financing"));
    // A slot of another record type is not a slot of this one.
    let one_less = missing("[[record.slot]]\nname = \"bank\"\nrole = \"bank\"\n", "");
    assert_eq!(one_less, told("slot", "bank", "receivable.invoice_number"));
    assert_eq!(refused(rule, "roles = [\"banker\"]").rule(), "DEF-03");
}

#[test]
fn def_03_holds_for_audiences_that_no_field_uses_yet() {
    let unused = |rule: &str| and(&format!("[[audience]]\nname = \"later\"\n{rule}"));
    assert!(unused("roles = [\"bank\"]").is_ok());
    assert!(unused("slots = [\"bank\"]").is_ok());
    assert_eq!(unused("slots = [\"notary\"]").unwrap_err().rule(), "DEF-03");
    assert_eq!(unused("roles = [\"notary\"]").unwrap_err().rule(), "DEF-03");
}

#[test]
fn def_04_intervals_are_within_their_limits() {
    let rule = |from: &str, to: &str| with(from, to).map_or_else(|error| error.rule(), |_| "");
    assert_eq!(rule("epoch_length = 64", "epoch_length = 0"), "DEF-04");
    assert_eq!(rule("epoch_length = 64", "epoch_length = 4294967297"), "DEF-04");
    assert_eq!((rule("grace = 16", "grace = 64"), rule("grace = 16", "grace = 65")), ("", "DEF-04"));
    for key in ["expiry_max = 256", "attest_after = 8", "missing_batch_after = 512", "endorse_lag_max = 64"] {
        let name = key.split(' ').next().unwrap();
        assert_eq!(rule(key, &format!("{name} = 1")), "", "{name}");
        assert_eq!(rule(key, &format!("{name} = 0")), "DEF-04", "{name}");
        assert_eq!(rule(key, &format!("{name} = 9223372036854775807")), "DEF-04", "{name}");
    }
    let told = refused("grace = 16", "grace = 65").to_string();
    assert_eq!(told, "grace is 65, allowed are 0 to 64");
}

#[test]
fn def_04_counts_are_within_their_limits() {
    let more = |count: usize, of: &dyn Fn(usize) -> String| {
        let text: String = (0..count).map(of).collect();
        and(&text).map_or_else(|error| error.rule(), |_| "")
    };
    let role = |n| format!("[[role]]\nname = \"r{n}\"\ndescription = \"\"\n");
    assert_eq!((more(58, &role), more(59, &role)), ("", "DEF-04"));
    let class = |n| format!("[[class]]\nid = {}\nname = \"c{n}\"\ndescription = \"\"\n", n + 100);
    assert_eq!((more(246, &class), more(247, &class)), ("", "DEF-04"));
    let audience = |n| format!("[[audience]]\nname = \"a{n}\"\nroles = [\"bank\"]\n");
    assert_eq!((more(53, &audience), more(54, &audience)), ("", "DEF-04"));
    let slot = |n| format!("[[record.slot]]\nname = \"s{n}\"\nrole = \"bank\"\n");
    assert_eq!((more(13, &slot), more(14, &slot)), ("", "DEF-04"));
    let field = |n: usize, id: usize| {
        format!(
            "[[record.field]]\nid = {id}\nname = \"f{n}\"\nclass = \"lines\"\naudience = \"trade\"\ntype = \"text\"\n"
        )
    };
    assert_eq!((more(253, &|n| field(n, n + 10)), more(254, &|n| field(n, n + 10))), ("", "DEF-04"));
    let record = |n: usize| {
        let slots = "[[record.slot]]\nname = \"buyer\"\nrole = \"buyer\"\n[[record.slot]]\nname = \"supplier\"\nrole = \"supplier\"\n";
        format!("[[record]]\nid = {}\nname = \"t{n}\"\n{slots}{}", n + 10, field(0, 1))
    };
    assert_eq!((more(247, &record), more(248, &record)), ("", "DEF-04"));
    assert_eq!(and("[[record]]\nid = 9\nname = \"none\"\nfield = []\n").unwrap_err().rule(), "DEF-04");
}

#[test]
fn def_04_the_text_itself_is_bounded() {
    let padded = |bytes: usize| format!("{SCF}#{}", "x".repeat(bytes - SCF.len() - 1));
    assert!(Definition::parse("channel.toml", &padded(limits::DEFINITION_BYTES_MAX)).is_ok());
    let error = Definition::parse("channel.toml", &padded(limits::DEFINITION_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error.rule(), "DEF-04");
    assert_eq!(Definition::parse("channel.toml", "").unwrap_err().rule(), "DEF-04");
}

#[test]
fn def_05_an_audience_that_names_nobody_is_refused() {
    let nobody = DefinitionInvalid::NamesNobody { audience: "trade".into() };
    let rule = "slots = [\"buyer\", \"supplier\"]";
    assert_eq!(refused(rule, ""), nobody);
    assert_eq!(refused(rule, "slots = []\nroles = []"), nobody);
    assert_eq!(nobody.rule(), "DEF-05");
    assert_eq!(nobody.to_string(), "audience `trade` names neither a role nor a slot");
    // That a writer may be outside an audience is the drafts' affair (DRA-04).
    assert!(with(rule, "roles = [\"bank\"]").is_ok());
}

#[test]
fn an_invalid_definition_is_the_operators_doing() {
    let error = refused("grace = 16", "grace = 65");
    assert_eq!(
        (error.code(), error.fault(), error.definite()),
        ("DEFINITION_INVALID", Fault::Operator, true)
    );
    assert!(error.fix().contains("channel.toml"));
}

proptest::proptest! {
    #[test]
    fn def_01_arbitrary_text_never_panics(text in "\\PC{0,200}", at in proptest::prelude::any::<proptest::sample::Index>()) {
        let _ = Definition::parse("channel.toml", &text);
        let mut chars: Vec<char> = SCF.chars().collect();
        let from = at.index(chars.len());
        chars.splice(from..(from + 5).min(chars.len()), text.chars());
        let _ = Definition::parse("channel.toml", &chars.into_iter().collect::<String>());
    }
}

fn refused_rule(from: &str, to: &str) -> &'static str {
    refused(from, to).rule()
}

#[test]
fn def_14_a_format_of_other_rules_is_refused_before_anything_else_is_read() {
    assert_eq!(refused_rule("format = 1", "format = 2"), "DEF-14");
    assert_eq!(refused_rule("format = 1", "format = 0"), "DEF-14");
    assert_eq!(refused_rule("format = 1", "format = 9223372036854775807"), "DEF-14");
    // What the later format brings is not known here, and nothing is said about it.
    let later = Definition::parse("channel.toml", "format = 2\n[of_later]\nproofs = true\n").unwrap_err();
    assert_eq!((later.rule(), later.code()), ("DEF-14", "RULES_UNKNOWN"));
    assert!(later.fix().contains("update parclose"), "{}", later.fix());
    // Without a format, or with one that is no number, it is no definition of any.
    assert_eq!(refused_rule("format = 1", ""), "DEF-01");
    assert_eq!(refused_rule("format = 1", "format = -1"), "DEF-01");
    assert_eq!(refused_rule("format = 1", "format = \"2\""), "DEF-01");
}

#[test]
fn opn_01_a_field_that_only_its_author_reads_is_opened_by_nobody_else() {
    let name = "name = \"face_amount\"";
    let opened = format!("{name}\nopened = true");
    let field = |definition: &Definition, name: &str| {
        let receivable = definition.record_named("receivable").unwrap();
        receivable.field_named(name).unwrap().opened
    };
    let demanding = with(name, &opened).unwrap();
    assert!(field(&demanding, "face_amount") && !field(&demanding, "lines"));
    let plain = Definition::parse("channel.toml", SCF).unwrap();
    assert!(!field(&plain, "face_amount"), "nothing is demanded unless it is written");
    // The same field, for the audience of one slot: its author is its only reader.
    let at = SCF.find(name).unwrap();
    let (before, after) = SCF.split_at(at);
    let alone = |text: &str| {
        let after =
            after.replacen(name, text, 1).replacen("audience = \"parties\"", "audience = \"debtor\"", 1);
        Definition::parse("channel.toml", &format!("{before}{after}")).map(|_| ()).map_err(|e| e.rule())
    };
    assert_eq!(alone(&opened), Err("OPN-01"));
    assert_eq!(alone(name), Ok(()));
}
