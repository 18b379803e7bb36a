//! Records of separated values (RFC 4180), read strictly and one at a time from a stream.
//!
//! The `csv` crate reads on through a broken quote, up to the end of the file, and does not say so:
//! every row after it would vanish. Here a quote stands only round a whole cell, doubled inside it;
//! anything else breaks that record, and reading goes on at the next physical line. On well-formed
//! text both agree, which a test holds.
//!
//! What is kept is one record and the rest of a block. No line is scanned more than a few times: each
//! quote of an accepted prefix turns the state round, so a scan that fails ends at the next line with
//! an odd number of quotes; and a scan that needs more text begins again only when the text has
//! doubled.
#![warn(clippy::indexing_slicing, clippy::string_slice, reason = "reads untrusted bytes")]

mod scan;

use std::borrow::Cow;

use crate::mapping::Layout;
use crate::source::text::{BLOCK_BYTES, Prints, Text};
use crate::source::{Origin, SourceFault};
use scan::{Scan, Span, Stop};

/// More bytes than this break a record.
const RECORD_BYTES_MAX: usize = 4 << 20;

/// One record and where it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'b> {
    /// physical line, from 1
    pub(crate) row: u64,
    text: &'b [u8],
    spans: &'b [Span],
}

impl<'b> Record<'b> {
    /// How many cells it has.
    pub(crate) const fn width(&self) -> usize {
        self.spans.len()
    }

    /// A cell without its quotes; `None` beyond the last.
    pub(crate) fn cell(&self, at: usize) -> Option<Cow<'b, [u8]>> {
        self.spans.get(at)?.of(self.text)
    }

    /// All cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cow<'b, [u8]>> + '_ {
        self.spans.iter().filter_map(|span| span.of(self.text))
    }
}

/// A record that is too long, has a quote out of place, or too many columns; the row it began on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) row: u64,
    pub(crate) too_long: bool,
}

/// The records of a source. Empty lines are not records.
pub(crate) struct Records<'s> {
    text: Text<'s>,
    buffer: Vec<u8>,
    /// where the unread text begins in the buffer
    at: usize,
    /// whether the buffer ends where the source ends
    whole: bool,
    row: u64,
    separator: u8,
    spans: Vec<Span>,
}

impl<'s> Records<'s> {
    /// Starts after the lines that the mapping skips. With fingerprints, the source must be the same as when
    /// they were taken.
    pub(crate) fn open(
        origin: &'s dyn Origin,
        layout: &Layout,
        known: Option<&'s [u64]>,
    ) -> Result<Self, SourceFault> {
        let text = Text::open(origin, layout.encoding, known)?;
        let mut records = Self::of(text, layout.separator);
        for _ in 0..layout.skip_rows {
            if !records.skip_line()? {
                break;
            }
        }
        while records.begins_with_one_of(&layout.skip_prefixes)? {
            records.skip_line()?;
        }
        Ok(records)
    }

    pub(crate) const fn of(text: Text<'s>, separator: u8) -> Self {
        Self { text, buffer: Vec::new(), at: 0, whole: false, row: 1, separator, spans: Vec::new() }
    }

    /// The next record, or why it is none; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Record<'_>, Broken>>, SourceFault> {
        self.skip_empty_lines()?;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let row = self.row;
        match self.scan()? {
            Ok((bytes, lines)) => {
                let text = self.buffer.get(self.at..).unwrap_or_default();
                self.at += bytes;
                self.row += lines;
                Ok(Some(Ok(Record { row, text, spans: &self.spans })))
            }
            Err(too_long) => {
                self.skip_line()?;
                Ok(Some(Err(Broken { row, too_long })))
            }
        }
    }

    /// The physical line that comes next.
    pub(crate) const fn row(&self) -> u64 {
        self.row
    }

    /// The fingerprints of what was read.
    pub(crate) fn into_prints(self) -> Prints {
        self.text.into_prints()
    }

    /// Bytes and physical lines of the record at hand, or whether it is none because it is too long.
    ///
    /// # Rules
    ///
    /// > IMP-53: a record is at most 4 MiB long.
    fn scan(&mut self) -> Result<Result<(usize, u64), bool>, SourceFault> {
        loop {
            self.spans.clear();
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let length = rest.len();
            match Scan::new(rest, self.separator, self.whole).record(&mut self.spans) {
                Ok((bytes, _)) if bytes > RECORD_BYTES_MAX => return Ok(Err(true)),
                Ok(found) => return Ok(Ok(found)),
                Err(Stop::Broken) => return Ok(Err(false)),
                Err(Stop::Unfinished) if length > RECORD_BYTES_MAX => return Ok(Err(true)),
                Err(Stop::Unfinished) => self.fill(length * 2)?,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Forgets what was read, and reads until there are that many bytes.
    fn fill(&mut self, bytes: usize) -> Result<(), SourceFault> {
        self.buffer.drain(..self.at.min(self.buffer.len()));
        self.at = 0;
        while !self.whole && self.buffer.len() < bytes.max(BLOCK_BYTES) {
            self.whole = !self.text.fill(&mut self.buffer)?;
        }
        Ok(())
    }

    /// Sees to it that so many bytes can be looked at, if the source has them.
    fn look(&mut self, bytes: usize) -> Result<&[u8], SourceFault> {
        if self.rest().len() < bytes && !self.whole {
            self.fill(bytes)?;
        }
        Ok(self.rest())
    }

    fn skip_empty_lines(&mut self) -> Result<(), SourceFault> {
        loop {
            self.at += match self.look(2)? {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return Ok(()),
            };
            self.row += 1;
        }
    }

    /// Skips a physical line; `false` when there was none.
    fn skip_line(&mut self) -> Result<bool, SourceFault> {
        let mut any = false;
        loop {
            let rest = self.rest();
            let end = rest.iter().position(|byte| *byte == b'\n');
            any |= !rest.is_empty();
            self.at = end.map_or(self.buffer.len(), |end| self.at + end + 1);
            if end.is_some() || self.whole {
                self.row += 1;
                return Ok(any);
            }
            self.fill(0)?;
        }
    }

    fn begins_with_one_of(&mut self, prefixes: &[String]) -> Result<bool, SourceFault> {
        let longest = prefixes.iter().map(String::len).max().unwrap_or(0);
        let rest = self.look(longest)?;
        Ok(prefixes.iter().any(|prefix| rest.starts_with(prefix.as_bytes())))
    }
}

#[cfg(test)]
mod tests;
