//! Grants: what the members agree that somebody outside may read, and the covers that follow from it.
//!
//! ```text
//!   Grant, Approve…   enough members agree: it stands                    GRA-12, GRA-13
//!   a secret is dealt, or was    each one that it spans, and whose readers have agreed, is owed a cover     GRA-22
//!   Cover             a reader makes it: check values, signature, wrap   GRA-15
//!   Confirm           a second reader signs the same terms: it counts    GRA-16
//!   Revoke…           what is dealt from then on is owed none            GRA-14
//! ```

use parclose_crypto::verify;
use parclose_crypto::wrap::check_public_key;
use parclose_keys::cover::canonical;
use parclose_transaction::grant::{
    Grant, GrantConfirmation, GrantCover, GrantCovers, GrantTerms, StandingGrant,
};
use parclose_transaction::{Definition, GenerationConfig, Reach};
use parclose_types::{AudienceId, Digest, Epoch, Generation, Height, MemberId, PublicKey, TransactionDigest};

use super::act::ActContext;
use super::rows::{CoverKey, CoverRow, CoverState, GrantRow, GrantStanding, WrapPlace};
use super::{ActRefused, DealRow, Governance, Past};
use crate::erasure::spans;
use crate::error::ChannelError;
use crate::process::Stop;

/// Grants of a channel that stand or could come to.
const GRANTS_MAX: usize = 64;
/// Covers that one grant is owed of what was dealt before it.
const OWED_AT_ONCE_MAX: usize = 1024;

/// What a grant asks for, and who has agreed to it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    named: TransactionDigest,
    grant: &'a StandingGrant,
    /// members that have agreed, ascending
    agreed: &'a [MemberId],
    /// those of them whose agreement has been followed up already
    before: &'a [MemberId],
    /// readers of a set that have to agree, or all where there are fewer
    signatures: usize,
}

/// Secrets of one configuration, and who holds them.
struct Dealings<'a> {
    config: &'a GenerationConfig,
    configuration: Digest,
    definition: &'a Definition,
}

impl Governance {
    /// Grants that stand or could come to, by their transactions.
    pub fn grants(&self) -> impl Iterator<Item = &GrantRow> {
        self.grants.values()
    }

    /// # Rules
    ///
    /// > GRA-12: a grant is to the holder of an X-Wing key, of an audience rule and a class that some field of the definition in force has, for an interval of epochs, narrowed to members only.
    /// > GRA-18: at most 64 grants of a channel stand or can come to, and a grant is owed at most 1,024 covers of what was dealt before it.
    pub(super) fn take_grant(&mut self, grant: &StandingGrant, of: &ActContext<'_>) -> Result<(), Stop> {
        check(grant, of)?;
        let open = self.grants.values().filter(|row| row.stands() || self.can_come(row, of)).count();
        if open >= GRANTS_MAX {
            return Err(ActRefused::TooManyGrants.into());
        }
        let row = GrantRow {
            transaction: of.transaction,
            grant: grant.clone(),
            proposed_at: of.height,
            approvals: vec![of.author],
            revocations: Vec::new(),
            standing: GrantStanding::Proposed,
        };
        self.grants.insert(of.transaction, row);
        self.settle(of.transaction, &[], of)
    }

    /// # Rules
    ///
    /// > GRA-13: a grant stands once as many members as the definition asks for have agreed to it, whoever proposed it among them, each once, with the policy's permit, within the heights of a motion.
    pub(super) fn take_approval(
        &mut self,
        grant: TransactionDigest,
        of: &ActContext<'_>,
    ) -> Result<(), Stop> {
        let row = self.grants.get(&grant).filter(|row| row.stands() || self.can_come(row, of));
        let row = row.ok_or(ActRefused::NotProposed)?;
        let (mut approvals, stood) = (row.approvals.clone(), row.stands());
        let before = if stood { row.approvals.clone() } else { Vec::new() };
        agree(&mut approvals, of.author).ok_or(ActRefused::NotProposed)?;
        if let Some(row) = self.grants.get_mut(&grant) {
            row.approvals = approvals;
        }
        self.settle(grant, &before, of)
    }

