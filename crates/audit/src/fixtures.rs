//! A small consortium for tests: a root chain of one validator or two, a channel of two members, and collusion.

use std::collections::BTreeMap;

use parclose_channel::batch::BatchHeader;
use parclose_channel::{BatchProof, Candidate, Channel, Due, FinalEvent, Founding, Proposal, Setup};
use parclose_crypto::merkle::ProvingList;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash};
use parclose_keys::{MemberSecret, ViewKey, field_leaf};
use parclose_root::{
    Anchor, Certificate, Checkpoint, CommitCertificate, Genesis, Header, OrderProof, Parameters, RootState,
    RootTransaction, TagProof, UpdateValidators, Validator, ValidatorSet, ValidatorsChange,
};
use parclose_store::SharedCache;
use parclose_transaction::draft::hazmat::{into_parts, sign_unchecked};
use parclose_transaction::{
    Act, ActDraft, Change, Definition, DefinitionTexts, Draft, DraftOperation, Erasure, ErasureTarget,
    FieldValue, Motion, SignedTransaction,
};
use parclose_types::{
    AudienceId, ChannelId, ClassId, Digest, Epoch, FieldId, Generation, Height, MemberId, PublicKey,
    RecordId, Sequence, TransactionDigest, encode,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tempfile::TempDir;

use crate::bundle::OrderedEvent;
use crate::checkpoint::ProvenCheckpoint;
use crate::grant::GrantScope;

mod cash;

const CHANNEL_TOML: &str = include_str!("../../../channels/bilateral/channel.toml");
const POLICY: &str = include_str!("../../../channels/bilateral/policy.cedar");
const SCHEMA: &str = include_str!("../../../channels/bilateral/policy.cedarschema");

/// A genesis of the one validator; another nonce is another network.
pub(crate) fn genesis(nonce: u8) -> Genesis {
    let validators = vec![Validator { key: validator().public(), power: 1 }];
    Genesis::new("test".into(), validators, Parameters::default(), Digest([nonce; 32])).unwrap()
}

fn validator() -> SigningKey {
    validator_number(0)
}

fn validator_number(number: u8) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(hash("validator of tests", &[&[number]])))
}

/// Validators of power 1.
fn validators(numbers: &[u8]) -> ValidatorSet {
    let of = |number: &u8| Validator { key: validator_number(*number).public(), power: 1 };
    let mut validators: Vec<_> = numbers.iter().map(of).collect();
    validators.sort_by_key(|validator| validator.key);
    ValidatorSet::new(validators).unwrap()
}

/// A root chain, a channel of two members on it, and every proof of the channel's log.
pub(crate) struct Consortium {
    pub(crate) root: RootState,
    /// the members' sides of the channel, ascending by pseudonym
    pub(crate) members: Vec<Channel>,
    pub(crate) proofs: Vec<OrderProof>,
    /// the proofs of the changes of the validators
    pub(crate) changes: Vec<OrderProof>,
    /// who signs now
    signers: Vec<u8>,
    pub(crate) rng: ChaCha20Rng,
    /// events and verdicts of the preparation: opening, keys, deal
    prepared: (u64, u64),
    _folder: TempDir,
}

impl Consortium {
    /// A channel of two, opened, with the secret of both dealt.
    pub(crate) fn new() -> Self {
        Self::seeded(3)
    }

    /// Another seed is another channel on the same root chain.
    pub(crate) fn seeded(seed: u8) -> Self {
        Self::of(seed, bilateral(), &["member"])
    }

    /// A channel by any definition in which both have the same roles.
    fn of(seed: u8, texts: DefinitionTexts, roles: &[&str]) -> Self {
        let (genesis, mut rng) = (genesis(7), ChaCha20Rng::from_seed([seed; 32]));
        let folder = tempfile::tempdir().unwrap();
        let (members, open) = found(&genesis, folder.path(), (texts, roles), &mut rng);
        let root = RootState::new(genesis);
        let mut made = Self {
            root,
            members,
            proofs: Vec::new(),
            changes: Vec::new(),
            signers: vec![0],
            rng,
            prepared: (0, 0),
            _folder: folder,
        };
        made.order(RootTransaction::OpenChannel(open));
        made.deal();
        let head = made.members[0].head().unwrap();
        made.prepared = (head.next.0 - 1, head.verdicts.len());
        made
    }

