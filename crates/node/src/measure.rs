//! What a record write costs, by role, next to what it cannot cost less than.
//!
//! Primitives are measured first, on this machine, in this run; then the real code of a channel of
//! three members: sealing and signing (sender), checking, storing and endorsing (endorser), executing
//! and committing (executor). Microseconds for each record write; ratios are what to compare.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock and nothing else does")]

use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use parclose_channel::propose::Pooled;
use parclose_channel::setup::{GENERATION, Setup};
use parclose_channel::upkeep::Due;
use parclose_channel::{Candidate, Channel, FinalEvent, Founding};
use parclose_consensus::{EmbeddedRoot, RootChain};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash, kdf, seal, verify};
use parclose_keys::MemberSecret;
use parclose_root::{Genesis, Parameters, RootTransaction, Validator};
use parclose_store::{ClearRows, Database, DatabaseOptions, Durability, SharedCache, Table};
use parclose_transaction::{ActDraft, Definition, DefinitionTexts, Draft, DraftOperation, FieldValue};
use parclose_types::{ChannelId, Digest, Height, RecordId, Sequence, encode};
use serde_json::{Value, json};

use crate::randomness::generator;

type Failed = Box<dyn std::error::Error>;

/// Microseconds for each call.
fn time(calls: usize, mut call: impl FnMut(usize)) -> f64 {
    let started = Instant::now();
    for at in 0..calls {
        call(at);
    }
    started.elapsed().as_secs_f64() * 1e6 / calls as f64
}

/// Measures `writes` record writes of 6 fields for 2 audiences in a channel of three members.
pub fn record_write(directory: &Path, writes: usize) -> Result<Value, Failed> {
    std::fs::create_dir_all(directory)?;
    let primitives = Primitives::measure(directory)?;
    let roles = Roles::measure(directory, writes.max(1))?;
    let unavoidable = primitives.unavoidable();
    let total = roles.sender + roles.endorser + roles.executor;
    let least = unavoidable.sender + unavoidable.endorser + unavoidable.executor;
    let role = |us: f64, least: f64| json!({ "us": us, "unavoidable_us": least, "ratio": us / least });
    Ok(json!({
        "schema": "parclose.bench-record-write/1",
        "writes": writes,
        "fields": FIELDS,
        "audiences": 2,
        "batch": BATCH,
        "primitives": primitives.to_json(),
        "roles": {
            "sender": role(roles.sender, unavoidable.sender),
            "endorser": role(roles.endorser, unavoidable.endorser),
            "executor": role(roles.executor, unavoidable.executor),
        },
        "ratio": total / least,
    }))
}

const FIELDS: usize = 6;
const BATCH: usize = 256;
const SEALED_BYTES: usize = 64;

struct Primitives {
    sign: f64,
    verify: f64,
    hkdf: f64,
    aead: f64,
    sha256_kib: f64,
    fdatasync: f64,
    synced_batch: f64,
}

impl Primitives {
    fn measure(directory: &Path) -> Result<Self, Failed> {
        let key = SigningKey::from_seed(&secret_from_bytes([1; 32]));
        let message = [7_u8; 64];
        let signature = key.sign(&message);
        let secret = secret_from_bytes([2; 32]);
        let kib = [3_u8; 1024];
        let mut file = File::create(directory.join("synced"))?;
        let options = DatabaseOptions {
            kind: "bench",
            owner_id: [0; 32],
            cache: SharedCache::new(8 << 20),
            write_buffer_bytes: 4 << 20,
        };
        let database = Database::open(directory.join("rows"), &options, Arc::new(ClearRows))?;
        let table = Table::<u64, Vec<u8>>::ordered(1, "rows");
        let mut next = 0_u64;
        Ok(Self {
            sign: time(500, |_| {
                black_box(key.sign(black_box(&message)));
            }),
            verify: time(500, |_| {
                let _ = black_box(verify(&key.public(), black_box(&message), &signature));
            }),
            hkdf: time(5000, |_| {
                secret
                    .expose(|bytes| drop(black_box(kdf::<32>(bytes, parclose_types::labels::GGM, &[&[1]]))));
            }),
            aead: time(5000, |_| {
                drop(black_box(seal::seal(
                    &secret,
                    parclose_types::labels::SEAL,
                    b"context",
                    &kib[..SEALED_BYTES],
                )));
            }),
            sha256_kib: time(2000, |_| {
                black_box(hash(parclose_types::labels::SALT, &[&kib]));
            }),
            fdatasync: time(50, |_| {
                let _ = file.write_all(&kib).and_then(|()| file.sync_data());
            }),
            synced_batch: time(50, |_| {
                let mut batch = database.batch();
                batch.put(&table, &next, &kib.to_vec());
                next += 1;
                let _ = database.commit(batch, Durability::Synced);
            }),
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "ed25519_sign_us": self.sign,
            "ed25519_verify_strict_us": self.verify,
            "hkdf_expand_32_us": self.hkdf,
            "derive_and_seal_64_bytes_us": self.aead,
            "sha256_1_kib_us": self.sha256_kib,
            "fdatasync_us": self.fdatasync,
            "rocksdb_synced_batch_us": self.synced_batch,
        })
    }

