//! Rules of rows and batches; those of opening, crashes and bytes each have a module.

mod bytes;
mod opening;

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use parclose_types::{Failure, Height, RecordId};
use tempfile::tempdir;

use crate::fixtures::{TestCipher, open, open_clear, options};
use crate::hazmat::{put_raw, raw_rows, swap_values};
use crate::{AnyTable, Blinded, Database, Durability, StoreError, Table};

pub(super) const BLOCKS: Table<Height, String> = Table::ordered(1, "blocks");
pub(super) const NOTES: Table<Height, String> = Table::ordered(2, "notes");
pub(super) const RECORDS: Table<RecordId, String, Blinded> = Table::<RecordId, String>::blinded(3, "records");
pub(super) const TABLES: &[&dyn AnyTable] = &[&BLOCKS, &NOTES, &RECORDS];

pub(super) fn put(database: &Database, height: u64, text: &str) {
    let mut batch = database.batch();
    batch.put(&BLOCKS, &Height(height), &text.to_owned());
    database.commit(batch, Durability::Buffered).unwrap();
}

fn key(table: u8, height: u64) -> Vec<u8> {
    [&[table], height.to_be_bytes().as_slice()].concat()
}

#[test]
fn rows_are_read_back_one_by_one_and_in_order() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    for height in [256, 1, 300, 2] {
        put(&database, height, &format!("block {height}"));
    }
    let mut batch = database.batch();
    batch.delete(&BLOCKS, &Height(300));
    batch.put(&NOTES, &Height(0), &"note".into());
    database.commit(batch, Durability::Synced).unwrap();

    assert_eq!(database.get(&BLOCKS, &Height(2)), Ok(Some("block 2".into())));
    assert_eq!(database.get(&BLOCKS, &Height(300)), Ok(None));
    assert_eq!(database.contains(&BLOCKS, &Height(256)), Ok(true));
    assert_eq!(database.get_bytes(&NOTES, &Height(0)), Ok(Some(b"\x04\0\0\0note".to_vec())));
    let several = database.multi_get(&BLOCKS, &[Height(256), Height(9), Height(1)]).unwrap();
    assert_eq!(several, [Some("block 256".into()), None, Some("block 1".into())]);

    let absent = database.absent(&BLOCKS, (0..600).map(Height)).unwrap();
    let there = (0..600).map(Height).filter(|height| !absent.contains(height));
    assert_eq!(there.collect::<Vec<_>>(), [Height(1), Height(2), Height(256)]);

    let heights =
        |rows: Vec<(Height, String)>| rows.into_iter().map(|(height, _)| height.0).collect::<Vec<_>>();
    assert_eq!(heights(database.scan(&BLOCKS, &Height(0), 10).unwrap()), [1, 2, 256]);
    assert_eq!(heights(database.scan(&BLOCKS, &Height(2), 1).unwrap()), [2]);
    assert_eq!(heights(database.scan(&BLOCKS, &Height(0), 0).unwrap()), [0_u64; 0]);
    assert_eq!(database.last(&BLOCKS), Ok(Some((Height(256), "block 256".into()))));
    assert_eq!(database.last(&Table::<u8, u8>::ordered(255, "empty")), Ok(None));
    let mut seen = 0;
    database
        .visit(&BLOCKS, &Height(0), |_, _| {
            seen += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn sto_01_swapped_rows_do_not_open() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    put(&database, 1, "first");
    put(&database, 2, "other");
    let mut batch = database.batch();
    batch.put(&NOTES, &Height(1), &"first".into());
    database.commit(batch, Durability::Synced).unwrap();
    drop(database);

    // Same length, same table; then same key and same text in another table.
    for (a, b) in [(key(1, 1), key(1, 2)), (key(1, 1), key(2, 1))] {
        swap_values(dir.path(), &a, &b).unwrap();
        let database = open(dir.path()).unwrap();
        let tampered = StoreError::Tampered { table: "blocks".into(), row_key: "0100000000000000".into() };
        assert_eq!(database.get(&BLOCKS, &Height(1)), Err(tampered.clone()));
        assert_eq!(database.scan(&BLOCKS, &Height(0), 9), Err(tampered.clone()));
        assert_eq!(database.verify_rows(TABLES), Err(tampered.clone()));
        assert_eq!((tampered.code(), tampered.rule()), ("STORE_TAMPERED", "STO-01"));
        drop(database);
        swap_values(dir.path(), &a, &b).unwrap();
        assert_eq!(open(dir.path()).unwrap().get(&BLOCKS, &Height(1)), Ok(Some("first".into())));
    }
}

#[test]
fn sto_01_a_flipped_bit_of_a_value_does_not_open() {
    let dir = tempdir().unwrap();
    put(&open(dir.path()).unwrap(), 1, "text");
    let mut value = raw_rows(dir.path()).unwrap().into_iter().find(|row| row.0 == key(1, 1)).unwrap().1;
    value[3] ^= 1;
    put_raw(dir.path(), &key(1, 1), &value).unwrap();
    let error = open(dir.path()).unwrap().get(&BLOCKS, &Height(1)).unwrap_err();
    assert_eq!(error.rule(), "STO-01");
}

#[test]
fn sto_02_a_value_or_key_that_is_not_canonical_is_refused() {
    let dir = tempdir().unwrap();
    drop(open_clear(dir.path()).unwrap());
    put_raw(dir.path(), &key(1, 1), b"\x01\0\0\0x?").unwrap();
    put_raw(dir.path(), b"\x02short", b"\x01\0\0\0x").unwrap();
    let database = open_clear(dir.path()).unwrap();
    assert_eq!(database.get(&BLOCKS, &Height(1)).unwrap_err().rule(), "STO-02");
    assert_eq!(database.scan(&NOTES, &Height(0), 9).unwrap_err().rule(), "STO-02");
    assert_eq!(database.last(&NOTES).unwrap_err().code(), "STORE_TAMPERED");
}

#[test]
fn sto_09_a_batch_is_committed_only_to_the_database_that_made_it() {
    let (one, two) = (tempdir().unwrap(), tempdir().unwrap());
    let (one, two) = (open(one.path()).unwrap(), open(two.path()).unwrap());
    let mut batch = one.batch();
    batch.put(&BLOCKS, &Height(1), &"of one".into());
    let error = two.commit(batch, Durability::Synced).unwrap_err();
    assert_eq!((error.code(), error.rule()), ("STORE_FOREIGN_BATCH", "STO-09"));
    assert_eq!(two.last(&BLOCKS), Ok(None));
}

#[test]
fn sto_16_a_row_is_written_once_per_batch_and_the_last_change_counts() {
    let dir = tempdir().unwrap();
    let cipher = TestCipher::new(1);
    let database = Database::open(dir.path(), &options(1), cipher.clone()).unwrap();
    let before = cipher.seals.load(Ordering::Relaxed);
    let mut batch = database.batch();
    batch.put(&BLOCKS, &Height(1), &"first".into());
    batch.delete(&BLOCKS, &Height(1));
    batch.put(&BLOCKS, &Height(1), &"last".into());
    batch.put(&BLOCKS, &Height(2), &"gone".into());
    batch.delete(&BLOCKS, &Height(2));
    assert_eq!(batch.len(), 2);
    database.commit(batch, Durability::Buffered).unwrap();
    assert_eq!(cipher.seals.load(Ordering::Relaxed) - before, 1);
    assert_eq!(database.scan(&BLOCKS, &Height(0), 9), Ok(vec![(Height(1), "last".into())]));
}

#[test]
fn sto_17_keys_of_a_blinded_table_are_not_on_the_disk() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    let id = RecordId(*b"a record id that carries meaning");
    let mut batch = database.batch();
    batch.put(&RECORDS, &id, &"a canary".into());
    database.commit(batch, Durability::Synced).unwrap();
    assert_eq!(database.get(&RECORDS, &id), Ok(Some("a canary".into())));
    let mut seen = Vec::new();
    database.for_each(&RECORDS, |row_key, value| seen.push((row_key.len(), value))).unwrap();
    assert_eq!(seen, [(33, "a canary".into())]);
    database.flush().unwrap();
    drop(database);

    assert!(bytes::files_contain(dir.path(), b"\0identity"), "the search itself works");
    assert!(!bytes::files_contain(dir.path(), &id.0[..8]));
    assert!(!bytes::files_contain(dir.path(), b"a canary"));
}

