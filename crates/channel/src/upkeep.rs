//! Upkeep: what this member's node does for the channel of itself, read off the state.
//!
//! Every node computes the same from the same state and picks its own part: its next key, the secrets
//! that it is first in line to deal, its acknowledgements, wraps for those who lack one, the past for a
//! joiner, keys that are due. Nothing is remembered: what is done shows in the state, and is not wanted
//! any more. When whoever is first in line does nothing, time (root height) moves the turn on.

use std::collections::BTreeSet;

use parclose_crypto::{merkle, wrap};
use parclose_keys::audience::DEALT_WRAPS_MAX;
use parclose_keys::{Deal, ViewKey};
use parclose_transaction::act::ACT_ITEMS_MAX;
use parclose_transaction::{Act, Change, GenerationConfig, Motion, Share, SharedScope};
use parclose_types::{AudienceId, Generation, Height, MemberId, PublicKey};
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::governance::dealing::Target;
use crate::governance::{DealRow, Dealt, past_of, scope_of};
use crate::turnover::shared_context;

/// An act that is to be done, with its wraps.
#[derive(Clone, Debug)]
pub struct Due {
    /// what to do
    pub act: Act,
    /// wraps of the sealed part
    pub wraps: Vec<Vec<u8>>,
}

impl Due {
    fn plain(act: Act) -> Self {
        Self { act, wraps: Vec::new() }
    }
}

/// Covers of one share: so many wraps fit into a transaction.
const SHARED_MAX: usize = 60;

impl Channel {
    /// What this member has to do now, as far as it goes in one batch.
    pub fn upkeep(&mut self, head: Height, rng: &mut impl CryptoRng) -> Result<Vec<Due>, ChannelError> {
        let at = Height(head.0.saturating_add(1));
        self.carry_out_erasures()?;
        if self.head.as_ref().is_none_or(|head| head.closed) || !self.is_member() {
            return Ok(Vec::new());
        }
        let mut due: Vec<Due> = self.confirmations_due()?.into_iter().map(Due::plain).collect();
        due.extend(self.publish_key(at, rng)?);
        due.extend(self.deals_due(at, rng));
        due.extend(self.acknowledgements_due(at));
        due.extend(self.rewraps_due(at, rng));
        due.extend(self.shares_due(at, rng)?);
        due.extend(self.covers_due(at, rng)?);
        due.extend(self.reveals_due(at)?);
        due.extend(self.rekey_due(at, rng));
        Ok(due)
    }

    /// Until when nothing is due here as long as no event comes; `None` when something is still to be done,
    /// by this member now or by its turn later. Ask after [`Self::upkeep`], which gives what is due now.
    pub fn rests_until(
        &mut self,
        head: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Height>, ChannelError> {
        let at = Height(head.0.saturating_add(1));
        if self.head.as_ref().is_some_and(|head| head.closed) {
            return Ok(Some(Height(u64::MAX / 2)));
        }
        if self.head.is_none() || !self.is_member() || self.governance.decision_at(at).is_some() {
            return Ok(None);
        }
        // Turns come with time: what nobody's turn would ever bring is not wanted.
        let far = Height(u64::MAX / 2);
        let wanted = self.publish_key(at, rng)?.is_some()
            || !self.deals_due(far, rng).is_empty()
            || !self.acknowledgements_due(far).is_empty()
            || !self.rewraps_due(far, rng).is_empty()
            || !self.shares_due(far, rng)?.is_empty()
            || !self.covers_due(far, rng)?.is_empty()
            || !self.reveals_due(far)?.is_empty()
            || !self.confirmations_due()?.is_empty();
        Ok((!wanted).then(|| self.rekey_at().unwrap_or(far)))
    }

    /// When it is this member's turn to move that the keys turn over by schedule: members take turns, and
    /// there is one attempt without a vote in each generation; then the members decide.
    fn rekey_at(&self) -> Option<Height> {
        let latest = self.governance.latest();
        let after = u64::from(latest.definition.governance.rekey_after_epochs);
        if after == 0 || self.governance.decision.is_some() {
            return None;
        }
        let place = latest.config.pseudonyms().iter().position(|key| *key == self.pseudonym.public())?;
        let patience = latest.definition.parameters.attest_after.max(1);
        let wait = after.saturating_mul(latest.config.epoch_length);
        let turn = (place as u64).saturating_mul(patience);
        Some(Height(latest.term.start.0.saturating_add(wait).saturating_add(turn)))
    }

    /// The next certificate, unless the others have it, or what they have is decided on.
    fn publish_key(&mut self, at: Height, rng: &mut impl CryptoRng) -> Result<Option<Due>, ChannelError> {
        if self.governance.decision_at(at).is_some() {
            return Ok(None);
        }
        let own = self.own_id();
        let next = Generation(self.config().generation.0.saturating_add(1));
        let published = self.governance.published().get(&own);
        let key = self.one_time.get(&next);
        if published.is_some_and(|c| key.is_some_and(|key| key.public() == c.encryption_key)) {
            return Ok(None);
        }
        let roles = self.config().by_id(&own).map(|entry| entry.certificate.roles.clone());
        let certificate = self.next_certificate(roles.unwrap_or_default(), rng)?;
        Ok(Some(Due::plain(Act::PublishKey(certificate))))
    }

    /// Configurations for which secrets may be dealt.
    fn targets(&self, at: Height) -> Vec<Target<'_>> {
        let latest = self.governance.latest();
        let decided = self.governance.decision_at(at).and_then(|decision| decision.configuration());
        [Some(latest.configuration), decided]
            .into_iter()
            .flatten()
            .filter_map(|configuration| self.governance.target(configuration, latest, at))
            .collect()
    }

