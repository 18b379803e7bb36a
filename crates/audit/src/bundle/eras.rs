//! The generations of a bundle: from the founding through every rotation of the log.
//!
//! The founding is fixed by the tag. Each rotation carries a commitment that the endorsers of the
//! generation before have certified; a bundle opens it to the configuration that it put in force. So a
//! verifier comes from the genesis to whoever belonged to the channel at any height, and trusts no key on
//! the way that a step has not led to.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::Setup;
use parclose_channel::governance::rotate_commitment;
use parclose_channel::setup::generation_keys;
use parclose_keys::audience::audience_id;
use parclose_root::Rotate;
use parclose_transaction::{Definition, DefinitionTexts, GenerationConfig, GenerationSpan, Term};
use parclose_types::{AudienceId, Epoch, Generation, Height, PublicKey, Sequence};

use super::BundleInvalid;

/// A generation that a rotation put in force.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NextGeneration {
    /// members and keys
    pub config: GenerationConfig,
    /// the definition, where it changed
    pub texts: Option<DefinitionTexts>,
    /// opens the rotation's commitment
    pub blinder: [u8; 32],
}

/// A generation, verified.
#[derive(Clone, Debug)]
pub struct Era {
    /// when it was in force
    pub term: Term,
    /// its members and keys
    pub config: GenerationConfig,
    /// its definition
    pub definition: Definition,
}

/// All generations of a channel up to a height, from the first on.
#[derive(Clone, Debug)]
pub(super) struct Eras(Vec<Era>);

impl Eras {
    /// # Rules
    ///
    /// > BUN-13: every rotation of the log opens to the generation that the bundle holds for it: keys, configuration and definition; and there are no more.
    pub(super) fn verify(
        setup: &Setup,
        definition: Definition,
        opened_at: Height,
        rotations: &[(Sequence, Height, Rotate)],
        generations: &[NextGeneration],
    ) -> Result<Self, BundleInvalid> {
        let term = Term::first(opened_at, setup.config.epoch_length);
        let mut eras = Self(vec![Era { term, config: setup.config.clone(), definition }]);
        for (at, (sequence, height, rotate)) in rotations.iter().enumerate() {
            let wrong = BundleInvalid::Generation { sequence: *sequence };
            let next = generations.get(at).ok_or_else(|| wrong.clone())?;
            let era = eras.latest().followed_by(next, *height, rotate).ok_or(wrong)?;
            eras.0.push(era);
        }
        match rotations.last() {
            _ if generations.len() == rotations.len() => Ok(eras),
            Some((sequence, ..)) => Err(BundleInvalid::Generation { sequence: *sequence }),
            None => Err(BundleInvalid::Generation { sequence: Sequence(0) }),
        }
    }

    pub(super) fn latest(&self) -> &Era {
        self.0.last().expect("there is a first generation")
    }

    pub(super) fn all(&self) -> &[Era] {
        &self.0
    }

    /// The generations with the epochs of their terms; the newest has no last one.
    pub(super) fn spans(&self) -> Vec<GenerationSpan> {
        let mut spans: Vec<GenerationSpan> = Vec::with_capacity(self.0.len());
        for Era { term, config, .. } in &self.0 {
            if let Some(before) = spans.last_mut() {
                before.last = Epoch(term.first_epoch.0.saturating_sub(1));
            }
            let (generation, configuration) = (config.generation, config.digest());
            let (first, last) = (term.first_epoch, Epoch(u32::MAX));
            spans.push(GenerationSpan { generation, configuration, first, last });
        }
        spans
    }

    pub(super) fn of(&self, generation: Generation) -> Option<&Era> {
        self.0.iter().find(|era| era.config.generation == generation)
    }

    pub(super) fn epoch_at(&self, height: Height) -> Epoch {
        epoch_at(self.0.iter().map(|era| &era.term), height)
    }

    /// Names of the member sets that a bundle lists.
    ///
    /// # Rules
    ///
    /// > BUN-14: an audience of a bundle is a set of members of its generation, ascending.
    pub(super) fn audiences(
        &self,
        listed: &[(Generation, Vec<PublicKey>)],
    ) -> Result<Vec<(AudienceId, Vec<PublicKey>)>, BundleInvalid> {
        let named = |(generation, members): &(Generation, Vec<PublicKey>)| {
            let era = self.of(*generation)?;
            let ascending = members.is_sorted_by(|a, b| a < b);
            let all = members.iter().all(|member| era.config.member(member).is_some());
            let id = audience_id(&era.config.channel, *generation, members);
            (ascending && all && !members.is_empty()).then(|| (id, members.clone()))
        };
        listed.iter().map(named).collect::<Option<_>>().ok_or(BundleInvalid::Audience)
    }
}

/// The epoch of a height over all terms, from the first on.
pub(super) fn epoch_at<'a>(
    terms: impl DoubleEndedIterator<Item = &'a Term> + Clone,
    height: Height,
) -> Epoch {
    let reached = terms.clone().rev().find(|term| term.start <= height);
    reached.or_else(|| terms.into_iter().next()).map_or(Epoch(0), |term| term.epoch_at(height).0)
}

impl Era {
    fn followed_by(&self, next: &NextGeneration, height: Height, rotate: &Rotate) -> Option<Self> {
        let config = &next.config;
        let keys = generation_keys(config).ok()?;
        let commitment = rotate_commitment(&next.blinder, &config.channel, &config.digest());
        let scope = (config.network, config.channel) == (self.config.network, self.config.channel);
        if !scope || (keys, commitment) != (rotate.next.clone(), rotate.commitment) {
            return None;
        }
        let definition = match &next.texts {
            Some(texts) if texts.digest() == config.definition => {
                Definition::parse("channel.toml", &texts.channel_toml).ok()?
            }
            None if config.definition == self.config.definition => self.definition.clone(),
            _ => return None,
        };
        let of_definition = (definition.version, definition.parameters.epoch_length);
        ((config.definition_version, config.epoch_length) == of_definition).then(|| Self {
            term: self.term.next(height, config.epoch_length),
            config: config.clone(),
            definition,
        })
    }
}
