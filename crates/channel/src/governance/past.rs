//! What a joiner gets of the past: exactly what the definition's history says.
//!
//! The past comes as covers: of one class, of one audience of an earlier generation, over the epochs that
//! the history gives. A joiner gets a class of an audience only where every field of that class that can
//! be sealed for that audience is for one of the joiner's roles: what was for named parties stays with them.

use std::collections::{BTreeMap, BTreeSet};

use parclose_keys::Deal;
use parclose_transaction::definition::Class;
use parclose_transaction::{Definition, ErasureTarget, GenerationConfig, Reach, Share, SharedScope};
use parclose_types::{AudienceId, Digest, Epoch, Generation, MemberId};

use super::act::ActContext;
use super::{ActRefused, DealRow, GenerationRow, Governance};
use crate::erasure::spans;
use crate::error::ChannelError;
use crate::process::Stop;

/// What is kept of earlier generations.
pub trait Past {
    /// A generation.
    fn generation(&self, generation: Generation) -> Result<Option<GenerationRow>, ChannelError>;
    /// The definition of a version.
    fn definition(&self, version: u32) -> Result<Option<Definition>, ChannelError>;
    /// The deals of a configuration.
    fn deals(&self, configuration: Digest) -> Result<Vec<DealRow>, ChannelError>;
    /// What the log has erased.
    fn erased(&self) -> Result<BTreeSet<ErasureTarget>, ChannelError>;
    /// The deal of one audience's secret.
    fn deal(&self, configuration: Digest, audience: AudienceId) -> Result<Option<DealRow>, ChannelError>;
}

/// What a member gets of the generations before it joined, each with those who hold it: covers of every
/// generation since it was a member last.
///
/// # Rules
///
/// > GOV-18: a joiner is given what the history of the definition in force says, each cover once, by a holder of its secret, and nothing else.
/// > ERA-17: nothing is covered, for a joiner or for a grant, of a generation that is erased, or over an interval with an epoch of it that is erased; a joiner is given the pieces between those.
pub fn past_of(
    governance: &Governance,
    past: &dyn Past,
    joiner: &MemberId,
) -> Result<BTreeMap<SharedScope, Vec<MemberId>>, ChannelError> {
    let latest = governance.latest();
    let mut scopes = BTreeMap::new();
    let (Some(first), Some(entry)) =
        (latest.definition.parameters.history.first_epoch(), latest.config.by_id(joiner))
    else {
        return Ok(scopes);
    };
    let (erased, spans) = (past.erased()?, spans(past)?);
    let reach = Reach::new(&erased, spans);
    let mut next_first = latest.term.first_epoch;
    let mut joined = false;
    for generation in (0..latest.config.generation.0).rev().map(Generation) {
        let missing = ChannelError::Unknown { what: "generation" };
        let row = past.generation(generation)?.ok_or(missing)?;
        let was_member = row.config.by_id(joiner).is_some();
        if joined && was_member {
            // It has come back, and holds the secrets of this generation itself.
            return Ok(scopes);
        }
        joined |= !was_member;
        let (from, to) = (row.term.first_epoch.max(first), Epoch(next_first.0.saturating_sub(1)));
        next_first = row.term.first_epoch;
        if was_member || from > to {
            continue;
        }
        let pieces = reach.left_of(generation, from, to);
        let missing = ChannelError::Unknown { what: "definition" };
        let definition = past.definition(row.config.definition_version)?.ok_or(missing)?;
        for deal in past.deals(row.config.digest())?.into_iter().filter(DealRow::is_active) {
            for class in classes_for(&definition, &row, &deal.deal, &entry.certificate.roles) {
                let (audience, class) = (deal.deal.audience, class.id);
                let scope = |(from, to): &(Epoch, Epoch)| SharedScope {
                    generation,
                    audience,
                    class,
                    from: *from,
                    to: *to,
                };
                scopes.extend(pieces.iter().map(|piece| (scope(piece), deal.acknowledged.clone())));
            }
        }
    }
    Ok(scopes)
}

/// The classes of an audience all of whose fields are for one of these roles.
fn classes_for<'d>(
    definition: &'d Definition,
    row: &GenerationRow,
    deal: &Deal,
    roles: &[String],
) -> Vec<&'d Class> {
    let for_these = |class: &&Class| {
        let mut of_class = definition
            .records
            .iter()
            .flat_map(|record| record.fields.iter().map(move |field| (record, field)))
            .filter(|(_, field)| field.class == class.id)
            .filter_map(|(record, field)| Some((record, definition.audience(&field.audience)?)))
            .filter(|(record, rule)| row.config.rule_produces(rule, record, &deal.members))
            .map(|(_, rule)| rule.roles.iter().any(|role| roles.contains(role)))
            .peekable();
        of_class.peek().is_some() && of_class.all(|named| named)
    };
    definition.classes.iter().filter(for_these).collect()
}

impl Governance {
    /// Whoever joins with a rotation is owed its past, until all of it is given.
    pub(super) fn owe(&mut self, before: &GenerationConfig) {
        let latest = self.latest().clone();
        self.given.retain(|member, _| latest.config.by_id(member).is_some());
        for entry in latest.config.members.iter().filter(|entry| before.by_id(&entry.id()).is_none()) {
            self.given.entry(entry.id()).or_default();
        }
    }

    pub(super) fn take_share(&mut self, share: &Share, of: &ActContext<'_>) -> Result<(), Stop> {
        let Some(given) = self.given.get(&share.member) else { return Err(ActRefused::NotGiven.into()) };
        let mut given = given.clone();
        let expected = past_of(self, of.past, &share.member).map_err(Stop::Broken)?;
        for scope in &share.scopes {
            let holds = expected.get(scope).is_some_and(|holders| holders.contains(&of.author));
            if !holds || !given.insert(*scope) {
                return Err(ActRefused::NotGiven.into());
            }
        }
        if share.scopes.is_empty() {
            return Err(ActRefused::NotGiven.into());
        }
        if expected.keys().all(|scope| given.contains(scope)) {
            self.given.remove(&share.member);
        } else {
            self.given.insert(share.member, given);
        }
        Ok(())
    }
}
