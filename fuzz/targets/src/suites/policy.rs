//! F05: the policy decides as an independent model does, and whatever is unknown, missing or fails denies.

mod model;

use std::collections::BTreeMap;

use parclose_access::request::{Party, Principal, Request, Roles};
use parclose_access::{Decider, PolicyEpoch, decide, explain};
use parclose_types::{Failure, MemberId};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::texts::parse_policy;
use model::{Condition, Model, Statement, Who};

static PARSE: Point = Point::returns("Policy::parse");
static DECIDE: Point = Point::decides("decide");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F05",
    name: "f05_policy",
    holds: "a decision is that of an independent model: errors, unknown words and missing parties deny, and a forbid wins over every permit",
    reach: || vec![&PARSE, &DECIDE],
    run,
    controls: &[
        Control { name: "a permit that wins over a forbid", run: permit_wins },
        Control { name: "a statement that fails and is left out", run: failures_are_ignored },
        Control { name: "a party that is missing and taken for nobody", run: missing_is_nobody },
    ],
    script_bytes: 160,
};

/// Two record types with slots, and one without.
pub(super) const SCHEMA: &str = "entity Member { roles: Set<String> };
entity Letter { owner: Member, sender: Member, reader?: Member };
entity Draft { owner: Member, drawer: Member, payee: Member };
entity Hall { owner: Member };
action create, sign appliesTo { principal: [Member], resource: [Letter, Draft] };
action enter appliesTo { principal: [Member], resource: [Hall] };
";

/// Record types, the slots of each (true: required), and its actions.
type Shape = (&'static str, &'static [(&'static str, bool)], &'static [&'static str]);
const SHAPES: [Shape; 3] = [
    ("letter", &[("sender", true), ("reader", false)], &["create", "sign"]),
    ("draft", &[("drawer", true), ("payee", true)], &["create", "sign"]),
    ("hall", &[], &["enter"]),
];
const ROLES: [&str; 3] = ["clerk", "chief", "barred"];
const STATEMENTS_MAX: usize = 4;

/// One scenario: a policy, and a request to it.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let model = model(&mut script);
    let text = model.to_string();
    let Ok(policy) = PARSE.call(|| parse_policy(&text, SCHEMA)) else { return Answer::Refused("policy") };
    let mut decider = Decider::new(policy, PolicyEpoch(1));
    let mut answer = Answer::Taken;
    for _ in 0..3 {
        let request = request(&mut script);
        let decided = DECIDE.ask(|| decide(decider.policy(), PolicyEpoch(1), &request));
        assert_eq!(decided.is_ok(), model.permits(&request), "policy and model differ:\n{text}\n{request:?}");
        assert_eq!(
            explain(decider.policy(), &request).answer.is_ok(),
            decided.is_ok(),
            "explained as another answer"
        );
        for _ in 0..2 {
            assert_eq!(decider.decide(&request).is_ok(), decided.is_ok(), "remembered as another answer");
        }
        answer = decided.map_or_else(|denied| Answer::Refused(denied.rule()), |_| Answer::Taken);
    }
    answer
}

/// The model against itself with one fault: the scenarios tell them apart.
fn against(bytes: &[u8], broken: impl FnOnce(&Model) -> Model) -> Answer {
    let mut script = Script::new(bytes);
    let model = model(&mut script);
    let broken = broken(&model);
    for _ in 0..3 {
        let request = request(&mut script);
        assert_eq!(broken.permits(&request), model.permits(&request), "policy and model differ");
    }
    Answer::Taken
}

fn permit_wins(bytes: &[u8]) -> Answer {
    against(bytes, |model| {
        let mut broken = model.clone();
        broken.statements.retain(|statement| !statement.forbids);
        broken
    })
}

fn failures_are_ignored(bytes: &[u8]) -> Answer {
    against(bytes, |model| Model { failures_deny: false, ..model.clone() })
}

fn missing_is_nobody(bytes: &[u8]) -> Answer {
    against(bytes, |model| Model { missing_denies: false, ..model.clone() })
}

pub(super) fn model(script: &mut Script<'_>) -> Model {
    let count = 1 + script.below(STATEMENTS_MAX);
    let statements = (0..count).map(|_| statement(script)).collect();
    Model { statements, failures_deny: true, missing_denies: true }
}

fn statement(script: &mut Script<'_>) -> Statement {
    let (record_type, slots, actions) = *script.pick(&SHAPES);
    let action = script.flag().then(|| *script.pick(actions));
    let forbids = script.below(3) == 0;
    let when = (0..script.below(3)).map(|_| condition(script, slots, 2)).collect();
    let unless = (script.below(4) == 0).then(|| condition(script, slots, 1));
    Statement { forbids, record_type, action, when, unless }
}

fn condition(script: &mut Script<'_>, slots: &[(&'static str, bool)], depth: usize) -> Condition {
    let who = |script: &mut Script<'_>| match script.below(2 + slots.len()) {
        0 => Who::Principal,
        1 => Who::Owner,
        at => slots.get(at - 2).map_or(Who::Owner, |(slot, required)| Who::Slot(slot, *required)),
    };
    match script.below(if depth == 0 { 3 } else { 6 }) {
        0 => Condition::Role(who(script), ROLES[script.below(ROLES.len())]),
        1 => Condition::Same(who(script), who(script)),
        2 => Condition::Is(who(script), script.any::<u8>() % 4),
        3 => Condition::Not(Box::new(condition(script, slots, depth - 1))),
        4 => {
            let (one, other) = (condition(script, slots, depth - 1), condition(script, slots, depth - 1));
            Condition::Either(Box::new(one), Box::new(other))
        }
        _ => {
            let (one, other) = (condition(script, slots, depth - 1), condition(script, slots, depth - 1));
            Condition::Both(Box::new(one), Box::new(other))
        }
    }
}

pub(super) fn member(number: u8) -> MemberId {
    MemberId([number; 32])
}

/// A request that is well-formed, or has one unknown word, one party too many or too few, or two sets of roles of a member.
pub(super) fn request(script: &mut Script<'_>) -> Request {
    let known: Vec<Roles> = (0..4)
        .map(|_| ROLES.iter().filter(|_| script.flag()).map(|role| (*role).to_owned()).collect())
        .collect();
    let draw = |script: &mut Script<'_>| {
        let number = script.any::<u8>() % 4;
        (member(number), known[usize::from(number)].clone())
    };
    let (record_type, slots, actions) = *script.pick(&SHAPES);
    let (id, roles) = draw(script);
    let mut parties: BTreeMap<String, Party> = BTreeMap::new();
    for (slot, required) in slots {
        let (id, roles) = draw(script);
        if *required || script.flag() {
            parties.insert((*slot).to_owned(), Party { id, roles });
        }
    }
    let owner = draw(script).0;
    let action = (*script.pick(actions)).to_owned();
    let mut request = Request {
        principal: Principal { id, roles },
        action,
        record_type: record_type.into(),
        owner,
        parties,
    };
    fault(&mut request, script);
    request
}

fn fault(request: &mut Request, script: &mut Script<'_>) {
    match script.below(16) {
        0 => request.action = "burn".into(),
        1 => request.record_type = "ledger".into(),
        2 => {
            request.parties.pop_first();
        }
        3 => {
            let party = Party { id: request.owner, roles: Roles::default() };
            request.parties.insert("witness".into(), party);
        }
        4 => {
            request.principal.roles.insert("chief".into());
        }
        5 => request.action = if request.action == "enter" { "sign" } else { "enter" }.into(),
        _ => {}
    }
}
