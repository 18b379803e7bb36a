//! Crashes: what survives, what may be lost, and that the loss would be noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use crate::fixtures::{TestCipher, open, options};
use crate::{RowKey, Table};

const ROWS: Table<u8, Vec<u8>> = Table::ordered(1, "rows");
const COMMITS: Table<(), u32> = Table::ordered(2, "commits");

type State = BTreeMap<u8, Vec<u8>>;

/// Commits number `n`: rows get new values, and a counter that names the state.
fn commit(database: &Database, n: u32, rows: &State, durability: Durability) {
    let mut batch = database.batch();
    batch.put(&COMMITS, &(), &n);
    for (key, value) in rows {
        batch.put(&ROWS, key, value);
    }
    database.commit(batch, durability).unwrap();
}

fn small(n: u8) -> State {
    State::from([(n, vec![n; 3]), (0, vec![n])])
}

/// The number of the last commit that a database holds, and all its rows.
fn state(database: &Database) -> (u32, State) {
    let rows = database.scan(&ROWS, &0, usize::MAX).unwrap().into_iter().collect();
    (database.get(&COMMITS, &()).unwrap().unwrap_or(0), rows)
}

fn recovered(path: &Path) -> (u32, State) {
    state(&open(path).unwrap())
}

/// The states after 0, 1, 2 … commits.
fn model(commits: &[State]) -> Vec<State> {
    let mut states = vec![State::new()];
    for rows in commits {
        let mut next = states.last().cloned().unwrap_or_default();
        next.extend(rows.clone());
        states.push(next);
    }
    states
}

fn newest_log(path: &Path) -> PathBuf {
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|e| e == "log")).max().unwrap()
}

#[test]
fn sto_14_a_synced_commit_and_all_before_it_survive_loss_of_power() {
    let dir = tempdir().unwrap();
    let database = open(&dir.path().join("store")).unwrap();
    commit(&database, 1, &small(1), Durability::Buffered);
    commit(&database, 2, &small(2), Durability::Synced);
    copy_after_power_loss(&database, &dir.path().join("copy")).unwrap();
    assert_eq!(recovered(&dir.path().join("copy")), (2, model(&[small(1), small(2)])[2].clone()));
    assert_eq!(unsynced_bytes(&database), Ok(0));
}

/// The control of all crash tests: were a sync left out, the copy would show it.
#[test]
fn sto_14_a_buffered_commit_after_the_last_sync_is_lost_with_the_power_but_not_with_the_process() {
    let dir = tempdir().unwrap();
    let database = open(&dir.path().join("store")).unwrap();
    commit(&database, 1, &small(1), Durability::Synced);
    commit(&database, 2, &small(2), Durability::Buffered);
    assert!(unsynced_bytes(&database).unwrap() > 0);
    copy_after_power_loss(&database, &dir.path().join("power")).unwrap();
    copy_after_kill(&database, &dir.path().join("kill")).unwrap();
    assert_eq!(recovered(&dir.path().join("power")).0, 1);
    assert_eq!(recovered(&dir.path().join("kill")).0, 2);

    let nothing = database.batch();
    database.commit(nothing, Durability::Synced).unwrap();
    copy_after_power_loss(&database, &dir.path().join("later")).unwrap();
    assert_eq!(recovered(&dir.path().join("later")).0, 2);
    assert!(copy_after_kill(&database, &dir.path().join("later")).is_err(), "copies go to empty places");
}

#[test]
fn sto_14_a_new_directory_is_durable_when_open_returns() {
    let dir = tempdir().unwrap();
    let database = open(&dir.path().join("store")).unwrap();
    copy_after_power_loss(&database, &dir.path().join("copy")).unwrap();
    assert_eq!(raw_rows(&dir.path().join("copy")).unwrap().len(), 2);
}

#[test]
fn sto_15_every_cut_of_the_unsynced_tail_opens_to_a_prefix() {
    let dir = tempdir().unwrap();
    let database = open(&dir.path().join("store")).unwrap();
    commit(&database, 1, &small(1), Durability::Synced);
    for n in 2..5 {
        commit(&database, u32::from(n), &small(n), Durability::Buffered);
    }
    let states = model(&[small(1), small(2), small(3), small(4)]);
    let tail = unsynced_bytes(&database).unwrap();
    let mut previous = 1;
    for kept in 0..=tail {
        let copy = tempdir().unwrap();
        copy_after_power_loss_keeping(&database, copy.path(), kept).unwrap();
        let (n, rows) = recovered(copy.path());
        assert_eq!(rows, states[n as usize], "{kept} of {tail} bytes");
        assert!(n >= previous, "more bytes kept, fewer commits");
        previous = n;
    }
    assert_eq!(previous, 4);
}

