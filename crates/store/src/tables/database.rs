//! A directory of one owner: opened only by that owner, written batch by batch.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::batch::Batch;
use super::table::{Layout, Table};
use crate::cipher::RowCipher;
use crate::disk::{Disk, Durability, SharedCache};
use crate::error::StoreError;
use crate::format::{
    FORMAT_ROW_KEY, FORMAT_VERSION, IDENTITY_ROW_KEY, RESERVED_TABLE, RowKey, format_row, identity,
    read_format_row, table_end,
};

/// What a directory must be, and the memory it may use.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// what it holds, such as `channel` or `root`; stored in the clear
    pub kind: &'static str,
    /// whose it is: a channel id or a network id; stored sealed
    pub owner_id: [u8; 32],
    /// memory shared with the other databases of the process
    pub cache: SharedCache,
    /// bytes gathered in memory before they are sorted into a file; at most twice as much is in use
    pub write_buffer_bytes: usize,
}

/// An open directory of typed rows. Share it behind an `Arc`; all methods take `&self`.
pub struct Database {
    pub(super) disk: Disk,
    pub(super) cipher: Arc<dyn RowCipher>,
    handle: u64,
}

/// Numbers the open databases of the process, so that batches find back to theirs.
static HANDLES: AtomicU64 = AtomicU64::new(0);

impl Database {
    /// Opens the directory of an owner; makes it if it is absent.
    ///
    /// When it returns, everything that the write-ahead log still held is in place and synced.
    ///
    /// # Rules
    ///
    /// > STO-03: a directory without a format row, or with one of another version, is not opened.
    /// > STO-04: a directory of another kind is not opened.
    /// > STO-05: a directory whose identity row does not open under this cipher, or names another owner, is not opened.
    pub fn open(
        path: impl AsRef<Path>,
        options: &DatabaseOptions,
        cipher: Arc<dyn RowCipher>,
    ) -> Result<Self, StoreError> {
        let disk = Disk::open(path.as_ref(), &options.cache, options.write_buffer_bytes)?;
        let database = Self::over(disk, cipher);
        if database.disk.last(&[], None)?.is_none() {
            database.mark(options)?;
        }
        database.check_marks(options)?;
        Ok(database)
    }

    /// Opens the directory of an owner as it stands now, for reading.
    ///
    /// Meant for directories that nobody writes: a writer may delete files under this handle.
    pub fn open_read_only(
        path: impl AsRef<Path>,
        options: &DatabaseOptions,
        cipher: Arc<dyn RowCipher>,
    ) -> Result<Self, StoreError> {
        let disk = Disk::open_read_only(path.as_ref(), &options.cache)?;
        let database = Self::over(disk, cipher);
        database.check_marks(options)?;
        Ok(database)
    }

    fn over(disk: Disk, cipher: Arc<dyn RowCipher>) -> Self {
        Self { disk, cipher, handle: HANDLES.fetch_add(1, Ordering::Relaxed) }
    }

    /// Marks a new directory, in a sorted file at once: however much of a log is lost later, the
    /// directory never looks new again.
    fn mark(&self, options: &DatabaseOptions) -> Result<(), StoreError> {
        let plaintext = identity(&options.owner_id, options.kind);
        let sealed = self.cipher.seal(RESERVED_TABLE, IDENTITY_ROW_KEY, &plaintext);
        let marks = [(FORMAT_ROW_KEY, format_row(options.kind)), (IDENTITY_ROW_KEY, sealed)];
        let changes = marks.into_iter().map(|(key, value)| (key.to_vec(), Some(value)));
        self.disk.write(changes, 0, Durability::Synced)?;
        self.disk.flush()
    }

    fn check_marks(&self, options: &DatabaseOptions) -> Result<(), StoreError> {
        let path = self.disk.name();
        let row = self.disk.get(FORMAT_ROW_KEY)?;
        let kind = match row.as_deref().and_then(read_format_row) {
            Some((FORMAT_VERSION, kind)) => kind,
            other => {
                let found = other.map_or_else(|| "none".into(), |(version, _)| version.to_string());
                return Err(StoreError::UnknownFormat { path, found, supported: FORMAT_VERSION });
            }
        };
        if kind != options.kind.as_bytes() {
            return Err(StoreError::WrongKind { path, expected: options.kind });
        }
        let sealed = self.disk.get(IDENTITY_ROW_KEY)?;
        let opened = sealed.and_then(|row| self.cipher.open(RESERVED_TABLE, IDENTITY_ROW_KEY, &row));
        if opened != Some(identity(&options.owner_id, options.kind)) {
            return Err(StoreError::WrongOwner { path });
        }
        Ok(())
    }

    /// An empty batch for this database.
    pub fn batch(&self) -> Batch {
        Batch::new(Arc::clone(&self.cipher), self.handle)
    }

    /// Writes a batch: all of it or nothing.
    ///
    /// [`Durability::Synced`] returns after `fdatasync` of the write-ahead log; an empty batch then
    /// syncs the buffered commits before it. Commits of one database take turns.
    ///
    /// # Rules
    ///
    /// > STO-09: a batch is committed only to the database that made it.
    /// > STO-15: a commit is atomic, and what a crash leaves is the state after some commit with none before it missing.
    pub fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        if batch.database() != self.handle {
            return Err(StoreError::ForeignBatch { path: self.disk.name() });
        }
        let bytes = batch.bytes();
        self.disk.write(batch.into_changes(), bytes, durability)
    }

    /// Makes every commit so far durable; the same as an empty synced batch.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.disk.sync()
    }

    /// Moves everything from the write-ahead log to a sorted file, synced.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.disk.flush()
    }

    /// Leaves nothing in the files of what some rows of a table held before: to be called once they are overwritten or deleted.
    /// From `first` to `last`, both included; all of the table without them. It writes the files of that range anew.
    pub fn shred<K: RowKey, V, L: Layout>(
        &self,
        table: &Table<K, V, L>,
        range: Option<(&K, &K)>,
    ) -> Result<(), StoreError> {
        let place = |key: &K| L::place(&*self.cipher, table.id(), key);
        let (from, to) = match range {
            Some((first, last)) => (place(first), place(last)),
            None => (vec![table.id()], table_end(table.id()).unwrap_or_else(|| vec![u8::MAX; 64])),
        };
        self.disk.shred(&from, &to)
    }

    /// Deletes every row of a table.
    pub fn clear<K, V, L>(&self, table: &Table<K, V, L>) -> Result<(), StoreError> {
        let mut keys = Vec::new();
        self.disk.rows(&[table.id()], table_end(table.id()), |row_key, _| {
            keys.push((row_key.to_vec(), None));
            Ok(ControlFlow::Continue(()))
        })?;
        self.disk.write(keys, 0, Durability::Buffered)
    }

    /// Makes a copy of the directory in `to`, which must not be there: all commits so far, durable.
    pub fn checkpoint(&self, to: &Path) -> Result<(), StoreError> {
        self.disk.checkpoint(to)
    }

    /// Bytes of all files of the directory, the write-ahead log included.
    pub fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.disk.bytes()
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.disk.name()).finish_non_exhaustive()
    }
}
