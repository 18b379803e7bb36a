//! What opening a store reads: the setup, the generations, the keys, and where execution stands.

use std::collections::{BTreeMap, BTreeSet};

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::ViewKey;
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_store::Database;
use parclose_transaction::{Definition, DefinitionTexts, ErasureTarget, KeyRing, Term};
use parclose_types::{
    AssetId, AudienceId, ChannelId, Digest, Epoch, Generation, Height, NoteId, ObligationId, RecordId,
    TransactionDigest,
};

use crate::erasure::{ERASURES, ErasureRow, PUNCTURED, row_key};
use crate::error::ChannelError;
use crate::governance::granting::is_open;
use crate::governance::{DealRow, GenerationRow, Governance, InForce, MotionOutcome, Past};
use crate::locks::{LOCKS, LockRow};
use crate::obligations::{OBLIGATIONS, ObligationRow};
use crate::process::StateBefore;
use crate::setup::{Setup, SetupInvalid};
use crate::tables::{
    ACCESSES, COVERS, DEALS, DECISION, DEFINITIONS, FIRST_COVER, GENERATIONS, GIVEN, GRANTS, HEAD, Head,
    MOTIONS, ONLY, PERMANENT, PUBLISHED, RECORDS, RecordRow, SALTS, SECRETS, SETUP, SHARED, StateField,
    TRANSACTIONS, TransactionRow, UNWRAP,
};
use crate::value::{NOTES, NoteRow, SUPPLIES, SupplyRow};

/// What a store holds of a channel but for its records.
pub(crate) struct Opened {
    pub(crate) setup: Setup,
    pub(crate) governance: Governance,
    pub(crate) terms: Vec<Term>,
    pub(crate) keys: KeyRing,
    pub(crate) one_time: BTreeMap<Generation, UnwrapKey>,
    pub(crate) head: Option<Head>,
    pub(crate) next_batch: u64,
}

impl Opened {
    pub(crate) fn read(store: &Database, channel: &ChannelId) -> Result<Self, ChannelError> {
        let setup = store.get(&SETUP, &ONLY)?.ok_or(SetupInvalid::NotCertified)?;
        let definition = setup.check()?;
        let head = store.get(&HEAD, &ONLY)?;
        let rows = store.scan(&GENERATIONS, &Generation(0), usize::MAX)?;
        let mut terms: Vec<Term> = rows.iter().map(|(_, row)| row.term).collect();
        let governance = match rows.last() {
            Some((generation, _)) => read_governance(store, *generation, head.as_ref())?,
            None => {
                let first = first_generation(&setup, definition, Height(0));
                terms.push(first.term);
                Governance::opened(first)
            }
        };
        let one_time = store
            .scan(&UNWRAP, &Generation(0), usize::MAX)?
            .into_iter()
            .map(|(generation, bytes)| (generation, UnwrapKey::from_secret(&secret_from_bytes(bytes))));
        Ok(Self {
            one_time: one_time.collect(),
            keys: read_keys(store, channel)?,
            next_batch: store.last(&PERMANENT)?.map_or(0, |((number, _), _)| number + 1),
            setup,
            governance,
            terms,
            head,
        })
    }
}

/// The generation with which a channel opens, at the height of its opening.
pub(crate) fn first_generation(setup: &Setup, definition: Definition, opened_at: Height) -> InForce {
    let row = GenerationRow {
        term: Term::first(opened_at, setup.config.epoch_length),
        config: setup.config.clone(),
        blinder: [0; 32],
    };
    InForce::new(row, setup.texts.clone(), definition)
}

/// A generation with its definition, as stored.
pub(crate) fn in_force(store: &Database, generation: Generation) -> Result<InForce, ChannelError> {
    let unknown = |what| ChannelError::Unknown { what };
    let row = store.get(&GENERATIONS, &generation)?.ok_or_else(|| unknown("generation"))?;
    let texts = store.get(&DEFINITIONS, &row.config.definition_version)?;
    let texts = texts.ok_or_else(|| unknown("definition"))?;
    let definition = parsed(&texts)?;
    Ok(InForce::new(row, texts, definition))
}

fn parsed(texts: &DefinitionTexts) -> Result<Definition, ChannelError> {
    Ok(Definition::parse("channel.toml", &texts.channel_toml).map_err(SetupInvalid::from)?)
}