    /// # Rules
    ///
    /// > GRA-14: a grant ends once as many members have agreed to its end, each once, with the policy's permit: what is not covered for it by then never is.
    pub(super) fn take_revocation(
        &mut self,
        grant: TransactionDigest,
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        let needed = self.grants_need(of);
        let row =
            self.grants.get_mut(&grant).filter(|row| !row.has_ended()).ok_or(ActRefused::NotRevocable)?;
        agree(&mut row.revocations, of.author).ok_or(ActRefused::NotRevocable)?;
        if still(&row.revocations, of) >= needed {
            row.standing = GrantStanding::Revoked { at: of.height };
        }
        Ok(())
    }

    fn grants_need(&self, of: &ActContext<'_>) -> usize {
        of.in_force.definition.governance.grants_need(of.in_force.config.members.len())
    }

    fn can_come(&self, row: &GrantRow, of: &ActContext<'_>) -> bool {
        let within = of.in_force.definition.governance.motion_within;
        row.standing == GrantStanding::Proposed && row.is_open(of.height, within)
    }

    /// Lets a grant stand once enough agree: every secret that it spans is owed a cover as soon as its own readers have
    /// agreed, also those of earlier generations. Those who had agreed `before` were followed up then.
    fn settle(
        &mut self,
        grant: TransactionDigest,
        before: &[MemberId],
        of: &ActContext<'_>,
    ) -> Result<(), Stop> {
        let needed = self.grants_need(of);
        let Some(row) = self.grants.get_mut(&grant) else { return Ok(()) };
        if !row.stands() {
            if still(&row.approvals, of) < needed {
                return Ok(());
            }
            row.standing = GrantStanding::Standing { since: of.height };
        }
        let (granted, agreed) = (row.grant.clone(), row.approvals.clone());
        let asked =
            Asked { named: grant, grant: &granted, agreed: &agreed, before, signatures: signatures(of) };
        let mut owed = self.owed_of_now(asked, of);
        owed.extend(owed_of_the_past(asked, of)?);
        if owed.len() > OWED_AT_ONCE_MAX {
            return Err(ActRefused::TooManyGrants.into());
        }
        self.covers.extend(owed.into_iter().map(|row| (row.key(), row)));
        Ok(())
    }

    /// What a new grant is owed of the configurations for which secrets can be dealt still.
    fn owed_of_now(&self, asked: Asked<'_>, of: &ActContext<'_>) -> Vec<CoverRow> {
        let latest = self.latest();
        if !asked.grant.gives(latest.term.first_epoch, Epoch(u32::MAX)) {
            return Vec::new();
        }
        let decided = self.decision_at(of.height).and_then(super::DecisionRow::configuration);
        let configurations = [Some(latest.configuration), decided].into_iter().flatten();
        let targets =
            configurations.filter_map(|configuration| self.target(configuration, latest, of.height));
        let mut owed = Vec::new();
        for target in targets {
            let of_target = Dealings {
                config: target.config,
                configuration: target.configuration,
                definition: &target.definition,
            };
            let spanned =
                self.deals_of(target.configuration).filter(|row| of_target.owes(asked, &row.deal.members));
            owed.extend(spanned.map(|row| of_target.owed(row.deal.audience, asked.named, of.height, false)));
        }
        owed
    }

    /// What grants that stand are owed of a secret that is being dealt: nothing is sealed with it before they have it.
    pub(super) fn owe_covers(
        &mut self,
        config: &GenerationConfig,
        definition: &Definition,
        deal: &parclose_keys::Deal,
        of: &ActContext<'_>,
    ) {
        let of_deal = Dealings { config, configuration: config.digest(), definition };
        let first_epoch = self.latest().term.first_epoch;
        let signatures = signatures(of);
        let asked = |row: &GrantRow| {
            let GrantRow { transaction: named, grant, approvals, .. } = row;
            of_deal.owes(
                Asked { named: *named, grant, agreed: approvals, before: &[], signatures },
                &deal.members,
            )
        };
        let owed: Vec<CoverRow> = self
            .grants
            .values()
            .filter(|row| row.stands() && row.grant.gives(first_epoch, Epoch(u32::MAX)) && asked(row))
            .map(|row| of_deal.owed(deal.audience, row.transaction, of.height, true))
            .collect();
        self.covers.extend(owed.into_iter().map(|row| (row.key(), row)));
    }

