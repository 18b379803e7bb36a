//! Which `permit` came nearest, and which of its conditions failed first.
//!
//! A permit is a list of parts: the three of its scope, then each conjunct of its `when` clauses
//! and each `unless` clause. When the policy is read, every part becomes a small permit of its own,
//! a probe, with the same scope; after a denial one run of Cedar's authorizer tells which hold.
//! The parts are cut by Cedar's own reading (its JSON form); the text shown for a part is the
//! source text, which must read back as that very part, or else the whole clause is shown.
//!
//! Probes explain and never decide: [`crate::Denied`] is settled before they are asked.

use std::collections::BTreeSet;

use cedar_policy as cedar;
use cedar_policy::ffi::DetailedError;
use serde_json::{Value, json};

use crate::denied::Denied;
use crate::policy::PolicyError;
use crate::source::{File, Place, Token, bracketed, one_line, split};
use crate::statement::{Effect, Read, not_cedar};

const SCOPE: [&str; 3] = ["principal", "action", "resource"];

/// Every permit of a policy, in parts.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    permits: Vec<Permit>,
    probes: cedar::PolicySet,
}

#[derive(Clone, Debug)]
struct Permit {
    id: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    probe: cedar::PolicyId,
    text: String,
    place: Place,
}

impl Nearest {
    /// Takes the permits of a policy apart.
    pub(crate) fn prepare(file: &File<'_>, reads: &[Read<'_, '_>]) -> Result<Self, PolicyError> {
        let mut nearest = Self { permits: Vec::new(), probes: cedar::PolicySet::new() };
        for read in reads.iter().filter(|read| read.statement.effect == Effect::Permit) {
            let refused = |error: &DetailedError| not_cedar(file, read.start, error);
            let json = read.cedar.to_json().map_err(|error| refused(&DetailedError::from(&error)))?;
            let mut parts = Vec::new();
            for (at, piece) in pieces(&json, read.tokens).into_iter().enumerate() {
                let probe = cedar::PolicyId::new(format!("{}/{at}", read.statement.id));
                let policy = cedar::Policy::from_json(Some(probe.clone()), piece.probe)
                    .map_err(|error| refused(&DetailedError::from(&error)))?;
                nearest.probes.add(policy).map_err(|error| refused(&DetailedError::from(&error)))?;
                parts.push(Part {
                    probe,
                    text: piece.text,
                    place: file.place(piece.start.unwrap_or(read.start)),
                });
            }
            nearest.permits.push(Permit { id: read.statement.id.clone(), parts });
        }
        Ok(nearest)
    }

    /// Explains why nothing permitted a request: the permit with the most parts that hold, the
    /// first of those in the file, and its first part that does not.
    pub(crate) fn explain(&self, file: &str, request: &cedar::Request, entities: &cedar::Entities) -> Denied {
        let response = cedar::Authorizer::new().is_authorized(request, &self.probes, entities);
        let holding: BTreeSet<&str> = response.diagnostics().reason().map(AsRef::as_ref).collect();
        let holds = |part: &&Part| holding.contains(part.probe.as_ref() as &str);
        let nearest =
            self.permits.iter().rev().max_by_key(|permit| permit.parts.iter().filter(holds).count());
        let failed = nearest.and_then(|permit| {
            let part = permit.parts.iter().find(|part| !holds(part))?;
            Some(Denied::NotPermitted {
                condition: part.text.clone(),
                id: permit.id.clone(),
                place: part.place.clone(),
            })
        });
        failed.unwrap_or_else(|| Denied::NothingPermitted { file: file.into() })
    }
}

/// A part before Cedar has read its probe.
struct Piece {
    probe: Value,
    text: String,
    start: Option<usize>,
}

/// The parts of a permit, in the order of its text.
fn pieces(statement: &Value, tokens: &[Token<'_>]) -> Vec<Piece> {
    let (scope, clauses) = layout(tokens);
    let mut pieces = Vec::new();
    for (at, name) in SCOPE.into_iter().enumerate() {
        let mut probe = json!({ "effect": "permit", "conditions": [] });
        for other in SCOPE {
            probe[other] = if other == name { statement[name].clone() } else { json!({ "op": "All" }) };
        }
        let shown = scope.get(at).copied().unwrap_or_default();
        pieces.push(Piece { probe, text: one_line(shown), start: shown.first().map(|token| token.start) });
    }
    let conditions = statement["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, condition) in conditions.iter().enumerate() {
        let shown = clauses.get(at).copied().unwrap_or_default();
        for (condition, shown) in condition_parts(condition, shown) {
            let mut probe = json!({ "effect": "permit", "conditions": [condition] });
            for name in SCOPE {
                probe[name] = statement[name].clone();
            }
            pieces.push(Piece {
                probe,
                text: one_line(shown),
                start: shown.first().map(|token| token.start),
            });
        }
    }
    pieces
}

/// A clause as conditions of one part each, with the tokens that show it.
fn condition_parts<'s, 't>(clause: &Value, tokens: &'s [Token<'t>]) -> Vec<(Value, &'s [Token<'t>])> {
    if clause["kind"] == "when" && tokens.len() > 3 {
        let body = &tokens[2..tokens.len() - 1];
        let read = conjuncts(&clause["body"]);
        let shown = shown_conjuncts(body);
        if read.len() == shown.len() && read.iter().zip(&shown).all(|(read, shown)| reads_as(shown, read)) {
            return read.into_iter().map(|body| json!({ "kind": "when", "body": body })).zip(shown).collect();
        }
        return vec![(clause.clone(), body)];
    }
    vec![(clause.clone(), tokens)]
}