/// The values span several blocks of the log: recovery that skipped a bad block would find the next.
#[test]
fn sto_15_damage_inside_the_log_opens_to_a_prefix_never_to_a_hole() {
    let dir = tempdir().unwrap();
    let mut large_buffers = options(1);
    large_buffers.write_buffer_bytes = 2 << 20;
    let database = Database::open(dir.path().join("store"), &large_buffers, TestCipher::new(1)).unwrap();
    let commits: Vec<State> = (1..6).map(|n| State::from([(n, vec![n; 40_000])])).collect();
    for (n, rows) in (1..).zip(&commits) {
        commit(&database, n, rows, Durability::Buffered);
    }
    let states = model(&commits);
    let length = usize::try_from(unsynced_bytes(&database).unwrap()).unwrap();
    assert!(length > 200_000, "all of it is still in one log");
    for at in (0..length).step_by(4_999) {
        let copy = tempdir().unwrap();
        copy_after_kill(&database, copy.path()).unwrap();
        let log = newest_log(copy.path());
        let mut bytes = fs::read(&log).unwrap();
        bytes[at] ^= 0x10;
        fs::write(&log, bytes).unwrap();
        let (n, rows) = recovered(copy.path());
        assert!(n < 5, "a flipped bit at {at} went unnoticed");
        assert!(rows == states[n as usize], "a flipped bit at {at} left a hole");
    }
}

#[test]
fn sto_15_a_tail_of_old_bytes_is_not_taken_for_commits() {
    for garbage in [[0_u8; 4096], [0xa5; 4096]] {
        let dir = tempdir().unwrap();
        let database = open(&dir.path().join("store")).unwrap();
        commit(&database, 1, &small(1), Durability::Synced);
        let copy = dir.path().join("copy");
        copy_after_power_loss(&database, &copy).unwrap();
        let log = newest_log(&copy);
        let torn = [fs::read(&log).unwrap(), garbage.to_vec()].concat();
        fs::write(&log, torn).unwrap();
        assert_eq!(recovered(&copy), (1, small(1)));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Commit(State, Durability),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let value = (any::<u8>(), prop_oneof![4 => 0..40_usize, 1 => 10_000..30_000_usize]);
    let rows =
        prop::collection::btree_map(0..6_u8, value.prop_map(|(byte, length)| vec![byte; length]), 1..4);
    let durability = prop_oneof![3 => Just(Durability::Buffered), 1 => Just(Durability::Synced)];
    prop_oneof![15 => (rows, durability).prop_map(|(rows, how)| Step::Commit(rows, how)), 1 => Just(Step::Flush)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// The small write buffer makes RocksDB change logs and flush on its own in between.
    #[test]
    fn sto_15_loss_of_power_leaves_a_prefix_with_all_synced_commits(
        steps in prop::collection::vec(step(), 1..40), kept in prop_oneof![Just(0_u64), 0..100_000_u64],
    ) {
        let dir = tempdir().unwrap();
        let mut small_buffers = options(1);
        small_buffers.write_buffer_bytes = 64 << 10;
        let database = Database::open(dir.path().join("store"), &small_buffers, TestCipher::new(1)).unwrap();
        let (mut commits, mut durable) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Commit(rows, how) => {
                    commits.push(rows);
                    let n = u32::try_from(commits.len()).unwrap();
                    commit(&database, n, commits.last().unwrap(), how);
                    if how == Durability::Synced { durable = n; }
                }
                Step::Flush => {
                    database.flush().unwrap();
                    durable = u32::try_from(commits.len()).unwrap();
                }
            }
        }
        let copy = dir.path().join("copy");
        copy_after_power_loss_keeping(&database, &copy, kept).unwrap();
        let states = model(&commits);

        let survivor = open(&copy).unwrap();
        let (n, rows) = state(&survivor);
        prop_assert!(n >= durable, "commit {} was synced, {} survived", durable, n);
        prop_assert_eq!(&rows, &states[n as usize]);

        // The survivor crashes in its turn: what it synced stands on the prefix it found.
        commit(&survivor, n + 1, &small(9), Durability::Synced);
        commit(&survivor, n + 2, &small(8), Durability::Buffered);
        copy_after_power_loss(&survivor, &dir.path().join("again")).unwrap();
        let mut expected = rows;
        expected.extend(small(9));
        prop_assert_eq!(recovered(&dir.path().join("again")), (n + 1, expected));
    }
}

#[test]
fn tampering_needs_a_store_and_leaves_no_new_one() {
    let dir = tempdir().unwrap();
    let absent = dir.path().join("absent");
    assert!(matches!(put_raw(&absent, &1_u8.to_row_key(), b""), Err(StoreError::Absent { .. })));
    assert!(matches!(raw_rows(&absent), Err(StoreError::Absent { .. })));
    assert!(!absent.exists());
}
