//! Records of separated values (RFC 4180), read strictly and one at a time.
//!
//! The `csv` crate reads on through a broken quote, up to the end of the file, and does not say so:
//! every row after it would vanish. Here a quote stands only round a whole cell, doubled inside it;
//! anything else breaks that record, and reading goes on at the next physical line. On well-formed
//! text both agree, which a test holds.
//!
//! No line is scanned more than twice: each quote of an accepted prefix turns the state round, so a
//! scan that fails ends at the next line with an odd number of quotes.
#![warn(clippy::indexing_slicing, clippy::string_slice, reason = "reads untrusted bytes")]

use std::borrow::Cow;

/// More columns than this break a record.
const COLUMNS_MAX: usize = 4096;

/// One record and where it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record<'b> {
    /// physical line, from 1
    pub(crate) row: u64,
    pub(crate) cells: Vec<Cow<'b, [u8]>>,
}

/// A record with a quote out of place, or with too many columns; the row it began on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) row: u64,
}

/// The records of a table. Empty lines are not records.
#[derive(Debug, Clone)]
pub(crate) struct Records<'b> {
    rest: &'b [u8],
    row: u64,
    separator: u8,
}

impl<'b> Records<'b> {
    /// Starts after `skip_rows` physical lines.
    pub(crate) fn new(bytes: &'b [u8], separator: u8, skip_rows: u32) -> Self {
        let mut records = Self { rest: bytes, row: 1, separator };
        for _ in 0..skip_rows {
            records.skip_line();
        }
        records
    }

    fn skip_line(&mut self) {
        let end = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        self.advance(end);
        self.row += 1;
    }

    fn advance(&mut self, bytes: usize) -> &'b [u8] {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    fn cells(&mut self) -> Option<Vec<Cow<'b, [u8]>>> {
        let mut cells = Vec::new();
        loop {
            cells.push(if self.rest.first() == Some(&b'"') { self.quoted()? } else { self.plain()? });
            match self.rest {
                [byte, ..] if *byte == self.separator && cells.len() < COLUMNS_MAX => {
                    self.advance(1);
                }
                [] | [b'\n', ..] | [b'\r', b'\n', ..] => {
                    self.skip_line();
                    return Some(cells);
                }
                _ => return None,
            }
        }
    }

    /// A cell without quotes: up to the separator or the end of the line.
    fn plain(&mut self) -> Option<Cow<'b, [u8]>> {
        let ends = |byte: &u8| *byte == self.separator || *byte == b'\n' || *byte == b'"';
        let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at_checked(end)?;
        let carriage_return = matches!(rest.first(), Some(b'\n')) && cell.last() == Some(&b'\r');
        let cell = self.advance(if carriage_return { end - 1 } else { end });
        (rest.first() != Some(&b'"')).then_some(Cow::Borrowed(cell))
    }

    /// A cell in quotes, from its first quote to its last.
    fn quoted(&mut self) -> Option<Cow<'b, [u8]>> {
        self.advance(1);
        let mut cell = Cow::Borrowed(self.until_quote()?);
        while self.rest.first() == Some(&b'"') {
            self.advance(1);
            let more = self.until_quote()?;
            let text = cell.to_mut();
            text.push(b'"');
            text.extend_from_slice(more);
        }
        Some(cell)
    }

    /// What stands before the next quote; moves behind that quote.
    fn until_quote(&mut self) -> Option<&'b [u8]> {
        let end = self.rest.iter().position(|byte| *byte == b'"')?;
        let taken = self.advance(end);
        self.advance(1);
        self.row += u64::try_from(taken.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u64::MAX);
        Some(taken)
    }
}

impl<'b> Iterator for Records<'b> {
    type Item = Result<Record<'b>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while matches!(self.rest, [b'\n', ..] | [b'\r', b'\n', ..]) {
            self.skip_line();
        }
        if self.rest.is_empty() {
            return None;
        }
        let (row, start) = (self.row, self.rest);
        if let Some(cells) = self.cells() {
            return Some(Ok(Record { row, cells }));
        }
        (self.row, self.rest) = (row, start);
        self.skip_line();
        Some(Err(Broken { row }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<Result<Vec<String>, u64>> {
        Records::new(text.as_bytes(), b',', 0)
            .map(|record| match record {
                Ok(record) => {
                    Ok(record.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect())
                }
                Err(broken) => Err(broken.row),
            })
            .collect()
    }

    fn cells(list: &[&str]) -> Result<Vec<String>, u64> {
        Ok(list.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_broken_quote_costs_its_own_line_only() {
        for broken in ["a,\"b", "a,b\"", "a,\"b\"c", "a,b\"c", "\"a,b", "\"", "a,\"b\"\"", "\"a\"b,\"c"] {
            let found = all(&format!("1,2\n{broken}\n3,4\n5,\"6\"\n"));
            assert_eq!(
                found,
                [cells(&["1", "2"]), Err(2), cells(&["3", "4"]), cells(&["5", "6"])],
                "{broken}"
            );
        }
    }

    #[test]
    fn rows_are_physical_lines() {
        let found: Vec<u64> = Records::new(b"#TYPE x\nh,i\r\n\r\n\"a\nb\",c\nd,e", b',', 1)
            .map(|record| record.unwrap().row)
            .collect();
        assert_eq!(found, [2, 4, 6]);
    }

    #[test]
    fn well_formed_text_is_read_like_rfc_4180() {
        assert_eq!(all("a,\"b\"\"c,\n\",\r\n,\n"), [cells(&["a", "b\"c,\n", ""]), cells(&["", ""])]);
        assert_eq!(all("a,b"), [cells(&["a", "b"])]);
        assert_eq!(all("\"\""), [cells(&[""])]);
        assert_eq!(all(""), []);
        // A carriage return alone does not end a line.
        assert_eq!(all("a\rb\n"), [cells(&["a\rb"])]);
    }

    #[test]
    fn too_many_columns_break_the_record() {
        let most = ",".repeat(COLUMNS_MAX - 1);
        assert!(all(&most).iter().all(Result::is_ok));
        assert_eq!(all(&format!("{most},\na,b")), [Err(1), cells(&["a", "b"])]);
    }

    #[test]
    fn hostile_quotes_take_linear_time() {
        // Each of these makes a careless reader scan to the end of the file once a line.
        for line in ["\"a\"b,\"c\n", "\"\n", "\",\n", "a,\"\n", "\"\"\"\n"] {
            let text = line.repeat(400_000);
            assert!(Records::new(text.as_bytes(), b',', 0).count() >= 200_000);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_csv_crate_on_what_it_writes(
            rows in proptest::collection::vec(proptest::collection::vec("[a\",\\n\\r é]{0,6}", 3), 1..8)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let expected: Vec<_> = rows.into_iter().map(Ok).collect();
            prop_assert_eq!(all(&text), expected);
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(
            prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200)
        ) {
            let lines = bytes.split(|byte| *byte == b'\n').count();
            prop_assert!(Records::new(&bytes, b',', 0).count() <= lines);
        }
    }
}
