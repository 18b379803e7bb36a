//! The files of a database on their way into an archive and out of it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use parclose_crypto::hash::Sha256Stream;

use super::{BackupError, FileEntry};
use crate::sealed::{Opener, Sealer};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// Whether a name is one that RocksDB gives to a file which a store needs. Its diary and its options are
/// not: the program sets them.
pub(super) fn is_of_database(name: &str) -> bool {
    let number = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match name.split_once(['-', '.']) {
        None => name == "CURRENT",
        Some(("MANIFEST", after)) => name.contains('-') && number(after),
        Some((before, "sst" | "log")) => name.contains('.') && number(before),
        Some(_) => false,
    }
}

/// The files of a closed database, with their hashes.
pub(super) fn entries(database: &Path) -> Result<Vec<FileEntry>, BackupError> {
    let io = |e| BackupError::io(database, &e);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(database).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_of_database(&name) {
            entries.push(measure(&entry.path(), name)?);
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn measure(path: &Path, name: String) -> Result<FileEntry, BackupError> {
    let (mut hash, mut bytes) = (Sha256Stream::default(), 0);
    read(path, |part| {
        hash.update(part);
        bytes += part.len() as u64;
        Ok(())
    })?;
    Ok(FileEntry { name, bytes, hash: hash.finish() })
}

fn read(path: &Path, mut show: impl FnMut(&[u8]) -> Result<(), BackupError>) -> Result<(), BackupError> {
    let io = |e| BackupError::io(path, &e);
    let mut file = File::open(path).map_err(io)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match file.read(&mut buffer).map_err(io)? {
            0 => return Ok(()),
            read => show(buffer.get(..read).unwrap_or_default())?,
        }
    }
}

/// Puts a file into an archive; it must be as it was measured.
pub(super) fn copy_into<W: Write>(
    path: &Path,
    entry: &FileEntry,
    sealer: &mut Sealer<W>,
) -> Result<(), BackupError> {
    let (mut hash, mut bytes) = (Sha256Stream::default(), 0);
    read(path, |part| {
        hash.update(part);
        bytes += part.len() as u64;
        Ok(sealer.put(part)?)
    })?;
    let same = bytes == entry.bytes && hash.finish() == entry.hash;
    if same { Ok(()) } else { Err(BackupError::Content { file: entry.name.clone() }) }
}

/// Takes a file out of an archive, into a new file.
///
/// # Rules
///
/// > BAK-08: a file that comes out of an archive has the hash that the manifest gives it.
pub(super) fn copy_out<R: Read>(
    opener: &mut Opener<R>,
    entry: &FileEntry,
    path: &Path,
) -> Result<(), BackupError> {
    let io = |e| BackupError::io(path, &e);
    let mut file = File::create_new(path).map_err(io)?;
    let (mut hash, mut left) = (Sha256Stream::default(), entry.bytes);
    while left > 0 {
        let part = opener.next(usize::try_from(left).unwrap_or(usize::MAX))?;
        if part.is_empty() {
            return Err(BackupError::Sizes);
        }
        hash.update(part);
        file.write_all(part).map_err(io)?;
        left -= part.len() as u64;
    }
    if hash.finish() != entry.hash {
        return Err(BackupError::Content { file: entry.name.clone() });
    }
    file.sync_all().map_err(io)
}