#[test]
fn sto_18_the_check_of_all_rows_knows_all_tables() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    put(&database, 1, "block");
    let mut batch = database.batch();
    batch.put(&RECORDS, &RecordId([1; 32]), &"record".into());
    database.commit(batch, Durability::Synced).unwrap();
    let count = database.verify_rows(TABLES).unwrap();
    assert_eq!(count.rows, 2);
    assert!(count.bytes > (9 + 33 + 5 + 6) as u64);

    let unknown = database.verify_rows(&[&BLOCKS]).unwrap_err();
    assert_eq!(unknown.rule(), "STO-02");
    assert!(unknown.to_string().contains("table `3`"));
    drop(database);
    put_raw(dir.path(), b"\x03short", b"").unwrap();
    assert_eq!(open(dir.path()).unwrap().verify_rows(TABLES).unwrap_err().rule(), "STO-01");
}

#[test]
fn the_logical_dump_shows_every_row_opened() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    put(&database, 7, "planted");
    let mut dumped = Vec::new();
    database
        .logical_dump(|row| {
            assert!(row.sealed != b"planted");
            dumped.push((row.table, row.row_key.to_vec(), row.plain.unwrap()));
        })
        .unwrap();
    let tables: Vec<u8> = dumped.iter().map(|row| row.0).collect();
    assert_eq!(tables, [0, 0, 1]);
    assert_eq!(dumped[2].1, key(1, 7));
    assert!(dumped[2].2.ends_with(b"planted"));
    assert!(database.disk_bytes().unwrap() > 0);
}

