//! Motions: what members move, who votes how, and what follows once enough of them approve.

use std::collections::{BTreeMap, BTreeSet};

use parclose_access::{Policy, PolicyError, PolicySource};
use parclose_root::default_threshold;
use parclose_transaction::generation::id_of;
use parclose_transaction::{Change, Definition, DefinitionTexts, GenerationConfig, MemberEntry, Motion};
use parclose_types::{Generation, Height, MemberId, TransactionDigest, limits};

use super::act::ActContext;
use crate::process::Stop;

use super::{ActRefused, Decided, DecisionRow, Governance, InForce, MotionOutcome, MotionRow};

/// Where a motion stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MotionStanding {
    /// it can be voted on up to this height
    Open {
        /// its last height
        until: Height,
        /// approvals that it needs
        needed: usize,
    },
    /// it was open, and its last height has passed
    Lapsed,
    /// it was closed by a vote
    Closed(MotionOutcome),
}

impl MotionRow {
    /// Where the motion stands at a height, in the generation that it was made in.
    #[must_use]
    pub fn standing(&self, height: Height, in_force: &InForce) -> MotionStanding {
        let until = self.until(in_force);
        match &self.outcome {
            MotionOutcome::Open if height <= until => {
                let needed = in_force.definition.governance.approvals.needed(in_force.config.members.len());
                MotionStanding::Open { until, needed }
            }
            MotionOutcome::Open => MotionStanding::Lapsed,
            closed => MotionStanding::Closed(closed.clone()),
        }
    }

    fn until(&self, in_force: &InForce) -> Height {
        Height(self.moved_at.0.saturating_add(in_force.definition.governance.motion_within))
    }
}

impl Governance {
    /// Takes a motion; its mover is for it.
    ///
    /// # Rules
    ///
    /// > GOV-09: a member's own leaving, and turning over keys that are due, are decided by whoever moves them, as long as nothing was decided in the generation.
    /// > LOC-13: a member that an open lock binds does not leave by its own word alone: its leaving needs approvals.
    pub(super) fn take_motion(&mut self, motion: &Motion, of: &ActContext<'_>) -> Result<(), Stop> {
        self.check_motion(motion, of)?;
        let row = MotionRow {
            transaction: of.transaction,
            generation: of.in_force.config.generation,
            motion: motion.clone(),
            mover: of.author,
            moved_at: of.height,
            votes: vec![(of.author, true)],
            outcome: MotionOutcome::Open,
        };
        self.motions.insert(of.transaction, row);
        let alone = match motion.changes.as_slice() {
            [change @ Change::Remove(_)] => {
                change.is_leaving(&of.author) && (of.bound_until)(&BTreeSet::from([of.author]))?.is_none()
            }
            [Change::Rekey] => rekey_is_due(of),
            _ => false,
        };
        // Only once: else whoever repeats it keeps everything that needs votes from being decided.
        let first = self.decision.is_none() || self.decision_at(of.height).is_some();
        if alone && first { self.decide(of.transaction, of) } else { self.tally(of.transaction, of) }
    }

    /// # Rules
    ///
    /// > GOV-06: a motion can be voted on in its generation, for the heights that the definition says.
    /// > GOV-07: a member votes once on a motion.
    pub(super) fn take_vote(
        &mut self,
        motion: TransactionDigest,
        approve: bool,
        of: &ActContext<'_>,
    ) -> Result<(), Stop> {
        let row = self.motions.get_mut(&motion).ok_or(ActRefused::NotOpen)?;
        if !matches!(row.standing(of.height, of.in_force), MotionStanding::Open { .. }) {
            return Err(ActRefused::NotOpen.into());
        }
        match row.votes.binary_search_by_key(&of.author, |(member, _)| *member) {
            Ok(_) => return Err(ActRefused::Voted.into()),
            Err(gap) => row.votes.insert(gap, (of.author, approve)),
        }
        self.tally(motion, of)
    }

    /// Decides a motion once enough members are for it, and closes it once too few can be.
    fn tally(&mut self, motion: TransactionDigest, of: &ActContext<'_>) -> Result<(), Stop> {
        let members = of.in_force.config.members.len();
        let needed = of.in_force.definition.governance.approvals.needed(members);
        let Some(row) = self.motions.get_mut(&motion) else { return Ok(()) };
        if members.saturating_sub(row.count(false)) < needed {
            row.outcome = MotionOutcome::Rejected;
        }
        let passes = row.count(true) >= needed;
        if passes { self.decide(motion, of) } else { Ok(()) }
    }

