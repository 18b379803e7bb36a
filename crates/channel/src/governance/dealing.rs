//! Dealing: each audience's secret, from its deal until a majority of the audience holds it.
//!
//! A deal is for a configuration: the one in force, on first use of the audience; or the one that was
//! decided, before its rotation. Who has no wrap that opens complains, and whoever holds the secret wraps
//! it again.

use std::borrow::Cow;

use parclose_keys::Deal;
use parclose_keys::audience::DEALT_WRAPS_MAX;
use parclose_transaction::{Definition, GenerationConfig};
use parclose_types::{AudienceId, Digest, Height, MemberId, PublicKey};

use super::act::ActContext;
use super::rows::deals_of_one_member;
use super::{ActRefused, DealRow, Decided, Governance, InForce, scope_of};

/// How far the secret of an audience is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dealt {
    /// nobody has dealt it, or nobody in time took part
    No,
    /// it is dealt, and not acknowledged by a majority yet
    Waiting,
    /// it can be used
    Active,
}

/// A configuration for which secrets are dealt.
pub(crate) struct Target<'a> {
    pub(crate) config: &'a GenerationConfig,
    pub(crate) definition: Cow<'a, Definition>,
    pub(crate) configuration: Digest,
}

impl Governance {
    /// The configuration of a digest, if secrets can be dealt for it at this height.
    pub(crate) fn target(
        &self,
        configuration: Digest,
        in_force: &InForce,
        height: Height,
    ) -> Option<Target<'_>> {
        let latest = self.latest();
        if configuration == latest.configuration && configuration == in_force.configuration {
            let (config, definition) = (&latest.config, Cow::Borrowed(&latest.definition));
            return Some(Target { config, definition, configuration });
        }
        let Decided::Rotate { config, texts } = &self.decision_at(height)?.decided else { return None };
        if config.digest() != configuration {
            return None;
        }
        let definition = match texts {
            Some(texts) => Cow::Owned(Definition::parse("channel.toml", &texts.channel_toml).ok()?),
            None => Cow::Borrowed(&latest.definition),
        };
        Some(Target { config, definition, configuration })
    }

    /// How far the secret of an audience of a configuration is at a height.
    ///
    /// # Rules
    ///
    /// > GOV-13: the first valid deal of an audience stands, unless no majority acknowledges it within the heights that the definition says.
    #[must_use]
    pub fn dealt(&self, configuration: Digest, audience: &AudienceId, height: Height) -> Dealt {
        let within = self.latest().definition.governance.deal_within;
        match self.deals.get(&(configuration, *audience)) {
            Some(row) if row.is_active() && self.awaits_cover(configuration, audience) => Dealt::Waiting,
            Some(row) if row.is_active() => Dealt::Active,
            Some(row) if height.0 <= row.dealt_at.0.saturating_add(within) => Dealt::Waiting,
            _ => Dealt::No,
        }
    }

    /// The deals of a configuration.
    pub fn deals_of(&self, configuration: Digest) -> impl Iterator<Item = &DealRow> {
        let from = (configuration, AudienceId([0; 32]));
        self.deals.range(from..).take_while(move |((of, _), _)| *of == configuration).map(|(_, row)| row)
    }

    /// # Rules
    ///
    /// > GOV-12: a deal is for a configuration in force or decided, by a member of its audience, of a set that the definition can produce; and one member makes only so many.
    pub(super) fn take_deal(
        &mut self,
        configuration: Digest,
        deal: &Deal,
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        let target = self.target(configuration, of.in_force, of.height).ok_or(ActRefused::Deal)?;
        let dealer = target.config.member(&deal.dealer).ok_or(ActRefused::Deal)?;
        let valid = dealer.id() == of.author
            && target.config.can_produce(&target.definition, &deal.members)
            && deal.verify_statement(&scope_of(target.config, configuration)).is_ok();
        if !valid {
            return Err(ActRefused::Deal);
        }
        let limit = deals_of_one_member(target.config.members.len());
        let made = self.deals_of(configuration).filter(|row| row.deal.dealer == deal.dealer).count();
        if made >= limit {
            return Err(ActRefused::TooMany { limit });
        }
        if self.dealt(configuration, &deal.audience, of.height) != Dealt::No {
            return Err(ActRefused::Dealt);
        }
        let (config, definition) = (target.config.clone(), target.definition.into_owned());
        self.owe_covers(&config, &definition, deal, of);
        let row = DealRow {
            deal: deal.clone(),
            dealt_at: of.height,
            acknowledged: vec![of.author],
            complaints: Vec::new(),
            rewrapped: Vec::new(),
        };
        self.deals.insert((configuration, deal.audience), row);
        Ok(())
    }

    /// A deal that stands at this height, if the author is one of its members; with the author's place.
    fn concerned(
        &mut self,
        configuration: Digest,
        audience: AudienceId,
        member: &MemberId,
        of: &ActContext<'_>,
    ) -> Result<(&mut DealRow, usize), ActRefused> {
        let target = self.target(configuration, of.in_force, of.height).ok_or(ActRefused::NotConcerned)?;
        let key: Option<PublicKey> = target.config.by_id(member).map(|entry| entry.certificate.pseudonym);
        if self.dealt(configuration, &audience, of.height) == Dealt::No {
            return Err(ActRefused::NotConcerned);
        }
        let row = self.deals.get_mut(&(configuration, audience)).ok_or(ActRefused::NotConcerned)?;
        let place = key.and_then(|key| row.deal.members.binary_search(&key).ok());
        place.map(|place| (row, place)).ok_or(ActRefused::NotConcerned)
    }

    pub(super) fn take_acknowledgements(
        &mut self,
        configuration: Digest,
        audiences: &[AudienceId],
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        for audience in audiences {
            let (row, _) = self.concerned(configuration, *audience, &of.author, of)?;
            match row.acknowledged.binary_search(&of.author) {
                Ok(_) => return Err(ActRefused::NotConcerned),
                Err(gap) => row.acknowledged.insert(gap, of.author),
            }
            row.complaints.retain(|member| *member != of.author);
        }
        if audiences.is_empty() { Err(ActRefused::NotConcerned) } else { Ok(()) }
    }

    /// # Rules
    ///
    /// > GOV-16: a member without the secret complains, and a member that has acknowledged it wraps it again, once, for one that complained, or that got no wrap with the deal.
    pub(super) fn take_complaint(
        &mut self,
        configuration: Digest,
        audience: AudienceId,
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        let (row, _) = self.concerned(configuration, audience, &of.author, of)?;
        if row.acknowledged.contains(&of.author) {
            return Err(ActRefused::NotConcerned);
        }
        match row.complaints.binary_search(&of.author) {
            Ok(_) => Err(ActRefused::NotConcerned),
            Err(gap) => {
                row.complaints.insert(gap, of.author);
                Ok(())
            }
        }
    }

    pub(super) fn take_rewrap(
        &mut self,
        configuration: Digest,
        audience: AudienceId,
        member: &MemberId,
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        let holds = self
            .deals
            .get(&(configuration, audience))
            .is_some_and(|row| row.acknowledged.contains(&of.author));
        let (row, place) = self.concerned(configuration, audience, member, of)?;
        let wanted = row.complaints.contains(member)
            || (place >= DEALT_WRAPS_MAX && !row.acknowledged.contains(member));
        let gap = row.rewrapped.binary_search(&(of.author, *member)).err().filter(|_| holds && wanted);
        row.rewrapped.insert(gap.ok_or(ActRefused::NotConcerned)?, (of.author, *member));
        row.complaints.retain(|other| other != member);
        Ok(())
    }
}