    /// Whether a secret waits for a cover before anything is sealed with it.
    ///
    /// # Rules
    ///
    /// > GRA-17: nothing is sealed with a secret that was owed to a grant as it was dealt, before its cover counts or the grant has ended.
    pub(super) fn awaits_cover(&self, configuration: Digest, audience: &AudienceId) -> bool {
        self.covers_of(configuration, audience).any(|row| {
            let stands = self.grants.get(&row.grant).is_some_and(GrantRow::stands);
            row.first && !row.counts() && stands
        })
    }

    fn covers_of(&self, configuration: Digest, audience: &AudienceId) -> impl Iterator<Item = &CoverRow> {
        let at = (configuration, *audience);
        let from: CoverKey = (configuration, (*audience, TransactionDigest([0; 32])));
        let rows = self.covers.range(from..).map(|(_, row)| row);
        rows.take_while(move |row| (row.configuration, row.audience) == at)
    }

    /// # Rules
    ///
    /// > GRA-15: a cover is of a secret that is owed to a grant that stands and is active, with check values and a signature by a member that has acknowledged it, and names another such reader as its second; of an audience of one, that one is both.
    pub(super) fn take_covers(&mut self, covers: &GrantCovers, of: &ActContext<'_>) -> Result<(), Stop> {
        if covers.covers.is_empty() {
            return Err(ActRefused::Cover("there are none").into());
        }
        for (cover, index) in covers.covers.iter().zip(0_u32..) {
            let wrapped = WrapPlace { transaction: of.transaction, index };
            self.take_cover(covers.grant, cover, wrapped, of)?;
        }
        Ok(())
    }

    fn take_cover(
        &mut self,
        grant: TransactionDigest,
        cover: &GrantCover,
        wrapped: WrapPlace,
        of: &ActContext<'_>,
    ) -> Result<(), Stop> {
        let refused = |why| Stop::from(ActRefused::Cover(why));
        let granted = self
            .grants
            .get(&grant)
            .filter(|row| row.stands())
            .ok_or_else(|| refused("no such grant stands"))?;
        let key = (cover.configuration, (cover.audience, grant));
        let row = self
            .covers
            .get(&key)
            .filter(|row| !row.counts())
            .ok_or_else(|| refused("none is owed of this"))?;
        let dealt = self.dealt_for(row, of.past, of.height).map_err(Stop::Broken)?;
        let (config, deal) = dealt.ok_or_else(|| refused("the secret was not dealt"))?;
        let holds = |member: &MemberId| deal.acknowledged.contains(member);
        let issuer = config.by_id(&of.author).filter(|_| holds(&of.author) && deal.is_active());
        let issuer =
            issuer.ok_or_else(|| refused("its author does not hold the secret"))?.certificate.pseudonym;
        let second = config.member(&cover.second_reader).filter(|entry| holds(&entry.id()));
        let alone = deal.deal.members.len() == 1;
        if second.is_none() || alone != (cover.second_reader == issuer) {
            return Err(refused("two different readers sign it"));
        }
        let terms = granted.grant.terms(config.channel, row.generation, issuer, cover);
        if terms.check_values.len() != canonical(terms.scope.from, terms.scope.to).len() {
            return Err(refused("its check values are not one for each node"));
        }
        verify(&issuer, &terms.signing_bytes(), &cover.signature).map_err(|_| refused("its signature"))?;
        let state = if alone {
            let (issuer_signature, second_signature) = (cover.signature, cover.signature);
            CoverState::Counts {
                grant: Box::new(Grant { terms, issuer_signature, second_signature }),
                wrapped,
            }
        } else {
            CoverState::Made { terms: Box::new(terms), signature: cover.signature, wrapped }
        };
        let row = CoverRow { since: of.height, state, ..row.clone() };
        self.covers.insert(key, row);
        Ok(())
    }

