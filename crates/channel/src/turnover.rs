//! How this member's keys turn over: what others dealt and gave to it, its next one-time key, and its
//! signatures under a rotation or a close.

use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::audience::wrap_info;
use parclose_keys::{AudienceSecret, PseudonymCertificate, ViewKey};
use parclose_transaction::{Act, SealedPart, Share, SharedScope, UnverifiedTransaction};
use parclose_types::{AudienceId, ChannelId, Digest, Generation, Height, enc, encode, labels};
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::erasure::ERASED_PARTS;
use crate::error::ChannelError;
use crate::governance::{Governance, scope_of};
use crate::joining::Applicant;
use crate::tables::{PERMANENT, PRUNABLE};

/// What an event brought for this member: its own, and no part of the state.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// audience secrets that opened to their check values
    pub(crate) secrets: Vec<(Generation, AudienceId, AudienceSecret)>,
    /// covers of the past
    pub(crate) shared: Vec<ViewKey>,
}

/// What a wrap of a shared cover is for.
pub(crate) const SHARED_PURPOSE: &str = "past";

/// `info` and associated data of a shared cover: what it opens, for whom, in which configuration.
pub(crate) fn shared_context(
    channel: &ChannelId,
    scope: &SharedScope,
    recipient: &[u8],
    configuration: &Digest,
) -> (Vec<u8>, Vec<u8>) {
    let info = wrap_info(SHARED_PURPOSE, channel, scope.generation, &scope.audience, recipient);
    let aad = enc(labels::PAST, &[configuration.as_ref(), &encode(scope)]);
    (info, aad)
}

impl Channel {
    /// Opens what the acts of an event hold for this member; they are named by their places.
    pub(crate) fn received(
        &self,
        acted: &[(u64, u32)],
        after: Option<&Governance>,
        height: Height,
    ) -> Result<Received, ChannelError> {
        let mut received = Received::default();
        let Some(after) = after else { return Ok(received) };
        for place in acted {
            let Some(permanent) = self.store.get(&PERMANENT, place)? else { continue };
            let Ok(decoded) = UnverifiedTransaction::decode(&permanent) else { continue };
            let Some(act) = decoded.claimed_body().act.clone() else { continue };
            if act.wraps_root().is_none() {
                continue;
            }
            let Some(sealed) = self.wraps_at(*place, &decoded)? else { continue };
            self.open_act(&act, &sealed, after, height, &mut received);
        }
        Ok(received)
    }

    /// The sealed part of an act, or what is left of it.
    fn wraps_at(
        &self,
        place: (u64, u32),
        act: &UnverifiedTransaction,
    ) -> Result<Option<SealedPart>, ChannelError> {
        match self.store.get(&PRUNABLE, &place)? {
            Some(sealed) => Ok(act.check_sealed(&sealed).ok()),
            None => Ok(self.store.get(&ERASED_PARTS, &place)?.and_then(|part| part.rest())),
        }
    }

    fn open_act(
        &self,
        act: &Act,
        sealed: &SealedPart,
        after: &Governance,
        height: Height,
        received: &mut Received,
    ) {
        let own = self.own_id();
        match act {
            Act::Deal { configuration, deal } => {
                let opened = self.open_dealt(*configuration, deal.audience, None, sealed, after, height);
                received.secrets.extend(opened);
            }
            Act::Rewrap { configuration, audience, member, .. } if *member == own => {
                let opened = self.open_dealt(*configuration, *audience, Some(0), sealed, after, height);
                received.secrets.extend(opened);
            }
            Act::Share(share) if share.member == own => {
                received.shared.extend(self.open_shared(share, sealed, after));
            }
            _ => {}
        }
    }

    /// Opens this member's wrap of a deal: at its own place among the members, or at a given one.
    fn open_dealt(
        &self,
        configuration: Digest,
        audience: AudienceId,
        at: Option<usize>,
        sealed: &SealedPart,
        after: &Governance,
        height: Height,
    ) -> Option<(Generation, AudienceId, AudienceSecret)> {
        let target = after.target(configuration, after.at(height), height)?;
        let generation = target.config.generation;
        let deal = &after.deals.get(&(configuration, audience))?.deal;
        let own = target.config.by_id(&self.own_id())?.certificate.pseudonym;
        let place = deal.members.binary_search(&own).ok()?;
        let wrap = sealed.wraps.get(at.unwrap_or(place))?;
        let key = self.one_time.get(&generation)?;
        let secret = deal.accept(&scope_of(target.config, configuration), wrap, key).ok()?;
        Some((generation, audience, secret))
    }

    fn open_shared(&self, share: &Share, sealed: &SealedPart, after: &Governance) -> Vec<ViewKey> {
        let latest = after.latest();
        let Some(key) = self.one_time.get(&latest.config.generation) else { return Vec::new() };
        let open = |(scope, wrap): (&SharedScope, &Vec<u8>)| {
            let (info, aad) =
                shared_context(&latest.config.channel, scope, key.public(), &latest.configuration);
            let view_key = ViewKey::from_bytes(&key.unwrap_with(&info, &aad, wrap).ok()?).ok()?;
            let of_scope = view_key.channel == latest.config.channel
                && (view_key.generation, view_key.audience, view_key.class)
                    == (scope.generation, scope.audience, scope.class)
                && (view_key.cover.from(), view_key.cover.to()) == (scope.from, scope.to);
            of_scope.then_some(view_key)
        };
        share.scopes.iter().zip(&sealed.wraps).filter_map(open).collect()
    }

    /// Takes over what is written.
    pub(crate) fn receive(&mut self, received: Received) {
        for (generation, audience, secret) in received.secrets {
            self.keys.insert(generation, audience, secret);
        }
        for view_key in received.shared {
            self.keys.insert_shared(view_key);
        }
        if let Some(head) = &self.head {
            let in_force = self.governance.at(head.height).config.generation;
            self.one_time.retain(|generation, _| *generation >= in_force);
        }
    }

    /// This member's certificate for the next generation. Its one-time key is stored, synced, before
    /// anybody hears of the certificate; the same key serves until the generation is decided.
    pub(crate) fn next_certificate(
        &mut self,
        roles: Vec<String>,
        rng: &mut impl CryptoRng,
    ) -> Result<PseudonymCertificate, ChannelError> {
        let config = self.config();
        let next = Generation(config.generation.0.saturating_add(1));
        let name = config.by_id(&self.own_id()).map(|entry| entry.name.clone()).unwrap_or_default();
        self.certificate_for(next, &name, roles, rng)
    }

    /// A certificate for a later generation: of a member that has left, and asks to
    /// come back.
    pub fn certificate_for(
        &mut self,
        generation: Generation,
        name: &str,
        roles: Vec<String>,
        rng: &mut impl CryptoRng,
    ) -> Result<PseudonymCertificate, ChannelError> {
        let channel = self.config().channel;
        let own = Applicant { name, member: &self.member, roles, channel, generation };
        let candidate = own.candidate(&self.store, rng)?;
        self.one_time.entry(generation).or_insert_with(|| UnwrapKey::from_secret(candidate.one_time()));
        Ok(candidate.entry().certificate.clone())
    }
}
