//! Verification of a bundle, from the genesis alone or from a checkpoint.
//!
//! ```text
//!   genesis --> tag's state --> every event of the log      complete: count and hash chain
//!                  |                 |
//!                  |              anchors --> batch headers --> transactions, sealed parts
//!                  |                             |
//!                  |                        attested state --> verdict log
//!               tag = hash of the opening --> first members and definition --rotations--> all generations
//! ```

use std::collections::BTreeSet;

use parclose_channel::Setup;
use parclose_root::{GenerationKeys, Trust, VerifiedTag};
use parclose_transaction::{Definition, ErasedPart, ErasureTarget, GenerationConfig, Reach};
use parclose_types::{AudienceId, ChannelId, Epoch, Generation, Height, PublicKey, Sequence, Tag};

use super::batch::{Part, Parts, VerifiedBatch, standings};
use super::eras::{Era, Eras};
use super::erasures::{self, Erasures, ProvenErasure};
use super::log::{DealEvent, Log, Verdicts};
use super::{Bundle, BundleInvalid, ExportedBatch, Remains, in_export};
use crate::grant::{Grant, GrantInvalid};

/// What a bundle proves. Only [`Bundle::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedBundle {
    pub(super) setup: Setup,
    pub(super) eras: Eras,
    pub(super) audiences: Vec<(AudienceId, Vec<PublicKey>)>,
    pub(super) height: Height,
    pub(super) epochs: (Epoch, Epoch),
    pub(super) events: u64,
    pub(super) attested: Option<Sequence>,
    pub(super) batches: Vec<VerifiedBatch>,
    pub(super) erasures: Erasures,
    pub(super) deals: Vec<DealEvent>,
    pub(super) void: Vec<Sequence>,
    pub(super) not_shown: Vec<Sequence>,
    pub(super) not_exported: Vec<Sequence>,
}

impl Bundle {
    /// Verifies everything that the bundle says, offline.
    ///
    /// # Rules
    ///
    /// As in [`Trust::follow`] (ROO-51 to ROO-61), in [`parclose_root::TagProof::verify_under`] (ROO-35 to ROO-45), in [`parclose_channel::Setup::check`]
    /// (SET-01 to SET-04), in `log.rs` (BUN-05, BUN-06, BUN-09 to BUN-11), in `eras.rs` (BUN-13, BUN-14), and in
    /// the private functions below.
    pub fn verify(mut self, trust: impl Into<Trust>) -> Result<VerifiedBundle, BundleInvalid> {
        let (definition, tag) = self.founded(trust.into())?;
        let mut log = Log::complete(&self.events, &tag)?;
        let eras = Eras::verify(&self.setup, definition, log.start, &log.rotations, &self.generations)?;
        let audiences = eras.audiences(&self.audiences)?;
        let (attested, verdicts) = self.newest_verdicts(&log, &tag)?;
        let erasures = erasures::verify(&self.erasures, &log, self.scope(), &verdicts)?;
        let mut remains = Remains::by_event(std::mem::take(&mut self.erased));
        let mut verified = VerifiedBundle {
            erasures,
            deals: std::mem::take(&mut log.deals),
            audiences,
            height: tag.height(),
            epochs: self.epochs,
            events: tag.state().count,
            attested,
            batches: Vec::with_capacity(self.batches.len()),
            void: Vec::new(),
            not_shown: Vec::new(),
            not_exported: self.batches_left_out(&log, &eras)?,
            eras,
            setup: self.setup,
        };
        for batch in std::mem::take(&mut self.batches) {
            let erased = remains.remove(&batch.proof.sequence).unwrap_or_default();
            verified.take_batch((batch, erased), &log, &verdicts)?;
        }
        if let Some(sequence) = remains.keys().next() {
            return Err(BundleInvalid::NotErased { sequence: *sequence });
        }
        Ok(verified)
    }

