//! The bytes on the disk, pinned: a change of any of these is a change of format.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use borsh::BorshSerialize;
use parclose_types::{
    ChannelCommitment, Digest, Epoch, Height, RecordId, Sequence, Tag, TransactionDigest, hex,
};
use tempfile::tempdir;

use super::{BLOCKS, put};
use crate::fixtures::{TestCipher, open_clear, options};
use crate::hazmat::raw_rows;
use crate::{Database, Durability, RowKey, Table};

/// Whether any file of a directory contains `needle`.
pub(super) fn files_contain(path: &Path, needle: &[u8]) -> bool {
    fs::read_dir(path).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

/// Writes one row and returns key and value as stored, in hex.
fn stored<K: RowKey, V: BorshSerialize>(table: u8, key: &K, value: &V) -> (String, String) {
    let dir = tempdir().unwrap();
    let database = open_clear(dir.path()).unwrap();
    let mut batch = database.batch();
    batch.put(&Table::<K, V>::ordered(table, "any"), key, value);
    database.commit(batch, Durability::Synced).unwrap();
    drop(database);
    let row = raw_rows(dir.path()).unwrap().pop().unwrap();
    (hex::encode(&row.0), hex::encode(&row.1))
}

#[test]
fn stored_rows_have_their_documented_bytes() {
    let row = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(stored(1, &(), &7_u32), row("01", "07000000"));
    assert_eq!(stored(1, &5_u8, &true), row("0105", "01"));
    assert_eq!(stored(1, &5_u32, &()), row("0100000005", ""));
    assert_eq!(stored(2, &258_u64, &"ab".to_owned()), row("020000000000000102", "020000006162"));
    assert_eq!(stored(2, &Height(1), &1_u8), row("020000000000000001", "01"));
    assert_eq!(stored(2, &Sequence(2), &1_u8), row("020000000000000002", "01"));
    assert_eq!(stored(2, &Epoch(3), &1_u8), row("0200000003", "01"));
    assert_eq!(stored(255, &(Sequence(1), 2_u32), &1_u8), row("ff000000000000000100000002", "01"));
    assert_eq!(stored(4, &(7_u8, b"path".to_vec()), &1_u8), row("040770617468", "01"));
}

#[test]
fn names_are_stored_as_they_are() {
    let of = |byte: &str| format!("03{}", byte.repeat(32));
    assert_eq!(stored(3, &[1_u8; 32], &1_u8).0, of("01"));
    assert_eq!(stored(3, &RecordId([2; 32]), &1_u8).0, of("02"));
    assert_eq!(stored(3, &Tag([3; 32]), &1_u8).0, of("03"));
    assert_eq!(stored(3, &TransactionDigest([4; 32]), &1_u8).0, of("04"));
    assert_eq!(stored(3, &ChannelCommitment(Digest([5; 32])), &1_u8).0, of("05"));
    assert_eq!(stored(3, &Digest([6; 32]), &Tag([9; 32])), (of("06"), "09".repeat(32)));
    assert_eq!(stored(3, &(Tag([7; 32]), Epoch(1), 2_u8), &1_u8).0, format!("{}0000000102", of("07")));
}

#[test]
fn the_marks_of_a_directory_have_their_documented_bytes() {
    let dir = tempdir().unwrap();
    drop(open_clear(dir.path()).unwrap());
    let format = (b"\0format".to_vec(), b"\0\0\0\x01test".to_vec());
    let identity = (b"\0identity".to_vec(), [[1; 32].as_slice(), b"\0\0\0\x01test"].concat());
    assert_eq!(raw_rows(dir.path()).unwrap(), [format, identity]);
}

#[test]
fn two_databases_of_one_process_share_nothing_on_disk() {
    let dir = tempdir().unwrap();
    let shared = options(1);
    let other = crate::DatabaseOptions { owner_id: [2; 32], ..shared.clone() };
    let clear = || Arc::new(crate::ClearRows);
    let one = Database::open(dir.path().join("one"), &shared, clear()).unwrap();
    let two = Database::open(dir.path().join("two"), &other, clear()).unwrap();
    put(&one, 1, "canary of one");
    put(&two, 1, "canary of two");
    put(&two, 2, "more of two");
    assert_eq!(one.get(&BLOCKS, &Height(1)), Ok(Some("canary of one".into())));
    assert_eq!(two.get(&BLOCKS, &Height(1)), Ok(Some("canary of two".into())));
    assert_eq!(one.get(&BLOCKS, &Height(2)), Ok(None));
    one.flush().unwrap();
    two.sync().unwrap();
    for (path, own, foreign) in [("one", "of one", "of two"), ("two", "of two", "of one")] {
        assert!(files_contain(&dir.path().join(path), own.as_bytes()));
        assert!(!files_contain(&dir.path().join(path), foreign.as_bytes()));
    }
}

/// 16 MiB of rows go through, then all of them are read: blocks make way for write buffers.
#[test]
fn many_databases_stay_within_the_shared_memory() {
    const LIMIT: usize = 12 << 20;
    let dir = tempdir().unwrap();
    let mut options = options(1);
    options.cache = crate::SharedCache::new(LIMIT);
    let text = "x".repeat(16 << 10);
    let open = |n: u64| Database::open(dir.path().join(n.to_string()), &options, TestCipher::new(n)).unwrap();
    let databases: Vec<Database> = (0..16).map(open).collect();
    let within =
        || assert!(options.cache.used_bytes() <= LIMIT, "{} bytes in use", options.cache.used_bytes());
    for height in 0..64 {
        databases.iter().for_each(|database| put(database, height, &text));
        within();
    }
    databases.iter().for_each(|database| database.flush().unwrap());
    for height in 0..64 {
        for database in &databases {
            assert_eq!(database.get(&BLOCKS, &Height(height)).unwrap().as_ref(), Some(&text));
        }
        within();
    }
    assert!(options.cache.used_bytes() > LIMIT / 2, "the cache was put to use");
}