/// Whether a text stands in some file of a directory.
fn is_on_disk(directory: &std::path::Path, text: &str) -> bool {
    let holds = |path: std::path::PathBuf| {
        std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    };
    std::fs::read_dir(directory).unwrap().any(|entry| holds(entry.unwrap().path()))
}

#[test]
fn sto_20_a_shredding_leaves_nothing_of_what_was_overwritten_or_deleted() {
    let dir = tempdir().unwrap();
    let database = open_clear(dir.path()).unwrap();
    for height in 1..=9 {
        put(&database, height, &format!("the text of block {height}"));
    }
    // In sorted files of different ages, and in the write-ahead log.
    database.flush().unwrap();
    put(&database, 3, "a later text of block three");
    database.flush().unwrap();
    put(&database, 3, "the last text of block three");
    let mut batch = database.batch();
    batch.delete(&BLOCKS, &Height(4));
    database.commit(batch, Durability::Synced).unwrap();
    let gone = ["the text of block 3", "a later text of block three", "the text of block 4"];
    assert!(
        gone.iter().all(|text| is_on_disk(dir.path(), text)),
        "a deletion alone hides, and removes nothing"
    );
    database.flush().unwrap();
    assert!(gone.iter().all(|text| is_on_disk(dir.path(), text)), "and so does a flush");
    database.shred(&BLOCKS, Some((&Height(3), &Height(4)))).unwrap();
    for text in gone {
        assert!(!is_on_disk(dir.path(), text), "{text}");
    }
    assert!(is_on_disk(dir.path(), "the last text of block three"));
    put(&database, 5, "another text of block five");
    database.shred(&BLOCKS, None).unwrap();
    assert!(!is_on_disk(dir.path(), "the text of block 5"));
    assert_eq!(database.get(&BLOCKS, &Height(9)).unwrap().as_deref(), Some("the text of block 9"));
    database.clear(&BLOCKS).unwrap();
    database.shred(&BLOCKS, None).unwrap();
    assert!(!is_on_disk(dir.path(), "the text of block 9") && !is_on_disk(dir.path(), "the last text"));
    assert_eq!(database.scan(&BLOCKS, &Height(0), 9).unwrap(), []);
}
