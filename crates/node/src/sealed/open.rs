//! Opening a stream: every chunk in its place before a byte of it is given out.

use std::io::Read;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Secret, seal};
use zeroize::Zeroizing;

use super::{CHUNK_BYTES, CHUNK_OVERHEAD, Form, HEADER_BYTES, StreamError, WRAP_BYTES};

/// A stream that is being read: one chunk of it in memory.
pub(crate) struct Opener<R> {
    from: R,
    form: Form,
    key: Secret,
    sealed: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    /// bytes of the chunk that were given out
    given: usize,
    /// the chunk that comes next
    index: u64,
    chunks: u64,
}

impl<R: Read> Opener<R> {
    /// Reads what comes before the chunks of a stream of so many bytes.
    pub(crate) fn new(mut from: R, bytes: u64, form: Form, with: &UnwrapKey) -> Result<Self, StreamError> {
        let mut header = [0_u8; HEADER_BYTES];
        from.read_exact(&mut header).map_err(|_| StreamError::OtherForm)?;
        let ([magic @ .., _], [own @ .., _]) = (&header, &form.header);
        if magic != own {
            return Err(StreamError::OtherForm);
        }
        if header != form.header {
            let [.., found] = header;
            return Err(StreamError::Version { found });
        }
        let mut wrapped = [0_u8; WRAP_BYTES];
        from.read_exact(&mut wrapped).map_err(|_| StreamError::CutOff)?;
        let chunks = chunks_of(bytes).ok_or(StreamError::CutOff)?;
        let opened = with.unwrap_with(&form.info(with.public()), &form.wrap_place(), &wrapped);
        let opened = opened.map_err(|_| StreamError::OtherKey)?;
        let key = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| StreamError::OtherKey)?;
        Ok(Self {
            from,
            form,
            key: secret_from_bytes(key),
            sealed: vec![0; CHUNK_BYTES + CHUNK_OVERHEAD],
            chunk: Zeroizing::default(),
            given: 0,
            index: 0,
            chunks,
        })
    }

    /// Bytes of content, zeros at its end included.
    pub(crate) fn content_bytes(&self) -> u64 {
        self.chunks.saturating_mul(CHUNK_BYTES as u64)
    }

    /// The next bytes of the content, at least one and at most so many; none at its end.
    pub(crate) fn next(&mut self, most: usize) -> Result<&[u8], StreamError> {
        if self.given == self.chunk.len() && self.index < self.chunks {
            self.open_chunk()?;
        }
        let rest = self.chunk.get(self.given..).unwrap_or_default();
        let shown = rest.get(..most).unwrap_or(rest);
        self.given += shown.len();
        Ok(shown)
    }

    /// Fills a buffer.
    pub(crate) fn fill(&mut self, mut into: &mut [u8]) -> Result<(), StreamError> {
        while !into.is_empty() {
            let bytes = self.next(into.len())?;
            if bytes.is_empty() {
                return Err(StreamError::Sizes);
            }
            let (now, later) = into.split_at_mut(bytes.len());
            now.copy_from_slice(bytes);
            into = later;
        }
        Ok(())
    }

    fn open_chunk(&mut self) -> Result<(), StreamError> {
        self.from.read_exact(&mut self.sealed).map_err(|_| StreamError::CutOff)?;
        let last = self.index + 1 == self.chunks;
        if let Some(chunk) = self.opened_as(last) {
            self.chunk = chunk;
            self.given = 0;
            self.index += 1;
            return Ok(());
        }
        // Which of the two it is may be told: whoever has the key could find it out.
        let misplaced = self.opened_as(!last).is_some();
        Err(if misplaced { StreamError::CutOff } else { StreamError::Chunk { index: self.index } })
    }

    fn opened_as(&self, last: bool) -> Option<Zeroizing<Vec<u8>>> {
        let (commitment, ciphertext) = self.sealed.split_first_chunk::<32>()?;
        let place = self.form.chunk_place(self.index, last);
        seal::open(&self.key, self.form.seal, &place, commitment, ciphertext).ok()
    }
}

/// Chunks of a stream of so many bytes; `None` when they are not whole.
fn chunks_of(bytes: u64) -> Option<u64> {
    let sealed = (CHUNK_BYTES + CHUNK_OVERHEAD) as u64;
    let all = bytes.checked_sub((HEADER_BYTES + WRAP_BYTES) as u64)?;
    (all > 0 && all % sealed == 0).then(|| all / sealed)
}
