//! One honest consortium, always the same: what really happened, for the oracles to compare with.
//!
//! Two members found a bilateral channel on a root chain of one validator, and write. Everything is
//! made by the library from fixed random seeds, so that a corpus written today replays tomorrow. No
//! input of a fuzzer holds one of these keys: whatever verifies and is not in here is a forgery.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use parclose_audit::bundle::{OrderedEvent, Standing};
use parclose_audit::{
    Bundle, Disclosure, DisclosureAsOf, Grant, GrantScope, GrantTerms, Receipt, WrappedViewKey,
};
use parclose_channel::setup::GENERATION;
use parclose_channel::{Candidate, Channel, FinalEvent, Founding, Proposal, Setup};
use parclose_crypto::merkle::ProvingList;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{SigningKey, hash};
use parclose_keys::{MemberSecret, PseudonymKey};
use parclose_root::{
    Certificate, CloseStatement, CommitCertificate, GenerationKeys, Genesis, OpenChannel, OrderProof,
    Parameters, RootState, RootTransaction, RotateStatement, TagProof, Validator,
};
use parclose_store::SharedCache;
use parclose_transaction::{
    ActDraft, Definition, DefinitionTexts, Draft, DraftOperation, FieldValue, Setting, SignedTransaction,
};
use parclose_types::{
    ChannelId, ClassId, Digest, Epoch, Generation, Height, PublicKey, RecordId, Sequence, TransactionDigest,
    encode,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// `channel.toml` of the channel.
pub const CHANNEL_TOML: &str = include_str!("../../../channels/bilateral/channel.toml");
/// `policy.cedar` of the channel.
pub const POLICY: &str = include_str!("../../../channels/bilateral/policy.cedar");
/// `policy.cedarschema` of the channel.
pub const SCHEMA: &str = include_str!("../../../channels/bilateral/policy.cedarschema");

const CHANNEL: ChannelId = ChannelId([0xF2; 32]);
const MADE: &str = "an honest consortium meets no refusal";

/// The world that all targets share; made at the first use.
pub static WORLD: LazyLock<World> = LazyLock::new(World::make);

/// A transaction's place in the log, and what became of it.
pub type Fate = (Sequence, u32, Standing);

/// What really happened.
#[derive(Debug)]
pub struct World {
    /// where trust starts
    pub genesis: Genesis,
    /// the root chain before anything
    pub fresh: RootState,
    /// the root chain with the channel open and empty
    pub opened: RootState,
    /// what the members had ordered, and a close that they signed and kept back
    pub root_transactions: Vec<RootTransaction>,
    /// the proof of each event
    pub order_proofs: Vec<OrderProof>,
    /// every transaction that was signed
    pub transactions: Vec<SignedTransaction>,
    /// what became of each
    pub fates: BTreeMap<TransactionDigest, Fate>,
    /// where the channel stood when the first transactions were written
    pub setting: Setting,
    /// the members' pseudonyms
    pub members: BTreeSet<PublicKey>,
    /// every batch as it was sent
    pub proposals: Vec<Proposal>,
    /// receipts: applied, refused, and one without an outcome
    pub receipts: Vec<Receipt>,
    /// a field as it was written, and another as the value as of a height
    pub disclosed: (Disclosure, DisclosureAsOf),
    /// the export of everything
    pub bundle: Bundle,
    /// how the channel was founded
    pub setup: Setup,
    /// the audience of both
    pub audience: Vec<PublicKey>,
    /// a view key on its way to the regulator
    pub wrapped: WrappedViewKey,
    /// the regulator's key
    pub regulator: UnwrapKey,
    /// the view key in it, in its wire form
    pub view_key: Vec<u8>,
    /// the members' signing keys, in the order of their pseudonyms: for vectors that are signed as they should be
    pub pseudonyms: Vec<PseudonymKey>,
    /// the same of the generation that would come next
    pub next_pseudonyms: Vec<PseudonymKey>,
}

impl World {
    /// Makes the world again, from the same seeds.
    ///
    /// # Panics
    ///
    /// If the library refuses what honest members do.
    #[must_use]
    pub fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder for two small stores");
        Making::open(folder.path()).live()
    }
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn validator() -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(hash("validator of the fuzz world", &[])))
}

