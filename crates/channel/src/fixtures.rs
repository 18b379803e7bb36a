//! A small consortium for tests: a root chain of one validator, and a channel of three members.
//!
//! Founding, sealing, endorsing and the root chain are the real ones; stores lie in a temporary
//! folder. Two of the three endorse, so the third always gets a batch late, as an anchored one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Secret, SigningKey};
use parclose_keys::MemberSecret;
use parclose_root::{
    Anchor, Certificate, Genesis, OpenBody, OpenChannel, Parameters, RootState, RootTransaction, Validator,
};
use parclose_store::SharedCache;
use parclose_transaction::draft::hazmat;
use parclose_transaction::{
    Act, ActDraft, Body, Change, Definition, DefinitionTexts, Draft, DraftOperation, FieldValue, Motion,
    SealedPart, SignedTransaction,
};
use parclose_types::{
    ChannelCommitment, ChannelId, Digest, Generation, Height, MemberId, PublicKey, RecordId, Sequence,
    StateRoot, TransactionDigest, encode,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tempfile::TempDir;

mod claiming;
mod dealing;
mod governing;
mod owing;
mod pair;
mod paying;
mod writing;

pub(crate) use claiming::{BANK, BUYER, SUPPLIER, claim_texts, values};
pub(crate) use dealing::Dealt;
pub(crate) use pair::Pair;
pub(crate) use paying::Paid;

use crate::batch::{Batch, BatchHeader, Proposal};
use crate::channel::Channel;
use crate::erasure::ErasedBatch;
use crate::error::ChannelError;
use crate::execute::{Executed, FinalEvent};
use crate::propose::Pooled;
use crate::setup::{Candidate, Founding, GENERATION, Setup};
use crate::tables::Verdict;
use crate::upkeep::Due;

pub(crate) const CHANNEL: ChannelId = ChannelId([5; 32]);
pub(crate) const WINDOW: u64 = 1024;
const NAMES: [&str; 3] = ["ann", "bob", "cyd"];

/// The template of statements between two of the members.
pub(crate) fn texts() -> DefinitionTexts {
    DefinitionTexts {
        channel_toml: include_str!("../../../channels/bilateral/channel.toml").into(),
        policy: include_str!("../../../channels/bilateral/policy.cedar").into(),
        policy_schema: include_str!("../../../channels/bilateral/policy.cedarschema").into(),
    }
}

/// The template of cash.
pub(crate) fn cash_texts() -> DefinitionTexts {
    DefinitionTexts {
        channel_toml: include_str!("../../../channels/dvp-cash/channel.toml").into(),
        policy: include_str!("../../../channels/dvp-cash/policy.cedar").into(),
        policy_schema: include_str!("../../../channels/dvp-cash/policy.cedarschema").into(),
    }
}

/// The template of what is netted.
pub(crate) fn netting_texts() -> DefinitionTexts {
    DefinitionTexts {
        channel_toml: include_str!("../../../channels/netting/channel.toml").into(),
        policy: include_str!("../../../channels/netting/policy.cedar").into(),
        policy_schema: include_str!("../../../channels/netting/policy.cedarschema").into(),
    }
}

/// The template of securities.
pub(crate) fn securities_texts() -> DefinitionTexts {
    DefinitionTexts {
        channel_toml: include_str!("../../../channels/dvp-securities/channel.toml").into(),
        policy: include_str!("../../../channels/dvp-securities/policy.cedar").into(),
        policy_schema: include_str!("../../../channels/dvp-securities/policy.cedarschema").into(),
    }
}

/// The next version of that template.
pub(crate) fn next_texts() -> DefinitionTexts {
    let mut texts = texts();
    texts.channel_toml = texts.channel_toml.replacen("version = 1", "version = 2", 1);
    texts
}

pub(crate) fn definition() -> Definition {
    Definition::parse("channel.toml", &texts().channel_toml).unwrap()
}

pub(crate) fn genesis() -> Genesis {
    let validator = SigningKey::from_seed(&secret_from_bytes([9; 32])).public();
    let validators = vec![Validator { key: validator, power: 1 }];
    let parameters = Parameters { window: WINDOW, ..Parameters::default() };
    Genesis::new("test".into(), validators, parameters, Digest([7; 32])).unwrap()
}

/// Candidates of the names with every role, ascending by pseudonym, each with its master.
pub(crate) fn candidates(
    names: &[&str],
    definition: &Definition,
    rng: &mut ChaCha20Rng,
) -> Vec<(MemberSecret, Candidate)> {
    let mut roles: Vec<String> = definition.roles.iter().map(|role| role.name.clone()).collect();
    roles.sort_unstable();
    let mut candidate = |name: &&str| {
        let member = MemberSecret::generate(rng);
        let candidate = Candidate::new(name, &member, roles.clone(), &CHANNEL, GENERATION, rng);
        (member, candidate)
    };
    let mut candidates: Vec<_> = names.iter().map(&mut candidate).collect();
    candidates.sort_by_key(|(_, candidate)| candidate.pseudonym());
    candidates
}

/// Somebody who would be a member of a generation.
pub(crate) fn candidate(
    name: &str,
    generation: Generation,
    rng: &mut ChaCha20Rng,
) -> (MemberSecret, Candidate) {
    let member = MemberSecret::generate(rng);
    let candidate = Candidate::new(name, &member, vec!["member".into()], &CHANNEL, generation, rng);
    (member, candidate)
}

/// A channel that is founded but not opened yet.
pub(crate) struct Founded {
    pub(crate) candidates: Vec<(MemberSecret, Candidate)>,
    pub(crate) setup: Setup,
    pub(crate) body: OpenBody,
}

pub(crate) fn found(rng: &mut ChaCha20Rng) -> Founded {
    found_with(texts(), rng)
}

pub(crate) fn found_with(texts: DefinitionTexts, rng: &mut ChaCha20Rng) -> Founded {
    let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
    let candidates = candidates(&NAMES, &definition, rng);
    let entries = candidates.iter().map(|(_, candidate)| candidate.entry().clone()).collect();
    let founding = Founding::new(genesis().network(), CHANNEL, texts, &definition, entries).unwrap();
    let (setup, body) = founding.conclude(rng);
    Founded { candidates, setup, body }
}

impl Founded {
    fn open(&self) -> OpenChannel {
        let network = genesis().network();
        let signatures = self.candidates.iter().map(|(_, c)| c.sign_open(&self.body, &network)).collect();
        Setup::open_channel(self.body.clone(), signatures)
    }
}

/// What a statement says of itself; its figures follow from its record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) author: usize,
    pub(crate) preparer: usize,
    pub(crate) counterparty: usize,
    pub(crate) record: u8,
    pub(crate) version: u64,
    pub(crate) action: &'static str,
}

