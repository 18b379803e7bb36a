//! One `permit` or `forbid` of a policy: what Cedar read, and where it stands.
//!
//! Every statement has an `@id("…")` by which answers name it. It speaks of members, actions and
//! types of records, never of a single record: a decision does not depend on which record it is
//! (ACC-01), so such a `forbid` would never fire.

use cedar_policy as cedar;
use cedar_policy::ffi::DetailedError;
use parclose_types::{MemberId, limits::NAME_BYTES_MAX};

use crate::bounds::STATEMENT_TOKENS_MAX;
use crate::policy::PolicyError;
use crate::source::{File, Place, Token, quotable};

/// What a statement does when its conditions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// it allows, unless a `forbid` applies
    Permit,
    /// it denies, whatever permits
    Forbid,
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Permit => "permit",
            Self::Forbid => "forbid",
        })
    }
}

/// One statement of a policy, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// its `@id`
    pub id: String,
    /// permit or forbid
    pub effect: Effect,
    /// where it starts
    pub place: Place,
    /// its source text, from the first annotation to the `;`
    pub text: String,
}

/// A statement as Cedar read it, with its tokens.
pub(crate) struct Read<'f, 't> {
    pub(crate) statement: Statement,
    pub(crate) cedar: cedar::Policy,
    pub(crate) tokens: &'f [Token<'t>],
    /// offset of its text in the file
    pub(crate) start: usize,
}

/// Reads one statement, the tokens up to and including its `;`.
///
/// # Rules
///
/// > ACC-13: a text that is not Cedar is refused.
/// > ACC-16: a template, a statement with a slot to fill, is refused.
pub(crate) fn read<'f, 't>(file: &File<'t>, tokens: &'f [Token<'t>]) -> Result<Read<'f, 't>, PolicyError> {
    let start = tokens.first().map_or(file.text.len(), |token| token.start);
    let end = tokens.last().map_or(start, |token| token.start + token.text.len());
    let place = file.place(start);
    if tokens.len() > STATEMENT_TOKENS_MAX {
        return Err(PolicyError::TooComplex {
            place,
            what: "tokens of a statement",
            limit: STATEMENT_TOKENS_MAX,
        });
    }
    let text = file.text.get(start..end).unwrap_or_default();
    let read = match cedar::Policy::parse(None, text) {
        Ok(read) => read,
        Err(_) if cedar::Template::parse(None, text).is_ok() => return Err(PolicyError::Template { place }),
        Err(error) => return Err(not_cedar(file, start, &DetailedError::from(&error))),
    };
    let id = named(&read, &place)?;
    of_no_record(&read, &place)?;
    let effect = match read.effect() {
        cedar::Effect::Permit => Effect::Permit,
        cedar::Effect::Forbid => Effect::Forbid,
    };
    let cedar = read.new_id(cedar::PolicyId::new(&id));
    Ok(Read { statement: Statement { id, effect, place, text: text.into() }, cedar, tokens, start })
}

/// The statement's id.
///
/// # Rules
///
/// > ACC-17: every statement has an `@id` of at most 64 lower-case letters, digits and hyphens, and no two share one.
fn named(statement: &cedar::Policy, place: &Place) -> Result<String, PolicyError> {
    let id = statement.annotation("id").unwrap_or_default();
    let fits = (1..=NAME_BYTES_MAX).contains(&id.len());
    let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits && plain {
        Ok(id.into())
    } else {
        Err(PolicyError::Unnamed { place: place.clone(), id: quotable(id) })
    }
}

/// Refuses a statement that names an entity which no request can hold.
///
/// # Rules
///
/// > ACC-18: a statement names actions and members by their key, never a single record.
fn of_no_record(statement: &cedar::Policy, place: &Place) -> Result<(), PolicyError> {
    let impossible = |entity: &cedar::EntityUid| match entity.type_name().to_string().as_str() {
        "Action" => false,
        "Member" => entity.id().unescaped().parse::<MemberId>().is_err(),
        _ => true,
    };
    match statement.entity_literals().iter().find(|entity| impossible(entity)) {
        None => Ok(()),
        Some(entity) => {
            Err(PolicyError::NamesARecord { place: place.clone(), entity: quotable(&entity.to_string()) })
        }
    }
}

/// Cedar's complaint about the text that starts at `start`, with its place in the file.
pub(crate) fn not_cedar(file: &File<'_>, start: usize, error: &DetailedError) -> PolicyError {
    PolicyError::NotCedar { place: file.place(start + offset(error)), text: line(&error.message) }
}

/// Where in its text an error of Cedar points, or the text's start.
pub(crate) fn offset(error: &DetailedError) -> usize {
    let own = error.source_locations.first().map(|label| label.loc.start);
    own.or_else(|| error.related.first().map(offset)).unwrap_or(0)
}

/// The statement that could not be evaluated, and what Cedar says.
pub(crate) fn failure(error: &cedar::AuthorizationError) -> (&str, String) {
    let cedar::AuthorizationError::PolicyEvaluationError(error) = error;
    (error.policy_id().as_ref(), error.inner().to_string())
}

/// A message of Cedar as one line.
pub(crate) fn line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
