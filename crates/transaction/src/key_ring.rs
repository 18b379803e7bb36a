//! What a reader can open with: a member's audience secrets, or a regulator's view keys.
//!
//! Both are a [`Perspective`]; nothing else of the reader matters to what it sees.

use std::collections::BTreeMap;
use std::sync::Mutex;

use parclose_keys::{AudienceSecret, ClassSeed, FieldKey, FieldPlace, ViewKey};
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Generation};

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

/// What one member holds of one channel: its audience secrets in every generation that it was in, and the
/// covers of the past that it was given when it joined.
pub struct KeyRing {
    channel: ChannelId,
    secrets: BTreeMap<AudienceId, (Generation, AudienceSecret)>,
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
    /// Keys that it holds: secrets and covers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len().saturating_add(self.shared.len())
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A ring without keys.
    #[must_use]
    pub fn new(channel: ChannelId) -> Self {
        Self { channel, secrets: BTreeMap::new(), shared: Vec::new(), leaves: Mutex::default() }
    }

    /// Adds the secret of an audience of a generation.
    pub fn insert(&mut self, generation: Generation, audience: AudienceId, secret: AudienceSecret) {
        let cache = self.leaves.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        cache.classes.retain(|(of, _), _| *of != audience);
        cache.leaves.retain(|(of, _, _), _| *of != audience);
        self.secrets.insert(audience, (generation, secret));
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

    /// The seed of a class, to cut a view key from; `None` outside its audiences.
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
        write!(f, "KeyRing({} audiences, {} covers)", self.secrets.len(), self.shared.len())
    }
}

impl Perspective for KeyRing {
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        if place.channel != self.channel {
            return None;
        }
        let shared = || self.shared.iter().find_map(|view_key| view_key.field_key(place, salt, context));
        self.with_leaf(place, |leaf| FieldKey::derive(leaf, salt, context)).or_else(shared)
    }

    /// Covers of the past come from one member, without anything to compare them with.
    fn is_checked(&self, place: &FieldPlace) -> bool {
        self.secrets.contains_key(&place.audience)
    }
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