    /// Secrets that are wanted and that this member is in line to deal: of the audiences that rules name by
    /// role, and for the next generation of those that are in use and go on with the same members.
    fn deals_due(&self, at: Height, rng: &mut impl CryptoRng) -> Vec<Due> {
        let mut due = Vec::new();
        for target in self.targets(at) {
            for set in self.wanted(&target) {
                let audience = target.config.audience_of(&set);
                let standing = self.governance.dealt(target.configuration, &audience, at);
                if standing == Dealt::No && self.in_line(&target, &set, at) {
                    due.extend(self.deal(&target, &set, rng));
                }
            }
        }
        due
    }

    /// Member sets of a configuration whose secrets are dealt before anybody asks for them.
    pub(crate) fn wanted(&self, target: &Target<'_>) -> BTreeSet<Vec<PublicKey>> {
        let mut wanted = target.config.role_audiences(&target.definition);
        let latest = self.governance.latest();
        if target.configuration != latest.configuration {
            for row in self.governance.deals_of(latest.configuration).filter(|row| row.is_active()) {
                let same = translated(&row.deal.members, &latest.config, target.config);
                wanted.extend(same.filter(|set| target.config.can_produce(&target.definition, set)));
            }
        }
        // With too few members of now in it nobody could acknowledge before the rotation.
        wanted.retain(|set| {
            let of_now = set.iter().filter(|key| self.is_of_now(target.config, key)).count();
            of_now * 2 > set.len()
        });
        wanted
    }

    fn is_of_now(&self, config: &GenerationConfig, key: &PublicKey) -> bool {
        config.member(key).is_some_and(|entry| self.config().by_id(&entry.id()).is_some())
    }

    /// Whether it is this member's turn: members of a set that are members now take turns, the first at
    /// once, each further one when time has passed without a deal.
    fn in_line(&self, target: &Target<'_>, set: &[PublicKey], at: Height) -> bool {
        let line: Vec<&PublicKey> = set.iter().filter(|key| self.is_of_now(target.config, key)).collect();
        let own = target.config.by_id(&self.own_id()).map(|entry| entry.certificate.pseudonym);
        let place = own.and_then(|own| line.iter().position(|key| **key == own));
        place.is_some_and(|place| place <= self.turn(target, set, at))
    }

    fn turn(&self, target: &Target<'_>, set: &[PublicKey], at: Height) -> usize {
        let latest = self.governance.latest();
        let earlier = self.governance.deals.get(&(target.configuration, target.config.audience_of(set)));
        let decided =
            self.governance.decision_at(at).filter(|_| target.configuration != latest.configuration);
        let since = earlier
            .map(|row| row.dealt_at)
            .max(decided.map(|decision| decision.decided_at))
            .unwrap_or(latest.term.start);
        let patience = latest.definition.parameters.attest_after.max(1);
        usize::try_from(at.0.saturating_sub(since.0) / patience).unwrap_or(usize::MAX)
    }