    /// # Rules
    ///
    /// > GRA-16: a cover counts once the second reader that it names has signed the same terms.
    pub(super) fn take_confirmation(
        &mut self,
        confirmation: &GrantConfirmation,
        of: &ActContext<'_>,
    ) -> Result<(), Stop> {
        let refused = || Stop::from(ActRefused::Confirmation);
        if confirmation.signatures.is_empty() {
            return Err(refused());
        }
        for (configuration, audience, signature) in &confirmation.signatures {
            let key = (*configuration, (*audience, confirmation.grant));
            let row = self.covers.get(&key).ok_or_else(refused)?;
            let CoverState::Made { terms, signature: by_issuer, wrapped } = row.state.clone() else {
                return Err(refused());
            };
            let dealt = self.dealt_for(row, of.past, of.height).map_err(Stop::Broken)?;
            let (config, _) = dealt.ok_or_else(refused)?;
            let own = config.by_id(&of.author).map(|entry| entry.certificate.pseudonym);
            let is_second = own == Some(terms.second_reader) && self.is_standing(&confirmation.grant);
            if !is_second || verify(&terms.second_reader, &terms.signing_bytes(), signature).is_err() {
                return Err(refused());
            }
            let grant = Grant { terms: *terms, issuer_signature: by_issuer, second_signature: *signature };
            let state = CoverState::Counts { grant: Box::new(grant), wrapped };
            let row = CoverRow { since: of.height, state, ..row.clone() };
            self.covers.insert(key, row);
        }
        Ok(())
    }

    fn is_standing(&self, grant: &TransactionDigest) -> bool {
        self.grants.get(grant).is_some_and(GrantRow::stands)
    }

    /// The configuration of a cover's secret, and its deal.
    pub(crate) fn dealt_for(
        &self,
        row: &CoverRow,
        past: &dyn Past,
        height: Height,
    ) -> Result<Option<(GenerationConfig, DealRow)>, ChannelError> {
        let (configuration, audience) = (row.configuration, row.audience);
        if let Some(target) = self.target(configuration, self.latest(), height) {
            let deal = self.deals.get(&(configuration, audience));
            return Ok(deal.map(|deal| (target.config.clone(), deal.clone())));
        }
        let ended = past.generation(row.generation)?.filter(|ended| ended.config.digest() == configuration);
        let Some(ended) = ended else { return Ok(None) };
        let erased = past.erased()?;
        let reach = Reach::new(&erased, spans(past)?);
        let spared = |of: &GrantRow| reach.spares(row.generation, of.grant.from, of.grant.to);
        if !self.grants.get(&row.grant).is_some_and(spared) {
            return Ok(None);
        }
        Ok(past.deal(configuration, audience)?.map(|deal| (ended.config, deal)))
    }

    /// Forgets grants that have ended or came to nothing, and covers that count, are for such, or of what never came to be.
    pub(super) fn forget_covers(&mut self, height: Height) {
        let within = self.latest().definition.governance.motion_within;
        self.grants.retain(|_, row| row.is_open(height, within));
        let (latest, grants) = (self.latest().config.generation, &self.grants);
        let decided = self.decision.as_ref().and_then(super::DecisionRow::configuration);
        self.covers.retain(|_, row| is_open(row, latest, decided) && grants.contains_key(&row.grant));
    }
}

/// Whether something is still to be done for a cover.
pub(crate) fn is_open(row: &CoverRow, latest: Generation, decided: Option<Digest>) -> bool {
    !row.counts() && (row.generation <= latest || decided == Some(row.configuration))
}

