//! A document while its lines come in.

use std::collections::{BTreeMap, BTreeSet};

use super::Rejection;
use crate::columns::{CellFault, Row};
use crate::currency::Currency;
use crate::date::IsoDate;
use crate::document::{Document, DocumentDate, Line};
use crate::mapping::Mapping;
use crate::row::BadRow;

/// Where a row stands: the index and name of its source, and its physical line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'s> {
    pub(super) source: usize,
    pub(super) source_name: &'s str,
    pub(super) row: u64,
}

impl Place<'_> {
    pub(super) fn rejection(self, key: Option<Vec<String>>, (reason, column): CellFault) -> Rejection {
        Rejection { source_name: self.source_name.into(), row: self.row, column, key, reason }
    }
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
    /// index and name of the source, and the row, of the first line
    first: (usize, String, u64),
    last_source: usize,
    /// index of the source -> its faults
    faults: Vec<(usize, Rejection)>,
    pub(super) rows: u64,
    pub(super) conflicts: BTreeSet<String>,
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
            first: (place.source, place.source_name.into(), place.row),
            last_source: place.source,
            faults: Vec::new(),
            rows: 0,
            conflicts: BTreeSet::new(),
        }
    }

    /// Sources are read in order, so that the first and the last tell.
    pub(super) const fn spans_sources(&self) -> bool {
        self.first.0 != self.last_source
    }

    /// Adds a row of this key, or the reason why it could not be read.
    pub(super) fn add(&mut self, place: Place<'_>, row: Result<Row<'_, '_>, CellFault>, mapping: &Mapping) {
        self.rows += 1;
        self.last_source = place.source;
        if let Err(fault) = row.and_then(|row| self.absorb(place, &row, mapping)) {
            self.faults.push((place.source, place.rejection(Some(self.key.clone()), fault)));
            // Nothing of a rejected document is used again.
            self.lines = Vec::new();
        }
    }

    /// # Rules
    ///
    /// > IMP-40: all lines of a document are in one currency.
    /// > IMP-41: lines do not differ in the fields that the mapping says must agree.
    /// > IMP-42: a line id stands once in its document.
    fn absorb(&mut self, place: Place<'_>, row: &Row<'_, '_>, mapping: &Mapping) -> Result<(), CellFault> {
        if *self.currency.get_or_insert(row.currency) != row.currency {
            return Err((BadRow::MixedCurrencies, None));
        }
        for (field, column, value) in &row.document {
            match self.fields.get(*field) {
                None => drop(self.fields.insert((*field).into(), (*value).into())),
                Some(first) if first == value => {}
                Some(_) => self.conflict(field, column, mapping)?,
            }
        }
        for (date, column, day) in &row.dates {
            let first = *self.dates.entry((*date).into()).or_insert(*day);
            if first != *day {
                self.conflict(date, column, mapping)?;
                self.dates.insert((*date).into(), first.min(*day));
            }
        }
        self.total_minor += i128::from(row.amount_minor);
        let line = line(place, row);
        if !line.id.is_empty() && !self.line_ids.insert(line.id.clone()) {
            return Err((BadRow::LineTwice, mapping.line.get("id").cloned()));
        }
        if self.faults.is_empty() {
            self.lines.push(line);
        }
        Ok(())
    }

    fn conflict(&mut self, field: &str, column: &str, mapping: &Mapping) -> Result<(), CellFault> {
        if mapping.must_agree.contains(field) {
            return Err((BadRow::Disagrees, Some(column.into())));
        }
        if !self.conflicts.contains(field) {
            self.conflicts.insert(field.into());
        }
        Ok(())
    }

    /// Makes the document, or gives its faults, each with the index of its source.
    ///
    /// # Rules
    ///
    /// > IMP-43: the total of a document is at least 1 and at most 2^64 - 1 minor units.
    pub(super) fn finish(mut self, mapping: &Mapping) -> Result<Document, Vec<(usize, Rejection)>> {
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let total_minor = self.total().map_err(|fault| self.fault(fault))?;
        let dates = self.all_dates(mapping).ok_or_else(|| self.fault(BadRow::Date))?;
        let (Some(currency), Some(month)) = (self.currency, self.dates.get(&mapping.month)) else {
            return Err(self.fault(BadRow::Date));
        };
        let month = month.month();
        self.fields.extend(mapping.constants.clone());
        let Self { key, redacted, fields, lines, .. } = self;
        Ok(Document { key, redacted, fields, dates, month, currency, total_minor, lines })
    }

    fn total(&self) -> Result<u64, BadRow> {
        if self.total_minor <= 0 {
            return Err(BadRow::TotalNotPositive);
        }
        u64::try_from(self.total_minor).map_err(|_| BadRow::TotalTooLarge)
    }

    fn all_dates(&self, mapping: &Mapping) -> Option<BTreeMap<String, DocumentDate>> {
        let read = self
            .dates
            .iter()
            .map(|(name, day)| Some((name.clone(), DocumentDate { day: *day, derived: false })));
        let derived = mapping.derived_dates.iter().filter_map(|(name, derivation)| {
            let from = self.dates.get(&derivation.from)?;
            let day = from.days_before(derivation.days_before);
            Some(day.map(|day| (name.clone(), DocumentDate { day, derived: true })))
        });
        read.chain(derived).collect()
    }

    /// A fault of the whole document stands at its first row.
    fn fault(&self, reason: BadRow) -> Vec<(usize, Rejection)> {
        let (source, source_name, row) = &self.first;
        let place = Place { source: *source, source_name, row: *row };
        vec![(place.source, place.rejection(Some(self.key.clone()), (reason, None)))]
    }
}

fn line(place: Place<'_>, row: &Row<'_, '_>) -> Line {
    let mut fields: BTreeMap<String, String> =
        row.line.iter().map(|(field, value)| ((*field).into(), (*value).into())).collect();
    Line {
        source_name: place.source_name.into(),
        row: place.row,
        id: fields.remove("id").unwrap_or_default(),
        description: fields.remove("description").unwrap_or_default(),
        amount_minor: row.amount_minor,
        fields,
    }
}