    /// Fixes what follows from a motion that passes. It may not be possible any more; then it has failed.
    ///
    /// # Rules
    ///
    /// > GOV-08: while a decision can still take force no other motion passes.
    /// > LOC-12: what leaves out a member that an open lock binds can take force until `rotate_within` heights after the last `settle_before` of these locks.
    fn decide(&mut self, transaction: TransactionDigest, of: &ActContext<'_>) -> Result<(), Stop> {
        if let Some(earlier) = self.decision_at(of.height) {
            return Err(ActRefused::Deciding { deadline: earlier.deadline }.into());
        }
        let Some(row) = self.motions.get(&transaction) else { return Ok(()) };
        let motion = row.motion.clone();
        let earlier = earlier_definitions(&motion, of)?;
        let outcome = match self.decided(&motion, of.in_force, &earlier) {
            Ok(decided) => {
                let within = of.in_force.definition.governance.rotate_within;
                let bound_until = self.bound_until(&decided, of)?;
                let from = bound_until.unwrap_or_default().max(of.height);
                self.decision = Some(DecisionRow {
                    motion: transaction,
                    decided,
                    blinder: motion.blinder,
                    sequence: of.sequence,
                    decided_at: of.height,
                    deadline: Height(from.0.saturating_add(within)),
                });
                MotionOutcome::Passed
            }
            Err(refused) => MotionOutcome::Failed(parclose_types::Failure::rule(&refused).to_owned()),
        };
        if let Some(row) = self.motions.get_mut(&transaction) {
            row.outcome = outcome;
        }
        Ok(())
    }

    /// Until which height open locks bind somebody whom a decision leaves out.
    fn bound_until(&self, decided: &Decided, of: &ActContext<'_>) -> Result<Option<Height>, Stop> {
        match decided {
            Decided::Rotate { config, .. } => (of.bound_until)(&self.left_out_by(config)),
            Decided::Close => Ok(None),
        }
    }

    fn decided(
        &self,
        motion: &Motion,
        in_force: &InForce,
        earlier: &[Definition],
    ) -> Result<Decided, ActRefused> {
        if motion.changes == [Change::Close] {
            return Ok(Decided::Close);
        }
        let (config, texts) = self.next_configuration(motion, in_force, earlier)?;
        Ok(Decided::Rotate { config: Box::new(config), texts })
    }

    /// # Rules
    ///
    /// > GOV-02: a motion has changes that can stand together: none twice for one member, a close or new keys alone, for members that are there or join.
    fn check_motion(&self, motion: &Motion, of: &ActContext<'_>) -> Result<(), Stop> {
        let refused = |reason: &str| Err(ActRefused::Motion(reason.into()).into());
        let mut named = BTreeSet::new();
        let mut redefinitions = 0;
        for change in &motion.changes {
            let member = match change {
                Change::Join(entry) => Some(entry.id()),
                Change::Remove(member) => Some(*member),
                Change::Roles(certificate) => Some(id_of(certificate)),
                Change::Redefine(_) => {
                    redefinitions += 1;
                    None
                }
                Change::Rekey | Change::Close if motion.changes.len() == 1 => None,
                Change::Rekey | Change::Close => return refused("a close, or new keys, stand alone"),
            };
            if member.is_some_and(|member| !named.insert(member)) {
                return refused("a motion names a member once");
            }
            let is_member = member.is_some_and(|member| of.in_force.config.by_id(&member).is_some());
            match change {
                Change::Join(_) if is_member => return refused("who would join is a member already"),
                Change::Remove(_) | Change::Roles(_) if !is_member => {
                    return refused("who would leave or have other roles is not a member");
                }
                _ => {}
            }
        }
        if motion.changes.is_empty() || redefinitions > 1 {
            return refused("a motion has changes, and at most one definition");
        }
        let earlier = earlier_definitions(motion, of)?;
        Ok(self.decided(motion, of.in_force, &earlier).map(drop)?)
    }