    /// One record of the first member, whose second field, `documents`, opens for nobody; attested.
    pub(crate) fn sealed_wrongly() -> (Self, TransactionDigest) {
        let mut consortium = Self::new();
        let (mut body, mut sealed) = into_parts(consortium.statement(0, 1, 1, 10));
        sealed.fields[0][1].ciphertext[0] ^= 1;
        body.operations[0].fields[1].leaf = field_leaf(FieldId(2), &sealed.fields[0][1]);
        let wrong = sign_unchecked(body, sealed, consortium.members[0].pseudonym());
        let (_, digests) = consortium.anchored(&[wrong]);
        consortium.anchored(&[]);
        (consortium, digests[0])
    }

    /// The view key of what both members read of a class, over some epochs.
    pub(crate) fn view_key(&self, class: u32, from: u32, to: u32) -> ViewKey {
        let config = self.members[0].config();
        let scope = GrantScope {
            channel: config.channel,
            generation: config.generation,
            audience: self.both(),
            class: ClassId(class),
            from: Epoch(from),
            to: Epoch(to),
        };
        scope.cut(self.members[0].keys()).unwrap()
    }

    /// The n-th event after the preparation; the 0th is the last before.
    pub(crate) fn nth(&self, n: u64) -> Sequence {
        Sequence(self.prepared.0 + n)
    }

    /// Batches that the preparation has left.
    pub(crate) fn prepared_batches(&self) -> usize {
        usize::try_from(self.prepared.0).unwrap()
    }

    /// Verdicts that the preparation has left.
    pub(crate) fn prepared_verdicts(&self) -> usize {
        usize::try_from(self.prepared.1).unwrap()
    }

    /// The first member deals the secret of both, and both do what the channel needs of them.
    fn deal(&mut self) {
        let (head, both) = (self.root.head().height, self.members[0].config().pseudonyms());
        let due = self.members[0].deal_on_first_use(&both, head, &mut self.rng);
        self.act_all(0, due.into_iter().collect());
        self.upkeep();
    }

    /// Both do what the channel needs of them.
    fn upkeep(&mut self) {
        for _ in 0..4 {
            for at in 0..self.members.len() {
                let head = self.root.head().height;
                let due = self.members[at].upkeep(head, &mut self.rng).unwrap();
                self.act_all(at, due);
            }
        }
    }

    /// The members turn their keys over.
    pub(crate) fn rotate(&mut self) {
        let motion = Act::Move(Motion { changes: vec![Change::Rekey], blinder: [7; 32] });
        let motion = self.act_all(0, vec![Due { act: motion, wraps: Vec::new() }])[0];
        let vote = Act::Vote { motion, approve: true };
        self.act_all(1, vec![Due { act: vote, wraps: Vec::new() }]);
        self.upkeep();
        let head = self.root.head().height;
        let statement = self.members[0].rotation(head, 1024).unwrap();
        let signed: Vec<_> =
            self.members.iter().map(|m| m.sign_rotation(&statement, head, 1024).unwrap()).collect();
        let current: Vec<_> = signed.iter().map(|signed| signed.current).collect();
        let next: Vec<_> = signed.iter().filter_map(|signed| signed.next).collect();
        let certificate = Certificate::assemble(self.members[0].endorsers(), &current).unwrap();
        let next = Certificate::assemble(&statement.next, &next).unwrap();
        self.order(RootTransaction::Rotate(statement.rotate(certificate, next)));
        self.upkeep();
        // The first member is the one with the lower pseudonym of now.
        self.members.sort_by_key(|member| member.pseudonym().public());
    }

    /// Both members want a record erased.
    pub(crate) fn erase(&mut self, record: u8) {
        self.erase_all_of(ErasureTarget::Record(RecordId([record; 32])));
    }

