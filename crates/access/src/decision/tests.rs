//! Each rule of a decision, broken alone, on a small policy of notes.

use std::collections::BTreeMap;

use parclose_types::{Failure, Fault, MemberId};

use super::*;
use crate::{Party, PolicySource, Principal};

const SCHEMA: &str = "
entity Member { roles: Set<String> };
entity Note { owner: Member, writer: Member, reader?: Member };
entity BankStatement { owner: Member, bank: Member };
action create, update appliesTo { principal: [Member], resource: [Note, BankStatement] };
action read appliesTo { principal: [Member], resource: [Note] };
";

const POLICY: &str = "// a comment with permit (principal, action, resource);
@id(\"writer-creates\")
permit (principal, action == Action::\"create\", resource is Note)
when {
  resource.writer == principal &&
  // the owner; and not \"anybody\"
  resource.owner   ==   principal
}
unless { principal.roles.contains(\"suspended\") };

@id(\"reader-updates\")
permit (principal, action == Action::\"update\", resource is Note)
when { resource has reader && resource.reader == principal };

@id(\"no-self-reading\")
forbid (principal, action, resource is Note)
when { resource has reader && resource.reader == resource.writer };
";

pub(crate) fn member(n: u8) -> MemberId {
    MemberId([n; 32])
}

pub(crate) fn policy() -> Policy {
    policy_of(POLICY)
}

fn policy_of(text: &str) -> Policy {
    let file_name = "policy.cedar".into();
    Policy::parse(PolicySource { file_name, text, schema_text: SCHEMA }).unwrap()
}

fn party(n: u8) -> Party {
    Party { id: member(n), roles: ["member".into()].into_iter().collect() }
}

/// Member 1 asks; it owns the record and stands in its one required slot.
pub(crate) fn request(record_type: &str, action: &str) -> Request {
    let Party { id, roles } = party(1);
    let slot = if record_type == "note" { "writer" } else { "bank" };
    Request {
        principal: Principal { id, roles },
        action: action.into(),
        record_type: record_type.into(),
        owner: id,
        parties: BTreeMap::from([(slot.into(), party(1))]),
    }
}

fn decided(policy: &Policy, request: &Request) -> Result<Permit, Denied> {
    decide(policy, PolicyEpoch(3), request)
}

fn denied(request: &Request) -> Denied {
    decided(&policy(), request).unwrap_err()
}

#[test]
fn acc_01_a_decision_is_a_function_of_the_request() {
    let (one, two) = (policy(), policy());
    let asked = request("note", "create");
    assert_eq!(decided(&one, &asked), decided(&two, &asked.clone()));
    assert_eq!(decided(&one, &asked).unwrap().epoch(), PolicyEpoch(3));
    assert_eq!(decide(&one, PolicyEpoch(4), &asked).unwrap().epoch(), PolicyEpoch(4));
}

#[test]
fn acc_02_an_evaluation_error_denies_even_in_an_unrelated_statement() {
    let text = format!(
        "{POLICY}\n@id(\"overflows\")\npermit (principal, action, resource is Note)\n\
         when {{ 9223372036854775807 + 1 > 0 }};"
    );
    let denied = decided(&policy_of(&text), &request("note", "create")).unwrap_err();
    assert_eq!((denied.rule(), denied.fault()), ("ACC-02", Fault::Operator));
    assert!(
        denied
            .to_string()
            .starts_with("denied: the policy fails at permit \"overflows\" (policy.cedar:19): "),
        "{denied}"
    );
}

#[test]
fn acc_02_an_error_beside_a_forbid_that_applies_denies_as_an_error() {
    let text = format!(
        "{POLICY}\n@id(\"z\") forbid (principal, action, resource) when {{ -9223372036854775807 - 2 < 0 }};"
    );
    let mut asked = request("note", "create");
    asked.parties.insert("reader".into(), party(1));
    assert_eq!(decided(&policy_of(&text), &asked).unwrap_err().rule(), "ACC-02");
}

#[test]
fn acc_02_the_roles_of_an_owner_who_is_no_party_are_unknown_and_not_empty() {
    let text = "@id(\"any\") permit (principal, action, resource is Note);\n\
                @id(\"owners\") forbid (principal, action, resource is Note)\n\
                when { !resource.owner.roles.contains(\"member\") };";
    let policy = policy_of(text);
    let mut asked = request("note", "create");
    assert!(decided(&policy, &asked).is_ok());
    asked.owner = member(9);
    let denied = decided(&policy, &asked).unwrap_err();
    assert_eq!(denied.rule(), "ACC-02");
    assert!(denied.to_string().contains("forbid \"owners\" (policy.cedar:2)"), "{denied}");
}

#[test]
fn acc_03_forbid_wins_over_permit() {
    let mut asked = request("note", "create");
    assert!(decided(&policy(), &asked).is_ok());
    asked.parties.insert("reader".into(), party(1));
    let denied = denied(&asked);
    assert_eq!(denied.rule(), "ACC-03");
    assert_eq!(denied.to_string(), "denied: forbid \"no-self-reading\" (policy.cedar:15) applies");
}

#[test]
fn acc_04_silence_denies() {
    let silent = decided(&policy_of("// nothing\n"), &request("note", "create")).unwrap_err();
    assert_eq!(silent.rule(), "ACC-04");
    assert_eq!(silent.to_string(), "denied: policy.cedar permits nothing");
    let asked = request("bank-statement", "create");
    assert_eq!(
        denied(&asked).to_string(),
        "denied: condition `resource is Note` of permit \"writer-creates\" (policy.cedar:3) does not hold"
    );
}

#[test]
fn acc_04_a_denial_names_the_failed_condition_and_its_line() {
    let mut asked = request("note", "create");
    asked.owner = member(9);
    let owner = denied(&asked);
    assert_eq!(
        owner.to_string(),
        "denied: condition `resource.owner == principal` of permit \"writer-creates\" (policy.cedar:7) does not hold"
    );
    assert_eq!(
        (owner.code(), owner.rule(), owner.fault(), owner.definite()),
        ("ACTION_DENIED", "ACC-04", Fault::Sender, true)
    );

    let mut suspended = request("note", "create");
    suspended.principal.roles.insert("suspended".into());
    suspended.parties.get_mut("writer").unwrap().roles.insert("suspended".into());
    assert_eq!(
        denied(&suspended).to_string(),
        "denied: condition `unless { principal.roles.contains(\"suspended\") }` of permit \"writer-creates\" (policy.cedar:9) does not hold"
    );

    // Guards come first: what only makes sense behind a guard does not hold without it.
    assert_eq!(
        denied(&request("note", "update")).to_string(),
        "denied: condition `resource has reader` of permit \"reader-updates\" (policy.cedar:13) does not hold"
    );
    assert_eq!(
        denied(&request("note", "read")).to_string(),
        "denied: condition `action == Action::\"create\"` of permit \"writer-creates\" (policy.cedar:3) does not hold"
    );
}

#[test]
fn acc_05_an_unknown_action_is_denied() {
    let erase = denied(&request("note", "erase\u{1b}[2J"));
    assert_eq!(erase.rule(), "ACC-05");
    assert_eq!(erase.to_string(), "denied: action `erase\\u{1b}[2J` is not defined for record type `note`");
    // Known, but not for this record type, even though a permit might match.
    let all = policy_of("@id(\"all\") permit (principal, action, resource);");
    assert_eq!(decided(&all, &request("bank-statement", "read")).unwrap_err().rule(), "ACC-05");
    assert!(decided(&all, &request("bank-statement", "update")).is_ok());
}

#[test]
fn acc_06_an_unknown_record_type_is_denied() {
    let all = policy_of("@id(\"all\") permit (principal, action, resource);");
    for name in ["", "Note", "member", "notes", "bank--statement", "bank-1", "-", "nöte", "bankStatement"] {
        let mut asked = request("note", "create");
        asked.record_type = name.into();
        assert_eq!(decided(&all, &asked).unwrap_err().rule(), "ACC-06", "{name}");
    }
    assert!(decided(&all, &request("bank_statement", "create")).is_ok());
}

#[test]
fn acc_07_an_unknown_slot_is_denied() {
    for slot in ["bank", "owner", ""] {
        let mut asked = request("note", "create");
        asked.parties.insert(slot.into(), party(2));
        let denied = denied(&asked);
        assert_eq!(denied.rule(), "ACC-07");
        assert_eq!(denied.to_string(), format!("denied: record type `note` has no party `{slot}`"));
    }
}

#[test]
fn acc_08_a_missing_party_is_denied() {
    let mut asked = request("note", "create");
    asked.parties.clear();
    let denied = denied(&asked);
    assert_eq!(denied.rule(), "ACC-08");
    assert_eq!(denied.to_string(), "denied: record type `note` needs a party `writer`");
}

#[test]
fn acc_09_two_sets_of_roles_for_one_member_are_denied() {
    let mut asked = request("note", "create");
    asked.principal.roles.insert("auditor".into());
    let denied = denied(&asked);
    assert_eq!((denied.rule(), denied.fault()), ("ACC-09", Fault::Bug));
}

#[test]
fn every_denial_says_what_to_do_next() {
    let mut asked = request("note", "create");
    asked.owner = member(9);
    assert!(denied(&asked).fix().contains("parclose policy explain"));
}

#[test]
fn an_epoch_is_written_as_its_number() {
    assert_eq!(PolicyEpoch(12).to_string(), "12");
}
