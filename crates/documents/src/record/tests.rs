//! Records that are broken, records that are not, and where blocks end.
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::source::{Encoding, Source};
use proptest::prelude::*;
use scan::COLUMNS_MAX;

fn records(bytes: &[u8], mut see: impl FnMut(Result<Record<'_>, Broken>)) {
    let source = Source { name: "a", bytes };
    let text = Text::open(&source, Encoding::Utf8, None).unwrap();
    let mut records = Records::of(text, b',');
    while let Some(record) = records.next().unwrap() {
        see(record);
    }
}

fn all(text: &str) -> Vec<Result<Vec<String>, u64>> {
    let mut found = Vec::new();
    records(text.as_bytes(), |record| {
        let cells = |record: Record<'_>| {
            record.cells().map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect()
        };
        found.push(record.map(cells).map_err(|broken| broken.row));
    });
    found
}

fn count(bytes: &[u8]) -> usize {
    let mut count = 0;
    records(bytes, |_| count += 1);
    count
}

fn cells(list: &[&str]) -> Result<Vec<String>, u64> {
    Ok(list.iter().map(ToString::to_string).collect())
}

#[test]
fn a_broken_quote_costs_its_own_line_only() {
    for broken in ["a,\"b", "a,b\"", "a,\"b\"c", "a,b\"c", "\"a,b", "\"", "a,\"b\"\"", "\"a\"b,\"c"] {
        let found = all(&format!("1,2\n{broken}\n3,4\n5,\"6\"\n"));
        assert_eq!(found, [cells(&["1", "2"]), Err(2), cells(&["3", "4"]), cells(&["5", "6"])], "{broken}");
    }
}

#[test]
fn rows_are_physical_lines() {
    let mut found = Vec::new();
    records(b"#TYPE x\nh,i\r\n\r\n\"a\nb\",c\nd,e", |record| found.push(record.unwrap().row));
    assert_eq!(found, [1, 2, 4, 6]);
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
        assert!(count(text.as_bytes()) >= 200_000);
    }
}

#[test]
fn imp_53_a_record_beyond_the_limit_costs_its_own_line_only() {
    for long in ["x".repeat(RECORD_BYTES_MAX + 1), format!("\"{}\"", "x".repeat(RECORD_BYTES_MAX + 1))] {
        let mut found = Vec::new();
        records(format!("1,2\n{long}\n3,4\n").as_bytes(), |record| {
            found.push(record.map(|record| record.row).map_err(|broken| (broken.row, broken.too_long)));
        });
        assert_eq!(found, [Ok(1), Err((2, true)), Ok(3)]);
    }
    // Within quotes, an end of line does not count: what follows is read again as lines.
    let open = format!("1,2\n\"a\n{}3,4\n", "x,y\n".repeat(RECORD_BYTES_MAX / 3));
    let found = all(&open);
    assert_eq!((&found[1], found.len()), (&Err(2), RECORD_BYTES_MAX / 3 + 3));
    assert!(all(&"x".repeat(RECORD_BYTES_MAX - 1))[0].is_ok());
}

#[test]
fn a_line_without_end_is_not_kept() {
    let source = vec![b'x'; 64 << 20];
    let source = Source { name: "a", bytes: &source };
    let mut records = Records::of(Text::open(&source, Encoding::Utf8, None).unwrap(), b',');
    assert!(records.next().unwrap().unwrap().unwrap_err().too_long);
    assert!(records.next().unwrap().is_none());
    assert!(records.buffer.capacity() < 4 * RECORD_BYTES_MAX, "{}", records.buffer.capacity());
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
        prop_assert!(count(&bytes) <= lines);
    }
    #[test]
    fn where_blocks_end_does_not_matter(
        bytes in proptest::collection::vec(
            prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'a')], 0..120),
        before in 0_usize..140
    ) {
        // The same text, once at the start of a block and once across the end of one.
        let pad = [vec![b'p'; BLOCK_BYTES.saturating_sub(before)], b"\n".to_vec()].concat();
        let alone = all(&String::from_utf8_lossy(&bytes));
        let behind = all(&String::from_utf8_lossy(&[pad, bytes].concat()));
        let moved: Vec<_> = alone.into_iter().map(|record| record.map_err(|row| row + 1)).collect();
        prop_assert_eq!(&behind[1..], moved.as_slice());
    }
}