    /// The configuration that a motion leads to: every member that is not removed, with the certificate
    /// that it has published or that the motion brings.
    ///
    /// # Rules
    ///
    /// > GOV-11: nobody is left out unnamed: a member that stays has published its certificate for the next generation.
    fn next_configuration(
        &self,
        motion: &Motion,
        in_force: &InForce,
        earlier: &[Definition],
    ) -> Result<(GenerationConfig, Option<DefinitionTexts>), ActRefused> {
        let generation = Generation(in_force.config.generation.0.saturating_add(1));
        let mut members: BTreeMap<MemberId, MemberEntry> = BTreeMap::new();
        let mut without: BTreeMap<MemberId, &str> = BTreeMap::new();
        for entry in &in_force.config.members {
            match self.published.get(&entry.id()) {
                Some(certificate) => {
                    let certificate = certificate.clone();
                    members.insert(entry.id(), MemberEntry { name: entry.name.clone(), certificate });
                }
                None => drop(without.insert(entry.id(), &entry.name)),
            }
        }
        let mut redefined = None;
        for change in &motion.changes {
            match change {
                Change::Join(entry) => drop(members.insert(entry.id(), entry.clone())),
                Change::Remove(member) => {
                    members.remove(member);
                    without.remove(member);
                }
                Change::Roles(certificate) => {
                    let id = id_of(certificate);
                    let name = in_force.config.by_id(&id).map(|entry| entry.name.clone()).unwrap_or_default();
                    members.insert(id, MemberEntry { name, certificate: certificate.clone() });
                    without.remove(&id);
                }
                Change::Redefine(texts) => redefined = Some((**texts).clone()),
                Change::Rekey | Change::Close => {}
            }
        }
        if !without.is_empty() {
            let names = without.into_values().collect::<Vec<_>>().join(", ");
            return Err(ActRefused::NotPublished { names });
        }
        let definition = match &redefined {
            Some(texts) => next_definition(texts, &in_force.definition, earlier)?,
            None => in_force.definition.clone(),
        };
        let mut members: Vec<MemberEntry> = members.into_values().collect();
        members.sort_by_key(|member| member.certificate.pseudonym);
        let texts = redefined.as_ref().unwrap_or(&in_force.texts);
        let config = GenerationConfig {
            network: in_force.config.network,
            channel: in_force.config.channel,
            generation,
            definition: texts.digest(),
            definition_version: definition.version,
            epoch_length: definition.parameters.epoch_length,
            threshold: default_threshold(u16::try_from(members.len()).unwrap_or(u16::MAX)),
            members,
        };
        check_configuration(&config, &definition, &in_force.config)?;
        Ok((config, redefined))
    }
}

/// The definitions before the one in force, for a motion that brings the next.
fn earlier_definitions(motion: &Motion, of: &ActContext<'_>) -> Result<Vec<Definition>, Stop> {
    if !motion.changes.iter().any(|change| matches!(change, Change::Redefine(_))) {
        return Ok(Vec::new());
    }
    let of_version = |version| of.past.definition(version).transpose();
    let first = of.past.generation(Generation(0)).map_err(Stop::Broken)?;
    let first = first.map_or(of.in_force.definition.version, |row| row.config.definition_version);
    let versions = first..of.in_force.definition.version;
    versions.filter_map(of_version).collect::<Result<_, _>>().map_err(Stop::Broken)
}

/// # Rules
///
/// > GOV-03: whoever joins or has other roles has signed its certificate for the next generation with them.
/// > GOV-05: a next generation has 2 to 512 members with different names and roles of its definition, and enough of them are members now to certify for it.
fn check_configuration(
    config: &GenerationConfig,
    definition: &Definition,
    before: &GenerationConfig,
) -> Result<(), ActRefused> {
    crate::setup::check_members(&config.members, definition)
        .map_err(|e| ActRefused::Members(e.to_string()))?;
    let plain = |name: &str| {
        (1..=limits::NAME_BYTES_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if !config.members.iter().all(|member| plain(&member.name)) {
        return Err(ActRefused::Members("a name has 1 to 64 letters, digits, `-`, `_` and `.`".into()));
    }
    if !config.is_certified() {
        return Err(ActRefused::Certificate);
    }
    let staying = config.members.iter().filter(|member| before.by_id(&member.id()).is_some()).count();
    if staying < usize::from(config.threshold) {
        let reason = format!(
            "{staying} of {} members would be members of now, {} have to be, because they certify for all",
            config.members.len(),
            config.threshold
        );
        return Err(ActRefused::Members(reason));
    }
    Ok(())
}

/// # Rules
///
/// > GOV-04: a definition is followed by its next version, which may follow it (DEF-06 to DEF-13), with a policy that holds.
fn next_definition(
    texts: &DefinitionTexts,
    before: &Definition,
    earlier: &[Definition],
) -> Result<Definition, ActRefused> {
    let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
    definition.may_follow(before, earlier)?;
    policy_of(texts)?;
    Ok(definition)
}

/// The policy of a definition.
pub(crate) fn policy_of(texts: &DefinitionTexts) -> Result<Policy, PolicyError> {
    Policy::parse(PolicySource {
        file_name: "policy.cedar".into(),
        text: &texts.policy,
        schema_text: &texts.policy_schema,
    })
}

/// Whether the definition turns keys over by now without asking anybody.
pub(super) fn rekey_is_due(of: &ActContext<'_>) -> bool {
    let after = of.in_force.definition.governance.rekey_after_epochs;
    let (epoch, _) = of.in_force.term.epoch_at(of.height);
    after > 0 && epoch.0.saturating_sub(of.in_force.term.first_epoch.0) >= after
}
