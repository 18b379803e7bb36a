//! A real generation for the tests: the shipped templates, certified members, dealt secrets.
//!
//! Nothing is shortened: each audience that the definition can produce is dealt by one of its
//! members, wrapped to every member and accepted by each. Randomness comes from fixed seeds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::audience::DealScope;
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_keys::member::hazmat::member_from_bytes;
use parclose_keys::{Deal, PseudonymCertificate, PseudonymKey};
use parclose_types::{
    AudienceId, ChannelId, Epoch, Generation, Height, MemberId, NetworkId, PublicKey, RecordId,
    SignatureBytes,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::authenticate::{KnownSignatures, Setting};
use crate::body::{Body, SealedPart, SignedTransaction};
use crate::decode::UnverifiedTransaction;
use crate::definition::{Definition, DefinitionTexts, RecordType};
use crate::draft::{Desk, Draft, DraftOperation};
use crate::generation::{GenerationConfig, MemberEntry};
use crate::key_ring::{KeyRing, Perspective};
use crate::value::FieldValue;
use crate::view::{FieldState, Provenance, open_field};

/// `channel.toml` of the receivables template.
pub(crate) const SCF: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels/scf-receivable/channel.toml"));
/// `channel.toml` of the bilateral template.
pub(crate) const BILATERAL: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels/bilateral/channel.toml"));

pub(crate) const CHANNEL: ChannelId = ChannelId([0xC1; 32]);
pub(crate) const GENERATION: Generation = Generation(2);
pub(crate) const EPOCH: Epoch = Epoch(7);
pub(crate) const HEIGHT: Height = Height(200);
pub(crate) const RECORD: RecordId = RecordId([0x5E; 32]);

/// A receivables channel of one buyer, one supplier and one bank.
pub(crate) static SCF_CHANNEL: LazyLock<TestChannel> = LazyLock::new(|| {
    TestChannel::found(SCF, &[("acme", &["buyer"]), ("northbank", &["bank"]), ("supplierco", &["supplier"])])
});

/// A channel of two.
pub(crate) static BILATERAL_CHANNEL: LazyLock<TestChannel> =
    LazyLock::new(|| TestChannel::found(BILATERAL, &[("acme", &["member"]), ("supplierco", &["member"])]));

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// A member with its keys.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) pseudonym: PseudonymKey,
    pub(crate) ring: KeyRing,
    raw: BTreeMap<AudienceId, [u8; 32]>,
}

impl Person {
    /// The same secrets under another scope, as an intruder with every key would try them.
    pub(crate) fn ring_for(&self, channel: ChannelId, generation: Generation) -> KeyRing {
        ring(channel, generation, &self.raw)
    }

    /// The raw secret of one audience under another scope and name.
    pub(crate) fn ring_under(
        &self,
        channel: ChannelId,
        generation: Generation,
        audience: AudienceId,
        name: AudienceId,
    ) -> KeyRing {
        ring(channel, generation, &BTreeMap::from([(name, self.raw[&audience])]))
    }
}

fn ring(channel: ChannelId, generation: Generation, raw: &BTreeMap<AudienceId, [u8; 32]>) -> KeyRing {
    let mut ring = KeyRing::new(channel);
    for (audience, raw) in raw {
        ring.insert(generation, *audience, audience_from_bytes(*raw));
    }
    ring
}

/// A founded channel with all its members' keys in one place.
pub(crate) struct TestChannel {
    pub(crate) definition: Definition,
    pub(crate) config: GenerationConfig,
    pub(crate) people: Vec<Person>,
}

/// Every subset of a few members, each ascending as they are.
pub(crate) fn subsets(members: &[PublicKey]) -> Vec<Vec<PublicKey>> {
    let of = |bits: u32| {
        members.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, key)| *key).collect()
    };
    (0..1 << members.len()).map(of).collect()
}

/// The certificate of a member of that secret, as it stands in a configuration.
pub(crate) fn certified(secret: u8, name: &str, roles: &[&str], key: &UnwrapKey) -> MemberEntry {
    let member = member_from_bytes([secret; 32]);
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let pseudonym = member.pseudonym(&CHANNEL, GENERATION);
    let key = key.public().to_vec();
    let certificate =
        PseudonymCertificate::issue(&member.identity(), &pseudonym, key, roles, &CHANNEL, GENERATION);
    MemberEntry { name: name.into(), certificate }
}