impl Dealings<'_> {
    /// Whether a set of readers has come to owe a cover: it is spanned, and by now enough of it agree.
    ///
    /// # Rules
    ///
    /// > GRA-22: a secret is owed to a grant only once as many of its own readers have agreed to the grant as the definition asks for, or all of them where they are fewer.
    fn owes(&self, asked: Asked<'_>, set: &[PublicKey]) -> bool {
        let enough = |agreed: &[MemberId]| {
            let readers = set.iter().filter_map(|key| self.config.member(key));
            readers.filter(|entry| agreed.contains(&entry.id())).count() >= asked.signatures.min(set.len())
        };
        enough(asked.agreed) && !enough(asked.before) && asked.grant.spans(self.config, self.definition, set)
    }

    fn owed(&self, audience: AudienceId, grant: TransactionDigest, since: Height, first: bool) -> CoverRow {
        let (configuration, generation) = (self.configuration, self.config.generation);
        CoverRow { configuration, generation, audience, grant, since, first, state: CoverState::Owed }
    }
}

/// What a new grant is owed of generations that have ended.
fn owed_of_the_past(asked: Asked<'_>, of: &ActContext<'_>) -> Result<Vec<CoverRow>, Stop> {
    let mut owed = Vec::new();
    let erased = of.past.erased().map_err(Stop::Broken)?;
    let reach = Reach::new(&erased, spans(of.past).map_err(Stop::Broken)?);
    let mut next_first = of.in_force.term.first_epoch;
    for generation in (0..of.in_force.config.generation.0).rev().map(Generation) {
        let Some(row) = of.past.generation(generation).map_err(Stop::Broken)? else { break };
        let (first, last) = (row.term.first_epoch, Epoch(next_first.0.saturating_sub(1)));
        next_first = first;
        if !asked.grant.gives(first, last) || !reach.spares(generation, asked.grant.from, asked.grant.to) {
            continue;
        }
        let definition = of.past.definition(row.config.definition_version).map_err(Stop::Broken)?;
        let Some(definition) = definition else { break };
        let configuration = row.config.digest();
        let dealings = Dealings { config: &row.config, configuration, definition: &definition };
        let deals = of.past.deals(configuration).map_err(Stop::Broken)?;
        let spanned =
            deals.iter().filter(|deal| deal.is_active() && dealings.owes(asked, &deal.deal.members));
        owed.extend(spanned.map(|deal| dealings.owed(deal.deal.audience, asked.named, of.height, false)));
    }
    Ok(owed)
}

fn check(grant: &StandingGrant, of: &ActContext<'_>) -> Result<(), ActRefused> {
    let refused = |why: &str| Err(ActRefused::Grant(why.into()));
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if !plain(&grant.name) {
        return refused("a grantee's name has 1 to 64 letters, digits, `-`, `_` and `.`");
    }
    if check_public_key(&grant.grantee).is_err() {
        return refused("the grantee's key is no X-Wing key");
    }
    if grant.from > grant.to {
        return refused("it gives no epoch");
    }
    if !grant.has_fields(&of.in_force.definition) {
        return refused("no field has this audience and this class");
    }
    if !grant.members.iter().all(|member| of.in_force.config.by_id(member).is_some()) {
        return refused("it is narrowed to somebody who is no member");
    }
    if grant.alone && grant.members.is_empty() {
        return refused("it is narrowed to nobody");
    }
    Ok(())
}

fn signatures(of: &ActContext<'_>) -> usize {
    usize::from(of.in_force.definition.governance.grant_signatures)
}

/// Adds a member, once.
fn agree(agreed: &mut Vec<MemberId>, member: MemberId) -> Option<()> {
    let gap = agreed.binary_search(&member).err()?;
    agreed.insert(gap, member);
    Some(())
}

/// How many of those who agreed are members still.
fn still(agreed: &[MemberId], of: &ActContext<'_>) -> usize {
    agreed.iter().filter(|member| of.in_force.config.by_id(member).is_some()).count()
}

/// The terms that a row's second reader is to sign.
pub(crate) fn to_confirm<'r>(row: &'r CoverRow, reader: &PublicKey) -> Option<&'r GrantTerms> {
    match &row.state {
        CoverState::Made { terms, .. } if terms.second_reader == *reader => Some(terms),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
