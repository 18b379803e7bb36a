//! Taking an archive apart into a folder.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use parclose_crypto::wrap::UnwrapKey;
use parclose_types::limits::BACKUP_MANIFEST_BYTES_MAX;

use super::manifest::LENGTH_BYTES;
use super::{BackupError, Manifest, files, form};
use crate::sealed::Opener;

/// Opens an archive and writes the files of its database into the folder `database`, which is made.
/// Nothing is written before the manifest is found good, and never more than the archive has bytes.
pub fn extract(archive: &Path, with: &UnwrapKey, database: &Path) -> Result<Manifest, BackupError> {
    let io = |e| BackupError::io(archive, &e);
    let file = File::open(archive).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(BackupError::NotAnArchive);
    }
    extract_from(BufReader::new(file), about.len(), with, database)
}

pub(super) fn extract_from(
    from: impl Read,
    bytes: u64,
    with: &UnwrapKey,
    database: &Path,
) -> Result<Manifest, BackupError> {
    let mut opener = Opener::new(from, bytes, form(), with)?;
    let manifest = read_manifest(&mut opener)?;
    std::fs::create_dir(database).map_err(|e| BackupError::io(database, &e))?;
    for entry in &manifest.files {
        files::copy_out(&mut opener, entry, &database.join(&entry.name))?;
    }
    only_zeros_follow(&mut opener)?;
    Ok(manifest)
}

fn read_manifest<R: Read>(opener: &mut Opener<R>) -> Result<Manifest, BackupError> {
    let mut length = [0_u8; LENGTH_BYTES];
    opener.fill(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > BACKUP_MANIFEST_BYTES_MAX {
        return Err(BackupError::Manifest("it is too large"));
    }
    let mut bytes = vec![0; length];
    opener.fill(&mut bytes)?;
    let manifest = Manifest::parse(&bytes)?;
    if let Err(sizes) = manifest.check_sizes(length, opener.content_bytes()) {
        // An archive that was cut off is told as such, and not as one with a wrong manifest.
        while !opener.next(usize::MAX)?.is_empty() {}
        return Err(sizes);
    }
    Ok(manifest)
}

fn only_zeros_follow<R: Read>(opener: &mut Opener<R>) -> Result<(), BackupError> {
    loop {
        let rest = opener.next(usize::MAX)?;
        if rest.is_empty() {
            return Ok(());
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(BackupError::Sizes);
        }
    }
}
