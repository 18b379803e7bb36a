//! Each way a policy is refused, alone.

use parclose_types::limits::NESTING_MAX;

use super::*;
use crate::bounds::{ACTION_TARGETS_MAX, ACTIONS_MAX, RECORD_TYPES_MAX, SLOTS_MAX, STATEMENT_TOKENS_MAX};
use crate::{Effect, PolicyEpoch, Request, decide};

const SCHEMA: &str = "entity Member { roles: Set<String> };
entity Note { owner: Member, writer: Member };
action create appliesTo { principal: [Member], resource: [Note] };
";

fn parse(text: &str, schema_text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(PolicySource { file_name: "policy.cedar".into(), text, schema_text })
}

/// Rule and message of the refusal.
fn refused(text: &str) -> (&'static str, String) {
    let error = parse(text, SCHEMA).unwrap_err();
    (error.rule(), error.to_string())
}

fn when(body: &str) -> String {
    format!("@id(\"a\")\npermit (principal, action, resource)\nwhen {{ {body} }};")
}

fn note_request() -> Request {
    crate::decision::tests::request("note", "create")
}

#[test]
fn acc_11_a_text_over_its_limit_is_refused() {
    let large = " ".repeat(POLICY_BYTES_MAX + 1);
    assert_eq!(refused(&large).0, "ACC-11");
    let error = parse("", &large).unwrap_err();
    assert_eq!(error.to_string(), "policy.cedarschema of 262145 bytes is larger than its limit of 262144");
    assert!(parse(&large[1..], SCHEMA).is_ok());
}

#[test]
fn acc_12_deep_nesting_is_refused() {
    let nested = |depth: usize| when(&format!("{}true{}", "(".repeat(depth), ")".repeat(depth)));
    assert!(parse(&nested(NESTING_MAX - 1), SCHEMA).is_ok());
    assert_eq!(
        refused(&nested(NESTING_MAX)),
        ("ACC-12", "policy.cedar:3: more than 32 nested brackets".into())
    );
    let schema = format!("entity Member {{ roles: {}String{} }};", "Set<".repeat(40_000), ">".repeat(40_000));
    assert_eq!(parse("", &schema).unwrap_err().rule(), "ACC-12");
    assert_eq!(refused(&"[".repeat(POLICY_BYTES_MAX)).0, "ACC-12");
}

#[test]
fn acc_12_a_long_statement_is_refused() {
    // `@id("a")` 5, head 8, `when {` 2, `};` 2 tokens: an odd number is left, as a chain has.
    let longest = (STATEMENT_TOKENS_MAX - 17).div_ceil(2);
    let chain = |conjuncts: usize| when(&vec!["true"; conjuncts].join(" && "));
    let policy = parse(&chain(longest), SCHEMA).unwrap();
    assert!(decide(&policy, PolicyEpoch(1), &note_request()).is_ok());
    assert_eq!(
        refused(&chain(longest + 1)),
        ("ACC-12", "policy.cedar:1: more than 256 tokens of a statement".into())
    );
}

