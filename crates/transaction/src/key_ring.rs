//! What a reader can open with: a member's audience secrets, or a regulator's view keys.
//!
//! Both are a [`Perspective`]; nothing else of the reader matters to what it sees.

use std::collections::BTreeMap;
use std::sync::Mutex;

use parclose_keys::{AudienceSecret, ClassSeed, Cover, FieldKey, FieldPlace, ViewKey};
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Generation};

use crate::erased::Reach;

/// A reader's keys.
pub trait Perspective {
    /// The key of a field at its place; `None` when these keys do not reach it.
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey>;

    /// Whether the key of a place was compared with a check value: only then is it the writer's doing when
    /// something does not open.
    fn is_checked(&self, _place: &FieldPlace) -> bool {
        true
    }
}

type ClassSeeds = BTreeMap<(AudienceId, ClassId), ClassSeed>;

/// What one member holds of one channel: its audience secrets in every generation that it was in, what is left of
/// those of which an epoch is erased, and the covers of the past that it was given when it joined.
pub struct KeyRing {
    channel: ChannelId,
    secrets: BTreeMap<AudienceId, (Generation, AudienceSecret)>,
    punctured: BTreeMap<AudienceId, Vec<ViewKey>>,
    shared: Vec<ViewKey>,
    leaves: Mutex<LeafCache>,
}

/// Epoch leaves by class, so that a run of fields costs one derivation each and not 32.
#[derive(Default)]
struct LeafCache {
    classes: ClassSeeds,
    leaves: BTreeMap<(AudienceId, ClassId, Epoch), parclose_keys::LeafKey>,
}

const LEAVES_MAX: usize = 1024;

impl KeyRing {
    /// Keys that it holds: secrets, whole or punctured, and covers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len().saturating_add(self.punctured.len()).saturating_add(self.shared.len())
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A ring without keys.
    #[must_use]
    pub fn new(channel: ChannelId) -> Self {
        let (secrets, punctured) = (BTreeMap::new(), BTreeMap::new());
        Self { channel, secrets, punctured, shared: Vec::new(), leaves: Mutex::default() }
    }

    /// Adds the secret of an audience of a generation.
    pub fn insert(&mut self, generation: Generation, audience: AudienceId, secret: AudienceSecret) {
        self.forget(&audience);
        self.secrets.insert(audience, (generation, secret));
    }

    /// Drops what was derived from an audience's secret.
    fn forget(&mut self, audience: &AudienceId) {
        let cache = self.leaves.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        cache.classes.retain(|(of, _), _| of != audience);
        cache.leaves.retain(|(of, _, _), _| of != audience);
    }

    /// Adds what is left of the secret of an audience: a piece of one of its classes.
    pub fn insert_punctured(&mut self, view_key: ViewKey) {
        self.punctured.entry(view_key.audience).or_default().push(view_key);
    }

    /// Takes out every key of a generation.
    pub fn take(&mut self, generation: Generation) -> Taken {
        let of_generation = |of: &(Generation, AudienceSecret)| of.0 == generation;
        let audiences: Vec<AudienceId> =
            self.secrets.iter().filter(|(_, of)| of_generation(of)).map(|(audience, _)| *audience).collect();
        let mut taken = Taken::default();
        for audience in audiences {
            self.forget(&audience);
            taken.secrets.extend(self.secrets.remove(&audience).map(|(_, secret)| (audience, secret)));
        }
        let punctured = std::mem::take(&mut self.punctured);
        for view_key in punctured.into_values().flatten() {
            if view_key.generation == generation {
                taken.punctured.push(view_key);
            } else {
                self.insert_punctured(view_key);
            }
        }
        for view_key in std::mem::take(&mut self.shared) {
            if view_key.generation == generation {
                taken.shared.push(view_key);
            } else {
                self.shared.push(view_key);
            }
        }
        taken
    }

    /// Adds a cover of the past.
    pub fn insert_shared(&mut self, view_key: ViewKey) {
        self.shared.push(view_key);
    }

    /// The secret of an audience, to wrap it for another of its members.
    #[must_use]
    pub fn secret(&self, audience: &AudienceId) -> Option<&AudienceSecret> {
        self.secrets.get(audience).map(|(_, secret)| secret)
    }

    /// Whether this member belongs to an audience.
    #[must_use]
    pub fn holds(&self, audience: &AudienceId) -> bool {
        self.secrets.contains_key(audience)
    }

    /// The view key of a class of an audience over an interval of epochs; `None` outside its audiences, and where an epoch of
    /// the interval is erased.
    #[must_use]
    pub fn cut(&self, audience: &AudienceId, class: ClassId, from: Epoch, to: Epoch) -> Option<ViewKey> {
        if from > to {
            return None;
        }
        if let Some(seed) = self.class(audience, class) {
            let generation = self.secrets.get(audience)?.0;
            let cover = Cover::cut(&seed, from, to);
            return Some(ViewKey { channel: self.channel, generation, audience: *audience, class, cover });
        }
        let pieces = self.punctured.get(audience)?.iter().filter(|piece| piece.class == class);
        pieces.into_iter().find_map(|piece| {
            let (channel, generation, audience) = (piece.channel, piece.generation, piece.audience);
            let cover = piece.cover.narrow(from, to)?;
            Some(ViewKey { channel, generation, audience, class, cover })
        })
    }

