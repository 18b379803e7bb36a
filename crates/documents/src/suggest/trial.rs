//! What an import with the draft would find: the draft's own proof.

use crate::currency::Currency;
use crate::import::{State, Survey};
use crate::mapping::Mapping;
use crate::source::Origin;

/// Stands in where the files name no currency, to count with.
const STAND_IN: &str = "EUR";

/// Reads the sources as an import would, and tells what came of it.
pub(super) fn run(origins: &[&dyn Origin], mapping: Mapping) -> Vec<String> {
    let said = mapping.currency.is_some();
    let Ok(mapping) = mapping.in_currency((!said).then_some(STAND_IN), "draft") else { return Vec::new() };
    match read(origins, &mapping, said) {
        Ok(notes) => notes,
        Err(fault) => vec![format!("An import with this draft would stop: {fault}.")],
    }
}

fn read(
    origins: &[&dyn Origin],
    mapping: &Mapping,
    said: bool,
) -> Result<Vec<String>, crate::source::BadSource> {
    let mut survey = Survey::take(origins, mapping, &mut |_, _| {})?;
    let mut reading = survey.read(origins, mapping);
    for item in reading.by_ref() {
        item?;
    }
    let report = reading.into_report();
    let left_out = report.input.entries() - report.entries(State::Line);
    let mut notes = vec![format!(
        "An import with this draft would make {} documents of {} rows and leave {left_out} out.",
        report.documents, report.rows
    )];
    let digits = |code: &str| Currency::find(code).map_or(0, Currency::minor_digits);
    for (currency, totals) in report.totals.iter().filter(|_| said) {
        notes.push(format!("They sum to {} {currency}.", decimal(totals.total_minor, digits(currency))));
    }
    for (rule, times) in &report.rules {
        notes.push(format!("Rule {rule} would be broken at {times} places."));
    }
    Ok(notes)
}

fn decimal(minor: u128, digits: u32) -> String {
    let digits = usize::try_from(digits).unwrap_or(0);
    let text = format!("{minor:0>width$}", width = digits + 1);
    let (whole, decimals) = text.split_at(text.len() - digits);
    if decimals.is_empty() { whole.into() } else { format!("{whole}.{decimals}") }
}
