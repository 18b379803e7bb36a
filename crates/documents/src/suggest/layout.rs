//! How files are divided into records: encoding, separator, lines before the header.

use std::collections::BTreeMap;
use std::io::Read;

use crate::mapping::Layout;
use crate::record::Records;
use crate::source::{BadSource, Encoding, Origin, Source, SourceFault};

/// Bytes of each file that are looked at.
const HEAD_BYTES: u64 = 256 << 10;
/// Records of them.
const RECORDS_MAX: usize = 1_000;
const SEPARATORS: [u8; 7] = *b",;\t|^~:";

/// The beginning of a file.
struct Head {
    name: String,
    bytes: Vec<u8>,
}

/// Finds the layout that the files have; `None` when they are no tables.
pub(super) fn find(origins: &[&dyn Origin]) -> Result<Option<Layout>, BadSource> {
    let heads: Vec<Head> = origins.iter().map(|origin| head(*origin)).collect::<Result<_, _>>()?;
    let encoding = encoding(&heads);
    let tables = |separator: &u8| {
        let tables =
            heads.iter().map(|head| Table::of(head, encoding, *separator)).collect::<Option<Vec<_>>>()?;
        let fit = tables.iter().map(|table| table.fit).min()?;
        Some((fit, tables.first()?.width, *separator, tables))
    };
    let best = SEPARATORS.iter().filter_map(tables).max_by_key(|(fit, width, ..)| (*fit, *width));
    Ok(best.map(|(_, _, separator, tables)| {
        let (skip_rows, skip_prefixes) = before_header(&tables);
        Layout { encoding, separator, skip_rows, skip_prefixes }
    }))
}

fn head(origin: &dyn Origin) -> Result<Head, BadSource> {
    let mut bytes = Vec::new();
    let read = origin.open().and_then(|from| from.take(HEAD_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Head { name: origin.name().into(), bytes }),
        Err(error) => {
            let fault = SourceFault::Unreadable(error.kind());
            Err(BadSource { source_name: origin.name().into(), fault })
        }
    }
}

/// What files without a mark are: UTF-16 has zeros in every second byte, and what is no UTF-8 is Western.
fn encoding(heads: &[Head]) -> Encoding {
    let of = |head: &Head| match head.bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8,
        bytes => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let zeros = |at: usize| pairs.iter().filter(|pair| pair.get(at) == Some(&0)).count();
            let (high_first, low_first) = (zeros(0), zeros(1));
            let many = |zeros: usize| zeros > 0 && zeros * 3 > pairs.len();
            match std::str::from_utf8(bytes) {
                _ if many(low_first) && !many(high_first) => Encoding::Utf16Le,
                _ if many(high_first) && !many(low_first) => Encoding::Utf16Be,
                // A character may be cut where the head ends.
                Err(error) if error.error_len().is_some() => Encoding::Windows1252,
                _ => Encoding::Utf8,
            }
        }
    };
    heads.iter().map(of).find(|encoding| *encoding != Encoding::Utf8).unwrap_or(Encoding::Utf8)
}

/// The records of a head, as a separator divides them.
struct Table {
    /// the number of columns that most records have
    width: usize,
    /// of a thousand records, those that have it
    fit: usize,
    /// the physical lines before the first that has it
    before: Vec<String>,
}

impl Table {
    fn of(head: &Head, encoding: Encoding, separator: u8) -> Option<Self> {
        let source = Source { name: &head.name, bytes: &head.bytes };
        let layout = Layout { encoding, separator, skip_rows: 0, skip_prefixes: Vec::new() };
        // A character that is cut where the head ends breaks off the reading, and not the finding.
        let mut records = Records::open(&source, &layout, None).ok()?;
        let mut widths: Vec<(u64, Option<usize>, String)> = Vec::new();
        while let Ok(Some(record)) = records.next() {
            widths.push(match record {
                Ok(record) => {
                    let first = record.cell(0).map(|cell| String::from_utf8_lossy(&cell).into_owned());
                    (record.row, Some(record.width()), first.unwrap_or_default())
                }
                Err(broken) => (broken.row, None, String::new()),
            });
            if widths.len() >= RECORDS_MAX {
                break;
            }
        }
        // The last record may be cut.
        let cut = u64::try_from(head.bytes.len()).is_ok_and(|bytes| bytes >= HEAD_BYTES);
        let whole = widths.len() - usize::from(cut && widths.len() > 1);
        Self::most_frequent(widths.get(..whole)?)
    }

    fn most_frequent(widths: &[(u64, Option<usize>, String)]) -> Option<Self> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for width in widths.iter().filter_map(|(_, width, _)| *width).filter(|width| *width > 1) {
            *counts.entry(width).or_default() += 1;
        }
        let (width, count) = counts.into_iter().max_by_key(|(width, count)| (*count, *width))?;
        let first = widths.iter().position(|(_, found, _)| *found == Some(width))?;
        let before = widths.get(..first)?.iter().map(|(_, _, text)| text.clone()).collect();
        Some(Self { width, fit: count * 1_000 / widths.len(), before })
    }
}

/// How the lines before the headers are skipped: by how they begin, if they say so, or by their number.
fn before_header(tables: &[Table]) -> (u32, Vec<String>) {
    let lines: Vec<&String> = tables.iter().flat_map(|table| &table.before).collect();
    let prefix = |line: &&String| {
        let word: String =
            line.chars().take_while(|c| !c.is_whitespace() && !c.is_control()).take(32).collect();
        word.starts_with('#').then_some(word)
    };
    match lines.iter().map(prefix).collect::<Option<Vec<_>>>() {
        Some(mut prefixes) => {
            prefixes.sort_unstable();
            prefixes.dedup();
            (0, prefixes)
        }
        None => {
            (tables.first().map_or(0, |table| u32::try_from(table.before.len()).unwrap_or(0)), Vec::new())
        }
    }
}
