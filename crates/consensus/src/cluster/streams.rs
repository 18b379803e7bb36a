//! Blocks that come in parts, from several publishers at once, in any order.

use std::collections::BTreeMap;

use bytes::Bytes;
use parclose_types::{PublicKey, SignatureBytes};

use crate::engine::{EngineHeight, PART_BYTES_MAX, Part};

/// Bytes of a block at most: everything that a block is checked for takes time of every validator.
pub(crate) const BLOCK_BYTES_MAX: usize = 2 << 20;
/// Init, data, fin, and the end of the stream.
const PARTS_MAX: u64 = (BLOCK_BYTES_MAX / PART_BYTES_MAX) as u64 + 4;
/// Streams of one publisher that are gathered at a time.
const STREAMS_PER_PUBLISHER_MAX: usize = 4;
/// Publishers whose streams are gathered at a time.
const PUBLISHERS_MAX: usize = 512;

/// A block as its proposer sent it; nothing about it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gathered {
    pub(crate) height: EngineHeight,
    pub(crate) round: u32,
    pub(crate) proposer: PublicKey,
    pub(crate) block: Vec<u8>,
    pub(crate) signature: SignatureBytes,
}

#[derive(Debug, Default)]
struct Stream {
    parts: BTreeMap<u64, Part>,
    bytes: usize,
    /// sequence of the end
    end: Option<u64>,
}

impl Stream {
    fn is_whole(&self) -> bool {
        self.end.is_some_and(|end| self.parts.len() as u64 == end)
    }

    fn gathered(self) -> Option<Gathered> {
        let mut parts = self.parts.into_values();
        let Some(Part::Init { height, round, proposer }) = parts.next() else { return None };
        let mut block = Vec::with_capacity(self.bytes);
        let mut signature = None;
        for part in parts {
            match part {
                Part::Data(bytes) if signature.is_none() => block.extend_from_slice(&bytes),
                Part::Fin(made) if signature.is_none() => signature = Some(made),
                _ => return None,
            }
        }
        Some(Gathered { height, round, proposer, block, signature: signature? })
    }
}

type Publisher = Vec<u8>;

/// Everything that is being gathered.
#[derive(Debug, Default)]
pub(crate) struct Streams(BTreeMap<Publisher, BTreeMap<Bytes, Stream>>);

impl Streams {
    /// Takes one part; gives the block when it is whole. What does not fit is dropped with its stream.
    ///
    /// # Rules
    ///
    /// > CON-14: of one publisher at most 4 streams are gathered at a time, of at most 2 MiB and of parts in one order; beyond that the stream is dropped.
    pub(crate) fn take(
        &mut self,
        publisher: Publisher,
        stream: Bytes,
        sequence: u64,
        part: Option<Part>,
    ) -> Option<Gathered> {
        if self.0.len() >= PUBLISHERS_MAX && !self.0.contains_key(&publisher) {
            return None;
        }
        let of_publisher = self.0.entry(publisher).or_default();
        if of_publisher.len() >= STREAMS_PER_PUBLISHER_MAX && !of_publisher.contains_key(&stream) {
            of_publisher.clear();
        }
        let gathering = of_publisher.entry(stream.clone()).or_default();
        match part {
            None => gathering.end = Some(sequence),
            Some(part) => {
                if let Part::Data(bytes) = &part {
                    gathering.bytes = gathering.bytes.saturating_add(bytes.len());
                }
                gathering.parts.insert(sequence, part);
            }
        }
        if sequence > PARTS_MAX || gathering.bytes > BLOCK_BYTES_MAX {
            of_publisher.remove(&stream);
            return None;
        }
        if !gathering.is_whole() {
            return None;
        }
        of_publisher.remove(&stream)?.gathered()
    }

    /// A height is decided: whatever was on its way is not wanted any more.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The parts of a block: init, its bytes, the proposer's signature.
pub(crate) fn split(gathered: &Gathered) -> Vec<Part> {
    let Gathered { height, round, proposer, block, signature } = gathered;
    let init = Part::Init { height: *height, round: *round, proposer: *proposer };
    let data = block.chunks(PART_BYTES_MAX).map(|bytes| Part::Data(Bytes::copy_from_slice(bytes)));
    std::iter::once(init).chain(data).chain([Part::Fin(*signature)]).collect()
}
