//! What the root chain orders puts a decision in force.

use std::sync::Arc;

use parclose_crypto::hash;
use parclose_root::{GenerationKeys, Rotate};
use parclose_transaction::{Definition, DefinitionTexts};
use parclose_types::{ChannelId, Digest, Generation, Height, labels};

use super::{Decided, GenerationRow, Governance, InForce};
use crate::setup::generation_keys;

/// What a rotation carries of the configuration that it puts in force: `H("rotate-commit", blinder,
/// channel, configuration digest)`. It hides everything, because the blinder does.
///
/// # Rules
///
/// > GOV-17: a rotation puts in force the configuration that was decided, and no other: its commitment opens to it, and its keys are that configuration's.
#[must_use]
pub fn rotate_commitment(blinder: &[u8; 32], channel: &ChannelId, configuration: &Digest) -> Digest {
    Digest(hash(labels::ROTATE_COMMIT, &[blinder, channel.as_ref(), configuration.as_ref()]))
}

impl Governance {
    /// The keys and the commitment of the rotation that was decided, while it can take force.
    #[must_use]
    pub fn rotation_at(&self, height: Height) -> Option<(GenerationKeys, Digest)> {
        let decision = self.decision_at(height)?;
        let Decided::Rotate { config, .. } = &decision.decided else { return None };
        let keys = generation_keys(config).ok()?;
        Some((keys, rotate_commitment(&decision.blinder, &config.channel, &config.digest())))
    }

    /// Puts in force what a rotation carries; `None` when nobody decided that.
    pub(crate) fn rotated(&self, rotate: &Rotate, height: Height) -> Option<(Self, Generation)> {
        let (keys, commitment) = self.rotation_at(height)?;
        if (keys, commitment) != (rotate.next.clone(), rotate.commitment) {
            return None;
        }
        let decision = self.decision_at(height)?;
        let Decided::Rotate { config, texts } = &decision.decided else { return None };
        let latest = self.latest();
        let texts: &DefinitionTexts = texts.as_ref().unwrap_or(&latest.texts);
        let definition = Definition::parse("channel.toml", &texts.channel_toml).ok()?;
        let row = GenerationRow {
            term: latest.term.next(height, config.epoch_length),
            config: (**config).clone(),
            blinder: decision.blinder,
        };
        let mut after = self.clone();
        let generation = row.config.generation;
        after.generations.insert(generation, Arc::new(InForce::new(row, texts.clone(), definition)));
        after.published.clear();
        after.owe(&latest.config);
        after.motions.clear();
        after.decision = None;
        Some((after, generation))
    }
}
