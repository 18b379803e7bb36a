//! Explanations against a model, with the named statements removed as a control.

use std::collections::BTreeSet;

use parclose_types::Failure;
use proptest::prelude::*;

use super::*;
use crate::decision::tests::{member, policy, request};
use crate::small::{self, Small, model};
use crate::{PolicyEpoch, decide};

type Answer = Result<(), &'static str>;

fn ids(explanation: &Explanation, bearing: Bearing) -> Vec<&str> {
    explanation.cases.iter().filter(|case| case.bearing == bearing).map(|case| case.id.as_str()).collect()
}

fn without(statements: &[Small], removed: &[&str]) -> Vec<Small> {
    statements.iter().filter(|statement| !removed.contains(&statement.id.as_str())).cloned().collect()
}

/// What policy and model both say.
fn answer(statements: &[Small], request: &Request) -> Answer {
    let decided = decide(&small::policy(statements), PolicyEpoch(1), request);
    let answer = decided.as_ref().map(|_| ()).map_err(Failure::rule);
    assert_eq!(answer, model(statements, request));
    answer
}

/// The ids of the statements that the model finds so.
fn found(statements: &[Small], is: impl Fn(&Small) -> bool) -> Vec<&str> {
    statements.iter().filter(|statement| is(statement)).map(|statement| statement.id.as_str()).collect()
}

fn findings_equal_the_model(statements: &[Small], request: &Request, case: &Case) {
    let statement = statements.iter().find(|statement| statement.id == case.id).unwrap();
    if !statement.in_scope(request) {
        assert!(case.conditions.iter().any(|condition| condition.finding == Finding::Fails));
        return;
    }
    let scope = 1 + usize::from(statement.action.is_some());
    assert!(case.conditions[..scope].iter().all(|condition| condition.finding == Finding::Holds));
    let findings: Vec<Option<bool>> = case.conditions[scope..]
        .iter()
        .map(|condition| match condition.finding {
            Finding::Holds => Some(true),
            Finding::Fails => Some(false),
            Finding::Unclear(_) => None,
        })
        .collect();
    assert_eq!(findings, statement.conditions(request), "{statement:?}\n{request:?}");
}

/// The statements that are said to decide do: without them the answer is another.
fn deciding_statements_decide(statements: &[Small], request: &Request, explanation: &Explanation) {
    let deciding = ids(explanation, Bearing::Decides);
    let overruled = ids(explanation, Bearing::Overruled);
    let rule = explanation.answer.clone().map_err(|denied| denied.rule());
    let rest = answer(&without(statements, &deciding), request);
    match rule {
        Ok(()) => {
            assert_eq!(rest, Err("ACC-04"));
            for one in &deciding {
                let answer = answer(&without(statements, &[one]), request);
                assert_eq!(answer.is_ok(), deciding.len() > 1, "one permit of several is not needed");
            }
        }
        Err("ACC-02") => assert_ne!(rest, rule),
        Err("ACC-03") => {
            assert_eq!(rest.is_ok(), !overruled.is_empty());
            let neither = [deciding, overruled].concat();
            assert_eq!(answer(&without(statements, &neither), request), Err("ACC-04"));
        }
        Err(_) => assert!(deciding.is_empty(), "silence has no statement to remove"),
    }
}

/// A near permit lacks exactly the conditions that are said to fail.
fn near_permits_lack_what_fails(statements: &[Small], request: &Request, explanation: &Explanation) {
    let Err(Denied::NotPermitted { id, condition, .. }) = &explanation.answer else { return };
    let near = &explanation.cases[0];
    let failing = near.conditions.iter().find(|condition| condition.finding != Finding::Holds).unwrap();
    assert_eq!((&near.id, &failing.text), (id, condition), "the denial names the first of the nearest");
    for case in &explanation.cases {
        let statement = statements.iter().find(|statement| statement.id == case.id).unwrap();
        if !statement.in_scope(request) {
            continue;
        }
        let mut eased = statement.clone();
        let holds =
            |cond: &small::Cond| cond.conjuncts().iter().all(|part| part.alone(request) == Some(true));
        eased.when.retain(holds);
        eased.unless = eased.unless.filter(|_| statement.conditions(request).last() == Some(&Some(true)));
        eased.id = "eased".into();
        assert_eq!(answer(&[statements, &[eased]].concat(), request), Ok(()));
    }
}

fn explained(statements: &[Small], request: &Request) -> Explanation {
    let explanation = explain(&small::policy(statements), request);
    let rule = answer(statements, request);
    assert_eq!(explanation.answer.clone().map_err(|denied| denied.rule()), rule);
    for case in &explanation.cases {
        findings_equal_the_model(statements, request, case);
    }
    let of = |effect, truth| found(statements, |s| s.effect == effect && s.applies(request) == truth);
    let expected = match rule {
        Ok(()) => of(Effect::Permit, Some(true)),
        Err("ACC-03") => of(Effect::Forbid, Some(true)),
        Err("ACC-02") => [of(Effect::Permit, None), of(Effect::Forbid, None)].concat(),
        Err(_) => Vec::new(),
    };
    assert_eq!(ids(&explanation, Bearing::Decides), expected);
    if rule == Err("ACC-03") {
        assert_eq!(ids(&explanation, Bearing::Overruled), of(Effect::Permit, Some(true)));
    }
    deciding_statements_decide(statements, request, &explanation);
    near_permits_lack_what_fails(statements, request, &explanation);
    explanation
}

