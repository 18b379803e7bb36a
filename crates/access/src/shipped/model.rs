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

const RECEIVABLES: &[Shape] =
    &[("receivable", TRADE, &["create", "update"]), ("acceptance", TRADE, &["create"])];

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
    let allowed = if !is_receivable {
        owns && is("buyer") && who.roles.contains("buyer")
    } else {
        let own = owns && is("supplier") && who.roles.contains("supplier");
        let roles_fit = has_role(request, "buyer", "buyer") && has_role(request, "bank", "bank");
        own && (request.action == "update" || roles_fit)
    };
    rule("ACC-04", !allowed)
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