    /// The seed of a class; `None` outside its audiences.
    #[must_use]
    pub fn class(&self, audience: &AudienceId, class: ClassId) -> Option<ClassSeed> {
        let (generation, secret) = self.secrets.get(audience)?;
        Some(secret.class(&self.channel, *generation, audience, class))
    }

    fn with_leaf<T>(
        &self,
        place: &FieldPlace,
        use_leaf: impl FnOnce(&parclose_keys::LeafKey) -> T,
    ) -> Option<T> {
        if self.secrets.get(&place.audience).is_none_or(|(generation, _)| *generation != place.generation) {
            return None;
        }
        let mut cache = self.leaves.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if cache.leaves.len() >= LEAVES_MAX {
            cache.leaves.clear();
        }
        let LeafCache { classes, leaves } = &mut *cache;
        let scope = (place.audience, place.class);
        if let std::collections::btree_map::Entry::Vacant(entry) = classes.entry(scope) {
            entry.insert(self.class(&place.audience, place.class)?);
        }
        let leaf = leaves
            .entry((place.audience, place.class, place.epoch))
            .or_insert_with(|| classes[&scope].leaf(place.epoch));
        Some(use_leaf(leaf))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let audiences = self.secrets.len().saturating_add(self.punctured.len());
        write!(f, "KeyRing({audiences} audiences, {} covers)", self.shared.len())
    }
}

impl Perspective for KeyRing {
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        if place.channel != self.channel {
            return None;
        }
        let punctured = self.punctured.get(&place.audience).into_iter().flatten();
        let covers =
            || punctured.chain(&self.shared).find_map(|view_key| view_key.field_key(place, salt, context));
        self.with_leaf(place, |leaf| FieldKey::derive(leaf, salt, context)).or_else(covers)
    }

    /// Covers of the past come from one member, without anything to compare them with.
    fn is_checked(&self, place: &FieldPlace) -> bool {
        self.secrets.contains_key(&place.audience) || self.punctured.contains_key(&place.audience)
    }
}

/// The keys of one generation, taken out of a ring.
#[derive(Debug, Default)]
pub struct Taken {
    secrets: Vec<(AudienceId, AudienceSecret)>,
    punctured: Vec<ViewKey>,
    shared: Vec<ViewKey>,
}

/// What is left of the keys of one generation.
#[derive(Debug, Default)]
pub struct Punctured {
    /// of the member's own secrets, checked when they were dealt
    pub own: Vec<ViewKey>,
    /// of covers that it was given
    pub shared: Vec<ViewKey>,
}

impl Taken {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.punctured.is_empty() && self.shared.is_empty()
    }

    /// What is left of these keys without what is erased: for each class and each piece of epochs between those that are
    /// erased, the nodes of the tree that open it. Nothing that stands above an erased epoch is kept.
    #[must_use]
    pub fn puncture(
        self,
        channel: ChannelId,
        generation: Generation,
        classes: &[ClassId],
        reach: &Reach<'_>,
    ) -> Punctured {
        let mut left = Punctured::default();
        let everything = reach.left_of(generation, Epoch(0), Epoch(u32::MAX));
        for (audience, secret) in self.secrets {
            for class in classes {
                let seed = secret.class(&channel, generation, &audience, *class);
                left.own.extend(everything.iter().map(|(from, to)| {
                    let cover = Cover::cut(&seed, *from, *to);
                    ViewKey { channel, generation, audience, class: *class, cover }
                }));
            }
        }
        left.own.extend(self.punctured.iter().flat_map(|piece| pieces(piece, reach)));
        left.shared.extend(self.shared.iter().flat_map(|piece| pieces(piece, reach)));
        left
    }
}

/// What is left of a cover without what is erased.
fn pieces(of: &ViewKey, reach: &Reach<'_>) -> Vec<ViewKey> {
    let ViewKey { channel, generation, audience, class, cover } = of;
    let piece = |(from, to): (Epoch, Epoch)| {
        let cover = cover.narrow(from, to)?;
        Some(ViewKey {
            channel: *channel,
            generation: *generation,
            audience: *audience,
            class: *class,
            cover,
        })
    };
    reach.left_of(*generation, cover.from(), cover.to()).into_iter().filter_map(piece).collect()
}

impl Perspective for ViewKey {
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        let in_scope = (place.channel, place.generation, place.audience, place.class)
            == (self.channel, self.generation, self.audience, self.class);
        let leaf = in_scope.then(|| self.leaf(place.epoch))??;
        Some(FieldKey::derive(&leaf, salt, context))
    }
}

/// A reader without any key.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Perspective for Nobody {
    fn field_key(&self, _: &FieldPlace, _: &[u8; 32], _: &[u8]) -> Option<FieldKey> {
        None
    }
}

#[cfg(test)]
mod tests;