#[test]
fn acc_12_the_longest_chains_fit_a_small_stack() {
    let free = STATEMENT_TOKENS_MAX - 20;
    let fields = when(&format!("principal{} == 1", ".x".repeat(free / 2 - 2)));
    let choices = when(&format!("{}true", "if true then true else ".repeat(free / 5)));
    let sums = when(&format!("1{} > 0", " + 1".repeat(free / 2 - 2)));
    let run = move || {
        assert_eq!(refused(&fields).0, "ACC-15");
        for text in [choices, sums] {
            let policy = parse(&text, SCHEMA).unwrap();
            assert!(decide(&policy, PolicyEpoch(1), &note_request()).is_ok());
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn acc_12_too_many_pairs_of_action_and_record_type_are_refused() {
    // One pair is that of `create`; two are of each of these actions, one of `lend`.
    let schema = |pairs: usize| {
        let names: Vec<String> = (0..pairs / 2).map(|n| format!("a{n}")).collect();
        let lend = ["", "action lend appliesTo { principal: [Member], resource: [Loan] };"][pairs % 2];
        let both = "appliesTo { principal: [Member], resource: [Note, Loan] };";
        format!("{SCHEMA}entity Loan {{ owner: Member }};{lend}action {} {both}", names.join(", "))
    };
    assert!(parse("", &schema(ACTION_TARGETS_MAX - 1)).is_ok());
    assert_eq!(parse("", &schema(ACTION_TARGETS_MAX)).unwrap_err().rule(), "ACC-12");
}

/// Found by fuzzing: Cedar says which name was meant, with a cell for each letter of the one times each of the other.
#[test]
fn acc_22_a_long_word_or_text_is_refused_before_it_is_compared_with_others() {
    let known = |text: &str| {
        format!("{SCHEMA}action \"{text}\" appliesTo {{ principal: [Member], resource: [Note] }};")
    };
    let act = |text: &str| format!("@id(\"a\") permit (principal, action == Action::\"{text}\", resource);");
    // Half a gigabyte for a table of these two.
    let (one, other) = ("a".repeat(8192), "b".repeat(8192));
    assert_eq!(parse(&act(&one), &known(&other)).unwrap_err().rule(), "ACC-22");
    let (most, more) = ("a".repeat(64), "a".repeat(65));
    assert!(parse(&act(&most), &known(&most)).is_ok());
    assert_eq!(refused(&act(&most)).0, "ACC-15");
    let told = "policy.cedar:1: more than 64 bytes of a word or a text in quotes";
    assert_eq!(refused(&act(&more)), ("ACC-22", told.into()));
    assert_eq!(parse(&act("create"), &known(&more)).unwrap_err().rule(), "ACC-22");
    let annotated = format!("@doc(\"{one}\") {}", act("create"));
    assert!(parse(&annotated, SCHEMA).is_ok(), "nobody compares what an annotation says");
    let word = |length: usize| when(&format!("resource.{}", "a".repeat(length)));
    assert_eq!(refused(&word(64)).0, "ACC-15");
    assert_eq!(
        refused(&word(65)),
        ("ACC-22", "policy.cedar:3: more than 64 bytes of a word or a text in quotes".into())
    );
    let schema = SCHEMA.replace("writer", &"a".repeat(65));
    let told = "policy.cedarschema:2: more than 64 bytes of a word or a text in quotes";
    assert_eq!(parse("", &schema).unwrap_err().to_string(), told);
}

#[test]
fn acc_22_a_schema_declares_so_much_and_no_more() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let records = |count: usize| {
        format!("{SCHEMA}{}", many(count - 1, &|n| format!("entity N{n} {{ owner: Member }};\n")))
    };
    let actions = |count: usize| format!("{SCHEMA}{}", many(count - 1, &|n| format!("action a{n};\n")));
    let slots = |count: usize| {
        let slots = many(count - 1, &|n| format!(", s{n}: Member"));
        format!("{SCHEMA}entity Wide {{ owner: Member{slots} }};")
    };
    let bounded = |limit: usize, schema: &dyn Fn(usize) -> String, told: &str| {
        assert!(parse("", &schema(limit)).is_ok(), "{told}");
        let error = parse("", &schema(limit + 1)).unwrap_err();
        assert_eq!((error.rule(), error.to_string()), ("ACC-22", told.into()));
    };
    bounded(RECORD_TYPES_MAX, &records, "policy.cedarschema:1: more than 128 record types");
    bounded(ACTIONS_MAX, &actions, "policy.cedarschema:3: more than 128 actions");
    bounded(SLOTS_MAX, &slots, "policy.cedarschema:4: more than 32 slots of a record type");
}

#[test]
fn acc_13_what_is_not_cedar_is_refused_with_its_line() {
    let (rule, message) =
        refused("// one\n@id(\"a\")\npermit (principal, action, resource)\nwhen { resource. };\n");
    assert_eq!(rule, "ACC-13");
    assert!(message.starts_with("policy.cedar:4: unexpected token"), "{message}");
    for text in [
        "permit",
        "@id(\"a\") permit (principal, action, resource)",
        ";",
        "@id(\"a\") permit (principal, action, resource); }",
        "\"",
        "@id(\"a\") allow (principal, action, resource);",
    ] {
        assert_eq!(refused(text).0, "ACC-13", "{text}");
    }
    let error = parse("", "entity Member { roles: Set<String> };\nentity;\n").unwrap_err();
    assert_eq!(error.rule(), "ACC-13");
    assert!(error.to_string().starts_with("policy.cedarschema:2: "), "{error}");
    let unknown = parse("", &format!("{SCHEMA}entity Other {{ owner: Member, of: Nobody }};")).unwrap_err();
    assert!(matches!(unknown.rule(), "ACC-13" | "ACC-14"), "{unknown}");
}

#[test]
fn acc_14_a_schema_of_another_shape_is_refused() {
    let member = "entity Member { roles: Set<String> };\n";
    let cases = [
        "entity Note { owner: Member };".to_owned(),
        String::new(),
        "entity Member { roles: Set<Long> };".into(),
        "entity Member { roles?: Set<String> };".into(),
        "entity Member { roles: Set<String>, score: Long };".into(),
        "entity Member { roles: Set<String> } tags String;".into(),
        "entity Group; entity Member in [Group] { roles: Set<String> };".into(),
        format!("{member}entity Note {{ writer: Member }};"),
        format!("{member}entity Note {{ owner?: Member }};"),
        format!("{member}entity Note {{ owner: Member, amount: Long }};"),
        format!("{member}entity Note {{ owner: Member, all: Set<Member> }};"),
        format!("{member}entity Note;"),
        format!("{member}entity note {{ owner: Member }};"),
        format!("{member}entity Bank_Note {{ owner: Member }};"),
        format!("{member}entity Colour enum [\"red\"];"),
        format!("{member}type Roles = Set<String>;"),
        format!("{member}external entity Note;"),
        format!("namespace Trade {{ {member} }}"),
        format!("{member}action meet appliesTo {{ principal: [Member], resource: [Member] }};"),
        format!("{SCHEMA}action own appliesTo {{ principal: [Note], resource: [Note] }};"),
        format!(
            "{SCHEMA}action wait appliesTo {{ principal: [Member], resource: [Note], context: {{ now: Long }} }};"
        ),
    ];
    for schema in &cases {
        let error = parse("", schema).err();
        assert_eq!(error.as_ref().map(Failure::rule), Some("ACC-14"), "{schema}: {error:?}");
    }
    let error = parse("", &cases[9]).unwrap_err();
    assert_eq!(error.to_string(), "policy.cedarschema:2: `amount` of `Note` must be a `Member`");
}

#[test]
fn acc_14_groups_annotations_and_optional_slots_are_served() {
    let schema = format!(
        "{SCHEMA}@doc(\"a loan\") entity Loan {{ owner: Member, \"paying-agent\"?: Member }};\n\
         action write; action amend in [write] appliesTo {{ principal: Member, resource: [Loan, Note] }};"
    );
    let text = "@id(\"a\") permit (principal, action in [Action::\"write\"], resource is Note);";
    let policy = parse(text, &schema).unwrap();
    assert_eq!(policy.slots("loan").unwrap()["paying-agent"], Presence::Optional);
    assert_eq!(policy.slots("note").unwrap()["writer"], Presence::Required);
    assert!(policy.slots("Loan").is_none());
    assert_eq!(policy.actions("note").collect::<Vec<_>>(), ["amend", "create"]);
    let mut request = note_request();
    assert_eq!(decide(&policy, PolicyEpoch(1), &request).unwrap_err().rule(), "ACC-04");
    request.action = "amend".into();
    assert!(decide(&policy, PolicyEpoch(1), &request).is_ok());
    request.action = "write".into();
    assert_eq!(decide(&policy, PolicyEpoch(1), &request).unwrap_err().rule(), "ACC-05");
}

#[test]
fn acc_15_a_policy_that_breaks_its_schema_is_refused_with_line_and_text() {
    let two = "@id(\"a\")\npermit (principal, action, resource)\nwhen {\n  resource.amount == principal\n};\n\
               @id(\"b\")\nforbid (principal, action == Action::\"erase\", resource);";
    let (rule, message) = refused(two);
    assert_eq!(rule, "ACC-15");
    assert!(message.starts_with("policy.cedar:4: "), "{message}");
    assert!(message.contains("attribute `amount`") && message.contains("; policy.cedar:7: "), "{message}");
    assert_eq!(refused(&when("principal.roles == 3")).0, "ACC-15");
}

/// Each fault costs a search for what was meant, so after a statement's worth of them nobody looks for more.
#[test]
fn acc_15_faults_are_told_until_they_fill_the_longest_statement() {
    let faulty = |n: usize| {
        format!("@id(\"s{n}\") permit (principal, action, resource) when {{ resource.x == 1 }};\n")
    };
    let tokens = crate::source::tokens(&faulty(1)).len();
    let error = parse(&(0..1000).map(faulty).collect::<String>(), SCHEMA).unwrap_err();
    let PolicyError::Invalid { findings } = error else { panic!("{error}") };
    assert_eq!(findings.last().unwrap().0.line, STATEMENT_TOKENS_MAX.div_ceil(tokens));
    let right = "@id(\"right\") permit (principal, action, resource);\n";
    let late: String = std::iter::once(right.into()).chain((0..3).map(faulty)).collect();
    let PolicyError::Invalid { findings } = parse(&late, SCHEMA).unwrap_err() else { panic!() };
    assert_eq!(findings.iter().map(|(place, _)| place.line).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn acc_15_a_warning_refuses_too() {
    let (rule, message) = refused(&when("principal.roles.contains(\"a\") && false"));
    assert_eq!(rule, "ACC-15");
    assert!(message.starts_with("policy.cedar:2: ") || message.starts_with("policy.cedar:1: "), "{message}");
    assert_eq!(refused(&when("principal.roles.contains(\"b\u{430}nk\")")).0, "ACC-15");
}

#[test]
fn acc_16_a_template_is_refused() {
    let (rule, message) = refused("\n@id(\"a\")\npermit (principal == ?principal, action, resource);");
    assert_eq!(rule, "ACC-16");
    assert!(message.starts_with("policy.cedar:2: a template"), "{message}");
}

#[test]
fn acc_17_every_statement_has_its_own_id() {
    let plain = "permit (principal, action, resource);";
    let long = "x".repeat(65);
    for id in ["", "A b", "ä", "a_b", long.as_str()] {
        assert_eq!(refused(&format!("@id(\"{id}\") {plain}")).0, "ACC-17", "{id}");
    }
    assert_eq!(refused(plain).0, "ACC-17");
    assert_eq!(refused(&format!("@id {plain}")).0, "ACC-17");
    let (rule, message) = refused(&format!("@id(\"a\") {plain}\n@id(\"a\") {plain}"));
    assert_eq!(rule, "ACC-17");
    assert!(message.starts_with("policy.cedar:2: `a` "), "{message}");
}

#[test]
fn acc_18_a_statement_about_one_record_is_refused() {
    let (rule, message) = refused("@id(\"a\")\nforbid (principal, action, resource == Note::\"17\");");
    assert_eq!(rule, "ACC-18");
    assert!(message.contains("`Note::\\\"17\\\"`"), "{message}");
    assert_eq!(refused(&when("resource.owner == Member::\"alice\"")).0, "ACC-18");
    let key = "0a".repeat(32);
    assert!(parse(&when(&format!("resource.owner == Member::\"{key}\"")), SCHEMA).is_ok());
    assert_eq!(refused(&when(&format!("resource.owner == Member::\"{}\"", key.to_uppercase()))).0, "ACC-18");
}

#[test]
fn statements_are_listed_as_they_stand() {
    let text = "// head\n@id(\"a\")\npermit (principal, action, resource); // tail; one\n\n  @id(\"b\")\n  forbid (principal, action, resource)\n  when { principal.roles.contains(\";\") };\n";
    let policy = parse(text, SCHEMA).unwrap();
    let [a, b] = policy.statements() else { panic!("two statements") };
    assert_eq!((a.id.as_str(), a.effect, a.place.line), ("a", Effect::Permit, 2));
    assert_eq!(a.text, "@id(\"a\")\npermit (principal, action, resource);");
    assert_eq!(
        (b.id.as_str(), b.effect, b.place.to_string()),
        ("b", Effect::Forbid, "policy.cedar:5".into())
    );
    assert!(b.text.ends_with("contains(\";\") };"));
}
