//! Each member's view, made with that member's directory and keys alone, by trying every field.

use std::collections::BTreeMap;

use parclose_channel::Channel;
use parclose_node::consortium::open_channel;
use parclose_transaction::{FieldState, FieldValue};
use serde_json::{Value, json};

use super::Checks;
use super::homes::Homes;
use super::invoices::{BOTH, Dealt, Invoices};
use super::load::Loaded;
use crate::error::CliError;

/// What a reader saw of one channel.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) records: u64,
    pub(crate) opened: u64,
    pub(crate) sealed: u64,
    pub(crate) malformed: u64,
    /// sum of the fields that carry the channel's amounts, if any opened
    pub(crate) sum_minor: Option<u128>,
}

impl Seen {
    pub(crate) fn add(&mut self, summed: bool, state: &FieldState) {
        match state {
            FieldState::Opened(value) => {
                self.opened += 1;
                if let (true, FieldValue::Amount(minor, _)) = (summed, value) {
                    self.sum_minor = Some(self.sum_minor.unwrap_or(0) + u128::from(*minor));
                }
            }
            FieldState::Sealed => self.sealed += 1,
            FieldState::Malformed => self.malformed += 1,
            // The demonstration erases nothing.
            FieldState::Erased | FieldState::Missing => {}
        }
    }

    pub(crate) fn row(&self, viewer: &str, channel: &str, expected: Option<u128>) -> Value {
        json!({
            "viewer": viewer,
            "channel": channel,
            "records": self.records,
            "opened_fields": self.opened,
            "sealed_fields": self.sealed,
            "sum_minor": self.sum_minor.map(|sum| sum.to_string()),
            "expected_minor": expected.map(|sum| sum.to_string()),
        })
    }
}

/// Fields whose amounts are summed, by record type.
pub(crate) fn is_summed(record_type: &str, field: &str) -> bool {
    match record_type {
        "receivable" => field == "face_amount",
        "statement" => field == "total" || field == "counter_total",
        _ => false,
    }
}

pub(crate) fn of_members(
    homes: &Homes,
    invoices: &Invoices,
    loaded: &Loaded,
    checks: &mut Checks,
) -> Result<Vec<Value>, CliError> {
    let mut rows = Vec::new();
    let mut buyer = (0, 0);
    for (member, directory) in homes.members()? {
        for card in directory.channels()? {
            let seen = look(&open_channel(&directory, &card, &parclose_node::shared_cache(CACHE_BYTES))?)?;
            let expected = expected(&card.name, invoices, loaded);
            checks.expect(seen.sum_minor == Some(expected), format!("{member}'s sum of {}", card.name));
            checks.expect(seen.malformed == 0, format!("{member} finds malformed fields in {}", card.name));
            check_fields(&member, &card.name, &seen, invoices, checks);
            if member == "buyer" {
                buyer.0 += seen.records;
                buyer.1 += seen.sum_minor.unwrap_or(0);
            }
            rows.push(seen.row(&member, &card.name, Some(expected)));
        }
    }
    let parts: u128 = BOTH.iter().map(|dealt| invoices.sum_of(*dealt)).sum();
    checks.expect(buyer.0 == invoices.documents.len() as u64, "the buyer sees every document");
    checks
        .expect(buyer.1 == invoices.total_minor() && parts == buyer.1, "the parts add up to the buyer's sum");
    Ok(rows)
}

pub(super) const CACHE_BYTES: usize = 8 << 20;

fn expected(channel: &str, invoices: &Invoices, loaded: &Loaded) -> u128 {
    let dealt = BOTH.into_iter().find(|dealt| dealt.channel() == channel);
    dealt.map_or(loaded.statements_minor, |dealt| invoices.sum_of(dealt))
}

/// The visibility matrix, counted: the bank opens no lines, the buyer no advance, the supplier everything.
fn check_fields(member: &str, channel: &str, seen: &Seen, invoices: &Invoices, checks: &mut Checks) {
    let Some(dealt) = BOTH.into_iter().find(|dealt| dealt.channel() == channel) else {
        return checks.expect(seen.sealed == 0, "the banks open every field of their statements");
    };
    let documents = invoices.documents.iter().filter(|document| Dealt::of(document) == dealt).count() as u64;
    let sealed = if member == dealt.supplier() { 0 } else { documents };
    checks.expect(seen.records == documents, format!("{member} sees every record of {channel}"));
    checks.expect(
        seen.sealed == sealed,
        format!("{member} has {} sealed fields in {channel}, not {sealed}", seen.sealed),
    );
    checks.expect(seen.opened >= 7 * documents, format!("{member} opens its fields of {channel}"));
}

/// Tries every field of every record with this member's keys.
fn look(channel: &Channel) -> Result<Seen, CliError> {
    let names: BTreeMap<(u32, u32), bool> = channel
        .definition()
        .records
        .iter()
        .flat_map(|r| r.fields.iter().map(|f| ((r.id, f.id.0), is_summed(&r.name, &f.name))))
        .collect();
    let mut seen = Seen::default();
    channel.view_records(channel.keys(), |view| {
        seen.records += 1;
        for field in &view.fields {
            let summed = names.get(&(view.row.record_type, field.field.0)).copied().unwrap_or(false);
            seen.add(summed, &field.state);
        }
    })?;
    Ok(seen)
}
