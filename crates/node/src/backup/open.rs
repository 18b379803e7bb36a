//! Opening a stream: every chunk in its place before a byte of it is given out.

use std::io::Read;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Secret, seal};
use parclose_types::labels;
use zeroize::Zeroizing;

use super::seal::{chunk_place, info, wrap_place};
use super::{BackupError, CHUNK_BYTES, CHUNK_OVERHEAD, HEADER, MAGIC, VERSION, WRAP_BYTES};

/// An archive that is being read: one chunk of it in memory.
pub(super) struct Opener<R> {
    from: R,
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
    /// Reads what comes before the chunks of an archive of so many bytes.
    ///
    /// # Rules
    ///
    /// > BAK-01: an archive begins with the magic bytes and the version that this program reads.
    /// > BAK-02: an archive opens with the key that it was sealed to and with no other.
    /// > BAK-04: an archive consists of whole chunks and ends with its last one, neither before nor after.
    pub(super) fn new(mut from: R, bytes: u64, with: &UnwrapKey) -> Result<Self, BackupError> {
        let mut header = [0_u8; HEADER.len()];
        from.read_exact(&mut header).map_err(|_| BackupError::NotAnArchive)?;
        if !header.starts_with(&MAGIC) {
            return Err(BackupError::NotAnArchive);
        }
        if header != HEADER {
            let [.., found] = header;
            return Err(BackupError::Version { found, supported: VERSION });
        }
        let mut wrapped = [0_u8; WRAP_BYTES];
        from.read_exact(&mut wrapped).map_err(|_| BackupError::CutOff)?;
        let chunks = chunks_of(bytes).ok_or(BackupError::CutOff)?;
        let opened = with.unwrap_with(&info(with.public()), &wrap_place(), &wrapped);
        let opened = opened.map_err(|_| BackupError::OtherKey)?;
        let key = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| BackupError::OtherKey)?;
        Ok(Self {
            from,
            key: secret_from_bytes(key),
            sealed: vec![0; CHUNK_BYTES + CHUNK_OVERHEAD],
            chunk: Zeroizing::default(),
            given: 0,
            index: 0,
            chunks,
        })
    }

    /// Bytes of content, zeros at its end included.
    pub(super) fn content_bytes(&self) -> u64 {
        self.chunks.saturating_mul(CHUNK_BYTES as u64)
    }

    /// The next bytes of the content, at least one and at most so many; none at its end.
    pub(super) fn next(&mut self, most: usize) -> Result<&[u8], BackupError> {
        if self.given == self.chunk.len() && self.index < self.chunks {
            self.open_chunk()?;
        }
        let rest = self.chunk.get(self.given..).unwrap_or_default();
        let shown = rest.get(..most).unwrap_or(rest);
        self.given += shown.len();
        Ok(shown)
    }

    /// Fills a buffer.
    pub(super) fn fill(&mut self, mut into: &mut [u8]) -> Result<(), BackupError> {
        while !into.is_empty() {
            let bytes = self.next(into.len())?;
            if bytes.is_empty() {
                return Err(BackupError::Sizes);
            }
            let (now, later) = into.split_at_mut(bytes.len());
            now.copy_from_slice(bytes);
            into = later;
        }
        Ok(())
    }

    /// # Rules
    ///
    /// > BAK-03: a chunk opens only as it was sealed and where it was sealed: changed, moved, doubled or left out, it ends the reading.
    fn open_chunk(&mut self) -> Result<(), BackupError> {
        self.from.read_exact(&mut self.sealed).map_err(|_| BackupError::CutOff)?;
        let last = self.index + 1 == self.chunks;
        if let Some(chunk) = self.opened_as(last) {
            self.chunk = chunk;
            self.given = 0;
            self.index += 1;
            return Ok(());
        }
        // Which of the two it is may be told: whoever has the key could find it out.
        let misplaced = self.opened_as(!last).is_some();
        Err(if misplaced { BackupError::CutOff } else { BackupError::Chunk { index: self.index } })
    }

    fn opened_as(&self, last: bool) -> Option<Zeroizing<Vec<u8>>> {
        let (commitment, ciphertext) = self.sealed.split_first_chunk::<32>()?;
        let place = chunk_place(self.index, last);
        seal::open(&self.key, labels::BACKUP_SEAL, &place, commitment, ciphertext).ok()
    }
}

/// Chunks of an archive of so many bytes; `None` when they are not whole.
fn chunks_of(bytes: u64) -> Option<u64> {
    let sealed = (CHUNK_BYTES + CHUNK_OVERHEAD) as u64;
    let all = bytes.checked_sub((HEADER.len() + WRAP_BYTES) as u64)?;
    (all > 0 && all % sealed == 0).then(|| all / sealed)
}