    /// What a record write cannot do without: a signature made and checked, a key and a sealing for each
    /// field, one pass of hashing over its bytes, and its share of a synced batch.
    fn unavoidable(&self) -> Roles {
        let bytes_hashed = self.sha256_kib;
        let share = self.synced_batch / BATCH as f64;
        Roles {
            sender: self.sign + FIELDS as f64 * (self.hkdf + self.aead) + bytes_hashed,
            endorser: bytes_hashed + share,
            executor: self.verify + bytes_hashed + share,
        }
    }
}

#[derive(Default)]
struct Roles {
    sender: f64,
    endorser: f64,
    executor: f64,
}

impl Roles {
    fn measure(directory: &Path, writes: usize) -> Result<Self, Failed> {
        let mut bench = Bench::new(directory)?;
        let mut roles = Self::default();
        let mut done = 0;
        while done < writes {
            let count = BATCH.min(writes - done);
            let started = Instant::now();
            let mut pooled = Vec::with_capacity(count);
            for at in 0..count {
                pooled.push(bench.pool(done + at)?);
            }
            roles.sender += started.elapsed().as_secs_f64();
            let (endorsing, executing) = bench.order(pooled)?;
            roles.endorser += endorsing;
            roles.executor += executing;
            done += count;
        }
        let each = 1e6 / writes as f64;
        Ok(Self {
            sender: roles.sender * each,
            endorser: roles.endorser * each,
            executor: roles.executor * each,
        })
    }
}

/// A channel of three members with its root chain, driven by hand.
struct Bench {
    root: EmbeddedRoot,
    /// sender, endorser, and a third that only executes
    members: [Channel; 3],
    rng: rand_chacha::ChaCha20Rng,
}

const TEMPLATE: [&str; 3] = [
    include_str!("../../../channels/scf-receivable/channel.toml"),
    include_str!("../../../channels/scf-receivable/policy.cedar"),
    include_str!("../../../channels/scf-receivable/policy.cedarschema"),
];

impl Bench {
    fn new(directory: &Path) -> Result<Self, Failed> {
        let mut rng = generator();
        let cache = SharedCache::new(16 << 20);
        let validator = SigningKey::from_seed(&parclose_crypto::Secret::generate(&mut rng));
        let validators = vec![Validator { key: validator.public(), power: 1 }];
        let genesis = Genesis::new("bench".into(), validators, Parameters::default(), Digest([0; 32]))?;
        let root = EmbeddedRoot::open(directory.join("root"), genesis, validator, &cache)?;
        let channel = ChannelId([9; 32]);
        let members: Vec<MemberSecret> = (0..3).map(|_| MemberSecret::generate(&mut rng)).collect();
        let named = ["buyer", "supplier", "bank"];
        let candidates: Vec<Candidate> = named
            .iter()
            .zip(&members)
            .map(|(role, member)| {
                Candidate::new(role, member, vec![(*role).into()], &channel, GENERATION, &mut rng)
            })
            .collect();
        let [toml, policy, policy_schema] = TEMPLATE.map(str::to_owned);
        let definition = Definition::parse("channel.toml", &toml)?;
        let texts = DefinitionTexts { channel_toml: toml, policy, policy_schema };
        let entries = candidates.iter().map(|candidate| candidate.entry().clone()).collect();
        let founding = Founding::new(root.network(), channel, texts, &definition, entries)?;
        let (setup, body) = founding.conclude(&mut rng);
        let mut signers: Vec<&Candidate> = candidates.iter().collect();
        signers.sort_by_key(|candidate| candidate.pseudonym());
        let signatures =
            signers.iter().map(|candidate| candidate.sign_open(&body, &root.network())).collect();
        root.commit(vec![RootTransaction::OpenChannel(Setup::open_channel(body, signatures))])?;
        let open = |at: usize| -> Result<Channel, Failed> {
            let path = directory.join(named[at]);
            let key = (GENERATION, candidates[at].one_time());
            Channel::create(&path, &members[at], &setup, key, &cache, Box::new(generator()))?;
            Ok(Channel::open(&path, &members[at], &channel, &cache, Box::new(generator()))?)
        };
        let mut bench = Self { root, members: [open(1)?, open(2)?, open(0)?], rng };
        bench.execute()?;
        bench.deal()?;
        Ok(bench)
    }

