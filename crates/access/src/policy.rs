//! A policy: read, checked strictly against its schema, and prepared for decisions.
//!
//! ```text
//!   text --bounds--> statements --Cedar, ids, no template, no record--> set
//!   schema text --> vocabulary               set + schema --strict validation--> Policy
//! ```
//!
//! Everything that can be found wrong before the first request is found here, with file and line:
//! a policy takes part in the vote on a channel's definition, and a defect found later denies
//! everybody (ACC-02). Warnings of the validator refuse as errors do.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy as cedar;
use cedar_policy::ffi::DetailedError;
use parclose_types::limits::POLICY_BYTES_MAX;
use parclose_types::{Failure, Fault};

use crate::bounds::{STATEMENT_TOKENS_MAX, tokens_within};
use crate::parts::Parts;
use crate::source::{File, Place, tokens};
use crate::statement::{self, Read, Statement, line, offset};
use crate::vocabulary::{self, Presence, Vocabulary, entity_type};

/// The texts of a policy.
#[derive(Clone, Debug)]
pub struct PolicySource<'a> {
    /// how places name the policy: `policy.cedar`; the schema is named `policy.cedarschema`
    pub file_name: String,
    /// the policy, in Cedar
    pub text: &'a str,
    /// its schema, in Cedar's schema language
    pub schema_text: &'a str,
}

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// ACC-11: a text is too large.
    #[error("{file} of {got} bytes is larger than its limit of {limit}")]
    TooLarge {
        /// which text
        file: String,
        /// bytes allowed
        limit: usize,
        /// bytes found
        got: usize,
    },
    /// ACC-12: too deep, too long a statement, or too many pairs to check.
    #[error("{place}: more than {limit} {what}")]
    TooComplex {
        /// where
        place: Place,
        /// what was counted
        what: &'static str,
        /// how many are allowed
        limit: usize,
    },
    /// ACC-22: a name that is too long, or too many of them.
    #[error("{place}: more than {limit} {what}")]
    TooMuch {
        /// where
        place: Place,
        /// what was counted
        what: &'static str,
        /// how many are allowed
        limit: usize,
    },
    /// ACC-13: not Cedar.
    #[error("{place}: {text}")]
    NotCedar {
        /// where
        place: Place,
        /// what Cedar says
        text: String,
    },
    /// ACC-14: the schema declares something that no request can carry.
    #[error("{place}: {text}")]
    SchemaShape {
        /// where
        place: Place,
        /// what is wrong
        text: String,
    },
    /// ACC-15: the policy does not hold to its schema. Never empty, in the order of the file.
    #[error("{}", listed(.findings))]
    Invalid {
        /// where, and what Cedar's validator says
        findings: Vec<(Place, String)>,
    },
    /// ACC-16: a template.
    #[error("{place}: a template has nobody to fill its slots; name roles instead")]
    Template {
        /// where
        place: Place,
    },
    /// ACC-17: no id, a badly formed one, or one that another statement has.
    #[error("{place}: `{id}` cannot be the statement's id; it needs its own `@id(\"lower-case-words\")`")]
    Unnamed {
        /// where
        place: Place,
        /// the id found, empty if there is none
        id: String,
    },
    /// ACC-18: a statement about a single record, or about no possible member.
    #[error(
        "{place}: `{entity}` is never part of a request; name record types, roles or a member's 64-digit key"
    )]
    NamesARecord {
        /// where
        place: Place,
        /// as it stands there
        entity: String,
    },
}

fn listed(findings: &[(Place, String)]) -> String {
    findings.iter().map(|(place, text)| format!("{place}: {text}")).collect::<Vec<_>>().join("; ")
}

impl Failure for PolicyError {
    fn code(&self) -> &'static str {
        "POLICY_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "ACC-11",
            Self::TooComplex { .. } => "ACC-12",
            Self::TooMuch { .. } => "ACC-22",
            Self::NotCedar { .. } => "ACC-13",
            Self::SchemaShape { .. } => "ACC-14",
            Self::Invalid { .. } => "ACC-15",
            Self::Template { .. } => "ACC-16",
            Self::Unnamed { .. } => "ACC-17",
            Self::NamesARecord { .. } => "ACC-18",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "correct the policy or its schema and run `parclose policy check`".into()
    }
}

/// A policy in force, or proposed: its statements, and all that decisions need.
#[derive(Clone)]
pub struct Policy {
    pub(crate) file: Arc<str>,
    pub(crate) set: cedar::PolicySet,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) parts: Parts,
    statements: Vec<Statement>,
    by_id: BTreeMap<String, usize>,
}

/// The file and its statements' ids; Cedar's own forms would fill pages.
impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("file", &self.file).field("statements", &self.by_id.keys()).finish()
    }
}

