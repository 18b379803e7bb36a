//! Documents on their way into the ledger: looked up, then submitted, many at a time.

use std::sync::Arc;

use parclose_channel::Verdict;
use parclose_channel::ledger::RecordView;
use parclose_documents::{Currency, Document, Tally};
use parclose_node::{Outcome, RoomHandle};
use parclose_types::{Failure, RecordId};

use super::compare::compare;
use super::target::Target;
use super::window::{Answer, Window};
use crate::context::in_room;
use crate::error::CliError;

/// What became of a document.
#[derive(Debug)]
pub enum Fate {
    /// it took effect
    Applied(Outcome),
    /// its record is there already, and says the same
    AlreadyThere,
    /// its record is there already, and says something else in these fields
    Conflict {
        /// names of fields of the record type
        fields: Vec<String>,
        /// of the record
        version: u64,
    },
    /// it was refused, by this rule: no record changed
    Refused(String),
}

/// Where a document stands in the files, and what it sums to; nothing of its cells.
#[derive(Debug)]
pub struct Footprint {
    /// its record
    pub record: RecordId,
    /// source and row of each line
    pub rows: Vec<(Arc<str>, u64)>,
    /// its lines
    pub tally: Tally,
    /// of every line
    pub currency: Currency,
}

impl Footprint {
    fn of(document: &Document, record: RecordId) -> Self {
        let mut tally = Tally::default();
        document.lines.iter().for_each(|line| tally.add(Some((document.currency, line.amount_minor))));
        let rows = document.lines.iter().map(|line| (Arc::clone(&line.source_name), line.row)).collect();
        Self { record, rows, tally, currency: document.currency }
    }

    /// Where its first line stands.
    #[must_use]
    pub fn beginning(&self) -> (&str, u64) {
        self.rows.first().map_or(("", 0), |(source, row)| (source, *row))
    }

    /// Where its last line stands.
    #[must_use]
    pub fn end(&self) -> (&str, u64) {
        self.rows.last().map_or(("", 0), |(source, row)| (source, *row))
    }
}

/// Hears what became of each document.
pub(crate) type Heard<'h> = &'h mut dyn FnMut(&Footprint, &Fate) -> Result<(), CliError>;

/// Documents that are looked up at a time, and their lines: enough to keep batches full, few enough for memory.
const WAITING_DOCUMENTS_MAX: usize = 1024;
const WAITING_LINES_MAX: usize = 1 << 14;

/// Takes documents one after the other; keeps many on their way.
pub(crate) struct Importer<'a> {
    target: &'a Target,
    room: &'a RoomHandle,
    waiting: Vec<Document>,
    waiting_lines: usize,
    window: Window,
}

impl<'a> Importer<'a> {
    pub(crate) fn new(target: &'a Target, room: &'a RoomHandle) -> Self {
        Self { target, room, waiting: Vec::new(), waiting_lines: 0, window: Window::default() }
    }

    pub(crate) fn push(&mut self, document: Document, heard: Heard<'_>) -> Result<(), CliError> {
        self.waiting_lines += document.lines.len();
        self.waiting.push(document);
        if self.waiting.len() >= WAITING_DOCUMENTS_MAX || self.waiting_lines >= WAITING_LINES_MAX {
            self.hand_in(heard)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, heard: Heard<'_>) -> Result<(), CliError> {
        self.hand_in(heard)?;
        self.window.drain().into_iter().try_for_each(|answer| settle(answer, heard))
    }

    /// Looks up the documents that wait, and submits those that are not there.
    ///
    /// # Rules
    ///
    /// > IMP-61: a document whose record is there already is compared with it, and never written again.
    fn hand_in(&mut self, heard: Heard<'_>) -> Result<(), CliError> {
        self.waiting_lines = 0;
        let documents: Vec<(RecordId, Document)> = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|document| (self.target.record_of(&document), document))
            .collect();
        let there = self.look_up(documents.iter().map(|(record, _)| *record).collect())?;
        for ((record, document), there) in documents.iter().zip(there) {
            let footprint = Footprint::of(document, *record);
            match there {
                Some(there) => heard(&footprint, &compare(document, &self.target.record_type, &there))?,
                None => self.submit(document, footprint),
            }
        }
        self.window.arrived().into_iter().try_for_each(|answer| settle(answer, heard))
    }

    fn look_up(&self, records: Vec<RecordId>) -> Result<Vec<Option<RecordView>>, CliError> {
        let found = in_room(self.room, move |channel| {
            records.iter().map(|record| channel.view_record(channel.keys(), record)).collect::<Result<_, _>>()
        })??;
        Ok(found)
    }

    fn submit(&self, document: &Document, footprint: Footprint) {
        let operation = self.target.operation(document, footprint.record);
        self.window.enter(footprint.rows.len());
        let window = self.window.clone();
        self.room.submit(vec![operation], Box::new(move |outcome| window.leave(footprint, outcome)));
    }
}

fn settle((footprint, outcome): Answer, heard: Heard<'_>) -> Result<(), CliError> {
    let fate = match outcome {
        Ok(outcome) => match &outcome.verdict {
            Verdict::Applied => Fate::Applied(outcome),
            Verdict::Refused(rule) => Fate::Refused(rule.clone()),
        },
        Err(error) if error.definite() => Fate::Refused(error.rule().to_owned()),
        Err(error) => return Err(error.into()),
    };
    heard(&footprint, &fate)
}
