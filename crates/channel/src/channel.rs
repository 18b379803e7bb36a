//! A member's side of one channel: its store, its keys, and where execution stands.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use parclose_access::{Decider, Policy, PolicyEpoch};
use parclose_amounts::KnownRanges;
use parclose_crypto::Secret;
use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::{MemberSecret, PseudonymKey};
use parclose_root::GenerationKeys;
use parclose_store::{Database, DatabaseOptions, Durability, SharedCache};
use parclose_transaction::draft::Desk;
use parclose_transaction::{
    Definition, ErasureTarget, GenerationConfig, KeyRing, KnownSignatures, Setting, Term,
};
use parclose_types::{ChannelId, Epoch, Generation, Height, MemberId, NoteId, Sequence, Tag};
use rand_core::CryptoRng;

use crate::absent::Absent;
use crate::at_rest::AtRest;
use crate::claims::{Claims, ClaimsWritten};
use crate::erasure::ErasuresWritten;
use crate::error::ChannelError;
use crate::governance::{Governance, InForce};
use crate::locks::Locks;
use crate::opening::Opened;
use crate::process::Execution;
use crate::purse::Purse;
use crate::setup::{GENERATION, Setup};
use crate::tables::{BATCHES, Head, ONLY, SETUP, UNWRAP};
use crate::tree::TreeTop;

/// A member's side of one channel.
pub struct Channel {
    pub(crate) store: Database,
    pub(crate) setup: Setup,
    pub(crate) member: MemberSecret,
    pub(crate) governance: Governance,
    /// when each generation was in force
    pub(crate) terms: Vec<Term>,
    /// who endorses now
    pub(crate) endorsers: GenerationKeys,
    /// this member's pseudonym in the newest generation
    pub(crate) pseudonym: PseudonymKey,
    pub(crate) keys: KeyRing,
    pub(crate) one_time: BTreeMap<Generation, UnwrapKey>,
    /// the policies in force, by version of their definition
    pub(crate) deciders: BTreeMap<u32, Decider>,
    pub(crate) known: KnownSignatures,
    pub(crate) ranges: KnownRanges,
    /// notes that are held for deals
    pub(crate) locks: Locks,
    /// keyed tags that records want, hold or give back
    pub(crate) claims: Claims,
    /// what is erased
    pub(crate) erased: BTreeSet<ErasureTarget>,
    /// what this member can spend
    pub(crate) purse: Mutex<Purse>,
    /// notes that payments on their way spend, and until when
    pub(crate) set_aside: BTreeMap<NoteId, Height>,
    pub(crate) head: Option<Head>,
    pub(crate) top: TreeTop,
    pub(crate) next_batch: u64,
    /// definitions of earlier generations, for whoever reads what was written then
    pub(crate) definitions: Mutex<BTreeMap<Generation, Arc<InForce>>>,
}

const KIND: &str = "channel";
const WRITE_BUFFER_BYTES: usize = 4 << 20;

impl Channel {
    /// Makes a member's store of a channel that it founds or joins; `one_time` is the key of the
    /// certificate by which it is a member, in the generation of that certificate.
    pub fn create(
        path: &Path,
        member: &MemberSecret,
        setup: &Setup,
        (generation, one_time): (Generation, &Secret),
        cache: &SharedCache,
        salts: Box<dyn CryptoRng + Send>,
    ) -> Result<(), ChannelError> {
        setup.check()?;
        let store = open_store(path, member, &setup.config.channel, cache, salts)?;
        let mut batch = store.batch();
        batch.put(&SETUP, &ONLY, setup);
        one_time.expose(|bytes| batch.put(&UNWRAP, &generation, bytes));
        Ok(store.commit(batch, Durability::Synced)?)
    }

