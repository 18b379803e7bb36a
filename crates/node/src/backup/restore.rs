//! Putting a channel back into a member's directory.

use std::fs::File;
use std::path::Path;

use parclose_consensus::RootChain;
use parclose_crypto::wrap::UnwrapKey;
use parclose_store::SharedCache;

use super::{BackupError, Checked, Manifest, Scratch, check, extract};
use crate::home::{MemberDirectory, write_json};
use crate::key_file;

/// Takes an archive apart beside the member's channels, checks the store against the root chain, and puts
/// the folder in its place in one step.
///
/// # Rules
///
/// > BAK-12: a channel is restored only where its member has none of that name, once its store is checked, in one step.
pub fn restore(
    archive: &Path,
    with: &UnwrapKey,
    directory: &MemberDirectory,
    root: &dyn RootChain,
    cache: &SharedCache,
) -> Result<(Manifest, Checked), BackupError> {
    let member = key_file::member(&directory.key_file(), directory.unlock())?;
    let scratch = Scratch::within(directory.path())?;
    let database = scratch.path().join("db");
    let manifest = extract(archive, with, &database)?;
    let channels = directory.path().join("channels");
    let target = channels.join(&manifest.name);
    must_be_free(&target)?;
    let checked = check(&database, &manifest, &member, Some(root), cache)?;
    write_json(&scratch.path().join("channel.json"), &manifest.card())?;
    let io = |e| BackupError::io(&target, &e);
    sync(&database).and_then(|()| sync(scratch.path())).map_err(io)?;
    std::fs::create_dir_all(&channels).map_err(io)?;
    // Onto a folder that has something in it this fails.
    std::fs::rename(scratch.path(), &target).map_err(io)?;
    sync(&channels).map_err(io)?;
    Ok((manifest, checked))
}

fn must_be_free(target: &Path) -> Result<(), BackupError> {
    let free = match std::fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => target.symlink_metadata().is_err(),
    };
    if free { Ok(()) } else { Err(BackupError::Occupied { path: target.display().to_string() }) }
}

fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
