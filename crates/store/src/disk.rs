//! Raw RocksDB: bytes in, bytes out, and what of them is known to be on the disk.
//!
//! All writes of one directory pass through one lock. So "everything in the log when a sync began" and
//! "everything in the log when it ended" are the same bytes, and the ledger of synced lengths
//! ([`wal::SyncedWals`]) is exact. Group commit happens above: the owner gathers a whole block into one
//! batch.
//!
//! After a write, flush or sync has failed nothing more is written: the kernel may have dropped the
//! dirty pages and would report the next sync as done (rule STO-07).

mod checkpoint;
mod copy;
mod memory;
mod tuning;
mod wal;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rocksdb::{DB, DBRawIterator, ErrorKind, ReadOptions, WriteBatch, WriteOptions};

use crate::error::StoreError;
pub(crate) use copy::Loss;
use memory::Volume;
pub use memory::{Image, Lies, Medium, Moment, Refusal};
pub use tuning::SharedCache;
use wal::SyncedWals;

/// Synced commits of this process.
static SYNCS: AtomicU64 = AtomicU64::new(0);

/// How often a store of this process has waited for its disk since the start.
#[must_use]
pub fn synced_commits() -> u64 {
    SYNCS.load(Ordering::Relaxed)
}

/// How far a commit has got when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Survives loss of power: `fdatasync` of the write-ahead log has returned, for this commit and all
    /// before it.
    Synced,
    /// Survives the end of the process, not of the machine; becomes durable with the next synced commit.
    Buffered,
}

/// One change of a row: its new sealed value, or `None` to delete it.
pub(crate) type Change = (Vec<u8>, Option<Vec<u8>>);

/// A row as stored: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Where the rows are.
enum Backing {
    Files(Box<DB>),
    /// a simulation
    Memory(Volume),
}

/// Rows of a simulation that are copied at a time.
const ROWS_PER_LOOK: usize = 64;

/// An open directory.
pub(crate) struct Disk {
    backing: Backing,
    path: PathBuf,
    read_only: bool,
    writing: Mutex<Writing>,
}

#[derive(Default)]
struct Writing {
    failed: bool,
    synced: SyncedWals,
}

impl Disk {
    /// Opens a directory for reading and writing; makes it, durably, if it is not there.
    ///
    /// # Rules
    ///
    /// > STO-06: a directory is open at most once, over all processes.
    pub(crate) fn open(
        path: &Path,
        cache: &SharedCache,
        write_buffer_bytes: usize,
    ) -> Result<Self, StoreError> {
        if let Some(medium) = cache.medium() {
            let backing = Backing::Memory(Volume::open(medium, path)?);
            let disk = Self { backing, path: path.to_owned(), read_only: false, writing: Mutex::default() };
            disk.sync()?;
            return Ok(disk);
        }
        create_durably(path)?;
        // RocksDB knows its own locks by the path's text; two spellings of it must not pass.
        let path = fs::canonicalize(path).map_err(|e| StoreError::io("resolve a path", &e))?;
        let options = tuning::database_options(cache, write_buffer_bytes);
        let db = DB::open(&options, &path).map_err(|e| open_error(&path, &e))?;
        let backing = Backing::Files(Box::new(db));
        let disk = Self { backing, path, read_only: false, writing: Mutex::default() };
        disk.sync()?;
        Ok(disk)
    }

    /// Opens an existing directory for reading, as it stands now; takes no lock and creates no row.
    ///
    /// # Rules
    ///
    /// > STO-13: opening for reading creates nothing; a directory without a store is refused.
    pub(crate) fn open_read_only(path: &Path, cache: &SharedCache) -> Result<Self, StoreError> {
        if !path.join("CURRENT").is_file() {
            return Err(StoreError::Absent { path: path.display().to_string() });
        }
        let options = tuning::database_options(cache, tuning::WRITE_BUFFER_BYTES_MIN);
        let db = DB::open_for_read_only(&options, path, false).map_err(|e| open_error(path, &e))?;
        let backing = Backing::Files(Box::new(db));
        Ok(Self { backing, path: path.to_owned(), read_only: true, writing: Mutex::default() })
    }

