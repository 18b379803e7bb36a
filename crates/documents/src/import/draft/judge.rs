//! What decides whether complete lines are a document.

use std::collections::BTreeMap;

use super::super::left_out::State;
use super::Draft;
use crate::currency::Currency;
use crate::document::{Document, DocumentDate};
use crate::mapping::Mapping;
use crate::row::BadRow;

type Dates = BTreeMap<String, DocumentDate>;

/// What a document has when its lines are complete and good.
pub(super) struct Judged {
    currency: Currency,
    total_minor: u64,
    dates: Dates,
}

impl Draft {
    pub(super) fn judge(&self, mapping: &Mapping) -> Result<Judged, (State, BadRow)> {
        self.is_claim()?;
        let rejected = |reason| (State::Rejected, reason);
        let currency = self.currency.ok_or_else(|| rejected(BadRow::Currency))?;
        let total_minor = self.total().map_err(rejected)?;
        let dates = self.all_dates(mapping).ok_or_else(|| rejected(BadRow::Date))?;
        self.has_required(&dates, mapping).map_err(rejected)?;
        Ok(Judged { currency, total_minor, dates })
    }

    /// # Rules
    ///
    /// > IMP-45: a credit note, by its type code or its negative total, is never a document of its own.
    /// > IMP-46: a credit note that names a document of the same run lowers that, and nothing else.
    fn is_claim(&self) -> Result<(), (State, BadRow)> {
        let lowered = self.credits.values().all(|sum| *sum < 0);
        match (self.claims, self.is_credit_note) {
            (false, true) => Err((State::CreditNote, BadRow::CreditNote)),
            (true, true) => Err((State::Rejected, BadRow::CreditNote)),
            (false, false) => Err((State::CreditNote, BadRow::NothingToCorrect)),
            (true, false) if !lowered => Err((State::Rejected, BadRow::NotLowered)),
            (true, false) if self.total_minor < 0 && self.credits.is_empty() => {
                Err((State::CreditNote, BadRow::CreditNote))
            }
            (true, false) => Ok(()),
        }
    }

    /// # Rules
    ///
    /// > IMP-43: the total of a document is at least 1 and at most 2^64 - 1 minor units.
    fn total(&self) -> Result<u64, BadRow> {
        if self.total_minor <= 0 {
            return Err(BadRow::TotalNotPositive);
        }
        u64::try_from(self.total_minor).map_err(|_| BadRow::TotalTooLarge)
    }

    fn all_dates(&self, mapping: &Mapping) -> Option<Dates> {
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

    /// # Rules
    ///
    /// > IMP-48: a document has every field and date that the mapping requires.
    fn has_required(&self, dates: &Dates, mapping: &Mapping) -> Result<(), BadRow> {
        let has = |name: &String| {
            self.fields.contains_key(name) || mapping.constants.contains_key(name) || dates.contains_key(name)
        };
        match mapping.required.iter().find(|name| !has(name)) {
            Some(name) => Err(BadRow::Required(name.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn document(self, judged: Judged, mapping: &Mapping) -> Document {
        let month = mapping.month.as_ref().and_then(|month| self.dates.get(month));
        let month = month.map(|day| day.month()).unwrap_or_default();
        let Self { key, redacted, mut fields, lines, .. } = self;
        let Judged { currency, total_minor, dates } = judged;
        fields.extend(mapping.constants.clone());
        Document { key, redacted, fields, dates, month, currency, total_minor, lines }
    }
}
