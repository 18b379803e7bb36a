//! Who may open which directory, and what happens when the disk says no.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use parclose_types::{Failure, Height};
use tempfile::tempdir;

use super::{BLOCKS, put};
use crate::fixtures::{TestCipher, open, open_clear, options};
use crate::hazmat::{delete_raw, put_raw};
use crate::{ClearRows, Database, DatabaseOptions, Durability, StoreError};

fn refusal(opened: Result<Database, StoreError>) -> (&'static str, &'static str) {
    let error = opened.unwrap_err();
    (error.code(), error.rule())
}

#[test]
fn a_directory_is_made_with_its_parents_and_opens_again() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("stores").join("one");
    put(&open(&path).unwrap(), 1, "kept");
    assert_eq!(open(&path).unwrap().get(&BLOCKS, &Height(1)), Ok(Some("kept".into())));
    let reader = Database::open_read_only(&path, &options(1), TestCipher::new(1)).unwrap();
    assert_eq!(reader.get(&BLOCKS, &Height(1)), Ok(Some("kept".into())));
}

#[test]
fn sto_03_a_newer_format_is_refused() {
    let dir = tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    put_raw(dir.path(), b"\0format", b"\0\0\0\x02test").unwrap();
    assert_eq!(refusal(open(dir.path())), ("STORE_FORMAT", "STO-03"));
    let text = open(dir.path()).unwrap_err().to_string();
    assert!(text.ends_with("has store format 2, this program reads format 1"), "{text}");
}

#[test]
fn sto_03_rows_without_a_format_row_are_refused() {
    let dir = tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    delete_raw(dir.path(), b"\0format").unwrap();
    assert_eq!(refusal(open(dir.path())), ("STORE_FORMAT", "STO-03"));
}

#[test]
fn sto_04_another_kind_is_refused() {
    let dir = tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let other = DatabaseOptions { kind: "other", ..options(1) };
    assert_eq!(refusal(Database::open(dir.path(), &other, TestCipher::new(1))), ("STORE_FORMAT", "STO-04"));
}

#[test]
fn sto_05_another_owner_or_key_is_refused() {
    let dir = tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let wrong = ("STORE_WRONG_OWNER", "STO-05");
    assert_eq!(refusal(Database::open(dir.path(), &options(2), TestCipher::new(1))), wrong);
    assert_eq!(refusal(Database::open(dir.path(), &options(1), TestCipher::new(2))), wrong);
    assert_eq!(refusal(Database::open(dir.path(), &options(1), Arc::new(ClearRows))), wrong);
    assert_eq!(refusal(Database::open_read_only(dir.path(), &options(2), TestCipher::new(1))), wrong);
    delete_raw(dir.path(), b"\0identity").unwrap();
    assert_eq!(refusal(open(dir.path())), wrong);
}

#[test]
fn sto_05_an_exchanged_format_row_does_not_match_the_identity() {
    let dir = tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    put_raw(dir.path(), b"\0format", b"\0\0\0\x01other").unwrap();
    let other = DatabaseOptions { kind: "other", ..options(1) };
    assert_eq!(
        refusal(Database::open(dir.path(), &other, TestCipher::new(1))),
        ("STORE_WRONG_OWNER", "STO-05")
    );
}

#[test]
fn sto_06_a_directory_is_open_at_most_once() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("store");
    let first = open(&path).unwrap();
    let in_use = ("STORE_IN_USE", "STO-06");
    assert_eq!(refusal(open(&path)), in_use);
    let alias = dir.path().join("alias");
    symlink(&path, &alias).unwrap();
    assert_eq!(refusal(open(&alias)), in_use);
    assert_eq!(put_raw(&path, b"\x01", b"").unwrap_err().rule(), "STO-06");
    put(&first, 1, "still works");
    drop(first);
    assert_eq!(open(&alias).unwrap().get(&BLOCKS, &Height(1)), Ok(Some("still works".into())));
}

/// Lets the next log files of RocksDB lead to a device: `/dev/full` refuses writes with `ENOSPC`,
/// `/dev/null` takes them but cannot be synced.
fn break_the_disk(path: &Path, device: &str) {
    let numbers = fs::read_dir(path).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.split(['.', '-']).find_map(|part| part.parse::<u64>().ok())
    });
    let newest = numbers.max().unwrap();
    for number in newest + 1..newest + 9 {
        symlink(device, path.join(format!("{number:06}.log"))).unwrap();
    }
}

