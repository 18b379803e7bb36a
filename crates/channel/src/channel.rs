//! A member's side of one channel: its store, its keys, and where execution stands.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use parclose_access::{Decider, Policy, PolicyEpoch, PolicySource};
use parclose_crypto::state_tree::{Nodes, NodesUnavailable};
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_keys::{AudienceSecret, MemberSecret, PseudonymKey};
use parclose_root::GenerationKeys;
use parclose_store::{Database, DatabaseOptions, Durability, SharedCache};
use parclose_transaction::{Definition, GenerationConfig, KeyRing, KnownSignatures, Setting};
use parclose_types::{AudienceId, ChannelId, Epoch, Height, RecordId, Tag, TransactionDigest};
use rand_core::CryptoRng;

use crate::at_rest::AtRest;
use crate::error::ChannelError;
use crate::process::{Execution, StateBefore};
use crate::setup::{GENERATION, Setup, SetupInvalid, generation_keys};
use crate::tables::{
    BATCHES, HEAD, Head, NODES, ONLY, PERMANENT, RECORDS, RecordRow, SALTS, SECRETS, SETUP, TRANSACTIONS,
    TransactionRow,
};

/// A member's side of one channel.
pub struct Channel {
    pub(crate) store: Database,
    pub(crate) setup: Setup,
    pub(crate) definition: Definition,
    pub(crate) endorsers: GenerationKeys,
    pub(crate) pseudonym: PseudonymKey,
    pub(crate) keys: KeyRing,
    pub(crate) decider: Decider,
    pub(crate) known: KnownSignatures,
    pub(crate) head: Option<Head>,
    pub(crate) next_batch: u64,
}

const KIND: &str = "channel";
const WRITE_BUFFER_BYTES: usize = 4 << 20;

impl Channel {
    /// Makes a member's store of a new channel.
    pub fn create(
        path: &Path,
        member: &MemberSecret,
        setup: &Setup,
        secrets: &BTreeMap<AudienceId, AudienceSecret>,
        cache: &SharedCache,
        salts: Box<dyn CryptoRng + Send>,
    ) -> Result<(), ChannelError> {
        setup.check()?;
        let store = open_store(path, member, &setup.config.channel, cache, salts)?;
        let mut batch = store.batch();
        batch.put(&SETUP, &ONLY, setup);
        for (audience, secret) in secrets {
            secret.expose(|bytes| batch.put(&SECRETS, audience, bytes));
        }
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
        let setup = store.get(&SETUP, &ONLY)?.ok_or(SetupInvalid::NotCertified)?;
        let definition = setup.check()?;
        let source = PolicySource {
            file_name: "policy.cedar".into(),
            text: &setup.policy,
            schema_text: &setup.policy_schema,
        };
        let policy = Policy::parse(source).map_err(|_| SetupInvalid::Definition)?;
        let in_force = PolicyEpoch(u64::from(setup.config.definition_version));
        let mut secrets = BTreeMap::new();
        for deal in &setup.deals {
            if let Some(bytes) = store.get(&SECRETS, &deal.audience)? {
                secrets.insert(deal.audience, audience_from_bytes(bytes));
            }
        }
        let head = store.get(&HEAD, &ONLY)?;
        let next_batch = store.last(&PERMANENT)?.map_or(0, |((number, _), _)| number + 1);
        Ok(Self {
            endorsers: generation_keys(&setup.config)?,
            pseudonym: member.pseudonym(channel, GENERATION),
            keys: KeyRing::new(*channel, GENERATION, secrets),
            decider: Decider::new(policy, in_force),
            known: KnownSignatures::default(),
            store,
            setup,
            definition,
            head,
            next_batch,
        })
    }

    /// Members, threshold, epochs.
    #[must_use]
    pub fn config(&self) -> &GenerationConfig {
        &self.setup.config
    }

    /// How the channel was founded.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Record types, classes, audiences.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.decider.policy()
    }

    /// The channel's name on the root chain.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.setup.tag
    }

    /// This member's pseudonym key.
    #[must_use]
    pub fn pseudonym(&self) -> &PseudonymKey {
        &self.pseudonym
    }

    /// This member's audience secrets.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Where execution stands; `None` before the channel's opening is executed.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The endorsers and their threshold.
    #[must_use]
    pub fn endorsers(&self) -> &GenerationKeys {
        &self.endorsers
    }

    /// The epoch of a root height, and the heights since it began.
    #[must_use]
    pub fn epoch_at(&self, height: Height) -> (Epoch, u64) {
        let start = self.head.as_ref().map_or(height, |head| head.start);
        self.setup.config.epoch_at(start, height)
    }

    /// Bytes of the store's files.
    pub fn disk_bytes(&self) -> Result<u64, ChannelError> {
        Ok(self.store.disk_bytes()?)
    }

    /// The store, for scans and checks of every row.
    #[must_use]
    pub fn store(&self) -> &Database {
        &self.store
    }

    /// What a transaction is authenticated against at a height. Before a generation's first epoch there
    /// is none whose grace could run on: members of the one before may not be members now.
    pub(crate) fn setting(&self, height: Height) -> Setting {
        let (epoch, into_epoch) = self.epoch_at(height);
        let config = &self.setup.config;
        let grace = if epoch == config.first_epoch { 0 } else { self.definition.parameters.grace };
        Setting {
            network: config.network,
            channel: config.channel,
            generation: config.generation,
            definition_version: config.definition_version,
            height,
            epoch,
            into_epoch,
            grace,
            expiry_max: self.definition.parameters.expiry_max,
        }
    }

    /// An execution over the state as it stands.
    pub(crate) fn execution(&mut self, height: Height) -> Execution<'_> {
        let setting = self.setting(height);
        Execution {
            state: &self.store,
            config: &self.setup.config,
            definition: &self.definition,
            decider: &mut self.decider,
            known: &mut self.known,
            setting,
            written: BTreeMap::new(),
            decided: std::collections::BTreeSet::new(),
            salts: std::collections::BTreeSet::new(),
        }
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

fn open_store(
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
    let cipher = AtRest::new(member.node_at_rest(channel, GENERATION), salts);
    Ok(Database::open(path, &options, Arc::new(cipher))?)
}

impl StateBefore for Database {
    fn record(&self, record: &RecordId) -> Result<Option<RecordRow>, ChannelError> {
        Ok(self.get(&RECORDS, record)?)
    }

    fn executed(&self, digest: &TransactionDigest) -> Result<Option<TransactionRow>, ChannelError> {
        Ok(self.get(&TRANSACTIONS, digest)?)
    }

    fn salt_seen(&self, epoch: Epoch, salt: &[u8; 32]) -> Result<bool, ChannelError> {
        Ok(self.contains(&SALTS, &(epoch, *salt))?)
    }
}

/// The state tree's nodes, as stored.
pub(crate) struct StoredNodes<'a>(pub(crate) &'a Database);

impl Nodes for StoredNodes<'_> {
    fn node(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodesUnavailable> {
        self.0.get(&NODES, &key.to_vec()).map_err(|_| NodesUnavailable)
    }
}

#[cfg(test)]
mod tests;
