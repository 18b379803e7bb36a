//! F18: a store recovers a prefix of what was committed and never a hole; what of it may be missing depends on what happened.
//!
//! ```text
//!   a crash                                             opens, with every acknowledged commit
//!   then bytes of a log behind its last sync, or        the same: nothing was lost that was promised
//!     a file without commits, changed or lost
//!   then a sorted file changed or lost                  opens with every acknowledged commit, or is refused
//!   then synced bytes of a log, the manifest or         opens with a prefix, which may be shorter than what was
//!     `CURRENT` changed or lost                           acknowledged, or is refused
//! ```
//!
//! The last cannot be promised away: a log that was cut where it was synced looks like one whose end never reached the
//! disk. The owner of a store learns of it from the root chain, and not from the store.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parclose_store::hazmat::{
    copy_after_kill, copy_after_power_loss, copy_after_power_loss_keeping, unsynced_bytes,
};
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
static TAIL: Point = Point::fault("damage behind the last sync of a log");
static BESIDE: Point = Point::fault("damage to a file without commits");
static SORTED: Point = Point::fault("damage to a sorted file");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F18",
    name: "f18_recovery",
    holds: "a store is a prefix of its commits, never with a hole: with every acknowledged one after a crash, also if bytes behind the last sync or files without commits are damaged; after other damage to a sorted file the same or refused, and to synced bytes of a log or the manifest perhaps a shorter prefix, or refused",
    reach: || vec![&OPEN, &POWER, &KILL, &CUT, &FLIP, &GONE, &TAIL, &BESIDE, &SORTED],
    run,
    controls: &[
        Control { name: "an acknowledgement before the sync", run: early },
        Control { name: "a recovery that skips a commit", run: hole },
        Control { name: "a recovery that gives up a synced commit for a torn tail", run: timid },
        Control { name: "a recovery that refuses a torn tail", run: proud },
        Control { name: "a recovery that reads on without a sorted file", run: lenient },
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
    /// goes back before what was synced, where only what was not is damaged
    Timid,
    /// is not opened there
    Proud,
    /// goes back before what was synced, where a sorted file is damaged
    Lenient,
}

/// What was damaged after the crash, by what it may cost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Damage {
    None,
    /// bytes of a log behind its last sync
    Tail,
    /// a file that holds no commit
    Beside,
    /// a sorted file: it has checksums, and the manifest names it
    Sorted,
    /// synced bytes of a log, or what says which files there are
    Deep,
}

impl Damage {
    /// Whether the store may be refused.
    const fn may_refuse(self) -> bool {
        matches!(self, Self::Sorted | Self::Deep)
    }

    /// Whether acknowledged commits may be missing.
    const fn may_lose(self) -> bool {
        matches!(self, Self::Deep)
    }
}

/// Log file -> bytes that loss of power cannot take.
type Synced = BTreeMap<PathBuf, usize>;

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

fn timid(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::Timid)
}

fn proud(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::Proud)
}

fn lenient(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::Lenient)
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
    let synced = synced(&database, &folder.path().join("bare"));
    crash(&database, &copy, &mut script);
    drop(database);
    let damage = damage(&copy, &synced, &mut script);
    let recovered = OPEN.ask(|| open(&copy).and_then(|database| read(&database)));
    judge(&written, damage, errs(recovered, &written, damage, quirk))
}

/// What a recovery that errs on purpose makes of it.
fn errs(
    recovered: Result<(usize, Rows), StoreError>,
    written: &Written,
    damage: Damage,
    quirk: Quirk,
) -> Result<(usize, Rows), StoreError> {
    let earlier = || {
        let count = written.acknowledged.saturating_sub(1);
        Ok((count, written.states.get(count).cloned().unwrap_or_default()))
    };
    match (quirk, damage) {
        (Quirk::Hole, _) => recovered.map(|(count, mut rows)| {
            rows.pop_first();
            (count, rows)
        }),
        (Quirk::Timid, Damage::Tail) | (Quirk::Lenient, Damage::Sorted) => earlier(),
        (Quirk::Proud, Damage::Tail) => Err(StoreError::Damaged { path: "copy".into() }),
        _ => recovered,
    }
}