    pub(crate) fn deal(
        &self,
        target: &Target<'_>,
        set: &[PublicKey],
        rng: &mut impl CryptoRng,
    ) -> Option<Due> {
        let scope = scope_of(target.config, target.configuration);
        let recipients: Vec<(PublicKey, &[u8])> = set
            .iter()
            .filter_map(|key| Some((*key, target.config.member(key)?.certificate.encryption_key.as_slice())))
            .collect();
        let dealer = self.member.pseudonym(&target.config.channel, target.config.generation);
        let (deal, wraps) = Deal::make(&scope, &dealer, &recipients, rng).ok()?;
        Some(Due { act: Act::Deal { configuration: target.configuration, deal }, wraps })
    }

    /// The deal of an audience that a draft of this member needs, on first use; `None` when it is dealt, or
    /// on its way.
    pub fn deal_on_first_use(
        &self,
        set: &[PublicKey],
        head: Height,
        rng: &mut impl CryptoRng,
    ) -> Option<Due> {
        let at = Height(head.0.saturating_add(1));
        let latest = self.governance.latest();
        let target = self.governance.target(latest.configuration, latest, at)?;
        let audience = latest.config.audience_of(set);
        match self.governance.dealt(latest.configuration, &audience, at) {
            Dealt::No => self.deal(&target, set, rng),
            Dealt::Waiting | Dealt::Active => None,
        }
    }

    /// Whether this member holds the secret of an audience of the newest generation that was dealt, and
    /// not one of a deal that did not come to stand.
    #[must_use]
    pub fn holds_dealt(&self, audience: &AudienceId) -> bool {
        let latest = self.governance.latest();
        let row = self.governance.deals.get(&(latest.configuration, *audience));
        let held = row.zip(self.keys.secret(audience));
        held.is_some_and(|(row, secret)| row.deal.is_of(&latest.scope(), secret))
    }

    /// One acknowledgement for each configuration, of everything that this member could open; and a
    /// complaint for what it could not.
    fn acknowledgements_due(&self, at: Height) -> Vec<Due> {
        let own = self.own_id();
        let mut due = Vec::new();
        for target in self.targets(at) {
            let Some(entry) = target.config.by_id(&own) else { continue };
            let configuration = target.configuration;
            let mut audiences: Vec<AudienceId> = Vec::new();
            for row in self.governance.deals_of(configuration) {
                let Ok(place) = row.deal.members.binary_search(&entry.certificate.pseudonym) else {
                    continue;
                };
                let standing = self.governance.dealt(configuration, &row.deal.audience, at);
                if row.acknowledged.contains(&own) || standing == Dealt::No {
                    continue;
                }
                let scope = scope_of(target.config, configuration);
                let held = self.keys.secret(&row.deal.audience);
                if held.is_some_and(|secret| row.deal.is_of(&scope, secret)) {
                    audiences.push(row.deal.audience);
                } else if place < DEALT_WRAPS_MAX && !row.complaints.contains(&own) {
                    let audience = row.deal.audience;
                    due.push(Due::plain(Act::Complain { configuration, audience }));
                }
            }
            audiences.truncate(ACT_ITEMS_MAX);
            if !audiences.is_empty() {
                due.push(Due::plain(Act::Acknowledge { configuration, audiences }));
            }
        }
        due
    }

    /// Wraps for those who complained or got none, if this member is the first that holds the secret.
    fn rewraps_due(&self, at: Height, rng: &mut impl CryptoRng) -> Vec<Due> {
        let own = self.own_id();
        let mut due = Vec::new();
        for target in self.targets(at) {
            for row in self.governance.deals_of(target.configuration) {
                if !self.holds_in_turn(&row.acknowledged, row.dealt_at, at) {
                    continue;
                }
                for member in lacking(row, target.config) {
                    if !row.rewrapped.contains(&(own, member)) {
                        due.extend(self.rewrap(&target, row, member, rng));
                    }
                }
            }
        }
        due
    }

