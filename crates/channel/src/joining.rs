//! Being let in: the store of somebody who is not a member yet.
//!
//! ```text
//!   prepare   the one-time key is stored, then the certificate may be shown: members vote on it
//!   join      its rotation is ordered: the setup that a member sent is checked and stored
//!   execute   from the opening on, as every member has
//! ```
//!
//! A member that has left is let in the same way; what it has executed stays, and it goes on from there.

use std::path::Path;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{MemberSecret, PseudonymKey};
use parclose_store::{Database, Durability, SharedCache};
use parclose_types::{ChannelId, Generation, PublicKey, Tag};
use rand_core::CryptoRng;

use crate::channel::{Channel, open_store};
use crate::error::ChannelError;
use crate::setup::{Candidate, Setup, SetupInvalid};
use crate::tables::{ONLY, SETUP, UNWRAP};

/// Somebody who would join, and its generation.
#[derive(Clone, Debug)]
pub struct Applicant<'a> {
    /// its name in the channel
    pub name: &'a str,
    /// its master
    pub member: &'a MemberSecret,
    /// roles that it asks for
    pub roles: Vec<String>,
    /// the channel
    pub channel: ChannelId,
    /// the generation that it would join with
    pub generation: Generation,
}

impl Applicant<'_> {
    /// Its certificate, with the one-time key that the store holds for the generation; a fresh one is
    /// stored, synced, before anybody hears of the certificate.
    pub(crate) fn candidate(
        self,
        store: &Database,
        rng: &mut impl CryptoRng,
    ) -> Result<Candidate, ChannelError> {
        let Self { name, member, roles, channel, generation } = self;
        if let Some(bytes) = store.get(&UNWRAP, &generation)? {
            let one_time = secret_from_bytes(bytes);
            return Ok(Candidate::with_key(name, member, roles, &channel, generation, one_time));
        }
        let candidate = Candidate::new(name, member, roles, &channel, generation, rng);
        let mut batch = store.batch();
        candidate.one_time().expose(|bytes| batch.put(&UNWRAP, &generation, bytes));
        store.commit(batch, Durability::Synced)?;
        Ok(candidate)
    }

    /// Makes the store of somebody who would join, or opens it again, and gives the certificate to show.
    pub fn prepare(
        self,
        path: &Path,
        cache: &SharedCache,
        salts: Box<dyn CryptoRng + Send>,
        rng: &mut impl CryptoRng,
    ) -> Result<Candidate, ChannelError> {
        let store = open_store(path, self.member, &self.channel, cache, salts)?;
        self.candidate(&store, rng)
    }
}

impl Channel {
    /// Completes the store of somebody who was let in: with the setup that a member has sent.
    ///
    /// # Rules
    ///
    /// > CHA-10: who joins takes only the setup of the channel and tag that it asked to join, with a one-time key stored before.
    pub fn join(
        path: &Path,
        member: &MemberSecret,
        (channel, tag): (&ChannelId, &Tag),
        setup: &Setup,
        cache: &SharedCache,
        salts: Box<dyn CryptoRng + Send>,
    ) -> Result<(), ChannelError> {
        setup.check()?;
        if (setup.config.channel, setup.tag) != (*channel, *tag) {
            return Err(SetupInvalid::NotCertified.into());
        }
        let store = open_store(path, member, channel, cache, salts)?;
        if store.scan(&UNWRAP, &Generation(0), 1)?.is_empty() {
            return Err(ChannelError::Unknown { what: "one-time key" });
        }
        let mut batch = store.batch();
        batch.put(&SETUP, &ONLY, setup);
        Ok(store.commit(batch, Durability::Synced)?)
    }

    /// This member's pseudonym in some generation.
    #[must_use]
    pub fn pseudonym_in(&self, generation: Generation) -> PseudonymKey {
        self.member.pseudonym(&self.setup.config.channel, generation)
    }

    /// Whether this member is one of the endorsers of a generation, as the root chain knows them.
    #[must_use]
    pub fn endorses(&self, generation: Generation, endorsers: &[PublicKey]) -> bool {
        endorsers.contains(&self.pseudonym_in(generation).public())
    }
}

#[cfg(test)]
mod tests;