fn read_governance(
    store: &Database,
    newest: Generation,
    head: Option<&Head>,
) -> Result<Governance, ChannelError> {
    let mut governance = Governance::opened(in_force(store, newest)?);
    // Events of the last block of the generation before may still follow.
    let height = head.map_or(Height(0), |head| head.height);
    if let Some(before) = newest.0.checked_sub(1).filter(|_| governance.latest().term.start > height) {
        let before = in_force(store, Generation(before))?;
        governance.generations.insert(before.config.generation, std::sync::Arc::new(before));
    }
    store.for_each(&PUBLISHED, |_, certificate| {
        governance.published.insert(parclose_transaction::generation::id_of(&certificate), certificate);
    })?;
    store.for_each(&MOTIONS, |_, row| {
        if row.outcome == MotionOutcome::Open && row.generation == newest {
            governance.motions.insert(row.transaction, row);
        }
    })?;
    store.for_each(&GIVEN, |_, (member, scopes)| {
        governance.given.insert(member, scopes);
    })?;
    governance.decision = store.get(&DECISION, &ONLY)?;
    let mut configurations: BTreeSet<Digest> =
        governance.generations.values().map(|in_force| in_force.configuration).collect();
    configurations.extend(governance.decision.as_ref().and_then(|decision| decision.configuration()));
    for configuration in configurations {
        for row in store.deals(configuration)? {
            governance.deals.insert((configuration, row.deal.audience), row);
        }
    }
    let within = governance.latest().definition.governance.motion_within;
    store.for_each(&GRANTS, |_, row| {
        if row.is_open(height, within) {
            governance.grants.insert(row.transaction, row);
        }
    })?;
    store.for_each(&ACCESSES, |_, row| {
        if row.revealed.is_none() {
            governance.notes.insert(row.transaction, row);
        }
    })?;
    let decided = governance.decision.as_ref().and_then(|decision| decision.configuration());
    store.visit(&COVERS, &FIRST_COVER, |key, row| {
        if is_open(&row, newest, decided) && governance.grants.contains_key(&row.grant) {
            governance.covers.insert(key, row);
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(governance)
}

fn read_keys(store: &Database, channel: &ChannelId) -> Result<KeyRing, ChannelError> {
    let mut keys = KeyRing::new(*channel);
    store.for_each(&SECRETS, |_, (generation, audience, bytes)| {
        keys.insert(generation, audience, audience_from_bytes(bytes));
    })?;
    for (_, bytes) in store.scan(&PUNCTURED, &0, usize::MAX)? {
        if let Ok(view_key) = ViewKey::from_bytes(&bytes) {
            keys.insert_punctured(view_key);
        }
    }
    for (_, bytes) in store.scan(&SHARED, &0, usize::MAX)? {
        if let Ok(view_key) = ViewKey::from_bytes(&bytes) {
            keys.insert_shared(view_key);
        }
    }
    Ok(keys)
}

impl StateBefore for Database {
    fn record(&self, record: &RecordId) -> Result<Option<RecordRow>, ChannelError> {
        Ok(self.get(&RECORDS, record)?)
    }

    fn executed(&self, digest: &TransactionDigest) -> Result<Option<TransactionRow>, ChannelError> {
        Ok(self.get(&TRANSACTIONS, digest)?)
    }

    fn note(&self, note: &NoteId) -> Result<Option<NoteRow>, ChannelError> {
        Ok(self.get(&NOTES, note)?)
    }

    fn supply(&self, asset: &AssetId) -> Result<Option<SupplyRow>, ChannelError> {
        Ok(self.get(&SUPPLIES, asset)?)
    }

    fn obligation(&self, obligation: &ObligationId) -> Result<Option<ObligationRow>, ChannelError> {
        Ok(self.get(&OBLIGATIONS, obligation)?)
    }

    fn salt_seen(&self, epoch: Epoch, salt: &[u8; 32]) -> Result<bool, ChannelError> {
        Ok(self.contains(&SALTS, &(epoch, *salt))?)
    }

    fn erasure(&self, target: &ErasureTarget) -> Result<Option<ErasureRow>, ChannelError> {
        Ok(self.get(&ERASURES, &row_key(target))?)
    }

    fn resting_on(
        &self,
        in_scope: &dyn Fn(&StateField) -> bool,
    ) -> Result<Vec<(RecordRow, bool)>, ChannelError> {
        let mut held = BTreeSet::new();
        self.for_each(&NOTES, |_, row: NoteRow| held.extend([row.record]))?;
        self.for_each(&LOCKS, |_, row: LockRow| held.extend([row.record]))?;
        self.for_each(&OBLIGATIONS, |_, row: ObligationRow| held.extend([row.record]))?;
        let mut resting = Vec::new();
        self.for_each(&RECORDS, |_, row: RecordRow| {
            if row.fields.iter().any(|field| in_scope(&field.state)) {
                resting.push(row);
            }
        })?;
        resting.sort_by_key(|row| row.record);
        Ok(resting
            .into_iter()
            .map(|row| {
                let is_held = held.contains(&row.record);
                (row, is_held)
            })
            .collect())
    }

    fn past(&self) -> &dyn Past {
        self
    }
}

impl Past for Database {
    fn generation(&self, generation: Generation) -> Result<Option<GenerationRow>, ChannelError> {
        Ok(self.get(&GENERATIONS, &generation)?)
    }

    fn definition(&self, version: u32) -> Result<Option<Definition>, ChannelError> {
        self.get(&DEFINITIONS, &version)?.as_ref().map(parsed).transpose()
    }

    fn deal(&self, configuration: Digest, audience: AudienceId) -> Result<Option<DealRow>, ChannelError> {
        Ok(self.get(&DEALS, &(configuration, audience))?)
    }

    fn erased(&self) -> Result<BTreeSet<ErasureTarget>, ChannelError> {
        crate::erasure::in_force(self)
    }

    fn deals(&self, configuration: Digest) -> Result<Vec<DealRow>, ChannelError> {
        let mut rows = Vec::new();
        self.visit(&DEALS, &(configuration, AudienceId([0; 32])), |(of, _), row| {
            if of != configuration {
                return std::ops::ControlFlow::Break(());
            }
            rows.push(row);
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(rows)
    }
}