impl Policy {
    /// Reads a policy and its schema.
    ///
    /// # Rules
    ///
    /// > ACC-11: a policy and its schema are each at most 256 KiB.
    /// > ACC-12: brackets nest at most 32 deep, a statement has at most 256 tokens, and a schema at most 128 pairs of action and record type.
    pub fn parse(source: PolicySource<'_>) -> Result<Self, PolicyError> {
        let schema_name = format!("{}schema", source.file_name);
        let file = sized(source.file_name, source.text)?;
        let schema_file = sized(schema_name, source.schema_text)?;
        let tokens = tokens(file.text);
        tokens_within(&file, &tokens, false)?;
        let vocabulary = vocabulary::read(&schema_file)?;
        let reads = tokens
            .split_inclusive(|token| token.text == ";")
            .map(|tokens| statement::read(&file, tokens))
            .collect::<Result<Vec<_>, _>>()?;
        let by_id = by_id(&reads)?;
        let set = validated(&file, &reads, &vocabulary)?;
        let parts = Parts::prepare(&file, &reads)?;
        let statements = reads.into_iter().map(|read| read.statement).collect();
        Ok(Self { file: file.name, set, vocabulary, parts, statements, by_id })
    }

    /// The statements, in the order of the file.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The party slots of a record type, as the schema declares them; `None` if it does not.
    #[must_use]
    pub fn slots(&self, record_type: &str) -> Option<&BTreeMap<String, Presence>> {
        let shape = self.vocabulary.records.get(&entity_type(record_type)?)?;
        Some(&shape.slots)
    }

    /// The actions that the schema defines for a record type, in alphabetical order.
    pub fn actions(&self, record_type: &str) -> impl Iterator<Item = &str> {
        let target = entity_type(record_type);
        let applies = move |targets: &std::collections::BTreeSet<String>| {
            target.as_ref().is_some_and(|target| targets.contains(target))
        };
        let actions = self.vocabulary.actions.iter();
        actions.filter(move |(_, action)| applies(&action.targets)).map(|(name, _)| name.as_str())
    }

    /// The first, in the order of the file, of the statements that Cedar names.
    pub(crate) fn first<'c>(&self, ids: impl Iterator<Item = &'c cedar::PolicyId>) -> Option<&Statement> {
        let first = ids.filter_map(|id| self.by_id.get(id.as_ref() as &str)).min()?;
        self.statements.get(*first)
    }
}

fn sized(name: String, text: &str) -> Result<File<'_>, PolicyError> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(PolicyError::TooLarge { file: name, limit: POLICY_BYTES_MAX, got: text.len() });
    }
    Ok(File { name: name.into(), text })
}

/// Where each id stands; no two statements share one (ACC-17).
fn by_id(reads: &[Read<'_, '_>]) -> Result<BTreeMap<String, usize>, PolicyError> {
    let mut by_id = BTreeMap::new();
    for (at, read) in reads.iter().enumerate() {
        let Statement { id, place, .. } = &read.statement;
        if by_id.insert(id.clone(), at).is_some() {
            return Err(PolicyError::Unnamed { place: place.clone(), id: id.clone() });
        }
    }
    Ok(by_id)
}

/// The set of all statements, validated.
///
/// Statements are looked at one after the other, until those with findings have as many tokens as the longest statement may
/// have: what Cedar says of a fault can cost much more than to find none.
///
/// # Rules
///
/// > ACC-15: a policy that Cedar's strict validator finds an error in, or warns of, is refused.
fn validated(
    file: &File<'_>,
    reads: &[Read<'_, '_>],
    vocabulary: &Vocabulary,
) -> Result<cedar::PolicySet, PolicyError> {
    let validator = cedar::Validator::new(vocabulary.schema.clone());
    let (mut findings, mut tokens) = (Vec::new(), 0);
    for read in reads {
        let found = faults(file, read, &validator)?;
        tokens += if found.is_empty() { 0 } else { read.tokens.len() };
        findings.extend(found);
        if tokens >= STATEMENT_TOKENS_MAX {
            break;
        }
    }
    findings.sort();
    findings.dedup();
    if findings.is_empty() { set(file, reads) } else { Err(PolicyError::Invalid { findings }) }
}

/// What Cedar's strict validator says of one statement, with the place of each fault.
fn faults(
    file: &File<'_>,
    read: &Read<'_, '_>,
    validator: &cedar::Validator,
) -> Result<Vec<(Place, String)>, PolicyError> {
    let result = validator.validate(&set(file, std::slice::from_ref(read))?, cedar::ValidationMode::Strict);
    let errors = result.validation_errors().map(DetailedError::from);
    let warnings = result.validation_warnings().map(DetailedError::from);
    let told = |error: DetailedError| (file.place(read.start + offset(&error)), line(&error.message));
    Ok(errors.chain(warnings).map(told).collect())
}

fn set(file: &File<'_>, reads: &[Read<'_, '_>]) -> Result<cedar::PolicySet, PolicyError> {
    cedar::PolicySet::from_policies(reads.iter().map(|read| read.cedar.clone())).map_err(|error| {
        PolicyError::NotCedar { place: file.place(0), text: line(&DetailedError::from(&error).message) }
    })
}

#[cfg(test)]
mod tests;
