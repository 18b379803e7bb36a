//! Sealing a stream.

use std::io::Write;
use std::path::{Path, PathBuf};

use parclose_crypto::wrap::{NotAKey, wrap};
use parclose_crypto::{Secret, seal};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{CHUNK_BYTES, Form, StreamError};

/// A stream that is being written.
pub(crate) struct Sealer<W> {
    to: W,
    form: Form,
    /// where it is written, for errors
    path: PathBuf,
    key: Secret,
    chunk: Zeroizing<Vec<u8>>,
    index: u64,
}

impl<W: Write> Sealer<W> {
    /// Draws the stream's key and writes what comes before the chunks.
    pub(crate) fn new(
        (to, path): (W, &Path),
        form: Form,
        recipient: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, StreamError> {
        let key = Secret::generate(rng);
        let wrapped =
            key.expose(|bytes| wrap(recipient, &form.info(recipient), &form.wrap_place(), bytes, rng));
        let wrapped = wrapped.map_err(|NotAKey| StreamError::NotARecipient)?;
        let chunk = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        let header = form.header;
        let mut sealer = Self { to, form, path: path.to_owned(), key, chunk, index: 0 };
        sealer.write(&header)?;
        sealer.write(&wrapped)?;
        Ok(sealer)
    }

    /// Takes the next bytes of the content.
    pub(crate) fn put(&mut self, mut bytes: &[u8]) -> Result<(), StreamError> {
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
    pub(crate) fn finish(mut self) -> Result<W, StreamError> {
        self.chunk.resize(CHUNK_BYTES, 0);
        self.seal_chunk(true)?;
        Ok(self.to)
    }

    fn seal_chunk(&mut self, last: bool) -> Result<(), StreamError> {
        let place = self.form.chunk_place(self.index, last);
        let sealed = seal::seal(&self.key, self.form.seal, &place, &self.chunk);
        self.chunk.clear();
        self.index += 1;
        self.write(&sealed.commitment)?;
        self.write(&sealed.ciphertext)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.to.write_all(bytes).map_err(|e| StreamError::io(&self.path, &e))
    }
}
