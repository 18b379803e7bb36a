//! The documents that have begun, and what is ready to be handed on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::draft::{Draft, Entry};
use super::left_out::{LeftOut, State};
use super::reading::Item;
use super::report::Report;
use crate::columns::{CellFault, Columns, Part};
use crate::currency::Currency;
use crate::document::Document;
use crate::mapping::{Mapping, Then};
use crate::record::{Broken, Record};
use crate::row::BadRow;
use crate::source::SourceFault;

/// Where a row stands: the index and name of its source, and its physical line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'s> {
    pub(super) source: usize,
    pub(super) name: &'s Arc<str>,
    pub(super) row: u64,
}

/// What is handed on, counted as it goes.
#[derive(Debug, Default)]
pub(super) struct Out {
    ready: VecDeque<Item>,
    pub(super) report: Report,
}

impl Out {
    pub(super) fn document(&mut self, document: Document) {
        self.ready.push_back(Item::Document(document));
    }

    /// The amount is for the sums, and goes no further.
    pub(super) fn leave_out(&mut self, one: LeftOut, amount: Option<(Currency, i64)>) {
        self.report.leave_out(&one, amount);
        self.ready.push_back(Item::LeftOut(one));
    }
}

pub(super) struct Book<'a> {
    mapping: &'a Mapping,
    /// fingerprint of a key -> entries to come
    to_come: &'a mut BTreeMap<u64, u64>,
    /// by fingerprint and key
    drafts: BTreeMap<(u64, Vec<String>), Draft>,
    out: Out,
}

impl<'a> Book<'a> {
    pub(super) fn new(mapping: &'a Mapping, to_come: &'a mut BTreeMap<u64, u64>) -> Self {
        Self { mapping, to_come, drafts: BTreeMap::new(), out: Out::default() }
    }

    pub(super) fn begin_source(&mut self) {
        self.out.report.sources += 1;
    }

    pub(super) fn take(&mut self) -> Option<Item> {
        self.out.ready.pop_front()
    }

    pub(super) fn open(&self) -> usize {
        self.drafts.len()
    }

    /// Whether every document that began has ended.
    pub(super) fn is_balanced(&self) -> bool {
        self.drafts.is_empty() && self.to_come.is_empty()
    }

    pub(super) fn into_report(self) -> Report {
        self.out.report
    }

    /// Takes in one record of a source.
    pub(super) fn record(
        &mut self,
        place: Place<'_>,
        columns: &Columns<'_>,
        record: Result<Record<'_>, Broken>,
    ) -> Result<(), SourceFault> {
        self.out.report.rows += 1;
        let record = match record.map_err(reason).and_then(|r| columns.check_width(&r).map(|()| r)) {
            Ok(record) => record,
            Err(reason) => {
                self.leave_out_alone(place, State::Rejected, (reason, None), None);
                return Ok(());
            }
        };
        let credit_note = columns.is_credit_note(&record);
        let mut parts = 0;
        for part in columns.parts(&record) {
            parts += 1;
            self.part(place, columns, &record, part, credit_note.clone())?;
        }
        if parts == 0 {
            self.leave_out_alone(place, State::Empty, (BadRow::NoAmount, None), None);
        }
        Ok(())
    }

    fn part(
        &mut self,
        place: Place<'_>,
        columns: &Columns<'_>,
        record: &Record<'_>,
        part: Part,
        credit_note: Result<bool, CellFault>,
    ) -> Result<(), SourceFault> {
        let is_credit_note = matches!(credit_note, Ok(true));
        let amount = columns.amount(record, part, is_credit_note);
        let counted = amount.as_ref().ok().copied();
        let key = match columns.key(record, part, is_credit_note) {
            Ok(key) => key,
            Err(fault) => {
                self.leave_out_alone(place, State::Rejected, fault, counted);
                return Ok(());
            }
        };
        self.out.report.input.add(counted);
        let row = credit_note
            .and(amount)
            .and_then(|amount| Ok((amount, columns.row(record, part, is_credit_note)?)));
        let print = key.print();
        let to_come = self.expect(print)?;
        let slot = (print, key.values);
        let alone = to_come == 0 && !self.drafts.contains_key(&slot);
        let compared = !alone && self.mapping.then != Then::Each;
        let entry = Entry {
            place,
            row,
            amount: counted,
            credit: key.credit,
            print: compared.then(|| columns.print(record)),
        };
        let new = |values: &[String]| Draft::new(values.to_vec(), key.redacted, place);
        if alone {
            let mut draft = new(&slot.1);
            draft.add(entry, self.mapping, &mut self.out);
            draft.finish(self.mapping, &mut self.out);
        } else {
            let draft = self.drafts.entry(slot).or_insert_with_key(|(_, key)| new(key));
            draft.add(entry, self.mapping, &mut self.out);
        }
        if to_come == 0 {
            self.close(print);
        }
        Ok(())
    }

    /// Counts an entry of a key off: how many are to come.
    fn expect(&mut self, print: u64) -> Result<u64, SourceFault> {
        let entries = self.to_come.get_mut(&print).ok_or(SourceFault::Changed)?;
        *entries -= 1;
        let to_come = *entries;
        if to_come == 0 {
            self.to_come.remove(&print);
        }
        Ok(to_come)
    }

    /// Ends the documents of a fingerprint: one, or those few that share it.
    fn close(&mut self, print: u64) {
        while let Some(slot) = self.first_of(print) {
            if let Some(draft) = self.drafts.remove(&slot) {
                draft.finish(self.mapping, &mut self.out);
            }
        }
    }

    fn first_of(&self, print: u64) -> Option<(u64, Vec<String>)> {
        let (slot, _) = self.drafts.range((print, Vec::new())..).next()?;
        (slot.0 == print).then(|| slot.clone())
    }

    /// Leaves out an entry that belongs to no document.
    fn leave_out_alone(
        &mut self,
        place: Place<'_>,
        state: State,
        (reason, column): CellFault,
        amount: Option<(Currency, i64)>,
    ) {
        self.out.report.input.add(amount);
        let (source_name, row) = (Arc::clone(place.name), place.row);
        self.out.leave_out(LeftOut { source_name, row, column, state, reason, document: None }, amount);
    }
}

fn reason(broken: Broken) -> BadRow {
    if broken.too_long { BadRow::RecordTooLong } else { BadRow::Malformed }
}