#[test]
fn acc_19_an_explanation_equals_the_model_and_its_statements_decide() {
    let mut seen = BTreeSet::new();
    let mut bearings = BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(500));
    let cases = (small::statements(small::ROLES), small::people().prop_flat_map(small::requests));
    let (seen_in, bearings_in) = (std::cell::RefCell::new(&mut seen), std::cell::RefCell::new(&mut bearings));
    runner
        .run(&cases, |(statements, request)| {
            let explanation = explained(&statements, &request);
            seen_in.borrow_mut().insert(explanation.answer.map_err(|denied| denied.rule()));
            bearings_in
                .borrow_mut()
                .extend(explanation.cases.iter().map(|case| format!("{:?}", case.bearing)));
            Ok(())
        })
        .unwrap();
    // The sample means something: each answer and each bearing came up.
    assert_eq!(seen, BTreeSet::from([Ok(()), Err("ACC-02"), Err("ACC-03"), Err("ACC-04")]));
    assert_eq!(bearings, ["Decides", "Near", "Overruled", "Spares"].map(String::from).into());
}

#[test]
fn acc_19_a_malformed_request_is_answered_as_it_is_decided() {
    let mut asked = request("note", "create");
    asked.action = "erase".into();
    let explanation = explain(&policy(), &asked);
    assert_eq!(explanation.answer, decide(&policy(), PolicyEpoch(1), &asked).map(|_| ()));
    assert_eq!(explanation.answer.unwrap_err().rule(), "ACC-05");
    assert_eq!(explanation.cases, []);
}

#[test]
fn a_yes_names_the_permit_its_conditions_and_what_they_read() {
    let explanation = explain(&policy(), &request("note", "create"));
    assert_eq!(explanation.answer, Ok(()));
    let [permit, forbid] = explanation.cases.as_slice() else { panic!("{explanation:?}") };
    assert_eq!((permit.id.as_str(), permit.bearing), ("writer-creates", Bearing::Decides));
    assert_eq!(permit.place.to_string(), "policy.cedar:2");
    let told: Vec<(String, &str, &Finding)> = permit
        .conditions
        .iter()
        .map(|condition| (condition.place.to_string(), condition.text.as_str(), &condition.finding))
        .collect();
    let holds = |line: usize, text| (format!("policy.cedar:{line}"), text, &Finding::Holds);
    assert_eq!(
        told,
        [
            holds(3, "action == Action::\"create\""),
            holds(3, "resource is Note"),
            holds(5, "resource.writer == principal"),
            holds(7, "resource.owner == principal"),
            holds(9, "unless { principal.roles.contains(\"suspended\") }"),
        ]
    );
    let one = Seen::Member(member(1));
    let words = |path: &str, seen: &Seen| (path.to_owned(), seen.clone());
    assert_eq!(permit.conditions[0].reads, [words("action", &Seen::Action("create".into()))]);
    assert_eq!(permit.conditions[1].reads, [words("resource", &Seen::RecordType("note".into()))]);
    assert_eq!(permit.conditions[2].reads, [words("principal", &one), words("resource.writer", &one)]);
    let roles = Seen::Roles(BTreeSet::from(["member".into()]));
    assert_eq!(permit.conditions[4].reads, [words("principal.roles", &roles)]);

    assert_eq!((forbid.id.as_str(), forbid.bearing), ("no-self-reading", Bearing::Spares));
    let nobody = words("resource.reader", &Seen::Nobody);
    let guard = &forbid.conditions[1];
    assert_eq!((guard.text.as_str(), &guard.finding), ("resource has reader", &Finding::Fails));
    assert_eq!(guard.reads, std::slice::from_ref(&nobody));
    let behind = &forbid.conditions[2];
    assert!(matches!(behind.finding, Finding::Unclear(_)), "{behind:?}");
    assert_eq!(behind.reads, [nobody, words("resource.writer", &one)]);
}

#[test]
fn the_roles_of_an_owner_who_is_not_in_the_request_are_not_told() {
    let mut asked = request("note", "create");
    let roles = |asked: &Request| seen(&["resource", "owner", "roles"].map(String::from), asked);
    assert_eq!(roles(&asked), Seen::Roles((*asked.principal.roles).clone()));
    asked.owner = member(9);
    assert_eq!(roles(&asked), Seen::NotTold);
    asked.parties.insert("reader".into(), crate::Party { id: member(9), roles: crate::Roles::default() });
    assert_eq!(roles(&asked), Seen::Roles(BTreeSet::new()));
}

#[test]
fn a_no_lists_near_permits_nearest_first_and_of_other_records_none() {
    let mut asked = request("note", "update");
    asked.owner = member(9);
    let explanation = explain(&policy(), &asked);
    assert_eq!(ids(&explanation, Bearing::Near), ["reader-updates"]);
    // Nothing speaks of bank statements: what comes nearest is shown by its scope alone.
    let explanation = explain(&policy(), &request("bank-statement", "create"));
    let [near] = explanation.cases.as_slice() else { panic!("{explanation:?}") };
    assert_eq!(near.id, "writer-creates");
    let told: Vec<_> = near.conditions.iter().map(|c| (c.text.as_str(), c.finding.clone())).collect();
    assert_eq!(
        told,
        [("action == Action::\"create\"", Finding::Holds), ("resource is Note", Finding::Fails)]
    );
}
