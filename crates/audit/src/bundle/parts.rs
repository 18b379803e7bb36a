//! The parts of a bundle file, one after another, from wherever a reader takes up.
//!
//! A reader holds one encoded part at a time, bounded by its kind before it is read.

use std::io::Read;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::tables::HeadLeaf;
use parclose_channel::{BatchProof, Setup, VerdictRow};
use parclose_crypto::state_tree::StateProof;
use parclose_types::limits::{
    BATCH_BYTES_MAX, RECEIPT_BYTES_MAX, ROOT_TRANSACTION_BYTES_MAX, TRANSACTION_BYTES_MAX,
};
use parclose_types::{Epoch, decode};

use super::BundleInvalid;

/// One bundle file.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

pub(super) const MAGIC: &[u8; 8] = b"PCLBUND\x01";
/// Kind and length before each part.
const HEAD_BYTES: u64 = 5;
/// Verdicts of one part; every such part but the last is full.
pub(super) const VERDICTS_OF_A_PART: usize = 4096;

/// Kinds of parts, in their order but for the end, which comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Founding = 1,
    Tag = 2,
    Event = 3,
    Batch = 4,
    Attested = 5,
    Verdicts = 6,
    Generation = 7,
    Audience = 8,
    Change = 9,
    End = 10,
    Remains = 11,
    Erasure = 12,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        let all = [
            Self::Founding,
            Self::Tag,
            Self::Event,
            Self::Batch,
            Self::Attested,
            Self::Verdicts,
            Self::Generation,
            Self::Audience,
            Self::Change,
            Self::End,
            Self::Remains,
            Self::Erasure,
        ];
        all.into_iter().find(|kind| *kind as u8 == byte)
    }

    pub(super) fn limit_bytes(self) -> usize {
        match self {
            // 512 members with their certificates, and the three texts.
            Self::Founding | Self::Generation => 4 << 20,
            Self::Audience => 64 << 10,
            Self::Tag | Self::Attested | Self::Verdicts | Self::Change => RECEIPT_BYTES_MAX,
            Self::Event => ROOT_TRANSACTION_BYTES_MAX + 64,
            Self::End => 0,
            Self::Remains | Self::Erasure => TRANSACTION_BYTES_MAX + 4096,
            Self::Batch => BATCH_BYTES_MAX + 4096,
        }
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct Founding {
    pub(super) epochs: (Epoch, Epoch),
    pub(super) setup: Setup,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct Attested {
    pub(super) by: BatchProof,
    pub(super) head: HeadLeaf,
    pub(super) head_proof: StateProof,
}

/// The parts of a file, with the head of the next one read ahead.
pub(super) struct Parts<R> {
    input: R,
    left: u64,
    next: Option<(Kind, usize)>,
}

impl<R> std::fmt::Debug for Parts<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parts({} bytes left)", self.left)
    }
}

impl<R: Read> Parts<R> {
    /// At the first part of a file.
    pub(super) fn start(input: R) -> Result<Self, BundleInvalid> {
        let mut parts = Self { input, left: FILE_BYTES_MAX, next: None };
        if parts.bytes(MAGIC.len())? != MAGIC {
            return Err(BundleInvalid::File { reason: "it does not begin as one of this version does" });
        }
        parts.read_ahead()?;
        Ok(parts)
    }

    /// At a part of a file whose input stands there.
    pub(super) fn resume(input: R, offset: u64) -> Result<Self, BundleInvalid> {
        let left = FILE_BYTES_MAX.saturating_sub(offset);
        let mut parts = Self { input, left, next: None };
        parts.read_ahead()?;
        Ok(parts)
    }

    pub(super) fn one<T: BorshSerialize + BorshDeserialize>(
        &mut self,
        kind: Kind,
    ) -> Result<T, BundleInvalid> {
        self.take(kind)?.ok_or(BundleInvalid::File { reason: "a part is missing" })
    }

    pub(super) fn all<T: BorshSerialize + BorshDeserialize>(
        &mut self,
        kind: Kind,
    ) -> Result<Vec<T>, BundleInvalid> {
        let mut all = Vec::new();
        while let Some(part) = self.take(kind)? {
            all.push(part);
        }
        Ok(all)
    }

    /// The next part if it is of this kind.
    pub(super) fn take<T: BorshSerialize + BorshDeserialize>(
        &mut self,
        kind: Kind,
    ) -> Result<Option<T>, BundleInvalid> {
        let Some((_, length)) = self.next.filter(|(next, _)| *next == kind) else { return Ok(None) };
        let bytes = self.bytes(length)?;
        if bytes.len() != length {
            return Err(BundleInvalid::File { reason: "it ends within a part" });
        }
        let part = decode("part of a bundle", &bytes, kind.limit_bytes())?;
        self.read_ahead()?;
        Ok(Some(part))
    }

    /// Passes over all parts of a kind.
    pub(super) fn pass_over(&mut self, kind: Kind) -> Result<(), BundleInvalid> {
        while let Some((_, length)) = self.next.filter(|(next, _)| *next == kind) {
            if self.bytes(length)?.len() != length {
                return Err(BundleInvalid::File { reason: "it ends within a part" });
            }
            self.read_ahead()?;
        }
        Ok(())
    }

    /// The next part of verdicts: every one but the last is full, and none is empty.
    pub(super) fn verdicts(&mut self) -> Result<Option<Vec<VerdictRow>>, BundleInvalid> {
        let Some(rows) = self.take::<Vec<VerdictRow>>(Kind::Verdicts)? else { return Ok(None) };
        let full = rows.len() == VERDICTS_OF_A_PART;
        let cut = full || ((1..VERDICTS_OF_A_PART).contains(&rows.len()) && !self.is_at(Kind::Verdicts));
        if cut {
            Ok(Some(rows))
        } else {
            Err(BundleInvalid::File { reason: "its verdicts are cut in another way" })
        }
    }

    /// Whether the next part is of this kind.
    pub(super) fn is_at(&self, kind: Kind) -> bool {
        self.next.is_some_and(|(next, _)| next == kind)
    }

    /// Whether nothing more is there.
    pub(super) fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// Where in the file the next part begins.
    pub(super) fn offset(&self) -> u64 {
        let ahead = if self.next.is_some() { HEAD_BYTES } else { 0 };
        FILE_BYTES_MAX.saturating_sub(self.left).saturating_sub(ahead)
    }

    fn read_ahead(&mut self) -> Result<(), BundleInvalid> {
        self.next = None;
        let head = self.bytes(5)?;
        let Some((kind, length)) = head.split_first() else { return Ok(()) };
        let kind = Kind::of(*kind).ok_or(BundleInvalid::File { reason: "a part is of no known kind" })?;
        let length: [u8; 4] =
            length.try_into().map_err(|_| BundleInvalid::File { reason: "it ends within a part" })?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > kind.limit_bytes() {
            return Err(BundleInvalid::File { reason: "a part is larger than its limit" });
        }
        self.next = Some((kind, length));
        Ok(())
    }

    /// Up to `length` bytes: fewer at the end of the input. A length that lies allocates nothing.
    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, BundleInvalid> {
        let length = length as u64;
        self.left = self
            .left
            .checked_sub(length)
            .ok_or(BundleInvalid::File { reason: "it is larger than its limit" })?;
        let mut bytes = Vec::new();
        self.input
            .by_ref()
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(|e| BundleInvalid::Read { kind: e.kind() })?;
        Ok(bytes)
    }
}