    /// Opens a member's store with that member's master; checks the setup.
    pub fn open(
        path: &Path,
        member: &MemberSecret,
        channel: &ChannelId,
        cache: &SharedCache,
        salts: Box<dyn CryptoRng + Send>,
    ) -> Result<Self, ChannelError> {
        let store = open_store(path, member, channel, cache, salts)?;
        let Opened { setup, governance, terms, keys, one_time, head, next_batch } =
            Opened::read(&store, channel)?;
        let latest = governance.latest();
        Ok(Self {
            endorsers: crate::setup::generation_keys(&latest.config)?,
            pseudonym: member.pseudonym(channel, latest.config.generation),
            deciders: deciders(&governance)?,
            member: member.duplicate(),
            known: KnownSignatures::default(),
            ranges: KnownRanges::default(),
            locks: Locks::read(&store)?,
            claims: Claims::read(&store)?,
            erased: crate::erasure::in_force(&store)?,
            purse: Mutex::default(),
            set_aside: BTreeMap::new(),
            top: TreeTop::default(),
            definitions: Mutex::default(),
            store,
            setup,
            governance,
            terms,
            keys,
            one_time,
            head,
            next_batch,
        })
    }

    /// Members, threshold, epochs of the newest generation.
    #[must_use]
    pub fn config(&self) -> &GenerationConfig {
        &self.governance.latest().config
    }

    /// How the channel was founded.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// How it changes: generations, motions, deals.
    #[must_use]
    pub fn governance(&self) -> &Governance {
        &self.governance
    }

    /// Record types, classes, audiences of the newest generation.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.governance.latest().definition
    }

    /// The policy in force.
    ///
    /// # Panics
    ///
    /// Never: the policy of the newest generation is always at hand.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        let decider = self.deciders.get(&self.definition().version);
        decider.expect("the policy of the newest generation is at hand").policy()
    }

    /// The channel's name on the root chain.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.setup.tag
    }

    /// The channel's id, which opens commitments.
    #[must_use]
    pub fn id(&self) -> ChannelId {
        self.setup.config.channel
    }

    /// This member's pseudonym key in the newest generation, whether it belongs to it or not.
    #[must_use]
    pub fn pseudonym(&self) -> &PseudonymKey {
        &self.pseudonym
    }

    /// This member, in whatever generation.
    #[must_use]
    pub fn own_id(&self) -> MemberId {
        MemberId(self.member.identity().public().0)
    }

    /// Whether this member belongs to the newest generation.
    ///
    /// # Rules
    ///
    /// > CHA-09: who does not belong to the newest generation endorses, deals and rotates nothing.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.config().member(&self.pseudonym.public()).is_some()
    }

    /// What this member can open with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Where execution stands; `None` before the channel's opening is executed.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The endorsers of the newest generation, and their threshold.
    #[must_use]
    pub fn endorsers(&self) -> &GenerationKeys {
        &self.endorsers
    }

    /// When each generation was in force, from the first on.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The epoch of a root height, and the heights since it began.
    #[must_use]
    pub fn epoch_at(&self, height: Height) -> (Epoch, u64) {
        let reached = self.terms.iter().rev().find(|term| term.start <= height);
        match reached.or_else(|| self.terms.first()) {
            Some(term) => term.epoch_at(height),
            None => (Epoch(0), 0),
        }
    }

    /// Where this member seals its drafts for a height.
    #[must_use]
    pub fn desk(&self, height: Height) -> Desk<'_> {
        Desk {
            config: self.config(),
            definition: self.definition(),
            keys: &self.keys,
            author: &self.pseudonym,
            epoch: self.epoch_at(height).0,
        }
    }

    /// Bytes of the store's files.
    pub fn disk_bytes(&self) -> Result<u64, ChannelError> {
        Ok(self.store.disk_bytes()?)
    }

    /// Makes a copy of the store in `to`, which must not be there.
    pub fn checkpoint(&self, to: &Path) -> Result<(), ChannelError> {
        Ok(self.store.checkpoint(to)?)
    }

    /// The store, for scans and checks of every row.
    #[must_use]
    pub fn store(&self) -> &Database {
        &self.store
    }

    /// The generation in which something was written, with its definition.
    pub(crate) fn generation(&self, generation: Generation) -> Result<Arc<InForce>, ChannelError> {
        if let Some(in_force) = self.governance.generations.get(&generation) {
            return Ok(in_force.clone());
        }
        let mut known = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(in_force) = known.get(&generation) {
            return Ok(in_force.clone());
        }
        let read = Arc::new(crate::opening::in_force(&self.store, generation)?);
        known.insert(generation, read.clone());
        Ok(read)
    }

    /// What a transaction is authenticated against at a height. Before a generation's first epoch there
    /// is none whose grace could run on: members of the one before may not be members now.
    pub(crate) fn setting(&self, height: Height) -> Setting {
        let in_force = self.governance.at(height);
        let (epoch, into_epoch) = in_force.term.epoch_at(height);
        let parameters = &in_force.definition.parameters;
        let grace = if epoch == in_force.term.first_epoch { 0 } else { parameters.grace };
        Setting {
            network: in_force.config.network,
            channel: in_force.config.channel,
            generation: in_force.config.generation,
            definition_version: in_force.config.definition_version,
            height,
            epoch,
            into_epoch,
            grace,
            expiry_max: parameters.expiry_max,
        }
    }

    /// An execution over the state as it stands, of the next event.
    pub(crate) fn execution(&mut self, height: Height) -> Result<Execution<'_>, ChannelError> {
        let setting = self.setting(height);
        let in_force = self.governance.at(height).clone();
        let sequence = self.head.as_ref().map_or(Sequence(0), |head| head.next);
        let missing = ChannelError::Unknown { what: "policy" };
        Ok(Execution {
            state: &self.store,
            absent: Absent::default(),
            in_force,
            decider: self.deciders.get_mut(&setting.definition_version).ok_or(missing)?,
            known: &mut self.known,
            ranges: &mut self.ranges,
            governance: &self.governance,
            changed: None,
            setting,
            sequence,
            written: BTreeMap::new(),
            decided: BTreeSet::new(),
            undecided: None,
            salts: BTreeSet::new(),
            value: self.locks.lapsed(height),
            locks: &self.locks,
            claims: &self.claims,
            claimed: ClaimsWritten::new(),
            erased: &self.erased,
            erasures: ErasuresWritten::new(),
        })
    }

    /// Takes over what an event has changed of the governance, once it is written.
    pub(crate) fn enter(&mut self, governance: Governance) -> Result<(), ChannelError> {
        let latest = governance.latest().clone();
        self.purse.get_mut().unwrap_or_else(PoisonError::into_inner).forget();
        self.governance = governance;
        let known = self.terms.last().is_some_and(|term| *term == latest.term);
        if known {
            return Ok(());
        }
        if self.terms.last().is_some_and(|term| term.generation == latest.term.generation) {
            self.terms.pop(); // the first term, before the opening was executed
        }
        self.terms.push(latest.term);
        self.endorsers = crate::setup::generation_keys(&latest.config)?;
        self.pseudonym = self.member.pseudonym(&latest.config.channel, latest.config.generation);
        let version = latest.definition.version;
        if let Entry::Vacant(gap) = self.deciders.entry(version) {
            gap.insert(decider(&latest)?);
        }
        Ok(())
    }

    /// Whether a batch is stored here.
    pub fn has_batch(&self, commitment: &parclose_types::ChannelCommitment) -> Result<bool, ChannelError> {
        Ok(self.store.contains(&BATCHES, commitment)?)
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Channel({})", self.setup.tag)
    }
}