    /// The directory, for errors.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    pub(crate) fn get(&self, row_key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.backing {
            Backing::Files(db) => {
                db.get_opt(row_key, &tuning::read_options()).map_err(|e| self.read_error(&e))
            }
            Backing::Memory(volume) => volume.get(row_key),
        }
    }

    /// The rows of several keys, in the keys' order.
    pub(crate) fn multi_get(&self, row_keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let Backing::Files(db) = &self.backing else {
            return row_keys.iter().map(|row_key| self.get(row_key)).collect();
        };
        let rows = db.multi_get_opt(row_keys, &tuning::read_options());
        rows.into_iter().map(|row| row.map_err(|e| self.read_error(&e))).collect()
    }

    /// Shows the rows with `from <= key < end` in ascending order, as of one moment, until told to stop.
    pub(crate) fn rows(
        &self,
        from: &[u8],
        end: Option<Vec<u8>>,
        mut show: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let db = match &self.backing {
            Backing::Files(db) => db,
            Backing::Memory(volume) => return show_all(volume, from, end.as_deref(), show),
        };
        let mut rows = iterator(db, tuning::scan_options(), end);
        rows.seek(from);
        while let Some((key, value)) = rows.item() {
            if show(key, value)?.is_break() {
                return Ok(());
            }
            rows.next();
        }
        // An iterator that met damage looks like one that came to its end.
        rows.status().map_err(|e| self.read_error(&e))
    }

    /// The last row with `from <= key < end`.
    pub(crate) fn last(&self, from: &[u8], end: Option<Vec<u8>>) -> Result<Option<Row>, StoreError> {
        let db = match &self.backing {
            Backing::Files(db) => db,
            Backing::Memory(volume) => return volume.last(from, end),
        };
        let mut options = tuning::read_options();
        options.set_iterate_lower_bound(from);
        let mut rows = iterator(db, options, end);
        rows.seek_to_last();
        let last = rows.item().map(|(key, value)| (key.to_vec(), value.to_vec()));
        rows.status().map_err(|e| self.read_error(&e))?;
        Ok(last)
    }

    /// Writes all changes or none. They come one by one; `bytes` is about how many they are, so that a
    /// large batch is not copied again and again as it grows.
    ///
    /// # Rules
    ///
    /// > STO-07: after a failed write, flush or sync the store takes no more writes until it is opened again.
    /// > STO-08: a store opened for reading takes no writes.
    /// > STO-12: a write or sync that the operating system refuses is reported as failed with its outcome open, and is not tried again.
    /// > STO-14: a synced commit, and every commit before it, survives loss of power.
    pub(crate) fn write(
        &self,
        changes: impl IntoIterator<Item = Change>,
        bytes: usize,
        durability: Durability,
    ) -> Result<(), StoreError> {
        if let Backing::Memory(volume) = &self.backing {
            let changes: Vec<Change> = changes.into_iter().collect();
            let is_synced = durability == Durability::Synced;
            if changes.is_empty() {
                return if is_synced { self.sync() } else { self.writable().map(|_| ()) };
            }
            return self.attempt(durability, || volume.write(changes, is_synced));
        }
        let mut batch = WriteBatch::with_capacity_bytes(bytes);
        for (row_key, value) in changes {
            match value {
                Some(sealed) => batch.put(row_key, sealed),
                None => batch.delete(row_key),
            }
        }
        if batch.is_empty() {
            return if durability == Durability::Synced { self.sync() } else { self.writable().map(|_| ()) };
        }
        let mut options = WriteOptions::default();
        options.set_sync(durability == Durability::Synced);
        self.attempt_on(durability, |db| db.write_opt(batch, &options))
    }

    /// Makes every commit so far durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.attempt_on(Durability::Synced, |db| db.flush_wal(true))
    }

    /// Moves everything from the write-ahead log to a sorted file, which RocksDB syncs.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.attempt_on(Durability::Buffered, DB::flush)
    }

    /// Leaves no byte of what the rows with `from <= key <= to` held before: neither in the write-ahead log nor in a sorted
    /// file. Every file that holds such a key is written anew, without what was overwritten or deleted, and the old one removed.
    ///
    /// # Rules
    ///
    /// > STO-20: after a shredding the files of a directory hold nothing of what rows of the range held before they were overwritten or deleted.
    pub(crate) fn shred(&self, from: &[u8], to: &[u8]) -> Result<(), StoreError> {
        self.attempt_on(Durability::Synced, |db| {
            // A flush of an empty buffer keeps its log, and that holds what a flush before has not moved.
            db.flush()?;
            db.compact_range_opt(Some(from), Some(to), &tuning::shredding_options());
            db.flush_wal(true)
        })
    }

    /// A write to RocksDB; in a simulation, a sync.
    fn attempt_on(
        &self,
        durability: Durability,
        write: impl FnOnce(&DB) -> Result<(), rocksdb::Error>,
    ) -> Result<(), StoreError> {
        self.attempt(durability, || match &self.backing {
            Backing::Files(db) => write(db).map_err(|e| operating_system_text(&e)),
            Backing::Memory(volume) => volume.sync(),
        })
    }

    fn attempt(
        &self,
        durability: Durability,
        write: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), StoreError> {
        let mut writing = self.writable()?;
        // Set until the write is known to be good, so that a panic inside counts as a failure, too.
        writing.failed = true;
        write().map_err(|reason| StoreError::WriteFailed { path: self.name(), reason })?;
        if durability == Durability::Synced {
            SYNCS.fetch_add(1, Ordering::Relaxed);
            // An unreadable directory leaves the old ledger, which claims less, never more.
            if let Backing::Files(_) = self.backing
                && let Ok(synced) = SyncedWals::measure(&self.path)
            {
                writing.synced = synced;
            }
        }
        writing.failed = false;
        Ok(())
    }

    fn writable(&self) -> Result<MutexGuard<'_, Writing>, StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly { path: self.name() });
        }
        let writing = self.lock();
        if writing.failed { Err(StoreError::Poisoned { path: self.name() }) } else { Ok(writing) }
    }

    /// The lock itself; a panic while it was held has left `failed` set, which is what counts.
    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all files of the directory.
    pub(crate) fn bytes(&self) -> Result<u64, StoreError> {
        if let Backing::Memory(volume) = &self.backing {
            return volume.bytes();
        }
        Ok(wal::files(&self.path, |_| true)?.iter().map(|file| file.bytes).sum())
    }

    /// What a failed read means.
    ///
    /// # Rules
    ///
    /// > STO-10: a checksum of RocksDB that does not hold is an error, never an absent row.
    /// > STO-11: a read that the operating system refuses is an error, never an absent row.
    fn read_error(&self, error: &rocksdb::Error) -> StoreError {
        match error.kind() {
            ErrorKind::Corruption => StoreError::Damaged { path: self.name() },
            _ => StoreError::io("read a row", &operating_system_text(error)),
        }
    }
}

