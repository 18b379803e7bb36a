//! The import on nodes: each supplier's files, month by month, into its own channel; the banks' statements.

use parclose_types::Epoch;
use serde_json::{Value, json};

use super::running::Running;
use super::split::{self, Rows};
use crate::demo::invoices::{BOTH, Dealt, Invoices};
use crate::demo::load::Loaded;
use crate::demo::regulator::{FIRST_MONTH, MONTHS};
use crate::error::CliError;
use crate::progress::Progress;
use crate::transaction::parse_digest;

pub(super) fn import(
    running: &Running<'_>,
    invoices: &Invoices,
    progress: &mut Progress,
) -> Result<Loaded, CliError> {
    let (mut loaded, rows) = (Loaded::default(), split::all_rows(invoices));
    for (at, month) in invoices.months().into_iter().enumerate() {
        // The regulator's months begin and end with epochs of their own.
        if at == FIRST_MONTH || at == FIRST_MONTH + MONTHS {
            BOTH.into_iter().try_for_each(|dealt| next_epoch(running, dealt))?;
        }
        let started = progress.seconds();
        let first = epochs(running)?;
        let counts = import_month(running, invoices, &rows, &month)?;
        let count: usize = counts.iter().sum();
        loaded.seconds += progress.seconds() - started;
        progress.step(&format!("imported {month}: {count} receivables"));
        let last = epochs(running)?;
        for ((dealt, first), last) in BOTH.into_iter().zip(first).zip(last) {
            loaded.epochs.insert((dealt.channel(), month.clone()), (first, last));
        }
        loaded.receivables += count;
        loaded.records += count + 1;
        loaded.statements_minor += state_month(running, invoices, &month)?;
    }
    progress.step("waiting until everybody has everything");
    running.settle_all()?;
    for (channel, member) in [("trade-a", "buyer"), ("trade-b", "buyer"), ("banks", "bank-1")] {
        let listed = running.tell((member, channel), &["tx", "list", "--limit", "1000000"], None)?;
        let rows = listed["transactions"].as_array().map_or(&[][..], Vec::as_slice);
        let written = rows.iter().filter(|row| row["act"].is_null() && row["verdict"] == "applied");
        let digests = written.filter_map(|row| row["tx"].as_str()).map(parse_digest);
        loaded.transactions.insert(channel, digests.collect::<Result<_, _>>()?);
    }
    Ok(loaded)
}

/// Both suppliers import at the same time, each at its own node.
fn import_month(
    running: &Running<'_>,
    invoices: &Invoices,
    rows: &Rows,
    month: &str,
) -> Result<Vec<usize>, CliError> {
    let mapping =
        std::path::absolute(&invoices.mapping).map_err(|e| CliError::file(&invoices.mapping, &e))?;
    let mapping = mapping.display().to_string();
    let import = |dealt: Dealt| {
        let folder = running.files("invoices")?.join(dealt.supplier()).join(month);
        let documents = split::write(invoices, rows, (dealt, month), &folder)?;
        if documents == 0 {
            return Ok(0);
        }
        let folder = folder.display().to_string();
        let words = ["import", "csv", &folder, "--mapping", &mapping];
        let imported = running.insist((dealt.supplier(), dealt.channel()), &words, None)?;
        // An import that was tried again finds what it has written before.
        let written = [&imported["applied"], &imported["already_there"]].map(|n| n.as_u64().unwrap_or(0));
        let written = written.into_iter().sum::<u64>();
        if written == documents as u64 {
            Ok(documents)
        } else {
            Err(CliError::verification(format!("{written} of {documents} documents are there: {imported}")))
        }
    };
    parclose_node::in_parallel(BOTH.map(|dealt| move || import(dealt)))
}

/// Bank 1 states its month to bank 2, which adds its own figures to the same record; the sum of both.
fn state_month(running: &Running<'_>, invoices: &Invoices, month: &str) -> Result<u128, CliError> {
    let sums = BOTH.map(|dealt| {
        let documents = invoices.of(dealt, Some(month));
        (documents.len(), documents.iter().map(|document| document.total_minor).sum::<u64>())
    });
    let [(count, total), (counter_count, counter_total)] = sums;
    let amount =
        |minor: u64| json!({ "amount_minor": minor.to_string(), "currency": invoices.currency.code() });
    let parties = json!({ "preparer": "bank-1", "counterparty": "bank-2" });
    let created = submit(
        running,
        "bank-1",
        &json!({
            "action": "create", "type": "statement", "parties": parties,
            "fields": { "month": month, "documents": count, "total": amount(total) },
        }),
    )?;
    let record = created["record"].as_str().unwrap_or_default();
    running.wait_until(("bank-2", "banks"), &["record", "show", record], |_| true)?;
    submit(
        running,
        "bank-2",
        &json!({
            "action": "update", "type": "statement", "parties": parties, "record": record, "version": 2,
            "fields": { "counter_documents": counter_count, "counter_total": amount(counter_total) },
        }),
    )?;
    Ok(u128::from(total) + u128::from(counter_total))
}

fn submit(running: &Running<'_>, bank: &str, draft: &Value) -> Result<Value, CliError> {
    running.insist((bank, "banks"), &["tx", "submit", "-"], Some(&draft.to_string()))
}

fn epoch(running: &Running<'_>, dealt: Dealt) -> Result<Epoch, CliError> {
    let shown = running.tell((dealt.supplier(), dealt.channel()), &["channel", "show"], None)?;
    let epoch = shown["epoch_now"].as_u64().and_then(|epoch| u32::try_from(epoch).ok());
    epoch.map(Epoch).ok_or_else(|| CliError::verification("a channel without an epoch".into()))
}

fn epochs(running: &Running<'_>) -> Result<Vec<Epoch>, CliError> {
    BOTH.into_iter().map(|dealt| epoch(running, dealt)).collect()
}

/// Waits until a channel is in another epoch.
fn next_epoch(running: &Running<'_>, dealt: Dealt) -> Result<(), CliError> {
    let before = epoch(running, dealt)?;
    let of = (dealt.supplier(), dealt.channel());
    running.wait_until(of, &["channel", "show"], |shown| shown["epoch_now"] != json!(before.0)).map(drop)
}
