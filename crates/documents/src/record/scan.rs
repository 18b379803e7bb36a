//! One record's cells, found in text that may end before the record does.

use std::borrow::Cow;

/// More columns than this break a record.
pub(super) const COLUMNS_MAX: usize = 4096;

/// Where a cell stands, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: usize,
    end: usize,
    /// whether there are quotes in it, each written twice
    doubled: bool,
}

impl Span {
    pub(super) fn of(self, text: &[u8]) -> Option<Cow<'_, [u8]>> {
        let cell = text.get(self.start..self.end)?;
        Some(if self.doubled { Cow::Owned(undoubled(cell)) } else { Cow::Borrowed(cell) })
    }
}

fn undoubled(cell: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(cell.len());
    let mut quotes = 0_usize;
    for byte in cell {
        quotes = if *byte == b'"' { quotes + 1 } else { 0 };
        if quotes.is_multiple_of(2) {
            text.push(*byte);
        }
    }
    text
}

/// Why no record was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// a quote out of place, or too many columns
    Broken,
    /// the text ended first
    Unfinished,
}

/// A walk over the text of one record.
pub(super) struct Scan<'b> {
    bytes: &'b [u8],
    at: usize,
    separator: u8,
    /// whether the source ends where the text does
    whole: bool,
    line_ends: u64,
}

impl<'b> Scan<'b> {
    pub(super) const fn new(bytes: &'b [u8], separator: u8, whole: bool) -> Self {
        Self { bytes, at: 0, separator, whole, line_ends: 0 }
    }

    /// Finds the cells up to the end of the record: its bytes and physical lines.
    pub(super) fn record(mut self, spans: &mut Vec<Span>) -> Result<(usize, u64), Stop> {
        loop {
            spans.push(if self.next()? == Some(b'"') { self.quoted()? } else { self.plain()? });
            match self.next()? {
                Some(byte) if byte == self.separator && spans.len() < COLUMNS_MAX => self.at += 1,
                None => return Ok((self.at, self.line_ends + 1)),
                Some(b'\n') => return Ok((self.at + 1, self.line_ends + 1)),
                Some(b'\r') => {
                    self.at += 1;
                    let ends = self.next()? == Some(b'\n');
                    return if ends { Ok((self.at + 1, self.line_ends + 1)) } else { Err(Stop::Broken) };
                }
                Some(_) => return Err(Stop::Broken),
            }
        }
    }

    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The byte at hand; `None` at the end of the source.
    fn next(&self) -> Result<Option<u8>, Stop> {
        match self.rest().first() {
            None if !self.whole => Err(Stop::Unfinished),
            byte => Ok(byte.copied()),
        }
    }

    /// A cell without quotes: up to the separator or the end of the line.
    fn plain(&mut self) -> Result<Span, Stop> {
        let rest = self.rest();
        let ends = |byte: &u8| *byte == self.separator || *byte == b'\n' || *byte == b'"';
        let length = rest.iter().position(ends);
        if length.is_none() && !self.whole {
            return Err(Stop::Unfinished);
        }
        let length = length.unwrap_or(rest.len());
        if rest.get(length) == Some(&b'"') {
            return Err(Stop::Broken);
        }
        let carriage_return = rest.get(length) == Some(&b'\n')
            && rest.get(..length).is_some_and(|cell| cell.last() == Some(&b'\r'));
        let start = self.at;
        self.at += if carriage_return { length - 1 } else { length };
        Ok(Span { start, end: self.at, doubled: false })
    }

    /// A cell in quotes, from its first quote to its last.
    fn quoted(&mut self) -> Result<Span, Stop> {
        self.at += 1;
        let start = self.at;
        let mut doubled = false;
        loop {
            self.until_quote()?;
            let end = self.at;
            self.at += 1;
            if self.next()? != Some(b'"') {
                return Ok(Span { start, end, doubled });
            }
            self.at += 1;
            doubled = true;
        }
    }

    fn until_quote(&mut self) -> Result<(), Stop> {
        let rest = self.rest();
        let Some(length) = rest.iter().position(|byte| *byte == b'"') else {
            return Err(if self.whole { Stop::Broken } else { Stop::Unfinished });
        };
        let taken = rest.get(..length).unwrap_or_default();
        let line_ends = taken.iter().filter(|byte| **byte == b'\n').count();
        self.line_ends += u64::try_from(line_ends).unwrap_or(u64::MAX);
        self.at += length;
        Ok(())
    }
}
