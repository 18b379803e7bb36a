//! Covering: what this member's node does for grants that stand, read off the state, and what it shows of them.
//!
//! A secret that a grant spans is covered by a reader in turn and signed by the next one. Neither asks anybody: that the
//! grant stands was agreed, and what is signed is compared with the member's own secret (GRA-02).

use parclose_crypto::merkle;
use parclose_keys::PseudonymKey;
use parclose_transaction::grant::{
    COVERS_MAX, Grant, GrantConfirmation, GrantCover, GrantCovers, GrantTerms, StandingGrant,
};
use parclose_transaction::{Act, GenerationConfig};
use parclose_types::{Height, MemberId, PublicKey, SignatureBytes, TransactionDigest};
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::governance::granting::to_confirm;
use crate::governance::{CoverRow, CoverState, GrantRow};
use crate::tables::{COVERS, FIRST_COVER, GRANTS};
use crate::upkeep::Due;

/// What may be done for a cover.
struct Covering {
    /// the configuration of its secret
    config: GenerationConfig,
    /// who makes and signs it, ascending
    line: Vec<MemberId>,
    /// its audience has one member
    alone: bool,
}

impl Channel {
    /// Covers that it is this member's turn to make, and those that it is to sign as their second reader.
    pub(crate) fn covers_due(&self, at: Height, rng: &mut impl CryptoRng) -> Result<Vec<Due>, ChannelError> {
        let (own, mut due) = (self.own_id(), Vec::new());
        for row in self.governance.grants().filter(|row| row.stands()) {
            let mut made = Vec::new();
            let mut signed = Vec::new();
            for cover in self.governance.covers.values().filter(|cover| cover.grant == row.transaction) {
                let Some(covering) = self.covering(row, cover, at)? else { continue };
                if !covering.line.contains(&own) {
                    continue;
                }
                if let Some(signature) = self.confirmed(cover, &covering) {
                    signed.push((cover.configuration, cover.audience, signature));
                } else if self.covers_in_turn(cover, &covering, at) {
                    made.extend(self.cover(&row.grant, cover, &covering, rng));
                }
            }
            due.extend(made.chunks(COVERS_MAX).map(|some| covers_act(row.transaction, some)));
            due.extend(signed.chunks(COVERS_MAX).map(|some| confirm_act(row.transaction, some)));
        }
        Ok(due)
    }

    /// What may be done for a cover whose secret is active, and who is to do it: its holders that have agreed to the grant;
    /// all holders where too few of them could sign.
    fn covering(
        &self,
        grant: &GrantRow,
        row: &CoverRow,
        at: Height,
    ) -> Result<Option<Covering>, ChannelError> {
        let dealt = self.governance.dealt_for(row, &self.store, at)?;
        let Some((config, deal)) = dealt.filter(|(_, deal)| deal.is_active()) else { return Ok(None) };
        let agreed = |member: &&MemberId| grant.approvals.contains(member);
        let mut line: Vec<MemberId> = deal.acknowledged.iter().filter(agreed).copied().collect();
        if line.len() < deal.deal.members.len().min(2) {
            line.clone_from(&deal.acknowledged);
        }
        Ok(Some(Covering { config, line, alone: deal.deal.members.len() == 1 }))
    }

    fn own_key(&self, config: &GenerationConfig) -> Option<PseudonymKey> {
        config.by_id(&self.own_id())?;
        Some(self.member.pseudonym(&config.channel, config.generation))
    }

    /// Readers take turns, the first at once, each further one when time has passed; a cover that its second reader leaves
    /// unsigned is made anew by another.
    fn covers_in_turn(&self, row: &CoverRow, covering: &Covering, at: Height) -> bool {
        let patience = self.definition().parameters.attest_after.max(1);
        let since = match &row.state {
            CoverState::Owed => row.since,
            CoverState::Made { .. } => Height(row.since.0.saturating_add(patience)),
            CoverState::Counts { .. } => return false,
        };
        at >= since && self.holds_in_turn(&covering.line, since, at)
    }

    fn cover(
        &self,
        grant: &StandingGrant,
        row: &CoverRow,
        covering: &Covering,
        rng: &mut impl CryptoRng,
    ) -> Option<(GrantCover, Vec<u8>)> {
        let own = self.own_key(&covering.config)?;
        let second_reader = self.second_reader(covering)?;
        let scope = grant.scope(covering.config.channel, row.generation, row.audience);
        let terms =
            GrantTerms::draw_up(&self.keys, scope, &grant.grantee, own.public(), second_reader).ok()?;
        let signature = terms.sign(&self.keys, &own).ok()?;
        let wrap = terms.wrap(&self.keys, &grant.grantee, rng).ok()?;
        let GrantTerms { check_values, .. } = terms;
        let (configuration, audience) = (row.configuration, row.audience);
        Some((GrantCover { configuration, audience, check_values, second_reader, signature }, wrap))
    }

