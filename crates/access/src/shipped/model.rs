//! What the shipped policies say, in plain Rust: the answer, or the rule that denies.
//!
//! Written from the description of the policies and not from their text.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::MemberId;

use crate::Request;

type Answer = Result<(), &'static str>;

/// A record type: its name, its slots, its actions.
type Shape = (&'static str, &'static [&'static str], &'static [&'static str]);

const TRADE: &[&str] = &["bank", "buyer", "supplier"];

/// Steps of a receivable that whoever owes it takes.
const OF_THE_BUYER: [&str; 11] = [
    "accept",
    "accept-reserved",
    "accept-bound",
    "reject",
    "prepay",
    "pay",
    "settle",
    "dispute",
    "drop-dispute",
    "reduce",
    "cancel",
];

const STEPS: &[&str] = &[
    "create",
    "update",
    "withdraw",
    "undertake",
    "accept",
    "accept-reserved",
    "accept-bound",
    "reject",
    "prepay",
    "pay",
    "settle",
    "overdue",
    "default",
    "write-off",
    "dispute",
    "drop-dispute",
    "reduce",
    "cancel",
    "dismiss",
    "uphold",
];

const RECEIVABLES: &[Shape] = &[
    ("receivable", TRADE, STEPS),
    ("acceptance", TRADE, &["create"]),
    ("account", &["holder"], &["create"]),
    ("slice", &["buyer", "holder", "payer"], &["create"]),
    ("redemption", &["buyer"], &["create"]),
    ("business-day", &[], &["create", "update"]),
    ("tag-key", &[], &["create", "update"]),
    ("offer", &["holder"], &["create", "withdraw", "award"]),
    ("bid", &["bank", "holder"], &["create", "withdraw", "win", "decline"]),
];

const BILATERAL: &[Shape] = &[("statement", &["counterparty", "preparer"], &["create", "update"])];

fn rule(id: &'static str, broken: bool) -> Answer {
    if broken { Err(id) } else { Ok(()) }
}

fn well_formed(request: &Request, shapes: &[Shape]) -> Answer {
    let shape = shapes.iter().find(|(name, ..)| *name == request.record_type);
    let (_, slots, actions) = shape.ok_or("ACC-06")?;
    rule("ACC-05", !actions.contains(&request.action.as_str()))?;
    rule("ACC-07", request.parties.keys().any(|slot| !slots.contains(&slot.as_str())))?;
    rule("ACC-08", slots.iter().any(|slot| !request.parties.contains_key(*slot)))?;
    let mut known: BTreeMap<MemberId, &BTreeSet<String>> = BTreeMap::new();
    known.insert(request.principal.id, &request.principal.roles);
    for party in request.parties.values() {
        rule("ACC-09", known.insert(party.id, &party.roles).is_some_and(|roles| roles != &*party.roles))?;
    }
    Ok(())
}

fn has_role(request: &Request, slot: &str, role: &str) -> bool {
    request.parties[slot].roles.contains(role)
}

pub(super) fn receivables(request: &Request) -> Answer {
    well_formed(request, RECEIVABLES)?;
    let who = &request.principal;
    let is = |slot: &str| request.parties[slot].id == who.id;
    let owns = request.owner == who.id;
    let is_receivable = request.record_type == "receivable";
    rule("ACC-03", is_receivable && request.parties["buyer"].id == request.parties["supplier"].id)?;
    let has = |role: &str| who.roles.contains(role);
    let allowed = match request.record_type.as_str() {
        "receivable" => receivable_step(request),
        "acceptance" | "redemption" => owns && is("buyer") && has("buyer"),
        "account" | "offer" => owns && is("holder") && has("holder"),
        "slice" => owns && is("payer") && has("holder"),
        "business-day" => has("timekeeper"),
        "tag-key" => has("bank"),
        _ if matches!(request.action.as_str(), "win" | "decline") => is("holder") && has("holder"),
        _ => owns && is("bank") && has("bank"),
    };
    rule("ACC-04", !allowed)
}

fn receivable_step(request: &Request) -> bool {
    let who = &request.principal;
    let is = |slot: &str| request.parties[slot].id == who.id;
    let has = |role: &str| who.roles.contains(role);
    let owns = request.owner == who.id;
    let bank_fits = has_role(request, "bank", "bank");
    match request.action.as_str() {
        "create" => {
            owns && is("supplier") && has("supplier") && has_role(request, "buyer", "buyer") && bank_fits
        }
        "update" | "withdraw" => owns && is("supplier") && has("supplier"),
        "undertake" => {
            owns && is("buyer") && has("buyer") && has_role(request, "supplier", "supplier") && bank_fits
        }
        "overdue" | "default" | "write-off" => has("holder"),
        "dismiss" | "uphold" => has("arbiter") && !is("buyer") && !is("supplier"),
        action => OF_THE_BUYER.contains(&action) && is("buyer") && has("buyer"),
    }
}

/// Every action of both templates.
pub(super) fn actions() -> Vec<&'static str> {
    let all = RECEIVABLES.iter().chain(BILATERAL).flat_map(|(_, _, actions)| actions.iter().copied());
    all.collect()
}

/// The slots of a record type, and none of one that there is not.
pub(super) fn slots(record_type: &str) -> &'static [&'static str] {
    let mut all = RECEIVABLES.iter().chain(BILATERAL);
    all.find(|(name, ..)| *name == record_type).map_or(TRADE, |(_, slots, _)| slots)
}

pub(super) fn bilateral(request: &Request) -> Answer {
    well_formed(request, BILATERAL)?;
    let who = &request.principal;
    let is = |slot: &str| request.parties[slot].id == who.id;
    rule("ACC-03", request.parties["preparer"].id == request.parties["counterparty"].id)?;
    let allowed = match request.action.as_str() {
        "create" => is("preparer") && request.owner == who.id,
        _ => is("preparer") || is("counterparty"),
    };
    rule("ACC-04", !(allowed && who.roles.contains("member")))
}
