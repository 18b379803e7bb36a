//! One act, on the state that it meets: either the state that follows, or why it is refused.

use std::collections::BTreeSet;

use parclose_keys::PseudonymCertificate;
use parclose_transaction::Act;
use parclose_transaction::generation::id_of;
use parclose_types::{Generation, Height, MemberId, Sequence, TransactionDigest};

use super::past::Past;
use super::{ActRefused, Governance, InForce};
use crate::process::Stop;

/// Says until which height open locks bind any of some members.
pub(crate) type BoundUntil<'a> = dyn Fn(&BTreeSet<MemberId>) -> Result<Option<Height>, Stop> + 'a;

/// Who acts, where and when.
pub(crate) struct ActContext<'a> {
    /// the generation in force at that height
    pub(crate) in_force: &'a InForce,
    pub(crate) author: MemberId,
    pub(crate) transaction: TransactionDigest,
    pub(crate) height: Height,
    pub(crate) sequence: Sequence,
    /// what is kept of earlier generations
    pub(crate) past: &'a dyn Past,
    /// until which height open locks bind any of these members
    pub(crate) bound_until: &'a BoundUntil<'a>,
}

impl Governance {
    /// The governance after an act.
    ///
    /// # Rules
    ///
    /// > GOV-19: after its rotation is executed a generation takes no more acts, though its last block may bring some.
    pub(crate) fn after(&self, act: &Act, of: &ActContext<'_>) -> Result<Self, Stop> {
        if self.latest().config.generation != of.in_force.config.generation {
            return Err(ActRefused::Ended.into());
        }
        let mut after = self.clone();
        match act {
            Act::Move(motion) => after.take_motion(motion, of)?,
            Act::Vote { motion, approve } => after.take_vote(*motion, *approve, of)?,
            Act::PublishKey(certificate) => after.take_published(certificate, of)?,
            Act::Deal { configuration, deal } => after.take_deal(*configuration, deal, of)?,
            Act::Acknowledge { configuration, audiences } => {
                after.take_acknowledgements(*configuration, audiences, of)?;
            }
            Act::Complain { configuration, audience } => {
                after.take_complaint(*configuration, *audience, of)?;
            }
            Act::Rewrap { configuration, audience, member, .. } => {
                after.take_rewrap(*configuration, *audience, member, of)?;
            }
            Act::Share(share) => after.take_share(share, of)?,
            Act::Grant(grant) => after.take_grant(grant, of)?,
            Act::Approve { grant } => after.take_approval(*grant, of)?,
            Act::Revoke { grant } => after.take_revocation(*grant, of)?,
            Act::Cover(covers) => after.take_covers(covers, of)?,
            Act::Confirm(confirmation) => after.take_confirmation(confirmation, of)?,
            Act::Note { commitment } => after.take_note(*commitment, of)?,
            Act::Reveal { note, access, blinder } => after.take_reveal(*note, access, blinder, of)?,
            // They change what is kept, not how the channel stands (crate::erasure).
            Act::Erase(_) | Act::Erased { .. } => {}
        }
        Ok(after)
    }

    /// A certificate can be published again as long as nothing is decided: a member that has lost its
    /// one-time key must not be stuck with it.
    ///
    /// # Rules
    ///
    /// > GOV-10: a member publishes its own certificate for the next generation, with the roles that it has, until that generation is decided.
    fn take_published(
        &mut self,
        certificate: &PseudonymCertificate,
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        let config = &of.in_force.config;
        if let Some(decision) = self.decision_at(of.height) {
            return Err(ActRefused::Deciding { deadline: decision.deadline });
        }
        let own = config.by_id(&of.author).is_some_and(|entry| entry.certificate.roles == certificate.roles);
        if !own || id_of(certificate) != of.author {
            return Err(ActRefused::NotOwn);
        }
        let next = Generation(config.generation.0.saturating_add(1));
        certificate.verify(&config.channel, next).map_err(|_| ActRefused::Certificate)?;
        self.published.insert(of.author, certificate.clone());
        Ok(())
    }
}
