//! View keys as an auditor uses them: by what they open, with every epoch's key derived once, over all cores.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZero;

use crate::bundle::FieldKeys;
use parclose_keys::tree::PreparedLeaf;
use parclose_keys::{FieldKey, FieldPlace, ViewKey};
use parclose_transaction::Perspective;
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Generation};

/// Epochs whose keys are kept for each view key.
const LEAVES_MAX: usize = 1024;

type Scope = (Generation, AudienceId, ClassId);

/// What somebody reads with.
#[derive(Clone, Copy)]
pub(crate) enum Keys<'k> {
    /// view keys
    Views(&'k [ViewKey]),
    /// keys of single fields
    Fields(&'k FieldKeys),
}

/// The view keys of one channel by their scope. Two of one scope are both tried: a key that somebody made up must not
/// hide what the right one opens.
pub(crate) struct Ring<'k> {
    scopes: BTreeMap<Scope, Vec<Held<'k>>>,
    fields: Option<&'k FieldKeys>,
}

/// A view key, and the epochs that were opened with it.
pub(crate) struct Held<'k> {
    key: &'k ViewKey,
    leaves: RefCell<BTreeMap<Epoch, PreparedLeaf>>,
}

impl<'k> Ring<'k> {
    pub(crate) fn of(channel: &ChannelId, keys: Keys<'k>) -> Self {
        let mut scopes: BTreeMap<Scope, Vec<Held<'k>>> = BTreeMap::new();
        let (keys, fields) = match keys {
            Keys::Views(keys) => (keys, None),
            Keys::Fields(fields) => (&[][..], Some(fields)),
        };
        for key in keys.iter().filter(|key| key.channel == *channel) {
            let scope = (key.generation, key.audience, key.class);
            scopes.entry(scope).or_default().push(Held { key, leaves: RefCell::default() });
        }
        Self { scopes, fields }
    }

    /// The keys that may open a field.
    pub(crate) fn readers(
        &self,
        generation: Generation,
        audience: AudienceId,
        class: ClassId,
    ) -> impl Iterator<Item = &dyn Perspective> {
        let views = self.scopes.get(&(generation, audience, class)).into_iter().flatten();
        let fields = self.fields.map(|fields| fields as &dyn Perspective);
        views.map(|held| held as &dyn Perspective).chain(fields)
    }

    /// Whether there is no key at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.scopes.is_empty() && self.fields.is_none_or(FieldKeys::is_empty)
    }
}

impl Perspective for Held<'_> {
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        let of = (self.key.channel, self.key.generation, self.key.audience, self.key.class);
        if of != (place.channel, place.generation, place.audience, place.class) {
            return None;
        }
        let mut leaves = self.leaves.borrow_mut();
        if !leaves.contains_key(&place.epoch) {
            if leaves.len() >= LEAVES_MAX {
                leaves.clear();
            }
            leaves.insert(place.epoch, self.key.leaf(place.epoch)?.prepared());
        }
        leaves.get(&place.epoch).map(|leaf| FieldKey::derive_prepared(leaf, salt, context))
    }
}

/// Does something with each of many, in their order, a part on each core; every core has a ring of its own.
pub(crate) fn each<'t, I: Sync, T: Send>(
    (channel, keys): (&ChannelId, Keys<'_>),
    items: &'t [I],
    open: impl Fn(&Ring<'_>, &'t [I]) -> Vec<T> + Sync,
) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let part = items.len().div_ceil(cores).max(1);
    let work = |part: &'t [I]| open(&Ring::of(channel, keys), part);
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items.chunks(part).map(|part| scope.spawn(move || work(part))).collect();
        let done = parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done.collect::<Vec<_>>().into_iter().flatten().collect()
    })
}

#[cfg(test)]
mod tests;