    /// The reader after this one among those that hold the secret and belong to the channel; of an audience of one, itself.
    fn second_reader(&self, covering: &Covering) -> Option<PublicKey> {
        let key = |member: &MemberId| covering.config.by_id(member).map(|entry| entry.certificate.pseudonym);
        let own = self.own_id();
        if covering.alone {
            return key(&own);
        }
        let present = |member: &&MemberId| self.config().by_id(member).is_some();
        let line: Vec<&MemberId> = covering.line.iter().filter(present).collect();
        let place = line.iter().position(|member| **member == own)?;
        let next = line.iter().cycle().skip(place.saturating_add(1)).take(line.len());
        next.copied().find(|member| **member != own).and_then(key)
    }

    /// This member's signature under a cover of which it is the second reader, if its own secret gives the same.
    fn confirmed(&self, row: &CoverRow, covering: &Covering) -> Option<SignatureBytes> {
        let own = self.own_key(&covering.config)?;
        to_confirm(row, &own.public())?.sign(&self.keys, &own).ok()
    }

    /// Every grant, also those that have ended, in the order of their proposals.
    pub fn grants(&self) -> Result<Vec<GrantRow>, ChannelError> {
        let mut rows = Vec::new();
        self.store.for_each(&GRANTS, |_, row| rows.push(row))?;
        rows.sort_by_key(|row| (row.proposed_at, row.transaction));
        Ok(rows)
    }

    /// The covers of a grant, by generation and audience.
    pub fn covers(&self, grant: &TransactionDigest) -> Result<Vec<CoverRow>, ChannelError> {
        let mut rows = Vec::new();
        self.store.visit(&COVERS, &FIRST_COVER, |_, row| {
            if row.grant == *grant {
                rows.push(row);
            }
            std::ops::ControlFlow::Continue(())
        })?;
        rows.sort_by_key(|row| (row.generation, row.audience, row.configuration));
        Ok(rows)
    }

    /// Covers of a grant that readers can make or sign, and have not yet: of secrets that are active.
    pub fn covers_awaited(&self, grant: &TransactionDigest) -> Result<usize, ChannelError> {
        let head = self.head.as_ref().map_or(Height(0), |head| head.height);
        let mut awaited = 0;
        for row in self.governance.covers.values().filter(|row| row.grant == *grant && !row.counts()) {
            let dealt = self.governance.dealt_for(row, &self.store, Height(head.0.saturating_add(1)))?;
            awaited += usize::from(dealt.is_some_and(|(_, deal)| deal.is_active()));
        }
        Ok(awaited)
    }

    /// The view keys of a grant, each with what both readers have signed, as they are recorded in the channel. They open
    /// for the grantee alone. None of those is left that reach something erased.
    pub fn granted(&self, grant: &TransactionDigest) -> Result<Vec<(Grant, Vec<u8>)>, ChannelError> {
        let (mut granted, reach) = (Vec::new(), self.reach()?);
        for row in self.covers(grant)? {
            let CoverState::Counts { grant, wrapped } = row.state else { continue };
            let scope = &grant.terms.scope;
            if !reach.spares(row.generation, scope.from, scope.to) {
                continue;
            }
            let stored = self.transaction(&wrapped.transaction)?.and_then(|stored| stored.sealed);
            let index = usize::try_from(wrapped.index).unwrap_or(usize::MAX);
            let wrap = stored.and_then(|sealed| sealed.wraps.get(index).cloned());
            let wrap = wrap.ok_or(ChannelError::Unknown { what: "wrap" })?;
            granted.push((*grant, wrap));
        }
        Ok(granted)
    }
}

fn covers_act(grant: TransactionDigest, made: &[(GrantCover, Vec<u8>)]) -> Due {
    let (covers, wraps): (Vec<GrantCover>, Vec<Vec<u8>>) = made.iter().cloned().unzip();
    let act = Act::Cover(GrantCovers { grant, covers, wraps_root: merkle::root(&wraps) });
    Due { act, wraps }
}

fn confirm_act(
    grant: TransactionDigest,
    signed: &[(parclose_types::Digest, parclose_types::AudienceId, SignatureBytes)],
) -> Due {
    Due { act: Act::Confirm(GrantConfirmation { grant, signatures: signed.to_vec() }), wraps: Vec::new() }
}
