//! F06: a policy reads back as it was, is bounded in depth, and a changed one decides from its height on, exactly.

mod consortium;

use std::collections::{BTreeMap, BTreeSet};

use parclose_access::difference::Side;
use parclose_access::{Policy, PolicyEpoch, compare, decide};
use parclose_transaction::DefinitionTexts;
use parclose_types::{Failure, decode, encode};

use super::policy::{SCHEMA as SMALL, model, request};
use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::texts::parse_policy;
use crate::world::{CHANNEL_TOML, Making, POLICY, SCHEMA};

static PARSE: Point = Point::decides("Policy::parse");
static COMPARE: Point = Point::returns("compare");
static ADVISE: Point = Point::decides("Channel::advise");
static ROTATE: Point = Point::returns("Channel::rotation");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F06",
    name: "f06_changes",
    holds: "a policy survives being written and read, brackets nest 32 deep and no deeper, and a changed policy decides from the height of its rotation on",
    reach: || vec![&PARSE, &COMPARE, &ADVISE, &ROTATE],
    run,
    controls: &[
        Control { name: "a policy that is in force when it is decided", run: early },
        Control { name: "a policy that is in force one rotation late", run: late },
    ],
    script_bytes: 160,
};

/// Brackets that a policy may nest.
const NESTED: usize = 32;

/// When a decided policy decides, so that controls can err.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Force {
    AtRotation,
    AtDecision,
    Never,
}

/// One scenario: a text, two policies side by side, or a channel that changes its policy.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    match script.below(16) {
        0 => changed(&mut script, Force::AtRotation),
        1..=7 => nested(&mut script),
        _ => stable(&mut script),
    }
}

fn early(bytes: &[u8]) -> Answer {
    changed(&mut Script::new(bytes), Force::AtDecision)
}

fn late(bytes: &[u8]) -> Answer {
    changed(&mut Script::new(bytes), Force::Never)
}

/// Brackets around a condition.
fn nested(script: &mut Script<'_>) -> Answer {
    let depth = 28 + script.below(10);
    let bracket = *script.pick(&[("(", ")"), ("!(", ")"), ("[", "].contains(true)")]);
    let inner = format!("{}principal == resource.owner{}", bracket.0.repeat(depth), bracket.1.repeat(depth));
    let text = format!("@id(\"deep\") permit (principal, action, resource is Hall) when {{ {inner} }};");
    let parsed = PARSE.ask(|| parse_policy(&text, SMALL));
    // The braces of the condition are a bracket as well.
    assert!(parsed.is_err() || depth < NESTED, "brackets nest {depth} deep");
    assert!(parsed.is_ok() || depth + 1 > NESTED || bracket.0 != "(", "{depth} brackets are too many");
    parsed.map_err(|error| error.rule()).into()
}

/// A policy, written into the texts of a definition and read out of them again, beside another one.
fn stable(script: &mut Script<'_>) -> Answer {
    let texts = [model(script).to_string(), model(script).to_string()];
    let read = |text: &String| PARSE.ask(|| parse_policy(text, SMALL));
    let (Ok(one), Ok(other)) = (read(&texts[0]), read(&texts[1])) else { return Answer::Refused("policy") };
    let stored = DefinitionTexts {
        channel_toml: CHANNEL_TOML.into(),
        policy: texts[0].clone(),
        policy_schema: SMALL.into(),
    };
    let again: DefinitionTexts = decode("texts", &encode(&stored), 1 << 20).expect("what was written");
    let again = parse_policy(&again.policy, &again.policy_schema).expect("it was a policy");
    assert_eq!(
        format!("{:?}", again.statements()),
        format!("{:?}", one.statements()),
        "statements change when stored"
    );
    let same = differences(&one, &again);
    assert_eq!(same, 0, "a policy differs from itself");
    let differ = differences(&one, &other);
    let request = request(script);
    let allows = |policy: &Policy| decide(policy, PolicyEpoch(1), &request).is_ok();
    assert_eq!(allows(&one), allows(&again), "a policy decides otherwise when stored");
    // Where no difference is found, no request is decided otherwise.
    assert!(
        differ > 0 || allows(&one) == allows(&other),
        "a difference that is not found: {request:?}\n{texts:?}"
    );
    Answer::when(differ == 0, "differs")
}

/// Changes that the comparison finds; those that it does not look at for want of time count as well.
fn differences(before: &Policy, after: &Policy) -> usize {
    let (slots, roles) = (BTreeMap::new(), BTreeSet::from(["clerk", "chief", "barred"].map(str::to_owned)));
    let side = |policy| Side { policy, slot_roles: &slots, roles: &roles };
    let difference = COMPARE.call(|| compare(side(before), side(after)));
    difference.changes.len() + difference.gaps.len()
}

/// What the policies of the channel say of creating and updating a statement, one after the other.
const VARIANTS: [(&str, bool); 3] = [
    ("", true),
    ("\n@id(\"no-new\") forbid (principal, action == Action::\"create\", resource is Statement);\n", false),
    (
        "\n@id(\"no-barred\") forbid (principal, action, resource is Statement) when { principal.roles.contains(\"barred\") };\n",
        true,
    ),
];

/// A channel of two that decides on another policy and turns over to it; before, between and after a statement is tried.
fn changed(script: &mut Script<'_>, force: Force) -> Answer {
    // A policy that errs in time is told apart by one that forbids.
    let (addition, allows) = if force == Force::AtRotation { *script.pick(&VARIANTS) } else { VARIANTS[1] };
    let folder = tempfile::tempdir().expect("a folder for two stores");
    let mut channel = Making::open(folder.path());
    channel.deal();
    let may = |channel: &mut Making, expected: bool, when: &str| {
        let tried = channel.statement(1, 1, 1);
        let answer = ADVISE.ask(|| channel.advise(&tried));
        assert_eq!(answer.is_ok(), expected, "{when}: {answer:?}");
        answer
    };
    let _ = may(&mut channel, true, "before the decision");
    channel.redefine(DefinitionTexts {
        channel_toml: CHANNEL_TOML.replacen("version = 1", "version = 2", 1),
        policy: format!("{POLICY}{addition}"),
        policy_schema: SCHEMA.into(),
    });
    let between = if force == Force::AtDecision { allows } else { true };
    let _ = may(&mut channel, between, "decided, and not in force");
    let sealed_before = channel.statement(1, 1, 1);
    let ordered = ROTATE.call(|| channel.turn_over());
    assert_eq!(channel.term_start(), parclose_types::Height(ordered.0 + 1), "in force at another height");
    let stale = ADVISE.ask(|| channel.advise(&sealed_before));
    assert!(stale.is_err(), "what was sealed under the policy of before counts after it");
    let after = if force == Force::Never { true } else { allows };
    may(&mut channel, after, "in force").into()
}
