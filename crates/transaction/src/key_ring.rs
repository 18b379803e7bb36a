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
}

type ClassSeeds = BTreeMap<(AudienceId, ClassId), ClassSeed>;

/// The audience secrets of one member in one channel and generation.
pub struct KeyRing {
    channel: ChannelId,
    generation: Generation,
    secrets: BTreeMap<AudienceId, AudienceSecret>,
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
    /// Takes the secrets that this member holds.
    #[must_use]
    pub fn new(
        channel: ChannelId,
        generation: Generation,
        secrets: BTreeMap<AudienceId, AudienceSecret>,
    ) -> Self {
        Self { channel, generation, secrets, leaves: Mutex::default() }
    }

    /// Whether this member belongs to an audience.
    #[must_use]
    pub fn holds(&self, audience: &AudienceId) -> bool {
        self.secrets.contains_key(audience)
    }

    /// The seed of a class, to cut a view key from; `None` outside its audiences.
    #[must_use]
    pub fn class(&self, audience: &AudienceId, class: ClassId) -> Option<ClassSeed> {
        let secret = self.secrets.get(audience)?;
        Some(secret.class(&self.channel, self.generation, audience, class))
    }

    fn with_leaf<T>(
        &self,
        place: &FieldPlace,
        use_leaf: impl FnOnce(&parclose_keys::LeafKey) -> T,
    ) -> Option<T> {
        if !self.holds(&place.audience) {
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
        write!(f, "KeyRing({} audiences)", self.secrets.len())
    }
}

impl Perspective for KeyRing {
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        let here = place.channel == self.channel && place.generation == self.generation;
        here.then(|| self.with_leaf(place, |leaf| FieldKey::derive(leaf, salt, context)))?
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
