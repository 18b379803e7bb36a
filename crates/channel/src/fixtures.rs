//! A small consortium for tests: a root chain of one validator, and a channel of three members.
//!
//! Founding, sealing, endorsing and the root chain are the real ones; stores lie in a temporary
//! folder. Two of the three endorse, so the third always gets a batch late, as an anchored one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::MemberSecret;
use parclose_root::{
    Anchor, Certificate, Genesis, OpenBody, OpenChannel, Parameters, RootState, RootTransaction, Validator,
};
use parclose_store::SharedCache;
use parclose_transaction::draft::{Desk, hazmat};
use parclose_transaction::{
    Body, Definition, Draft, DraftOperation, FieldValue, SealedPart, SignedTransaction,
};
use parclose_types::{
    ChannelCommitment, ChannelId, Digest, Height, PublicKey, RecordId, Sequence, StateRoot, encode,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tempfile::TempDir;

use crate::batch::{Batch, BatchHeader, Proposal};
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::execute::{Executed, FinalEvent};
use crate::propose::Pooled;
use crate::setup::{Accepted, DefinitionTexts, Founder, Founding, Setup};
use crate::tables::Verdict;

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

pub(crate) fn definition() -> Definition {
    Definition::parse("channel.toml", &texts().channel_toml).unwrap()
}

pub(crate) fn genesis() -> Genesis {
    let validator = SigningKey::from_seed(&secret_from_bytes([9; 32])).public();
    let validators = vec![Validator { key: validator, power: 1 }];
    let parameters = Parameters { window: WINDOW, ..Parameters::default() };
    Genesis::new("test".into(), validators, parameters, Digest([7; 32])).unwrap()
}

/// Founders of the names, ascending by pseudonym, each with its master.
pub(crate) fn founders(names: &[&str], rng: &mut ChaCha20Rng) -> Vec<(MemberSecret, Founder)> {
    let mut founders: Vec<_> = names
        .iter()
        .map(|name| {
            let member = MemberSecret::generate(rng);
            let founder = Founder::new(name, &member, vec!["member".into()], &CHANNEL, rng);
            (member, founder)
        })
        .collect();
    founders.sort_by_key(|(_, founder)| founder.pseudonym());
    founders
}

/// A channel that is founded but not opened yet.
pub(crate) struct Founded {
    pub(crate) founders: Vec<(MemberSecret, Founder)>,
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) setup: Setup,
    pub(crate) body: OpenBody,
}

pub(crate) fn found(rng: &mut ChaCha20Rng) -> Founded {
    let founders = founders(&NAMES, rng);
    let entries = founders.iter().map(|(_, founder)| founder.entry().clone()).collect();
    let founding = Founding::new(genesis().network(), CHANNEL, texts(), &definition(), entries).unwrap();
    let mut dealt = Vec::new();
    for (_, founder) in &founders {
        dealt.extend(founder.deal(&founding, rng).unwrap());
    }
    let accepted: Vec<_> = founders.iter().map(|(_, f)| f.accept(&founding, &dealt).unwrap()).collect();
    let acks = accepted.iter().flat_map(|accepted| accepted.acks.clone()).collect();
    let (setup, body) = founding.conclude(dealt.into_iter().map(|(deal, _)| deal).collect(), acks, rng);
    Founded { founders, accepted, setup, body }
}

impl Founded {
    fn open(&self) -> OpenChannel {
        let network = genesis().network();
        let signatures = self.founders.iter().map(|(_, f)| f.sign_open(&self.body, &network)).collect();
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
}

/// Three members, their channel, and its log on the root chain.
pub(crate) struct Trio {
    pub(crate) root: RootState,
    pub(crate) log: Vec<FinalEvent>,
    pub(crate) rng: ChaCha20Rng,
    members: Vec<Member>,
    cache: SharedCache,
    folder: TempDir,
}

impl Trio {
    /// A channel of three, opened on the root chain and executed by nobody yet.
    pub(crate) fn founded() -> Self {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let founded = found(&mut rng);
        let open = founded.open();
        let folder = tempfile::tempdir().unwrap();
        let cache = SharedCache::new(8 << 20);
        let mut members = Vec::new();
        for (at, ((secret, _), accepted)) in founded.founders.into_iter().zip(&founded.accepted).enumerate() {
            let path = folder.path().join(NAMES[at]);
            let salts = Box::new(ChaCha20Rng::from_seed([4; 32]));
            Channel::create(&path, &secret, &founded.setup, &accepted.secrets, &cache, salts).unwrap();
            members.push(Member { secret, path, channel: None });
        }
        let root = RootState::new(genesis());
        let mut trio = Self { root, log: Vec::new(), rng, members, cache, folder };
        for at in 0..NAMES.len() {
            trio.reopen(at);
        }
        trio.order(RootTransaction::OpenChannel(open));
        trio
    }

    /// A channel of three whose members have executed its opening.
    pub(crate) fn new() -> Self {
        let mut trio = Self::founded();
        trio.settle();
        trio
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

    /// A member executes what is final; a batch that it lacks it gets from whoever has it.
    pub(crate) fn catch_up(&mut self, at: usize) -> Result<Vec<Executed>, ChannelError> {
        let next = self.member(at).head().map_or(Sequence(0), |head| head.next);
        let mut executed = Vec::new();
        for event in self.log.clone().into_iter().filter(|event| event.entry.sequence >= next) {
            if let RootTransaction::Anchor(anchor) = &event.transaction {
                self.fetch(at, &anchor.commitment);
            }
            executed.push(self.member_mut(at).execute(&event)?);
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

    /// All members execute what is final, and have one state.
    pub(crate) fn settle(&mut self) -> StateRoot {
        for at in 0..NAMES.len() {
            self.catch_up(at).unwrap();
        }
        let roots: Vec<_> = (0..NAMES.len()).map(|at| self.member(at).head().unwrap().root).collect();
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
                ("preparer".to_owned(), self.pseudonym(of.preparer)),
                ("counterparty".to_owned(), self.pseudonym(of.counterparty)),
            ]),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let height = self.next();
        // An outsider cannot seal for the parties; it takes what one of them sealed.
        let sealer = self.members[of.preparer].channel.as_ref().unwrap();
        let desk = Desk {
            config: sealer.config(),
            definition: sealer.definition(),
            keys: sealer.keys(),
            author: sealer.pseudonym(),
            epoch: sealer.epoch_at(height).0,
        };
        let draft = Draft { operations: vec![operation], expiry: Height(height.0 + 50) };
        let signed = draft.seal(&desk, &mut self.rng).unwrap().sign(sealer.pseudonym()).unwrap();
        let (mut body, sealed) = hazmat::into_parts(signed);
        (body.author, body.sponsor) = (self.pseudonym(of.author), self.pseudonym(of.author));
        (body, sealed)
    }

    /// Signs a body as its author.
    pub(crate) fn sign(&self, body: Body, sealed: SealedPart) -> SignedTransaction {
        let author = (0..NAMES.len()).find(|at| self.pseudonym(*at) == body.author).unwrap_or_default();
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
        let (head, endorser) = (self.head(), (sponsor + 1) % NAMES.len());
        let own = self.member(sponsor).endorse_own(proposal);
        let (_, other) = self.member_mut(endorser).endorse(&encode(proposal), head, WINDOW).unwrap();
        self.member(sponsor).anchor(proposal, &[own, other]).unwrap()
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