fn replace_the_disk(path: &Path) {
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_symlink() {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[test]
fn sto_07_sto_12_after_a_failed_write_nothing_more_is_written() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    put(&database, 1, "before");
    break_the_disk(dir.path(), "/dev/full");
    database.flush().unwrap();

    let commit = |height: u64, durability| {
        let mut batch = database.batch();
        batch.put(&BLOCKS, &Height(height), &"after".into());
        database.commit(batch, durability)
    };
    let failed = commit(2, Durability::Synced).unwrap_err();
    assert_eq!((failed.code(), failed.rule(), failed.definite()), ("STORE_IO", "STO-12", false));
    assert!(failed.to_string().contains("No space left on device"), "{failed}");
    for refused in
        [commit(3, Durability::Buffered), commit(3, Durability::Synced), database.sync(), database.flush()]
    {
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), refused.rule(), refused.definite()), ("STORE_POISONED", "STO-07", true));
    }
    assert_eq!(database.get(&BLOCKS, &Height(1)), Ok(Some("before".into())));
    assert_eq!(database.get(&BLOCKS, &Height(2)), Ok(None));

    drop(database);
    replace_the_disk(dir.path());
    let database = open(dir.path()).unwrap();
    put(&database, 3, "again");
    assert_eq!(database.scan(&BLOCKS, &Height(0), 9).unwrap().len(), 2);
}

/// Shows, too, that a synced commit asks the operating system and a buffered one does not.
#[test]
fn sto_07_sto_14_a_sync_that_fails_is_not_tried_again() {
    let dir = tempdir().unwrap();
    let database = open(dir.path()).unwrap();
    put(&database, 1, "before");
    break_the_disk(dir.path(), "/dev/null");
    database.flush().unwrap();
    put(&database, 2, "buffered");
    let mut batch = database.batch();
    batch.put(&BLOCKS, &Height(3), &"synced".into());
    let failed = database.commit(batch, Durability::Synced).unwrap_err();
    assert_eq!((failed.rule(), failed.definite()), ("STO-12", false));
    assert_eq!(database.sync().unwrap_err().rule(), "STO-07");
    let nothing = database.batch();
    assert_eq!(database.commit(nothing, Durability::Synced).unwrap_err().rule(), "STO-07");
}

#[test]
fn sto_08_a_reader_takes_no_writes() {
    let dir = tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let reader = Database::open_read_only(dir.path(), &options(1), TestCipher::new(1)).unwrap();
    let mut batch = reader.batch();
    batch.put(&BLOCKS, &Height(1), &"text".into());
    let refused = reader.commit(batch, Durability::Buffered).unwrap_err();
    assert_eq!((refused.code(), refused.rule()), ("STORE_READ_ONLY", "STO-08"));
    assert_eq!(reader.flush().unwrap_err().rule(), "STO-08");
    assert_eq!(reader.sync().unwrap_err().rule(), "STO-08");
}

#[test]
fn sto_10_a_broken_checksum_is_damage_not_absence() {
    let dir = tempdir().unwrap();
    let database = open_clear(dir.path()).unwrap();
    put(&database, 1, "a text that can be found in the file");
    database.flush().unwrap();
    drop(database);
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if let Some(at) = bytes.windows(12).position(|window| window == b"can be found") {
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    let error = open_clear(dir.path()).and_then(|database| database.get(&BLOCKS, &Height(1))).unwrap_err();
    assert_eq!((error.code(), error.rule()), ("STORE_DAMAGED", "STO-10"));
    assert!(!error.to_string().contains("found"));
}

#[test]
fn sto_11_a_path_that_cannot_be_a_directory_is_an_error_of_the_disk() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "text").unwrap();
    assert_eq!(refusal(open(&path)), ("STORE_IO", "STO-11"));
    assert_eq!(refusal(open(&path.join("below"))), ("STORE_IO", "STO-11"));
    assert_eq!(fs::read(&path).unwrap(), b"text");
}

#[test]
fn sto_13_reading_an_absent_store_creates_nothing() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("absent");
    let opened = Database::open_read_only(&path, &options(1), TestCipher::new(1));
    assert_eq!(refusal(opened), ("STORE_ABSENT", "STO-13"));
    assert!(!path.exists());
}

#[test]
fn sto_19_a_checkpoint_holds_every_commit_before_it_and_none_after() {
    let dir = tempdir().unwrap();
    let database = open(&dir.path().join("db")).unwrap();
    put(&database, 1, "before");
    let taken = dir.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    let refused = database.checkpoint(&taken).unwrap_err();
    assert_eq!((refused.rule(), refused.definite()), ("STO-19", true));
    let to = dir.path().join("checkpoint");
    database.checkpoint(&to).unwrap();
    put(&database, 2, "after");
    let checkpoint = open(&to).unwrap();
    assert_eq!(checkpoint.get(&BLOCKS, &Height(1)), Ok(Some("before".into())));
    assert_eq!(checkpoint.get(&BLOCKS, &Height(2)), Ok(None));
    put(&checkpoint, 3, "of its own");
    assert_eq!(database.get(&BLOCKS, &Height(2)), Ok(Some("after".into())), "it goes on");
    assert_eq!(database.get(&BLOCKS, &Height(3)), Ok(None));
}
