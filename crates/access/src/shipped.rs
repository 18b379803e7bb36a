//! The shipped policies, held against a model of them in plain Rust.
//!
//! The model ([`model`]) knows nothing of Cedar. Random requests, well-formed and not, must get the
//! same answer from both, down to the rule that denies.

mod model;

use std::collections::BTreeMap;

use parclose_types::{Failure, MemberId};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::{Decider, Denied, Party, Permit, Policy, PolicyEpoch, PolicySource, Principal, Request, decide};

fn parse(text: &str, schema_text: &str) -> Policy {
    Policy::parse(PolicySource { file_name: "policy.cedar".into(), text, schema_text }).unwrap()
}

fn receivables() -> Policy {
    parse(
        include_str!("../../../channels/scf-receivable/policy.cedar"),
        include_str!("../../../channels/scf-receivable/policy.cedarschema"),
    )
}

fn bilateral() -> Policy {
    parse(
        include_str!("../../../channels/bilateral/policy.cedar"),
        include_str!("../../../channels/bilateral/policy.cedarschema"),
    )
}

const SLOTS: [&str; 7] = ["buyer", "supplier", "bank", "preparer", "counterparty", "payer", "holder"];

fn key(n: usize) -> MemberId {
    MemberId([u8::try_from(n).unwrap(); 32])
}

fn party(n: usize, roles: &[&str]) -> Party {
    Party { id: key(n), roles: roles.iter().map(|role| (*role).into()).collect() }
}

/// Supplier 1 on buyer 2, bank 3.
fn receivable(action: &str) -> Request {
    let parties = [("supplier", 1), ("buyer", 2), ("bank", 3)];
    let parties = parties.map(|(slot, n)| (slot.to_owned(), party(n, &[slot])));
    Request {
        principal: Principal { id: key(1), roles: ["supplier".into()].into_iter().collect() },
        action: action.into(),
        record_type: "receivable".into(),
        owner: key(1),
        parties: BTreeMap::from(parties),
    }
}

fn receivable_decision(request: &Request) -> Result<Permit, Denied> {
    decide(&receivables(), PolicyEpoch(1), request)
}

#[test]
fn a_supplier_issues_and_corrects_its_own_receivable() {
    assert!(receivable_decision(&receivable("create")).is_ok());
    assert!(receivable_decision(&receivable("update")).is_ok());
}

#[test]
fn nobody_issues_for_another_supplier() {
    let mut request = receivable("create");
    request.parties.insert("supplier".into(), party(4, &["supplier"]));
    assert_eq!(
        receivable_decision(&request).unwrap_err().to_string(),
        "denied: condition `resource.supplier == principal` of permit \"supplier-issues\" (policy.cedar:16) does not hold"
    );
}

#[test]
fn self_dealing_is_forbidden() {
    let mut request = receivable("update");
    request.parties.insert("buyer".into(), party(1, &["supplier"]));
    let denied = receivable_decision(&request).unwrap_err();
    assert_eq!(denied.rule(), "ACC-03");
    assert!(denied.to_string().starts_with("denied: forbid \"no-self-dealing\" (policy.cedar:"), "{denied}");
}

#[test]
fn only_the_buyer_accepts_and_nobody_updates_an_acceptance() {
    let mut request = receivable("create");
    request.record_type = "acceptance".into();
    let denied = receivable_decision(&request).unwrap_err();
    assert!(
        denied.to_string().contains("`principal.roles.contains(\"buyer\")` of permit \"buyer-accepts\""),
        "{denied}"
    );
    request.principal = Principal { id: key(2), roles: ["buyer".into()].into_iter().collect() };
    request.owner = key(2);
    assert!(receivable_decision(&request).is_ok());
    request.action = "update".into();
    assert_eq!(receivable_decision(&request).unwrap_err().rule(), "ACC-05");
}

