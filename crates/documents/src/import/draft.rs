//! A document while its lines come in.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::book::{Out, Place};
use super::left_out::{LeftOut, State};
use crate::columns::{CellFault, Credit, Row};
use crate::currency::Currency;
use crate::date::IsoDate;
use crate::document::Line;
use crate::mapping::{Mapping, Then};

use crate::row::{BadRow, LINES_MAX};

/// A row that belongs to a document, or the reason why it could not be read.
#[derive(Debug)]
pub(super) struct Entry<'s, 'm, 'r> {
    pub(super) place: Place<'s>,
    pub(super) row: Result<((Currency, i64), Row<'m, 'r>), CellFault>,
    /// its amount, also where the rest could not be read
    pub(super) amount: Option<(Currency, i64)>,
    pub(super) credit: Credit,
    /// what is equal for two rows that are the same; `None` where no other row can be
    pub(super) print: Option<[u8; 32]>,
}

/// A document whose lines are not complete.
#[derive(Debug)]
pub(super) struct Draft {
    key: Vec<String>,
    redacted: bool,
    fields: BTreeMap<String, String>,
    dates: BTreeMap<String, IsoDate>,
    currency: Option<Currency>,
    total_minor: i128,
    lines: Vec<Line>,
    line_ids: BTreeSet<String>,
    prints: BTreeSet<[u8; 32]>,
    /// number of a credit note that names this document -> its sum
    credits: BTreeMap<String, i128>,
    /// whether there are rows of an invoice
    claims: bool,
    /// whether there are rows of a credit note that names no document
    is_credit_note: bool,
    /// index and name of the source, and the row, of the first line
    first: (usize, Arc<str>, u64),
    last_source: usize,
    /// the first rule that was broken; nothing of a rejected document is used again
    fault: Option<BadRow>,
    differences: BTreeSet<String>,
}

/// What a good row is.
enum Taken {
    Line(Line),
    Same,
}

impl Draft {
    pub(super) fn new(key: Vec<String>, redacted: bool, place: Place<'_>) -> Self {
        Self {
            key,
            redacted,
            fields: BTreeMap::new(),
            dates: BTreeMap::new(),
            currency: None,
            total_minor: 0,
            lines: Vec::new(),
            line_ids: BTreeSet::new(),
            prints: BTreeSet::new(),
            credits: BTreeMap::new(),
            claims: false,
            is_credit_note: false,
            first: (place.source, Arc::clone(place.name), place.row),
            last_source: place.source,
            fault: None,
            differences: BTreeSet::new(),
        }
    }

    /// Adds a row of this key, or rejects the document for it.
    pub(super) fn add(&mut self, entry: Entry<'_, '_, '_>, mapping: &Mapping, out: &mut Out) {
        let (place, amount) = (entry.place, entry.amount);
        self.last_source = place.source;
        let leave_out = |draft: &Self, state, (reason, column)| LeftOut {
            source_name: Arc::clone(place.name),
            row: place.row,
            column,
            state,
            reason,
            document: draft.beginning(),
        };
        match (self.absorb(entry, mapping), self.fault.clone()) {
            (Ok(Taken::Line(line)), None) => self.lines.push(line),
            (Ok(Taken::Line(_)), Some(fault)) => {
                out.leave_out(leave_out(self, State::OfRejected, (fault, None)), amount);
            }
            (Ok(Taken::Same), _) => {
                out.leave_out(leave_out(self, State::Duplicate, (BadRow::SameRow, None)), amount);
            }
            (Err(fault), _) => {
                self.reject(&fault.0, out);
                out.leave_out(leave_out(self, State::Rejected, fault), amount);
            }
        }
    }

    /// # Rules
    ///
    /// > IMP-40: all lines of a document are in one currency.
    /// > IMP-54: a document has at most 65,536 lines.
    fn absorb(&mut self, entry: Entry<'_, '_, '_>, mapping: &Mapping) -> Result<Taken, CellFault> {
        let ((currency, amount_minor), row) = entry.row?;
        if *self.currency.get_or_insert(currency) != currency {
            return Err((BadRow::MixedCurrencies, None));
        }
        let line = line(entry.place, amount_minor, &row, &entry.credit);
        if self.is_same(&line, entry.print, mapping)? {
            return Ok(Taken::Same);
        }
        match entry.credit {
            Credit::None => {
                self.claims = true;
                self.agree(&row, mapping)?;
            }
            Credit::Unlinked => {
                self.is_credit_note = true;
                self.agree(&row, mapping)?;
            }
            // A credit note has fields and dates of its own; the document keeps the invoice's.
            Credit::Linked(number) => *self.credits.entry(number).or_default() += i128::from(amount_minor),
        }
        self.total_minor += i128::from(amount_minor);
        if self.lines.len() >= LINES_MAX { Err((BadRow::TooManyLines, None)) } else { Ok(Taken::Line(line)) }
    }