/// The world while it is being made; and a consortium that a suite changes.
pub(crate) struct Making {
    fresh: RootState,
    opened: RootState,
    pub(crate) root: RootState,
    pub(crate) members: Vec<Channel>,
    proofs: Vec<OrderProof>,
    transactions: Vec<SignedTransaction>,
    proposals: Vec<Proposal>,
    pub(crate) rng: ChaCha20Rng,
}

impl Making {
    pub(crate) fn open(folder: &Path) -> Self {
        let validators = vec![Validator { key: validator().public(), power: 1 }];
        let genesis =
            Genesis::new("fuzz".into(), validators, Parameters::default(), Digest([0xF1; 32])).expect(MADE);
        let mut rng = rng(1);
        let (members, open) = found(&genesis, folder, &mut rng);
        let fresh = RootState::new(genesis);
        let (opened, root) = (fresh.clone(), fresh.clone());
        let (proofs, transactions, proposals) = (Vec::new(), Vec::new(), Vec::new());
        let mut made = Self { fresh, opened, root, members, proofs, transactions, proposals, rng };
        made.order(RootTransaction::OpenChannel(open));
        made.opened = made.root.clone();
        made
    }

    /// Three transactions (one of them stale), an update, an empty batch that attests it, one more.
    fn live(mut self) -> World {
        self.deal();
        let setting = self.setting();
        let batch = [self.statement(1, 1, 10), self.statement(1, 1, 11), self.statement(2, 1, 12)];
        self.anchored(&batch);
        let ordered_only = self.receipt(&batch[0]);
        let update = self.statement(1, 2, 13);
        self.anchored(std::slice::from_ref(&update));
        self.anchored(&[]);
        let outcomes = [&batch[1], &batch[2], &update].map(|transaction| self.receipt(transaction));
        let disclosed = self.disclosed();
        let (wrapped, regulator) = self.granted();
        let bundle = Bundle::export(&self.members[1], self.events(), self.tag_proof(), None).expect(MADE);
        let verified = bundle.clone().verify(self.root.genesis()).expect(MADE);
        let fates = verified.batches().iter().flat_map(|batch| {
            let fate = |(index, tx): (u32, &parclose_audit::bundle::VerifiedTransaction)| {
                (tx.digest, (batch.sequence, index, tx.standing.clone()))
            };
            (0..).zip(&batch.transactions).map(fate)
        });
        let mut root_transactions: Vec<RootTransaction> = self
            .proofs
            .iter()
            .map(|proof| RootTransaction::decode(&proof.transaction).expect(MADE))
            .collect();
        root_transactions.push(self.close());
        root_transactions.push(self.rotate());
        let view_key = wrapped.open(&regulator).expect(MADE).to_bytes().to_vec();
        World {
            genesis: self.root.genesis().clone(),
            root_transactions,
            fates: fates.collect(),
            setting,
            members: self.members.iter().map(|member| member.pseudonym().public()).collect(),
            receipts: std::iter::once(ordered_only).chain(outcomes).collect(),
            setup: self.members[0].setup().clone(),
            audience: self.members[0].config().pseudonyms(),
            disclosed,
            bundle,
            wrapped,
            regulator,
            view_key,
            pseudonyms: self.keys_in(GENERATION),
            next_pseudonyms: self.keys_in(Generation(GENERATION.0 + 1)),
            fresh: self.fresh,
            opened: self.opened,
            order_proofs: self.proofs,
            transactions: self.transactions,
            proposals: self.proposals,
        }
    }

