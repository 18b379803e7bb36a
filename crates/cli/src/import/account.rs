//! What became of everything: the input on one side, what it turned into on the other.

use std::collections::BTreeMap;

use parclose_documents::{Report, State, Tally};
use parclose_types::Fault;
use serde_json::{Value, json};

use super::importer::{Fate, Footprint};
use crate::error::CliError;

/// What became of an entry of the input: a row, or a part of one that holds several documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Became {
    Applied,
    AlreadyThere,
    Rehearsed,
    Conflict,
    Refused,
    LeftOut(State),
}

impl Became {
    const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::AlreadyThere => "already-there",
            Self::Rehearsed => "would-be-imported",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::LeftOut(state) => state.word(),
        }
    }
}

#[derive(Debug, Default)]
struct Sum {
    documents: BTreeMap<&'static str, u64>,
    tally: Tally,
}

/// Documents and entries by what became of them.
#[derive(Debug, Default)]
pub(super) struct Account(BTreeMap<Became, Sum>);

impl Account {
    pub(super) fn rehearsed(&mut self, currency: &'static str, tally: &Tally) {
        self.add(Became::Rehearsed, Some(currency), tally);
    }

    pub(super) fn hear(&mut self, footprint: &Footprint, fate: &Fate) {
        let became = match fate {
            Fate::Applied(_) => Became::Applied,
            Fate::AlreadyThere => Became::AlreadyThere,
            Fate::Conflict { .. } => Became::Conflict,
            Fate::Refused(_) => Became::Refused,
        };
        self.add(became, Some(footprint.currency.code()), &footprint.tally);
    }

    fn add(&mut self, became: Became, document: Option<&'static str>, tally: &Tally) {
        let sum = self.0.entry(became).or_default();
        sum.tally.merge(tally);
        if let Some(currency) = document {
            *sum.documents.entry(currency).or_default() += 1;
        }
    }

    pub(super) fn applied(&self) -> u64 {
        self.documents(Became::Applied)
    }

    pub(super) fn already_there(&self) -> u64 {
        self.documents(Became::AlreadyThere)
    }

    /// Documents of which it is known what became of them.
    pub(super) fn heard(&self) -> u64 {
        self.0.keys().map(|became| self.documents(*became)).sum()
    }

    fn documents(&self, became: Became) -> u64 {
        self.0.get(&became).map_or(0, |sum| sum.documents.values().sum())
    }

    /// The account as a table, closed against the input (IMP-60).
    pub(super) fn close(mut self, report: &Report) -> Result<Vec<Value>, CliError> {
        let mut all = Tally::default();
        for (state, tally) in report.accounts.iter().filter(|(state, _)| **state != State::Line) {
            self.add(Became::LeftOut(*state), None, tally);
        }
        self.0.values().for_each(|sum| all.merge(&sum.tally));
        if all != report.input || !report.reconciles() {
            return Err(does_not_reconcile());
        }
        let mut rows = Vec::new();
        for (became, sum) in &self.0 {
            push_rows(became.word(), &sum.documents, &sum.tally, &mut rows);
        }
        let mut documents: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (currency, count) in self.0.values().flat_map(|sum| &sum.documents) {
            *documents.entry(currency).or_default() += count;
        }
        push_rows("input", &documents, &report.input, &mut rows);
        Ok(rows)
    }
}

/// A row for each currency, and one for what has no amount.
fn push_rows(word: &str, documents: &BTreeMap<&'static str, u64>, tally: &Tally, rows: &mut Vec<Value>) {
    for (currency, sum) in &tally.sums {
        rows.push(json!({
            "became": word,
            "currency": currency,
            "documents": documents.get(currency).copied().unwrap_or(0),
            "entries": sum.entries,
            "amount_minor": sum.amount_minor.to_string(),
        }));
    }
    if tally.unread > 0 {
        rows.push(json!({
            "became": word, "currency": null, "documents": 0, "entries": tally.unread, "amount_minor": null,
        }));
    }
}

fn does_not_reconcile() -> CliError {
    CliError::new(
        "IMPORT_DOES_NOT_RECONCILE",
        "IMP-60",
        Fault::Bug,
        "the entries of the input and what became of them do not sum to the same".into(),
        "report this, with the files if you can: what was imported is what `parclose tx list` shows",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_documents::Currency;

    fn tally(minor: i64) -> Tally {
        let mut tally = Tally::default();
        tally.add(Currency::find("GBP").map(|currency| (currency, minor)));
        tally
    }

    fn report(input: Tally, rejected: Tally) -> Report {
        let mut document = tally(500);
        document.merge(&Tally::default());
        let accounts = BTreeMap::from([(State::Line, document), (State::Rejected, rejected)]);
        Report { input, accounts, ..Report::default() }
    }

    fn unread() -> Tally {
        Tally { unread: 1, ..Tally::default() }
    }

    #[test]
    fn imp_60_an_account_that_does_not_sum_to_the_input_is_an_error() {
        let mut input = tally(500);
        input.merge(&unread());
        let close = |imported: Option<i64>, input: &Tally| {
            let mut account = Account::default();
            imported.into_iter().for_each(|minor| account.rehearsed("GBP", &tally(minor)));
            account.close(&report(input.clone(), unread()))
        };
        let rows = close(Some(500), &input).unwrap();
        assert_eq!(rows.len(), 4, "a sum and an unread entry, on both sides: {rows:?}");
        assert_eq!((&rows[2]["became"], &rows[2]["amount_minor"]), (&json!("input"), &json!("500")));
        for (imported, input) in [(Some(499), &input), (None, &input), (Some(500), &tally(500))] {
            assert_eq!(close(imported, input).unwrap_err().code(), "IMPORT_DOES_NOT_RECONCILE");
        }
    }
}