    /// Both members want something erased.
    pub(crate) fn erase_all_of(&mut self, target: ErasureTarget) {
        for at in 0..2 {
            let act = Act::Erase(Erasure { target, reason: "it is asked for".into() });
            self.act_all(at, vec![Due { act, wraps: Vec::new() }]);
        }
    }

    /// Carries out and confirms what is erased.
    pub(crate) fn keep_up(&mut self) {
        self.upkeep();
    }

    fn act_all(&mut self, at: usize, due: Vec<Due>) -> Vec<TransactionDigest> {
        if due.is_empty() {
            return Vec::new();
        }
        let height = self.next();
        let member = &self.members[at];
        let mut signed = Vec::new();
        for Due { act, wraps } in due {
            let draft = ActDraft { act, wraps, expiry: Height(height.0 + 50) };
            signed.push(draft.seal(&member.desk(height), &mut self.rng).sign(member.pseudonym()).unwrap());
        }
        self.anchored_by(at, &signed).1
    }

    pub(crate) fn genesis(&self) -> &Genesis {
        self.root.genesis()
    }

    pub(crate) fn pseudonym(&self, member: usize) -> PublicKey {
        self.members[member].pseudonym().public()
    }

    pub(crate) fn id(&self, member: usize) -> MemberId {
        self.members[member].own_id()
    }

    /// The audience of both members.
    pub(crate) fn both(&self) -> AudienceId {
        self.members[0].config().audience_of(&self.members[0].config().pseudonyms())
    }

    fn next(&self) -> Height {
        Height(self.root.head().height.0 + 1)
    }