    /// Whether the row is left out because it is the same as an earlier one.
    ///
    /// # Rules
    ///
    /// > IMP-42: a line id stands once in its document.
    /// > IMP-44: rows of a document that are the same reject it, are counted once, or are counted each, as the mapping says.
    fn is_same(
        &mut self,
        line: &Line,
        print: Option<[u8; 32]>,
        mapping: &Mapping,
    ) -> Result<bool, CellFault> {
        if self.fault.is_some() {
            return Ok(false);
        }
        let same = print.is_some_and(|print| !self.prints.insert(print));
        if same && mapping.then == Then::Once {
            return Ok(true);
        }
        if !line.id.is_empty() && !self.line_ids.insert(line.id.clone()) {
            let column = mapping.line.get("id").and_then(|from| from.columns.first());
            return Err((BadRow::LineTwice, column.cloned()));
        }
        if same && mapping.then == Then::Reject { Err((BadRow::SameRow, None)) } else { Ok(false) }
    }

    /// # Rules
    ///
    /// > IMP-41: lines do not differ in the fields that the mapping says must agree.
    fn agree(&mut self, row: &Row<'_, '_>, mapping: &Mapping) -> Result<(), CellFault> {
        for (field, column, value) in &row.document {
            match self.fields.get(*field) {
                None => drop(self.fields.insert((*field).into(), value.as_ref().into())),
                Some(first) if *first == *value => {}
                Some(_) => self.differ(field, column, mapping)?,
            }
        }
        for (date, column, day) in &row.dates {
            let first = *self.dates.entry((*date).into()).or_insert(*day);
            if first != *day {
                self.differ(date, column, mapping)?;
                self.dates.insert((*date).into(), first.min(*day));
            }
        }
        Ok(())
    }

    fn differ(&mut self, field: &str, column: &str, mapping: &Mapping) -> Result<(), CellFault> {
        if mapping.must_agree.contains(field) {
            return Err((BadRow::Disagrees, Some(column.into())));
        }
        if !self.differences.contains(field) {
            self.differences.insert(field.into());
        }
        Ok(())
    }

    /// Leaves out the lines so far, and forgets what only a document needs.
    fn reject(&mut self, reason: &BadRow, out: &mut Out) {
        if self.fault.is_none() {
            self.fault = Some(reason.clone());
            self.leave_out_lines(|_| State::OfRejected, reason, out);
            self.line_ids = BTreeSet::new();
            self.prints = BTreeSet::new();
        }
    }

    fn leave_out_lines(&mut self, state: impl Fn(usize) -> State, reason: &BadRow, out: &mut Out) {
        for (at, line) in std::mem::take(&mut self.lines).into_iter().enumerate() {
            let amount = self.currency.map(|currency| (currency, line.amount_minor));
            let one = LeftOut {
                source_name: line.source_name,
                row: line.row,
                column: None,
                state: state(at),
                reason: reason.clone(),
                document: self.beginning(),
            };
            out.leave_out(one, amount);
        }
    }

    fn beginning(&self) -> Option<(Arc<str>, u64)> {
        Some((Arc::clone(&self.first.1), self.first.2))
    }

    /// Makes the document, or leaves all of it out.
    pub(super) fn finish(mut self, mapping: &Mapping, out: &mut Out) {
        if self.fault.is_some() {
            out.report.rejected_documents += 1;
            return;
        }
        match self.judge(mapping) {
            Err((State::CreditNote, reason)) => {
                out.report.credit_notes += 1;
                self.leave_out_lines(|_| State::CreditNote, &reason, out);
            }
            Err((_, reason)) => {
                // A fault of the whole document stands at its first row.
                let state = |at| if at == 0 { State::Rejected } else { State::OfRejected };
                out.report.rejected_documents += 1;
                self.leave_out_lines(state, &reason, out);
            }
            Ok(judged) => {
                let spans = self.first.0 != self.last_source;
                let differences = std::mem::take(&mut self.differences);
                let document = self.document(judged, mapping);
                out.report.count(&document, &differences, spans);
                out.document(document);
            }
        }
    }
}

fn line(place: Place<'_>, amount_minor: i64, row: &Row<'_, '_>, credit: &Credit) -> Line {
    let mut fields: BTreeMap<String, String> =
        row.line.iter().map(|(field, value)| ((*field).into(), value.as_ref().into())).collect();
    let credit_note = match credit {
        Credit::Linked(number) => Some(number.clone()),
        Credit::None | Credit::Unlinked => None,
    };
    Line {
        source_name: Arc::clone(place.name),
        row: place.row,
        id: fields.remove("id").unwrap_or_default(),
        description: fields.remove("description").unwrap_or_default(),
        amount_minor,
        credit_note,
        fields,
    }
}
