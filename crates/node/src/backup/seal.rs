//! Sealing a stream: chunks of one size, each in its place, the last one marked.
//!
//! ```text
//!   header ‖ wrap of a fresh key ‖ chunk 0 ‖ … ‖ chunk n, the last
//! ```
//!
//! The key is drawn for one archive and every chunk has another context, so no key and nonce come
//! twice. All chunks are full: zeros follow the content, and an archive shows its size in MiB only.

use std::io::Write;
use std::path::{Path, PathBuf};

use parclose_crypto::wrap::{NotAKey, wrap};
use parclose_crypto::{Secret, seal};
use parclose_keys::audience::wrap_info;
use parclose_types::{AudienceId, ChannelId, Generation, enc, labels};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{BackupError, CHUNK_BYTES, HEADER, PURPOSE};

/// An archive that is being written.
pub(super) struct Sealer<W> {
    to: W,
    /// where it is written, for errors
    path: PathBuf,
    key: Secret,
    chunk: Zeroizing<Vec<u8>>,
    index: u64,
}

/// `info` of the wrap: an archive says in clear neither channel nor generation, so it binds none.
pub(super) fn info(recipient: &[u8]) -> Vec<u8> {
    wrap_info(PURPOSE, &ChannelId([0; 32]), Generation(0), &AudienceId([0; 32]), recipient)
}

/// Associated data of the wrap.
pub(super) fn wrap_place() -> Vec<u8> {
    enc(labels::BACKUP, &[&HEADER])
}

/// Context of a chunk: the archive's form, where the chunk stands, and whether it is the last.
pub(super) fn chunk_place(index: u64, last: bool) -> Vec<u8> {
    enc(labels::BACKUP_CHUNK, &[&HEADER, &index.to_be_bytes(), &[u8::from(last)]])
}

impl<W: Write> Sealer<W> {
    /// Draws the archive's key and writes what comes before the chunks.
    pub(super) fn new(
        to: W,
        path: &Path,
        recipient: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, BackupError> {
        let key = Secret::generate(rng);
        let wrapped = key.expose(|bytes| wrap(recipient, &info(recipient), &wrap_place(), bytes, rng));
        let wrapped = wrapped.map_err(|NotAKey| BackupError::NotARecipient)?;
        let chunk = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        let mut sealer = Self { to, path: path.to_owned(), key, chunk, index: 0 };
        sealer.write(&HEADER)?;
        sealer.write(&wrapped)?;
        Ok(sealer)
    }

    /// Takes the next bytes of the content.
    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            // A full chunk waits until it is known whether it is the last.
            if self.chunk.len() == CHUNK_BYTES {
                self.seal_chunk(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Fills the last chunk with zeros, and seals it.
    pub(super) fn finish(mut self) -> Result<W, BackupError> {
        self.chunk.resize(CHUNK_BYTES, 0);
        self.seal_chunk(true)?;
        Ok(self.to)
    }

    fn seal_chunk(&mut self, last: bool) -> Result<(), BackupError> {
        let place = chunk_place(self.index, last);
        let sealed = seal::seal(&self.key, labels::BACKUP_SEAL, &place, &self.chunk);
        self.chunk.clear();
        self.index += 1;
        self.write(&sealed.commitment)?;
        self.write(&sealed.ciphertext)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.to.write_all(bytes).map_err(|e| BackupError::io(&self.path, &e))
    }
}