#[test]
fn either_side_updates_a_statement() {
    let policy = bilateral();
    for asker in [1, 2, 3] {
        let parties = [("preparer", 1), ("counterparty", 2)];
        let request = Request {
            principal: Principal { id: key(asker), roles: ["member".into()].into_iter().collect() },
            action: "update".into(),
            record_type: "statement".into(),
            owner: key(1),
            parties: BTreeMap::from(parties.map(|(slot, n)| (slot.to_owned(), party(n, &["member"])))),
        };
        assert_eq!(decide(&policy, PolicyEpoch(1), &request).is_ok(), asker < 3);
    }
}

/// Four members of whatever roles; now and then a party with other roles than the member has.
fn requests() -> impl Strategy<Value = Request> {
    let names = vec!["buyer", "supplier", "bank", "member", "holder", "arbiter", "timekeeper"];
    let roles = proptest::collection::vec(subsequence(names, 0..=7), 4);
    let record = prop_oneof![
        8 => select(vec!["receivable", "receivable", "receivable", "acceptance", "statement", "statement"]),
        6 => select(vec!["account", "slice", "redemption", "business-day", "offer", "bid"]),
        2 => select(vec!["member", "invoice"]),
    ];
    let action = prop_oneof![
        2 => select(vec!["create", "create", "update", "delete"]),
        3 => select(model::actions()),
    ];
    let seats = proptest::collection::vec(0..4_usize, 9);
    (
        roles,
        record,
        action,
        seats,
        proptest::option::weighted(0.15, subsequence(SLOTS.to_vec(), 0..=7)),
        0..40_usize,
    )
        .prop_map(|(roles, record, action, seats, odd_slots, liar)| {
            let slots = odd_slots.unwrap_or_else(|| model::slots(record).to_vec());
            let seat = |at: usize| party(seats[at], &roles[seats[at]]);
            let mut parties: BTreeMap<String, Party> =
                slots.iter().enumerate().map(|(at, slot)| ((*slot).into(), seat(at))).collect();
            if let Some(party) = slots.get(liar).and_then(|slot| parties.get_mut(*slot)) {
                party.roles.insert("auditor".into());
            }
            let Party { id, roles } = seat(7);
            let principal = Principal { id, roles };
            Request {
                principal,
                action: action.into(),
                record_type: record.into(),
                owner: key(seats[8]),
                parties,
            }
        })
}

fn agrees(
    decider: &mut Decider,
    model: fn(&Request) -> Result<(), &'static str>,
    request: &Request,
) -> Result<(), TestCaseError> {
    let fresh = decide(decider.policy(), decider.epoch(), request);
    prop_assert_eq!(fresh.as_ref().map(|_| ()).map_err(Failure::rule), model(request), "{:?}", fresh);
    prop_assert_eq!(&decider.decide(request), &fresh);
    prop_assert_eq!(&decider.decide(request), &fresh);
    Ok(())
}

#[test]
fn acc_01_the_shipped_policies_equal_their_model() {
    let mut receivables = Decider::new(receivables(), PolicyEpoch(1));
    let mut bilateral = Decider::new(bilateral(), PolicyEpoch(1));
    let mut seen: BTreeMap<Result<(), &str>, usize> = BTreeMap::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(4096));
    let mut requests_seen = Vec::new();
    let kept = std::cell::RefCell::new(&mut requests_seen);
    runner
        .run(&requests(), |request| {
            kept.borrow_mut().push(request);
            Ok(())
        })
        .unwrap();
    for request in &requests_seen {
        agrees(&mut receivables, model::receivables, request).unwrap();
        agrees(&mut bilateral, model::bilateral, request).unwrap();
        *seen.entry(model::receivables(request)).or_default() += 1;
        *seen.entry(model::bilateral(request)).or_default() += 1;
    }
    // The sample means something: each answer these policies can give was given.
    let rules = ["ACC-03", "ACC-04", "ACC-05", "ACC-06", "ACC-07", "ACC-08", "ACC-09"];
    assert!(
        seen.contains_key(&Ok(())) && rules.iter().all(|rule| seen.contains_key(&Err(*rule))),
        "{seen:?}"
    );
}