/// A configuration of members that is certified, whose secrets nobody has dealt.
pub(crate) fn configuration(toml: &str, mut members: Vec<MemberEntry>) -> (Definition, GenerationConfig) {
    let definition = Definition::parse("channel.toml", toml).unwrap();
    members.sort_by_key(|member| member.certificate.pseudonym);
    let config = GenerationConfig {
        network: NetworkId([0x4E; 32]),
        channel: CHANNEL,
        generation: GENERATION,
        definition: DefinitionTexts {
            channel_toml: toml.into(),
            policy: String::new(),
            policy_schema: String::new(),
        }
        .digest(),
        definition_version: definition.version,
        epoch_length: definition.parameters.epoch_length,
        threshold: u16::try_from(members.len() / 2 + 1).unwrap(),
        members,
    };
    (definition, config)
}

impl TestChannel {
    fn found(toml: &str, founders: &[(&'static str, &[&str])]) -> Self {
        let mut rng = rng(1);
        let keys: Vec<UnwrapKey> = founders.iter().map(|_| UnwrapKey::generate(&mut rng)).collect();
        let secrets = 1_u8..;
        let members: Vec<MemberEntry> = secrets
            .clone()
            .zip(founders)
            .zip(&keys)
            .map(|((secret, (name, roles)), key)| certified(secret, name, roles, key))
            .collect();
        let (definition, config) = configuration(toml, members);
        let scope = DealScope { channel: CHANNEL, generation: GENERATION, configuration: config.digest() };
        let pseudonym = |secret| member_from_bytes([secret; 32]).pseudonym(&CHANNEL, GENERATION);
        let mut raw: Vec<BTreeMap<AudienceId, [u8; 32]>> = vec![BTreeMap::new(); founders.len()];
        for set in
            subsets(&config.pseudonyms()).into_iter().filter(|set| config.can_produce(&definition, set))
        {
            let recipients: Vec<(PublicKey, &[u8])> = set
                .iter()
                .map(|key| (*key, &config.member(key).unwrap().certificate.encryption_key[..]))
                .collect();
            let dealer = secrets.clone().map(pseudonym).find(|key| key.public() == set[0]).unwrap();
            let (deal, wraps) = Deal::make(&scope, &dealer, &recipients, &mut rng).unwrap();
            deal.verify(&scope, &wraps).unwrap();
            for ((secret, key), held) in secrets.clone().zip(&keys).zip(&mut raw) {
                let own = pseudonym(secret).public();
                if let Some(wrap) = set.iter().position(|member| *member == own).map(|at| &wraps[at]) {
                    held.insert(deal.audience, deal.accept(&scope, wrap, key).unwrap().expose(|r| *r));
                }
            }
        }
        let people = secrets
            .zip(founders)
            .zip(raw)
            .map(|((secret, (name, _)), raw)| {
                let ring = ring(CHANNEL, GENERATION, &raw);
                Person { name, pseudonym: pseudonym(secret), ring, raw }
            })
            .collect();
        Self { definition, config, people }
    }

    pub(crate) fn person(&self, name: &str) -> &Person {
        self.people.iter().find(|person| person.name == name).unwrap()
    }

    pub(crate) fn key_of(&self, name: &str) -> PublicKey {
        self.person(name).pseudonym.public()
    }

    pub(crate) fn id_of(&self, name: &str) -> MemberId {
        self.config.named(name).unwrap().id()
    }

    /// The audience of a member set given by names.
    pub(crate) fn audience(&self, names: &[&str]) -> AudienceId {
        let mut members: Vec<PublicKey> = names.iter().map(|name| self.key_of(name)).collect();
        members.sort_unstable();
        self.config.audience_of(&members)
    }

    pub(crate) fn desk(&self, author: &str) -> Desk<'_> {
        let person = self.person(author);
        Desk {
            config: &self.config,
            definition: &self.definition,
            keys: &person.ring,
            author: &person.pseudonym,
            epoch: EPOCH,
        }
    }

    /// Where the channel stands: the epoch of the drafts is in force, its grace long over.
    pub(crate) fn setting(&self) -> Setting {
        let parameters = &self.definition.parameters;
        Setting {
            network: self.config.network,
            channel: CHANNEL,
            generation: GENERATION,
            definition_version: self.config.definition_version,
            height: HEIGHT,
            epoch: EPOCH,
            into_epoch: parameters.grace,
            grace: parameters.grace,
            expiry_max: parameters.expiry_max,
        }
    }

    pub(crate) fn is_member(&self) -> impl Fn(&PublicKey) -> bool {
        |key| self.config.member(key).is_some()
    }

    pub(crate) fn seal(&self, author: &str, draft: &Draft, seed: u8) -> SignedTransaction {
        let sealed = draft.seal(&self.desk(author), &mut rng(seed)).unwrap();
        sealed.sign(&self.person(author).pseudonym).unwrap()
    }

    pub(crate) fn record_type(&self, name: &str) -> &RecordType {
        self.definition.record_named(name).unwrap()
    }
}

fn named<V: Clone>(pairs: &[(&str, V)]) -> BTreeMap<String, V> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

pub(crate) fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.into())
}