/// The conjuncts of an expression in Cedar's JSON form, from left to right.
fn conjuncts(body: &Value) -> Vec<&Value> {
    let mut open = vec![body];
    let mut found = Vec::new();
    while let Some(expression) = open.pop() {
        match expression.get("&&") {
            Some(and) => open.extend([&and["right"], &and["left"]]),
            None => found.push(expression),
        }
    }
    found
}

/// The conjuncts of an expression in the source text, from left to right.
fn shown_conjuncts<'s, 't>(body: &'s [Token<'t>]) -> Vec<&'s [Token<'t>]> {
    let bracket = body.first().is_some_and(|first| first.text == "(");
    if bracket && bracketed(body) == Some(body.len()) {
        return shown_conjuncts(&body[1..body.len() - 1]);
    }
    let one_choice = body.first().is_some_and(|first| first.text == "if") || split(body, "||").len() > 1;
    let parts = split(body, "&&");
    if one_choice || parts.len() == 1 {
        return vec![body];
    }
    parts.into_iter().flat_map(shown_conjuncts).collect()
}

/// Whether the tokens, alone, read as that expression.
fn reads_as(shown: &[Token<'_>], expression: &Value) -> bool {
    let text = format!("permit (principal, action, resource) when {{ {} }};", one_line(shown));
    let read = cedar::Policy::parse(None, text).ok().and_then(|policy| policy.to_json().ok());
    read.is_some_and(|read| read["conditions"][0]["body"] == *expression)
}

/// The three parts of the scope, and each clause from its `when` or `unless` to its `}`.
fn layout<'s, 't>(tokens: &'s [Token<'t>]) -> (Vec<&'s [Token<'t>]>, Vec<&'s [Token<'t>]>) {
    let mut rest = tokens;
    while rest.first().is_some_and(|token| token.text == "@") {
        let name = rest.get(2..).unwrap_or_default();
        rest = name.get(bracketed(name).unwrap_or(0)..).unwrap_or_default();
    }
    let scope = rest.get(1..).unwrap_or_default();
    let (scope, mut rest) = scope.split_at(bracketed(scope).unwrap_or(0));
    let inner = scope.get(1..scope.len().saturating_sub(1)).unwrap_or_default();
    let mut clauses = Vec::new();
    while let Some(length) = rest.get(1..).and_then(bracketed) {
        let (clause, after) = rest.split_at(1 + length);
        clauses.push(clause);
        rest = after;
    }
    (split(inner, ","), clauses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tokens;

    fn shown(body: &str) -> Vec<String> {
        shown_conjuncts(&tokens(body)).into_iter().map(one_line).collect()
    }

    #[test]
    fn conjuncts_are_cut_as_cedar_reads_them() {
        assert_eq!(shown("a && (b && c) && d.e([f && g])"), ["a", "b", "c", "d.e([f && g])"]);
        assert_eq!(shown("((a && b))"), ["a", "b"]);
        assert_eq!(shown("(a) && (b || c)"), ["a", "b || c"].map(String::from));
        assert_eq!(shown("a && b || c"), ["a && b || c"]);
        assert_eq!(shown("if a && b then c else d && e"), ["if a && b then c else d && e"]);
        assert_eq!(shown("a == \"x && y\" // && z"), ["a == \"x && y\""]);
    }

    #[test]
    fn a_layout_is_found_behind_annotations_and_comments() {
        let text = "@id(\"a\") @note @why(\"(;\") permit(principal, // (\n action in [A, B], resource,)\
                    when { {a: 1}.a == 1 } unless { b };";
        let list = tokens(text);
        let (scope, clauses) = layout(&list);
        assert_eq!(
            scope.into_iter().take(3).map(one_line).collect::<Vec<_>>(),
            ["principal", "action in [A, B]", "resource"]
        );
        assert_eq!(
            clauses.into_iter().map(one_line).collect::<Vec<_>>(),
            ["when { {a: 1}.a == 1 }", "unless { b }"]
        );
    }
}