/// The policies of the newest generation, and of the one before as long as events of it can follow.
fn deciders(governance: &Governance) -> Result<BTreeMap<u32, Decider>, ChannelError> {
    let of = |in_force: &Arc<InForce>| Ok((in_force.definition.version, decider(in_force)?));
    governance.generations.values().map(of).collect()
}

/// The policy of a generation's definition.
fn decider(in_force: &InForce) -> Result<Decider, ChannelError> {
    let policy =
        crate::governance::policy_of(&in_force.texts).map_err(|_| crate::setup::SetupInvalid::Definition)?;
    Ok(Decider::new(policy, PolicyEpoch(u64::from(in_force.definition.version))))
}

pub(crate) fn open_store(
    path: &Path,
    member: &MemberSecret,
    channel: &ChannelId,
    cache: &SharedCache,
    salts: Box<dyn CryptoRng + Send>,
) -> Result<Database, ChannelError> {
    let options = DatabaseOptions {
        kind: KIND,
        owner_id: channel.0,
        cache: cache.clone(),
        write_buffer_bytes: WRITE_BUFFER_BYTES,
    };
    let cipher = AtRest::new(&member.node_at_rest(channel, GENERATION), salts);
    Ok(Database::open(path, &options, Arc::new(cipher))?)
}

#[cfg(test)]
mod tests;