/// A receivable with every field, as its supplier drafts it.
pub(crate) fn receivable(channel: &TestChannel) -> DraftOperation {
    let date = |text: &str| FieldValue::Date(text.into());
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "receivable".into(),
        record: RECORD,
        version: 1,
        parties: named(&[
            ("buyer", channel.id_of("acme")),
            ("supplier", channel.id_of("supplierco")),
            ("bank", channel.id_of("northbank")),
        ]),
        fields: named(&[
            ("invoice_number", text("INV-1")),
            ("buyer_name", text("Acme plc")),
            ("supplier_id", text("S-17")),
            ("supplier_name", text("Supplier & Co")),
            ("face_amount", FieldValue::Amount(131_484_877, *b"GBP")),
            ("due_date", date("2021-10-30")),
            ("issue_date", date("2021-09-30")),
            ("lines", FieldValue::Json(r#"[{"id":"1","unit_price":"7.50"}]"#.into())),
            ("requested_advance", FieldValue::Amount(100_000_000, *b"GBP")),
        ]),
    }
}

/// A statement of a channel of two, with every field.
pub(crate) fn statement(channel: &TestChannel) -> DraftOperation {
    let total = FieldValue::Amount(5_000, *b"EUR");
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "statement".into(),
        record: RECORD,
        version: 1,
        parties: named(&[("preparer", channel.id_of("supplierco")), ("counterparty", channel.id_of("acme"))]),
        fields: named(&[
            ("month", text("2021-09")),
            ("documents", FieldValue::Integer(12)),
            ("total", total.clone()),
            ("counter_documents", FieldValue::Integer(11)),
            ("counter_total", total),
        ]),
    }
}

pub(crate) fn draft(operation: DraftOperation) -> Draft {
    Draft::of_records(vec![operation], Height(HEIGHT.0 + 50))
}

/// The supplier's receivable, sealed and signed.
pub(crate) fn signed() -> SignedTransaction {
    SCF_CHANNEL.seal("supplierco", &draft(receivable(&SCF_CHANNEL)), 2)
}

/// Decodes both parts, checks that they correspond, and authenticates in the channel's own setting.
pub(crate) fn is_authentic(permanent: &[u8], prunable: &[u8], known: &mut KnownSignatures) -> bool {
    let decoded = UnverifiedTransaction::decode(permanent);
    decoded.is_ok_and(|transaction| {
        transaction.check_sealed(prunable).is_ok()
            && transaction.authenticate(&SCF_CHANNEL.setting(), SCF_CHANNEL.is_member(), known).is_ok()
    })
}

/// A transaction of that body, with a signature that its author did make.
pub(crate) fn resigned(body: Body, sealed: SealedPart) -> SignedTransaction {
    let author = SCF_CHANNEL.people.iter().find(|person| person.pseudonym.public() == body.author);
    let key = &author.unwrap_or_else(|| SCF_CHANNEL.person("supplierco")).pseudonym;
    crate::draft::hazmat::sign_unchecked(body, sealed, key)
}

/// The bytes of a transaction with another signature.
pub(crate) fn with_signature(
    transaction: &SignedTransaction,
    signature: SignatureBytes,
) -> SignedTransaction {
    SignedTransaction { signature, ..transaction.clone() }
}

/// What a reader makes of each field of the only operation, by field name.
pub(crate) fn states(
    channel: &TestChannel,
    reader: &dyn Perspective,
    transaction: &SignedTransaction,
) -> BTreeMap<String, FieldState> {
    let operation = &transaction.body.operations[0];
    let record_type = channel.definition.record(operation.record_type).unwrap();
    let from = provenance(transaction);
    operation
        .fields
        .iter()
        .zip(&transaction.sealed.fields[0])
        .map(|(entry, sealed)| {
            let name = record_type.field(entry.field).unwrap().name.clone();
            (name, open_field(reader, record_type, &from, entry, sealed).state)
        })
        .collect()
}

pub(crate) fn provenance(transaction: &SignedTransaction) -> Provenance<'_> {
    let body = &transaction.body;
    Provenance {
        channel: body.channel,
        generation: body.generation,
        epoch: body.epoch,
        salt: &transaction.sealed.salt,
        record: body.operations[0].record,
    }
}