/// Whether what is recovered may come of this damage.
fn judge(written: &Written, damage: Damage, recovered: Result<(usize, Rows), StoreError>) -> Answer {
    match recovered {
        Ok((count, rows)) => {
            assert_eq!(
                written.states.get(count),
                Some(&rows),
                "what is recovered is no prefix of the commits"
            );
            let is_short = count < written.acknowledged;
            assert!(!is_short || damage.may_lose(), "an acknowledged commit is gone");
            Answer::when(count == written.states.len() - 1, if is_short { "shorter" } else { "prefix" })
        }
        Err(refused) => {
            assert!(damage.may_refuse(), "a store is refused that has lost nothing synced: {refused}");
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

/// How long each log is for sure: the logs of a copy of which loss of power has left nothing else.
fn synced(database: &Database, bare: &Path) -> Synced {
    copy_after_power_loss(database, bare).expect(MADE);
    let length = |log: PathBuf| {
        let bytes = fs::metadata(&log).expect(MADE).len();
        (PathBuf::from(log.file_name().unwrap_or_default()), usize::try_from(bytes).unwrap_or(usize::MAX))
    };
    logs(bare).map(length).collect()
}

/// Changes one file of a closed copy.
fn damage(copy: &Path, synced: &Synced, script: &mut Script<'_>) -> Damage {
    let files = files(copy);
    let newest = logs(copy).max();
    let damage = match (script.below(8), newest) {
        (0, Some(log)) => cut(&log, 0, synced, script),
        (1, Some(log)) => flip(&log, 0, synced, script),
        (2, Some(log)) => cut(&log, length_of(&log, synced), synced, script),
        (3, Some(log)) => flip(&log, length_of(&log, synced), synced, script),
        (4 | 5, _) => flip(&files[script.below(files.len())], 0, synced, script),
        (6, _) => {
            let gone = script.pick(&files);
            GONE.call(|| fs::remove_file(gone).expect(MADE));
            damage_at(gone, 0, synced)
        }
        _ => Damage::None,
    };
    match damage {
        Damage::Tail => TAIL.call(|| damage),
        Damage::Beside => BESIDE.call(|| damage),
        Damage::Sorted => SORTED.call(|| damage),
        Damage::None | Damage::Deep => damage,
    }
}

/// What it is to damage a file from a byte on.
fn damage_at(file: &Path, at: usize, synced: &Synced) -> Damage {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if is_log(file) {
        return if at >= length_of(file, synced) { Damage::Tail } else { Damage::Deep };
    }
    match name.rsplit_once('.') {
        Some((_, "sst")) => Damage::Sorted,
        _ if name == "CURRENT" || name.starts_with("MANIFEST-") => Damage::Deep,
        _ => Damage::Beside,
    }
}

/// Bytes of a log that a sync has covered.
fn length_of(log: &Path, synced: &Synced) -> usize {
    log.file_name().and_then(|name| synced.get(Path::new(name))).copied().unwrap_or(0)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect(MADE);
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect(MADE).path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn is_log(file: &Path) -> bool {
    file.extension().is_some_and(|of| of == "log")
}

fn logs(folder: &Path) -> impl Iterator<Item = PathBuf> {
    files(folder).into_iter().filter(|path| is_log(path))
}

/// Keeps the first bytes of a file, `least` or more of them.
fn cut(file: &Path, least: usize, synced: &Synced, script: &mut Script<'_>) -> Damage {
    let bytes = fs::read(file).expect(MADE);
    let least = least.min(bytes.len());
    let length = least + script.below(bytes.len() - least + 1);
    CUT.call(|| fs::write(file, &bytes[..length]).expect(MADE));
    if length < bytes.len() { damage_at(file, length, synced) } else { Damage::None }
}

/// Turns a bit of a file round, in no byte before `least`.
fn flip(file: &Path, least: usize, synced: &Synced, script: &mut Script<'_>) -> Damage {
    let mut bytes = fs::read(file).expect(MADE);
    if least >= bytes.len() {
        return Damage::None;
    }
    let (at, bit) = (least + script.below(bytes.len() - least), script.below(8));
    bytes[at] ^= 1 << bit;
    FLIP.call(|| fs::write(file, &bytes).expect(MADE));
    damage_at(file, at, synced)
}

/// The number of the last commit, and all rows.
fn read(database: &Database) -> Result<(usize, Rows), StoreError> {
    let count = database.get(&COUNT, &())?.unwrap_or(0);
    let rows = database.scan(&ROWS, &0, usize::MAX)?.into_iter().collect();
    Ok((usize::try_from(count).unwrap_or(usize::MAX), rows))
}
