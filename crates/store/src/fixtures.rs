//! Shared by the tests: a cipher that is not secure but binds what a real one binds, and openers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parclose_types::encoding::enc_to;

use crate::{ClearRows, Database, DatabaseOptions, RowCipher, SharedCache, StoreError};

/// XOR with a keyed stream and a keyed checksum over key, table, row key and plaintext.
#[derive(Default)]
pub(crate) struct TestCipher {
    pub(crate) key: u64,
    pub(crate) seals: AtomicUsize,
}

impl TestCipher {
    pub(crate) fn new(key: u64) -> Arc<Self> {
        Arc::new(Self { key, seals: AtomicUsize::new(0) })
    }

    fn hash(&self, label: &str, table: u8, fields: [&[u8]; 2]) -> u64 {
        let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ self.key.rotate_left(17);
        enc_to(label, &[&[table], fields[0], fields[1]], |bytes| {
            for byte in bytes {
                state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        });
        state ^ state >> 29
    }

    fn mask(&self, table: u8, row_key: &[u8], text: &[u8]) -> Vec<u8> {
        let blocks = text.chunks(8).zip(0_u64..).flat_map(|(block, number)| {
            let stream = self.hash("stream", table, [row_key, &number.to_be_bytes()]).to_be_bytes();
            block.iter().zip(stream).map(|(a, b)| a ^ b).collect::<Vec<_>>()
        });
        blocks.collect()
    }
}

impl RowCipher for TestCipher {
    fn seal(&self, table: u8, row_key: &[u8], plaintext: &[u8]) -> Vec<u8> {
        self.seals.fetch_add(1, Ordering::Relaxed);
        let mut sealed = self.hash("check", table, [row_key, plaintext]).to_be_bytes().to_vec();
        sealed.extend(self.mask(table, row_key, plaintext));
        sealed
    }

    fn open(&self, table: u8, row_key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (check, text) = sealed.split_first_chunk::<8>()?;
        let plaintext = self.mask(table, row_key, text);
        (self.hash("check", table, [row_key, &plaintext]).to_be_bytes() == *check).then_some(plaintext)
    }

    fn blind(&self, table: u8, key: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        for (part, number) in out.chunks_mut(8).zip(0_u8..) {
            part.copy_from_slice(&self.hash("blind", table, [&[number], key]).to_be_bytes());
        }
        out
    }
}

pub(crate) fn options(owner: u8) -> DatabaseOptions {
    DatabaseOptions {
        kind: "test",
        owner_id: [owner; 32],
        cache: SharedCache::new(4 << 20),
        write_buffer_bytes: 256 << 10,
    }
}

/// Opens a sealed database of owner 1.
pub(crate) fn open(path: &Path) -> Result<Database, StoreError> {
    Database::open(path, &options(1), TestCipher::new(1))
}

/// Opens a clear database of owner 1.
pub(crate) fn open_clear(path: &Path) -> Result<Database, StoreError> {
    Database::open(path, &options(1), Arc::new(ClearRows))
}
