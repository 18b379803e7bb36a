//! One run: what it hears, and the value that it ends with.

use std::path::Path;

use parclose_documents::{Document, LeftOut, Report, State, Tally};
use serde_json::{Value, json};

use super::account::Account;
use super::importer::{Fate, Footprint};
use super::rejects::Rejects;
use crate::error::CliError;
use crate::memory::peak_rss_bytes;

/// A run while it goes on.
#[derive(Debug)]
pub(super) struct Run {
    account: Account,
    rejects: Rejects,
    report: Report,
    /// where the first document stands that was not there yet, after some that were
    resumed_at: Option<(String, u64)>,
    applied_any: bool,
}

impl Run {
    pub(super) fn begin(rejects: Option<&Path>) -> Result<Self, CliError> {
        Ok(Self {
            account: Account::default(),
            rejects: Rejects::begin(rejects)?,
            report: Report::default(),
            resumed_at: None,
            applied_any: false,
        })
    }

    pub(super) fn rehearsed(&mut self, document: &Document) {
        let mut tally = Tally::default();
        document.lines.iter().for_each(|line| tally.add(Some((document.currency, line.amount_minor))));
        self.account.rehearsed(document.currency.code(), &tally);
    }

    pub(super) fn left_out(&mut self, one: &LeftOut) -> Result<(), CliError> {
        self.rejects.left_out(one)
    }

    pub(super) fn hear(&mut self, footprint: &Footprint, fate: &Fate) -> Result<(), CliError> {
        self.account.hear(footprint, fate);
        self.rejects.hear(footprint, fate)
    }

    /// The first document that is new after some that were there: how many were. The run goes on from here.
    ///
    /// # Rules
    ///
    /// > IMP-63: an import that finds documents already there tells how many, and where the first new one stands.
    pub(super) fn resumed_by(&mut self, footprint: &Footprint, fate: &Fate) -> Option<u64> {
        let already = self.account.already_there();
        if self.applied_any || !matches!(fate, Fate::Applied(_)) {
            return None;
        }
        self.applied_any = true;
        let (source, row) = footprint.end();
        self.resumed_at = (already > 0).then(|| (source.to_owned(), row));
        (already > 0).then_some(already)
    }

    /// Documents of which it is known what became of them.
    pub(super) fn heard(&self) -> u64 {
        self.account.heard()
    }

    pub(super) fn read(&mut self, report: Report) {
        self.report = report;
    }

    /// The value of the command.
    pub(super) fn finish(mut self, dry_run: bool) -> Result<Value, CliError> {
        self.rejects.flush()?;
        let (applied, already_there) = (self.account.applied(), self.account.already_there());
        let account = self.account.close(&self.report)?;
        let report = &self.report;
        let totals = report.totals.iter().map(|(currency, totals)| {
            json!({ "currency": currency, "amount_minor": totals.total_minor.to_string() })
        });
        let mut value = json!({
            "schema": "parclose.import/1",
            "dry_run": dry_run,
            "sources": report.sources,
            "rows": report.rows,
            "entries": report.input.entries(),
            "documents": report.documents,
            "spanning_documents": report.spanning_documents,
            "rejected_documents": report.rejected_documents,
            "rejected_rows": report.rejected_rows,
            "duplicates": report.entries(State::Duplicate),
            "credit_notes": report.credit_notes,
            "linked_credit_notes": report.linked_credit_notes,
            "reconciled": true,
            "account": account,
            "totals": totals.collect::<Vec<_>>(),
            "rejections": self.rejects.rejections,
            "peak_rss_bytes": peak_rss_bytes(),
        });
        if !dry_run {
            value["applied"] = json!(applied);
            value["already_there"] = json!(already_there);
            value["resumed_at"] =
                self.resumed_at.map_or(Value::Null, |(source, row)| json!(format!("{source}:{row}")));
            value["conflicts"] = json!(self.rejects.conflicts);
            value["refused"] = json!(self.rejects.refused);
        }
        Ok(value)
    }
}
