//! Drafts a mapping from the files themselves: for a person to look at, not to be used unseen.
//!
//! ```text
//!   first bytes --layout--> encoding, separator, lines before the header
//!   header --dictionary--> what each column is called
//!   rows --profile--> how each column is written: numbers, days, tokens
//!   both --roles--> which column means what --draft--> a mapping's text, with reasons
//!   the draft --trial--> what an import with it would find
//! ```
//!
//! What the files say is written down. What can be read in two ways is said to be so: a draft that
//! guessed would be believed. What they do not say stands in the draft as a comment to fill in.
//! Nothing of a cell goes into draft or notes but tokens that the dictionary knows, and type codes.

mod dates;
mod dictionary;
mod draft;
mod layout;
mod numbers;
mod profile;
mod relations;
mod roles;
mod trial;

use parclose_types::{Failure, Fault};

use crate::mapping::{BadMapping, Mapping};
use crate::source::{BadSource, Origin};
use dictionary::Dictionary;
use draft::Found;
use profile::Profile;
use relations::{Related, Relations};

/// A drafted mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// TOML
    pub text: String,
    /// what to look at before using it
    pub notes: Vec<String>,
}

/// Why no mapping can be drafted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// one of the files cannot be read
    #[error(transparent)]
    Source(#[from] BadSource),
    /// SUG-01: not a table.
    #[error("the files are no table: no separator gives them a header of two columns and a row below it")]
    NoTable,
    /// SUG-02: nothing to import.
    #[error("no column reads as an amount in every row, so that there is nothing to import")]
    NoAmount,
    /// SUG-03: a draft that is no mapping is not handed out.
    #[error("the draft is no mapping: {0}")]
    NoMapping(#[from] BadMapping),
}

impl Failure for NoDraft {
    fn code(&self) -> &'static str {
        match self {
            Self::Source(bad) => bad.code(),
            Self::NoTable | Self::NoAmount => "NO_DRAFT",
            Self::NoMapping(_) => "DRAFT_UNSOUND",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Source(bad) => bad.rule(),
            Self::NoTable => "SUG-01",
            Self::NoAmount => "SUG-02",
            Self::NoMapping(_) => "SUG-03",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NoMapping(_) => Fault::Bug,
            Self::Source(_) | Self::NoTable | Self::NoAmount => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Source(bad) => bad.fix(),
            Self::NoTable => "check that the files are CSV; `[file]` of a mapping has other layouts".into(),
            Self::NoAmount => "write a mapping by hand: specs/09-documents.md explains every key".into(),
            Self::NoMapping(_) => "report this, with the header; meanwhile write the mapping by hand".into(),
        }
    }
}

/// Rows that are looked at, over all files.
pub(crate) const ROWS_MAX: u64 = 200_000;

/// Drafts a mapping from the header and a sample of the rows of some files, which all have one layout.
///
/// # Errors
///
/// Files that cannot be read, that are no table, or in which nothing can be an amount.
///
/// # Rules
///
/// > SUG-01: a mapping is drafted from tables of two columns or more, with a row below the header.
pub fn suggest(origins: &[&dyn Origin]) -> Result<Draft, NoDraft> {
    let dictionary = Dictionary::get();
    let layout = layout::find(origins)?.ok_or(NoDraft::NoTable)?;
    let profile = Profile::take(origins, &layout, dictionary)?;
    if profile.rows == 0 {
        return Err(NoDraft::NoTable);
    }
    let roles = roles::assign(&profile, dictionary);
    let relations = Relations::take(origins, &layout, Related::of(&roles), dictionary)?;
    let found =
        Found { layout: &layout, profile: &profile, roles: &roles, relations: &relations, dictionary };
    let mut draft = draft::write(&found)?;
    let mapping = Mapping::parse(&draft.text, "draft")?;
    draft.notes.extend(trial::run(origins, mapping));
    Ok(draft)
}

#[cfg(test)]
mod tests;
