//! `parclose policy explain`: why a member may do something, and why not.

use std::collections::{BTreeMap, BTreeSet};

use parclose_access::{Bearing, Case, Condition, Denied, Explanation, Finding, Request, Seen, explain};
use parclose_node::found::template_folder;
use parclose_types::{Failure, RecordId};
use serde_json::{Value, json};

use super::read;
use super::subject::{Existing, Member, Subject};
use crate::args::{Global, OfChannel, PolicyQuestion};
use crate::error::CliError;

/// A question and what it is about.
struct Asked {
    subject: Subject,
    member: Member,
    existing: Option<Existing>,
}

/// Answers a question.
pub(super) fn run(global: &Global, question: &PolicyQuestion) -> Result<Value, CliError> {
    let Asked { subject, member, existing } = asked(global, question)?;
    if let Some(field) = &question.read {
        return read::explain(&subject, question, field, existing.as_ref());
    }
    let record_type = match (&question.record_type, &existing) {
        (Some(named), _) => named.clone(),
        (None, Some(existing)) => subject.record_type(existing)?.name.clone(),
        (None, None) => {
            return Err(CliError::usage("no type of records is named", "for example: create receivable"));
        }
    };
    let request = request(&subject, &member, question, &record_type, existing.as_ref())?;
    let explanation = explain(&subject.policy, &request);
    Ok(answer(&subject, &request, &explanation))
}

fn asked(global: &Global, question: &PolicyQuestion) -> Result<Asked, CliError> {
    let record = question.record.as_deref().map(record_id).transpose()?;
    let (subject, existing) = match (&question.of.channel, &question.of.member, &question.template) {
        (Some(channel), Some(member), None) => {
            let of = OfChannel { channel: channel.clone(), member: member.clone() };
            Subject::in_force(global, &of, record)?
        }
        (_, _, Some(folder)) => {
            let folder = template_folder(&global.templates, &folder.display().to_string());
            (Subject::of_template(&folder, &question.members)?, None)
        }
        _ => {
            return Err(CliError::usage(
                "neither a channel and a member nor a template",
                "name them: -c CHANNEL --as MEMBER, or --template FOLDER",
            ));
        }
    };
    let about = question.who.as_ref().or(question.of.member.as_ref());
    let about = about.or_else(|| subject.members.first().map(|member| &member.name));
    let about =
        about.ok_or_else(|| CliError::usage("no member is named", "for example --member acme=buyer"))?;
    let member = subject.member(about)?.clone();
    Ok(Asked { subject, member, existing })
}

fn record_id(text: &str) -> Result<RecordId, CliError> {
    text.parse()
        .map_err(|e| CliError::usage(format!("`{text}` is not a record: {e}"), "64 hexadecimal digits"))
}

fn request(
    subject: &Subject,
    member: &Member,
    question: &PolicyQuestion,
    record_type: &str,
    existing: Option<&Existing>,
) -> Result<Request, CliError> {
    let parties: BTreeMap<String, Member> = match existing {
        Some(existing) => subject.parties_of(subject.record_type(existing)?, existing),
        None => subject.parties(record_type, &question.parties)?,
    };
    let owner = match (&question.owner, existing) {
        (Some(name), _) => subject.member(name)?.id,
        (None, Some(existing)) => existing.owner,
        (None, None) => member.id,
    };
    Ok(Request {
        principal: member.principal(),
        action: question.action.clone().unwrap_or_default(),
        record_type: record_type.to_owned(),
        owner,
        parties: parties.into_iter().map(|(slot, member)| (slot, member.party())).collect(),
    })
}

fn answer(subject: &Subject, request: &Request, explanation: &Explanation) -> Value {
    let who = subject.name_of(&request.principal.id);
    let parties: Vec<Value> = request
        .parties
        .iter()
        .map(|(slot, party)| {
            json!({ "slot": slot, "member": subject.name_of(&party.id), "roles": *party.roles })
        })
        .collect();
    let mut value = json!({
        "schema": "parclose.policy-explain/1",
        "question": format!("may {who} {} {}?", request.action, request.record_type),
        "answer": if explanation.answer.is_ok() { "yes" } else { "no" },
        "because": reason(explanation),
        "otherwise": otherwise(explanation),
        "member": who,
        "roles": *request.principal.roles,
        "owner": subject.name_of(&request.owner),
        "parties": parties,
        "statements": explanation.cases.iter().map(|case| case_json(subject, case)).collect::<Vec<_>>(),
        "beside_the_policy": read::schema_demands(subject, request),
    });
    if let Err(denied) = &explanation.answer {
        value["rule"] = json!(denied.rule());
    }
    value
}

