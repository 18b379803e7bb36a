//! Streams that are sealed to one X-Wing key: chunks of one size, each in its place, the last one marked.
//!
//! ```text
//!   header ‖ wrap of a fresh key ‖ chunk 0 ‖ … ‖ chunk n, the last
//! ```
//!
//! The key is drawn for one stream and every chunk has another context, so no key and nonce come twice. All chunks are
//! full: zeros follow the content, and a stream shows its size in MiB only.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod open;
mod seal;

use std::path::Path;

use parclose_keys::audience::wrap_info;
use parclose_types::{AudienceId, ChannelId, Generation, enc};

pub(crate) use open::Opener;
pub(crate) use seal::Sealer;

/// Plaintext of every chunk.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;
/// Key commitment and tag.
pub(crate) const CHUNK_OVERHEAD: usize = 32 + 16;
/// A wrapped 32-byte key.
pub(crate) const WRAP_BYTES: usize = parclose_crypto::wrap::ENCAPSULATED_BYTES + 32 + 16;
/// Magic bytes and a version: all that a stream says in clear.
pub(crate) const HEADER_BYTES: usize = 8;

/// What a stream is for. Each use has labels of its own, so nothing that was sealed for one opens as another.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    /// seven magic bytes and a version
    pub(crate) header: [u8; HEADER_BYTES],
    /// purpose of the wrap
    pub(crate) purpose: &'static str,
    /// label of the wrap's associated data
    pub(crate) wrap: &'static str,
    /// label of a chunk's keys
    pub(crate) seal: &'static str,
    /// label of a chunk's place
    pub(crate) chunk: &'static str,
    /// what the wrap is bound to besides
    pub(crate) bound_to: Vec<[u8; 32]>,
}

impl Form {
    /// `info` of the wrap: a stream says in clear neither channel nor generation, so it binds none.
    fn info(&self, recipient: &[u8]) -> Vec<u8> {
        wrap_info(self.purpose, &ChannelId([0; 32]), Generation(0), &AudienceId([0; 32]), recipient)
    }

    /// Associated data of the wrap.
    fn wrap_place(&self) -> Vec<u8> {
        let bound_to = self.bound_to.iter().map(<[u8; 32]>::as_slice);
        let parts: Vec<&[u8]> = std::iter::once(self.header.as_slice()).chain(bound_to).collect();
        enc(self.wrap, &parts)
    }

    /// Context of a chunk: the stream's form, where the chunk stands, and whether it is the last.
    fn chunk_place(&self, index: u64, last: bool) -> Vec<u8> {
        enc(self.chunk, &[&self.header, &index.to_be_bytes(), &[u8::from(last)]])
    }
}

/// Why a stream is not sealed, or does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("it is of another form")]
    OtherForm,
    #[error("it has version {found}")]
    Version { found: u8 },
    #[error("it was sealed to another key, or for something else, or its beginning is damaged")]
    OtherKey,
    #[error("it is damaged in its chunk {index}")]
    Chunk { index: u64 },
    #[error("it is cut off, or something was put at its end")]
    CutOff,
    #[error("it holds less than it says")]
    Sizes,
    #[error("the recipient is not an X-Wing public key")]
    NotARecipient,
    #[error("`{path}`: {reason}")]
    Io { path: String, reason: String },
}

impl StreamError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), reason: error.to_string() }
    }
}