    /// What the second member shows of the first record's total, and of the second record's number of documents.
    fn disclosed(&self) -> (Disclosure, DisclosureAsOf) {
        let proof = |sequence| self.proofs.iter().find(|proof| proof.entry.sequence == sequence).cloned();
        let (reader, height) = (&self.members[1], Height(self.root.head().height.0 - 1));
        let (one, other) = (RecordId([1; 32]), RecordId([2; 32]));
        let written = Disclosure::prove(reader, &one, "total", proof).expect(MADE);
        let as_of = DisclosureAsOf::prove(reader, &other, "documents", height, proof).expect(MADE);
        (written, as_of)
    }

    fn keys_in(&self, generation: Generation) -> Vec<PseudonymKey> {
        self.members.iter().map(|member| member.pseudonym_in(generation)).collect()
    }

    /// The height of the next block.
    pub(crate) fn next(&self) -> Height {
        Height(self.root.head().height.0 + 1)
    }

    fn setting(&self) -> Setting {
        let (channel, height) = (&self.members[0], self.next());
        let (config, parameters) = (channel.config(), &channel.definition().parameters);
        let (epoch, into_epoch) = channel.epoch_at(height);
        Setting {
            network: config.network,
            channel: config.channel,
            generation: config.generation,
            definition_version: config.definition_version,
            height,
            epoch,
            into_epoch,
            grace: parameters.grace,
            expiry_max: parameters.expiry_max,
        }
    }

    /// Orders an event in a block of its own; every member executes it.
    pub(crate) fn order(&mut self, transaction: RootTransaction) {
        let (block, rejected) = self.root.build([transaction.clone()]);
        assert_eq!(rejected, []);
        let entry = self.root.apply(&block).expect(MADE).events[0].entry;
        let (height, value) = (block.header.height, block.header.hash());
        let event = FinalEvent { height, entry, transaction };
        for member in &mut self.members {
            member.execute(&event).expect(MADE);
        }
        self.proofs.push(OrderProof {
            entry,
            transaction: block.transactions[0].encode(),
            inclusion: ProvingList::new([encode(&entry)]).prove(0).expect(MADE),
            certificate: CommitCertificate::of_one(self.root.network(), height, value, &validator()),
            header: block.header,
        });
    }

