//! What became of a row that is not part of a document.

use std::sync::Arc;

use parclose_types::{Failure, Fault};

use crate::row::BadRow;

/// What becomes of an entry: of a row, or of a part of one that holds several documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// it is a line of a document
    Line,
    /// it is the same as an earlier row of its document, and counted once
    Duplicate,
    /// it is part of a credit note that corrects no document of the run
    CreditNote,
    /// it breaks a rule
    Rejected,
    /// it breaks none, and its document is rejected
    OfRejected,
    /// it holds no document
    Empty,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Line => "document",
            Self::Duplicate => "duplicate",
            Self::CreditNote => "credit-note",
            Self::Rejected => "rejected",
            Self::OfRejected => "of-rejected-document",
            Self::Empty => "empty",
        }
    }
}

/// An entry that is part of no document: where it stands, and why. It holds nothing of any cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("source `{source_name}`, row {row}{}: {reason}", column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default())]
pub struct LeftOut {
    /// the name of the source
    pub source_name: Arc<str>,
    /// physical line in the source, from 1; of the first row where the whole document is at fault
    pub row: u64,
    /// the header of the column at fault, where there is one
    pub column: Option<String>,
    /// what became of it
    pub state: State,
    /// the rule: broken here, or by another row of its document
    pub reason: BadRow,
    /// source and row where its document begins; `None` when it belongs to none
    pub document: Option<(Arc<str>, u64)>,
}

impl LeftOut {
    /// Whether a rule is broken at this place: for a document or a credit note as a whole, at its first row.
    #[must_use]
    pub fn is_at_fault(&self) -> bool {
        let first =
            self.document.as_ref().is_some_and(|(name, row)| (name, *row) == (&self.source_name, self.row));
        match self.state {
            State::Rejected => true,
            State::CreditNote => first,
            State::Line | State::Duplicate | State::OfRejected | State::Empty => false,
        }
    }
}

impl Failure for LeftOut {
    fn code(&self) -> &'static str {
        self.reason.code()
    }

    fn rule(&self) -> &'static str {
        self.reason.rule()
    }

    fn fault(&self) -> Fault {
        self.reason.fault()
    }

    fn definite(&self) -> bool {
        self.reason.definite()
    }

    fn fix(&self) -> String {
        self.reason.fix()
    }
}
