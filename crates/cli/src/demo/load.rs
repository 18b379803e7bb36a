//! The import: month by month through the full pipeline, with an epoch boundary between months, and a
//! statement between the banks for each month.

use std::collections::BTreeMap;

use parclose_channel::Verdict;
use parclose_node::{Consortium, Outcome};
use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{Epoch, Height, RecordId, TransactionDigest};

use super::invoices::{BOTH, Dealt, Invoices};
use crate::args::OfChannel;
use crate::context::in_room;
use crate::error::CliError;
use crate::import::{Fate, Target};
use crate::progress::Progress;
use crate::transaction::member_named;

/// What was imported.
#[derive(Default)]
pub(crate) struct Loaded {
    /// transactions by channel
    pub(crate) transactions: BTreeMap<&'static str, Vec<TransactionDigest>>,
    /// epochs of each month in each receivables channel
    pub(crate) epochs: BTreeMap<(&'static str, String), (Epoch, Epoch)>,
    /// sum of the banks' statements
    pub(crate) statements_minor: u128,
    /// records written
    pub(crate) records: usize,
    /// seconds that the import of receivables took
    pub(crate) seconds: f64,
    /// receivables among the records
    pub(super) receivables: usize,
}

impl Loaded {
    pub(crate) fn transactions_per_second(&self) -> f64 {
        self.receivables as f64 / self.seconds.max(f64::EPSILON)
    }
}

pub(crate) fn import(
    consortium: &Consortium,
    invoices: &Invoices,
    progress: &mut Progress,
) -> Result<Loaded, CliError> {
    let mut loaded = Loaded::default();
    for month in invoices.months() {
        let started = progress.seconds();
        let first = epochs(consortium)?;
        let imported = import_month(consortium, invoices, &month)?;
        loaded.seconds += progress.seconds() - started;
        let count: usize = imported.iter().map(|(_, outcomes)| outcomes.len()).sum();
        progress.step(&format!("imported {month}: {count} receivables"));
        let last = epochs(consortium)?;
        for (dealt, outcomes) in imported {
            let channel = dealt.channel();
            loaded.receivables += outcomes.len();
            loaded.records += outcomes.len();
            loaded.epochs.insert((channel, month.clone()), (first[channel], last[channel]));
            loaded.transactions.entry(channel).or_default().extend(outcomes.iter().map(|o| o.transaction));
        }
        state_month(consortium, invoices, &month, &mut loaded)?;
        next_epoch(consortium)?;
    }
    progress.step("attesting the last states");
    consortium.quiesce();
    Ok(loaded)
}

/// Both suppliers import at the same time, each in its own room.
fn import_month(
    consortium: &Consortium,
    invoices: &Invoices,
    month: &str,
) -> Result<Vec<(Dealt, Vec<Outcome>)>, CliError> {
    let import = |dealt: Dealt| {
        let of = OfChannel { channel: dealt.channel().into(), member: dealt.supplier().into() };
        let room = consortium.room(&of.member, &of.channel)?;
        let target = Target::resolve(consortium, &of, &room, "receivable", &[])?;
        let mut applied = Vec::new();
        target.import(&room, invoices.of(dealt, Some(month)), &mut |footprint, fate| match fate {
            Fate::Applied(outcome) => {
                applied.push(outcome.clone());
                Ok(())
            }
            other => {
                Err(CliError::verification(format!("the document at {:?}: {other:?}", footprint.beginning())))
            }
        })?;
        Ok((dealt, applied))
    };
    parclose_node::in_parallel(BOTH.map(|dealt| move || import(dealt)))
}

/// Bank 1 states its month to bank 2, which adds its own figures to the same record.
fn state_month(
    consortium: &Consortium,
    invoices: &Invoices,
    month: &str,
    loaded: &mut Loaded,
) -> Result<(), CliError> {
    let mut record = [0_u8; 32];
    rand_core::Rng::fill_bytes(&mut parclose_node::randomness::generator(), &mut record);
    let steps = [
        (Dealt::A, "create", 1, ["documents", "total"]),
        (Dealt::B, "update", 2, ["counter_documents", "counter_total"]),
    ];
    for (dealt, action, version, [count_field, total_field]) in steps {
        let documents = invoices.of(dealt, Some(month));
        let sum: u64 = documents.iter().map(|document| document.total_minor).sum();
        let mut fields = BTreeMap::from([
            (count_field.to_owned(), FieldValue::Integer(documents.len() as u64)),
            (total_field.to_owned(), FieldValue::Amount(sum, invoices.currency.bytes())),
        ]);
        if version == 1 {
            fields.insert("month".into(), FieldValue::Text(month.into()));
        }
        let room = consortium.room(dealt.bank(), "banks")?;
        let parties = in_room(&room, |channel| {
            Ok::<_, CliError>(BTreeMap::from([
                ("preparer".to_owned(), member_named(channel, "bank-1")?),
                ("counterparty".to_owned(), member_named(channel, "bank-2")?),
            ]))
        })??;
        let operation = DraftOperation {
            keyed_tag: None,
            action: action.into(),
            record_type: "statement".into(),
            record: RecordId(record),
            version,
            parties,
            fields,
        };
        let outcome = room.submit_and_wait(vec![operation])?;
        if outcome.verdict != Verdict::Applied {
            return Err(CliError::verification(format!("a statement was refused: {:?}", outcome.verdict)));
        }
        loaded.statements_minor += u128::from(sum);
        loaded.transactions.entry("banks").or_default().push(outcome.transaction);
        // The second member executes the first's statement before it answers.
        consortium.settle();
    }
    loaded.records += 1;
    Ok(())
}

fn epochs(consortium: &Consortium) -> Result<BTreeMap<&'static str, Epoch>, CliError> {
    let head = consortium.root().head();
    let epoch = |dealt: Dealt| {
        let room = consortium.room(dealt.supplier(), dealt.channel())?;
        Ok((dealt.channel(), in_room(&room, move |channel| channel.epoch_at(head).0)?))
    };
    BOTH.into_iter().map(epoch).collect()
}

/// Lets time pass until every receivables channel is in a new epoch.
fn next_epoch(consortium: &Consortium) -> Result<(), CliError> {
    let head = consortium.root().head();
    let mut to = head;
    for dealt in BOTH {
        let room = consortium.room(dealt.supplier(), dealt.channel())?;
        let boundary = in_room(&room, move |channel| {
            let (_, into) = channel.epoch_at(head);
            head.0 + channel.config().epoch_length - into
        })?;
        to = to.max(Height(boundary));
    }
    consortium.advance(to)?;
    Ok(())
}
