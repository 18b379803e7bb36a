//! The file form of a bundle: a magic, then parts, each `kind u8 | length u32be | canonical bytes`.
//!
//! Parts stand in a fixed order, that of their kinds but for the end, and every list is cut in one way only, so a bundle has
//! one file form. Each part is bounded by its kind before it is read, the whole by 1 GiB; a reader
//! never holds more than one encoded part. The last part is empty: a file that was cut off lacks it.

use std::io::{ErrorKind, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::tables::HeadLeaf;
use parclose_channel::{BatchProof, Setup, VerdictRow};
use parclose_crypto::state_tree::StateProof;
use parclose_root::OrderProof;
use parclose_types::limits::{
    BATCH_BYTES_MAX, RECEIPT_BYTES_MAX, ROOT_TRANSACTION_BYTES_MAX, TRANSACTION_BYTES_MAX,
};
use parclose_types::{Epoch, Generation, PublicKey, decode, encode};

use super::{AttestedVerdicts, Bundle, BundleInvalid, ExportedBatch, NextGeneration, OrderedEvent};

/// One bundle file.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

const MAGIC: &[u8; 8] = b"PCLBUND\x01";
/// Verdicts of one part; every such part but the last is full.
const VERDICTS_OF_A_PART: usize = 4096;

/// Kinds of parts, in their order but for the end, which comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
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

    fn limit_bytes(self) -> usize {
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
struct Founding {
    epochs: (Epoch, Epoch),
    setup: Setup,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Attested {
    by: BatchProof,
    head: HeadLeaf,
    head_proof: StateProof,
}

impl Bundle {
    /// Writes the file form.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        out.write_all(MAGIC)?;
        let founding = Founding { epochs: self.epochs, setup: self.setup.clone() };
        put(out, Kind::Founding, &founding)?;
        put(out, Kind::Tag, &self.tag_proof)?;
        self.events.iter().try_for_each(|event| put(out, Kind::Event, event))?;
        self.batches.iter().try_for_each(|batch| put(out, Kind::Batch, batch))?;
        if let Some(AttestedVerdicts { by, head, head_proof, verdicts }) = &self.attested {
            let attested = Attested { by: by.clone(), head: *head, head_proof: head_proof.clone() };
            put(out, Kind::Attested, &attested)?;
            verdicts
                .chunks(VERDICTS_OF_A_PART)
                .try_for_each(|verdicts| put(out, Kind::Verdicts, &verdicts.to_vec()))?;
        }
        self.generations.iter().try_for_each(|generation| put(out, Kind::Generation, generation))?;
        self.audiences.iter().try_for_each(|audience| put(out, Kind::Audience, audience))?;
        self.changes.iter().try_for_each(|change| put(out, Kind::Change, change))?;
        self.erased.iter().try_for_each(|remains| put(out, Kind::Remains, remains))?;
        self.erasures.iter().try_for_each(|act| put(out, Kind::Erasure, act))?;
        put(out, Kind::End, &())
    }

    /// The file form, in memory.
    ///
    /// # Panics
    ///
    /// Never: writing to memory does not fail, and parts of a channel are within their limits.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("writing to memory does not fail");
        bytes
    }

    /// Reads the file form from memory.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, BundleInvalid> {
        Self::read_from(&mut bytes)
    }

    /// Reads the file form.
    ///
    /// # Rules
    ///
    /// > BUN-02: a bundle file is its magic and its parts, in their order, cut in the one way, each and all within their limits, up to an empty one that ends it.
    pub fn read_from(input: &mut impl Read) -> Result<Self, BundleInvalid> {
        let mut parts = Parts { input, left: FILE_BYTES_MAX, next: None };
        parts.start()?;
        let founding: Founding = parts.one(Kind::Founding)?;
        let tag_proof = parts.one(Kind::Tag)?;
        let events: Vec<OrderedEvent> = parts.all(Kind::Event)?;
        let batches: Vec<ExportedBatch> = parts.all(Kind::Batch)?;
        let attested = match parts.take(Kind::Attested)? {
            Some(attested) => Some(parts.verdicts(attested)?),
            None => None,
        };
        let generations: Vec<NextGeneration> = parts.all(Kind::Generation)?;
        let audiences: Vec<(Generation, Vec<PublicKey>)> = parts.all(Kind::Audience)?;
        let changes: Vec<OrderProof> = parts.all(Kind::Change)?;
        let erased = parts.all(Kind::Remains)?;
        let erasures = parts.all(Kind::Erasure)?;
        let () = parts.one(Kind::End)?;
        if parts.next.is_some() {
            return Err(BundleInvalid::File { reason: "its parts are not in their order" });
        }
        let Founding { epochs, setup } = founding;
        Ok(Self {
            setup,
            generations,
            audiences,
            epochs,
            tag_proof,
            events,
            batches,
            attested,
            erased,
            erasures,
            changes,
        })
    }
}

fn put<T: BorshSerialize>(out: &mut impl Write, kind: Kind, part: &T) -> std::io::Result<()> {
    let bytes = encode(part);
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= kind.limit_bytes());
    let length = length.ok_or_else(|| std::io::Error::from(ErrorKind::FileTooLarge))?;
    out.write_all(&[kind as u8])?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&bytes)
}

/// The parts of a file, with the head of the next one read ahead.
struct Parts<'a, R> {
    input: &'a mut R,
    left: u64,
    next: Option<(Kind, usize)>,
}

impl<R: Read> Parts<'_, R> {
    fn start(&mut self) -> Result<(), BundleInvalid> {
        if self.bytes(MAGIC.len())? != MAGIC {
            return Err(BundleInvalid::File { reason: "it does not begin as one of this version does" });
        }
        self.read_ahead()
    }

    fn one<T: BorshSerialize + BorshDeserialize>(&mut self, kind: Kind) -> Result<T, BundleInvalid> {
        self.take(kind)?.ok_or(BundleInvalid::File { reason: "a part is missing" })
    }

    fn all<T: BorshSerialize + BorshDeserialize>(&mut self, kind: Kind) -> Result<Vec<T>, BundleInvalid> {
        let mut all = Vec::new();
        while let Some(part) = self.take(kind)? {
            all.push(part);
        }
        Ok(all)
    }

    /// The next part if it is of this kind.
    fn take<T: BorshSerialize + BorshDeserialize>(&mut self, kind: Kind) -> Result<Option<T>, BundleInvalid> {
        let Some((_, length)) = self.next.filter(|(next, _)| *next == kind) else { return Ok(None) };
        let bytes = self.bytes(length)?;
        if bytes.len() != length {
            return Err(BundleInvalid::File { reason: "it ends within a part" });
        }
        let part = decode("part of a bundle", &bytes, kind.limit_bytes())?;
        self.read_ahead()?;
        Ok(Some(part))
    }

    fn verdicts(&mut self, attested: Attested) -> Result<AttestedVerdicts, BundleInvalid> {
        let parts: Vec<Vec<VerdictRow>> = self.all(Kind::Verdicts)?;
        let full = parts.iter().rev().skip(1).all(|part| part.len() == VERDICTS_OF_A_PART);
        if !full || parts.last().is_some_and(|part| !(1..=VERDICTS_OF_A_PART).contains(&part.len())) {
            return Err(BundleInvalid::File { reason: "its verdicts are cut in another way" });
        }
        let Attested { by, head, head_proof } = attested;
        Ok(AttestedVerdicts { by, head, head_proof, verdicts: parts.into_iter().flatten().collect() })
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
