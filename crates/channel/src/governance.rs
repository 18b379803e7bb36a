//! How a channel changes: its generations and definitions, motions and votes, and the deals of secrets.
//!
//! ```text
//!   Move, Vote          motion.rs    enough approvals: the next configuration is fixed (a decision)
//!   PublishKey          motion.rs    ahead of time; who has none is left out of it
//!   Deal, Acknowledge   dealing.rs   a secret for each audience, on first use or before a rotation
//!   Rotate, Close       rotation.rs  what the root chain orders puts the decision in force
//!   Share               past.rs      what a joiner gets of the past
//!   Grant, Cover        granting.rs  what somebody outside may read
//!   Note, Reveal        trail.rs     what members have handed out
//! ```
//!
//! All of it is state: the same on every member, under the state root, changed by execution only. Nothing
//! is timed but by root heights; what has passed its height counts as if it were not there.

pub(crate) mod act;
pub(crate) mod dealing;
pub(crate) mod granting;
mod motion;
mod past;
mod refused;
mod rotation;
mod rows;
mod trail;

pub use motion::MotionStanding;
pub(crate) use motion::policy_of;
pub use past::{Past, past_of};
pub use refused::ActRefused;
pub use rotation::rotate_commitment;
pub use rows::{
    AccessRow, CoverKey, CoverRow, CoverState, DealRow, Decided, DecisionRow, GenerationRow, GrantRow,
    GrantStanding, MotionOutcome, MotionRow, WrapPlace,
};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parclose_access::Roles;
use parclose_keys::PseudonymCertificate;
use parclose_keys::audience::DealScope;
use parclose_transaction::{Definition, DefinitionTexts, GenerationConfig, SharedScope, Term};
use parclose_types::{AudienceId, Digest, Generation, Height, MemberId, TransactionDigest};

pub use dealing::Dealt;

/// How the channel stands: what of its governance execution reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Governance {
    /// the newest generation, and the one before while events of its last block may follow
    pub(crate) generations: BTreeMap<Generation, Arc<InForce>>,
    /// certificates of the next generation
    pub(crate) published: BTreeMap<MemberId, PseudonymCertificate>,
    /// motions that are open, and those that this event closed
    pub(crate) motions: BTreeMap<TransactionDigest, MotionRow>,
    /// what was decided last
    pub(crate) decision: Option<DecisionRow>,
    /// covers of the past that members have got, of those who have joined and are owed more
    pub(crate) given: BTreeMap<MemberId, BTreeSet<SharedScope>>,
    /// deals of the generations above and of what was decided
    pub(crate) deals: BTreeMap<(Digest, AudienceId), DealRow>,
    /// grants that stand or were proposed, and those that this event ended
    pub(crate) grants: BTreeMap<TransactionDigest, GrantRow>,
    /// covers for which something is to be done, and those that came to count with this event
    pub(crate) covers: BTreeMap<CoverKey, CoverRow>,
    /// notes of what was handed out, that are not revealed, and those that this event has revealed
    pub(crate) notes: BTreeMap<TransactionDigest, AccessRow>,
}

/// A generation with its definition.
#[derive(Clone, Debug, PartialEq)]
pub struct InForce {
    /// when it is in force
    pub term: Term,
    /// its members and keys
    pub config: GenerationConfig,
    /// digest of that
    pub configuration: Digest,
    /// record types, classes, audiences
    pub definition: Definition,
    /// the definition as it was decided
    pub texts: DefinitionTexts,
    /// blinder of the rotation that put it in force
    pub(crate) blinder: [u8; 32],
    /// the members' roles, at hand for every question to the policy
    roles: BTreeMap<MemberId, Roles>,
}

impl InForce {
    pub(crate) fn new(row: GenerationRow, texts: DefinitionTexts, definition: Definition) -> Self {
        let GenerationRow { term, config, blinder } = row;
        let certificates = config.members.iter().map(|member| (member.id(), &member.certificate.roles));
        let roles = certificates.map(|(member, roles)| (member, roles.iter().cloned().collect())).collect();
        Self { term, configuration: config.digest(), config, definition, texts, blinder, roles }
    }

    pub(crate) fn row(&self) -> GenerationRow {
        GenerationRow { term: self.term, config: self.config.clone(), blinder: self.blinder }
    }

    /// The roles of a member; who is none has none.
    pub(crate) fn roles(&self, member: &MemberId) -> Roles {
        self.roles.get(member).cloned().unwrap_or_default()
    }

    /// Whether a member has a role.
    pub(crate) fn has_role(&self, member: &MemberId, role: &str) -> bool {
        self.roles.get(member).is_some_and(|roles| roles.contains(role))
    }

    /// What deals of this generation are bound to.
    #[must_use]
    pub fn scope(&self) -> DealScope {
        scope_of(&self.config, self.configuration)
    }
}

/// What deals of a configuration are bound to.
pub(crate) fn scope_of(config: &GenerationConfig, configuration: Digest) -> DealScope {
    DealScope { channel: config.channel, generation: config.generation, configuration }
}

impl Governance {
    /// A channel that was just opened.
    pub(crate) fn opened(first: InForce) -> Self {
        Self {
            generations: BTreeMap::from([(first.config.generation, Arc::new(first))]),
            published: BTreeMap::new(),
            motions: BTreeMap::new(),
            decision: None,
            given: BTreeMap::new(),
            deals: BTreeMap::new(),
            grants: BTreeMap::new(),
            covers: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }

    /// The newest generation: in force for whatever is ordered after what was executed.
    ///
    /// # Panics
    ///
    /// Never: there is a first one, and none is removed but for a newer.
    #[must_use]
    pub fn latest(&self) -> &Arc<InForce> {
        self.generations.last_key_value().expect("a channel has a generation").1
    }

    /// The generation in force at a height of the newest generations.
    #[must_use]
    pub fn at(&self, height: Height) -> &Arc<InForce> {
        let reached = self.generations.values().rev().find(|in_force| in_force.term.start <= height);
        reached.unwrap_or_else(|| self.latest())
    }

    /// What was decided and can still take force at a height.
    #[must_use]
    pub fn decision_at(&self, height: Height) -> Option<&DecisionRow> {
        self.decision.as_ref().filter(|decision| height <= decision.deadline)
    }

    /// The configuration that was decided, while it can still take force.
    #[must_use]
    pub fn next_at(&self, height: Height) -> Option<&GenerationConfig> {
        match &self.decision_at(height)?.decided {
            Decided::Rotate { config, .. } => Some(config),
            Decided::Close => None,
        }
    }

    /// The certificates that members have published for the next generation.
    #[must_use]
    pub fn published(&self) -> &BTreeMap<MemberId, PseudonymCertificate> {
        &self.published
    }

    /// Forgets what the rows keep and no later event reads: closed motions, the generation before once
    /// its last block has passed, and its deals.
    pub(crate) fn forget(&mut self, height: Height) {
        self.motions.retain(|_, row| row.outcome == MotionOutcome::Open);
        let start = self.latest().term.start;
        if start <= height {
            let latest = self.latest().config.generation;
            self.generations.retain(|generation, _| *generation == latest);
        }
        let mut kept: Vec<Digest> = self.generations.values().map(|g| g.configuration).collect();
        kept.extend(self.decision.as_ref().and_then(DecisionRow::configuration));
        self.deals.retain(|(configuration, _), _| kept.contains(configuration));
        self.forget_covers(height);
        self.forget_notes();
    }
}

#[cfg(test)]
mod tests;