/// The first member states something to the second.
pub(crate) fn create(record: u8) -> Statement {
    Statement { author: 0, preparer: 0, counterparty: 1, record, version: 1, action: "create" }
}

/// The first member corrects what it stated.
pub(crate) fn update(record: u8, version: u64) -> Statement {
    Statement { version, action: "update", ..create(record) }
}

pub(crate) fn record(number: u8) -> RecordId {
    RecordId([number; 32])
}

struct Member {
    secret: MemberSecret,
    path: PathBuf,
    channel: Option<Channel>,
    /// it was removed, and executes nothing more
    left: bool,
}

/// Three members, their channel, and its log on the root chain.
pub(crate) struct Trio {
    pub(crate) root: RootState,
    pub(crate) log: Vec<FinalEvent>,
    pub(crate) rng: ChaCha20Rng,
    members: Vec<Member>,
    cache: SharedCache,
    folder: TempDir,
    /// the last event and the verdicts of the preparation: opening, keys, deals
    prepared: (u64, u64),
}

impl Trio {
    /// A channel of three, opened on the root chain and executed by nobody yet.
    pub(crate) fn founded() -> Self {
        Self::founded_with(texts())
    }

    pub(crate) fn founded_with(texts: DefinitionTexts) -> Self {
        Self::founded_on(texts, ChaCha20Rng::from_seed([3; 32]), RootState::new(genesis()))
    }

    /// Another channel of a root chain.
    pub(crate) fn founded_on(texts: DefinitionTexts, mut rng: ChaCha20Rng, root: RootState) -> Self {
        let founded = found_with(texts, &mut rng);
        let open = founded.open();
        let folder = tempfile::tempdir().unwrap();
        let cache = SharedCache::new(8 << 20);
        let mut trio =
            Self { root, log: Vec::new(), rng, members: Vec::new(), cache, folder, prepared: (0, 0) };
        for (secret, candidate) in founded.candidates {
            let key = (GENERATION, candidate.one_time());
            trio.add_member(secret, &founded.setup, key);
        }
        trio.order(RootTransaction::OpenChannel(open));
        trio
    }

    /// Makes a member's store and opens it; the place of the member among all.
    pub(crate) fn add_member(
        &mut self,
        secret: MemberSecret,
        setup: &Setup,
        key: (Generation, &Secret),
    ) -> usize {
        let at = self.members.len();
        let path = self.folder.path().join(at.to_string());
        let salts = Box::new(ChaCha20Rng::from_seed([4; 32]));
        Channel::create(&path, &secret, setup, key, &self.cache, salts).unwrap();
        self.members.push(Member { secret, path, channel: None, left: false });
        self.reopen(at);
        at
    }

    /// A channel of three whose members have executed its opening, with every secret dealt.
    pub(crate) fn new() -> Self {
        Self::with(texts())
    }

    pub(crate) fn with(texts: DefinitionTexts) -> Self {
        let mut trio = Self::founded_with(texts);
        trio.settle();
        trio.deal();
        let head = trio.member(0).head().unwrap();
        trio.prepared = (head.next.0 - 1, head.verdicts.len());
        trio
    }

    /// The n-th event after the preparation; the 0th is the last before.
    pub(crate) fn nth(&self, n: u64) -> Sequence {
        Sequence(self.prepared.0 + n)
    }

