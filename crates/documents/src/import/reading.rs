//! The second reading: documents and what is left out, one after the other.

use std::sync::Arc;

use super::book::{Book, Place};
use super::left_out::LeftOut;
use super::report::Report;
use super::survey::{Survey, open};
use crate::columns::Columns;
use crate::document::Document;
use crate::mapping::Mapping;
use crate::record::Records;
use crate::source::text::Prints;
use crate::source::{BadSource, Origin, SourceFault};

/// What a reading gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// where its last row stands
    Document(Document),
    /// where it was found out
    LeftOut(LeftOut),
}

/// A run's second reading. It ends after the first error.
pub struct Reading<'a> {
    origins: &'a [&'a dyn Origin],
    mapping: &'a Mapping,
    prints: &'a [Prints],
    opened: usize,
    source: Option<Opened<'a>>,
    book: Book<'a>,
    failed: bool,
}

struct Opened<'a> {
    name: Arc<str>,
    records: Records<'a>,
    columns: Columns<'a>,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (source, row) = self.position();
        write!(f, "Reading({source}:{row})")
    }
}

impl<'a> Reading<'a> {
    pub(super) fn new(survey: &'a mut Survey, origins: &'a [&'a dyn Origin], mapping: &'a Mapping) -> Self {
        let Survey { entries, prints } = survey;
        let book = Book::new(mapping, entries);
        Self { origins, mapping, prints, opened: 0, source: None, book, failed: false }
    }

    /// The source and the physical line that come next.
    #[must_use]
    pub fn position(&self) -> (&str, u64) {
        self.source.as_ref().map_or(("", 0), |source| (&source.name, source.records.row()))
    }

    /// Documents that have begun and not ended.
    #[must_use]
    pub fn open_documents(&self) -> usize {
        self.book.open()
    }

    /// Counts and sums of what was read.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.book.into_report()
    }

    /// Reads one record; `false` when there is none left.
    fn step(&mut self) -> Result<bool, SourceFault> {
        let Some(source) = &mut self.source else { return self.open() };
        let at = self.opened - 1;
        let Some(record) = source.records.next()? else {
            self.source = None;
            return Ok(true);
        };
        let row = record.as_ref().map_or_else(|broken| broken.row, |record| record.row);
        let place = Place { source: at, name: &source.name, row };
        self.book.record(place, &source.columns, record)?;
        Ok(true)
    }

    fn open(&mut self) -> Result<bool, SourceFault> {
        let Some(origin) = self.origins.get(self.opened) else {
            return self.book.is_balanced().then_some(false).ok_or(SourceFault::Changed);
        };
        let prints = self.prints.get(self.opened).ok_or(SourceFault::Changed)?;
        self.opened += 1;
        let (records, columns) = open(*origin, self.mapping, Some(prints))?;
        self.source = Some(Opened { name: origin.name().into(), records, columns });
        self.book.begin_source();
        Ok(true)
    }
}

impl Iterator for Reading<'_> {
    type Item = Result<Item, BadSource>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.book.take() {
                return Some(Ok(item));
            }
            if self.failed {
                return None;
            }
            match self.step() {
                Ok(true) => {}
                Ok(false) => self.failed = true,
                Err(fault) => {
                    self.failed = true;
                    let at = self.opened.saturating_sub(1);
                    let name = self.origins.get(at).map_or("", |origin| origin.name());
                    return Some(Err(BadSource { source_name: name.into(), fault }));
                }
            }
        }
    }
}