    /// Lets root blocks pass in which nothing happens.
    pub(crate) fn wait(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let (block, _) = self.root.build([]);
            self.root.apply(&block).unwrap();
        }
    }

    /// Orders an event in a block of its own; every member executes it.
    pub(crate) fn order(&mut self, transaction: RootTransaction) -> Sequence {
        let proof = self.order_only(transaction.clone());
        let event = FinalEvent { height: proof.header.height, entry: proof.entry, transaction };
        for member in &mut self.members {
            member.execute(&event).unwrap();
        }
        proof.entry.sequence
    }

    /// Orders an event that no member executes: one that only colluding members could make.
    pub(crate) fn order_only(&mut self, transaction: RootTransaction) -> OrderProof {
        let proof = self.order_any(transaction);
        self.proofs.push(proof.clone());
        proof
    }

    /// Has other validators sign, from the next block on that this orders.
    pub(crate) fn hand_over(&mut self, numbers: &[u8]) {
        let (now, at) = (self.root.validators(), self.next());
        let change = ValidatorsChange {
            number: now.changes,
            replaces: now.at(at).digest(),
            next: validators(numbers),
            last_height: at,
        };
        let all: std::collections::BTreeSet<u8> = self.signers.iter().chain(numbers).copied().collect();
        let sign = |number| change.sign(self.root.network(), &validator_number(number));
        let mut signatures: Vec<_> = all.into_iter().map(sign).collect();
        signatures.sort_by_key(|(signer, _)| *signer);
        let update = RootTransaction::UpdateValidators(UpdateValidators { change, signatures });
        let proof = self.order_any(update);
        self.changes.push(proof);
        let (announcing, _) = self.root.build([]);
        self.root.apply(&announcing).unwrap();
        self.signers = numbers.to_vec();
    }

    /// Precommits of validators under a header.
    pub(crate) fn certified_by(&self, header: &Header, numbers: &[u8]) -> CommitCertificate {
        let (height, value) = (header.height, header.hash());
        let one = |number: &u8| {
            CommitCertificate::of_one(&header.network, height, value, &validator_number(*number)).signatures
        };
        let mut signatures: Vec<_> = numbers.iter().flat_map(one).collect();
        signatures.sort_by_key(|(validator, _)| *validator);
        CommitCertificate { height, round: 0, value, signatures }
    }

    /// The head's checkpoint.
    pub(crate) fn checkpoint(&self) -> ProvenCheckpoint {
        let header = self.root.head().clone();
        let checkpoint = Checkpoint {
            validators: self.root.validators().clone(),
            proof: self.root.prove_validators(),
            certificate: self.certified_by(&header, &self.signers),
            header,
        };
        ProvenCheckpoint::new(checkpoint, self.changes.clone())
    }

    fn order_any(&mut self, transaction: RootTransaction) -> OrderProof {
        let (block, rejected) = self.root.build([transaction]);
        assert_eq!(rejected, []);
        let entries: Vec<_> = self.root.apply(&block).unwrap().entries().copied().collect();
        let list = ProvingList::new(entries.iter().map(encode));
        OrderProof {
            entry: entries[0],
            transaction: block.transactions[0].encode(),
            inclusion: list.prove(0).unwrap(),
            certificate: self.certified_by(&block.header, &self.signers),
            header: block.header,
        }
    }

    /// A statement that `author` draws up, at some version.
    pub(crate) fn statement(
        &mut self,
        author: usize,
        record: u8,
        version: u64,
        documents: u64,
    ) -> SignedTransaction {
        let (preparer, counterparty) = (self.id(0), self.id(1));
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
            parties: BTreeMap::from([
                ("preparer".to_owned(), preparer),
                ("counterparty".to_owned(), counterparty),
            ]),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let height = self.next();
        let channel = &self.members[author];
        let draft = Draft::of_records(vec![operation], Height(height.0 + 50));
        draft.seal(&channel.desk(height), &mut self.rng).unwrap().sign(channel.pseudonym()).unwrap()
    }

    /// Anchors one batch of the first member with these transactions, and executes it.
    pub(crate) fn anchored(
        &mut self,
        transactions: &[SignedTransaction],
    ) -> (Sequence, Vec<TransactionDigest>) {
        self.anchored_by(0, transactions)
    }

    fn anchored_by(
        &mut self,
        at: usize,
        transactions: &[SignedTransaction],
    ) -> (Sequence, Vec<TransactionDigest>) {
        let height = self.next();
        let sponsor = &mut self.members[at];
        let pooled = transactions.iter().map(|t| sponsor.advise(t, height).unwrap().unwrap()).collect();
        let proposal = sponsor.propose(pooled, Height(height.0 + 9), &mut self.rng).unwrap();
        let anchor = self.endorsed(at, &proposal);
        let sequence = self.order(RootTransaction::Anchor(anchor));
        (sequence, transactions.iter().map(SignedTransaction::digest).collect())
    }

    /// Anchors a batch of one part that is no transaction: both members have signed it all the same.
    pub(crate) fn anchored_void(&mut self) -> Sequence {
        let head = self.members[0].head().unwrap();
        let mut header = self.members[0].prove_batch(Sequence(1)).unwrap().header;
        (header.attested, header.attested_root) = (Sequence(head.next.0 - 1), head.root);
        let parts = vec![(b"no transaction".to_vec(), b"nor sealed".to_vec())];
        let batch = parclose_channel::Batch::assemble(header, parts, self.members[0].pseudonym());
        let proposal = Proposal { batch, blinder: [8; 32], last_height: Height(self.next().0 + 9) };
        for member in &mut self.members {
            member.receive_anchored(&encode(&proposal)).unwrap();
        }
        let statement = proposal.statement(self.members[0].tag());
        let certificate = self.certify(&statement.signing_bytes());
        self.order(RootTransaction::Anchor(statement.anchor(certificate)))
    }

    fn certify(&self, signed: &[u8]) -> Certificate {
        let endorsements: Vec<_> =
            self.members.iter().map(|m| (m.pseudonym().public(), m.pseudonym().sign(signed))).collect();
        Certificate::assemble(self.members[0].endorsers(), &endorsements).unwrap()
    }

    fn endorsed(&mut self, sponsor: usize, proposal: &Proposal) -> Anchor {
        let head = self.root.head().height;
        let own = self.members[sponsor].endorse_own(proposal);
        let (_, other) = self.members[1 - sponsor].endorse(&encode(proposal), head, 1024).unwrap();
        self.members[sponsor].anchor(proposal, &[own, other]).unwrap()
    }

    /// An anchored batch of colluding members: whatever they like to sign, but nobody executes it.
    /// `attested` is what the anchor says; the header is theirs to choose.
    pub(crate) fn collude(
        &mut self,
        attested: Sequence,
        change: impl FnOnce(&mut BatchHeader),
    ) -> (BatchProof, OrderProof) {
        let mut header = self.members[0].prove_batch(Sequence(1)).unwrap().header;
        header.attested = attested;
        change(&mut header);
        let signature = self.members[0].pseudonym().sign(header.digest().as_ref());
        let blinder = [9; 32];
        let batch = parclose_channel::Batch { header, signature, permanent: vec![], prunable: vec![] };
        let proposal = Proposal { batch, blinder, last_height: Height(self.next().0 + 9) };
        let mut statement = proposal.statement(self.members[0].tag());
        (statement.network, statement.attested) = (*self.root.network(), attested);
        let certificate = self.certify(&statement.signing_bytes());
        let proof = self.order_only(RootTransaction::Anchor(statement.anchor(certificate)));
        let Proposal { batch, .. } = proposal;
        let sequence = proof.entry.sequence;
        (BatchProof { sequence, header: batch.header, signature, blinder }, proof)
    }

    /// The log's events, as a node of the root chain has them.
    pub(crate) fn events(&self) -> Vec<OrderedEvent> {
        self.proofs
            .iter()
            .map(|proof| OrderedEvent { height: proof.header.height, transaction: proof.transaction.clone() })
            .collect()
    }

    /// The proof of the channel's state on the root chain, at its head.
    pub(crate) fn tag_proof(&self) -> TagProof {
        let (tag, header) = (self.members[0].tag(), self.root.head().clone());
        TagProof {
            tag,
            state: self.root.tag(&tag).unwrap().clone(),
            proof: self.root.prove_tag(&tag),
            certificate: self.certified_by(&header, &self.signers),
            header,
        }
    }

    /// The proof of an event of the log.
    pub(crate) fn order_proof(&self, sequence: Sequence) -> Option<OrderProof> {
        self.proofs.iter().find(|proof| proof.entry.sequence == sequence).cloned()
    }
}

