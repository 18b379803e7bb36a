//! A statement in parts, each of which can be asked alone.
//!
//! The parts are the three of its scope, then each conjunct of its `when` clauses and each `unless`
//! clause. When the policy is read, every part becomes a small permit of its own, a probe, with the
//! same scope; one run of Cedar's authorizer then tells which of them hold. The parts are cut by
//! Cedar's own reading (its JSON form); the text shown for a part is the source text, which must read
//! back as that very part, or else the whole clause is shown.
//!
//! Probes explain and never decide. One that stands behind a guard may be impossible to evaluate
//! alone: the second part of `resource has reader && resource.reader == principal`.

#![allow(
    clippy::indexing_slicing,
    reason = "members of the JSON that Cedar writes of a policy that it has parsed; one that is not there reads as null"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use cedar_policy as cedar;
use cedar_policy::ffi::DetailedError;
use serde_json::{Value, json};

use crate::policy::PolicyError;
use crate::seen::{Path, paths};
use crate::source::{File, Place, Token, bracketed, one_line, split};
use crate::statement::{Effect, Read, Statement, failure, not_cedar};

const SCOPE: [&str; 3] = ["principal", "action", "resource"];

/// Every statement of a policy, in parts and in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    statements: Vec<Parted>,
    of_permits: cedar::PolicySet,
    of_forbids: cedar::PolicySet,
}

/// A statement in parts, in the order of its text.
#[derive(Clone, Debug)]
pub(crate) struct Parted {
    pub(crate) id: String,
    pub(crate) effect: Effect,
    pub(crate) place: Place,
    pub(crate) scope: Vec<Part>,
    pub(crate) conditions: Vec<Part>,
}

/// A part of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    probe: cedar::PolicyId,
    pub(crate) text: String,
    pub(crate) place: Place,
    pub(crate) reads: BTreeSet<Path>,
}

/// Which parts hold for a request, and which cannot be evaluated alone, with what Cedar says.
#[derive(Debug, Default)]
pub(crate) struct Held {
    holding: BTreeSet<String>,
    failing: BTreeMap<String, String>,
}

impl Parts {
    /// Takes the statements of a policy apart.
    pub(crate) fn prepare(file: &File<'_>, reads: &[Read<'_, '_>]) -> Result<Self, PolicyError> {
        let mut parts = Self {
            statements: Vec::new(),
            of_permits: cedar::PolicySet::new(),
            of_forbids: cedar::PolicySet::new(),
        };
        for read in reads {
            let parted = parts.take_apart(file, read)?;
            parts.statements.push(parted);
        }
        Ok(parts)
    }

    fn take_apart(&mut self, file: &File<'_>, read: &Read<'_, '_>) -> Result<Parted, PolicyError> {
        let refused = |error: &DetailedError| not_cedar(file, read.start, error);
        let json = read.cedar.to_json().map_err(|error| refused(&DetailedError::from(&error)))?;
        let probes = match read.statement.effect {
            Effect::Permit => &mut self.of_permits,
            Effect::Forbid => &mut self.of_forbids,
        };
        let mut parts = Vec::new();
        for (at, piece) in pieces(&json, read.tokens).into_iter().enumerate() {
            let probe = cedar::PolicyId::new(format!("{}/{at}", read.statement.id));
            let policy = cedar::Policy::from_json(Some(probe.clone()), piece.probe)
                .map_err(|error| refused(&DetailedError::from(&error)))?;
            probes.add(policy).map_err(|error| refused(&DetailedError::from(&error)))?;
            let place = file.place(piece.start.unwrap_or(read.start));
            parts.push(Part { probe, text: piece.text, place, reads: piece.reads });
        }
        let conditions = parts.split_off(SCOPE.len().min(parts.len()));
        let Statement { id, effect, place, .. } = read.statement.clone();
        Ok(Parted { id, effect, place, scope: parts, conditions })
    }

    /// The statements of one effect.
    pub(crate) fn of(&self, effect: Effect) -> impl Iterator<Item = &Parted> {
        self.statements.iter().filter(move |parted| parted.effect == effect)
    }

    /// Which parts of all statements of one effect hold.
    pub(crate) fn held(&self, effect: Effect, request: &cedar::Request, entities: &cedar::Entities) -> Held {
        let probes = match effect {
            Effect::Permit => &self.of_permits,
            Effect::Forbid => &self.of_forbids,
        };
        let response = cedar::Authorizer::new().is_authorized(request, probes, entities);
        let diagnostics = response.diagnostics();
        Held {
            holding: diagnostics.reason().map(ToString::to_string).collect(),
            failing: diagnostics.errors().map(failure).map(|(id, why)| (id.to_owned(), why)).collect(),
        }
    }

    /// The permits, the one with the most parts that hold first; of equals, the first of the file.
    pub(crate) fn nearest(&self, held: &Held) -> Vec<&Parted> {
        let mut permits: Vec<&Parted> = self.of(Effect::Permit).collect();
        permits.sort_by_key(|permit| Reverse(permit.holding(held)));
        permits
    }
}

impl Parted {
    /// Scope and conditions.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.scope.iter().chain(&self.conditions)
    }

    /// How many parts hold.
    pub(crate) fn holding(&self, held: &Held) -> usize {
        self.parts().filter(|part| held.holds(part)).count()
    }

    /// Whether the statement speaks of such a request at all.
    pub(crate) fn in_scope(&self, held: &Held) -> bool {
        self.scope.iter().all(|part| held.holds(part))
    }

    /// The first part that does not hold; a statement without one applies.
    pub(crate) fn first_unheld(&self, held: &Held) -> Option<&Part> {
        self.parts().find(|part| !held.holds(part))
    }
}

impl Held {
    /// Whether a part holds.
    pub(crate) fn holds(&self, part: &Part) -> bool {
        self.holding.contains(part.probe.as_ref() as &str)
    }

    /// Why a part cannot be evaluated alone.
    pub(crate) fn failing(&self, part: &Part) -> Option<&String> {
        self.failing.get(part.probe.as_ref() as &str)
    }
}

/// A part before Cedar has read its probe.
struct Piece {
    probe: Value,
    reads: BTreeSet<Path>,
    text: String,
    start: Option<usize>,
}

/// The parts of a statement, in the order of its text.
fn pieces(statement: &Value, tokens: &[Token<'_>]) -> Vec<Piece> {
    let (scope, clauses) = layout(tokens);
    let mut pieces = Vec::new();
    for (at, name) in SCOPE.into_iter().enumerate() {
        let mut probe = json!({ "effect": "permit", "conditions": [] });
        for other in SCOPE {
            probe[other] = if other == name { statement[name].clone() } else { json!({ "op": "All" }) };
        }
        let shown = scope.get(at).copied().unwrap_or_default();
        let reads = if statement[name]["op"] == "All" {
            BTreeSet::new()
        } else {
            BTreeSet::from([vec![name.into()]])
        };
        pieces.push(Piece {
            probe,
            reads,
            text: one_line(shown),
            start: shown.first().map(|token| token.start),
        });
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
                reads: paths(&probe["conditions"]),
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
        let body = tokens.get(2..tokens.len() - 1).unwrap_or_default();
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
        return shown_conjuncts(body.get(1..body.len() - 1).unwrap_or_default());
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