/// The answer's reason in one line.
pub(super) fn reason(explanation: &Explanation) -> String {
    match &explanation.answer {
        Err(denied) => denied.to_string().trim_start_matches("denied: ").to_owned(),
        Ok(()) => {
            let permits = naming(explanation, Bearing::Decides);
            let verb = if permits.len() == 1 { "applies" } else { "apply, any one is enough" };
            format!("{} {verb}", permits.join(" and "))
        }
    }
}

/// `permit "supplier-issues" (policy.cedar:9)` of every statement with that bearing.
fn naming(explanation: &Explanation, bearing: Bearing) -> Vec<String> {
    let cases = explanation.cases.iter().filter(|case| case.bearing == bearing);
    cases.map(|case| format!("{} \"{}\" ({})", case.effect, case.id, case.place)).collect()
}

/// What would make the answer another.
fn otherwise(explanation: &Explanation) -> String {
    let (deciding, overruled) =
        (naming(explanation, Bearing::Decides), naming(explanation, Bearing::Overruled));
    let all = deciding.join(" and ");
    match &explanation.answer {
        Ok(()) => format!("without {all} it would be no"),
        Err(Denied::Forbidden { .. }) if overruled.is_empty() => {
            format!("without {all} it would still be no: no permit applies")
        }
        Err(Denied::Forbidden { .. }) => {
            format!("without {all} it would be yes: {} applies", overruled.join(" and "))
        }
        Err(Denied::NotPermitted { .. }) => missing(explanation),
        Err(Denied::Unevaluable { .. }) => {
            "the statement has to be corrected before anything is answered".into()
        }
        Err(denied) => denied.fix(),
    }
}

/// What the nearest permit lacks.
fn missing(explanation: &Explanation) -> String {
    let Some(nearest) = explanation.cases.first() else { return "a permit would have to be added".into() };
    let fails = |condition: &&Condition| condition.finding != Finding::Holds;
    let missing: Vec<String> =
        nearest.conditions.iter().filter(fails).map(|condition| format!("`{}`", condition.text)).collect();
    format!("with {} it would be yes, by permit \"{}\"", missing.join(" and "), nearest.id)
}

fn case_json(subject: &Subject, case: &Case) -> Value {
    let holding = case.conditions.iter().filter(|condition| condition.finding == Finding::Holds).count();
    let bearing = match case.bearing {
        Bearing::Decides => "decides".into(),
        Bearing::Overruled => "applies, and a forbid wins over it".into(),
        Bearing::Near | Bearing::Spares => {
            format!("does not apply: {holding} of {} conditions hold", case.conditions.len())
        }
    };
    json!({
        "statement": case.id,
        "effect": case.effect.to_string(),
        "at": case.place.to_string(),
        "bearing": bearing,
        "conditions": case.conditions.iter().map(|condition| condition_json(subject, condition)).collect::<Vec<_>>(),
    })
}

fn condition_json(subject: &Subject, condition: &Condition) -> Value {
    let finding = match &condition.finding {
        Finding::Holds => "holds".to_owned(),
        Finding::Fails => "fails".to_owned(),
        Finding::Unclear(why) => format!("cannot be told: {why}"),
    };
    let reads = condition.reads.iter().map(|(path, seen)| format!("{path} {}", seen_text(subject, seen)));
    json!({
        "condition": condition.text,
        "at": condition.place.to_string(),
        "result": finding,
        "because": reads.collect::<Vec<_>>().join("; "),
    })
}

fn seen_text(subject: &Subject, seen: &Seen) -> String {
    match seen {
        Seen::Member(id) => format!("is {}", subject.name_of(id)),
        Seen::Roles(roles) => format!("are {}", roles_text(roles)),
        Seen::Action(action) => format!("is {action}"),
        Seen::RecordType(record_type) => format!("is of type {record_type}"),
        Seen::Nobody => "is nobody".into(),
        Seen::NotTold => "are not told: the owner neither asks nor is a party".into(),
    }
}

/// `bank+buyer`, or that there are none.
pub(super) fn roles_text(roles: &BTreeSet<String>) -> String {
    if roles.is_empty() {
        return "none".into();
    }
    roles.iter().map(String::as_str).collect::<Vec<_>>().join("+")
}