    /// The checks before [`parclose_channel::Setup::check`] are those that its arithmetic relies on.
    ///
    /// # Rules
    ///
    /// > BUN-03: a bundle counts under the genesis of its own network only.
    /// > BUN-04: the configuration has well-formed endorsers and the version and epochs of its definition, and the proof is of its tag.
    pub(super) fn founded(&self, mut trust: Trust) -> Result<(Definition, VerifiedTag), BundleInvalid> {
        let (config, expected) = (&self.setup.config, *trust.network());
        if config.network != expected {
            return Err(BundleInvalid::Foreign { expected, found: config.network });
        }
        trust.follow_all(&self.changes)?;
        let tag = self.tag_proof.verify_under(&trust)?;
        GenerationKeys::new(config.generation, config.pseudonyms(), config.threshold)
            .map_err(|_| BundleInvalid::Configuration)?;
        let definition = self.setup.check()?;
        let of_definition = (definition.version, definition.parameters.epoch_length);
        if (config.definition_version, config.epoch_length) != of_definition || *tag.tag() != self.setup.tag {
            return Err(BundleInvalid::Configuration);
        }
        Ok((definition, tag))
    }

    /// The events whose batches are outside the exported epochs.
    ///
    /// # Rules
    ///
    /// > BUN-07: a bundle holds the batch of every anchor of its epochs, ascending by sequence, and no other.
    fn batches_left_out(&self, log: &Log, eras: &Eras) -> Result<Vec<Sequence>, BundleInvalid> {
        let (mut left_out, mut held) = (Vec::new(), self.batches.iter().map(|batch| batch.proof.sequence));
        for (sequence, (height, _)) in &log.anchors {
            if !in_export(eras.all().iter().map(|era| &era.term), self.epochs, *height) {
                left_out.push(*sequence);
            } else if held.next() != Some(*sequence) {
                return Err(BundleInvalid::OtherBatches { sequence: *sequence });
            }
        }
        match held.next() {
            Some(sequence) => Err(BundleInvalid::OtherBatches { sequence }),
            None => Ok(left_out),
        }
    }
}

impl VerifiedBundle {
    /// A batch that breaks form executes as empty (END-09), so it has no verdicts. One whose verdicts are
    /// in the log, or are still open, must show the very parts that were ordered.
    ///
    /// # Rules
    ///
    /// > BUN-08: parts that do not fit a batch's header pass only where the attested log has no verdict of that batch, and are named as not shown.
    /// > ERA-10: what a bundle lacks of a sealed part passes as erased only where the attested log has applied a confirmation that its record, its epoch or its generation is erased.
    pub(super) fn take_batch(
        &mut self,
        (batch, erased): (ExportedBatch, Vec<(u32, ErasedPart)>),
        log: &Log,
        verdicts: &Verdicts,
    ) -> Result<(), BundleInvalid> {
        let sequence = batch.proof.sequence;
        let scope = (self.setup.config.network, self.setup.config.channel);
        let anchor = log.opens(&batch.proof, scope)?;
        let same_attested = batch.proof.header.attested == anchor.attested;
        let height = log.anchors.get(&sequence).map_or(log.start, |(height, _)| *height);
        let header = &batch.proof.header;
        let (sponsor, attested, attested_root) = (header.sponsor, header.attested, header.attested_root);
        let decided = verdicts.range((sequence, 0)..=(sequence, u32::MAX)).count();
        let open = self.attested.is_none_or(|attested| attested < sequence);
        let (is_whole, lacking) = (erased.is_empty(), erased.clone());
        let parts = match Parts::of(batch, erased) {
            Parts::Void | Parts::NotShown if !is_whole => return Err(BundleInvalid::NotErased { sequence }),
            Parts::WellFormed(_) if !same_attested => Parts::Void,
            parts => parts,
        };
        match parts {
            Parts::WellFormed(parts) => {
                if !is_whole && !self.explains(&parts, &lacking) {
                    return Err(BundleInvalid::NotErased { sequence });
                }
                let transactions = standings(sequence, parts, verdicts, open)?;
                self.batches.push(VerifiedBatch {
                    sequence,
                    height,
                    sponsor,
                    attested,
                    attested_root,
                    transactions,
                });
            }
            Parts::Void | Parts::NotShown if open || decided > 0 => {
                return Err(BundleInvalid::Parts { sequence });
            }
            Parts::Void => self.void.push(sequence),
            Parts::NotShown => self.not_shown.push(sequence),
        }
        Ok(())
    }

