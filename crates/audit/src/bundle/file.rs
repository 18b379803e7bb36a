//! The file form of a bundle: a magic, then parts, each `kind u8 | length u32be | canonical bytes`.
//!
//! Parts stand in a fixed order, that of their kinds but for the end, and every list is cut in one way only, so a bundle has
//! one file form. Each part is bounded by its kind before it is read, the whole by 1 GiB; a reader
//! never holds more than one encoded part. The last part is empty: a file that was cut off lacks it.

use std::io::{ErrorKind, Read, Write};

use borsh::BorshSerialize;
use parclose_root::OrderProof;
use parclose_types::{Generation, PublicKey, encode};

use super::parts::{Attested, Founding, Kind, MAGIC, Parts, VERDICTS_OF_A_PART};
use super::{AttestedVerdicts, Bundle, BundleInvalid, ExportedBatch, NextGeneration, OrderedEvent};

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
        let mut parts = Parts::start(input)?;
        let founding: Founding = parts.one(Kind::Founding)?;
        let tag_proof = parts.one(Kind::Tag)?;
        let events: Vec<OrderedEvent> = parts.all(Kind::Event)?;
        let batches: Vec<ExportedBatch> = parts.all(Kind::Batch)?;
        let attested = match parts.take::<Attested>(Kind::Attested)? {
            Some(Attested { by, head, head_proof }) => {
                let mut verdicts = Vec::new();
                while let Some(rows) = parts.verdicts()? {
                    verdicts.extend(rows);
                }
                Some(AttestedVerdicts { by, head, head_proof, verdicts })
            }
            None => None,
        };
        let generations: Vec<NextGeneration> = parts.all(Kind::Generation)?;
        let audiences: Vec<(Generation, Vec<PublicKey>)> = parts.all(Kind::Audience)?;
        let changes: Vec<OrderProof> = parts.all(Kind::Change)?;
        let erased = parts.all(Kind::Remains)?;
        let erasures = parts.all(Kind::Erasure)?;
        let () = parts.one(Kind::End)?;
        if !parts.is_over() {
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
