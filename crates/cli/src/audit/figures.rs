//! What a report adds up: amounts by epoch, and by whoever stands in a slot. Only what has opened counts, and what has not is counted beside it.

use std::collections::BTreeMap;

use parclose_audit::bundle::AuditedRecord;
use parclose_audit::{AuditView, VerifiedBundle};
use parclose_documents::Currency;
use parclose_transaction::{Definition, FieldState, FieldType, FieldValue};
use parclose_types::{Epoch, MemberId};

/// How many amounts, and what they sum to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) minor: u128,
}

impl Sum {
    fn add(&mut self, minor: u64) {
        self.count = self.count.saturating_add(1);
        self.minor = self.minor.saturating_add(minor.into());
    }
}

/// One field of amounts in one currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Measure {
    pub(super) record_type: String,
    pub(super) field: String,
    pub(super) currency: String,
}

/// The sums of one measure.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) total: Sum,
    pub(super) by_epoch: BTreeMap<Epoch, Sum>,
    /// by how many digits their whole units have
    pub(super) by_size: BTreeMap<String, Sum>,
    /// by slot, then by member
    pub(super) by_party: BTreeMap<String, BTreeMap<String, Sum>>,
}

/// All figures of a view; amounts that did not open are counted, by record type and field.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) figures: BTreeMap<Measure, Figures>,
    pub(super) unopened: BTreeMap<(String, String), u64>,
}

impl Report {
    /// Adds up the newest values of all records.
    pub(super) fn of(bundle: &VerifiedBundle, view: &AuditView) -> Self {
        let mut report = Self::default();
        for record in &view.records {
            report.record(bundle, record);
        }
        report
    }

    fn record(&mut self, bundle: &VerifiedBundle, record: &AuditedRecord) {
        let definition = bundle.definition();
        for (field, state) in &record.fields {
            match state {
                FieldState::Opened(FieldValue::Amount(minor, code)) => {
                    let measure = Measure {
                        record_type: record.record_type.clone(),
                        field: field.clone(),
                        currency: String::from_utf8_lossy(code).into_owned(),
                    };
                    let figures = self.figures.entry(measure).or_default();
                    figures.total.add(*minor);
                    let size = size(*minor, &String::from_utf8_lossy(code));
                    figures.by_size.entry(size).or_default().add(*minor);
                    figures.by_epoch.entry(record.epoch).or_default().add(*minor);
                    for (slot, member) in slots(bundle, definition, record) {
                        figures.by_party.entry(slot).or_default().entry(member).or_default().add(*minor);
                    }
                }
                FieldState::Opened(_) => {}
                FieldState::Sealed | FieldState::Malformed | FieldState::Erased | FieldState::Missing
                    if is_amount(definition, record, field) =>
                {
                    let unopened =
                        self.unopened.entry((record.record_type.clone(), field.clone())).or_default();
                    *unopened = unopened.saturating_add(1);
                }
                FieldState::Sealed | FieldState::Malformed | FieldState::Erased | FieldState::Missing => {}
            }
        }
    }
}

/// The decade of an amount: below 1, 1 to 9, 10 to 99, and so on, in whole units of its currency.
fn size(minor: u64, currency: &str) -> String {
    let digits = Currency::find(currency).map_or(0, Currency::minor_digits);
    let units = minor.checked_div(10_u64.saturating_pow(digits)).unwrap_or(minor);
    match units.checked_ilog10() {
        None => "below 1".to_owned(),
        Some(0) => "1 to 9".to_owned(),
        Some(decade) => {
            let from = 10_u64.saturating_pow(decade);
            format!("{from} to {}", from.saturating_mul(10).saturating_sub(1))
        }
    }
}

fn is_amount(definition: &Definition, record: &AuditedRecord, field: &str) -> bool {
    let field = definition.record_named(&record.record_type).and_then(|of| of.field_named(field));
    field.is_some_and(|field| field.field_type == FieldType::Amount)
}

/// Who stands in which slot of a record, by name where the bundle knows one.
pub(super) fn slots(
    bundle: &VerifiedBundle,
    definition: &Definition,
    record: &AuditedRecord,
) -> Vec<(String, String)> {
    let Some(record_type) = definition.record_named(&record.record_type) else { return Vec::new() };
    let named = |(at, member): &(u8, MemberId)| {
        let slot = record_type.slots.get(usize::from(*at))?;
        let entry = bundle.eras().iter().find_map(|era| era.config.by_id(member));
        Some((slot.name.clone(), entry.map_or_else(|| member.to_string(), |entry| entry.name.clone())))
    };
    record.parties.iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_apart_by_their_decades() {
        for (minor, currency, shown) in [
            (0, "GBP", "below 1"),
            (99, "GBP", "below 1"),
            (100, "GBP", "1 to 9"),
            (1000, "GBP", "10 to 99"),
            (9999, "GBP", "10 to 99"),
            (1000, "JPY", "1000 to 9999"),
            (u64::MAX, "JPY", "10000000000000000000 to 18446744073709551614"),
        ] {
            assert_eq!(size(minor, currency), shown, "{minor} {currency}");
        }
    }
}