    /// Has the secrets of both audiences dealt and acknowledged, as first use does.
    fn deal(&mut self) -> Result<(), Failed> {
        let draft = Draft { operations: vec![self.operation(0)?], expiry: Height(0) };
        let head = self.root.head();
        let sender = &self.members[0];
        let mut wanted = Vec::new();
        for set in draft.audiences(&sender.desk(Height(head.0 + 1)))?.values() {
            wanted.extend(sender.deal_on_first_use(set, head, &mut self.rng));
        }
        self.act(0, wanted)?;
        for _ in 0..2 {
            for at in 0..self.members.len() {
                let due = self.members[at].upkeep(self.root.head(), &mut self.rng)?;
                self.act(at, due)?;
            }
        }
        Ok(())
    }

    fn act(&mut self, at: usize, due: Vec<Due>) -> Result<(), Failed> {
        let head = self.root.head();
        let mut pooled = Vec::new();
        for Due { act, wraps } in due {
            let member = &mut self.members[at];
            let draft = ActDraft { act, wraps, expiry: Height(head.0 + 100) };
            let sealed = draft.seal(&member.desk(Height(head.0 + 1)), &mut self.rng);
            let signed = sealed.sign(member.pseudonym())?;
            pooled.push(member.advise(&signed, Height(head.0 + 1))??);
        }
        if pooled.is_empty() { Ok(()) } else { self.order_of(at, pooled).map(drop) }
    }

    /// Seals, signs and checks one record write of 6 fields for 2 audiences.
    fn pool(&mut self, number: usize) -> Result<Pooled, Failed> {
        let head = self.root.head();
        let draft = Draft { operations: vec![self.operation(number)?], expiry: Height(head.0 + 100) };
        let sender = &mut self.members[0];
        let signed = draft.seal(&sender.desk(Height(head.0 + 1)), &mut self.rng)?.sign(sender.pseudonym())?;
        Ok(sender.advise(&signed, Height(head.0 + 1))??)
    }

    fn operation(&mut self, number: usize) -> Result<DraftOperation, Failed> {
        let config = self.members[0].config();
        let party = |name: &str| {
            config.named(name).map(|member| (name.to_owned(), member.id())).ok_or("no such party")
        };
        let parties = BTreeMap::from([party("buyer")?, party("supplier")?, party("bank")?]);
        let text = |text: String| FieldValue::Text(text);
        let fields = BTreeMap::from([
            ("invoice_number".to_owned(), text(format!("INV-{number}"))),
            ("buyer_name".to_owned(), text("The Borough".into())),
            ("supplier_id".to_owned(), text(format!("S-{}", number % 97))),
            ("face_amount".to_owned(), FieldValue::Amount(1000 + number as u64, *b"GBP")),
            ("due_date".to_owned(), FieldValue::Date("2021-09-30".into())),
            ("lines".to_owned(), FieldValue::Json("[]".into())),
        ]);
        let mut record = [0_u8; 32];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut record);
        Ok(DraftOperation {
            action: "create".into(),
            record_type: "receivable".into(),
            record: RecordId(record),
            version: 1,
            parties,
            fields,
        })
    }

    /// Orders a batch of the sender: seconds of the endorser, seconds of one executor.
    fn order(&mut self, pooled: Vec<Pooled>) -> Result<(f64, f64), Failed> {
        self.order_of(0, pooled)
    }

    /// Orders a batch of one member, which the next endorses.
    fn order_of(&mut self, sponsor: usize, pooled: Vec<Pooled>) -> Result<(f64, f64), Failed> {
        let last_height = Height(self.root.head().0 + 100);
        let proposal = self.members[sponsor].propose(pooled, last_height, &mut self.rng)?;
        let bytes = encode(&proposal);
        let endorser = (sponsor + 1) % self.members.len();
        let started = Instant::now();
        let (_, endorsement) = self.members[endorser].endorse(&bytes, self.root.head(), 1024)?;
        let endorsing = started.elapsed().as_secs_f64();
        let third = (sponsor + 2) % self.members.len();
        self.members[third].endorse(&bytes, self.root.head(), 1024)?;
        let own = self.members[sponsor].endorse_own(&proposal);
        let anchor = self.members[sponsor].anchor(&proposal, &[own, endorsement]);
        let anchor = anchor.ok_or("not enough endorsements")?;
        self.root.commit(vec![RootTransaction::Anchor(anchor)])?;
        Ok((endorsing, self.execute()?))
    }

    /// All execute what is final; the seconds of the last one's execution.
    fn execute(&mut self) -> Result<f64, Failed> {
        let mut seconds = 0.0;
        for channel in &mut self.members {
            let next = channel.head().map_or(Sequence(0), |head| head.next);
            let started = Instant::now();
            for event in self.root.events(&channel.tag(), next, usize::MAX)? {
                let event =
                    FinalEvent { height: event.height, entry: event.entry, transaction: event.transaction };
                channel.execute(&event)?;
            }
            seconds = started.elapsed().as_secs_f64();
        }
        Ok(seconds)
    }
}
