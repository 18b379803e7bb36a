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

use crate::batch::{Batch, BatchHeader, Proposal};
use crate::channel::Channel;
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

/// Candidates of the names, ascending by pseudonym, each with its master.
pub(crate) fn candidates(names: &[&str], rng: &mut ChaCha20Rng) -> Vec<(MemberSecret, Candidate)> {
    let mut candidates: Vec<_> = names.iter().map(|name| candidate(name, GENERATION, rng)).collect();
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
    let candidates = candidates(&NAMES, rng);
    let entries = candidates.iter().map(|(_, candidate)| candidate.entry().clone()).collect();
    let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
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
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let founded = found_with(texts, &mut rng);
        let open = founded.open();
        let folder = tempfile::tempdir().unwrap();
        let cache = SharedCache::new(8 << 20);
        let root = RootState::new(genesis());
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

    /// Every member does what the channel needs of it, until nothing is left to do.
    pub(crate) fn upkeep(&mut self) {
        for _ in 0..8 {
            let mut quiet = true;
            for at in 0..self.members.len() {
                let head = self.head();
                let Some(channel) = self.members[at].channel.as_mut() else { continue };
                let due = channel.upkeep(head, &mut self.rng).unwrap();
                quiet &= due.is_empty();
                self.act_all(at, due);
            }
            if quiet {
                return;
            }
        }
        panic!("the channel does not come to rest");
    }

    /// The secrets of all sets that the members can form are dealt, each by its first member.
    pub(crate) fn deal(&mut self) {
        let keys = self.member(0).config().pseudonyms();
        let sets = (1..1_u32 << keys.len()).map(|bits| {
            let chosen = keys.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            chosen.map(|(_, key)| *key).collect::<Vec<_>>()
        });
        for set in sets.collect::<Vec<_>>() {
            let producible = self.member(0).config().can_produce(self.member(0).definition(), &set);
            let dealer = self.in_channel().into_iter().find(|at| self.pseudonym(*at) == set[0]);
            if let (true, Some(dealer)) = (producible, dealer) {
                let head = self.head();
                let channel = self.members[dealer].channel.as_ref().unwrap();
                let due = channel.deal_on_first_use(&set, head, &mut self.rng);
                self.act_all(dealer, due.into_iter().collect());
            }
        }
        self.upkeep();
    }

    /// A member deals the secret of a set, and whoever is in it acknowledges it.
    pub(crate) fn deal_for(&mut self, dealer: usize, set: &[PublicKey]) {
        let mut set = set.to_vec();
        set.sort_unstable();
        let head = self.head();
        let channel = self.members[dealer].channel.as_ref().unwrap();
        let due = channel.deal_on_first_use(&set, head, &mut self.rng);
        self.act_all(dealer, due.into_iter().collect());
        self.upkeep();
    }

    /// Lets a member that had left execute what it is let into again.
    pub(crate) fn come_back(&mut self, at: usize) {
        self.members[at].left = false;
    }

    /// Members that belong to the newest generation of the first.
    pub(crate) fn in_channel(&self) -> Vec<usize> {
        (0..self.members.len())
            .filter(|at| self.members[*at].channel.as_ref().is_some_and(Channel::is_member))
            .collect()
    }

    fn act_all(&mut self, at: usize, due: Vec<Due>) {
        if due.is_empty() {
            return;
        }
        let signed: Vec<_> = due.into_iter().map(|due| self.signed_act(at, due)).collect();
        self.anchor(at, &signed);
        for act in &signed {
            assert_eq!(self.verdict(act), "applied", "{:?}", act.body().act.as_ref().map(Act::name));
        }
    }

    /// An act of a member, sealed and signed.
    pub(crate) fn signed_act(&mut self, at: usize, Due { act, wraps }: Due) -> SignedTransaction {
        let height = self.next();
        let draft = ActDraft { act, wraps, expiry: Height(height.0 + 50) };
        let channel = self.members[at].channel.as_ref().unwrap();
        let sealed = draft.seal(&channel.desk(height), &mut self.rng);
        sealed.sign(channel.pseudonym()).unwrap()
    }

    /// Orders an act of a member: its verdict, and its digest.
    pub(crate) fn act(&mut self, at: usize, act: Act) -> (String, TransactionDigest) {
        let signed = self.signed_act(at, Due { act, wraps: Vec::new() });
        self.anchor(at, std::slice::from_ref(&signed));
        (self.verdict(&signed), signed.digest())
    }

    /// A motion with a fresh blinder.
    pub(crate) fn motion(&mut self, changes: Vec<Change>) -> Act {
        let mut blinder = [0; 32];
        self.rng.fill_bytes(&mut blinder);
        Act::Move(Motion { changes, blinder })
    }

    /// Moves changes as a member and has them approved by others: the motion.
    pub(crate) fn decide_on(
        &mut self,
        mover: usize,
        changes: Vec<Change>,
        voters: &[usize],
    ) -> TransactionDigest {
        let motion = self.motion(changes);
        let (verdict, motion) = self.act(mover, motion);
        assert_eq!(verdict, "applied");
        for voter in voters {
            let (verdict, _) = self.act(*voter, Act::Vote { motion, approve: true });
            assert_eq!(verdict, "applied");
        }
        motion
    }

    /// The rotation that was decided, signed by all members in the channel.
    pub(crate) fn rotation(&self) -> RootTransaction {
        let head = self.head();
        let of = self.in_channel();
        let statement = self.member(of[0]).rotation(head, WINDOW).expect("a rotation is decided and dealt");
        let signed: Vec<_> =
            of.iter().map(|at| self.member(*at).sign_rotation(&statement, head, WINDOW).unwrap()).collect();
        let current: Vec<_> = signed.iter().map(|signed| signed.current).collect();
        let next: Vec<_> = signed.iter().filter_map(|signed| signed.next).collect();
        let certificate = Certificate::assemble(self.member(of[0]).endorsers(), &current).unwrap();
        let next = Certificate::assemble(&statement.next, &next).unwrap();
        RootTransaction::Rotate(statement.rotate(certificate, next))
    }

    /// What is due for a decided rotation is done, then it is ordered and executed, and the members do what
    /// the new generation needs.
    pub(crate) fn rotate(&mut self) -> FinalEvent {
        self.upkeep();
        let event = self.order(self.rotation());
        self.settle();
        self.upkeep();
        event
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
        let entry = self.root.apply(&block).unwrap().entries[0];
        let event = FinalEvent { height: block.header.height, entry, transaction };
        self.log.push(event.clone());
        event
    }

    /// Orders several events in one block; nobody executes them.
    pub(crate) fn order_together(&mut self, transactions: Vec<RootTransaction>) {
        let (block, rejected) = self.root.build(transactions);
        assert_eq!(rejected, []);
        let entries = self.root.apply(&block).unwrap().entries;
        for (entry, transaction) in entries.into_iter().zip(block.transactions) {
            self.log.push(FinalEvent { height: block.header.height, entry, transaction });
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
        let stored = |other: &Member| other.channel.as_ref()?.stored_proposal(commitment).unwrap();
        let proposal = self.members.iter().find_map(stored).expect("somebody endorsed it");
        self.member_mut(at).receive_anchored(&encode(&proposal)).unwrap();
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

    /// Seals a statement for its parties; whoever writes it.
    pub(crate) fn sealed(&mut self, of: Statement) -> (Body, SealedPart) {
        let fields = [
            ("month", FieldValue::Text(format!("record {}", of.record))),
            ("documents", FieldValue::Integer(of.record.into())),
            ("total", FieldValue::Amount(u64::from(of.record) * 100, *b"GBP")),
        ];
        let operation = DraftOperation {
            action: of.action.into(),
            record_type: "statement".into(),
            record: record(of.record),
            version: of.version,
            parties: BTreeMap::from([
                ("preparer".to_owned(), self.id(of.preparer)),
                ("counterparty".to_owned(), self.id(of.counterparty)),
            ]),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let height = self.next();
        // An outsider cannot seal for the parties; it takes what one of them sealed.
        let sealer = self.members[of.preparer].channel.as_ref().unwrap();
        let draft = Draft { operations: vec![operation], expiry: Height(height.0 + 50) };
        let signed =
            draft.seal(&sealer.desk(height), &mut self.rng).unwrap().sign(sealer.pseudonym()).unwrap();
        let (mut body, sealed) = hazmat::into_parts(signed);
        (body.author, body.sponsor) = (self.pseudonym(of.author), self.pseudonym(of.author));
        (body, sealed)
    }

    /// Signs a body as its author.
    pub(crate) fn sign(&self, body: Body, sealed: SealedPart) -> SignedTransaction {
        let author =
            (0..self.members.len()).find(|at| self.pseudonym(*at) == body.author).unwrap_or_default();
        hazmat::sign_unchecked(body, sealed, self.member(author).pseudonym())
    }

    pub(crate) fn statement(&mut self, of: Statement) -> SignedTransaction {
        let (body, sealed) = self.sealed(of);
        self.sign(body, sealed)
    }

    /// A statement that is changed after sealing, then signed.
    pub(crate) fn odd(
        &mut self,
        of: Statement,
        change: impl FnOnce(&mut Body, &mut SealedPart),
    ) -> SignedTransaction {
        let (mut body, mut sealed) = self.sealed(of);
        change(&mut body, &mut sealed);
        self.sign(body, sealed)
    }

    /// A member's batch of these transactions, stored by it; none is looked at before.
    pub(crate) fn propose(&mut self, sponsor: usize, transactions: &[SignedTransaction]) -> Proposal {
        let pooled = transactions.iter().map(|transaction| {
            let (permanent, prunable) = transaction.encode_parts();
            Pooled { permanent, prunable }
        });
        let last_height = Height(self.next().0 + 9);
        let channel = self.members[sponsor].channel.as_mut().unwrap();
        channel.propose(pooled.collect(), last_height, &mut self.rng).unwrap()
    }

    /// A proposal that no honest sponsor makes: any parts, and a header that is changed before signing.
    pub(crate) fn odd_proposal(
        &mut self,
        parts: Vec<(Vec<u8>, Vec<u8>)>,
        change: impl FnOnce(&mut BatchHeader),
    ) -> Proposal {
        let last_height = Height(self.next().0 + 9);
        let config = self.member(0).config();
        let head = self.member(0).head().unwrap();
        let mut header = BatchHeader {
            network: config.network,
            channel: config.channel,
            generation: config.generation,
            sponsor: self.pseudonym(0),
            attested: Sequence(head.next.0 - 1),
            attested_root: head.root,
            transactions: 0,
            permanent_root: [0; 32],
            prunable_root: [0; 32],
        };
        change(&mut header);
        let mut blinder = [0; 32];
        self.rng.fill_bytes(&mut blinder);
        let batch = Batch::assemble(header, parts, self.member(0).pseudonym());
        Proposal { batch, blinder, last_height }
    }

    /// The anchor of a batch that the first two members sign without looking.
    pub(crate) fn collude(&self, proposal: &Proposal, attested: Sequence) -> RootTransaction {
        let mut statement = proposal.statement(self.member(0).tag());
        (statement.network, statement.attested) = (*self.root.network(), attested);
        let signed = statement.signing_bytes();
        let sign = |at| (self.pseudonym(at), self.member(at).pseudonym().sign(&signed));
        let certificate = Certificate::assemble(self.member(0).endorsers(), &[sign(0), sign(1)]).unwrap();
        RootTransaction::Anchor(statement.anchor(certificate))
    }

    /// The anchor of a proposal that one other member endorses.
    pub(crate) fn endorsed(&mut self, sponsor: usize, proposal: &Proposal) -> Anchor {
        let head = self.head();
        let mut endorsements = vec![self.member(sponsor).endorse_own(proposal)];
        // The next members in the circle, as many as it takes: of three, one.
        let circle: Vec<usize> = self.in_channel();
        let place = circle.iter().position(|at| *at == sponsor).unwrap_or_default();
        let needed = usize::from(self.member(sponsor).endorsers().threshold());
        for next in 1..needed {
            let endorser = circle[(place + next) % circle.len()];
            let (_, other) = self.member_mut(endorser).endorse(&encode(proposal), head, WINDOW).unwrap();
            endorsements.push(other);
        }
        self.member(sponsor).anchor(proposal, &endorsements).unwrap()
    }

    /// Orders a batch of a member; nobody executes it.
    pub(crate) fn order_batch(&mut self, sponsor: usize, transactions: &[SignedTransaction]) -> FinalEvent {
        let proposal = self.propose(sponsor, transactions);
        let anchor = self.endorsed(sponsor, &proposal);
        self.order(RootTransaction::Anchor(anchor))
    }

    /// Orders a batch of a member; everybody executes it.
    pub(crate) fn anchor(&mut self, sponsor: usize, transactions: &[SignedTransaction]) -> Sequence {
        let event = self.order_batch(sponsor, transactions);
        self.settle();
        event.entry.sequence
    }

    /// Orders a batch of the first member with one transaction: the verdict.
    pub(crate) fn decide(&mut self, transaction: &SignedTransaction) -> String {
        self.anchor(0, std::slice::from_ref(transaction));
        self.verdict(transaction)
    }

    /// What became of a transaction: `applied`, the broken rule, or `none`.
    pub(crate) fn verdict(&self, transaction: &SignedTransaction) -> String {
        let stored = self.member(0).transaction(&transaction.digest()).unwrap();
        match stored.map(|stored| stored.verdict.verdict) {
            Some(Verdict::Applied) => "applied".into(),
            Some(Verdict::Refused(rule)) => rule,
            None => "none".into(),
        }
    }

    /// The root chain's hash chain after an event of this log.
    pub(crate) fn chain(&self, sequence: Sequence) -> Option<Digest> {
        self.log.get(usize::try_from(sequence.0).unwrap()).map(|event| event.entry.chain)
    }
}
