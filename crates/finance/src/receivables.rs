//! From invoices to receivables: the rule by which public invoices, which are payments and nothing
//! else, are given the life of receivables.
//!
//! No open data set has receivables that were accepted, split, passed on and discounted. So the steps
//! follow from the invoices by a stated rule, and everybody who has the files gets the same ones.
//! What the rule made up, and no file says, are the issue day, the pieces, and the courses.

mod pieces;

use parclose_documents::{Currency, Document, IsoDate};
use serde::Serialize;

use crate::discount::{Method, Quote, Terms};
use crate::rate::Rate;
use crate::refused::Refused;
use crate::split::SplitLimits;

pub use pieces::Piece;

/// What the rule leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// days from issue to the due day, where no file says the issue day
    pub term_days: u32,
    /// of the pieces
    pub pieces: SplitLimits,
    /// one of so many receivables is passed on, and one is discounted; at least 3
    pub every: u64,
    /// days from issue to the day on which a discounted one is paid
    pub wait_days: u32,
    /// of discounted ones
    pub method: Method,
    /// of discounted ones
    pub rate: Rate,
}

impl Rule {
    /// 30 days; at most eight pieces of at least 10.00; one in four; after ten days, at 6 % true yield.
    ///
    /// # Errors
    ///
    /// Never: 6 % is a rate.
    pub fn stated() -> Result<Self, Refused> {
        Ok(Self {
            term_days: 30,
            pieces: SplitLimits { piece_minor_min: 1_000, pieces_max: 8 },
            every: 4,
            wait_days: 10,
            method: Method::TrueYield,
            rate: Rate::of_millionths(60_000)?,
        })
    }
}

/// What becomes of a receivable before it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// the supplier keeps it
    Held,
    /// the supplier passes the piece of this index on to a supplier of its own
    PassedOn(usize),
    /// a bank takes the whole, at this price
    Discounted(Box<Quote>),
}

/// One invoice as a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receivable {
    /// of the document
    pub key: Vec<String>,
    /// whether its number is redacted, so that it may be several invoices
    pub redacted: bool,
    /// of the face
    pub currency: Currency,
    /// what is due, in minor units
    pub face_minor: u64,
    /// when the claim begins
    pub issue: IsoDate,
    /// when the face is due
    pub due: IsoDate,
    /// into which it can be split by its own lines; they sum to the face
    pub pieces: Vec<Piece>,
    /// what becomes of it
    pub course: Course,
}

/// Makes receivables of documents.
///
/// # Errors
///
/// FIN-40, or what a discount refuses.
///
/// # Rules
///
/// > FIN-42: receivables are numbered from 0 in the order of due day and key; of every so many the second is passed on, its largest piece, the first of equal ones, and the last is discounted whole; one with a redacted number is held.
pub fn receivables(documents: &[Document], rule: &Rule) -> Result<Vec<Receivable>, Refused> {
    let made: Result<Vec<Receivable>, Refused> =
        documents.iter().map(|document| held(document, rule)).collect();
    let mut made = made?;
    made.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
    let every = rule.every.max(3);
    for (number, receivable) in (0_u64..).zip(&mut made) {
        if receivable.redacted {
            continue;
        }
        match number.checked_rem(every) {
            Some(1) => receivable.course = Course::PassedOn(receivable.largest_piece()),
            Some(rest) if rest.saturating_add(1) == every => {
                receivable.course = Course::Discounted(Box::new(receivable.quote(rule)?));
            }
            _ => {}
        }
    }
    Ok(made)
}

/// # Rules
///
/// > FIN-40: a receivable is due on the `due` day of its document, and begins on its `issue` day or, where it has none, the rule's term before the due day.
fn held(document: &Document, rule: &Rule) -> Result<Receivable, Refused> {
    let date = |name: &str| document.dates.get(name).map(|date| date.day);
    let due = date("due").ok_or(Refused::NoDueDay)?;
    let issue = date("issue").or_else(|| due.days_before(rule.term_days)).ok_or(Refused::NoDueDay)?;
    Ok(Receivable {
        key: document.key.clone(),
        redacted: document.redacted,
        currency: document.currency,
        face_minor: document.total_minor,
        issue,
        due,
        pieces: pieces::of(document, rule.pieces)?,
        course: Course::Held,
    })
}

impl Receivable {
    fn largest_piece(&self) -> usize {
        let by_amount = |(at, piece): &(usize, &Piece)| (piece.amount_minor, std::cmp::Reverse(*at));
        self.pieces.iter().enumerate().max_by_key(by_amount).map_or(0, |(at, _)| at)
    }

    /// # Rules
    ///
    /// > FIN-43: a discounted receivable is paid the rule's waiting days after its issue, or on its due day if that comes first, by its currency's convention.
    fn quote(&self, rule: &Rule) -> Result<Quote, Refused> {
        let paid = self.issue.days_after(rule.wait_days).ok_or(Refused::NoDueDay)?.min(self.due);
        Terms::by_convention(self.currency, rule.method, rule.rate, paid, self.due)?.quote(self.face_minor)
    }
}

#[cfg(test)]
mod tests;