    /// Verdicts that the preparation has left.
    pub(crate) fn prepared_verdicts(&self) -> u64 {
        self.prepared.1
    }

    pub(crate) fn member(&self, at: usize) -> &Channel {
        self.members[at].channel.as_ref().unwrap()
    }

    pub(crate) fn member_mut(&mut self, at: usize) -> &mut Channel {
        self.members[at].channel.as_mut().unwrap()
    }

    pub(crate) fn pseudonym(&self, at: usize) -> PublicKey {
        self.member(at).pseudonym().public()
    }

    pub(crate) fn id(&self, at: usize) -> MemberId {
        self.member(at).own_id()
    }

    /// A folder of this consortium that is not there yet.
    pub(crate) fn fresh_path(&mut self) -> PathBuf {
        self.folder.path().join(self.rng.next_u64().to_string())
    }

    /// Ends a member's process and gives the place of its store.
    pub(crate) fn close(&mut self, at: usize) -> &Path {
        self.members[at].channel = None;
        &self.members[at].path
    }

    /// Ends a member's process, if it runs, and starts it again.
    pub(crate) fn reopen(&mut self, at: usize) {
        let path = self.close(at).to_owned();
        self.members[at].channel = Some(self.open_at(at, &path));
    }

    /// Opens a store, or a copy of one, as a member.
    pub(crate) fn open_at(&mut self, at: usize, path: &Path) -> Channel {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        let salts = Box::new(ChaCha20Rng::from_seed(seed));
        Channel::open(path, &self.members[at].secret, &CHANNEL, &self.cache, salts).unwrap()
    }

    pub(crate) fn head(&self) -> Height {
        self.root.head().height
    }

    /// The height of the next block.
    pub(crate) fn next(&self) -> Height {
        Height(self.head().0 + 1)
    }

    /// Lets root blocks pass in which nothing happens.
    pub(crate) fn wait(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let (block, _) = self.root.build([]);
            self.root.apply(&block).unwrap();
        }
    }

    /// Orders an event in a block of its own; nobody executes it.
    pub(crate) fn order(&mut self, transaction: RootTransaction) -> FinalEvent {
        let (block, rejected) = self.root.build([transaction.clone()]);
        assert_eq!(rejected, []);
        let entry = self.root.apply(&block).unwrap().events[0].entry;
        let event = FinalEvent { height: block.header.height, entry, transaction };
        self.log.push(event.clone());
        event
    }

    /// Orders several events in one block; nobody executes them.
    pub(crate) fn order_together(&mut self, transactions: Vec<RootTransaction>) {
        let (block, rejected) = self.root.build(transactions);
        assert_eq!(rejected, []);
        for event in self.root.apply(&block).unwrap().events {
            let (height, transaction) = (block.header.height, event.content(&block).unwrap());
            self.log.push(FinalEvent { height, entry: event.entry, transaction });
        }
    }

    /// A member executes what is final; a batch that it lacks it gets from whoever has it.
    pub(crate) fn catch_up(&mut self, at: usize) -> Result<Vec<Executed>, ChannelError> {
        let next = self.member(at).head().map_or(Sequence(0), |head| head.next);
        let mut executed = Vec::new();
        for event in self.log.clone().into_iter().filter(|event| event.entry.sequence >= next) {
            if self.members[at].left {
                break;
            }
            if let RootTransaction::Anchor(anchor) = &event.transaction {
                self.fetch(at, &anchor.commitment);
            }
            let was_member = self.member(at).is_member();
            executed.push(self.member_mut(at).execute(&event)?);
            self.members[at].left = was_member && !self.member(at).is_member();
        }
        Ok(executed)
    }

    fn fetch(&mut self, at: usize, commitment: &ChannelCommitment) {
        if self.member(at).has_batch(commitment).unwrap() {
            return;
        }
        let stored = |other: &Member| other.channel.as_ref()?.stored_batch(commitment).unwrap();
        let stored = self.members.iter().find_map(stored).expect("somebody endorsed it");
        receive(self.member_mut(at), &stored);
    }

    /// All members execute what is final, and have one state; who has left goes as far as its leaving.
    pub(crate) fn settle(&mut self) -> StateRoot {
        for at in 0..self.members.len() {
            self.catch_up(at).unwrap();
        }
        let roots: Vec<_> =
            self.in_channel().into_iter().map(|at| self.member(at).head().unwrap().root).collect();
        assert!(roots.iter().all(|root| *root == roots[0]), "one log, one state");
        roots[0]
    }

    /// The root chain's hash chain after an event of this log.
    pub(crate) fn chain(&self, sequence: Sequence) -> Option<Digest> {
        self.log.get(usize::try_from(sequence.0).unwrap()).map(|event| event.entry.chain)
    }
}

/// Takes in a batch that another member hands out, whole or erased.
pub(crate) fn receive(channel: &mut Channel, stored: &ErasedBatch) {
    match stored.clone().whole() {
        Some(proposal) => channel.receive_anchored(&encode(&proposal)).unwrap(),
        None => channel.receive_erased(&encode(stored)).unwrap(),
    }
}
