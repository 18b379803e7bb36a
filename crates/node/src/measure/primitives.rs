//! What the primitives cost that no record write can do without.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Secret, SigningKey, hash, kdf, seal, verify};
use parclose_store::{ClearRows, Database, DatabaseOptions, Durability, SharedCache, Table};
use parclose_types::{SignatureBytes, labels};
use serde_json::{Value, json};

use super::Failed;
use super::record_write::{BATCH, FIELDS, Roles};

/// Of the table.
const ROUNDS: usize = 15;
const SEALED_BYTES: usize = 64;
const ROWS: Table<u64, Vec<u8>> = Table::<u64, Vec<u8>>::ordered(1, "rows");

/// Microseconds for each call.
fn time(calls: usize, mut call: impl FnMut()) -> f64 {
    let started = Instant::now();
    for _ in 0..calls {
        call();
    }
    started.elapsed().as_secs_f64() * 1e6 / calls as f64
}

/// Microseconds of each primitive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Primitives {
    sign: f64,
    verify: f64,
    hkdf: f64,
    aead: f64,
    sha256_kib: f64,
    fdatasync: f64,
    synced_batch: f64,
}

impl Primitives {
    /// The medians of several measurements.
    pub(super) fn median(rounds: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| super::median(rounds.iter().map(part));
        Self {
            sign: of(|p| p.sign),
            verify: of(|p| p.verify),
            hkdf: of(|p| p.hkdf),
            aead: of(|p| p.aead),
            sha256_kib: of(|p| p.sha256_kib),
            fdatasync: of(|p| p.fdatasync),
            synced_batch: of(|p| p.synced_batch),
        }
    }

    pub(super) fn to_json(self) -> Value {
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

    /// What opening a field cannot do without: its key is derived, and key, nonce and commitment from that, and the ciphertext opened.
    pub(super) fn opening(&self) -> f64 {
        self.hkdf + self.aead
    }

    /// What a record write cannot do without: a signature made and checked, a key and a sealing for each
    /// field, one pass of hashing over its bytes, and its share of a synced batch.
    pub(super) fn unavoidable(&self) -> Roles {
        let bytes_hashed = self.sha256_kib;
        let share = self.synced_batch / BATCH as f64;
        Roles {
            sender: self.sign + FIELDS as f64 * (self.hkdf + self.aead) + bytes_hashed,
            endorser: bytes_hashed + share,
            executor: self.verify + bytes_hashed + share,
        }
    }
}

/// The table of primitives: medians of several rounds, measured in a directory of its own.
pub fn primitives(directory: &Path) -> Result<Value, Failed> {
    std::fs::create_dir_all(directory)?;
    let mut workbench = Workbench::new(directory)?;
    let rounds: Vec<_> = (0..ROUNDS).map(|_| workbench.measure()).collect::<Result<_, _>>()?;
    Ok(Primitives::median(&rounds).to_json())
}

/// What the primitives work on.
pub(super) struct Workbench {
    key: SigningKey,
    signature: SignatureBytes,
    secret: Secret,
    file: File,
    database: Database,
    next: u64,
}

const MESSAGE: [u8; 64] = [7; 64];
const KIB: [u8; 1024] = [3; 1024];

impl Workbench {
    pub(super) fn new(directory: &Path) -> Result<Self, Failed> {
        let key = SigningKey::from_seed(&secret_from_bytes([1; 32]));
        let options = DatabaseOptions {
            kind: "bench",
            owner_id: [0; 32],
            cache: SharedCache::new(8 << 20),
            write_buffer_bytes: 4 << 20,
        };
        Ok(Self {
            signature: key.sign(&MESSAGE),
            secret: secret_from_bytes([2; 32]),
            file: File::create(directory.join("synced"))?,
            database: Database::open(directory.join("rows"), &options, Arc::new(ClearRows))?,
            next: 0,
            key,
        })
    }

    /// One measurement of all, in a few milliseconds.
    pub(super) fn measure(&mut self) -> Result<Primitives, Failed> {
        let (key, signature, secret) = (&self.key, &self.signature, &self.secret);
        let mut primitives = Primitives {
            sign: time(40, || _ = black_box(key.sign(black_box(&MESSAGE)))),
            verify: time(40, || _ = black_box(verify(&key.public(), black_box(&MESSAGE), signature))),
            hkdf: time(500, || {
                secret.expose(|bytes| drop(black_box(kdf::<32>(bytes, labels::GGM, &[&[1]]))));
            }),
            aead: time(500, || {
                drop(black_box(seal::seal(secret, labels::SEAL, b"context", &KIB[..SEALED_BYTES])));
            }),
            sha256_kib: time(200, || _ = black_box(hash(labels::SALT, &[&KIB]))),
            ..Primitives::default()
        };
        primitives.fdatasync = self.fdatasync(4)?;
        primitives.synced_batch = self.synced_batch(4)?;
        Ok(primitives)
    }

    fn fdatasync(&mut self, calls: usize) -> Result<f64, Failed> {
        let started = Instant::now();
        for _ in 0..calls {
            self.file.write_all(&KIB)?;
            self.file.sync_data()?;
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / calls as f64)
    }

    fn synced_batch(&mut self, calls: usize) -> Result<f64, Failed> {
        let started = Instant::now();
        for _ in 0..calls {
            let mut batch = self.database.batch();
            batch.put(&ROWS, &self.next, &KIB.to_vec());
            self.next += 1;
            self.database.commit(batch, Durability::Synced)?;
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / calls as f64)
    }
}