fn iterator(db: &DB, mut options: ReadOptions, end: Option<Vec<u8>>) -> DBRawIterator<'_> {
    if let Some(end) = end {
        options.set_iterate_upper_bound(end);
    }
    db.raw_iterator_opt(options)
}

/// The rows of a simulation, some at a time.
fn show_all(
    volume: &Volume,
    from: &[u8],
    end: Option<&[u8]>,
    mut show: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let mut from = from.to_vec();
    loop {
        let rows = volume.some(&from, end, ROWS_PER_LOOK)?;
        for (key, value) in &rows {
            if show(key, value)?.is_break() {
                return Ok(());
            }
        }
        match rows.last() {
            Some((last, _)) if rows.len() == ROWS_PER_LOOK => from = [last, &[0][..]].concat(),
            _ => return Ok(()),
        }
    }
}

/// Makes a directory and syncs its parents, so that loss of power cannot take the entry away.
fn create_durably(path: &Path) -> Result<(), StoreError> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.exists()).collect();
    let made = missing.iter().rev().try_for_each(|directory| {
        fs::create_dir(directory)?;
        let parent =
            directory.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        fs::File::open(parent)?.sync_all()
    });
    made.map_err(|e| StoreError::io("make a store directory", &e))
}

fn open_error(path: &Path, error: &rocksdb::Error) -> StoreError {
    let text: &str = error.as_ref();
    let in_use = ["lock hold by current process", "While lock file"].iter().any(|held| text.contains(held));
    let path = path.display().to_string();
    match error.kind() {
        ErrorKind::IOError if in_use => StoreError::InUse { path },
        ErrorKind::Corruption => StoreError::Damaged { path },
        _ => StoreError::io("open a store", &operating_system_text(error)),
    }
}

/// RocksDB's text for errors of the operating system, which names files; else only the kind of error,
/// because other texts may quote keys.
fn operating_system_text(error: &rocksdb::Error) -> String {
    match error.kind() {
        ErrorKind::IOError => AsRef::<str>::as_ref(error).to_owned(),
        kind => format!("RocksDB reports {kind:?}"),
    }
}