    /// Whether confirmed erasures explain all that some parts of a batch lack, by their index.
    fn explains(&self, parts: &[Part], lacking: &[(u32, ErasedPart)]) -> bool {
        let confirmed = self.erasures.values().filter(|erasure| !erasure.confirmed.is_empty());
        let targets: BTreeSet<ErasureTarget> = confirmed.map(|erasure| erasure.target).collect();
        let reach = Reach::new(&targets, self.eras.spans());
        lacking.iter().all(|(index, left)| {
            let part = usize::try_from(*index).ok().and_then(|index| parts.get(index));
            part.is_some_and(|(transaction, ..)| reach.explains(left, transaction.claimed_body()).is_some())
        })
    }

    /// Checks that a view key was granted by members of this channel who can open its scope.
    ///
    /// Without it a stranger could hand out a key that opens nothing, and honest writers would look
    /// like ones who had sealed wrongly.
    pub fn accept(&self, grant: &Grant) -> Result<(), GrantInvalid> {
        let scope = &grant.terms.scope;
        let era = self.eras.of(scope.generation).ok_or(GrantInvalid::OtherChannel)?;
        let members = self.audience(&scope.audience).ok_or(GrantInvalid::OtherChannel)?;
        grant.verify(&era.config, members)
    }

    /// What the log says of deals with legs in this channel, in its order: all of it, for the log is whole (BUN-05).
    #[must_use]
    pub fn deals(&self) -> &[DealEvent] {
        &self.deals
    }

    /// The members of an audience, if the export names it.
    #[must_use]
    pub fn audience(&self, audience: &AudienceId) -> Option<&[PublicKey]> {
        let found = self.audiences.iter().find(|(named, _)| named == audience);
        found.map(|(_, members)| members.as_slice())
    }

    /// Members, threshold, epochs of the newest generation.
    #[must_use]
    pub fn config(&self) -> &GenerationConfig {
        &self.eras.latest().config
    }

    /// All generations, from the first on.
    #[must_use]
    pub fn eras(&self) -> &[Era] {
        self.eras.all()
    }

    /// How the channel was founded.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Record types, classes, audiences of the newest generation.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.eras.latest().definition
    }

    /// Record types, classes, audiences of a generation: what was written in it means what they say.
    #[must_use]
    pub fn definition_in(&self, generation: Generation) -> Option<&Definition> {
        Some(&self.eras.of(generation)?.definition)
    }

    /// The channel, as the root chain knows it.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.setup.tag
    }

    /// The channel, as its members know it.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        &self.setup.config.channel
    }

    /// Root height up to which the bundle is complete.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// First and last exported epoch.
    #[must_use]
    pub fn epochs(&self) -> (Epoch, Epoch) {
        self.epochs
    }

    /// The epoch of a root height in this channel.
    #[must_use]
    pub fn epoch_at(&self, height: Height) -> Epoch {
        self.eras.epoch_at(height)
    }

    /// Events of the log.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The event after which the newest attested state stands.
    #[must_use]
    pub fn attested(&self) -> Option<Sequence> {
        self.attested
    }

    /// The batches of the exported epochs, ascending, but for those that are void or not shown.
    #[must_use]
    pub fn batches(&self) -> &[VerifiedBatch] {
        &self.batches
    }

    #[cfg(test)]
    pub(super) fn hazmat_batches(&mut self) -> &mut [VerifiedBatch] {
        &mut self.batches
    }

    /// What the members have erased, with the acts that prove it, as far as the export lacks something of it.
    pub fn erasures(&self) -> impl Iterator<Item = &ProvenErasure> {
        self.erasures.values()
    }

    /// The erasure of a record, an epoch or a generation.
    #[must_use]
    pub fn erasure_of(&self, target: &ErasureTarget) -> Option<&ProvenErasure> {
        self.erasures.get(target)
    }

    /// Events of the exported epochs whose batches break form: proven, and without effect.
    #[must_use]
    pub fn void(&self) -> &[Sequence] {
        &self.void
    }

    /// Events of the exported epochs whose parts the exporter does not show. None of them has a verdict,
    /// so they are without effect as well; what they held is not known.
    #[must_use]
    pub fn not_shown(&self) -> &[Sequence] {
        &self.not_shown
    }

    /// Events whose batches lie outside the exported epochs.
    #[must_use]
    pub fn not_exported(&self) -> &[Sequence] {
        &self.not_exported
    }
}
