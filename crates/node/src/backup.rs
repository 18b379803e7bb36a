//! Archives of one member's side of one channel: made, verified, put back.
//!
//! ```text
//!   create    room --checkpoint--> folder --Manifest--> Sealer --> FILE
//!   verify    FILE --> Opener --extract--> folder --check--> Checked
//!   restore   as verify, in the member's directory; then one rename
//! ```
//!
//! An archive is sealed to one key and signed by nobody: whoever knows the key can make one. So all of
//! it is input like any other, and what counts is the state root that follows from its rows: they open
//! under the member's own key only, and the root chain must know their log.
//!
//! The member's key file is not in it, and no archive opens without the key that it was sealed to. A
//! room over an old store that was put back takes no part until it has caught up (NOD-15).

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod check;
mod error;
mod extract;
mod files;
mod manifest;
mod recipient;
pub mod register;
mod restore;
mod scratch;

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use parclose_channel::Channel;
use parclose_types::{NetworkId, labels};
use rand_core::CryptoRng;

pub use check::{Checked, check};
pub use error::BackupError;
pub use extract::extract;
pub use manifest::{FileEntry, Manifest};
pub use recipient::{opening_key, recipient};
pub use restore::restore;
pub use scratch::Scratch;

use crate::home::ChannelCard;
use crate::room::RoomHandle;
use crate::sealed::{Form, HEADER_BYTES, Sealer};

/// The one version of its form.
const VERSION: u8 = 1;
/// All that an archive says in clear.
const HEADER: [u8; HEADER_BYTES] = *b"PCLBACK\x01";

/// The form of an archive as a stream; it is bound to nothing else, for it says in clear neither channel nor member.
const fn form() -> Form {
    Form {
        header: HEADER,
        purpose: "backup",
        wrap: labels::BACKUP,
        seal: labels::BACKUP_SEAL,
        chunk: labels::BACKUP_CHUNK,
        bound_to: Vec::new(),
    }
}

/// Makes an archive of a running room's store.
///
/// # Rules
///
/// > BAK-14: a store that has executed nothing is not archived.
/// > BAK-11: neither an archive nor a channel's directory is written over anything; what could not be finished is taken away.
pub fn create(
    room: &RoomHandle,
    card: &ChannelCard,
    network: NetworkId,
    near: &Path,
    (recipient, out): (&[u8], &Path),
    rng: &mut impl CryptoRng,
) -> Result<Manifest, BackupError> {
    let scratch = Scratch::within(near)?;
    let database = scratch.path().join("db");
    let to = database.clone();
    let state = room.call(move |channel: &mut Channel| {
        channel.checkpoint(&to).map(|()| channel.head().map(|head| (head.next, head.height, head.root)))
    });
    let state = state.ok_or(BackupError::Stopped)??.ok_or(BackupError::Empty)?;
    let manifest = Manifest::of(card, network, state, &database)?;
    write_new(out, &manifest, &database, recipient, rng)?;
    Ok(manifest)
}

fn write_new(
    out: &Path,
    manifest: &Manifest,
    database: &Path,
    recipient: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(), BackupError> {
    let io = |e| BackupError::io(out, &e);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(io)?;
    let written = write(BufWriter::new(file), manifest, database, recipient, rng, out);
    if written.is_err() {
        // What is told is why it could not be written.
        let _ = std::fs::remove_file(out);
    }
    written
}

fn write(
    to: BufWriter<std::fs::File>,
    manifest: &Manifest,
    database: &Path,
    recipient: &[u8],
    rng: &mut impl CryptoRng,
    out: &Path,
) -> Result<(), BackupError> {
    let io = |e| BackupError::io(out, &e);
    let mut sealer = Sealer::new((to, out), form(), recipient, rng)?;
    sealer.put(&manifest.framed())?;
    for entry in &manifest.files {
        files::copy_into(&database.join(&entry.name), entry, &mut sealer)?;
    }
    let mut to = sealer.finish()?;
    to.flush().and_then(|()| to.get_ref().sync_all()).map_err(io)
}

#[cfg(test)]
mod tests;