    fn rewrap(
        &self,
        target: &Target<'_>,
        row: &DealRow,
        member: MemberId,
        rng: &mut impl CryptoRng,
    ) -> Option<Due> {
        let scope = scope_of(target.config, target.configuration);
        let secret = self.keys.secret(&row.deal.audience).filter(|secret| row.deal.is_of(&scope, secret))?;
        let entry = target.config.by_id(&member)?;
        let wrapped = row.deal.rewrap(&scope, secret, &entry.certificate.encryption_key, rng).ok()?;
        let act = Act::Rewrap {
            configuration: target.configuration,
            audience: row.deal.audience,
            member,
            wraps_root: merkle::root([&wrapped]),
        };
        Some(Due { act, wraps: vec![wrapped] })
    }

    /// The past of members that have joined, as far as it is this member's turn among its holders.
    fn shares_due(&self, at: Height, rng: &mut impl CryptoRng) -> Result<Vec<Due>, ChannelError> {
        let latest = self.governance.latest();
        let mut due = Vec::new();
        if latest.term.start > at {
            return Ok(due);
        }
        for (joiner, given) in &self.governance.given {
            let Some(entry) = latest.config.by_id(joiner) else { continue };
            let past = past_of(&self.governance, &self.store, joiner)?;
            let mine: Vec<SharedScope> = past
                .into_iter()
                .filter(|(scope, _)| !given.contains(scope))
                .filter(|(_, holders)| self.holds_in_turn(holders, latest.term.start, at))
                .map(|(scope, _)| scope)
                .collect();
            for scopes in mine.chunks(SHARED_MAX) {
                due.extend(self.share(*joiner, &entry.certificate.encryption_key, scopes, rng));
            }
        }
        Ok(due)
    }

    /// Whether it is this member's turn among the holders of a secret: those who still belong to the
    /// channel take turns, the first at once, each further one when time has passed.
    pub(crate) fn holds_in_turn(&self, holders: &[MemberId], since: Height, at: Height) -> bool {
        let mut present = holders.iter().filter(|member| self.config().by_id(member).is_some());
        let place = present.position(|member| *member == self.own_id());
        let patience = self.definition().parameters.attest_after.max(1);
        place.is_some_and(|place| place as u64 <= at.0.saturating_sub(since.0) / patience)
    }

    fn share(
        &self,
        member: MemberId,
        recipient: &[u8],
        scopes: &[SharedScope],
        rng: &mut impl CryptoRng,
    ) -> Option<Due> {
        let latest = self.governance.latest();
        let mut wraps = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let SharedScope { generation, audience, class, from, to } = *scope;
            let view_key = ViewKey { generation, ..self.keys.cut(&audience, class, from, to)? };
            let (info, aad) = shared_context(&latest.config.channel, scope, recipient, &latest.configuration);
            wraps.push(wrap::wrap(recipient, &info, &aad, &view_key.to_bytes(), rng).ok()?);
        }
        let share = Share { member, scopes: scopes.to_vec(), wraps_root: merkle::root(&wraps) };
        Some(Due { act: Act::Share(share), wraps })
    }

    /// New keys where the definition's time for them has come; the members take turns.
    fn rekey_due(&self, at: Height, rng: &mut impl CryptoRng) -> Option<Due> {
        if self.rekey_at()? > at {
            return None;
        }
        let mut blinder = [0_u8; 32];
        rng.fill_bytes(&mut blinder);
        Some(Due::plain(Act::Move(Motion { changes: vec![Change::Rekey], blinder })))
    }
}

/// A member set in another configuration, if all of it goes on.
fn translated(
    members: &[PublicKey],
    from: &GenerationConfig,
    to: &GenerationConfig,
) -> Option<Vec<PublicKey>> {
    let other = |key: &PublicKey| Some(to.by_id(&from.member(key)?.id())?.certificate.pseudonym);
    let mut set: Vec<PublicKey> = members.iter().map(other).collect::<Option<_>>()?;
    set.sort_unstable();
    Some(set)
}

/// Members of an audience that are to get a wrap of their own.
fn lacking(row: &DealRow, config: &GenerationConfig) -> BTreeSet<MemberId> {
    let late = row.deal.members.iter().skip(DEALT_WRAPS_MAX);
    let late = late.filter_map(|key| Some(config.member(key)?.id()));
    let late = late.filter(|member| {
        let waits = !row.acknowledged.contains(member);
        waits && row.rewrapped.iter().all(|(_, other)| other != member)
    });
    row.complaints.iter().copied().chain(late).collect()
}

#[cfg(test)]
mod tests;