    /// A statement that the first member draws up, at some version.
    pub(crate) fn statement(&mut self, record: u8, version: u64, documents: u64) -> SignedTransaction {
        let [preparer, counterparty] = [0, 1].map(|at: usize| self.members[at].own_id());
        let fields = [
            ("month", FieldValue::Text("2026-10".into())),
            ("documents", FieldValue::Integer(documents)),
            ("total", FieldValue::Amount(documents * 100, *b"GBP")),
        ];
        let operation = DraftOperation {
            keyed_tag: None,
            action: if version == 1 { "create" } else { "update" }.into(),
            record_type: "statement".into(),
            record: RecordId([record; 32]),
            version,
            parties: [("preparer".to_owned(), preparer), ("counterparty".to_owned(), counterparty)].into(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let height = self.next();
        let channel = &self.members[0];
        let draft = Draft::of_records(vec![operation], Height(height.0 + 50));
        let sealed = draft.seal(&channel.desk(height), &mut self.rng).expect(MADE);
        let signed = sealed.sign(channel.pseudonym()).expect(MADE);
        self.transactions.push(signed.clone());
        signed
    }

    /// Anchors one batch of the first member, and executes it.
    fn anchored(&mut self, transactions: &[SignedTransaction]) {
        self.anchored_by(0, transactions);
    }

    pub(crate) fn anchored_by(&mut self, at: usize, transactions: &[SignedTransaction]) {
        let (head, height) = (self.root.head().height, self.next());
        let sponsor = &mut self.members[at];
        let pooled = transactions.iter().map(|t| sponsor.advise(t, height).expect(MADE).expect(MADE));
        let pooled = pooled.collect();
        let proposal = sponsor.propose(pooled, Height(height.0 + 9), &mut self.rng).expect(MADE);
        let own = sponsor.endorse_own(&proposal);
        let (_, other) = self.members[1 - at].endorse(&encode(&proposal), head, 1024).expect(MADE);
        let anchor = self.members[at].anchor(&proposal, &[own, other]).expect(MADE);
        self.proposals.push(proposal);
        self.order(RootTransaction::Anchor(anchor));
    }

    /// The first deals the secret of the two, and both do what the channel needs of them.
    pub(crate) fn deal(&mut self) {
        let both = self.members[0].config().pseudonyms();
        let due = self.members[0].upkeep(self.root.head().height, &mut self.rng).expect(MADE);
        self.acts(0, due);
        let head = self.root.head().height;
        let deal = self.members[0].deal_on_first_use(&both, head, &mut self.rng);
        self.acts(0, deal.into_iter().collect());
        let due = self.members[1].upkeep(self.root.head().height, &mut self.rng).expect(MADE);
        self.acts(1, due);
    }

    pub(crate) fn acts(&mut self, at: usize, due: Vec<parclose_channel::upkeep::Due>) {
        let height = self.next();
        let mut signed = Vec::new();
        for due in due {
            let draft = ActDraft { act: due.act, wraps: due.wraps, expiry: Height(height.0 + 50) };
            let member = &self.members[at];
            let sealed = draft.seal(&member.desk(height), &mut self.rng);
            signed.push(sealed.sign(member.pseudonym()).expect(MADE));
        }
        self.transactions.extend(signed.iter().cloned());
        self.anchored_by(at, &signed);
    }

    fn close(&self) -> RootTransaction {
        let (channel, last_sequence) = (&self.members[0], Sequence(0));
        let last_height = Height(self.opened.head().height.0 + 9);
        let statement = CloseStatement {
            network: *self.root.network(),
            tag: channel.tag(),
            generation: channel.config().generation,
            last_sequence,
            last_height,
        };
        let signed = statement.signing_bytes();
        let endorse = |m: &Channel| (m.pseudonym().public(), m.pseudonym().sign(&signed));
        let endorsements: Vec<_> = self.members.iter().map(endorse).collect();
        let certificate = Certificate::assemble(channel.endorsers(), &endorsements).expect(MADE);
        RootTransaction::Close(parclose_root::Close {
            tag: channel.tag(),
            last_sequence,
            last_height,
            certificate,
        })
    }

    fn rotate(&self) -> RootTransaction {
        let (channel, next) = (&self.members[0], Generation(GENERATION.0 + 1));
        let keys: Vec<_> = self.members.iter().map(|member| member.pseudonym_in(next)).collect();
        let mut endorsers: Vec<_> = keys.iter().map(|key| key.public()).collect();
        endorsers.sort_unstable();
        let statement = RotateStatement {
            network: *self.root.network(),
            tag: channel.tag(),
            generation: GENERATION,
            next: GenerationKeys::new(next, endorsers, channel.endorsers().threshold()).expect(MADE),
            commitment: Digest(hash("fuzzed", &[])),
            executed: Sequence(0),
            last_height: Height(self.opened.head().height.0 + 9),
        };
        let signed = statement.signing_bytes();
        let current: Vec<_> =
            self.members.iter().map(|m| (m.pseudonym().public(), m.pseudonym().sign(&signed))).collect();
        let of_next: Vec<_> = keys.iter().map(|key| (key.public(), key.sign(&signed))).collect();
        let certificate = Certificate::assemble(channel.endorsers(), &current).expect(MADE);
        let next_certificate = Certificate::assemble(&statement.next, &of_next).expect(MADE);
        RootTransaction::Rotate(statement.rotate(certificate, next_certificate))
    }

    fn receipt(&self, transaction: &SignedTransaction) -> Receipt {
        let order_proof = |sequence| self.proofs.iter().find(|p| p.entry.sequence == sequence).cloned();
        Receipt::prove(&self.members[1], &transaction.digest(), order_proof).expect(MADE)
    }

    fn events(&self) -> Vec<OrderedEvent> {
        let event =
            |p: &OrderProof| OrderedEvent { height: p.header.height, transaction: p.transaction.clone() };
        self.proofs.iter().map(event).collect()
    }

    fn tag_proof(&self) -> TagProof {
        let (tag, header) = (self.members[0].tag(), self.root.head().clone());
        let (height, value) = (header.height, header.hash());
        TagProof {
            tag,
            state: self.root.tag(&tag).expect("the channel is open").clone(),
            proof: self.root.prove_tag(&tag),
            certificate: CommitCertificate::of_one(self.root.network(), height, value, &validator()),
            header,
        }
    }

    /// Figures of epochs 1 to 9, for a regulator.
    fn granted(&mut self) -> (WrappedViewKey, UnwrapKey) {
        let regulator = UnwrapKey::from_secret(&secret_from_bytes([0xF3; 32]));
        let (config, keys) = (self.members[0].config(), self.members[0].keys());
        let scope = GrantScope {
            channel: config.channel,
            generation: config.generation,
            audience: config.audience_of(&config.pseudonyms()),
            class: ClassId(2),
            from: Epoch(1),
            to: Epoch(9),
        };
        let [issuer, second] = [0, 1].map(|at: usize| self.members[at].pseudonym().public());
        let terms = GrantTerms::draw_up(keys, scope, regulator.public(), issuer, second).expect(MADE);
        let [issuer_signature, second_signature] = [0, 1]
            .map(|at: usize| terms.sign(self.members[at].keys(), self.members[at].pseudonym()).expect(MADE));
        let grant = Grant { terms, issuer_signature, second_signature };
        let wrapped = WrappedViewKey::issue(keys, grant, regulator.public(), &mut self.rng).expect(MADE);
        (wrapped, regulator)
    }
}

/// Two members found a bilateral channel, each in a store of its own.
fn found(genesis: &Genesis, folder: &Path, rng: &mut ChaCha20Rng) -> (Vec<Channel>, OpenChannel) {
    let network = genesis.network();
    let definition = Definition::parse("channel.toml", CHANNEL_TOML).expect("a shipped template");
    let mut candidates: Vec<(MemberSecret, Candidate)> = ["ann", "bob"]
        .into_iter()
        .map(|name| {
            let member = MemberSecret::generate(rng);
            let roles = vec!["member".into()];
            let candidate = Candidate::new(name, &member, roles, &CHANNEL, GENERATION, rng);
            (member, candidate)
        })
        .collect();
    candidates.sort_by_key(|(_, candidate)| candidate.pseudonym());
    let texts = DefinitionTexts {
        channel_toml: CHANNEL_TOML.into(),
        policy: POLICY.into(),
        policy_schema: SCHEMA.into(),
    };
    let entries = candidates.iter().map(|(_, candidate)| candidate.entry().clone()).collect();
    let founding = Founding::new(network, CHANNEL, texts, &definition, entries).expect(MADE);
    let (setup, body) = founding.conclude(rng);
    let signatures = candidates.iter().map(|(_, candidate)| candidate.sign_open(&body, &network)).collect();
    let cache = SharedCache::new(8 << 20);
    let members = candidates.iter().enumerate().map(|(at, (member, candidate))| {
        let path = folder.join(at.to_string());
        let salts = |seed| Box::new(ChaCha20Rng::from_seed([seed; 32]));
        let key = (GENERATION, candidate.one_time());
        Channel::create(&path, member, &setup, key, &cache, salts(1)).expect(MADE);
        Channel::open(&path, member, &CHANNEL, &cache, salts(2)).expect(MADE)
    });
    (members.collect(), Setup::open_channel(body, signatures))
}
