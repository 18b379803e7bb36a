//! F18: a store recovers a prefix of what was committed, with everything that was acknowledged, or says why not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parclose_store::hazmat::{copy_after_kill, copy_after_power_loss_keeping, unsynced_bytes};
use parclose_store::{ClearRows, Database, DatabaseOptions, Durability, SharedCache, StoreError, Table};
use parclose_types::Failure;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;

static OPEN: Point = Point::decides("Database::open");
static POWER: Point = Point::fault("loss of power");
static KILL: Point = Point::fault("end of the process");
static CUT: Point = Point::fault("a log cut short");
static FLIP: Point = Point::fault("a bit of a file");
static GONE: Point = Point::fault("a file that is gone");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F18",
    name: "f18_recovery",
    holds: "after a crash, a cut or changed log, or a lost file a store is a prefix of its commits with every acknowledged one, or is not opened; never a hole",
    reach: || vec![&OPEN, &POWER, &KILL, &CUT, &FLIP, &GONE],
    run,
    controls: &[
        Control { name: "an acknowledgement before the sync", run: early },
        Control { name: "a recovery that skips a commit", run: hole },
    ],
    script_bytes: 96,
};

const ROWS: Table<u8, Vec<u8>> = Table::ordered(1, "rows");
const COUNT: Table<(), u32> = Table::ordered(2, "count");
const COMMITS_MAX: usize = 6;
const MADE: &str = "a store in a temporary folder is written";

type Rows = BTreeMap<u8, Vec<u8>>;

static CACHE: LazyLock<SharedCache> = LazyLock::new(|| SharedCache::new(1 << 20));

fn open(path: &Path) -> Result<Database, StoreError> {
    let options = DatabaseOptions {
        kind: "fuzz",
        owner_id: [1; 32],
        cache: CACHE.clone(),
        write_buffer_bytes: 256 << 10,
    };
    Database::open(path, &options, Arc::new(ClearRows))
}

/// What was committed: the rows after each commit, and the last commit that was acknowledged.
struct Written {
    states: Vec<Rows>,
    acknowledged: usize,
}

/// How a model of recovery errs on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quirk {
    None,
    Early,
    Hole,
}

/// One scenario: commits, a fault, and what opens after it.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::None)
}

fn early(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::Early)
}

fn hole(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::Hole)
}

fn hold(bytes: &[u8], quirk: Quirk) -> Answer {
    let mut script = Script::new(bytes);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let database = open(&store).expect(MADE);
    let mut written = write(&database, &mut script);
    if quirk == Quirk::Early {
        written.acknowledged = written.states.len() - 1;
    }
    crash(&database, &copy, &mut script);
    drop(database);
    let damaged = damage(&copy, &mut script);
    let recovered = OPEN.ask(|| open(&copy).and_then(|database| read(&database)));
    match recovered {
        Ok((count, mut rows)) => {
            if quirk == Quirk::Hole {
                rows.pop_first();
            }
            assert_eq!(
                written.states.get(count),
                Some(&rows),
                "what is recovered is no prefix of the commits"
            );
            assert!(count >= written.acknowledged || damaged, "an acknowledged commit is gone");
            Answer::when(count == written.states.len() - 1, "prefix")
        }
        Err(refused) => {
            assert!(damaged, "a store is refused that only crashed: {refused}");
            Answer::Refused(refused.rule())
        }
    }
}

/// Commits in turn, each with a few rows; a synced one acknowledges itself and all before it.
fn write(database: &Database, script: &mut Script<'_>) -> Written {
    let mut written = Written { states: vec![Rows::new()], acknowledged: 0 };
    for number in 1..=1 + script.below(COMMITS_MAX) {
        let mut rows = written.states.last().cloned().unwrap_or_default();
        let mut batch = database.batch();
        for _ in 0..1 + script.below(3) {
            let (key, value) = (script.any::<u8>() % 8, vec![script.any(); script.below(200)]);
            batch.put(&ROWS, &key, &value);
            rows.insert(key, value);
        }
        batch.put(&COUNT, &(), &u32::try_from(number).unwrap_or(u32::MAX));
        let synced = script.flag();
        let durability = if synced { Durability::Synced } else { Durability::Buffered };
        database.commit(batch, durability).expect(MADE);
        written.states.push(rows);
        if synced {
            written.acknowledged = number;
        }
        if script.below(8) == 0 {
            database.flush().expect(MADE);
        }
    }
    written
}

/// The copy that a crash leaves.
fn crash(database: &Database, copy: &Path, script: &mut Script<'_>) {
    let kept = script.below(usize::try_from(unsynced_bytes(database).expect(MADE)).unwrap_or(0) + 1) as u64;
    if script.flag() {
        POWER.call(|| copy_after_power_loss_keeping(database, copy, kept).expect(MADE));
    } else {
        KILL.call(|| copy_after_kill(database, copy).expect(MADE));
    }
}

/// Changes one file of a closed copy; whether it did.
fn damage(copy: &Path, script: &mut Script<'_>) -> bool {
    match script.below(6) {
        0 => newest_log(copy).is_some_and(|log| cut(&log, script)),
        1 => newest_log(copy).is_some_and(|log| flip(&log, script)),
        2 => {
            let files = files(copy);
            flip(&files[script.below(files.len())], script)
        }
        3 => {
            let files = files(copy);
            let gone = script.pick(&files);
            GONE.call(|| fs::remove_file(gone).expect(MADE));
            true
        }
        _ => false,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect(MADE);
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect(MADE).path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn newest_log(folder: &Path) -> Option<PathBuf> {
    files(folder).into_iter().filter(|path| path.extension().is_some_and(|of| of == "log")).max()
}

fn cut(file: &Path, script: &mut Script<'_>) -> bool {
    let bytes = fs::read(file).expect(MADE);
    let length = script.below(bytes.len() + 1);
    CUT.call(|| fs::write(file, &bytes[..length]).expect(MADE));
    length < bytes.len()
}

fn flip(file: &Path, script: &mut Script<'_>) -> bool {
    let mut bytes = fs::read(file).expect(MADE);
    if bytes.is_empty() {
        return false;
    }
    let (at, bit) = (script.below(bytes.len()), script.below(8));
    bytes[at] ^= 1 << bit;
    FLIP.call(|| fs::write(file, &bytes).expect(MADE));
    true
}

/// The number of the last commit, and all rows.
fn read(database: &Database) -> Result<(usize, Rows), StoreError> {
    let count = database.get(&COUNT, &())?.unwrap_or(0);
    let rows = database.scan(&ROWS, &0, usize::MAX)?.into_iter().collect();
    Ok((usize::try_from(count).unwrap_or(usize::MAX), rows))
}
