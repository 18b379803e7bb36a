//! The counts and sums of a run: what a person compares with the books.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::Failure;

use super::left_out::{LeftOut, State};
use crate::currency::Currency;
use crate::document::Document;

/// Counts and sums of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// sources read
    pub sources: u64,
    /// rows below the headers; empty lines do not count
    pub rows: u64,
    /// every entry, counted as it was read, before anything was made of it
    pub input: Tally,
    /// what became of the entries
    pub accounts: BTreeMap<State, Tally>,
    /// documents made
    pub documents: u64,
    /// their lines
    pub lines: u64,
    /// documents with lines in more than one source
    pub spanning_documents: u64,
    /// documents with a redaction token in their key
    pub redacted_documents: u64,
    /// documents rejected
    pub rejected_documents: u64,
    /// rows of rejected documents, good ones included
    pub rejected_lines: u64,
    /// rows rejected alone, because their key could not be read
    pub rejected_rows: u64,
    /// credit notes left out, because they correct no document of the run
    pub credit_notes: u64,
    /// credit notes that correct a document of the run
    pub linked_credit_notes: u64,
    /// field or date -> documents in which lines differ in it; the first value (of dates: the earliest) was kept
    pub differences: BTreeMap<String, u64>,
    /// rule -> places where it is broken
    pub rules: BTreeMap<&'static str, u64>,
    /// currency -> totals
    pub totals: BTreeMap<&'static str, Totals>,
    /// month of the document, `YYYY-MM` -> currency -> totals
    pub months: BTreeMap<String, BTreeMap<&'static str, Totals>>,
}

/// Entries by currency, and those without an amount that can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// entries without an amount
    pub unread: u64,
    /// currency -> the others
    pub sums: BTreeMap<&'static str, Sum>,
}

/// Entries and what they sum to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// entries
    pub entries: u64,
    /// minor units, signed
    pub amount_minor: i128,
}

impl Tally {
    /// Adds an entry.
    pub fn add(&mut self, amount: Option<(Currency, i64)>) {
        let Some((currency, minor)) = amount else {
            self.unread += 1;
            return;
        };
        let sum = self.sums.entry(currency.code()).or_default();
        sum.entries += 1;
        sum.amount_minor += i128::from(minor);
    }

    /// Adds all entries of another.
    pub fn merge(&mut self, other: &Self) {
        self.unread += other.unread;
        for (currency, more) in &other.sums {
            let sum = self.sums.entry(currency).or_default();
            sum.entries += more.entries;
            sum.amount_minor += more.amount_minor;
        }
    }

    /// All entries.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.unread + self.sums.values().map(|sum| sum.entries).sum::<u64>()
    }
}

/// Documents, their lines and what they sum to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// documents
    pub documents: u64,
    /// lines
    pub lines: u64,
    /// minor units
    pub total_minor: u128,
}

impl Totals {
    fn add(&mut self, lines: u64, total_minor: u64) {
        self.documents += 1;
        self.lines += lines;
        self.total_minor += u128::from(total_minor);
    }
}

impl Report {
    /// Entries of a state.
    #[must_use]
    pub fn entries(&self, state: State) -> u64 {
        self.accounts.get(&state).map_or(0, Tally::entries)
    }

    /// Whether every entry is accounted for, in number and in minor units of each currency.
    ///
    /// # Rules
    ///
    /// > IMP-60: every entry of the input is accounted for once, in number and in minor units of its currency.
    #[must_use]
    pub fn reconciles(&self) -> bool {
        let mut accounted = Tally::default();
        self.accounts.values().for_each(|tally| accounted.merge(tally));
        accounted == self.input
    }

    pub(super) fn leave_out(&mut self, one: &LeftOut, amount: Option<(Currency, i64)>) {
        self.accounts.entry(one.state).or_default().add(amount);
        match (one.state, &one.document) {
            (State::Rejected, None) => self.rejected_rows += 1,
            (State::Rejected | State::OfRejected, _) => self.rejected_lines += 1,
            _ => {}
        }
        if one.is_at_fault() {
            *self.rules.entry(one.reason.rule()).or_default() += 1;
        }
    }

    pub(super) fn count(&mut self, document: &Document, differences: &BTreeSet<String>, spans: bool) {
        let lines = u64::try_from(document.lines.len()).unwrap_or(u64::MAX);
        self.documents += 1;
        self.lines += lines;
        self.spanning_documents += u64::from(spans);
        self.redacted_documents += u64::from(document.redacted);
        let credit_notes: BTreeSet<&String> =
            document.lines.iter().filter_map(|line| line.credit_note.as_ref()).collect();
        self.linked_credit_notes += u64::try_from(credit_notes.len()).unwrap_or(u64::MAX);
        let tally = self.accounts.entry(State::Line).or_default();
        for line in &document.lines {
            tally.add(Some((document.currency, line.amount_minor)));
        }
        for field in differences {
            *self.differences.entry(field.clone()).or_default() += 1;
        }
        let currency = document.currency.code();
        self.totals.entry(currency).or_default().add(lines, document.total_minor);
        let month = self.months.entry(document.month.clone()).or_default();
        month.entry(currency).or_default().add(lines, document.total_minor);
    }
}