fn bilateral() -> DefinitionTexts {
    DefinitionTexts { channel_toml: CHANNEL_TOML.into(), policy: POLICY.into(), policy_schema: SCHEMA.into() }
}

/// Two members found a channel, each in a store of its own.
fn found(
    genesis: &Genesis,
    folder: &std::path::Path,
    (texts, roles): (DefinitionTexts, &[&str]),
    rng: &mut ChaCha20Rng,
) -> (Vec<Channel>, parclose_root::OpenChannel) {
    let (network, channel) = (genesis.network(), ChannelId([5; 32]));
    let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
    let mut candidates: Vec<(MemberSecret, Candidate)> = ["ann", "bob"]
        .into_iter()
        .map(|name| {
            let member = MemberSecret::generate(rng);
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            let candidate = Candidate::new(name, &member, roles, &channel, Generation(0), rng);
            (member, candidate)
        })
        .collect();
    candidates.sort_by_key(|(_, candidate)| candidate.pseudonym());
    let entries = candidates.iter().map(|(_, candidate)| candidate.entry().clone()).collect();
    let founding = Founding::new(network, channel, texts, &definition, entries).unwrap();
    let (setup, body) = founding.conclude(rng);
    let signatures = candidates.iter().map(|(_, candidate)| candidate.sign_open(&body, &network)).collect();
    let cache = SharedCache::new(8 << 20);
    let members = candidates.iter().enumerate().map(|(at, (member, candidate))| {
        let path = folder.join(at.to_string());
        let salts = |seed| Box::new(ChaCha20Rng::from_seed([seed; 32]));
        let key = (Generation(0), candidate.one_time());
        Channel::create(&path, member, &setup, key, &cache, salts(1)).unwrap();
        Channel::open(&path, member, &channel, &cache, salts(2)).unwrap()
    });
    (members.collect(), Setup::open_channel(body, signatures))
}
