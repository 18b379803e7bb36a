use std::sync::Arc;

use super::*;
use crate::{ClearRows, Database, DatabaseOptions, Durability, SharedCache, Table};

const ROWS: Table<u64, u64> = Table::ordered(1, "rows");
const AT: &str = "/machine/db";

fn open(medium: &Medium) -> Result<Database, StoreError> {
    let options = DatabaseOptions {
        kind: "test",
        owner_id: [1; 32],
        cache: SharedCache::on(medium),
        write_buffer_bytes: 1 << 16,
    };
    Database::open(AT, &options, Arc::new(ClearRows))
}

fn put(database: &Database, rows: &[(u64, u64)], durability: Durability) -> Result<(), StoreError> {
    let mut batch = database.batch();
    for (key, value) in rows {
        batch.put(&ROWS, key, value);
    }
    database.commit(batch, durability)
}

fn held(database: &Database) -> Vec<(u64, u64)> {
    let mut rows = Vec::new();
    database
        .visit(&ROWS, &0, |key, value| {
            rows.push((key, value));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

#[test]
fn a_crash_keeps_what_was_synced_and_whole_commits_after_it() {
    for kept in 0..=2 {
        let medium = Medium::default();
        let database = open(&medium).unwrap();
        put(&database, &[(1, 1), (2, 1)], Durability::Synced).unwrap();
        put(&database, &[(3, 1), (4, 1)], Durability::Buffered).unwrap();
        put(&database, &[(1, 2)], Durability::Buffered).unwrap();
        assert_eq!(held(&database), [(1, 2), (2, 1), (3, 1), (4, 1)]);
        medium.lose_power(|_| kept);
        assert!(database.get(&ROWS, &1).is_err(), "a handle of before the crash reads nothing");
        let expected: &[_] = match kept {
            0 => &[(1, 1), (2, 1)],
            1 => &[(1, 1), (2, 1), (3, 1), (4, 1)],
            _ => &[(1, 2), (2, 1), (3, 1), (4, 1)],
        };
        assert_eq!(held(&open(&medium).unwrap()), expected);
    }
}

#[test]
fn a_disk_that_lies_loses_what_it_said_was_synced_and_tears_commits() {
    let medium = Medium::default();
    let database = open(&medium).unwrap();
    medium.plant(Lies { skips_sync: 1, tears_commits: true });
    put(&database, &[(1, 1), (2, 1)], Durability::Synced).unwrap();
    medium.lose_power(|_| 0);
    assert_eq!(held(&open(&medium).unwrap()), [(2, 1)], "half of it, and the sync was a lie");
}

#[test]
fn the_power_fails_before_or_after_a_sync() {
    for moment in [Moment::Before, Moment::After] {
        let medium = Medium::default();
        let database = open(&medium).unwrap();
        medium.stop_at(medium.syncs() + 2, moment);
        put(&database, &[(1, 1)], Durability::Synced).unwrap();
        assert!(put(&database, &[(2, 2)], Durability::Synced).is_err());
        assert!(medium.is_stopped() && database.get(&ROWS, &1).is_err());
        medium.lose_power(|_| 0);
        let expected: &[_] = if moment == Moment::Before { &[(1, 1)] } else { &[(1, 1), (2, 2)] };
        assert_eq!(held(&open(&medium).unwrap()), expected);
    }
}

#[test]
fn after_a_refused_write_nothing_more_is_written() {
    for refusal in [Refusal::NoSpace, Refusal::Device, Refusal::Sync] {
        let medium = Medium::default();
        let database = open(&medium).unwrap();
        put(&database, &[(1, 1)], Durability::Synced).unwrap();
        medium.refuse(medium.writes() + 1, refusal);
        let refused = put(&database, &[(2, 2)], Durability::Synced);
        assert!(matches!(refused, Err(StoreError::WriteFailed { .. })), "{refusal:?}");
        let more = put(&database, &[(3, 3)], Durability::Synced);
        assert!(matches!(more, Err(StoreError::Poisoned { .. })), "{refusal:?}");
        drop(database);
        medium.lose_power(|pending| pending);
        assert_eq!(held(&open(&medium).unwrap()), [(1, 1)], "{refusal:?}");
        assert_eq!(medium.refused(), 1);
    }
}

#[test]
fn a_directory_is_open_once_and_damage_is_an_error() {
    let medium = Medium::default();
    let database = open(&medium).unwrap();
    put(&database, &[(1, 1)], Durability::Synced).unwrap();
    assert!(matches!(open(&medium), Err(StoreError::InUse { .. })));
    let rows = medium.rows(Path::new(AT)).len();
    assert!(medium.damage(Path::new(AT), rows - 1) && !medium.damage(Path::new(AT), rows));
    assert!(matches!(database.get(&ROWS, &1), Err(StoreError::Damaged { .. })));
    put(&database, &[(1, 2)], Durability::Synced).unwrap();
    assert_eq!(database.get(&ROWS, &1).unwrap(), Some(2), "what is written anew is whole again");
}

#[test]
fn an_image_is_what_was_durable() {
    let (medium, other) = (Medium::default(), Medium::default());
    let database = open(&medium).unwrap();
    put(&database, &[(1, 1)], Durability::Synced).unwrap();
    let image = medium.image();
    put(&database, &[(2, 2)], Durability::Synced).unwrap();
    drop(database);
    other.restore(&image);
    assert_eq!(held(&open(&other).unwrap()), [(1, 1)]);
    medium.restore(&image);
    assert_eq!(held(&open(&medium).unwrap()), [(1, 1)]);
}

#[test]
fn many_rows_are_shown_in_their_order() {
    let medium = Medium::default();
    let database = open(&medium).unwrap();
    let rows: Vec<_> = (0..300).map(|number| (number, number)).collect();
    put(&database, &rows, Durability::Buffered).unwrap();
    assert_eq!(held(&database), rows);
}
