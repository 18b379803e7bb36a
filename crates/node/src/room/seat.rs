//! A member's seat in a channel: where its store lies, and what opens it.

use std::path::PathBuf;
use std::sync::Arc;

use parclose_channel::{Channel, ChannelError};
use parclose_exchange::Credentials;
use parclose_keys::MemberSecret;
use parclose_store::SharedCache;
use parclose_types::{Generation, Height, PublicKey};
use serde::{Deserialize, Serialize};

use crate::home::{ChannelCard, MemberDirectory, read_json, write_json};
use crate::randomness::generator;

/// What a room needs to open its store, as often as it has closed it.
#[derive(Clone)]
pub struct Seat {
    /// the member's directory
    pub directory: MemberDirectory,
    /// the channel
    pub card: ChannelCard,
    /// the member's master
    pub member: Arc<MemberSecret>,
    /// memory shared with the other stores of the process
    pub cache: SharedCache,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seat({})", self.card.name)
    }
}

/// How far a room had come when it closed its store in good order. The file is gone as long as the store is
/// open, and after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rest {
    /// events executed
    pub(super) executed: u64,
    /// when there is something to do though no event comes
    pub(super) until: Height,
}

impl Seat {
    /// Opens the store.
    pub fn open(&self) -> Result<Channel, ChannelError> {
        let path = self.directory.database(&self.card.name);
        Channel::open(&path, &self.member, &self.card.channel, &self.cache, Box::new(generator()))
    }

    /// By what the member takes part in a generation.
    pub(super) fn credentials(
        &self,
        generation: Generation,
        peers: Vec<PublicKey>,
        hosts: Vec<String>,
    ) -> Credentials {
        let key = Arc::new(self.member.pseudonym(&self.card.channel, generation));
        Credentials { tag: self.card.tag, key, peers, hosts }
    }

    /// Where it rests, if it does; a file that cannot be read says nothing, and the store is opened.
    pub(super) fn rest(&self) -> Option<Rest> {
        read_json(&self.rest_file()).ok()
    }

    /// Notes that the store is closed and complete up to here.
    pub(super) fn note_rest(&self, rest: Rest) {
        // Without the note the store is opened at the next start, which costs time only.
        let _ = write_json(&self.rest_file(), &rest);
    }

    /// Takes the note away, before the store is opened.
    pub(super) fn forget_rest(&self) -> std::io::Result<()> {
        match std::fs::remove_file(self.rest_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn rest_file(&self) -> PathBuf {
        self.directory.path().join("channels").join(&self.card.name).join("rest.json")
    }
}
