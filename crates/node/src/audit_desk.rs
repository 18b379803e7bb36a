//! The audit desk: exports over the network, each sealed to the key of the grantee for whom it is made.
//!
//! ```text
//!   GET /export/TAG/GRANT     200: header ‖ wrap ‖ chunks     404: unknown, revoked, anything else; always the same
//! ```
//!
//! Nobody is asked who they are: whoever asks gets bytes that the grantee alone opens, and no credential and no key is
//! ever taken. It is off unless the configuration says where it listens. What leaves is noted in the channel before, and
//! whoever asks too often is told to wait, so that nobody fills the trail or the disk.

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

mod error;
mod open;
mod refused;
mod seal;
mod serve;
mod turns;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parclose_channel::Verdict;
use parclose_channel::governance::GrantStanding;
use parclose_crypto::hash::sha256;
use parclose_transaction::grant::StandingGrant;
use parclose_transaction::{Access, Handed};
use parclose_types::{Digest, Tag, TransactionDigest};

use crate::backup::Scratch;
use crate::config;
use crate::consortium::Consortium;
use crate::export;
use crate::randomness::generator;
use crate::room::RoomHandle;

pub use error::SealedExportError;
pub use open::open;
pub use refused::DeskRefused;
pub use seal::seal;

use turns::{Turn, Turns};

/// What a node answers to auditors.
#[derive(Clone, Debug)]
pub struct AuditDesk(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    consortium: Arc<Consortium>,
    /// an export has at most so many bytes
    bytes_max: u64,
    turns: Turns,
}

/// A sealed export in a file that has no name any more, and the turn in which it was made.
#[derive(Debug)]
struct Made {
    file: std::fs::File,
    bytes: u64,
    turn: Turn,
}

impl AuditDesk {
    /// Of a consortium that is open.
    #[must_use]
    pub fn new(consortium: Arc<Consortium>, limits: &config::AuditDesk) -> Self {
        let turns = Turns::new(limits.pause);
        Self(Arc::new(Parts { consortium, bytes_max: limits.bytes_max, turns }))
    }

    /// Makes what was asked for; where waiting is allowed.
    ///
    /// # Rules
    ///
    /// > DSK-04: an audit desk hands out the epochs of a standing grant of an open channel, sealed to the key of its grantee, and nothing else.
    /// > DSK-05: an export leaves an audit desk only after the channel has noted it.
    /// > DSK-06: an audit desk makes one export of a channel at a time, one for a grant within its pause, and none that is larger than its limit.
    fn make(&self, tag: Tag, grant: TransactionDigest) -> Result<Made, DeskRefused> {
        let Parts { consortium, bytes_max, turns } = &*self.0;
        let (room, granted) = standing(consortium, tag, grant).ok_or(DeskRefused::Unknown)?;
        let turn = turns.take(tag, grant, turns::now())?;
        let epochs = (granted.from, granted.to);
        let exported = export::bundle(consortium, &room, Some(epochs)).map_err(not_now)?.encode();
        if exported.len() as u64 > *bytes_max {
            return Err(DeskRefused::TooLarge);
        }
        let (file, bytes) = sealed(consortium.home().path(), &exported, (tag, grant), &granted.grantee)?;
        let file_digest = Digest(sha256(&exported));
        note(&room, Access { what: Handed::Export(Some(epochs)), to: granted.name, file: file_digest })?;
        Ok(Made { file, bytes, turn })
    }
}

/// Why it is not made stands in the log of whoever runs the node: whoever asks is told that it is not, and no more.
fn not_now(error: impl std::fmt::Display) -> DeskRefused {
    tracing::warn!(%error, "the audit desk could not make an export");
    DeskRefused::NotNow
}

/// The room of a tag, and the grant, if it stands in it.
fn standing(
    consortium: &Consortium,
    tag: Tag,
    grant: TransactionDigest,
) -> Option<(RoomHandle, StandingGrant)> {
    let home = consortium.home();
    let room = home.members().iter().find_map(|member| {
        let cards = home.member_directory(&member.name).ok()?.channels().ok()?;
        let card = cards.into_iter().find(|card| card.tag == tag)?;
        consortium.room(&member.name, &card.name).ok()
    })?;
    let granted = room.call(move |channel| {
        let is_open = channel.is_member() && channel.head().is_some_and(|head| !head.closed);
        let row = channel.grants().ok()?.into_iter().find(|row| row.transaction == grant)?;
        let stands = is_open && matches!(row.standing, GrantStanding::Standing { .. });
        stands.then_some(row.grant)
    });
    granted.flatten().map(|granted| (room, granted))
}

/// Seals an export into a file that goes with its last reader.
fn sealed(
    home: &Path,
    exported: &[u8],
    asked: (Tag, TransactionDigest),
    grantee: &[u8],
) -> Result<(std::fs::File, u64), DeskRefused> {
    let scratch = Scratch::within(home).map_err(not_now)?;
    let path = scratch.path().join("export");
    let write = || -> Result<u64, SealedExportError> {
        let io = |e| SealedExportError::io(&path, &e);
        let to = std::fs::File::create_new(&path).map_err(io)?;
        let mut to = seal::seal_into((to, &path), exported, asked, grantee, &mut generator())?;
        to.flush().map_err(io)?;
        Ok(to.metadata().map_err(io)?.len())
    };
    let bytes = write().map_err(not_now)?;
    let file = std::fs::File::open(&path).map_err(not_now)?;
    Ok((file, bytes))
}

fn note(room: &RoomHandle, access: Access) -> Result<(), DeskRefused> {
    let act = room.call(move |channel| channel.note_access(&access, &mut generator()));
    let act = act.ok_or(DeskRefused::NotNow)?.map_err(not_now)?;
    match room.act_and_wait(act).map_err(not_now)?.verdict {
        Verdict::Applied => Ok(()),
        Verdict::Refused(rule) => Err(not_now(rule)),
    }
}

#[cfg(test)]
mod tests;
